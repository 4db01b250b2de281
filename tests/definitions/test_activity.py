"""Activity in a window: yes, no, and unknown; nothing missing becomes 'no'."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.activity import activity, either
from tests.build import course, relapse, scan, without

FIRST, LAST = date(2024, 1, 1), date(2024, 3, 31)
INSIDE, BEFORE = date(2024, 2, 1), FIRST - timedelta(days=1)


def seen(**events):
    return activity(course(**events), FIRST, LAST)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((True, None), True),
        ((False, None), None),
        ((False, False), False),
        ((), False),
    ],
)
def test_three_valued_or(parts, expected):
    assert either(*parts) is expected


@given(st.lists(st.sampled_from([True, False, None])))
def test_three_valued_or_matches_kleene(parts):
    value = {True: 1.0, None: 0.5, False: 0.0}
    assert value[either(*parts)] == max((value[p] for p in parts), default=0.0)


@pytest.mark.parametrize("day", [FIRST, LAST])
def test_both_ends_of_the_window_count(day):
    assert seen(relapses=[relapse(day)]).relapse is True
    assert seen(mri=[scan(day, 1)]).gadolinium is True


@pytest.mark.parametrize("day", [BEFORE, LAST + timedelta(days=1)])
def test_outside_the_window_does_not_count(day):
    assert seen(relapses=[relapse(day)]).relapse is False
    assert seen(mri=[scan(day, 1)]).gadolinium is None


def test_nobody_looked_is_unknown():
    found = activity(course(recorded=without("relapses", "mri")), FIRST, LAST)
    assert found.relapse is None
    assert found.gadolinium is None
    assert found.any is None
    assert seen().relapse is False
    assert seen().mri is None
    assert seen().inflammation is None


@pytest.mark.parametrize(
    ("counts", "gadolinium", "mri"),
    [
        ((0, 0, 0), False, False),
        ((1, 0, 0), True, True),
        ((0, 1, None), False, True),
        ((0, None, 2), False, True),
        ((0, 0, None), False, None),
        ((None, 0, 0), None, None),
        ((None, None, None), None, None),
        ((0, None, None), False, None),
    ],
)
def test_counts_not_reported_stay_unknown(counts, gadolinium, mri):
    found = seen(mri=[scan(INSIDE, *counts)])
    assert found.gadolinium is gadolinium
    assert found.mri is mri


def test_one_scan_with_activity_decides_and_one_quiet_scan_suffices():
    later = INSIDE + timedelta(days=20)
    assert seen(mri=[scan(INSIDE, 0, 0, 0), scan(later, 2)]).mri is True
    assert seen(mri=[scan(INSIDE, 0, 0, 0), scan(later, None, None, None)]).mri is False


def test_any_and_inflammation():
    quiet = seen(mri=[scan(INSIDE, 0, 3, 0)])
    assert quiet.any is True  # new T2 lesions
    assert quiet.inflammation is False  # they cannot be dated
    assert seen(relapses=[relapse(INSIDE)]).inflammation is True
