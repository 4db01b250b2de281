"""Draws from one person's posterior: Laplace proposal, importance weights, resampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, softmax

from openntz.forecast.density import SPREAD, Problem
from openntz.forecast.map_estimate import MapEstimate
from openntz.forecast.pareto import pareto_k

Array = NDArray[np.float64]

# Heavier tails than the normal, and a share of the prior, keep the weights bounded.
_DEGREES: Final = 5.0
_PRIOR_SHARE: Final = 0.1
_MORE_ROUNDS: Final = 3
_ENOUGH: Final = 0.4


@dataclass(frozen=True, slots=True)
class Posterior:
    """Equally weighted draws ``theta`` (n, p) and the concentrations they give (n, T).

    ``at_levels`` (n, m) are those at the m fitted levels.

    ``pareto_k`` and ``effective_draws`` say how far the importance weights can be trusted;
    both are None when there was nothing to weigh (prior alone).
    """

    theta: Array
    concentration: Array
    at_levels: Array
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
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Round:
    """Proposals (n, p), their solved concentrations (n, m + T) and log weights (n,)."""

    theta: Array
    solved: Array
    log_weight: Array

    @property
    def weight(self) -> Array:
        """Weights that sum to one."""
        return softmax(self.log_weight)

    @property
    def effective(self) -> float:
        """Effective number of draws."""
        return float(1 / (self.weight**2).sum())


def _propose(
    problem: Problem,
    centre: Array,
    root: Array,
    times: Array,
    n: int,
    generator: np.random.Generator,
    threads: int,
) -> _Round:
    from_prior = generator.random(n) < _PRIOR_SHARE
    normal = generator.standard_normal((n, problem.size))
    stretch = np.sqrt(_DEGREES / generator.chisquare(_DEGREES, n))
    local = centre + (normal * stretch[:, None]) @ root.T
    theta = np.where(from_prior[:, None], prior_draws(problem, n, generator), local)
    solved = problem.concentration(theta, times, SPREAD, threads=threads)
    log_prior = problem.log_prior(theta)
    log_target = log_prior + problem.log_likelihood(solved[:, : problem.levels.count])
    log_proposal = np.logaddexp(
        np.log(_PRIOR_SHARE) + log_prior,
        np.log1p(-_PRIOR_SHARE) + _log_student(theta, centre, root),
    )
    return _Round(theta, solved, log_target - log_proposal)


def _moments(drawn: _Round) -> tuple[Array, Array]:
    """Centre and Cholesky root of the weighted draws, the largest weights truncated.

    Truncation at sqrt(n) times the mean keeps a few draws from deciding (Ionides 2008).
    """
    n = drawn.log_weight.size
    weight = np.minimum(drawn.weight, np.sqrt(n) / n)
    weight /= weight.sum()
    centre = weight @ drawn.theta
    apart = drawn.theta - centre
    return centre, np.linalg.cholesky((apart * weight[:, None]).T @ apart)


def sample(
    problem: Problem,
    estimate: MapEstimate,
    time_day: Array,
    n: int,
    generator: np.random.Generator,
    *,
    pareto_k_limit: float,
    threads: int = 1,
) -> Posterior:
    """Importance resampling from a mixture of a Student t and the prior.

    The t starts from the Laplace approximation at the mode; while the weights are poor (Pareto
    k above its limit, or few effective draws) it is moved to the weighted draws, at most
    three times, and the best round counts.

    Parameters
    ----------
    time_day : array (T,)
        When concentrations are wanted, days from the history's origin.
    n : int
        Number of proposals a round, and of draws returned.

    Raises
    ------
    SolverError
        When the model cannot be solved for a draw.
    """
    m = problem.levels.count
    times = np.concatenate([problem.levels.time_day, time_day])
    centre, root = estimate.theta, _proposal_root(problem, estimate)
    best = _propose(problem, centre, root, times, n, generator, threads)
    for _ in range(_MORE_ROUNDS):
        if best.effective >= _ENOUGH * n and pareto_k(best.log_weight) <= pareto_k_limit:
            break
        centre, root = _moments(best)
        again = _propose(problem, centre, root, times, n, generator, threads)
        best = max(best, again, key=lambda drawn: drawn.effective)
    # Systematic resampling: one random offset, least added noise.
    positions = (np.arange(n) + generator.random()) / n
    chosen = np.minimum(np.searchsorted(np.cumsum(best.weight), positions), n - 1)
    return Posterior(
        theta=best.theta[chosen],
        concentration=best.solved[chosen, m:],
        at_levels=best.solved[chosen, :m],
        pareto_k=pareto_k(best.log_weight),
        effective_draws=best.effective,
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
    solved = problem.concentration(theta, time_day, SPREAD, threads=threads)
    return Posterior(theta, solved, solved[:, :0], pareto_k=None, effective_draws=None)
