"""Shared statistics against published numbers and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit
from scipy.stats import f as f_distribution

from openntz.errors import InputError
from openntz.reanalyse.statistics import (
    Diagnostic,
    predictive_values,
    proportion,
    rate_difference,
    roc_area,
    share_difference,
    within_person,
)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # Per cent as printed, so to half of the last digit.
    [(46, 424, 8.2, 14.2), (19, 424, 2.9, 6.9), (12, 424, 1.6, 4.9), (75, 80, 86.0, 97.0)],
)
def test_wilson_interval_matches_the_observation_and_trough_studies(
    count: int, n: int, low: float, high: float
) -> None:
    found = proportion(count, n)
    assert found.low is not None
    assert found.high is not None
    digits = 0.5 if n == 80 else 0.05
    assert 100 * found.low == pytest.approx(low, abs=digits)
    assert 100 * found.high == pytest.approx(high, abs=digits)


def test_exact_upper_end_of_zero_matches_closed_form() -> None:
    for n in (48, 61, 424):
        found = proportion(0, n, "exact")
        assert found.low == 0.0
        assert found.high == pytest.approx(1 - 0.025 ** (1 / n), abs=1e-12)


def test_zero_of_424_matches_the_printed_upper_end() -> None:
    assert 100 * (proportion(0, 424, "exact").high or 0) == pytest.approx(0.87, abs=0.005)


def test_the_upper_end_of_7_4_per_cent_belongs_to_48_people_and_not_to_61() -> None:
    assert round(100 * (proportion(0, 48, "exact").high or 0), 1) == 7.4
    assert round(100 * (proportion(0, 61, "exact").high or 0), 1) == 5.9


def test_all_of_35_matches_the_printed_interval() -> None:
    found = proportion(35, 35, "exact")
    assert round(100 * (found.low or 0)) == 90
    assert found.high == pytest.approx(1.0, abs=1e-12)


def test_predictive_values_match_the_notes() -> None:
    # Sensitivity 90.9, specificity 84.1, prevalence 6 %: printed 26.7 and 99.3.
    positive, negative = predictive_values(0.909, 0.841, 0.06)
    assert round(100 * (positive or 0), 1) == 26.7
    assert round(100 * (negative or 0), 1) == 99.3


def test_diagnostic_counts_give_sensitivity_and_specificity_by_hand() -> None:
    table = Diagnostic(10, 20, 1, 106)
    assert table.sensitivity.value == pytest.approx(10 / 11)
    assert table.specificity.value == pytest.approx(106 / 126)
    assert Diagnostic(0, 0, 0, 0).predictive(0.1) == (None, None)


@given(st.integers(0, 60), st.integers(1, 60))
def test_intervals_hold_their_estimate(count: int, n: int) -> None:
    if count > n:
        with pytest.raises(InputError):
            proportion(count, n)
        return
    for method in ("wilson", "exact"):
        found = proportion(count, n, method)
        assert found.low is not None
        assert found.high is not None
        # 1e-9: the ends are roots found numerically.
        assert found.low - 1e-9 <= count / n <= found.high + 1e-9


def test_nobody_is_no_share() -> None:
    found = proportion(0, 0)
    assert (found.value, found.low, found.high) == (None, None, None)


def test_rate_difference_matches_closed_form() -> None:
    found = rate_difference((20, 5), (1000.0, 500.0), 0.90)
    assert found.value == pytest.approx(0.01)
    # 1.6449 x sqrt(20/1000^2 + 5/500^2), the normal quantile from tables.
    assert found.high == pytest.approx(0.01 + 1.644854 * np.sqrt(4e-5), abs=1e-8)
    assert rate_difference((1, 1), (0.0, 1.0), 0.9).value is None


def test_roc_area_counts_pairs() -> None:
    scores = np.array([0.1, 0.4, 0.35, 0.8, 0.4])
    truth = np.array([False, False, True, True, True])
    pairs = [(c > k) + 0.5 * (c == k) for c in scores[truth] for k in scores[~truth]]
    assert roc_area(scores, truth).value == pytest.approx(np.mean(pairs))


def test_delong_variance_matches_its_definition() -> None:
    generator = np.random.default_rng(3)
    cases, controls = generator.normal(1, 1, 23), generator.normal(0, 1, 31)
    wins = (cases[:, None] > controls[None]).astype(float)
    variance = wins.mean(1).var(ddof=1) / 23 + wins.mean(0).var(ddof=1) / 31
    found = roc_area(np.concatenate([cases, controls]), np.arange(54) < 23)
    assert found.low is not None
    assert found.value is not None
    # On the logit scale the variance is that of the area over (area (1 - area)) squared.
    width = (logit(found.value) - logit(found.low)) / 1.959964
    slope = found.value * (1 - found.value)
    assert (width * slope) ** 2 == pytest.approx(variance, rel=1e-6)


def test_an_area_of_one_has_the_plain_interval() -> None:
    found = roc_area(np.arange(8.0), np.arange(8) > 3)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_delong_interval_covers_a_planted_area_with_a_dozen_cases() -> None:
    generator = np.random.default_rng(1)
    true, hits, rounds = 0.7602499389, 0, 1000
    for _ in range(rounds):
        scores = np.concatenate([generator.normal(1, 1, 12), generator.normal(0, 1, 36)])
        found = roc_area(scores, np.arange(48) < 12)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= true <= found.high
    # Three Monte Carlo standard errors are 2.1 points; the symmetric interval covers 91.5 %.
    assert 0.929 <= hits / rounds <= 0.971


def test_delong_interval_covers_a_planted_area() -> None:
    generator = np.random.default_rng(20261122)
    # Normal scores one apart: the true area is Phi(1 / sqrt 2).
    true, hits, rounds = 0.7602499389, 0, 1000
    for _ in range(rounds):
        scores = np.concatenate([generator.normal(1, 1, 40), generator.normal(0, 1, 60)])
        found = roc_area(scores, np.arange(100) < 40)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= true <= found.high
    # Three Monte Carlo standard errors of 95 % in 1,000 are 2.1 points.
    assert 0.929 <= hits / rounds <= 0.971


def test_intraclass_correlation_matches_shrout_and_fleiss() -> None:
    # Shrout and Fleiss 1979, table 2: six people, four judges; ICC(1,1) is printed as 0.17.
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = within_person([np.array(row, float) for row in ratings])
    assert found.icc.value is not None
    assert round(found.icc.value, 2) == 0.17
    assert (found.people, found.values) == (6, 24)


def test_within_person_variation_finds_what_was_planted() -> None:
    generator = np.random.default_rng(5)
    levels = [np.exp(generator.normal(3, 0.6) + generator.normal(0, 0.2, 6)) for _ in range(3000)]
    found = within_person(levels)
    # sqrt(exp(0.04) - 1) = 0.202; 15,000 degrees of freedom leave 0.6 %.
    assert found.cv.value == pytest.approx(0.202, rel=0.02)


def test_intraclass_interval_matches_the_f_distribution_at_its_ends() -> None:
    generator = np.random.default_rng(3)
    levels = [generator.normal(20 + shift, 2.0, 3) for shift in generator.normal(0, 3, 25)]
    found = within_person(levels).icc
    means = np.array([g.mean() for g in levels])
    between = 3 * means.var(ddof=1)
    within = float(np.mean([g.var(ddof=1) for g in levels]))
    for end, tail in ((found.low, 0.975), (found.high, 0.025)):
        assert end is not None
        # At an end of the interval the observed ratio is a 2.5 % quantile of its distribution.
        scale = 1 + 3 * end / (1 - end)
        assert f_distribution.cdf(between / within / scale, 24, 50) == pytest.approx(tail, abs=1e-9)


def test_share_difference_matches_newcombe_1998() -> None:
    # Newcombe 1998 (Stat Med 17:873), table II (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    found = share_difference(proportion(56, 70), proportion(48, 80))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == (
        pytest.approx(0.0524, abs=5e-5),
        pytest.approx(0.3339, abs=5e-5),
    )
