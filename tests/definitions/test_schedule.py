"""Recurring checks against the arithmetic of dates."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.schedule import CheckState, check_due, recurring_check

DUE = date(2024, 6, 30)


@pytest.mark.parametrize(
    ("late", "state"),
    [
        (-31, CheckState.IN_TIME),
        (-30, CheckState.SOON),
        (-1, CheckState.SOON),
        (0, CheckState.DUE),
        (10, CheckState.DUE),
        (11, CheckState.LONG_OVERDUE),
    ],
)
def test_states_at_their_limits(late, state):
    check = check_due(
        last=DUE,
        due=DUE,
        as_of=DUE + timedelta(days=late),
        announce_days=30,
        long_overdue_days=10.5,
    )
    assert check.state is state
    assert check.overdue_days == late


def test_never_done_is_not_in_time():
    check = check_due(
        last=None,
        due=DUE,
        as_of=DUE - timedelta(days=31),
        announce_days=30,
        long_overdue_days=inf,
    )
    assert check.state is CheckState.NEVER_DONE


@given(
    interval=st.integers(1, 800),
    since=st.integers(0, 3000),
    last=st.none() | st.integers(0, 3000),
    announce=st.integers(0, 60),
)
def test_due_date_is_one_interval_after_the_last_or_the_start(interval, since, last, announce):
    started = DUE - timedelta(days=since)
    done = None if last is None else DUE - timedelta(days=last)
    check = recurring_check(
        last=done,
        started=started,
        interval_days=interval,
        as_of=DUE,
        announce_days=announce,
        long_overdue_fraction=0.5,
    )
    assert check.due == (done or started) + timedelta(days=interval)
    late = (DUE - check.due).days
    assert (check.state in {CheckState.DUE, CheckState.LONG_OVERDUE}) is (late >= 0)
    assert (check.state is CheckState.LONG_OVERDUE) is (2 * late > interval)


@given(days=st.integers(-400, 400))
def test_urgency_never_falls_as_time_passes(days):
    order = [
        CheckState.IN_TIME,
        CheckState.SOON,
        CheckState.DUE,
        CheckState.LONG_OVERDUE,
    ]

    def state(as_of: date) -> int:
        return order.index(
            check_due(last=DUE, due=DUE, as_of=as_of, announce_days=30, long_overdue_days=90).state
        )

    as_of = DUE + timedelta(days=days)
    assert state(as_of) <= state(as_of + timedelta(days=1))
