"""Draws from one person's posterior: Laplace proposal, importance weights, resampling.

Where the weights are poor, Laplace approximations at many points of the posterior propose
further draws, and all rounds are weighed together. Where the weights still cannot be trusted
(Pareto k above its limit, or few effective draws), Markov chains take over.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from openntz.forecast.chain import Chain, run_chains
from openntz.forecast.cohort import SPREAD, Cohort, require_solved
from openntz.forecast.density import Problem
from openntz.forecast.map_estimate import Modes, curvature, find_modes
from openntz.forecast.mixture import Mixture
from openntz.forecast.pareto import pareto_k

Array = NDArray[np.float64]
Method = Literal["prior", "importance", "markov chain"]

# Effective draws, as a share of those returned, at which no further round is worth its cost.
_ENOUGH: Final = 0.5
# With fewer than this share, or a Pareto k above its limit, chains take over.
_TOO_FEW: Final = 0.2
# Points whose Laplace approximations propose the second round, the third and so on.
_POINTS: Final = (20, 60, 60, 60)
# Draws of such a round, as a share of the first: they are worth nearly one each.
_LOCAL_SHARE: Final = 0.75
# Weights that few draws dominate are flattened until this share of the draws places the points.
_LEAST_SHARE: Final = 0.05
_HALVINGS: Final = 30


class Posterior(Struct, frozen=True):
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


def proposal_root(cohort: Cohort, hessian: Array) -> Array:
    """Cholesky root of the Laplace covariance, or of the prior where curvature is not usable."""
    values, vectors = np.linalg.eigh(hessian)
    prior_precision = 1 / np.linalg.eigvalsh(cohort.covariance).max()
    # A flat or upward direction is given at most the prior's spread.
    safe = np.maximum(values, prior_precision)
    covariance = (vectors / safe) @ vectors.T
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


class _Pool:
    """All rounds of proposals of one person, weighed as draws from the mixture of the rounds.

    (Deterministic mixture weights: Owen and Zhou 2000, Cornuet et al. 2012.) ``theta`` (N, p),
    their solved concentrations (N, m + T), log of prior times likelihood (N,).
    """

    def __init__(self, cohort: Cohort, generator: np.random.Generator, threads: int):
        self._cohort, self._generator, self._threads = cohort, generator, threads
        self.rounds: list[Mixture] = []
        self._log_count: list[float] = []
        self.theta = np.empty((0, cohort.size))
        self.solved = np.empty((0, 0))
        self._target = self._prior = self._proposal = np.empty(0)

    def add(self, proposal: Mixture, n: int) -> None:
        """Draw a further round of n from ``proposal``."""
        theta = proposal.draw(n, self._generator)
        target, solved = _target(self._cohort, theta, self._threads)
        prior = self._cohort.log_prior(theta[:, None, :])[:, 0]
        # The sum of the rounds' densities, each times its draws: old draws under the new round
        # and the reverse.
        own = np.full(n, -np.inf)
        for earlier, log_count in zip(self.rounds, self._log_count, strict=True):
            own = np.logaddexp(own, log_count + earlier.log_density(theta, prior))
        self.theta = np.concatenate([self.theta, theta])
        self._prior = np.concatenate([self._prior, prior])
        self._target = np.concatenate([self._target, target])
        density = np.log(n) + proposal.log_density(self.theta, self._prior)
        self._proposal = np.logaddexp(np.concatenate([self._proposal, own]), density)
        self.solved = np.concatenate([self.solved, solved]) if self.rounds else solved
        self.rounds.append(proposal)
        self._log_count.append(float(np.log(n)))

    @property
    def log_weight(self) -> Array:
        """Log importance weights (N,); their mean estimates the evidence."""
        return self._target - self._proposal + np.log(len(self.theta))

    @property
    def weight(self) -> Array:
        """Weights that sum to one."""
        return softmax(self.log_weight)

    @property
    def effective(self) -> float:
        """Effective number of draws."""
        return _effective(self.weight)

    def points(self, count: int) -> Array:
        """At most ``count`` different draws, spread as the posterior is thought to be."""
        log_weight, least = self.log_weight, _LEAST_SHARE * len(self.theta)
        power = 1.0
        if self.effective < least:
            low, high = 0.0, 1.0
            for _ in range(_HALVINGS):
                power = 0.5 * (low + high)
                enough = _effective(softmax(power * log_weight)) >= least
                low, high = (power, high) if enough else (low, power)
        weight = softmax(power * log_weight)
        return self.theta[np.unique(resample(weight, count, self._generator))]


def _effective(weight: Array) -> float:
    return float(1 / (weight**2).sum())


def _target(cohort: Cohort, theta: Array, threads: int) -> tuple[Array, Array]:
    """Log of prior times likelihood (n,), and the concentrations; -inf where unsolved."""
    lifted = theta[:, None, :]
    found = cohort.predict(lifted, SPREAD, threads=threads)
    log_likelihood = cohort.log_likelihood(lifted, found.concentration)[:, 0]
    log_likelihood = np.where(found.status[:, 0] == 0, log_likelihood, -np.inf)
    return cohort.log_prior(lifted)[:, 0] + log_likelihood, found.concentration


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
    """Importance resampling from a mixture of Student t and the prior, or Markov chains.

    The first round proposes from the Laplace approximation at the mode; while the weights are
    poor, further rounds propose from Laplace approximations at points of the rounds before,
    and all rounds count. If that is still too poor, Markov chains start from it.

    Parameters
    ----------
    cohort : Cohort
        One person, whose first ``readings`` times are those of the readings.
    mode, hessian : arrays (p,), (p, p)
        Where the negative log posterior is least, and its curvature there.
    n : int
        Number of proposals in the first round, and of draws returned.
    chain_cohort : Cohort, optional
        The same person without the further times, which chains need not solve.
    """
    without = chain_cohort or cohort
    prior_root = np.asarray(np.linalg.cholesky(cohort.covariance), dtype=np.float64)
    pool = _Pool(cohort, generator, threads)
    pool.add(Mixture(mode[None], proposal_root(cohort, hessian)[None], prior_root), n)
    k = pareto_k(pool.log_weight)
    for count in _POINTS:
        if pool.effective >= _ENOUGH * n and k <= pareto_k_limit:
            break
        points = pool.points(count)
        local = Mixture.local(points, _information(without, points, threads), prior_root)
        pool.add(local, round(_LOCAL_SHARE * n))
        k = pareto_k(pool.log_weight)
    chosen = resample(pool.weight, n, generator)
    evidence = float(logsumexp(pool.log_weight) - np.log(len(pool.theta)))
    evidence += float(cohort.constant()[0])
    if pool.effective >= _TOO_FEW * n and k <= pareto_k_limit:
        return Posterior(
            theta=pool.theta[chosen],
            concentration=pool.solved[chosen, readings:],
            at_levels=pool.solved[chosen, :readings],
            pareto_k=k,
            effective_draws=pool.effective,
            method="importance",
            log_evidence=evidence,
        )
    chain = _chains(without, pool.rounds[-1], pool.theta[chosen], n, generator, threads)
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


def _information(cohort: Cohort, points: Array, threads: int) -> Array:
    """Expected information with the prior's (K, p, p) at ``points`` (K, p)."""
    lifted = points[:, None, :]
    found = cohort.differentiate(lifted, SPREAD, threads=threads)
    return cohort.linearise(lifted, found).information[:, 0]


class _Leaps(Struct, frozen=True, eq=False):
    """Moves of a chain to draws of a proposal, wherever it stands."""

    cohort: Cohort
    proposal: Mixture

    def draw(self, count: int, generator: np.random.Generator) -> Array:
        """Places (count, p)."""
        return self.proposal.draw(count, generator)

    def log_density(self, theta: Array) -> Array:
        """Log density (count,) of being drawn."""
        return self.proposal.log_density(theta, self.cohort.log_prior(theta[:, None, :])[:, 0])


def _chains(
    cohort: Cohort,
    proposal: Mixture,
    start: Array,
    n: int,
    generator: np.random.Generator,
    threads: int,
) -> Chain:
    def log_target(theta: Array) -> Array:
        return _target(cohort, theta, threads)[0]

    leaps = _Leaps(cohort, proposal)
    return run_chains(log_target, start, n, generator, spread=cohort.scale, leaps=leaps)


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
