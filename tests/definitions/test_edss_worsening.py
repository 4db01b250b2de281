"""Confirmed EDSS worsening against tables typed from the definitions' text (rules D2, C18).

+1.5 from 0, +1.0 up to 5.0 (msprog) or 5.5 (MSoutcomes), +0.5 above; confirmed 12 or 24 weeks
later; reference and confirmation 30 days or more after a relapse.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.edss_worsening import WorseningRule, confirmed_worsening
from openntz.definitions.relapses import distinct_relapses
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.neda import neda_limits
from tests.build import edss, relapse

FIRST = date(2023, 1, 1)
LAST = FIRST + timedelta(days=730)
BOTH = neda_limits(load_profile("study"), 91).conventions
MSPROG, MSOUTCOMES = BOTH["msprog"], BOTH["MSoutcomes"]


def scores(*pairs):
    """(day, score) pairs counted from the first day of the period."""
    return [edss(FIRST + timedelta(days=day), value) for day, value in pairs]


def worsened(pairs, relapses=(), rule: WorseningRule = MSPROG, last=LAST):
    onsets = [relapse(FIRST + timedelta(days=day)) for day in relapses]
    return confirmed_worsening(
        scores(*pairs), onsets, earliest=FIRST, first=FIRST, last=last, rule=rule
    )


# reference, the lowest score that is a worsening: typed from the text for either convention
STEPS = [
    (0.0, 1.5, 1.5),
    (1.0, 2.0, 2.0),
    (1.5, 2.5, 2.5),
    (4.5, 5.5, 5.5),
    (5.0, 6.0, 6.0),
    (5.5, 6.0, 6.5),
    (6.0, 6.5, 6.5),
    (9.5, 10.0, 10.0),
]


@pytest.mark.parametrize(("reference", "msprog", "msoutcomes"), STEPS)
def test_steps_match_the_two_conventions(reference, msprog, msoutcomes):
    assert MSPROG.limit(reference) == msprog
    assert MSOUTCOMES.limit(reference) == msoutcomes
    for rule, limit in ((MSPROG, msprog), (MSOUTCOMES, msoutcomes)):
        below = 1.0 if limit == 1.5 else limit - 0.5
        assert worsened([(0, reference), (100, limit), (300, limit)], rule=rule).confirmed is True
        assert worsened([(0, reference), (100, below), (300, below)], rule=rule).confirmed is False


def test_conventions_differ_at_five_and_a_half_only():
    grid = [0.0, *(half / 2 for half in range(2, 21))]
    assert [s for s in grid if MSPROG.limit(s) != MSOUTCOMES.limit(s)] == [5.5]


@pytest.mark.parametrize(("profile", "days"), [("us", 84), ("study", 84), ("eu", 168)])
def test_confirmation_after_12_or_24_weeks(profile, days):
    rule = neda_limits(load_profile(profile), 91).conventions["msprog"]
    on_time = worsened([(0, 2.0), (100, 3.0), (100 + days, 3.0)], rule=rule)
    assert on_time.confirmed is True
    assert on_time.confirmation.day == FIRST + timedelta(days=100 + days)
    early = worsened([(0, 2.0), (100, 3.0), (99 + days, 3.0)], rule=rule)
    assert early.confirmed is None
    assert early.onset.day == FIRST + timedelta(days=100)


def test_a_score_below_the_limit_between_begins_anew():
    assert worsened([(0, 2.0), (100, 3.0), (150, 2.5), (200, 3.0)]).confirmed is None
    again = worsened([(0, 2.0), (100, 3.0), (150, 2.5), (200, 3.0), (284, 3.5)])
    assert again.confirmed is True
    assert again.onset.day == FIRST + timedelta(days=200)


def test_a_worsening_that_went_away_is_none():
    assert worsened([(0, 2.0), (100, 3.0), (150, 2.5)]).confirmed is False


@pytest.mark.parametrize(("since_relapse", "confirmed"), [(29, None), (30, True)])
def test_no_confirmation_within_30_days_of_a_relapse(since_relapse, confirmed):
    found = worsened([(0, 2.0), (100, 3.0), (300, 3.0)], relapses=[300 - since_relapse])
    assert found.confirmed is confirmed


@pytest.mark.parametrize(("since_relapse", "reference"), [(29, 2.0), (30, 4.0)])
def test_no_reference_within_30_days_of_a_relapse(since_relapse, reference):
    found = worsened([(0, 4.0), (60, 2.0), (200, 3.0)], relapses=[-since_relapse])
    assert found.reference.score == reference


def test_a_relapse_after_a_score_does_not_spoil_it():
    assert worsened([(0, 4.0), (60, 4.0)], relapses=[10]).reference.score == 4.0


def test_last_score_before_the_period_is_the_reference():
    pairs = scores((-300, 1.0), (-100, 2.0), (200, 2.5), (300, 2.5))
    early = FIRST - timedelta(days=365)
    found = confirmed_worsening(pairs, [], earliest=early, first=FIRST, last=LAST, rule=MSPROG)
    assert found.confirmed is False
    assert found.reference.score == 2.0


def test_scores_before_the_new_baseline_are_no_reference():
    found = worsened([(-1, 1.0), (10, 2.0), (100, 2.0), (200, 2.0)])
    assert found.reference.score == 2.0
    assert found.confirmed is False


@pytest.mark.parametrize("pairs", [[], [(0, 2.0)], [(-5, 2.0)], [(-5, 2.0), (5, 2.0)]])
def test_without_two_scores_nothing_is_known(pairs):
    assert worsened(pairs).confirmed is None


def test_scores_after_the_period_do_not_count():
    last = FIRST + timedelta(days=250)
    assert worsened([(0, 2.0), (100, 3.0), (251, 3.0)], last=last).confirmed is None


@given(
    values=st.lists(st.sampled_from([half / 2 for half in range(2, 21)]), min_size=2, max_size=8),
    gap=st.integers(20, 200),
)
def test_confirmed_worsening_means_what_the_text_says(values, gap):
    """Oracle: every stretch of visits written out, no clever order."""
    visits = list(enumerate(values))
    last = FIRST + timedelta(days=gap * len(values))
    for rule in (MSPROG, MSOUTCOMES):
        found = worsened([(i * gap, v) for i, v in visits], rule=rule, last=last)
        limit = rule.limit(values[0])
        confirmed = any(
            all(v >= limit for v in values[a : b + 1]) and (b - a) * gap >= 84
            for a in range(1, len(values))
            for b in range(a + 1, len(values))
        )
        assert (found.confirmed is True) is confirmed


@pytest.mark.parametrize(("days", "count"), [(29, 1), (30, 2)])
def test_relapses_are_30_days_apart(days, count):
    onsets = [relapse(FIRST), relapse(FIRST + timedelta(days=days))]
    assert len(distinct_relapses(onsets, 30)) == count


def test_days_count_from_the_last_relapse_that_counted():
    onsets = [relapse(FIRST + timedelta(days=day)) for day in (0, 20, 40, 69, 70)]
    found = distinct_relapses(onsets[::-1], 30)
    assert [(r.day - FIRST).days for r in found] == [0, 40, 70]
