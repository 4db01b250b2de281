"""observation.post-infusion against contracts and the profiles' rules."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from openntz.evidence.registry import SiteDecision, registry
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, Profile, load_profile
from openntz.monitor.rules.observation import OBSERVATION
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_on,
    doses_until,
    finding,
    person,
    plan,
    reaction,
    situation,
    symptom,
    treatment,
    without,
)
from tests.monitor.test_example_clinic import reviewed

RULE = OBSERVATION.id


def given(count: int, *, route="IV", gap: int | None = None, before: int = 0):
    """``count`` doses up to 10 days ago, after ``before`` doses and a gap if one is given."""
    late = doses_until(days_before(10), count, route=route)
    if gap is None:
        return late
    early = doses_until(late[0].day - timedelta(days=gap), before, route=route)
    return doses_on([d.day for d in (*early, *late)], route=route)


def found(doses, *reactions, profile: str | Profile = "eu", **events):
    made = course(doses=doses, reactions=reactions, **events)
    return finding(RULE, made, profile=profile)


def confirmed(name: str) -> Profile:
    """A profile of a site that has confirmed the rule for injections."""
    profile = load_profile(name)
    fact = replace(
        profile.fact("observation.sc-doses"), site=SiteDecision("Dr A", date(2024, 1, 1))
    )
    return replace(profile, use={**profile.use, "observation.sc-doses": fact})


# ── the labels: 12 infusions and no reaction


@pytest.mark.parametrize("profile", ["eu", "us"])
@pytest.mark.parametrize(
    ("count", "status"), [(1, Status.DUE), (11, Status.DUE), (12, Status.OK), (13, Status.OK)]
)
def test_label_counts_12_doses(profile, count, status):
    answer = found(given(count), profile=profile)
    assert answer.status is status
    if status is Status.DUE:
        assert f"{count} of the first 12 infusions given" in answer.message
        assert "60 minutes" in answer.message
        assert answer.due == days_before(10) + timedelta(days=28)
    assert f"doses:{count + 1}" in answer.evidence


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("count", [1, 5, 12, 40])
def test_observation_during_the_dose_is_never_left_out(profile, count):
    assert (
        "during the dose itself is never left out" in found(given(count), profile=profile).message
    )


@pytest.mark.parametrize("profile", ["eu", "us"])
def test_label_observes_after_any_reaction_ever(profile):
    doses = given(40)
    answer = found(doses, reaction(doses[3].at, "flushing", 1, line=9), profile=profile)
    assert answer.status is Status.DUE
    assert "a reaction is recorded: flushing (grade 1)" in answer.message
    assert "reactions:9" in answer.evidence


@pytest.mark.parametrize(
    ("gap", "profile", "status"),
    [
        (182, "eu", Status.OK),
        (183, "eu", Status.DUE),
        (183, "us", Status.WATCH),  # the EU label would observe
    ],
)
def test_the_eu_label_counts_anew_after_six_months(gap, profile, status):
    answer = found(given(5, gap=gap, before=12), profile=profile)
    assert answer.status is status
    if profile == "eu" and status is Status.DUE:
        assert "5 of the first 12 infusions given since a gap of 183 days" in answer.message
        assert "(unverified)" in answer.message
        assert "observation.recount-gap" in answer.facts


def test_a_restart_still_ahead_counts_anew_from_none():
    doses = (*doses_until(days_before(200), 14), dose(AS_OF + timedelta(days=2), line=40))
    answer = found(doses)
    assert answer.status is Status.DUE
    assert "0 of the first 12 infusions given since a gap of 202 days" in answer.message


@pytest.mark.parametrize(("gap", "status"), [(182, Status.OK), (183, Status.DUE)])
def test_a_gap_up_to_a_booked_dose_counts_to_the_day(gap, status):
    doses = (*doses_until(days_before(150), 14), dose(AS_OF + timedelta(days=gap - 150), line=40))
    assert found(doses).status is status


# ── injections: the rule is from memory until a site confirms it


@pytest.mark.parametrize("profile", PROFILES)
def test_injections_are_observed_whatever_their_number(profile):
    answer = found(given(40, route="SC"), profile=profile)
    assert answer.status is Status.DUE


def test_the_unverified_number_is_shown_as_such():
    answer = found(given(10, route="SC"))
    assert "6 doses (unverified)" in answer.message
    assert "once a site has confirmed it" in answer.message
    assert registry().fact("observation.sc-doses").rank == "unverified"


@pytest.mark.parametrize(("count", "status"), [(5, Status.DUE), (6, Status.OK)])
def test_a_site_may_confirm_the_rule_for_injections(count, status):
    site = {name: confirmed(name) for name in PROFILES if name != "study"}
    made = course(doses=given(count, route="SC"))
    answer = evaluate(situation(made, profile=site["eu"]), site["eu"], site, [OBSERVATION])[0]
    assert answer.status is status


def test_a_confirmed_rule_counts_doses_by_any_route():
    site = {"eu": confirmed("eu")}
    mixed = (
        *doses_until(days_before(38), 5, route="IV"),
        *doses_on([days_before(10)], route="SC"),
    )
    answer = evaluate(
        situation(course(doses=mixed), profile=site["eu"]), site["eu"], site, [OBSERVATION]
    )[0]
    assert answer.status is Status.OK


def test_injections_do_not_count_towards_the_12_infusions():
    doses = (
        *doses_until(days_before(38), 12, route="SC"),
        *doses_on([days_before(10)], route="IV"),
    )
    answer = found(doses)
    assert answer.status is Status.DUE
    assert "1 of the first 12 infusions" in answer.message


def test_the_route_of_a_booked_dose_counts():
    doses = (*given(20), dose(AS_OF + timedelta(days=5), route="SC", line=50))
    assert found(doses).status is Status.DUE
    assert "injection" in found(doses).message


# ── study: three clean infusions, no moderate reaction ever


@pytest.mark.parametrize(("count", "status"), [(2, Status.DUE), (3, Status.WATCH)])
def test_study_asks_for_three_clean_infusions_and_says_who_disagrees(count, status):
    answer = found(given(count), profile="study")
    assert answer.status is status
    if status is Status.WATCH:
        assert "profile eu: 3 of the first 12" in answer.message
        assert "profile us: 3 of the first 12" in answer.message


def test_study_agrees_with_the_labels_after_12_clean_infusions():
    assert found(given(12), profile="study").status is Status.OK


@pytest.mark.parametrize(
    ("grade", "status"), [(1, Status.WATCH), (2, Status.DUE), (3, Status.DUE), (None, Status.DUE)]
)
def test_study_excludes_moderate_or_ungraded_reactions(grade, status):
    doses = given(8)
    answer = found(doses, reaction(doses[0].at, "rigors", grade), profile="study")
    assert answer.status is status


@pytest.mark.parametrize(("clean", "status"), [(2, Status.DUE), (3, Status.WATCH)])
def test_study_counts_infusions_without_a_reaction(clean, status):
    doses = given(clean + 2)
    mild = [reaction(doses[i].at, "flushing", 1) for i in (0, 2)]
    assert found(doses, *mild, profile="study").status is status


def test_the_label_profile_is_not_softened_by_the_study():
    answer = found(given(5), profile="eu")
    assert answer.status is Status.DUE
    assert ("study", Status.WATCH) in [(n, s) for n, s, _ in answer.others]


def test_doses_count_and_not_weeks():
    late = doses_until(days_before(10), 4, 28)
    answer = found(late)
    assert answer.status is Status.DUE
    assert "doses count, not weeks" in answer.message
    assert "doses count" not in found(given(2)).message
    # The study counts neither, and at 12 doses both readings agree.
    moderate = reaction(late[0].at, "rigors", 2)
    assert "doses count" not in found(late, moderate, profile="study").message
    twelve = given(12)
    assert "doses count" not in found(twelve, reaction(twelve[3].at, "flushing", 1)).message


def test_the_three_readings_of_12_differ_on_one_person():
    """Founding conflict C1: first 12 doses, first 12 weeks, last 12 infusions."""
    early = found(given(8))  # by weeks over, by doses not
    assert early.status is Status.DUE
    doses = given(30)
    clean_since = found(doses, reaction(doses[2].at, "flushing", 1))
    assert clean_since.status is Status.DUE  # the last 12 were clean, the label counts any
    assert "The last 12 infusions were given without a reaction" in clean_since.message
    recent = found(doses, reaction(doses[-2].at, "flushing", 1))
    assert "The last 12 infusions" not in recent.message


@pytest.mark.parametrize(("start", "verb"), [(84, "ended"), (83, "end"), (80, "end")])
def test_twelve_weeks_still_ahead_have_not_ended(start, verb):
    """Day 84 after the first infusion is the last of twelve weeks."""
    first = AS_OF - timedelta(days=start)
    doses = doses_on([first, first + timedelta(days=28), AS_OF - timedelta(days=4)])
    end = first + timedelta(days=84)
    assert f"12 weeks {verb} on {end}" in found(doses).message


# ── a dose that another rule forbids or questions

SPEAKING = {
    "reaction": (
        {"reactions": [reaction(days_before(38), "anaphylaxis", 2, line=7)]},
        f"the reaction of {days_before(38)}",
        "reactions:7",
    ),
    "stop reason, restarted": (
        {"plans": [plan(days_before(60), stopped=days_before(50), reason="allergic", line=8)]},
        f"the reaction for which it was stopped on {days_before(50)}",
        "plans:8",
    ),
    "age": ({"who": person(birth_date=date(2006, 7, 1))}, "the age of 17 years", "doses:"),
    "treatment": (
        {"treatments": [treatment(days_before(40), "fingolimod", line=9)]},
        "fingolimod alongside",
        "treatments:9",
    ),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("count", [3, 14])
@pytest.mark.parametrize("name", SPEAKING)
def test_a_dose_another_rule_forbids_is_observed_if_given_at_all(name, count, profile):
    events, reason, row = SPEAKING[name]
    answer = finding(RULE, course(doses=given(count), **events), profile=profile)
    assert answer.message.startswith("If a dose is given at all, observe ")
    assert reason in answer.message
    assert any(ref.startswith(row) for ref in answer.evidence)


@pytest.mark.parametrize(
    "events",
    [
        {"who": person(birth_date=date(2006, 6, 30))},
        {"who": person(birth_date=None)},
        {"treatments": [treatment(days_before(400), "fingolimod", end=days_before(390))]},
        {"reactions": [reaction(days_before(10), "headache", 1)]},
    ],
)
def test_nothing_against_the_dose_leaves_the_sentence(events):
    for count in (3, 14):
        assert "at all" not in finding(RULE, course(doses=given(count), **events)).message


def test_speaking_against_a_dose_does_not_change_the_status():
    young = {"who": person(birth_date=date(2006, 7, 1))}
    for profile in PROFILES:
        for count in (3, 14):
            plain = finding(RULE, course(doses=given(count)), profile=profile)
            asked = finding(RULE, course(doses=given(count), **young), profile=profile)
            assert plain.status is asked.status
    unseen = course(doses=given(14), recorded=without("reactions"), **young)
    answer = finding(RULE, unseen)
    assert answer.status is Status.UNKNOWN
    assert answer.message.startswith("If a dose is given at all, observe ")
    assert "is not in the export" in answer.message


# ── missing


@pytest.mark.parametrize(("count", "status"), [(11, Status.DUE), (12, Status.UNKNOWN)])
@pytest.mark.parametrize("profile", ["eu", "us"])
def test_without_reactions_it_is_due_by_count_and_unknown_after(profile, count, status):
    made = course(doses=given(count), recorded=without("reactions"))
    answer = finding(RULE, made, profile=profile)
    assert answer.status is status
    if status is Status.UNKNOWN:
        assert "reactions is not in the export" in answer.message


def test_off_therapy_it_does_not_apply_and_never_dosed_is_unknown():
    stopped = course(doses=given(5), plans=[plan(days_before(5), stopped=days_before(5), line=3)])
    answer = finding(RULE, stopped)
    assert answer.status is Status.OK
    assert "plans:3" in answer.evidence
    assert finding(RULE, course()).status is Status.UNKNOWN


def test_a_first_dose_that_is_booked_is_observed():
    answer = found([dose(AS_OF + timedelta(days=3))])
    assert answer.status is Status.DUE
    assert answer.due == AS_OF + timedelta(days=3)


@pytest.mark.parametrize("name", ["P01", "P09", "P10"])
def test_the_people_of_the_example_clinic_who_should_not_be_dosed(name):
    for profile in PROFILES:
        told = reviewed(name, profile)[RULE].message
        assert told.startswith("If a dose is given at all, observe "), told


@pytest.mark.parametrize(
    ("said", "rule"),
    [("PML suspected", "pml.suspected"), ("herpes encephalitis", "infection.serious")],
)
def test_what_holds_a_dose_is_said_before_observation_is_waived(said, rule):
    message = found(given(14), symptoms=[symptom(days_before(5), said)]).message
    assert message.startswith("If a dose is given at all")
    assert "Speaking against any dose: " in message
    assert f"({rule})" in message
