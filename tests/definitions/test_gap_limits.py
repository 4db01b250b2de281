"""The four limits on gaps. Oracle: the sources' own numbers, typed here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.gap_limits import (
    GapLimit,
    GapLimits,
    crossed,
    gap_crossings,
    next_crossing,
)

# Four weeks by the leaflet, under two months read as eight weeks (founding case report), three
# months after one or two doses (labels), six months (EU text).
LIMITS = GapLimits(
    planned_days=28, delay_days=56, short_doses=2, re_exposure_days=90, recount_days=183
)
MISSED, DELAY = GapLimit.MISSED, GapLimit.DELAY
RE_EXPOSURE, RECOUNT = GapLimit.RE_EXPOSURE, GapLimit.RECOUNT


@pytest.mark.parametrize(
    ("days", "after_two", "after_three"),
    [
        (28, set(), set()),
        (29, {MISSED}, {MISSED}),
        (56, {MISSED}, {MISSED}),
        (57, {MISSED, DELAY}, {MISSED, DELAY}),
        (89, {MISSED, DELAY}, {MISSED, DELAY}),
        (90, {MISSED, DELAY, RE_EXPOSURE}, {MISSED, DELAY}),
        (182, {MISSED, DELAY, RE_EXPOSURE}, {MISSED, DELAY}),
        (183, {MISSED, DELAY, RE_EXPOSURE, RECOUNT}, {MISSED, DELAY, RECOUNT}),
    ],
)
def test_each_limit_is_crossed_on_the_day_its_source_says(days, after_two, after_three):
    for doses, expected in ((1, after_two), (2, after_two), (3, after_three), (30, after_three)):
        assert {c.limit for c in crossed(gap_crossings(LIMITS, doses), days)} == expected


@pytest.mark.parametrize(
    ("days", "doses", "limit", "from_day"),
    [
        (0, 5, MISSED, 29),
        (28, 5, MISSED, 29),
        (29, 5, DELAY, 57),
        (57, 5, RECOUNT, 183),
        (57, 2, RE_EXPOSURE, 90),
        (90, 2, RECOUNT, 183),
    ],
)
def test_the_next_limit_and_its_day(days, doses, limit, from_day):
    found = next_crossing(gap_crossings(LIMITS, doses), days)
    assert found is not None
    assert (found.limit, found.from_day) == (limit, from_day)


def test_beyond_all_limits_there_is_no_next():
    assert next_crossing(gap_crossings(LIMITS, 2), 183) is None


def test_never_dosed_is_no_short_exposure():
    assert RE_EXPOSURE not in {c.limit for c in gap_crossings(LIMITS, 0)}


@given(days=st.integers(0, 400), doses=st.integers(0, 40))
def test_a_longer_gap_never_uncrosses_a_limit(days, doses):
    limits = gap_crossings(LIMITS, doses)
    assert set(crossed(limits, days)) <= set(crossed(limits, days + 1))
    ahead = next_crossing(limits, days)
    assert ahead is None or ahead in crossed(limits, ahead.from_day)
    assert ahead is None or ahead not in crossed(limits, ahead.from_day - 1)
