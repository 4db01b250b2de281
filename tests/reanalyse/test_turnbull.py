"""The interval-censored share against cases worked by hand, closed forms and a planted truth."""

from __future__ import annotations

from itertools import pairwise
from math import exp, inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.errors import InputError
from openntz.reanalyse.turnbull import turnbull


def test_five_people_match_turnbull_by_hand() -> None:
    # Two in (0, 7], one each in (7, 14], (0, 14] and (14, inf). Self-consistency with the one
    # in (0, 14] shared in the ratio p1 : p2 gives p1 = 2/5 + p1/4 = 8/15, p2 = 4/15, p3 = 1/5.
    found = turnbull([0, 0, 7, 0, 14], [7, 7, 14, 14, inf])
    # 1e-5: the rounds end when 1e-8 of the log-likelihood is left to gain.
    assert found.mass == pytest.approx([8 / 15, 4 / 15, 1 / 5], abs=1e-5)
    assert found.bounds(7) == pytest.approx((8 / 15, 8 / 15), abs=1e-5)
    low, high = found.bounds(10)
    assert (low, high) == pytest.approx((8 / 15, 12 / 15), abs=1e-5)
    assert found.bounds(1000) == pytest.approx((0.8, 1.0), abs=1e-5)


def test_a_day_ends_one_interval_before_it_begins_the_next() -> None:
    # With both ends closed the two would share day 7 and all the mass would lie there.
    found = turnbull([0, 7], [7, 14])
    assert found.mass == pytest.approx([0.5, 0.5])
    assert list(found.until) == [7.0, 14.0]


def test_common_visits_match_the_shares_counted_at_each() -> None:
    # Everybody looked at on days 28, 56, 84: the estimate is the cumulative share.
    lower = [0] * 3 + [28] * 2 + [56] * 1 + [84] * 4
    upper = [28] * 3 + [56] * 2 + [84] * 1 + [inf] * 4
    found = turnbull(lower, upper)
    assert [found.bounds(day)[0] for day in (28, 56, 84)] == pytest.approx([0.3, 0.5, 0.6])


def test_a_planted_exponential_time_is_found() -> None:
    generator = np.random.default_rng(4)
    lower, upper = [], []
    for time in generator.exponential(60, 1500):
        visits = np.sort(np.array([28, 56, 84, 168, 336]) + generator.integers(-7, 8, 5))
        at = int(np.searchsorted(visits, time))
        lower.append(0.0 if at == 0 else float(visits[at - 1]))
        upper.append(inf if at == 5 else float(visits[at]))
    low, high = turnbull(lower, upper).bounds(84)
    # sqrt(0.75 x 0.25 / 1500) is 1.1 points; three of them, doubled for what censoring hides.
    assert low - 0.066 <= 1 - exp(-84 / 60) <= high + 0.066


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=25))
def test_mass_is_one_and_the_share_never_falls(pairs: list[tuple[int, int]]) -> None:
    found = turnbull([a for a, _ in pairs], [a + b for a, b in pairs])
    assert found.mass.sum() == pytest.approx(1)
    shares = [found.bounds(day) for day in range(62)]
    assert all(low <= high + 1e-12 for low, high in shares)
    # Sums of floats in another order differ by a few units of the last place.
    assert all(a[0] <= b[0] + 1e-12 for a, b in pairwise(shares))
    assert shares[-1] == pytest.approx((1, 1))


def test_an_empty_interval_is_refused() -> None:
    with pytest.raises(InputError, match="empty interval"):
        turnbull([7], [7])
    with pytest.raises(InputError):
        turnbull([], [])
