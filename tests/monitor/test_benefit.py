"""review.benefit: at six months and two years (Swiss label), each limit a day either side."""

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
    doses_on,
    edss,
    finding,
    plan,
    relapse,
    scan,
    without,
)

DUE, WATCH, UNKNOWN, OK = Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "review.benefit"
SIX, TWO = 183, 730


def treated(exposure: int, *, visits=(), scans=(), **events) -> Course:
    """First dose ``exposure`` days ago; visits and scans so many days after it."""
    first = days_before(exposure)

    def on(days):
        return [first + timedelta(days=d) for d in days]

    return course(
        **{
            "doses": doses_on([first, days_before(min(5, exposure))]),
            "edss": [edss(day, line=60 + i) for i, day in enumerate(on(visits))],
            "mri": [scan(day, line=70 + i) for i, day in enumerate(on(scans))],
            **events,
        }
    )


@pytest.mark.parametrize(
    ("exposure", "expected"),
    [
        (SIX - 31, OK),
        (SIX - 30, WATCH),
        (SIX - 1, WATCH),
        (SIX, DUE),
        (SIX + 182, DUE),
        (SIX + 183, WATCH),
        (TWO - 31, WATCH),
        (TWO - 1, WATCH),
        (TWO, DUE),
        (TWO + 182, DUE),
        (TWO + 183, WATCH),
    ],
)
def test_without_a_visit_the_two_points_of_the_swiss_label_fall_due(exposure, expected):
    for profile in PROFILES:
        found = finding(RULE, treated(exposure), profile=profile)
        assert found.status is expected
        assert "swiss-label" in found.sources
        if expected is DUE:
            assert found.due == days_before(exposure) + timedelta(
                days=SIX if exposure < TWO else TWO
            )


@pytest.mark.parametrize(("day", "expected"), [(SIX - 31, DUE), (SIX - 30, OK), (SIX, OK)])
def test_a_visit_up_to_a_month_early_settles_it(day, expected):
    found = finding(RULE, treated(SIX + 10, visits=[day], scans=[150]))
    assert found.status is expected
    assert ("edss:60" in found.evidence) is (expected is OK)


def test_what_is_asked_at_each_point():
    six, two = (finding(RULE, treated(day + 5)).message for day in (SIX, TWO))
    assert "reconsider treatment if there is no benefit" in six
    assert "weigh benefit and risk anew" in two


@pytest.mark.parametrize(
    ("exposure", "scan_day", "expected"),
    [
        (SIX + 10, 0, WATCH),
        (SIX + 10, 1, OK),
        (TWO + 10, TWO - 365, WATCH),
        (TWO + 10, TWO - 364, OK),
    ],
)
def test_an_mri_of_the_time_before_belongs_to_it(exposure, scan_day, expected):
    found = finding(RULE, treated(exposure, visits=[exposure - 5], scans=[scan_day]))
    assert found.status is expected
    assert ("No MRI" in found.message) is (expected is WATCH)


@pytest.mark.parametrize(("day", "expected"), [(90, OK), (91, WATCH)])
def test_activity_since_the_new_baseline_speaks_against_benefit(day, expected):
    made = treated(
        SIX + 10,
        visits=[SIX],
        scans=[150],
        relapses=[relapse(days_before(SIX + 10) + timedelta(days=day), line=90)],
    )
    found = finding(RULE, made)
    assert found.status is expected
    assert ("relapse on" in found.message) is (expected is WATCH)


def test_a_point_long_past_is_let_go_once_a_visit_followed():
    found = finding(RULE, treated(3000, visits=[2990]))
    assert found.status is OK
    assert "is the first since" in found.message


@pytest.mark.parametrize("table", ["edss", "mri"])
def test_a_missing_table_is_unknown(table):
    given = doses_on([days_before(SIX + 5), days_before(5)])
    events = {"edss": [edss(days_before(5))], "mri": [scan(days_before(9))]}
    events.pop(table)
    found = finding(RULE, course(recorded=without(table), doses=given, **events))
    assert found.status is UNKNOWN
    assert f"{table} is not in the export" in found.message


def test_off_therapy_and_never_dosed():
    stop = plan(days_before(20), stopped=days_before(20))
    made = course(doses=doses_on([days_before(SIX + 5), days_before(20)]), plans=[stop])
    assert finding(RULE, made).status is OK
    assert finding(RULE, course(edss=[edss(AS_OF)])).status is UNKNOWN


def test_review_due_does_not_say_it_again():
    for exposure in (SIX + 5, TWO + 5):
        assert "benefit" not in finding("review.due", treated(exposure)).message
