"""Doses tolerated in a row, counted by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.definitions.tolerated import tolerated_in_a_row
from tests.build import doses_on

DAY = date(2024, 5, 1)


def weeks(*numbers):
    return [DAY + timedelta(weeks=n) for n in numbers]


@pytest.mark.parametrize(
    ("reacted", "count"), [([], 4), ([0], 3), ([4], 2), ([8], 1), ([12], 0), ([0, 8], 1), ([2], 4)]
)
def test_counts_days_with_a_dose_since_the_last_reaction(reacted, count):
    doses = doses_on(weeks(0, 4, 8, 12))
    found = tolerated_in_a_row(doses, set(weeks(*reacted)), weeks(16)[0], None)
    assert found == count


def test_two_syringes_of_a_day_are_one_dose():
    doses = doses_on(weeks(0, 0, 4, 4), route="SC")
    assert tolerated_in_a_row(doses, set(), weeks(8)[0], None) == 2


@pytest.mark.parametrize(("gap", "count"), [(182, 3), (183, 1), (184, 1)])
def test_a_long_gap_starts_anew(gap, count):
    first = DAY - timedelta(days=gap)
    doses = doses_on([first - timedelta(days=28), first, DAY])
    assert tolerated_in_a_row(doses, set(), DAY + timedelta(days=28), 183) == count
    assert tolerated_in_a_row(doses, set(), DAY + timedelta(days=28), None) == 3


@pytest.mark.parametrize(("gap", "count"), [(182, 1), (183, 0)])
def test_a_gap_up_to_the_next_dose_starts_anew(gap, count):
    assert tolerated_in_a_row(doses_on([DAY]), set(), DAY + timedelta(days=gap), 183) == count


def test_before_any_dose_there_is_none():
    assert tolerated_in_a_row((), set(), DAY, 183) == 0
