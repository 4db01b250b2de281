"""Gaps between doses. Oracle: the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.gaps import gaps, short_exposures, since_gap
from tests.build import doses_on

START = date(2023, 1, 2)


def on(*days: int):
    return doses_on(START + timedelta(days=d) for d in days)


def test_gaps_count_days_and_doses_and_end_with_the_open_one():
    found = gaps(on(0, 28, 90), START + timedelta(days=100))
    assert [(g.days, g.doses_before, g.after is None) for g in found] == [
        (28, 1, False),
        (62, 2, False),
        (10, 3, True),
    ]
    assert gaps((), START) == ()


@pytest.mark.parametrize(("gap", "kept"), [(182, 3), (183, 1)])
def test_a_new_start_needs_the_whole_gap(gap, kept):
    assert len(since_gap(on(0, 28, 28 + gap), 183)) == kept


def test_the_last_of_several_gaps_counts():
    assert len(since_gap(on(0, 200, 400, 428), 183)) == 2
    assert since_gap((), 183) == ()


@pytest.mark.parametrize(
    ("days", "until", "expected"),
    [
        ((0, 28), 28 + 89, []),
        ((0, 28), 28 + 90, [(2, 90)]),
        ((0,), 90, [(1, 90)]),
        ((0, 28, 56), 56 + 90, []),
        ((0, 28, 118), 120, [(2, 90)]),
        ((0, 28, 117), 120, []),
        ((0, 100, 200), 210, [(1, 100), (2, 100)]),
    ],
)
def test_short_exposures_need_few_doses_and_the_whole_gap(days, until, expected):
    found = short_exposures(on(*days), START + timedelta(days=until), most_doses=2, gap_days=90)
    assert [(g.doses_before, g.days) for g in found] == expected


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=12, unique=True), st.integers(1, 400))
def test_gaps_cover_the_time_and_doses_since_a_gap_are_a_tail(days, limit):
    doses = on(*sorted(days))
    until = START + timedelta(days=max(days) + 5)
    assert sum(g.days for g in gaps(doses, until)) == (until - doses[0].day).days
    tail = since_gap(doses, limit)
    assert doses[len(doses) - len(tail) :] == tail
    assert all((b.day - a.day).days < limit for a, b in pairwise(tail))
