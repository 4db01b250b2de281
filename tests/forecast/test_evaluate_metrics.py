"""Scores of forecasts against closed forms, numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from openntz.forecast.likelihood import Kind
from openntz.forecast.metrics import (
    bias,
    coverage,
    errors,
    least_errors,
    pit_bars,
    share_inside,
    wilson,
)
from openntz.forecast.predictive import Predictive, normal_score
from openntz.models.residual import Residual

PROPORTIONAL = Residual("proportional", 0.219, 0.0)
LOG = Residual("log-additive", 0.0, 0.3)


def test_errors_match_numbers_worked_by_hand() -> None:
    # (12-10)/10, (18-20)/20, (5-4)/4 = +20, -10, +25 %; squares 4, 4, 1.
    found = errors(np.array([12.0, 18.0, 5.0]), np.array([10.0, 20.0, 4.0]), 20.0)
    assert found.count == 3
    assert found.mpe == pytest.approx(35.0 / 3.0)
    assert found.mape == pytest.approx(55.0 / 3.0)
    assert found.rmse == pytest.approx(np.sqrt(3.0))
    assert found.within == pytest.approx(2.0 / 3.0)


def test_no_numbers_give_no_errors() -> None:
    found = errors(np.empty(0), np.empty(0), 20.0)
    assert (found.count, found.mpe, found.rmse) == (0, None, None)
    assert coverage(np.empty((0, 2)), 0.9, 0.95) is None
    assert bias(np.empty(0), 0.95) is None


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (7, 10), (45, 50), (20, 20)])
def test_share_limits_match_scipy(hits: int, n: int) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(0.95, "wilson")
    found = wilson(hits / n, n, 0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_least_errors_match_simulation_of_the_assay() -> None:
    level = np.array([3.0, 12.0, 40.0])
    found = least_errors(level, PROPORTIONAL, 20.0)
    generator = np.random.default_rng(4)
    true = np.repeat(level, 200_000)
    measured = true * (1.0 + 0.219 * generator.standard_normal(true.size))
    usable = measured > 0.5  # 1/measured has no mean; the midpoints stop at 3 SD as this does
    expected = errors(true[usable], measured[usable], 20.0)
    # Simulation error of 600,000 readings, and the far tail the midpoints leave out.
    assert found.within == pytest.approx(expected.within, abs=0.003)
    assert found.rmse == pytest.approx(expected.rmse, rel=0.01)
    assert found.mape == pytest.approx(expected.mape, rel=0.03)


def test_predictive_of_one_level_matches_scipy_normal() -> None:
    one = Predictive(np.full(5, 20.0), PROPORTIONAL)
    normal = stats.norm(20.0, 0.219 * 20.0)
    probabilities = (0.05, 0.25, 0.5, 0.75, 0.95)
    assert one.quantiles(probabilities) == pytest.approx(normal.ppf(probabilities), rel=1e-9)
    assert one.pit(17.0, Kind.QUANTIFIED) == pytest.approx((normal.cdf(17.0),) * 2, rel=1e-12)
    assert one.pit(17.0, Kind.BELOW) == pytest.approx((0.0, normal.cdf(17.0)), rel=1e-12)
    assert one.pit(17.0, Kind.ABOVE) == pytest.approx((normal.cdf(17.0), 1.0), rel=1e-12)


def test_predictive_of_log_error_matches_scipy_lognormal() -> None:
    one = Predictive(np.full(3, 8.0), LOG)
    lognormal = stats.lognorm(0.3, scale=8.0)
    assert one.quantiles((0.05, 0.95)) == pytest.approx(lognormal.ppf((0.05, 0.95)), rel=1e-9)


def test_predictive_of_draws_matches_brute_force_mixture() -> None:
    generator = np.random.default_rng(2)
    draws = np.exp(generator.normal(2.5, 0.4, 400))
    mixture = np.repeat(draws, 2000)
    readings = mixture * (1.0 + 0.219 * generator.standard_normal(mixture.size))
    found = Predictive(draws, PROPORTIONAL).quantiles((0.05, 0.5, 0.95))
    # 800,000 readings: a quantile's own error is some tenths of a per cent.
    assert found == pytest.approx(np.quantile(readings, (0.05, 0.5, 0.95)), rel=0.01)


@given(st.floats(0.001, 0.998), st.floats(0.0005, 0.001))
def test_normal_score_of_a_narrow_range_is_that_of_its_middle(low: float, size: float) -> None:
    assert normal_score(low, low + size) == pytest.approx(stats.norm.ppf(low + size / 2), abs=0.12)


def test_normal_score_of_a_range_matches_truncated_normal() -> None:
    expected = stats.truncnorm(-np.inf, stats.norm.ppf(0.3)).mean()
    assert normal_score(0.0, 0.3) == pytest.approx(expected, rel=1e-9)
    assert normal_score(0.0, 1.0) == pytest.approx(0.0, abs=1e-12)


def test_a_limit_counts_by_its_share_inside() -> None:
    pit = np.array([[0.0, 0.2], [0.5, 0.5], [0.01, 0.01], [0.9, 1.0]])
    # 0.05 to 0.2 of 0 to 0.2; inside; outside; 0.9 to 0.95 of 0.9 to 1.
    assert share_inside(pit, 0.05, 0.95) == pytest.approx([0.75, 1.0, 0.0, 0.5])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_bars_always_add_up_to_all_levels(pairs: list[tuple[float, float]]) -> None:
    pit = np.array([sorted(p) for p in pairs])
    pit[:, 1] = np.where(pit[:, 1] - pit[:, 0] < 1e-6, pit[:, 0], pit[:, 1])
    assert pit_bars(pit, 10).sum() == pytest.approx(1.0, abs=1e-6)


def test_bars_match_numpy_histogram_without_limits() -> None:
    u = np.random.default_rng(3).random(500)
    expected = np.histogram(u, bins=10, range=(0.0, 1.0))[0] / 500
    assert pit_bars(np.column_stack([u, u]), 10) == pytest.approx(expected)


def test_bias_matches_closed_form() -> None:
    found = bias(np.array([0.5, 1.5, 1.0, 1.0]), 0.95)
    assert found is not None
    assert (found.mean, found.high - found.mean) == pytest.approx((1.0, 1.959964 / 2.0), rel=1e-6)
    assert found.found
