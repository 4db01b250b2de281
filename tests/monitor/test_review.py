"""review.due: every status, each limit a day either side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import AS_OF, course, days_before, doses_on, edss, finding, plan, without

DUE, WATCH, UNKNOWN, OK = Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "review.due"


def treated(exposure: int, *visits: int, **events) -> Course:
    """First dose ``exposure`` days ago, last 5 days ago, visits so many days ago."""
    scores = [edss(days_before(v), line=60 + i) for i, v in enumerate(sorted(visits)[::-1])]
    return course(
        doses=doses_on([days_before(exposure), days_before(min(5, exposure))]),
        edss=scores,
        **events,
    )


@pytest.mark.parametrize(
    ("ago", "expected"), [(152, OK), (153, WATCH), (182, WATCH), (183, DUE), (900, DUE)]
)
def test_every_six_months_matches_contract(ago, expected):
    for profile in ("eu", "us", "study"):
        found = finding(RULE, treated(1500, ago), profile=profile)
        assert found.status is expected
        assert found.due == days_before(ago) + timedelta(days=183)


@pytest.mark.parametrize(("exposure", "expected"), [(59, OK), (60, WATCH), (89, WATCH), (90, DUE)])
def test_first_evaluation_at_three_months(exposure, expected):
    found = finding(RULE, treated(exposure, exposure))  # a score on the first day only
    assert found.status is expected
    assert found.due == days_before(exposure) + timedelta(days=90)


@pytest.mark.parametrize(
    ("exposure", "expected"), [(152, OK), (153, WATCH), (182, WATCH), (183, DUE)]
)
def test_second_evaluation_at_six_months(exposure, expected):
    found = finding(RULE, treated(exposure, exposure, exposure - 90))
    assert found.status is expected
    assert found.due == days_before(exposure) + timedelta(days=183)


@pytest.mark.parametrize(("day", "due_day"), [(59, 90), (60, 183), (152, 183), (153, 153 + 183)])
def test_visit_a_month_early_still_counts(day, due_day):
    """A visit on day 60 is the 3-month one, on day 153 the 6-month one."""
    exposure = 160
    found = finding(RULE, treated(exposure, exposure - day))
    assert found.due == days_before(exposure) + timedelta(days=due_day)


@pytest.mark.parametrize(
    ("exposure", "expected"), [(59, UNKNOWN), (60, WATCH), (89, WATCH), (90, DUE), (500, DUE)]
)
def test_never_seen(exposure, expected):
    found = finding(RULE, treated(exposure))
    assert found.status is expected
    assert "No visit with an EDSS score is recorded" in found.message


@pytest.mark.parametrize("exposure", [699, 730, 760])
def test_two_year_talk_is_asked_for_by_its_own_rule_and_not_twice(exposure):
    assert "weigh benefit" not in finding(RULE, treated(exposure, 170)).message


@pytest.mark.parametrize(("since", "expected"), [(183, DUE), (184, OK)])
def test_evaluations_go_on_to_six_months_after_the_last_dose(since, expected):
    stop = plan(days_before(since), stopped=days_before(since))
    given = doses_on([days_before(900), days_before(since)])
    made = course(doses=given, plans=[stop], edss=[edss(days_before(300))])
    assert finding(RULE, made).status is expected


def test_booked_visit_is_named():
    made = treated(1500, 200)
    booked = edss(AS_OF + timedelta(days=4))
    made = course(doses=made.doses, edss=[*made.edss, booked])
    found = finding(RULE, made)
    assert found.status is DUE
    assert f"entered for {booked.day}" in found.message


def test_missing_table_and_never_dosed_are_unknown():
    given = doses_on([days_before(900), days_before(5)])
    found = finding(RULE, course(recorded=without("edss"), doses=given))
    assert found.status is UNKNOWN
    assert "edss is not in the export" in found.message
    assert finding(RULE, course(edss=[edss(days_before(5))])).status is UNKNOWN


def test_review_cites_rows_and_sources():
    found = finding(RULE, treated(900, 200))
    assert found.evidence == ("edss:60", "doses:2", "doses:3")
    assert "touch-program" in found.sources
