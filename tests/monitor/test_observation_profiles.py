"""observation.post-infusion: what is never left out, what speaks against early discharge, and
how the profiles stand to each other (founding conflicts C1 and C2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.observation import OBSERVATION
from tests.build import (
    course,
    days_before,
    doses_on,
    doses_until,
    finding,
    plan,
    reaction,
    situation,
    without,
)
from tests.strategies import FIRST, LAST, dosed_courses

RULE = OBSERVATION.id
ALL = {name: load_profile(name) for name in PROFILES}
DURING = "Observation during the dose itself is never left out."
READY = "Drugs and staff for anaphylaxis at hand"
relaxed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def decided(made, as_of, name):
    at = replace(situation(made, as_of=as_of, profile=ALL[name]), profiles=ALL)
    return OBSERVATION.decide(OBSERVATION.derive(at, ALL[name]), ALL[name])


def found(doses, *reactions, profile="eu", **events):
    made = course(doses=doses, reactions=reactions, **events)
    return finding(RULE, made, profile=profile)


@given(made=dosed_courses(), as_of=st.dates(FIRST, LAST), name=st.sampled_from(PROFILES))
@relaxed
def test_every_message_says_that_the_dose_itself_is_watched(made, as_of, name):
    message = decided(made, as_of, name).message
    # What forbids it (a reaction, PML, a disease, the age) stands in place of the observation.
    assert DURING in message or "Natalizumab is contraindicated " in message


@pytest.mark.parametrize("profile", PROFILES)
def test_it_is_said_to_those_never_dosed_and_off_therapy_too(profile):
    assert DURING in finding(RULE, course(), profile=profile).message
    stop = plan(days_before(5), stopped=days_before(5))
    assert DURING in found(doses_until(days_before(10), 5), plans=[stop], profile=profile).message


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("count", [1, 2, 3, 11, 12, 30])
def test_readiness_for_an_emergency_stands_where_observation_is_due(profile, count):
    answer = found(doses_until(days_before(10), count), profile=profile)
    assert (READY in answer.message) is (answer.status is Status.DUE)
    assert ("observation.readiness" in answer.facts) is (answer.status is Status.DUE)


# ── the study's two proposals and what speaks against them


@pytest.mark.parametrize(("count", "shown"), [(2, False), (3, True), (11, True), (12, False)])
def test_when_hypersensitivity_came_in_affirm_is_said_where_only_the_study_leaves_it_out(
    count, shown
):
    message = found(doses_until(days_before(10), count), profile="study").message
    told = "In AFFIRM 15 of 27 hypersensitivity events came by dose 2 and 23 by dose 7 (unverified)"
    assert (told in message) is shown


@pytest.mark.parametrize(("count", "shown"), [(1, True), (2, True), (3, False)])
def test_the_other_proposal_none_if_clean_during_is_shown_by_the_study_profile(count, shown):
    doses = doses_until(days_before(10), count)
    told = "Loonstra 2020 would leave it out after any infusion that itself passed without"
    answer = found(doses, profile="study")
    assert (told in answer.message) is shown
    assert told not in found(doses, profile="eu").message
    moderate = found(doses, reaction(doses[0].at, "rigors", 2), profile="study")
    assert told not in moderate.message


# ── the readings of 12 after a gap; rows and doses


def test_after_a_gap_that_counts_anew_the_last_12_infusions_are_no_excuse():
    """17 infusions without a reaction, 5 of them since the gap: five count by any reading."""
    late = doses_until(days_before(10), 5)
    early = doses_until(late[0].day - timedelta(days=200), 12)
    answer = found(doses_on([d.day for d in (*early, *late)]))
    assert answer.status is Status.DUE
    assert "last 12 infusions" not in answer.message
    assert "doses count, not weeks" in answer.message


@pytest.mark.parametrize(("count", "status"), [(11, Status.DUE), (12, Status.OK)])
def test_an_infusion_in_two_rows_of_one_day_is_one_dose(count, status):
    days = [d.day for d in doses_until(days_before(10), count)]
    assert found(doses_on([days[0], *days])).status is status


def test_a_reaction_in_the_second_row_of_a_day_spoils_that_dose():
    days = [d.day for d in doses_until(days_before(10), 3)]
    doses = doses_on([*days, days[-1]])
    mild = reaction(doses[-1].at, "flushing", 1)
    assert found(doses, profile="study").status is Status.WATCH
    assert found(doses, mild, profile="study").status is Status.DUE


# ── how the profiles stand to each other


@given(
    count=st.integers(1, 40),
    gap=st.sampled_from([28, 100, 182, 183, 400]),
    at=st.integers(0, 39),
    reacted=st.sampled_from([(), (1,), (1, 1), (2,), (None,)]),
    recorded=st.booleans(),
)
@relaxed
def test_the_study_is_never_more_cautious_than_eu_but_by_its_own_exclusions(
    count, gap, at, reacted, recorded
):
    """Its exclusions: moderate or ungraded reactions, injections."""
    late = doses_until(days_before(10), count)
    early = doses_until(late[0].day - timedelta(days=gap), 2)
    doses = doses_on([d.day for d in (*early, *late)])
    events = [
        reaction(doses[(at + i) % len(doses)].at, "flushing", grade)
        for i, grade in enumerate(reacted)
    ]
    table = {} if recorded else {"recorded": without("reactions")}
    made = course(doses=doses, reactions=events if recorded else (), **table)
    eu = decided(made, days_before(0), "eu").status
    study = decided(made, days_before(0), "study").status
    if recorded and any(grade is None or grade >= 2 for grade in reacted):
        assert study is Status.DUE
    elif eu is Status.OK:
        assert study is Status.OK
    elif eu is Status.UNKNOWN:
        assert study is Status.UNKNOWN


@given(made=dosed_courses(), as_of=st.dates(FIRST, LAST))
@relaxed
def test_the_us_label_is_never_more_cautious_than_the_eu_label(made, as_of):
    """They differ in one thing: the EU label counts anew after a gap."""
    if decided(made, as_of, "us").status is Status.DUE:
        assert decided(made, as_of, "eu").status is Status.DUE
