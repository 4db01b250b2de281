"""Bands and crossing times against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import norm

from openntz.forecast.predict import band, level_and_saturation, quantiles, time_below
from openntz.models.saturation import load_saturation


def test_band_matches_normal_quantiles() -> None:
    grid = norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    found = band(np.column_stack([grid, 3 + 2 * grid]), 0.05, 0.95)
    # The grid's quantiles are exact to its spacing.
    assert found.median == pytest.approx([0, 3], abs=1e-4)
    assert found.low == pytest.approx([norm.ppf(0.05), 3 + 2 * norm.ppf(0.05)], abs=1e-3)
    assert found.high == pytest.approx([norm.ppf(0.95), 3 + 2 * norm.ppf(0.95)], abs=1e-3)


def test_quantiles_match_numpy() -> None:
    draws = np.random.default_rng(4).lognormal(size=(37, 5))
    wanted = (0.0, 0.05, 0.5, 0.77, 1.0)
    # The same linear definition; only the order of two multiplications differs.
    assert quantiles(draws, wanted) == pytest.approx(np.quantile(draws, wanted, axis=0), rel=1e-13)


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_saturation_matches_numpy_quantiles_of_every_draws_saturation(spread: float) -> None:
    draws = np.random.default_rng(5).lognormal(2.0, 0.8, size=(301, 7))
    draws[0] = 0.0
    names = ("saturation_biib107", "saturation_natalizumab")
    cards = [replace(load_saturation(name), ec50_sd=spread) for name in names]
    level, found = level_and_saturation(draws, cards, 0.05, 0.95, np.random.default_rng(6))
    same = np.random.default_rng(6)
    every = [c.saturation(draws, spread * same.standard_normal((301, 1))) for c in cards]
    low, middle, high = (np.quantile(every, p, axis=1) for p in (0.05, 0.5, 0.95))
    # The same numbers up to the rounding of an exponential and of the order of products.
    assert found.low == pytest.approx(low.min(axis=0), rel=1e-12)
    assert found.median == pytest.approx(middle.mean(axis=0), rel=1e-12)
    assert found.high == pytest.approx(high.max(axis=0), rel=1e-12)
    assert level.median == pytest.approx(np.quantile(draws, 0.5, axis=0), rel=1e-13)


def test_time_below_matches_closed_form_of_exponential_decay() -> None:
    half_lives = np.linspace(8, 12, 401)
    day = np.arange(0.0, 201.0, 2.0)
    levels = 40 * 0.5 ** (day[None, :] / half_lives[:, None])
    found = time_below(day, levels, 5.0, 0.05, 0.95)
    # 40 -> 5 is three half-lives; log-linear interpolation is exact for an exponential, and the
    # quantile picks one of 401 draws 0.01 d x 3 apart.
    assert found.median == pytest.approx(30.0, abs=0.031)
    assert found.p05 == pytest.approx(3 * 8.2, abs=0.031)
    assert found.p95 == pytest.approx(3 * 11.8, abs=0.031)


def test_time_below_is_zero_when_never_reached_and_none_beyond_horizon() -> None:
    day = np.arange(0.0, 11.0)
    low = np.full((20, 11), 1.0)
    high = np.full((20, 11), 50.0)
    assert time_below(day, low, 5.0, 0.05, 0.95).median == 0.0
    beyond = time_below(day, high, 5.0, 0.05, 0.95)
    assert (beyond.median, beyond.p05, beyond.p95) == (None, None, None)


def test_time_below_counts_the_last_crossing_after_a_rise() -> None:
    day = np.array([0.0, 2.0, 4.0, 6.0])
    rising = np.array([[1.0, 20.0, 20.0, 1.0]])
    found = time_below(day, rising, 10.0, 0.05, 0.95).median
    # ln 20 to ln 1 over two days crosses ln 10 after 2 ln 2 / ln 20 days.
    assert found == pytest.approx(4 + 2 * np.log(2) / np.log(20), abs=1e-9)
