"""What holds for the rules that read notes, whatever the course."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import course, days_before, doses_until, finding, person, reaction, symptom
from tests.strategies import FIRST, LAST, courses

RULES = (
    "indication.relapsing-ms",
    "contraindication.condition",
    "infection.serious",
    "infection.before-dose",
    "pml.suspected",
    "pml.after-switch",
    "consent.re-inform",
    "review.re-authorisation",
    "safety.mood-gallstones",
)
relaxed = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(made=courses(), as_of=st.dates(FIRST, LAST), profile=st.sampled_from(PROFILES))
@relaxed
def test_an_unrelated_note_changes_nothing(made, as_of, profile):
    if not {"symptoms", "reactions"} <= made.recorded:
        return
    more = replace(
        made,
        symptoms=(*made.symptoms, symptom(as_of, "fatigue after sport", line=77)),
        reactions=(*made.reactions, reaction(as_of, "headache", 1, line=78)),
    )
    for rule in RULES:
        before = finding(rule, made, as_of=as_of, profile=profile)
        after = finding(rule, more, as_of=as_of, profile=profile)
        assert (after.status, after.message) == (before.status, before.message), rule


@given(later=st.integers(0, 1500), text=st.sampled_from(["PML", "?PML", "PML not excluded"]))
@relaxed
def test_time_alone_never_clears_a_suspicion_of_pml(later, text):
    given_doses = doses_until(days_before(0), 6)
    made = course(doses=given_doses, symptoms=[symptom(days_before(3), text)])
    as_of = date(2024, 6, 30) + timedelta(days=later)
    found = finding("pml.suspected", made, as_of=as_of)
    assert found.status in {Status.ACT, Status.WATCH}


@given(later=st.integers(0, 1500), text=st.sampled_from(["CMV colitis", "herpes encephalitis"]))
@relaxed
def test_time_alone_never_clears_a_reason_to_stop(later, text):
    made = course(doses=doses_until(days_before(0), 6), symptoms=[symptom(days_before(3), text)])
    found = finding("infection.serious", made, as_of=date(2024, 6, 30) + timedelta(days=later))
    assert found.status in {Status.ACT, Status.WATCH}


def _told(conditions: str) -> Course:
    who = replace(person(), conditions=conditions)
    return course(who=who, doses=doses_until(days_before(7), 6))


@given(
    st.lists(st.sampled_from(["asthma", "hypertension", "migraine", "none of note"]), max_size=4),
    st.sampled_from(["lung cancer", "HIV", "PML 2012"]),
)
@relaxed
def test_a_disease_that_forbids_it_is_found_among_any_others(others, disease):
    for place in range(len(others) + 1):
        listed = [*others[:place], disease, *others[place:]]
        found = finding("contraindication.condition", _told("; ".join(listed)))
        assert found.status is Status.ACT
