"""A reaction that forbids natalizumab does so for good (S2-19: stop, never again)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.forbidden import forbidding_reaction
from openntz.monitor.rules.hypersensitivity import HYPERSENSITIVITY
from tests.build import (
    course,
    days_before,
    dose,
    doses_until,
    finding,
    plan,
    reaction,
    situation,
)
from tests.strategies import FIRST, LAST, dosed_courses

STANDING = {Status.ACT, Status.WATCH}
ALL = {name: load_profile(name) for name in PROFILES}
relaxed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def status(made, as_of, profile):
    at = situation(made, as_of=as_of, profile=profile)
    return HYPERSENSITIVITY.decide(HYPERSENSITIVITY.derive(at, profile), profile).status


@given(
    made=dosed_courses(),
    as_of=st.dates(FIRST, LAST),
    later=st.integers(1, 4000),
    name=st.sampled_from(PROFILES),
)
@relaxed
def test_a_later_date_never_lifts_what_forbids(made, as_of, later, name):
    profile = ALL[name]
    then = as_of + timedelta(days=later)
    before = forbidding_reaction(situation(made, as_of=as_of, profile=profile), profile)
    if before is None:
        return
    after = forbidding_reaction(situation(made, as_of=then, profile=profile), profile)
    assert after is not None
    assert status(made, as_of, profile) in STANDING
    assert status(made, then, profile) in STANDING


@given(
    reacted=st.integers(1, 12),
    count=st.integers(0, 12),
    grade=st.sampled_from([None, 1, 2, 3]),
    stopped=st.booleans(),
    later=st.integers(0, 5000),
    name=st.sampled_from(PROFILES),
)
@relaxed
def test_whatever_is_given_planned_or_stopped_afterwards_it_stands(
    reacted, count, grade, stopped, later, name
):
    """The planted truth: anaphylaxis at one dose, then any number of doses, plans and years."""
    before = doses_until(date(2020, 6, 1), reacted)
    when = before[-1].at + timedelta(minutes=12)
    after = [
        dose(before[-1].day + timedelta(days=28 * i), line=50 + i) for i in range(1, count + 1)
    ]
    plans = [plan(before[-1].day + timedelta(days=1), 28, line=90)]
    if stopped:
        plans.append(plan(before[-1].day, stopped=before[-1].day, reason="hypersensitivity"))
    made = course(
        doses=(*before, *after), reactions=[reaction(when, "anaphylaxis", grade)], plans=plans
    )
    as_of = before[-1].day + timedelta(days=later)
    found = status(made, as_of, ALL[name])
    assert found in STANDING
    given_by_then = any(d.day <= as_of for d in after)
    if given_by_then:
        assert found is Status.ACT


def test_a_dose_after_a_stop_for_hypersensitivity_is_acted_on_whatever_follows():
    """Stopped for allergy, restarted, a second reaction, stopped for good: the restart stands."""
    first, stop, again = days_before(900), days_before(880), days_before(400)
    doses = [dose(first, line=2), dose(again, line=3)]
    plans = [plan(stop, stopped=stop, reason="allergy", line=4)]
    before = course(doses=doses, plans=plans)
    assert finding(HYPERSENSITIVITY.id, before).status is Status.ACT
    plans.append(plan(again, stopped=again, reason="allergy", line=5))
    both = course(doses=doses, plans=plans, reactions=[reaction(again, "anaphylaxis", 3, line=6)])
    answer = finding(HYPERSENSITIVITY.id, both)
    assert answer.status is Status.ACT
    assert f'Before that, natalizumab was stopped on {stop} for "allergy"' in answer.message
    assert {"plans:4", "reactions:6", "doses:3"} <= set(answer.evidence)


_DAYS = st.dates(date(2021, 1, 1), date(2024, 1, 1))


@given(
    doses=st.lists(_DAYS, min_size=1, max_size=8, unique=True),
    stops=st.lists(st.tuples(_DAYS, st.sampled_from(["allergy", "wish"])), max_size=3),
    reactions=st.lists(st.tuples(_DAYS, st.sampled_from(["anaphylaxis", "rigors"])), max_size=3),
    as_of=_DAYS,
    later=st.integers(1, 2000),
)
@relaxed
def test_a_dose_that_was_forbidden_stays_one_at_any_later_date(
    doses, stops, reactions, as_of, later
):
    made = course(
        doses=[dose(d, line=n) for n, d in enumerate(sorted(doses), start=2)],
        plans=[plan(d, stopped=d, reason=why, line=20 + n) for n, (d, why) in enumerate(stops)],
        reactions=[reaction(d, term, 1, line=30 + n) for n, (d, term) in enumerate(reactions)],
    )
    profile = ALL["eu"]

    def forbidden_doses(day):
        facts = HYPERSENSITIVITY.derive(situation(made, as_of=day, profile=profile), profile)
        return {d.ref for d in facts.given_after}

    assert forbidden_doses(as_of) <= forbidden_doses(as_of + timedelta(days=later))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("years", [1, 5, 20])
def test_years_of_doses_without_a_reaction_do_not_lift_it(profile, years):
    doses = doses_until(days_before(10), 13 * years)
    made = course(doses=doses, reactions=[reaction(doses[0].at, "allergic reaction", 1, line=5)])
    answer = finding("hypersensitivity.contraindicated", made, profile=profile)
    assert answer.status is Status.ACT
    assert "reactions:5" in answer.evidence
    assert f"{13 * years - 1} doses were given after it" in answer.message
