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
    reaction,
    symptom,
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


# ── signs of low platelets (leaflet, L18: stop and evaluate at once)


def bled(*results, words="petechiae on both legs", ago=5, **more) -> Course:
    return course(
        doses=doses_on([days_before(400), days_before(15)]),
        symptoms=[symptom(days_before(ago), words, line=70)],
        measurements=results,
        **more,
    )


@pytest.mark.parametrize("profile", ["eu", "us", "study"])
@pytest.mark.parametrize(("ago", "expected"), [(30, ACT), (31, UNKNOWN)])
def test_sign_without_a_count_is_evaluated_at_once_by_the_leaflet(ago, expected, profile):
    found = finding(PLATELETS, bled(ago=ago), profile=profile)
    assert found.status is expected
    assert ("symptoms:70" in found.evidence) is (expected is ACT)


@pytest.mark.parametrize(
    ("counted_ago", "value", "expected"),
    [(6, 250.0, ACT), (5, 250.0, OK), (4, 250.0, OK), (4, 99.0, DUE), (6, 90.0, ACT)],
)
def test_a_count_on_the_day_of_the_sign_or_later_decides(counted_ago, value, expected):
    assert finding(PLATELETS, bled(platelets(value, counted_ago))).status is expected


@pytest.mark.parametrize(
    "words",
    ["no bruising", "bruise at the injection site", "microbleed on MRI"],
)
def test_what_is_no_sign_of_low_platelets(words):
    assert finding(PLATELETS, bled(platelets(250.0, 20), words=words)).status is OK


def test_sign_recorded_as_a_reaction_counts():
    made = course(
        doses=doses_on([days_before(400), days_before(15)]),
        reactions=[reaction(days_before(5), "nosebleed", 1, line=71)],
        measurements=[platelets(250.0, 20)],
    )
    assert finding(PLATELETS, made).status is ACT


def test_signs_long_after_the_last_dose_or_before_the_first_are_not_laid_to_it():
    gone = course(
        doses=doses_on([days_before(184)]), symptoms=[symptom(days_before(5), "bruising")]
    )
    assert finding(PLATELETS, gone).status is OK
    assert finding(PLATELETS, course(symptoms=[symptom(days_before(5), "bruising")])).status is (
        UNKNOWN
    )


def test_low_count_shows_own_baseline_and_missing_symptoms_are_said():
    low = finding(PLATELETS, on(platelets(260.0, 402, line=40), platelets(90.0)))
    assert f"Before the first dose: 260 ×10⁹/L on {days_before(402)}" in low.message
    made = course(
        doses=doses_on([days_before(400), days_before(5)]),
        measurements=[platelets(250.0)],
        recorded=without("symptoms"),
    )
    assert "signs of bleeding could not be looked for" in finding(PLATELETS, made).message


def test_signs_of_bleeding_act_where_the_doses_were_not_exported():
    made = course(recorded=without("doses"), symptoms=[symptom(days_before(2), "petechiae")])
    assert finding("platelets.low", made).status is Status.ACT
