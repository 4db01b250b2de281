"""Draws from one person's posterior: Laplace proposal, importance weights, resampling.

Where the weights cannot be trusted (Pareto k above its limit, or few effective draws, after
the proposal was moved to the weighted draws), Markov chains take over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp, softmax

from openntz.forecast.chain import Chain, run_chains
from openntz.forecast.cohort import SPREAD, Cohort, require_solved
from openntz.forecast.density import Problem
from openntz.forecast.map_estimate import Modes, curvature, find_modes
from openntz.forecast.pareto import pareto_k

Array = NDArray[np.float64]
Method = Literal["prior", "importance", "markov chain"]

# Heavier tails than the normal, and a share of the prior, keep the weights bounded.
_DEGREES: Final = 5.0
_PRIOR_SHARE: Final = 0.1
_MORE_ROUNDS: Final = 3
_ENOUGH: Final = 0.4
# With fewer effective draws than this share, or a Pareto k above its limit, chains take over.
_TOO_FEW: Final = 0.1


@dataclass(frozen=True, slots=True)
class Posterior:
    """Equally weighted draws ``theta`` (n, p) and the concentrations they give (n, T).

    ``at_levels`` (n, m) are those at the m fitted levels.

    ``pareto_k`` and ``effective_draws`` say how far the importance weights can be trusted;
    both are None when there was nothing to weigh (prior alone). ``log_evidence`` is the
    logarithm of the probability density of the readings under the model, 0 without readings.
    ``r_hat`` is that of the Markov chains, None where none ran.
    """

    theta: Array
    concentration: Array
    at_levels: Array
    pareto_k: float | None
    effective_draws: float | None
    method: Method
    log_evidence: float
    r_hat: float | None = None


def prior_draws(cohort: Cohort, n: int, generator: np.random.Generator) -> Array:
    """Draws (n, p) from the prior of one person."""
    root = np.linalg.cholesky(cohort.covariance)
    return np.asarray(generator.standard_normal((n, cohort.size)) @ root.T, dtype=np.float64)


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


def proposal_root(cohort: Cohort, hessian: Array) -> Array:
    """Cholesky root of the Laplace covariance, or of the prior where curvature is not usable."""
    values, vectors = np.linalg.eigh(hessian)
    prior_precision = 1 / np.linalg.eigvalsh(cohort.covariance).max()
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


def _target(cohort: Cohort, theta: Array, threads: int) -> tuple[Array, Array]:
    """Log of prior times likelihood (n,), and the concentrations; -inf where unsolved."""
    lifted = theta[:, None, :]
    found = cohort.predict(lifted, SPREAD, threads=threads)
    log_likelihood = cohort.log_likelihood(lifted, found.concentration)[:, 0]
    log_likelihood = np.where(found.status[:, 0] == 0, log_likelihood, -np.inf)
    return cohort.log_prior(lifted)[:, 0] + log_likelihood, found.concentration


def _propose(
    cohort: Cohort,
    centre: Array,
    root: Array,
    n: int,
    generator: np.random.Generator,
    threads: int,
) -> _Round:
    from_prior = generator.random(n) < _PRIOR_SHARE
    normal = generator.standard_normal((n, cohort.size))
    stretch = np.sqrt(_DEGREES / generator.chisquare(_DEGREES, n))
    local = centre + (normal * stretch[:, None]) @ root.T
    theta = np.where(from_prior[:, None], prior_draws(cohort, n, generator), local)
    log_target, solved = _target(cohort, theta, threads)
    log_prior = cohort.log_prior(theta[:, None, :])[:, 0]
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


def resample(weight: Array, n: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Systematic resampling: n indices, one random offset, least added noise."""
    positions = (np.arange(n) + generator.random()) / n
    return np.minimum(np.searchsorted(np.cumsum(weight), positions), len(weight) - 1)


def sample(
    problem: Problem,
    time_day: Array,
    n: int,
    generator: np.random.Generator,
    *,
    pareto_k_limit: float,
    modes: Modes | None = None,
    threads: int = 1,
) -> Posterior:
    """Draws given the levels, from a person's problem.

    As ``sample_cohort``; the prior's draws when there are no levels.

    Raises
    ------
    SolverError
        When the model cannot be solved for a draw of the prior.
    """
    asked = problem.at(time_day)
    if not problem.levels.count:
        return sample_prior(asked, 0, n, generator, threads=threads)
    found = find_modes(problem.cohort) if modes is None else modes
    return sample_cohort(
        asked,
        problem.levels.count,
        found.theta[0],
        curvature(problem.cohort, found.theta[0]),
        n,
        generator,
        pareto_k_limit=pareto_k_limit,
        chain_cohort=problem.cohort,
        threads=threads,
    )


def sample_cohort(
    cohort: Cohort,
    readings: int,
    mode: Array,
    hessian: Array,
    n: int,
    generator: np.random.Generator,
    *,
    pareto_k_limit: float,
    chain_cohort: Cohort | None = None,
    threads: int = 1,
) -> Posterior:
    """Importance resampling from a mixture of a Student t and the prior, or Markov chains.

    The t starts from the Laplace approximation at the mode; while the weights are poor it is
    moved to the weighted draws, at most three times, and the best round counts. If that is
    still too poor, Markov chains start from it.

    Parameters
    ----------
    cohort : Cohort
        One person, whose first ``readings`` times are those of the readings.
    mode, hessian : arrays (p,), (p, p)
        Where the negative log posterior is least, and its curvature there.
    n : int
        Number of proposals a round, and of draws returned.
    chain_cohort : Cohort, optional
        The same person without the further times, which chains need not solve.
    """
    centre, root = mode, proposal_root(cohort, hessian)
    best = _propose(cohort, centre, root, n, generator, threads)
    k = pareto_k(best.log_weight)
    for _ in range(_MORE_ROUNDS):
        if best.effective >= _ENOUGH * n and k <= pareto_k_limit:
            break
        centre, root = _moments(best)
        again = _propose(cohort, centre, root, n, generator, threads)
        if again.effective > best.effective:
            best, k = again, pareto_k(again.log_weight)
    chosen = resample(best.weight, n, generator)
    constant = float(cohort.constant()[0])
    evidence = float(logsumexp(best.log_weight) - np.log(n)) + constant
    if best.effective >= _TOO_FEW * n and k <= pareto_k_limit:
        return Posterior(
            theta=best.theta[chosen],
            concentration=best.solved[chosen, readings:],
            at_levels=best.solved[chosen, :readings],
            pareto_k=k,
            effective_draws=best.effective,
            method="importance",
            log_evidence=evidence,
        )
    chain = _chains(chain_cohort or cohort, best.theta[chosen], n, generator, threads)
    solved = cohort.predict(chain.theta[:, None, :], SPREAD, threads=threads).concentration
    return Posterior(
        theta=chain.theta,
        concentration=solved[:, readings:],
        at_levels=solved[:, :readings],
        pareto_k=k,
        effective_draws=chain.effective,
        method="markov chain",
        log_evidence=evidence,
        r_hat=chain.r_hat,
    )


def _chains(
    cohort: Cohort, start: Array, n: int, generator: np.random.Generator, threads: int
) -> Chain:
    def log_target(theta: Array) -> Array:
        return _target(cohort, theta, threads)[0]

    return run_chains(log_target, start, n, generator, spread=cohort.scale)


def sample_prior(
    cohort: Cohort, readings: int, n: int, generator: np.random.Generator, *, threads: int = 1
) -> Posterior:
    """Draws from the prior alone: the population for this weight and antibody state.

    Draws that the model cannot be solved for are replaced by others.

    Raises
    ------
    SolverError
        When it cannot be solved for most.
    """
    theta = prior_draws(cohort, n, generator)
    solved = cohort.predict(theta[:, None, :], SPREAD, threads=threads)
    good = np.flatnonzero(solved.status[:, 0] == 0)
    if 2 * len(good) < n:
        require_solved(solved.status)
    kept = good[np.arange(n) % len(good)]
    return Posterior(
        theta[kept],
        solved.concentration[kept, readings:],
        solved.concentration[kept, :readings],
        pareto_k=None,
        effective_draws=None,
        method="prior",
        log_evidence=0.0,
    )
