"""platelets.low and laboratory.due: every status, each limit either side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import (
    course,
    days_before,
    doses_on,
    finding,
    lymphocytes,
    measurement,
    plan,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
PLATELETS, LABORATORY = "platelets.low", "laboratory.due"


def platelets(value: float, ago: int = 5, *, line: int = 50, censor: str = ""):
    when = days_before(ago)
    return measurement(vocabulary.PLATELETS, when, value, line=line, censor=censor)  # type: ignore[arg-type]


def alt(ago: int, *, test: str = vocabulary.ALT):
    return measurement(test, days_before(ago), 25.0, line=52)


def on(*results, first: int = 400) -> Course:
    return course(doses=doses_on([days_before(first), days_before(5)]), measurements=results)


# ── platelets.low


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (38, ACT),
        (49.9, ACT),
        (50, DUE),
        (99.9, DUE),
        (100, WATCH),
        (149.9, WATCH),
        (150, OK),
        (250, OK),
    ],
)
def test_platelets_match_contract(value, expected):
    for profile in ("eu", "us", "study"):
        assert finding(PLATELETS, on(platelets(value)), profile=profile).status is expected


@pytest.mark.parametrize(
    ("censor", "value", "expected"),
    [("<", 50, ACT), ("<", 100, DUE), ("<", 160, UNKNOWN), (">", 150, OK), (">", 120, UNKNOWN)],
)
def test_censored_platelets(censor, value, expected):
    assert finding(PLATELETS, on(platelets(value, censor=censor))).status is expected


def test_latest_count_decides():
    assert finding(PLATELETS, on(platelets(38, 60), platelets(210, 5, line=51))).status is OK
    assert finding(PLATELETS, on(platelets(210, 60), platelets(38, 5, line=51))).status is ACT


def test_old_low_count_stays_and_old_normal_one_does_not_count():
    assert finding(PLATELETS, on(platelets(38, 700))).status is ACT
    assert finding(PLATELETS, on(platelets(200, 365))).status is OK
    assert finding(PLATELETS, on(platelets(200, 366))).status is UNKNOWN


def test_no_platelet_count():
    assert finding(PLATELETS, on()).status is UNKNOWN
    given = doses_on([days_before(9)])
    missing = finding(PLATELETS, course(recorded=without("measurements"), doses=given))
    assert missing.status is UNKNOWN
    assert "measurements is not in the export" in missing.message
    for since, expected in ((183, UNKNOWN), (184, OK)):
        gone = course(doses=doses_on([days_before(600), days_before(since)]))
        assert finding(PLATELETS, gone).status is expected


def test_platelet_limits_are_marked_and_rows_cited():
    found = finding(PLATELETS, on(platelets(38, line=77)))
    assert "below 50 ×10⁹/L (project default)" in found.message
    assert found.evidence == ("measurements:77",)
    assert "eu-leaflet" in found.sources


# ── laboratory.due


@pytest.mark.parametrize(
    ("ago", "expected"), [(152, OK), (153, WATCH), (182, WATCH), (183, DUE), (900, DUE)]
)
def test_blood_count_matches_contract(ago, expected):
    for count in (
        lymphocytes(days_before(ago), 3.0),
        platelets(200, ago),
        measurement(vocabulary.NEUTROPHILS, days_before(ago), 4.0),
    ):
        found = finding(LABORATORY, on(count, alt(20), first=1000))
        assert found.status is expected
        if expected is not OK:
            assert found.due == days_before(ago) + timedelta(days=183)


@pytest.mark.parametrize(
    ("ago", "expected"), [(152, OK), (153, WATCH), (182, WATCH), (183, DUE), (900, DUE)]
)
def test_liver_test_matches_contract(ago, expected):
    for test in (vocabulary.ALT, vocabulary.AST):
        made = on(lymphocytes(days_before(20), 3.0), alt(ago, test=test), first=1000)
        assert finding(LABORATORY, made).status is expected


def test_other_counts_are_no_blood_count():
    cd19 = measurement(vocabulary.CD19, days_before(5), 500.0)
    assert finding(LABORATORY, on(cd19, alt(5), first=200)).status is DUE


def test_liver_never_recorded_is_unknown_unless_the_blood_count_is_due():
    fresh = finding(LABORATORY, on(lymphocytes(days_before(20), 3.0)))
    assert fresh.status is UNKNOWN
    assert "No liver test" in fresh.message
    assert finding(LABORATORY, on(lymphocytes(days_before(200), 3.0))).status is DUE


@pytest.mark.parametrize(
    ("first", "expected"), [(152, UNKNOWN), (153, WATCH), (182, WATCH), (183, DUE)]
)
def test_blood_count_never_recorded(first, expected):
    assert finding(LABORATORY, on(alt(5), first=first)).status is expected


def test_routine_blood_tests_off_therapy_missing_table_and_never_dosed():
    stop = plan(days_before(60), stopped=days_before(60))
    off = course(doses=doses_on([days_before(800), days_before(60)]), plans=[stop])
    assert finding(LABORATORY, off).status is OK
    given = doses_on([days_before(400), days_before(5)])
    missing = course(recorded=without("measurements"), doses=given)
    assert finding(LABORATORY, missing).status is UNKNOWN
    assert finding(LABORATORY, course()).status is UNKNOWN


def test_earliest_due_date_of_the_two_is_given():
    made = on(lymphocytes(days_before(190), 3.0, line=60), alt(300), first=1000)
    found = finding(LABORATORY, made)
    assert found.due == days_before(300) + timedelta(days=183)
    assert {"measurements:60", "measurements:52"} <= set(found.evidence)
    assert "founding-s2" in found.sources
