"""infection.serious and infection.before-dose: what the labels and the founding texts say."""

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
    dose,
    doses_until,
    finding,
    plan,
    reaction,
    symptom,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
SERIOUS, BEFORE = "infection.serious", "infection.before-dose"


def treated(*said: tuple[int, str], last: int = 7, **events) -> Course:
    """Thirteen doses, the last some days ago, and notes so many days ago."""
    notes = [symptom(days_before(ago), text, line=40 + i) for i, (ago, text) in enumerate(said)]
    return course(doses=doses_until(days_before(last), 13), symptoms=notes, **events)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("herpes encephalitis", ACT),
        ("herpes simplex meningitis", ACT),
        ("acute retinal necrosis", ACT),
        ("acute retinal necrosis?", ACT),
        ("cryptococcal meningitis", ACT),
        ("Pneumocystis pneumonia", ACT),
        ("CMV colitis", ACT),
        ("opportunistic infection", ACT),
        ("herpes zoster", WATCH),
        ("shingles, left arm", WATCH),
        ("pneumonia", WATCH),
        ("urosepsis", WATCH),
        ("history of meningitis as a child", WATCH),
        ("no meningitis", OK),
        ("meningitis ruled out", OK),
        ("zoster vaccination", OK),
        ("pneumonia resolved", OK),
        ("no herpes", OK),
        ("fatigue", OK),
    ],
)
def test_infection_by_the_labels_words(text, expected, profile):
    found = finding(SERIOUS, treated((10, text)), profile=profile)
    assert found.status is expected
    assert {"mims", "compendium-10295"} <= set(found.sources)


def test_infection_among_the_reactions_counts():
    made = treated(reactions=[reaction(days_before(3), "retinal necrosis", 4, line=12)])
    found = finding(SERIOUS, made)
    assert found.status is ACT
    assert found.evidence == ("reactions:12", "doses:14")


@pytest.mark.parametrize(("ago", "expected"), [(90, WATCH), (91, OK)])
def test_herpes_is_followed_for_ninety_days(ago, expected):
    assert finding(SERIOUS, treated((ago, "herpes zoster"))).status is expected


def test_reason_to_stop_stays_until_excluded_however_old():
    old = treated((300, "CMV colitis"))
    assert finding(SERIOUS, old).status is ACT
    assert finding(SERIOUS, treated((300, "CMV colitis"), (9, "CMV colitis healed"))).status is ACT
    assert finding(SERIOUS, treated((300, "CMV colitis"), (9, "CMV excluded"))).status is OK


def test_reason_to_stop_before_treatment_is_to_be_weighed():
    before = finding(SERIOUS, treated((400, "meningitis")))
    assert before.status is WATCH
    assert "before treatment" in before.message


def test_days_since_the_dose_are_shown():
    assert "That was 3 days after a dose." in finding(SERIOUS, treated((4, "zoster"))).message
    assert "That was 27 days after a dose." in finding(SERIOUS, treated((8, "zoster"))).message


def test_off_therapy_a_reason_to_stop_is_watched_and_nothing_else_asked_for():
    stop = plan(days_before(100), stopped=days_before(100))
    made = treated((20, "meningitis"), last=100, plans=[stop])
    assert finding(SERIOUS, made).status is WATCH
    assert finding(SERIOUS, treated(last=100, plans=[stop])).status is OK


def test_infection_is_unknown_without_the_table_or_a_dose():
    made = course(recorded=without("symptoms"), doses=doses_until(days_before(7), 3))
    for rule in (SERIOUS, BEFORE):
        found = finding(rule, made)
        assert found.status is UNKNOWN
        assert "symptoms is not in the export" in found.message
        assert finding(rule, course()).status is UNKNOWN


# ── before the next dose


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("ago", "expected"), [(7, WATCH), (8, OK), (0, WATCH)])
def test_infection_within_two_weeks_of_the_planned_dose(ago, expected, profile):
    # Planned for 28 days after the last dose 21 days ago: in a week.
    made = treated((ago, "urinary tract infection"), last=21)
    found = finding(BEFORE, made, profile=profile)
    assert found.status is expected
    if expected is WATCH:
        assert found.due == AS_OF + timedelta(days=7)


@pytest.mark.parametrize(("ago", "expected"), [(14, WATCH), (15, OK)])
def test_late_dose_counts_as_given_today(ago, expected):
    assert finding(BEFORE, treated((ago, "bronchitis"), last=40)).status is expected


def test_a_planned_day_that_has_passed_is_said_to_have():
    made = treated((3, "bronchitis"), last=34)
    planned = AS_OF - timedelta(days=6)
    told = f"the next dose (was planned for {planned}, now 6 days late)"
    assert told in finding(BEFORE, made).message
    assert f"the next dose (was planned for {planned}" in finding(BEFORE, treated(last=34)).message
    today = finding(BEFORE, treated((3, "bronchitis"), last=28)).message
    assert f"the next dose (planned for {AS_OF})" in today


def test_ordinary_infection_is_no_reason_to_delay_by_the_founding_text():
    found = finding(BEFORE, treated((3, "common cold"), last=25))
    assert "An ordinary infection is no reason to delay" in found.message
    assert "That was 22 days after a dose." in found.message
    assert "founding-s4" in found.sources


@pytest.mark.parametrize("text", ["covid", "influenza A", "meningitis", "measles"])
def test_brain_and_contagious_infections_are_told_apart(text):
    found = finding(BEFORE, treated((3, text), last=25))
    assert "the dose is put off until it is over" in found.message
    assert "below 8 weeks" in found.message


@pytest.mark.parametrize("text", ["no infection", "cold? denied fever", "flu vaccination", "pain"])
def test_no_infection_before_the_dose(text):
    assert finding(BEFORE, treated((3, text), last=25)).status is OK


def test_infection_that_is_over_is_not_named():
    made = treated((6, "bronchitis"), (2, "bronchitis resolved"), last=25)
    assert finding(BEFORE, made).status is OK


def test_infection_off_therapy_holds_up_no_dose_unless_one_is_booked():
    stop = plan(days_before(60), stopped=days_before(60))
    off = treated((3, "influenza"), last=60, plans=[stop])
    assert finding(BEFORE, off).status is OK
    booked = course(
        doses=[*off.doses, dose(AS_OF + timedelta(days=2))], plans=[stop], symptoms=off.symptoms
    )
    assert finding(BEFORE, booked).status is WATCH
