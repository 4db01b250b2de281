"""vaccination.live: every status, each limit a day either side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course.course import Course
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    AS_OF,
    course,
    days_before,
    doses_every,
    doses_on,
    finding,
    plan,
    treatment,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "vaccination.live"
ON = doses_every(days_before(28 * 20 + 5), 21)


def vaccine(ago: int, name: str = "MMR", line: int = 40):
    return treatment(days_before(ago), name, "vaccine", line=line)


def on(*vaccines) -> Course:
    return course(doses=ON, treatments=vaccines)


def off(since: int, *vaccines, **events) -> Course:
    given = doses_on([days_before(since + 300), days_before(since)])
    stop = plan(days_before(since), stopped=days_before(since), line=20)
    return course(doses=given, plans=[stop], treatments=vaccines, **events)


@pytest.mark.parametrize(("ago", "expected"), [(0, ACT), (90, ACT), (91, OK)])
def test_live_vaccine_on_therapy_needs_action_while_recent(ago, expected):
    for profile in PROFILES:
        found = finding(RULE, on(vaccine(ago)), profile=profile)
        assert found.status is expected
        assert "treatments:40" in found.evidence
        assert "vaccination-consensus" in found.sources


@pytest.mark.parametrize(("after", "expected"), [(112, ACT), (113, OK)])
def test_drug_is_taken_to_act_to_sixteen_weeks_after_the_last_dose(after, expected):
    assert finding(RULE, off(150, vaccine(150 - after))).status is expected


@pytest.mark.parametrize("ahead", [1, 200])
def test_booked_live_vaccine_on_therapy_is_taken_off_the_plan(ahead):
    found = finding(RULE, on(vaccine(-ahead)))
    assert found.status is DUE
    assert found.due == AS_OF + timedelta(days=ahead)


@pytest.mark.parametrize(("ahead", "expected"), [(12, DUE), (13, OK)])
def test_booked_live_vaccine_after_stopping(ahead, expected):
    found = finding(RULE, off(100, vaccine(-ahead)))
    assert found.status is expected
    if expected is DUE:
        assert f"until {AS_OF + timedelta(days=12)}" in found.message


@pytest.mark.parametrize(("between", "expected"), [(27, DUE), (28, OK), (60, OK)])
def test_start_booked_too_soon_after_a_live_vaccine(between, expected):
    first = AS_OF + timedelta(days=10)
    made = course(doses=doses_on([first]), treatments=[vaccine(between - 10)])
    found = finding(RULE, made)
    assert found.status is expected
    if expected is DUE:
        assert str(first + timedelta(days=1)) in found.message
    else:
        assert "measles, mumps, rubella and varicella" in found.message


@pytest.mark.parametrize(("between", "expected"), [(27, WATCH), (28, OK)])
def test_start_already_given_too_soon_after_a_live_vaccine(between, expected):
    made = course(doses=doses_on([days_before(20)]), treatments=[vaccine(20 + between)])
    assert finding(RULE, made).status is expected


def test_inactivated_vaccines_are_no_matter():
    found = finding(RULE, on(vaccine(3, "influenza 2024"), vaccine(-5, "Tdap", line=41)))
    assert found.status is OK
    assert "any time" in found.message


def test_a_vaccine_that_may_be_live_is_asked_about():
    found = finding(RULE, on(vaccine(3, "travel vaccine")))
    assert found.status is WATCH
    assert finding(RULE, on(vaccine(91, "travel vaccine"))).status is OK


def test_none_recorded_is_ok_and_missing_table_unknown():
    assert finding(RULE, on()).status is OK
    missing = finding(RULE, course(recorded=without("treatments"), doses=ON))
    assert missing.status is UNKNOWN
    assert "treatments is not in the export" in missing.message
    assert finding(RULE, course()).status is UNKNOWN
