"""stopping.plan, and the day of the stop itself (S4-01, S4-04: not without another treatment)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    AS_OF,
    course,
    days_before,
    doses_on,
    finding,
    plan,
    situation,
    treatment,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE, SUCCESSOR = "stopping.plan", "stopping.no-successor"


def stopping(ahead: int, *treatments, recorded=None):
    kept = {"recorded": recorded} if recorded else {}
    return course(
        doses=doses_on([days_before(300), days_before(10)]),
        plans=[plan(days_before(5), stopped=AS_OF + timedelta(days=ahead), line=9)],
        treatments=treatments,
        **kept,
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("ahead", "before", "after"),
    [(100, DUE, OK), (1, DUE, OK), (0, OK, DUE), (-1, OK, DUE)],
)
def test_a_stop_with_nothing_to_follow_is_prompted_before_and_on_its_day(
    ahead, before, after, profile
):
    made = stopping(ahead)
    found = finding(RULE, made, profile=profile)
    assert found.status is before
    assert finding(SUCCESSOR, made, profile=profile).status is after
    if before is DUE:
        assert found.due == AS_OF + timedelta(days=ahead)
        assert "do not stop without one" in found.message


@pytest.mark.parametrize(("days", "expected"), [(28, DUE), (29, ACT)])
def test_four_weeks_after_the_stop_it_needs_action(days, expected):
    assert finding(SUCCESSOR, stopping(0), as_of=AS_OF + timedelta(days=days)).status is expected


@pytest.mark.parametrize(("kind", "expected"), [("dmt", OK), ("steroid", DUE), ("", DUE)])
def test_a_treatment_planned_to_follow_settles_it(kind, expected):
    later = treatment(AS_OF + timedelta(days=40), "fingolimod", kind, line=50)
    found = finding(RULE, stopping(10, later))
    assert found.status is expected
    if expected is OK:
        assert "50 days after the last dose so far" in found.message
        assert "treatments:50" in found.evidence


def test_nobody_who_goes_on_is_asked_and_all_learn_what_a_stop_would_mean():
    found = finding(RULE, course(doses=doses_on([days_before(300), days_before(10)])))
    assert found.status is OK
    assert "`openntz forecast DIR --person ID --what-if stopped`" in found.message


def test_missing_tables_are_unknown():
    assert finding(RULE, stopping(10, recorded=without("treatments"))).status is UNKNOWN
    no_plans = course(
        recorded=without("plans"), doses=doses_on([days_before(300), days_before(10)])
    )
    assert finding(RULE, no_plans).status is UNKNOWN
    assert finding(RULE, course()).status is UNKNOWN


@pytest.mark.parametrize(
    ("said", "interval", "off"),
    [
        (-4, 28, True),  # the day after the plan to stop
        (-1, 42, True),
        (-5, 28, False),  # the same day: which came later cannot be told
        (-6, 28, False),  # before it
        (-1, None, False),  # a plan without an interval says nothing of going on
    ],
)
@pytest.mark.parametrize("ahead", [30, 0])
def test_a_planned_stop_is_called_off_by_a_later_plan_to_go_on(said, interval, off, ahead):
    stop = plan(days_before(5), stopped=AS_OF + timedelta(days=ahead), line=9)
    made = course(
        doses=doses_on([days_before(300), days_before(10)]),
        plans=[stop, plan(AS_OF + timedelta(days=said), interval, line=8)],
    )
    found = situation(made).therapy
    assert (found.planned_stop is None) is (off or ahead <= 0)
    assert (found.stop_ref is None) is (off or ahead > 0)
    assert found.expects_dose is (off or ahead > 0)


def test_a_plan_after_the_day_of_a_stop_resumes_and_calls_nothing_off():
    stop = plan(days_before(20), stopped=days_before(10), line=9)
    again = plan(days_before(3), 28, line=10)
    found = situation(course(doses=doses_on([days_before(30)]), plans=[stop, again])).therapy
    assert found.stop_ref == stop.ref
    assert found.resumes == again
