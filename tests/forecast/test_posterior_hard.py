"""Importance sampling and Markov chains against brute force: a bent ridge, two modes, limits.

The person has one compartment and one bolus, so that the concentration is D / V exp(-CL t / V)
and the posterior of two random effects can be integrated on a grid without the package.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from openntz.forecast.chain import run_chains
from openntz.forecast.cohort import Cohort
from openntz.forecast.likelihood import Kind
from openntz.forecast.map_estimate import curvature, find_modes
from openntz.forecast.posterior import Posterior, sample_cohort
from openntz.forecast.subject import Observations, Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import load_card

Array = NDArray[np.float64]

DOSE, CL, V = 100.0, 1.0, 10.0
DRAWS = 4000
CARD = """
kind = "pharmacokinetics"
id = "bolus"
title = "One compartment, one bolus"
drug = "unnamed"
source = "made-up"
rank = "read"
[[sources]]
id = "made-up"
citation = "Made up for a test"
[data]
time = "d"
dose = "mg"
concentration = "mg/L"
[structure]
compartments = 1
elimination = "linear"
absorption = "none"
[theta]
cl = {value = 1, unit = "L/d"}
vc = {value = 10, unit = "L"}
[omega]
cl = {value = OMEGA, unit = "1", scale = "sd"}
vc = {value = OMEGA, unit = "1", scale = "sd"}
[residual]
form = "additive"
additive = {value = SIGMA, unit = "mg/L", scale = "sd"}
"""


def cohort(folder: Path, omega: float, sigma: float, day: list[float], level: list[float],
           kind: Kind) -> Cohort:  # fmt: skip
    path = folder / "bolus.toml"
    path.write_text(CARD.replace("OMEGA", str(omega)).replace("SIGMA", str(sigma)))
    zero, no = np.zeros(1), np.zeros(1, bool)
    schedule = Schedule(zero, zero, np.full(1, DOSE), no)
    subject = Subject(
        id="1",
        spans=(Span(schedule, np.zeros(1), np.array(day)),),
        covariates={},
        occasion=np.zeros(1, np.int64),
        raised=np.zeros(1),
        observations=Observations.levels(
            np.arange(len(day)), np.array(level), np.full(len(day), int(kind))
        ),
    )
    return Cohort(load_card(path), [subject])


def drawn(people: Cohort, seed: int) -> Posterior:
    mode = find_modes(people).theta[0]
    return sample_cohort(
        *(people, int(people.readings[0]), mode, curvature(people, mode), DRAWS),
        np.random.default_rng(seed),
        pareto_k_limit=0.7,
    )


def integrated(
    omega: float, log_likelihood: Callable[[Array], Array], day: list[float]
) -> tuple[Array, Array, float]:
    """Mean, SD and log evidence of (eta CL, eta V), by the trapezoidal rule on a grid."""
    # 4,001 x 4,001 points over 5 prior SDs: finer than a tenth of the narrowest ridge here.
    axis = np.linspace(-5.0 * omega, 5.0 * omega, 4001)
    cl, v = CL * np.exp(axis)[:, None], V * np.exp(axis)[None, :]
    density = stats.norm.logpdf(axis, 0.0, omega)
    log = density[:, None] + density[None, :]
    for i, t in enumerate(day):
        log = log + log_likelihood(DOSE / v * np.exp(-cl / v * t))[..., i]
    top = log.max()
    weight = np.exp(log - top)
    step = axis[1] - axis[0]
    sides = weight.sum(axis=1), weight.sum(axis=0)
    means = np.array([side @ axis / side.sum() for side in sides])
    spreads = [side @ (axis - m) ** 2 / side.sum() for side, m in zip(sides, means, strict=True)]
    evidence = top + np.log(weight.sum() * step * step)
    return means, np.sqrt(np.array(spreads)), float(evidence)


def quantified(level: list[float], sigma: float) -> Callable[[Array], Array]:
    return lambda f: np.stack([stats.norm.logpdf(y, f, sigma) for y in level], axis=-1)


def compare(found: Posterior, means: Array, spreads: Array, evidence: float) -> None:
    # At least 800 effective draws: four standard errors of a mean and of an SD, about.
    np.testing.assert_allclose(found.theta.mean(axis=0), means, atol=0.14 * spreads.max(), rtol=0.0)
    np.testing.assert_allclose(found.theta.std(axis=0), spreads, rtol=0.1)
    assert found.log_evidence == pytest.approx(evidence, abs=0.1)


@pytest.mark.parametrize("seed", [1, 2])
def test_bent_ridge_matches_brute_force(tmp_path: Path, seed: int) -> None:
    # One exact level, two effects of SD 1: clearance and volume lie on a curve.
    people = cohort(tmp_path, 1.0, 0.1, [10.0], [3.7], Kind.QUANTIFIED)
    reference = integrated(1.0, quantified([3.7], 0.1), [10.0])
    compare(drawn(people, seed), *reference)


@pytest.mark.parametrize("seed", [1, 2])
def test_two_modes_match_brute_force(tmp_path: Path, seed: int) -> None:
    # A late low level: a small volume has lost the drug, a large one has diluted it.
    people = cohort(tmp_path, 0.9, 0.2, [8.0, 8.0], [2.0, 2.2], Kind.QUANTIFIED)
    reference = integrated(0.9, quantified([2.0, 2.2], 0.2), [8.0, 8.0])
    compare(drawn(people, seed), *reference)


@pytest.mark.parametrize("seed", [1, 2])
def test_all_levels_censored_match_brute_force(tmp_path: Path, seed: int) -> None:
    day, limit = [2.0, 20.0, 40.0], [1.0, 1.0, 1.0]
    people = cohort(tmp_path, 0.8, 0.3, day, limit, Kind.BELOW)

    def log_likelihood(f: Array) -> Array:
        # NONMEM's M3: probability of a level under the limit.
        return np.repeat(stats.norm.logcdf((1.0 - f) / 0.3)[..., None], 3, axis=-1)

    reference = integrated(0.8, log_likelihood, day)
    compare(drawn(people, seed), *reference)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chains_match_closed_form_of_a_banana(seed: int) -> None:
    # x standard normal, y normal around x^2 with SD 0.1: mean of y 1, variance 2 + 0.01.
    def log_target(theta: Array) -> Array:
        x, y = theta.T
        return -0.5 * x * x - 0.5 * ((y - x * x) / 0.1) ** 2

    generator = np.random.default_rng(seed)
    start = np.column_stack([generator.normal(0.0, 0.3, 500), np.full(500, 0.1)])
    chain = run_chains(log_target, start, 4000, generator, spread=np.array([1.0, 2.0]))
    # Worth 400 draws at least, the tail of y being that of a chi-square.
    assert chain.theta[:, 0].mean() == pytest.approx(0.0, abs=0.2)
    assert chain.theta[:, 0].std() == pytest.approx(1.0, rel=0.15)
    assert chain.theta[:, 1].mean() == pytest.approx(1.0, rel=0.25)


class _Wide:
    """Leaps from a normal of SD 8."""

    def draw(self, count: int, generator: np.random.Generator) -> Array:
        return generator.normal(0.0, 8.0, (count, 1))

    def log_density(self, theta: Array) -> Array:
        return stats.norm.logpdf(theta[:, 0], 0.0, 8.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_leaps_find_a_mode_no_walker_started_in(seed: int) -> None:
    # Three quarters at +5, a quarter at -5; all walkers start at +5.
    def log_target(theta: Array) -> Array:
        x = theta[:, 0]
        return np.logaddexp(
            np.log(0.75) + stats.norm.logpdf(x, 5.0, 0.5),
            np.log(0.25) + stats.norm.logpdf(x, -5.0, 0.5),
        )

    generator = np.random.default_rng(seed)
    start = generator.normal(5.0, 0.5, (500, 1))
    chain = run_chains(log_target, start, 4000, generator, spread=np.ones(1), leaps=_Wide())
    assert chain.converged
    # A share of 0.25 from 400 draws has a standard error of 0.02; four of them.
    assert (chain.theta[:, 0] < 0.0).mean() == pytest.approx(0.25, abs=0.09)


def test_more_draws_than_the_chains_kept_can_be_asked_for() -> None:
    generator = np.random.default_rng(1)
    chain = run_chains(
        lambda theta: -0.5 * (theta**2).sum(axis=1),
        generator.normal(size=(100, 2)),
        60_000,
        generator,
        spread=np.ones(2),
    )
    assert chain.theta.shape == (60_000, 2)
    assert chain.theta.std(axis=0) == pytest.approx(np.ones(2), rel=0.1)
