"""reaction.grading against CTCAE v5 as recorded, the onset windows of the labels and S0."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    antibody,
    course,
    days_before,
    doses_on,
    doses_until,
    finding,
    plan,
    reaction,
    without,
)

RULE = "reaction.grading"
DUE, WATCH, UNKNOWN, OK = Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
ON = doses_until(days_before(10), 20)  # 10:00 to 11:00, lines 2 to 21


def after(number: int, minutes: int) -> datetime:
    return ON[number - 1].at + timedelta(minutes=minutes)


def found(*reactions, doses=ON, profile="eu", **events):
    return finding(RULE, course(doses=doses, reactions=reactions, **events), profile=profile)


# ── to be classified


@pytest.mark.parametrize("number", [1, 20])
def test_a_reaction_without_a_grade_is_due_with_what_decides(number):
    answer = found(reaction(after(number, 20), "rigors", line=7))
    assert answer.status is DUE
    assert "CTCAE infusion-related reaction: 1 mild and passing" in answer.message
    assert "2 interrupted or treated" in answer.message
    assert "3 prolonged" in answer.message
    assert answer.evidence == ("reactions:7",)
    assert answer.due == ON[-1].day + timedelta(days=28)
    assert "ctcae-v5" in answer.sources


def test_graded_it_stops_being_due():
    assert found(reaction(after(1, 20), "rigors", 1)).status is OK


def test_several_without_a_grade_are_summed_up():
    answer = found(*(reaction(after(n, 20), "rigors") for n in (3, 5, 9)))
    assert f"The same for 2 more: {ON[2].day}, {ON[4].day}" in answer.message


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("allergic rash", "CTCAE allergic reaction: 1 no systemic treatment"),
        ("anaphylaxis", "CTCAE anaphylaxis, which starts at 3: 3 bronchospasm"),
    ],
)
def test_each_kind_has_its_own_scale(term, words):
    assert words in found(reaction(after(20, 20), term)).message


def test_the_scale_of_anaphylaxis_is_unverified_and_shown_so():
    message = found(reaction(after(20, 20), "anaphylaxis")).message
    assert (
        "3 bronchospasm, treatment by injection, swelling or a fall of blood pressure (unver"
        in message
    )


@pytest.mark.parametrize(("grade", "odd"), [(1, True), (2, True), (3, False), (4, False)])
def test_a_grade_below_the_scale_of_anaphylaxis_is_questioned(grade, odd):
    answer = found(reaction(after(20, 5), "anaphylaxis", grade))
    assert answer.status is WATCH
    assert ("starts at grade 3 (unverified): check grade and term" in answer.message) is odd


@pytest.mark.parametrize(("days", "status"), [(91, DUE), (92, DUE), (93, WATCH)])
def test_a_missing_time_of_day_is_asked_for_while_it_can_be_remembered(days, status):
    """After 92 days (project default) nobody remembers."""
    answer = found(
        reaction(days_before(days), "rigors", 1),
        doses=doses_on([days_before(days), days_before(days - 28), days_before(days - 56)]),
    )
    assert answer.status is status
    if status is DUE:
        assert "record the time of day of the reaction" in answer.message


def test_a_dose_without_a_time_of_day_is_named_as_such():
    answer = found(
        reaction(datetime.combine(days_before(10), time(11)), "rigors", 1),
        doses=doses_on([days_before(38), days_before(10)], clock=None),
    )
    assert answer.status is DUE
    assert f"time of day of the dose of {days_before(10)}" in answer.message


def test_a_reaction_on_another_day_needs_no_time_of_day():
    assert found(reaction(days_before(9), "headache", 1)).status is WATCH


# ── days later


@pytest.mark.parametrize(("days", "status"), [(1, DUE), (7, DUE), (21, DUE), (22, WATCH)])
def test_what_may_be_serum_sickness_is_to_be_looked_at(days, status):
    doses = doses_on([days_before(60), days_before(32)])
    answer = found(reaction(days_before(32 - days), "fever and joint pain", 2), doses=doses)
    assert answer.status is status
    if status is DUE:
        assert "may be serum sickness" in answer.message
        assert "21 d (project default)" in answer.message


@pytest.mark.parametrize("term", ["headache", "tired", "cough", "no fever"])
def test_other_late_complaints_are_not_taken_for_it(term):
    assert found(reaction(days_before(5), term, 1)).status is WATCH


def test_once_looked_at_it_is_no_longer_due():
    late = days_before(5)
    assert found(reaction(late, "fever", 1)).status is DUE
    assert found(reaction(late, "fever", 1, action="seen, blood taken")).status is WATCH
    for offset, status in ((-1, DUE), (0, WATCH), (3, WATCH)):
        tested = [antibody(late + timedelta(days=offset), "negative")]
        assert found(reaction(late, "fever", 1), measurements=tested).status is status


def test_it_is_looked_at_even_when_therapy_was_stopped_for_it():
    stop = plan(days_before(4), stopped=days_before(4))
    assert found(reaction(days_before(5), "fever, rash", 2), plans=[stop]).status is DUE
    assert found(reaction(days_before(5), "headache"), plans=[stop]).status is OK


# ── graded, at the last doses


@pytest.mark.parametrize(("number", "status"), [(17, OK), (18, WATCH), (20, WATCH)])
def test_reactions_of_the_last_three_doses_are_shown(number, status):
    assert found(reaction(after(number, 20), "flushing", 1)).status is status


@pytest.mark.parametrize(
    ("minutes", "said", "unsaid"),
    [
        (
            20,
            ("within 30 min (project default) of the start", "during the infusion"),
            "after the end",
        ),
        (45, ("during the infusion", "within 2 h of the start"), "within 30 min"),
        (90, ("within 1 h after the end", "within 2 h of the start"), "during the infusion."),
        (150, ("none of the windows",), "within 2 h of"),
        (301, ("beyond 4 h after the end",), "within 1 h"),
    ],
)
def test_the_onset_windows_are_said(minutes, said, unsaid):
    message = found(reaction(after(20, minutes), "flushing", 1)).message
    onset = message.split(". ")[1]
    assert all(s in onset for s in said), onset
    assert unsaid not in onset


@pytest.mark.parametrize(("grade", "said"), [(1, False), (2, True)])
def test_moderate_ends_early_discharge_in_the_study_proposal(grade, said):
    message = found(reaction(after(20, 20), "rigors", grade)).message
    assert ("the study proposal no longer leaves observation out" in message) is said


@pytest.mark.parametrize(
    ("offsets", "said"),
    [
        ([], "No antibody result is recorded: test for antibodies after a reaction"),
        ([-30], "negative on {0}, 30 days before it. None since: test for antibodies"),
        ([-30, 3], "negative on {1}, 3 days after it."),
        ([0], "negative on {0}, the same day."),
    ],
)
def test_the_nearest_antibody_result_stands_beside_it(offsets, said):
    day = ON[-1].day
    results = [
        antibody(day + timedelta(days=n), "negative", line=40 + i) for i, n in enumerate(offsets)
    ]
    answer = found(reaction(after(20, 20), "rigors", 2), measurements=results)
    assert said.format(*(r.day for r in results)) in answer.message
    if offsets:
        assert f"measurements:{40 + len(offsets) - 1}" in answer.evidence
    asked = "after a reaction to a dose (unverified)" in answer.message
    assert asked is (not offsets or offsets == [-30])


def test_without_measurements_antibodies_are_not_known():
    made = course(
        doses=ON, reactions=[reaction(after(20, 20), "rigors", 2)], recorded=without("measurements")
    )
    assert "measurements is not in the export" in finding(RULE, made).message


def test_two_kinds_at_one_dose_are_one_report_by_version_6():
    both = found(reaction(after(20, 20), "rigors", 1), reaction(after(20, 40), "allergic rash", 1))
    assert "CTCAE v6 asks for one of the two" in both.message
    alone = found(reaction(after(19, 20), "rigors", 1), reaction(after(20, 40), "allergic rash", 1))
    assert "CTCAE v6" not in alone.message


@pytest.mark.parametrize(("profile", "rate"), [("eu", "23.1 %"), ("us", "24 %")])
def test_rates_of_infusions_and_of_people_are_kept_apart_with_their_windows(profile, rate):
    """Founding conflict C15."""
    message = found(reaction(after(20, 20), "rigors", 1), profile=profile).message
    infusions, people = message.split("How often: ")[1].split("; ")
    assert infusions.startswith("Amsterdam, infusions")
    assert "1.95 %" in infusions
    assert "window not stated" in infusions
    assert people.startswith("people with")
    assert rate in people
    assert "hour" in people


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("grade", [1, 2, 3, 4])
def test_acting_is_left_to_the_rule_on_hypersensitivity(profile, grade):
    answer = found(reaction(after(20, 5), "anaphylaxis", grade), profile=profile)
    assert answer.status is WATCH
    assert "see the finding on hypersensitivity" in answer.message


# ── none, missing


def test_none_recorded_never_dosed_and_no_table():
    assert found().status is OK
    assert finding(RULE, course()).status is UNKNOWN
    answer = finding(RULE, course(doses=ON, recorded=without("reactions")))
    assert answer.status is UNKNOWN
    assert "reactions is not in the export" in answer.message


def test_off_therapy_nothing_is_asked_but_the_grade_is_missed_before_a_restart():
    stop = plan(days_before(5), stopped=days_before(5))
    answer = found(reaction(after(4, 5), "rigors"), plans=[stop])
    assert answer.status is OK
    assert "1 without a grade" in answer.message
    assert "before any restart" in answer.message


@pytest.mark.parametrize(
    ("days", "status"), [(57, Status.DUE), (364, Status.DUE), (365, Status.OK)]
)
def test_a_presumed_stop_does_not_answer_for_a_missing_grade(days, status):
    doses = doses_until(days_before(days), 6)
    answer = found(reaction(doses[-1].at, "rigors", None), doses=doses)
    assert answer.status is status
    graded = found(reaction(doses[-1].at, "rigors", 2), doses=doses)
    assert graded.status is (Status.WATCH if status is Status.DUE else Status.OK)
