"""Antibodies that raised clearance at a time nobody recorded.

Each candidate for onset and end is the same person with clearance raised over another stretch.
All are fitted together; the evidence of each (Laplace's approximation; importance sampling for
those that matter) times its prior is its weight, and the forecast mixes their draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.errors import SolverError
from openntz.forecast.cohort import ANTIBODY, Accuracy, Cohort
from openntz.forecast.density import Problem, build_problem, subject_of
from openntz.forecast.map_estimate import Modes, curvature, find_modes
from openntz.forecast.onset_candidates import AntibodyTests, Candidate, candidates, cut
from openntz.forecast.onset_prior import OnsetPrior
from openntz.forecast.posterior import Method, Posterior, resample, sample_cohort, sample_prior

Array = NDArray[np.float64]

_TINY = float(np.finfo(float).tiny)

# Screening needs two digits of a weight: importance sampling does the rest for those that matter.
_SCREEN = Accuracy(1e-3, 1e-4)
_SCREEN_TOLERANCE = 0.1
# Fewer draws than this leave the tail of a candidate's weights unknown.
_FEWEST_DRAWS = 250


class Weighed(Struct, frozen=True, eq=False):
    """Candidates (k) with posterior weights (k,) and Laplace's log evidence (k,).

    ``theta`` (k, P) are the modes, over the unknowns ``names``.
    """

    candidates: tuple[Candidate, ...]
    weight: Array
    log_evidence: Array
    theta: Array
    names: tuple[str, ...]

    def probability_raised(self, day: float) -> float:
        """Probability that clearance is raised at a day."""
        raised = [bool(c.raised_at(np.array(day))) for c in self.candidates]
        return float(self.weight[raised].sum())

    @property
    def probability_ever(self) -> float:
        """Probability that it was ever raised."""
        ever = [c.on is not None for c in self.candidates]
        return float(self.weight[ever].sum())

    def reweighed(self, kept: Sequence[int], weight: Array) -> Weighed:
        """Only some of the candidates, with weights that sum to one."""
        chosen = list(kept)
        return Weighed(
            tuple(self.candidates[i] for i in chosen),
            weight,
            self.log_evidence[chosen],
            self.theta[chosen],
            self.names,
        )


def laplace_evidence(cohort: Cohort, modes: Modes) -> Array:
    """Log probability density (N,) of each person's readings, by Laplace's approximation.

    Tierney and Kadane 1986; minus infinity for a person who could not be solved.
    """
    _, log_det_prior = np.linalg.slogdet(cohort.covariance)
    _, log_det = np.linalg.slogdet(modes.information)
    # The constants of prior density and Laplace's integral cancel.
    found = -modes.value - 0.5 * (log_det_prior + log_det) + cohort.constant()
    solved = np.array([status != "failed" for status in modes.status])
    return np.where(solved & np.isfinite(found), found, -np.inf)


def weigh(problem: Problem, found: Sequence[Candidate], *, threads: int = 1) -> Weighed:
    """Posterior probability of every candidate.

    Raises
    ------
    SolverError
        When no candidate can be solved.
    """
    laboratories = problem.cohort.laboratories
    subjects = []
    for candidate in found:
        history, _ = cut(problem.history, candidate)
        subjects.append(subject_of(problem.card, history, problem.levels, laboratories))
    cohort = problem.of(subjects)
    log_prior = np.log([max(c.prior, _TINY) for c in found])
    if not problem.levels.count:
        evidence, theta = np.zeros(len(found)), np.zeros((len(found), cohort.size))
    else:
        modes = find_modes(
            cohort,
            accuracy=_SCREEN,
            tolerance=_SCREEN_TOLERANCE,
            rivals=log_prior,
            threads=threads,
        )
        evidence, theta = laplace_evidence(cohort, modes), modes.theta
    if not np.isfinite(evidence).any():
        raise SolverError(
            "no course of antibodies could be solved for this person.",
            remedy="Check doses, times and weights of this person.",
        )
    score = evidence + log_prior
    weight = np.exp(score - np.logaddexp.reduce(score))
    return Weighed(tuple(found), weight, evidence, theta, cohort.names)


class Mixed(Struct, frozen=True, eq=False):
    """Draws over the candidates that matter, and which candidate each came from (n,).

    ``posterior.theta`` is over ``names``; the antibody factor (n,) is 1 where clearance was
    never raised.
    """

    posterior: Posterior
    weighed: Weighed
    names: tuple[str, ...]
    origin: NDArray[np.intp]
    factor: Array


def mix(
    problem: Problem,
    weighed: Weighed,
    time_day: Array,
    n: int,
    generator: np.random.Generator,
    *,
    least_weight: float,
    pareto_k_limit: float,
    threads: int = 1,
) -> Mixed:
    """Draws of the person over all candidates above ``least_weight``.

    The evidence of those is recomputed from their importance weights.

    Raises
    ------
    SolverError
        When a candidate that matters cannot be solved.
    """
    kept, log_prior = _kept(weighed, least_weight)
    parts = [
        _sampled(problem, weighed, i, time_day, n, generator, pareto_k_limit, threads) for i in kept
    ]
    score = np.array([p.log_evidence for _, p in parts]) + log_prior
    weight = np.exp(score - np.logaddexp.reduce(score))
    final = weighed.reweighed(kept, weight)
    origin = resample(weight, n, generator)
    own = tuple(name for name in weighed.names if name != ANTIBODY)
    theta, level, seen, factor = [], [], [], []
    for j, (variant, part) in enumerate(parts):
        count = int((origin == j).sum())
        rows = (np.arange(count) * len(part.theta)) // max(count, 1)
        columns = [variant.names.index(name) for name in own]
        theta.append(part.theta[rows][:, columns])
        level.append(part.concentration[rows])
        seen.append(part.at_levels[rows])
        if ANTIBODY in variant.names:
            log_factor = part.theta[rows, variant.names.index(ANTIBODY)]
            factor.append(problem.priors.antibody_factor * np.exp(log_factor))
        else:
            factor.append(np.ones(count))
    posterior = Posterior(
        theta=np.concatenate(theta),
        concentration=np.concatenate(level),
        at_levels=np.concatenate(seen),
        pareto_k=_worst([p.pareto_k for _, p in parts]),
        effective_draws=_effective([p for _, p in parts], weight, n),
        method=_METHODS[max(_METHODS.index(p.method) for _, p in parts)],
        log_evidence=float(np.logaddexp.reduce(score)),
        r_hat=_worst([p.r_hat for _, p in parts]),
    )
    return Mixed(posterior, final, own, np.sort(origin), np.concatenate(factor))


def _kept(weighed: Weighed, least_weight: float) -> tuple[list[int], Array]:
    """The candidates to sample, and the logarithm of what each stands for beforehand.

    Those left out give their weight to the ones kept that agree with them on whether clearance
    was ever raised and whether it still is, so that many unlikely dates do not vanish.
    """
    agree = np.array([0 if c.on is None else 1 if c.off is None else 2 for c in weighed.candidates])
    kept, log_prior = [], []
    for kind in np.unique(agree):
        own = np.flatnonzero(agree == kind)
        total = weighed.weight[own].sum()
        if total < min(least_weight, weighed.weight.max()):
            continue
        chosen = own[weighed.weight[own] >= min(least_weight, weighed.weight[own].max())]
        share = np.log(total / weighed.weight[chosen].sum())
        kept += [int(i) for i in chosen]
        log_prior += [np.log(max(weighed.candidates[i].prior, _TINY)) + share for i in chosen]
    return kept, np.array(log_prior)


_METHODS: tuple[Method, ...] = ("prior", "importance", "markov chain")


def _worst(numbers: Sequence[float | None]) -> float | None:
    known = [x for x in numbers if x is not None]
    return max(known) if known else None


def _effective(parts: Sequence[Posterior], weight: Array, n: int) -> float | None:
    """Independent draws that the mixture is worth: variances of its parts add by share^2."""
    if any(p.effective_draws is None for p in parts):
        return None
    each = np.array([p.effective_draws for p in parts], float)
    return float(min(1.0 / (weight**2 / each).sum(), n))


def _sampled(
    problem: Problem,
    weighed: Weighed,
    i: int,
    time_day: Array,
    n: int,
    generator: np.random.Generator,
    pareto_k_limit: float,
    threads: int,
) -> tuple[Problem, Posterior]:
    """One candidate's own problem and draws, as many as its weight asks for."""
    history, _ = cut(problem.history, weighed.candidates[i])
    variant = build_problem(
        problem.card, history, problem.levels, problem.priors, readouts=problem.readouts
    )
    asked = variant.at(time_day)
    many = max(_FEWEST_DRAWS, round(n * float(weighed.weight[i])))
    if not variant.levels.count:
        return variant, sample_prior(asked, 0, many, generator, threads=threads)
    mode = weighed.theta[i][[weighed.names.index(name) for name in variant.names]]
    return variant, sample_cohort(
        asked,
        variant.levels.count,
        mode,
        curvature(variant.cohort, mode),
        many,
        generator,
        pareto_k_limit=pareto_k_limit,
        chain_cohort=variant.cohort,
        threads=threads,
    )


def search(
    problem: Problem,
    tests: AntibodyTests,
    prior: OnsetPrior,
    now: float,
    *,
    confirmed_since: float | None = None,
    threads: int = 1,
) -> Weighed:
    """Candidates of a person, weighed.

    Parameters
    ----------
    now : float
        Day up to which antibodies may have come.
    confirmed_since : float, optional
        Day of the first positive of antibodies that are confirmed.
    """
    found = candidates(problem.history, problem.levels.time_day, tests, prior, now, confirmed_since)
    return weigh(problem, found, threads=threads)
