"""Onset windows at their bounds; what is not recorded leaves a window open, never closed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.reaction_windows import OnsetWindow, WindowLimits, onset_windows
from openntz.definitions.reactions import link_reaction
from tests.build import dose, reaction

W = OnsetWindow
DAY = date(2024, 5, 1)
START = datetime(2024, 5, 1, 10)
END = datetime(2024, 5, 1, 11)
LIMITS = WindowLimits(
    minutes=timedelta(minutes=30),
    from_start=timedelta(hours=2),
    hour_after=timedelta(hours=1),
    late=timedelta(hours=4),
    days_from=1,
    days_until=21,
)


def windows(when, *, start=START, end=END, route="IV"):
    given_dose = dose(start, end=end, route=route)
    found = onset_windows(link_reaction(reaction(when, "rigors"), [given_dose], 1), LIMITS)
    assert found is not None
    return found


def inside(found):
    return {w for w, there in found.items() if there}


def minutes(count):
    return START + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("after_start", "expected"),
    [
        (0, {W.MINUTES, W.DURING, W.FROM_START}),
        (30, {W.MINUTES, W.DURING, W.FROM_START}),
        (31, {W.DURING, W.FROM_START}),
        (60, {W.DURING, W.FROM_START}),
        (61, {W.HOUR_AFTER, W.FROM_START}),
        (120, {W.HOUR_AFTER, W.FROM_START}),
        (121, set()),
        (300, set()),
        (301, {W.LATE}),
        (24 * 60, {W.LATE, W.DAYS}),
        (22 * 24 * 60, {W.LATE}),
    ],
)
def test_windows_of_an_infusion_with_all_times_known(after_start, expected):
    found = windows(minutes(after_start))
    assert inside(found) == expected
    assert None not in found.values()


@pytest.mark.parametrize(
    ("days", "there"), [(0, False), (1, True), (2, True), (20, True), (21, True), (22, False)]
)
def test_the_days_of_serum_sickness_need_no_time_of_day(days, there):
    assert windows(DAY + timedelta(days=days))[W.DAYS] is there


def test_after_an_injection_nothing_is_during_it():
    found = windows(minutes(10), end=None, route="SC")
    assert inside(found) == {W.MINUTES, W.HOUR_AFTER, W.FROM_START}
    assert found[W.DURING] is False


def test_an_infusion_without_end_leaves_during_and_the_hour_after_open():
    found = windows(minutes(90), end=None)
    assert found[W.FROM_START] is True
    assert found[W.DURING] is None
    assert found[W.HOUR_AFTER] is None


@pytest.mark.parametrize(
    ("when", "start", "end"), [(DAY, START, END), (minutes(20), DAY, None), (DAY, DAY, None)]
)
def test_without_a_time_of_day_windows_of_that_day_are_open(when, start, end):
    found = windows(when, start=start, end=end)
    assert found[W.MINUTES] is None
    assert found[W.DURING] is None
    assert found[W.HOUR_AFTER] is None
    assert found[W.FROM_START] is None
    assert found[W.DAYS] is False


def test_two_days_later_is_late_without_any_time_of_day():
    assert windows(DAY + timedelta(days=2))[W.LATE] is True
    assert windows(DAY + timedelta(days=2))[W.FROM_START] is False
    # At 01:00 of the next day it would be less than 4 h after an evening dose.
    assert (
        windows(DAY + timedelta(days=1), start=datetime(2024, 5, 1, 22), end=None)[W.LATE] is None
    )


def test_no_dose_before_it_has_no_window():
    assert onset_windows(link_reaction(reaction(DAY, "rash"), [], 1), LIMITS) is None


@given(st.integers(0, 40 * 24 * 60), st.booleans(), st.booleans(), st.booleans())
def test_forgetting_a_time_never_turns_a_window_round(after, drop_onset, drop_start, drop_end):
    """What is decided with less recorded is decided the same with everything recorded."""
    at = minutes(after)
    full = windows(at)
    start = DAY if drop_start else START
    less = windows(at.date() if drop_onset else at, start=start, end=None if drop_end else END)
    for window, there in less.items():
        assert there is None or there is full[window], window
