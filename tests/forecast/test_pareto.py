"""The Pareto k diagnostic against draws with a known shape."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from openntz.forecast.pareto import fit_generalised_pareto, pareto_k


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.9])
def test_shape_matches_scipy_draws_of_known_shape(shape: float) -> None:
    rng = np.random.default_rng(11)
    fits = [
        fit_generalised_pareto(np.sort(genpareto.rvs(shape, size=400, random_state=rng)))
        for _ in range(60)
    ]
    # Standard error of k at n = 400 is (1 + k)/20 < 0.1; over 60 fits < 0.013, plus small bias.
    assert np.mean(fits) == pytest.approx(shape, abs=0.05)


def test_shape_matches_scipy_maximum_likelihood() -> None:
    x = np.sort(genpareto.rvs(0.6, size=2000, random_state=np.random.default_rng(5)))
    k, _, _ = genpareto.fit(x, floc=0)
    # Two consistent estimators on the same 2,000 draws differ by less than one standard error.
    assert fit_generalised_pareto(x) == pytest.approx(k, abs=0.036)


@pytest.mark.parametrize(("tail", "trusted"), [(0.3, True), (1.1, False)])
def test_weights_of_known_tail_are_told_apart(tail: float, trusted: bool) -> None:
    rng = np.random.default_rng(3)
    weights = genpareto.rvs(tail, size=4000, random_state=rng) + 1.0
    assert (pareto_k(np.log(weights)) < 0.7) is trusted


def test_equal_weights_have_no_tail() -> None:
    assert pareto_k(np.zeros(1000)) == float("-inf")


def test_too_few_weights_are_never_trusted() -> None:
    assert pareto_k(np.zeros(10)) == float("inf")
