"""The lymphocyte rise from a person's own baseline. Oracle: its definition, by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.definitions.lymphocytes import RiseLimits, lymphocyte_rise
from tests.build import course, doses_every, doses_on, lymphocytes

FIRST = date(2023, 9, 20)
LIMITS = RiseLimits(
    rise=0.8,
    baseline_within_days=90,
    window_from_day=70,
    window_to_day=112,
    lost_counts=2,
    on_drug_days=56,
)


def rise(*counts, doses=None):
    """Counts as (days after the first dose or an ISO moment, value, censor)."""
    rows = []
    for i, (when, value, *censor) in enumerate(counts, start=2):
        moment = FIRST + timedelta(days=when) if isinstance(when, int) else when
        rows.append(lymphocytes(moment, value, censor=censor[0] if censor else "", line=i))
    given_doses = doses or doses_every(FIRST, 40)
    return lymphocyte_rise(course(doses=given_doses, measurements=rows), given_doses, LIMITS)


@pytest.mark.parametrize(("days", "kept"), [(-91, False), (-90, True), (-1, True), (0, True)])
def test_baseline_lies_within_90_days_up_to_the_first_dose(days, kept):
    assert (rise((days, 1.9)).baseline is not None) is kept


def test_the_last_count_before_the_first_dose_is_the_baseline():
    found = rise((-60, 1.2), (-3, 1.9), (84, 3.0))
    assert found.baseline is not None
    assert found.baseline.value == 1.9


@pytest.mark.parametrize(
    ("moment", "is_baseline"),
    [
        ("2023-09-20T09:59", True),
        ("2023-09-20T10:00", True),  # at the very start it is still the count before
        ("2023-09-20T10:01", False),
        ("2023-09-20", True),  # without a time it is taken as drawn before
    ],
)
def test_on_the_first_dose_day_the_clock_decides(moment, is_baseline):
    assert (rise((moment, 1.9)).baseline is not None) is is_baseline


def test_a_timed_count_counts_as_baseline_when_the_dose_has_no_time():
    found = rise(("2023-09-20T15:00", 1.9), doses=doses_every(FIRST, 5, clock=None))
    assert found.baseline is not None


def test_a_censored_count_is_no_baseline():
    assert rise((-3, 1.9, "<")).baseline is None
    assert rise((-5, 1.5), (-3, 1.9, ">")).baseline is not None


@pytest.mark.parametrize(("day", "inside"), [(69, False), (70, True), (112, True), (113, False)])
def test_window_matches_day_70_to_112(day, inside):
    assert bool(rise((-3, 1.9), (day, 3.0)).in_window) is inside


@pytest.mark.parametrize(
    ("baseline", "value", "rose"),
    [
        (1.9, 2.69, False),
        (1.9, 2.70, True),
        (2.0, 2.80, True),  # 0.7999999999999998 in binary
        (2.0, 2.79, False),
        (1.1, 1.90, True),
    ],
)
def test_rise_of_exactly_0_8_counts(baseline, value, rose):
    (change,) = rise((-3, baseline), (84, value)).in_window
    assert change.rose is rose


@pytest.mark.parametrize(
    ("value", "censor", "rose"),
    [(2.7, "<", False), (2.8, "<", None), (2.7, ">", True), (2.6, ">", None)],
)
def test_censored_counts_tell_only_what_they_can(value, censor, rose):
    (change,) = rise((-3, 1.9), (84, value, censor)).changes
    assert change.rose is rose
    assert change.change is None


def test_any_rise_in_the_window_counts_else_its_last_count():
    found = rise((-3, 1.9), (75, 2.0), (90, 2.8), (110, 2.1))
    assert found.best_in_window is not None
    assert found.best_in_window.day == 90
    found = rise((-3, 1.9), (75, 2.0), (110, 2.1))
    assert found.best_in_window is not None
    assert found.best_in_window.day == 110


def test_a_rise_is_lost_only_after_as_many_counts_in_a_row_as_asked_for():
    first = replace(LIMITS, lost_counts=1)
    counts = [lymphocytes(FIRST + timedelta(days=d), v) for d, v in [(-3, 1.9), (84, 2.9)]]
    low = lymphocytes(FIRST + timedelta(days=200), 2.0)
    doses = doses_every(FIRST, 12)
    for rows, lost in [(counts, 0), ([*counts, low], 1)]:
        assert len(lymphocyte_rise(course(measurements=rows), doses, first).lost) == lost
    assert not rise((-3, 1.9), (84, 2.9), (200, 2.0)).lost
    assert len(rise((-3, 1.9), (84, 2.9), (200, 2.0), (300, 2.1)).lost) == 2
    assert not rise((-3, 1.9), (84, 2.9), (200, 2.0), (250, 2.9), (300, 2.1)).lost
    assert not rise((-3, 1.9), (84, 2.0), (200, 2.0), (300, 2.1)).lost


@pytest.mark.parametrize(("after", "kept"), [(56, True), (57, False)])
def test_counts_of_a_wash_out_say_nothing(after, kept):
    doses = doses_on(FIRST + timedelta(days=28 * i) for i in range(4))
    last = (doses[-1].day - FIRST).days
    found = rise((-3, 1.9), (last + after, 2.0), doses=doses)
    assert (found.latest is not None) is kept


@given(
    st.lists(st.tuples(st.integers(1, 800), st.floats(0.1, 8.0)), max_size=8),
    st.floats(0.2, 4.0),
    st.floats(0.0, 3.0),
)
def test_more_lymphocytes_never_turn_a_rise_into_none(counts, baseline, more):
    low = rise((-3, baseline), *counts)
    high = rise((-3, baseline), *[(d, v + more) for d, v in counts])
    for a, b in zip(low.changes, high.changes, strict=True):
        assert not (a.rose and not b.rose)
