"""One half-life alone. Oracle: closed form summed dose by dose, and the project's CALC figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.half_life import left_after, steady_trough_ratio
from openntz.evidence.registry import registry

OLD, LABEL = 11.0, 28.2


@pytest.mark.parametrize(("days", "percent"), [(28, 17.1), (42, 7.1)])
def test_left_after_matches_the_founding_arithmetic(days, percent):
    """S1-17 and S1-18: 17 and 7 % at 11 days; printed to one decimal, so half of one is allowed."""
    assert 100 * left_after(days, OLD) == pytest.approx(percent, abs=0.05)
    assert registry().fact(f"pk.left-after-{days}-days.half-life-11").number == percent


@pytest.mark.parametrize(("half_life", "ratio", "below"), [(OLD, 0.369, 63), (LABEL, 0.548, 45)])
def test_trough_ratio_matches_conflict_c6(half_life, ratio, below):
    """C6: 63 % below at 11 days, 45 % at 28.2; three decimals are given, so 0.0005 is allowed."""
    found = steady_trough_ratio(42, 28, half_life)
    assert found == pytest.approx(ratio, abs=0.0005)
    assert round(100 * (1 - found)) == below
    stored = registry().fact(f"pk.trough-ratio-q6w-q4w.half-life-{half_life:g}").number
    assert stored == ratio


@given(
    half_life=st.floats(1, 60),
    intervals=st.tuples(st.integers(7, 90), st.integers(7, 90)).map(sorted),
)
def test_trough_ratio_matches_a_sum_over_doses(half_life, intervals):
    shorter, longer = intervals

    def trough(interval: int) -> float:
        # 20 half-lives leave 1e-6 of a dose: the rest of the series is below the tolerance.
        doses = int(20 * half_life / interval) + 1
        return sum(0.5 ** (interval * n / half_life) for n in range(1, doses + 1))

    expected = trough(longer) / trough(shorter)
    assert steady_trough_ratio(longer, shorter, half_life) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("half_life", [0.0, -1.0, float("nan")])
def test_a_half_life_that_is_none_is_refused(half_life):
    with pytest.raises(ValueError, match="half-life"):
        left_after(28, half_life)


def test_an_interval_that_is_none_is_refused():
    with pytest.raises(ValueError, match="intervals"):
        steady_trough_ratio(0, 28, OLD)
