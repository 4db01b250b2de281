"""Draws from one person's posterior: Laplace proposal, importance weights, resampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from openntz.forecast.density import Problem
from openntz.forecast.map_estimate import MapEstimate
from openntz.forecast.pareto import pareto_k

Array = NDArray[np.float64]

# Heavier tails than the normal, and a share of the prior, keep the weights bounded.
_DEGREES: Final = 5.0
_PRIOR_SHARE: Final = 0.1
_RTOL: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Posterior:
    """Equally weighted draws ``theta`` (n, p) and the concentrations they give (n, T).

    ``pareto_k`` and ``effective_draws`` say how far the importance weights can be trusted;
    both are None when there was nothing to weigh (prior alone).
    """

    theta: Array
    concentration: Array
    pareto_k: float | None
    effective_draws: float | None


def prior_draws(problem: Problem, n: int, generator: np.random.Generator) -> Array:
    """Draws (n, p) from the prior."""
    root = np.linalg.cholesky(problem.prior_covariance)
    return np.asarray(generator.standard_normal((n, problem.size)) @ root.T, dtype=np.float64)


def _log_student(theta: Array, centre: Array, root: Array) -> Array:
    p = centre.size
    z = np.linalg.solve(root, (theta - centre).T)
    constant = (
        gammaln((_DEGREES + p) / 2)
        - gammaln(_DEGREES / 2)
        - p / 2 * np.log(_DEGREES * np.pi)
        - np.log(np.diag(root)).sum()
    )
    return constant - (_DEGREES + p) / 2 * np.log1p((z * z).sum(axis=0) / _DEGREES)


def _proposal_root(problem: Problem, estimate: MapEstimate) -> Array:
    """Cholesky root of the Laplace covariance, or of the prior where curvature is not usable."""
    values, vectors = np.linalg.eigh(estimate.hessian)
    prior_precision = 1 / np.linalg.eigvalsh(problem.prior_covariance).max()
    # A flat or upward direction is given at most the prior's spread.
    safe = np.maximum(values, prior_precision)
    covariance = (vectors / safe) @ vectors.T
    return np.linalg.cholesky(covariance)


def sample(
    problem: Problem,
    estimate: MapEstimate,
    time_day: Array,
    n: int,
    generator: np.random.Generator,
    *,
    threads: int = 1,
) -> Posterior:
    """Importance resampling from a Laplace (Student t) and prior mixture.

    Parameters
    ----------
    time_day : array (T,)
        When concentrations are wanted, days from the history's origin.
    n : int
        Number of proposals and of draws returned.

    Raises
    ------
    SolverError
        When the model cannot be solved for a draw.
    """
    root = _proposal_root(problem, estimate)
    from_prior = generator.random(n) < _PRIOR_SHARE
    normal = generator.standard_normal((n, problem.size))
    stretch = np.sqrt(_DEGREES / generator.chisquare(_DEGREES, n))
    laplace = estimate.theta + (normal * stretch[:, None]) @ root.T
    theta = np.where(from_prior[:, None], prior_draws(problem, n, generator), laplace)
    m = problem.levels.count
    times = np.concatenate([problem.levels.time_day, time_day])
    solved = problem.concentration(theta, times, rtol=_RTOL, threads=threads)
    log_prior = problem.log_prior(theta)
    log_target = log_prior + problem.log_likelihood(solved[:, :m])
    log_proposal = np.logaddexp(
        np.log(_PRIOR_SHARE) + log_prior,
        np.log1p(-_PRIOR_SHARE) + _log_student(theta, estimate.theta, root),
    )
    log_weight = log_target - log_proposal
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    # Systematic resampling: one random offset, least added noise.
    positions = (np.arange(n) + generator.random()) / n
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), positions), n - 1)
    return Posterior(
        theta=theta[chosen],
        concentration=solved[chosen, m:],
        pareto_k=pareto_k(log_weight),
        effective_draws=float(1 / (weight**2).sum()),
    )


def sample_prior(
    problem: Problem,
    time_day: Array,
    n: int,
    generator: np.random.Generator,
    *,
    threads: int = 1,
) -> Posterior:
    """Draws from the prior alone: the population for this weight and antibody state.

    Raises
    ------
    SolverError
        When the model cannot be solved for a draw.
    """
    theta = prior_draws(problem, n, generator)
    solved = problem.concentration(theta, time_day, rtol=_RTOL, threads=threads)
    return Posterior(theta=theta, concentration=solved, pareto_k=None, effective_draws=None)
