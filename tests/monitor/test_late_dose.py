"""interval.late-dose against contracts: one day to either side of every limit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rule import Rule
from openntz.monitor.rules.interval import LATE_DOSE
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    dose,
    doses_on,
    doses_until,
    finding,
    plan,
    pregnancy,
    reaction,
    situation,
    symptom,
)

RULE = LATE_DOSE.id


def last_dose(days: int, *, interval: int | None = 28, booked: int | None = None, **events):
    doses = list(doses_until(days_before(days), 6, 28))
    if booked is not None:
        doses.append(dose(AS_OF + timedelta(days=booked), line=99))
    plans = [] if interval is None else [plan("2020-01-01", interval, line=5)]
    return course(doses=doses, plans=[*plans, *events.pop("plans", [])], **events)


@pytest.mark.parametrize(
    ("days", "interval", "status"),
    [
        (0, 28, Status.OK),
        (20, 28, Status.OK),  # planned in 8 days
        (21, 28, Status.WATCH),  # within the week before
        (28, 28, Status.WATCH),  # on the day
        (29, 28, Status.DUE),  # beyond the planned date
        (42, 42, Status.WATCH),
        (43, 42, Status.DUE),
        (56, 28, Status.DUE),
        (57, 28, Status.ACT),  # beyond 8 weeks
        (56, 70, Status.OK),
        (57, 70, Status.ACT),  # on therapy by plan, and still beyond 8 weeks
        (364, 28, Status.ACT),
        (365, 28, Status.OK),  # left treatment
    ],
)
def test_late_dose_matches_contract(days, interval, status):
    found = finding(RULE, last_dose(days, interval=interval))
    assert found.status is status
    assert "doses:7" in found.evidence
    assert "plans:5" in found.evidence


def test_due_date_is_the_planned_one():
    found = finding(RULE, last_dose(42))
    assert found.due == days_before(14)
    assert "2 weeks late" in found.message


@pytest.mark.parametrize(("days", "status"), [(28, Status.WATCH), (29, Status.DUE)])
def test_without_a_plan_the_label_interval_stands_in_and_says_so(days, status):
    found = finding(RULE, last_dose(days, interval=None))
    assert found.status is status
    assert "label interval" in found.message
    assert "dosing.label-interval" in found.facts
    assert "dosing.label-interval" not in finding(RULE, last_dose(days)).facts


@pytest.mark.parametrize(
    ("days", "booked", "status"),
    [
        (20, 8, Status.OK),
        (20, 7, Status.WATCH),
        (28, 1, Status.WATCH),
        (29, 20, Status.WATCH),  # late by the interval, but booked
        (57, 1, Status.ACT),
    ],
)
def test_a_booked_dose_is_the_planned_one(days, booked, status):
    found = finding(RULE, last_dose(days, booked=booked))
    assert found.status is status
    assert found.due == AS_OF + timedelta(days=booked)
    assert "booked" in found.message


def test_a_dose_booked_later_than_the_interval_says_so():
    found = finding(RULE, last_dose(20, booked=15))
    assert found.status is Status.OK
    assert "7 days later than the interval" in found.message


def test_words_fit_the_day():
    assert "planned for 2024-06-30, today" in finding(RULE, last_dose(28)).message
    assert "in 1 day" in finding(RULE, last_dose(27)).message
    on_the_due_day = finding(RULE, last_dose(28, booked=1)).message
    assert "late" not in on_the_due_day.replace("later than the interval", "")
    assert "1 day late; it is booked" in finding(RULE, last_dose(29, booked=1)).message
    assert "later than" not in finding(RULE, last_dose(20, booked=8)).message
    assert "1 day later than the interval" in finding(RULE, last_dose(20, booked=9)).message


def test_beyond_eight_weeks_the_missed_date_stays_the_due_date():
    assert finding(RULE, last_dose(57)).due == days_before(29)
    assert finding(RULE, last_dose(57, interval=70)).due == AS_OF + timedelta(days=13)


def test_a_stop_on_record_is_believed():
    stopped = [plan(days_before(60), stopped=days_before(60), reason="patient choice", line=8)]
    found = finding(RULE, last_dose(100, plans=stopped))
    assert found.status is Status.OK
    assert "no further dose is expected" in found.message
    assert "plans:8" in found.evidence


def test_a_dose_booked_after_a_stop_is_told():
    stopped = [plan(days_before(60), stopped=days_before(60))]
    found = finding(RULE, last_dose(100, booked=5, plans=stopped))
    assert found.status is Status.OK
    assert f"booked for {AS_OF + timedelta(days=5)}" in found.message


def test_presumed_stop_and_leaving_are_shown_as_assumptions():
    presumed = finding(RULE, last_dose(57))
    assert "presumed to have stopped" in presumed.message
    assert "late-dose.presumed-stopped-from" in presumed.facts
    left = finding(RULE, last_dose(400))
    assert "assumed to have left treatment" in left.message
    assert left.facts == ("late-dose.left-from",)


def test_nobody_dosed_is_unknown():
    found = finding(RULE, course())
    assert found.status is Status.UNKNOWN
    assert "No dose is recorded" in found.message


def test_the_rule_is_pure_in_its_facts():
    rule: Rule = LATE_DOSE
    profile = load_profile("eu")
    made = situation(last_dose(30))
    facts = rule.derive(made, profile)
    assert rule.decide(facts, profile) == rule.decide(facts, profile)
    assert finding(RULE, last_dose(30), as_of=date(2024, 6, 29)).status is Status.DUE


# ── the four limits on gaps (founding case report, leaflet, labels, EU text)

DELAY = "past 8 weeks, up to which a delay is called fine (founding case report)"
RE_EXPOSURE = "3 months after no more than 2 doses, from which antibodies are tested first (labels)"
RECOUNT = "6 months, from which the doses to be observed count anew (EU label, unverified)"


def gap_of(days: int, doses: int, *, booked: int | None = None, interval: int = 28):
    given = list(doses_until(days_before(days), doses, 28))
    if booked is not None:
        given.append(dose(AS_OF + timedelta(days=booked), line=99))
    return finding(RULE, course(doses=given, plans=[plan("2020-01-01", interval, line=5)]))


def test_a_missed_dose_by_the_leaflet_is_given_as_soon_as_possible():
    found = gap_of(29, 6)
    assert "Give it as soon as possible and go on from there" in found.message
    assert "leaflet: then every 4 weeks again; it names no longest delay" in found.message
    assert "eu-leaflet" in found.sources


@pytest.mark.parametrize(
    ("days", "doses", "past", "ahead", "in_days"),
    [
        (56, 6, (), DELAY.removeprefix("past "), 1),
        (57, 6, (DELAY,), RECOUNT, 183 - 57),
        (89, 6, (DELAY,), RECOUNT, 183 - 89),
        (182, 6, (DELAY,), RECOUNT, 1),
        (183, 6, (DELAY, RECOUNT), "", 0),
        (57, 2, (DELAY,), RE_EXPOSURE, 90 - 57),
        (89, 2, (DELAY,), RE_EXPOSURE, 1),
        (90, 2, (DELAY, RE_EXPOSURE), RECOUNT, 183 - 90),
        (90, 3, (DELAY,), RECOUNT, 183 - 90),
        (183, 2, (DELAY, RE_EXPOSURE, RECOUNT), "", 0),
    ],
)
def test_a_dose_today_names_the_limits_it_crosses_and_the_next(days, doses, past, ahead, in_days):
    message = gap_of(days, doses).message
    said, _, later = message.partition("The next limit, from ")
    for words in (DELAY, RE_EXPOSURE, RECOUNT):
        assert (words in said) is (words in past)
    assert later.startswith(f"{AS_OF + timedelta(days=in_days)}: {ahead}") if ahead else not later


@pytest.mark.parametrize(("booked", "crosses"), [(16, False), (17, True)])
def test_a_booked_dose_is_held_to_the_limits_on_its_own_day(booked, crosses):
    message = gap_of(40, 6, booked=booked).message
    on = AS_OF + timedelta(days=booked)
    assert (f"A dose on {on} comes after" in message) is crosses
    assert "The next limit, from" in message


@pytest.mark.parametrize(("interval", "told"), [(56, False), (57, True)])
def test_a_dose_in_time_says_nothing_of_limits_it_does_not_cross(interval, told):
    found = gap_of(20, 6, interval=interval)
    assert found.status is Status.OK
    assert ("comes after" in found.message) is told
    assert ("limit" in found.message) is told


@pytest.mark.parametrize(("booked", "recounts"), [(82, False), (83, True)])
def test_a_dose_booked_after_a_stop_is_held_to_the_limits(booked, recounts):
    stopped = [plan(days_before(60), stopped=days_before(60))]
    found = finding(RULE, last_dose(100, booked=booked, plans=stopped))
    assert found.status is Status.OK
    said, _, ahead = found.message.partition("The next limit, from ")
    assert DELAY in said
    assert (RECOUNT in said) is recounts
    assert (RECOUNT in ahead) is not recounts


# ── what forbids or questions a dose is said first


@pytest.mark.parametrize("days", [10, 25, 40, 57, 300])
@pytest.mark.parametrize(
    ("events", "first"),
    [
        (
            {"reactions": [reaction(days_before(400), "anaphylaxis", 3, line=70)]},
            f"Natalizumab is contraindicated after the reaction of {days_before(400)};",
        ),
        (
            {"symptoms": [symptom(days_before(9), "PML confirmed", line=71)]},
            "Natalizumab is contraindicated after PML, which is recorded: 'PML confirmed'",
        ),
        (
            {"symptoms": [symptom(days_before(9), "PML suspected", line=71)]},
            "No dose is to be given before this is settled: Suspicion of PML (pml.suspected).",
        ),
        (
            {"symptoms": [symptom(days_before(9), "jaundice", line=71)]},
            "No dose is to be given before this is settled: Liver values (liver.injury).",
        ),
        ({"pregnancies": [pregnancy(days_before(70), line=72)]}, "Pregnant, week 12+0:"),
    ],
)
def test_what_forbids_or_questions_a_dose_is_the_first_sentence(days, events, first):
    found = finding(RULE, last_dose(days, **events))
    assert found.message.startswith(first)
    assert "Give" not in found.message
    assert found.status is finding(RULE, last_dose(days)).status


@pytest.mark.parametrize("days", [10, 25, 40, 57, 300])
@pytest.mark.parametrize(
    ("who", "first"),
    [
        ({"conditions": "breast cancer"}, "Natalizumab is contraindicated while this stands: "),
        ({"conditions": "HIV infection"}, "Natalizumab is contraindicated while this "),
        (
            {"birth_date": date(AS_OF.year - 18, AS_OF.month, AS_OF.day) + timedelta(days=1)},
            "Natalizumab is contraindicated below 18 years; check the birth date.",
        ),
    ],
)
def test_what_forbids_a_dose_in_the_person_is_the_first_sentence(days, who, first):
    made = last_dose(days)
    found = finding(RULE, replace(made, person=replace(made.person, **who)))
    assert found.message.startswith(first)
    # Said once: the rule that forbids it is not listed again among what holds a dose.
    assert "before this is settled" not in found.message
    assert "Give" not in found.message
    assert "people:2" in found.evidence
    assert found.status is finding(RULE, made).status


def test_on_the_eighteenth_birthday_nothing_forbids_a_dose():
    made = last_dose(40)
    grown = replace(made.person, birth_date=date(AS_OF.year - 18, AS_OF.month, AS_OF.day))
    assert finding(RULE, replace(made, person=grown)).message == finding(RULE, made).message


def test_a_pregnancy_that_was_delivered_or_a_recorded_stop_says_nothing_first():
    born = pregnancy(days_before(300), delivery=days_before(30), line=72)
    assert "Pregnant" not in finding(RULE, last_dose(40, pregnancies=[born])).message
    stopped = plan(days_before(39), stopped=days_before(39), line=6)
    made = last_dose(40, plans=[stopped], pregnancies=[pregnancy(days_before(70), line=72)])
    assert finding(RULE, made).message.startswith("Therapy was stopped")


# ── antibodies against a restart (restart.gate): every rule about that dose says the same

GATE_HOLDS = "No dose is to be given before this is settled: Before a restart (restart.gate)."


def late_after_restart(days: int, value: str):
    """Fourteen doses, none for 120 days, one dose again; the next is ``days`` - 28 late."""
    given = (*doses_until(days_before(days + 120), 14), *doses_on([days_before(days)]))
    return course(
        doses=given,
        plans=[plan("2020-01-01", 28, line=5)],
        measurements=[antibody(days_before(days + 5), value, line=73)],
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("days", [10, 25, 29, 56])
def test_a_dose_that_antibodies_hold_after_a_restart_is_nowhere_asked_for(days, profile):
    made = late_after_restart(days, "positive")
    gate = finding("restart.gate", made, profile=profile)
    assert gate.status is Status.ACT
    assert "Give no further dose before this is settled" in gate.message
    found = finding(RULE, made, profile=profile)
    assert found.message.startswith(GATE_HOLDS)
    assert "Give it" not in found.message
    assert found.status is finding(RULE, late_after_restart(days, "negative")).status
    observed = finding("observation.post-infusion", made, profile=profile).message
    assert observed.startswith("If a dose is given at all, ")
    assert "Speaking against any dose: Before a restart (restart.gate)." in observed
    candidate = finding("interval.candidate", made, profile=profile).message
    assert GATE_HOLDS[0].lower() + GATE_HOLDS[1:-1] in candidate
    assert candidate.count("(restart.gate)") == 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("days", [57, 90])
def test_antibodies_hold_the_dose_of_somebody_who_may_have_stopped(days, profile):
    """Without a recorded stop a dose may be given any day, so the antibodies are still told."""
    made = late_after_restart(days, "positive")
    gate = finding("restart.gate", made, profile=profile)
    assert gate.status is Status.WATCH
    assert "speaks against one" in gate.message
    found = finding(RULE, made, profile=profile)
    assert found.status is Status.ACT
    assert found.message.startswith(GATE_HOLDS)
    assert "Give the dose" not in found.message
    negative = late_after_restart(days, "negative")
    assert finding("restart.gate", negative, profile=profile).status is Status.OK
    assert "Give the dose" in finding(RULE, negative, profile=profile).message


@pytest.mark.parametrize("days", [35, 60])
def test_persistent_antibodies_are_decided_about_before_a_late_dose(days):
    given = doses_until(days_before(days), 14)
    positive = [antibody(days_before(d), "positive", line=70 + d) for d in (200, 110)]
    made = course(doses=given, plans=[plan("2020-01-01", 28, line=5)], measurements=positive)
    told = finding("antibody.persistent", made)
    assert told.status in {Status.ACT, Status.WATCH}
    found = finding(RULE, made)
    assert "(antibody.persistent)" in found.message
    assert "Give " not in found.message
    assert "measurements:180" in found.evidence
    negative = replace(made, measurements=(antibody(days_before(110), "negative", line=180),))
    assert "Give " in finding(RULE, negative).message
    assert finding(RULE, negative).status is found.status


@pytest.mark.parametrize("profile", PROFILES)
def test_a_restart_without_antibodies_that_lacks_other_checks_holds_no_late_dose(profile):
    made = late_after_restart(40, "negative")
    assert finding("restart.gate", made, profile=profile).status is Status.DUE
    found = finding(RULE, made, profile=profile)
    assert "Give it as soon as possible" in found.message
    assert "restart.gate" not in found.message
    assert "at all" not in finding("observation.post-infusion", made, profile=profile).message


@pytest.mark.parametrize(("value", "held"), [("positive", True), ("negative", False)])
def test_a_restart_booked_in_spite_of_antibodies_is_held(value, held):
    """Nobody recorded a stop: 100 days without a dose, and one is booked."""
    made = last_dose(100, booked=5, measurements=[antibody(days_before(3), value, line=73)])
    assert (finding("restart.gate", made).status is Status.ACT) is held
    found = finding(RULE, made).message
    assert found.startswith(GATE_HOLDS) is held
    assert ("Give the dose" in found) is not held
