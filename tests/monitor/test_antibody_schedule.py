"""antibody.test-due: routine (founding guide), event (EU label), and what other rules ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.course.events import Answer
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    dose,
    doses_until,
    edss,
    finding,
    forecast,
    level,
    lymphocytes,
    plan,
    reaction,
    relapse,
    scan,
    without,
)
from tests.build import verdict as level_verdict

RULE = "antibody.test-due"
ON = doses_until(days_before(10), 30)
LABELS = ["eu", "us"]


def having(*days: int, doses=ON, result: Answer = "negative", **events: Any):
    """A course with an antibody test so many days before the as-of date."""
    rows = [antibody(days_before(d), result, line=i) for i, d in enumerate(days, start=2)]
    return course(doses=doses, measurements=[*rows, *events.pop("measurements", ())], **events)


# ── routine


@pytest.mark.parametrize(
    ("days", "status"),
    [(53, Status.OK), (54, Status.WATCH), (83, Status.WATCH), (84, Status.DUE), (400, Status.DUE)],
)
def test_every_12_weeks_by_the_founding_guide_under_study(days, status):
    found = finding(RULE, having(days), profile="study")
    assert found.status is status
    assert found.due == days_before(days) + timedelta(days=84)
    assert str(found.due) in found.message or "today" in found.message
    if status is Status.DUE:
        assert "Reason routine (every 12 weeks" in found.message
        assert "founding-s2" in found.sources


@pytest.mark.parametrize("profile", LABELS)
def test_labels_ask_for_no_routine_test(profile):
    found = finding(RULE, having(400), profile=profile)
    assert found.status is Status.OK
    assert "no routine tests" in found.message
    assert ("study", Status.DUE) in [(name, status) for name, status, _ in found.others]


@pytest.mark.parametrize(("day", "status"), [(53, Status.OK), (54, Status.WATCH), (84, Status.DUE)])
def test_first_routine_test_counts_from_the_first_dose(day, status):
    doses = [dose(days_before(day - d), line=i) for i, d in enumerate(range(0, day, 28), start=2)]
    assert finding(RULE, course(doses=doses), profile="study").status is status


@pytest.mark.parametrize(("day", "status"), [(53, Status.OK), (54, Status.WATCH), (84, Status.DUE)])
def test_a_test_before_the_first_dose_does_not_start_the_12_weeks(day, status):
    doses = [dose(days_before(day - d), line=i) for i, d in enumerate(range(0, day, 28), start=2)]
    made = course(doses=doses, measurements=[antibody(days_before(day + 60), "negative", line=9)])
    found = finding(RULE, made, profile="study")
    assert found.status is status
    assert "on treatment" in found.message
    assert str(days_before(day + 60)) in found.message


def test_a_test_that_says_nothing_does_not_count():
    made = having(200, measurements=[antibody(days_before(5), "indeterminate", line=9)])
    assert finding(RULE, made, profile="study").status is Status.DUE


# ── event


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("table", "event", "words"),
    [
        ("relapses", relapse(days_before(20), line=7), "relapse on"),
        ("mri", scan(days_before(20), 1, 0, 0, line=7), "enhancing lesions on"),
        ("mri", scan(days_before(20), None, 2, None, line=7), "new T2 lesions on"),
        ("mri", scan(days_before(20), 0, None, 1, line=7), "enlarging T2 lesions on"),
        ("reactions", reaction(ON[-1].at + timedelta(minutes=20), "flushing", 1, line=7), "flush"),
    ],
)
def test_event_without_a_test_since_is_due_by_the_eu_label_from_memory(
    table, event, words, profile
):
    events: dict[str, Any] = {table: [event]}
    found = finding(RULE, having(40, **events), profile=profile)
    assert found.status is Status.DUE
    assert "Reason event" in found.message
    assert words in found.message
    assert "(unverified)" in found.message
    assert f"{table}:7" in found.evidence
    assert found.due == ON[-1].day + timedelta(days=28)


@pytest.mark.parametrize(("test_day", "status"), [(21, "due"), (20, "ok"), (19, "ok")])
def test_a_test_on_the_day_of_the_event_or_later_answers_it(test_day, status):
    made = having(test_day, relapses=[relapse(days_before(20))])
    assert finding(RULE, made).status == status


@pytest.mark.parametrize(("days", "status"), [(365, "due"), (366, "ok")])
def test_old_event_is_named_and_no_longer_asked_about(days, status):
    found = finding(RULE, having(relapses=[relapse(days_before(days))]))
    assert found.status == status
    assert f"relapse on {days_before(days)}" in found.message


def test_what_is_no_event_asks_for_nothing():
    made = having(
        400,
        relapses=[relapse(ON[0].day)],
        mri=[scan(days_before(20)), scan(days_before(15), None, None, None)],
        reactions=[reaction(days_before(25), "rash on holiday", 1)],
    )
    assert finding(RULE, made).status is Status.OK


def test_delayed_hypersensitivity_is_an_event():
    made = having(400, reactions=[reaction(ON[-1].day + timedelta(days=6), "anaphylaxis", 3)])
    found = finding(RULE, made)
    assert found.status is Status.DUE
    assert "contraindicated" in found.message
    assert "before the next dose" not in found.message


def test_events_before_this_course_of_treatment_belong_to_the_one_before():
    doses = (*doses_until(days_before(900), 5), dose(days_before(20), line=40))
    assert finding(RULE, having(doses=doses, relapses=[relapse(days_before(300))])).status == "ok"
    assert finding(RULE, having(doses=doses, relapses=[relapse(days_before(19))])).status == "due"


# ── said elsewhere


def test_re_exposure_is_handed_over():
    doses = (dose(days_before(200)), dose(days_before(172), line=3), dose(days_before(5), line=4))
    found = finding(RULE, course(doses=doses))
    assert found.status is Status.WATCH
    assert "Reason re-exposure: see antibody.before-re-exposure." in found.message


def test_no_lymphocyte_rise_is_handed_over_until_antibodies_are_tested():
    first = days_before(100)
    doses = [dose(first + timedelta(days=28 * i), line=i + 2) for i in range(4)]
    counts = [
        lymphocytes(first - timedelta(days=2), 2.0),
        lymphocytes(first + timedelta(days=84), 2.1, line=3),
    ]
    found = finding(RULE, course(doses=doses, measurements=counts))
    assert found.status is Status.WATCH
    assert "Reason no lymphocyte rise: see antibody.no-lymphocyte-rise." in found.message
    done = [*counts, antibody(days_before(5), "negative", line=4)]
    assert finding(RULE, course(doses=doses, measurements=done)).status is Status.OK


@pytest.mark.parametrize("profile", PROFILES)
def test_positive_waiting_for_its_retest_is_left_to_confirm(profile):
    made = having(30, result="positive", relapses=[relapse(days_before(20))])
    found = finding(RULE, made, profile=profile)
    assert found.status is Status.OK
    assert "antibody.confirm says what follows" in found.message
    assert "relapse" in found.message


def test_persistent_and_still_positive_is_left_to_persistent_but_not_once_negative():
    still = having(300, 200, result="positive", relapses=[relapse(days_before(20))])
    assert "antibody.persistent" in finding(RULE, still).message
    gone = having(
        300,
        200,
        result="positive",
        measurements=[antibody(days_before(100), "negative", line=8)],
        relapses=[relapse(days_before(20))],
    )
    assert finding(RULE, gone).status is Status.DUE


# ── who is not asked, and what is not known


def test_off_therapy_and_never_dosed():
    off = course(doses=ON, plans=[plan(days_before(5), stopped=days_before(5))])
    found = finding(RULE, off, profile="study")
    assert found.status is Status.OK
    assert "before any restart" in found.message
    assert finding(RULE, course()).status is Status.UNKNOWN


def test_missing_tables_are_unknown_not_ok():
    assert finding(RULE, course(doses=ON, recorded=without("measurements"))).status == "unknown"
    for table in ("relapses", "mri", "reactions"):
        made = course(
            doses=ON,
            recorded=without(table),
            measurements=[antibody(days_before(5), "negative")],
        )
        found = finding(RULE, made)
        assert found.status is Status.UNKNOWN
        assert table in found.message


def test_a_later_test_settles_it_and_nothing_unrelated_does():
    made = having(relapses=[relapse(days_before(20))], measurements=[lymphocytes(AS_OF, 2.0)])
    assert finding(RULE, made).status is Status.DUE
    assert finding(RULE, having(0, relapses=[relapse(days_before(20))])).status is Status.OK


# ── properties


@given(
    st.lists(st.integers(0, 800), max_size=4),
    st.lists(st.integers(0, 800), max_size=4),
    st.lists(st.integers(0, 800), max_size=4),
    st.sampled_from(PROFILES),
)
def test_nothing_is_due_on_the_day_of_a_negative_test_whatever_came_before(
    relapses, scans, tests, profile
):
    made = having(
        0,
        *tests,
        relapses=[relapse(days_before(d)) for d in relapses],
        mri=[scan(days_before(d), 1) for d in scans],
    )
    assert finding(RULE, made, profile=profile).status is not Status.DUE


@given(
    st.lists(st.integers(0, 800), max_size=4), st.integers(0, 800), st.sampled_from(["eu", "study"])
)
def test_visits_and_other_tests_change_nothing(relapses, day, profile):
    events: dict[str, Any] = {"relapses": [relapse(days_before(d)) for d in relapses]}
    more = {"edss": [edss(days_before(day))], "measurements": [lymphocytes(days_before(day), 2.0)]}
    plain = finding(RULE, having(100, **events), profile=profile)
    assert finding(RULE, having(100, **events, **more), profile=profile) == plain


# ── a stop that is only presumed, and low levels


@pytest.mark.parametrize(
    ("days", "status"),
    [(56, Status.DUE), (57, Status.DUE), (364, Status.DUE), (365, Status.OK)],
)
@pytest.mark.parametrize("kind", ["relapse", "reaction"])
def test_a_presumed_stop_does_not_answer_an_event(days, status, kind):
    doses = doses_until(days_before(days), 12)
    events: dict[str, Any] = {
        "relapse": {"relapses": [relapse(days_before(days - 5), line=8)]},
        "reaction": {"reactions": [reaction(doses[-1].at, "rigors", 2, line=8)]},
    }[kind]
    found = finding(RULE, course(doses=doses, **events))
    assert found.status is status
    told = "record the stop" in found.message
    assert told is (days in {57, 364})
    stopped = plan(days_before(days), stopped=days_before(days), line=9)
    assert finding(RULE, course(doses=doses, plans=[stopped], **events)).status is Status.OK


def levelled(value: float, *tests: int, **odd: Any):
    """A level 40 days ago, with antibody tests so many days before the as-of date."""
    measured = level(days_before(40), value, lloq=0.5, line=30)
    rows = [antibody(days_before(d), "negative", line=50 + d) for d in tests]
    made = course(doses=ON, measurements=[measured, *rows])
    seen = forecast(levels=(replace(level_verdict(measured), **odd),))
    return finding(RULE, made, predicted=seen)


@pytest.mark.parametrize(
    ("tests", "status"),
    [((), Status.DUE), ((41,), Status.DUE), ((40,), Status.OK), ((20,), Status.OK)],
)
def test_a_low_level_asks_for_a_test_unless_one_was_done_since(tests, status):
    found = levelled(1.5, *tests)
    assert found.status is status
    if status is Status.DUE:
        assert "Reason level: level 1.5" in found.message
        assert "see level.low" in found.message
        assert "measurements:30" in found.evidence


def test_a_usual_level_asks_for_none():
    assert levelled(30.0).status is Status.OK


@pytest.mark.parametrize(("predicted", "status"), [(80.0, Status.DUE), (8.0, Status.OK)])
@pytest.mark.parametrize("odd", ["unusual", "misfit"])
def test_a_level_too_low_for_the_doses_asks_for_a_test_and_a_high_one_does_not(
    predicted, status, odd
):
    assert levelled(30.0, predicted=predicted, **{odd: True}).status is status
