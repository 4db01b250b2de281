"""The three readings of '12' (founding conflict C1), on the same person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.observation_readings import observation_readings

FIRST = date(2023, 1, 2)


def every_four_weeks(count):
    return [FIRST + timedelta(days=28 * i) for i in range(count)]


def read(count, reacted=(), next_day=None, days=None):
    days = every_four_weeks(count) if days is None else days
    following = days[-1] + timedelta(days=28) if next_day is None else next_day
    return observation_readings(days, set(reacted), following, doses=12, weeks_days=84)


def over(found):
    return (found.first_doses, found.first_weeks, found.last_infusions)


@pytest.mark.parametrize(
    ("count", "answers"),
    [
        (2, (False, False, False)),
        (3, (False, True, False)),  # the fourth infusion falls on day 84, the end of 12 weeks
        (11, (False, True, False)),
        (12, (True, True, True)),  # given in week 44
    ],
)
def test_one_person_by_doses_weeks_and_last_infusions(count, answers):
    assert over(read(count)) == answers


def test_dose_12_falls_in_week_44_as_the_conflict_says():
    assert (every_four_weeks(12)[-1] - FIRST).days == 44 * 7


@pytest.mark.parametrize(("day", "weeks_over"), [(83, False), (84, True), (85, True)])
def test_the_first_twelve_weeks_end_on_day_84(day, weeks_over):
    found = read(3, next_day=FIRST + timedelta(days=day))
    assert found.first_weeks is weeks_over
    assert found.weeks_end == FIRST + timedelta(days=84)


@pytest.mark.parametrize(("dose", "last_clean"), [(17, True), (18, True), (19, False), (30, False)])
def test_a_reaction_counts_for_ever_by_two_readings_and_among_the_last_12_by_the_third(
    dose, last_clean
):
    days = every_four_weeks(30)
    assert over(read(30, [days[dose - 1]])) == (False, False, last_clean)


def test_nothing_to_read_before_the_first_infusion():
    assert read(0, next_day=FIRST, days=[]) is None


@given(st.integers(1, 40), st.data())
def test_the_last_infusions_are_never_stricter_than_the_first_doses(count, data):
    days = every_four_weeks(count)
    reacted = data.draw(st.sets(st.sampled_from(days), max_size=3))
    found = read(count, reacted)
    assert found.last_infusions or not found.first_doses
