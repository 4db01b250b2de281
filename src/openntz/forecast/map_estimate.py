"""The most probable unknowns of each person, and the curvature there.

Newton steps with exact derivatives carried through the integration: the readings' curvature of
each round, corrected by what the gradients of the rounds before say of the true one (symmetric
rank-one updates of the difference, as in Dennis, Gay and Welsch 1981), and damped where a step
does not improve (Levenberg and Marquardt). All people of a cohort advance together. Most rounds
only lead to the neighbourhood of the mode, for which a rough integration is enough; the mode
itself is searched, and everything reported is computed, at the accuracy asked for.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.forecast import no_drug
from openntz.forecast.cohort import SMOOTH, Accuracy, Cohort, Linearised
from openntz.mechanism import solver

Array = NDArray[np.float64]

ModeStatus = Literal["ok", "prior only", "not converged", "failed"]

_MOST_ROUNDS: Final = 100
# A step of this many prior standard deviations is the longest taken at once.
_LONGEST_STEP: Final = 2.0
# After a step that did not improve, the next is this share as long at most; and once one did,
# the next may be so many times as long.
_SHORTER: Final = 0.3
_LONGER: Final = 4.0
# A step as long as this share of what it may be was cut: rounding blurs the comparison.
_UNCUT: Final = 0.999
_DAMP_FIRST: Final = 1e-3
_DAMP_UP: Final = 8.0
_DAMP_DOWN: Final = 0.1
_DAMP_MOST: Final = 1e12
_TINY: Final = 1e-300
# Searches end when the next step would be shorter than this, in prior standard deviations.
TOLERANCE: Final = 1e-5
# Integration for the way to the mode, and where it ends: its error in a step is far smaller.
_ROUGH: Final = Accuracy(3e-4, 1e-4)
_ROUGH_TOLERANCE: Final = 2e-2
# A mode is one if, in units of the prior, the gradient is as small as rounding allows.
_FLAT: Final = 1e-3
_HESSIAN_STEP: Final = 1e-3
# In units of the prior, whose own curvature is about one.
_LEAST_CURVATURE: Final = 1e-2
# Only steps shorter than this, in prior standard deviations, teach about the curvature.
_NEAR: Final = 0.1
# For so few people a round costs more than its steps, and a rough search first saves none.
_FEW: Final = 8
# Of rivals, those are given up that some Newton steps more would still leave so far behind the
# best, in logarithms of density; the first rounds are too far away to tell.
_FAIR_ROUNDS: Final = 3
_STEPS_MORE: Final = 2.0
_BEATEN: Final = 12.0
# A rank-one update whose divisor is this small a share of its terms would be noise.
_SECANT_SHARE: Final = 1e-4


class Modes(Struct, frozen=True, eq=False):
    """Modes of N posteriors.

    ``theta`` (N, P); ``information`` (N, P, P) of FOCE with interaction at the mode (its inverse
    is NONMEM's ETC); ``value`` (N,) the negative log posterior without constants; ``status``
    and, where it is not ok, ``reason`` with the remedy; ``rounds`` (N,) of the search;
    ``concentration`` (R,) at the modes.
    """

    theta: Array
    information: Array
    value: Array
    status: tuple[ModeStatus, ...]
    reason: tuple[str, ...]
    rounds: NDArray[np.int64]
    concentration: Array

    def covariance(self) -> Array:
        """ETC (N, P, P): inverse of the information."""
        return np.asarray(np.linalg.inv(self.information), dtype=np.float64)


def objective(cohort: Cohort, modes: Modes) -> Array:
    """NONMEM's individual objective (N,) at the modes.

    -2 log-likelihood without the constant of the normal density, plus eta' Omega^-1 eta, plus
    ln det Omega - ln det ETC (FOCE with interaction, Laplace's approximation).
    """
    _, log_det_prior = np.linalg.slogdet(cohort.covariance)
    _, log_det = np.linalg.slogdet(modes.information)
    return 2.0 * modes.value + log_det_prior + log_det


class _Way(Struct, frozen=True, eq=False):
    """How to search: see ``find_modes``."""

    accuracy: Accuracy
    tolerance: float
    rivals: Array | None
    threads: int


class _Search(Struct, eq=False):
    """Where each person's search stands."""

    theta: Array
    at: Linearised
    correction: Array  # (N, P, P): true curvature less that of ``at``, as far as it is known
    damping: Array
    reach: Array  # (N,): longest step, in prior standard deviations
    active: NDArray[np.bool_]
    converged: NDArray[np.bool_]
    rounds: NDArray[np.int64]

    def take(self, other: _Search, people: NDArray[np.bool_]) -> None:
        """Take over where another search of some people (N,) ended."""
        self.rounds += other.rounds
        self.theta = np.where(people[:, None], other.theta, self.theta)
        self.at = Linearised(
            np.where(people, other.at.value, self.at.value),
            np.where(people[:, None], other.at.gradient, self.at.gradient),
            np.where(people[:, None, None], other.at.information, self.at.information),
            np.where(people[:, None, None], other.at.curvature, self.at.curvature),
        )
        self.converged = np.where(people, other.converged, self.converged)


def _step(cohort: Cohort, search: _Search) -> Array:
    """Damped Newton steps (N, P), in the units of the prior no longer than allowed; 0 at rest."""
    found = np.zeros_like(search.theta)
    active = np.flatnonzero(search.active)
    if not len(active):
        return found
    system = search.at.curvature[0, active]
    # The readings' curvature alone always leads downhill; a correction that does not is left out.
    learnt = np.flatnonzero(search.correction[active].any(axis=(1, 2)))
    if len(learnt):
        curved = system[learnt] + search.correction[active[learnt]]
        least = np.linalg.eigvalsh(curved * np.outer(cohort.scale, cohort.scale))[:, 0]
        usable = least > _LEAST_CURVATURE
        system[learnt[usable]] = curved[usable]
    weight = np.diag(cohort.precision) * search.damping[active, None]
    system = system + weight[:, :, None] * np.eye(cohort.size)
    step = -np.linalg.solve(system, search.at.gradient[0, active][..., None])[..., 0]
    length = np.abs(step / cohort.scale).max(axis=1, initial=0.0)
    found[active] = (
        step * np.minimum(1.0, search.reach[active] / np.maximum(length, _TINY))[:, None]
    )
    return found


def _evaluate(
    cohort: Cohort,
    theta: Array,
    way: _Way,
    active: NDArray[np.bool_] | None,
) -> tuple[Linearised, Array, NDArray[np.int64]]:
    predicted = cohort.differentiate(theta[None], way.accuracy, only=active, threads=way.threads)
    return cohort.linearise(theta[None], predicted), predicted.concentration[0], predicted.status[0]


def find_modes(
    cohort: Cohort,
    *,
    accuracy: Accuracy = SMOOTH,
    tolerance: float = TOLERANCE,
    start: Array | None = None,
    rivals: Array | None = None,
    threads: int = 1,
) -> Modes:
    """Maximise prior times likelihood of every person.

    Parameters
    ----------
    tolerance : float
        A search ends when its next step would be shorter than this, in prior standard deviations.
    start : array (N, P), optional
        Where to start; the prior mean by default.
    rivals : array (N,), optional
        Log prior probabilities, where the people are suppositions about one person of which the
        likely ones are wanted: searches of others end wherever they are then, not converged.

    A person who cannot be solved, or whose search does not end, keeps a status and a remedy.
    """
    people, p = len(cohort.subjects), cohort.size
    theta = np.zeros((people, p)) if start is None else start.copy()
    way = _Way(accuracy, tolerance, rivals, threads)
    search, level, codes = _searched(cohort, theta, None, way)
    lost = no_drug.lost(cohort, level)
    for shift in no_drug.shifts(cohort) if lost.any() else ():
        other, there, _ = _searched(cohort, np.tile(shift, (people, 1)), lost, way)
        better = lost & (other.at.value[0] < search.at.value[0])
        search.take(other, better)
        level = np.where(_times_of(cohort, better), there, level)
    flat = np.abs(search.at.gradient[0] * cohort.scale).max(axis=1, initial=0.0) < _FLAT
    lost = no_drug.lost(cohort, level)
    status, reason = [], []
    for i in range(people):
        word, why = _verdict(cohort, search, i, bool(flat[i]), int(codes[i]))
        if lost[i] and word == "ok":
            word, why = "not converged", no_drug.NO_WAY
        status.append(word)
        reason.append(why)
    return Modes(
        theta=search.theta,
        information=search.at.information[0],
        value=search.at.value[0],
        status=tuple(status),
        reason=tuple(reason),
        rounds=search.rounds,
        concentration=level,
    )


def _searched(
    cohort: Cohort,
    theta: Array,
    only: NDArray[np.bool_] | None,
    way: _Way,
) -> tuple[_Search, Array, NDArray[np.int64]]:
    """A search to its end from ``theta`` (N, P), of the people ``only`` (N,)."""
    few = len(cohort.subjects) <= _FEW
    if few or way.accuracy.rtol >= _ROUGH.rtol or way.tolerance >= _ROUGH_TOLERANCE:
        return _ended(cohort, theta, None, only, way)
    rough = replace(way, accuracy=_ROUGH, tolerance=_ROUGH_TOLERANCE)
    near, _, _ = _ended(cohort, theta, None, only, rough)
    search, level, codes = _ended(cohort, near.theta, near.correction, only, way)
    search.rounds += near.rounds
    # Where the rough way led to what cannot be solved, the search starts where it should have.
    astray = ~np.isfinite(search.at.value[0]) & (near.theta != theta).any(axis=1)
    if astray.any():
        other, there, _ = _ended(cohort, theta, None, astray, way)
        search.take(other, astray)
        level = np.where(_times_of(cohort, astray), there, level)
    return search, level, codes


def _ended(
    cohort: Cohort,
    theta: Array,
    correction: Array | None,
    only: NDArray[np.bool_] | None,
    way: _Way,
) -> tuple[_Search, Array, NDArray[np.int64]]:
    """A search at one accuracy, with the correction (N, P, P) known from before."""
    people, p = theta.shape
    at, level, codes = _evaluate(cohort, theta, way, only)
    wanted = np.ones(people, bool) if only is None else only
    search = _Search(
        theta=theta,
        at=at,
        correction=np.zeros((people, p, p)) if correction is None else correction,
        damping=np.zeros(people),
        reach=np.full(people, _LONGEST_STEP),
        active=np.isfinite(at.value[0]) & (cohort.readings > 0) & wanted,
        converged=cohort.readings == 0,
        rounds=np.zeros(people, np.int64),
    )
    for taken in range(_MOST_ROUNDS):
        if way.rivals is not None and taken >= _FAIR_ROUNDS:
            search.active &= ~_beaten(search, way.rivals)
        step = _step(cohort, search)
        length = np.abs(step / cohort.scale).max(axis=1, initial=0.0)
        # A damped step is short whatever the gradient, and so is one that was cut.
        free = (search.damping < _DAMP_FIRST) & (length < _UNCUT * search.reach)
        search.converged |= search.active & (length < way.tolerance) & free
        search.active &= ~search.converged
        if not search.active.any():
            break
        level = _advance(cohort, search, step, way, level)
    return search, level, codes


def _beaten(search: _Search, log_prior: Array) -> NDArray[np.bool_]:
    """Rivals (N,) still on their way that can no longer come near the best."""
    found = np.zeros(len(search.active), bool)
    active = np.flatnonzero(search.active)
    gradient = search.at.gradient[0, active]
    step = np.linalg.solve(search.at.curvature[0, active], gradient[..., None])[..., 0]
    gain = 0.5 * _STEPS_MORE * (gradient * step).sum(axis=1)
    score = log_prior - search.at.value[0]
    found[active] = score[active] + gain < np.max(score, initial=-np.inf) - _BEATEN
    return found


def _times_of(cohort: Cohort, people: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of all times (R,) are those of some people (N,)."""
    return np.repeat(people[cohort.person_of_span], np.diff(cohort.plan.times))


def _advance(
    cohort: Cohort,
    search: _Search,
    step: Array,
    way: _Way,
    level: Array,
) -> Array:
    """One round of all active searches; returns the concentrations of who moved on."""
    tried, there, _ = _evaluate(cohort, search.theta + step, way, search.active)
    # Near the mode, differences drown in the error of the integration.
    noise = way.accuracy.rtol * (1.0 + np.abs(search.at.value[0]))
    better = search.active & (tried.value[0] <= search.at.value[0] + noise)
    search.rounds += search.active
    moved = better[:, None]
    length = np.abs(step / cohort.scale).max(axis=1, initial=0.0)
    # What long steps say of the curvature does not hold where they end.
    learn = better & (length < _NEAR)
    corrected = search.correction.any(axis=(1, 2))
    learnt = _corrected(cohort, search, step, tried, np.flatnonzero(learn))
    # Who has arrived keeps it, however long others are on their way.
    search.correction = np.where(search.active[:, None, None], learnt, search.correction)
    search.theta = np.where(moved, search.theta + step, search.theta)
    search.at = Linearised(
        np.where(better, tried.value, search.at.value),
        np.where(moved, tried.gradient, search.at.gradient),
        np.where(moved[..., None], tried.information, search.at.information),
        np.where(moved[..., None], tried.curvature, search.at.curvature),
    )
    lower, higher = search.damping * _DAMP_DOWN, search.damping * _DAMP_UP
    lower = np.where(lower < _DAMP_FIRST, 0.0, lower)
    # A step that a correction spoiled is tried again without it before it is shortened.
    worse = np.where(corrected, search.damping, np.maximum(higher, _DAMP_FIRST))
    search.damping = np.where(better, lower, worse)
    # Damped to a short step that improves nothing more, a search is at its end as well; one that
    # was cut says so only when far shorter.
    cut = length >= _UNCUT * search.reach
    search.converged |= better & (length < np.where(cut, _SHORTER**2, 1.0) * way.tolerance)
    further = np.minimum(_LONGER * search.reach, _LONGEST_STEP)
    nearer = np.where(corrected, search.reach, _SHORTER * length)
    search.reach = np.where(better, further, nearer)
    stalled = search.active & ~better & (search.damping > _DAMP_MOST)
    search.active &= ~search.converged & ~stalled
    return np.where(_times_of(cohort, better), there, level)


def _corrected(
    cohort: Cohort, search: _Search, step: Array, there: Linearised, people: NDArray[np.intp]
) -> Array:
    """Corrections (N, P, P) that explain the change of gradient over a step; 0 for the others."""
    found = np.zeros_like(search.correction)
    if not len(people):
        return found
    s = step[people] / cohort.scale
    scale = np.outer(cohort.scale, cohort.scale)
    y = (there.gradient[0, people] - search.at.gradient[0, people]) * cohort.scale
    before = search.correction[people]
    known = (there.curvature[0, people] + before) * scale
    rest = y - np.einsum("ipq,iq->ip", known, s)
    divisor = (rest * s).sum(axis=1)
    sizes = np.linalg.norm(rest, axis=1) * np.linalg.norm(s, axis=1)
    use = np.abs(divisor) > _SECANT_SHARE * np.maximum(sizes, _TINY)
    outer = rest[:, :, None] * rest[:, None, :] / np.where(use, divisor, 1.0)[:, None, None]
    found[people] = before + np.where(use[:, None, None], outer, 0.0) / scale
    return found


def _verdict(
    cohort: Cohort, search: _Search, i: int, flat: bool, code: int
) -> tuple[ModeStatus, str]:
    if code or not np.isfinite(search.at.value[0, i]):
        what = solver.STATUS_NAME[code] if code else "the posterior density is not finite"
        remedy = solver.REMEDY[code] if code else "Check levels and covariates for this person."
        return "failed", f"{what}. {remedy}"
    if not cohort.readings[i]:
        return "prior only", "No usable reading: the population's values, not a measurement."
    if search.converged[i] or flat:
        return "ok", ""
    return (
        "not converged",
        "The search for the best fit stopped before its gradient vanished. Check the readings "
        "for contradictions; the values are the best found.",
    )


def curvature(cohort: Cohort, theta: Array, accuracy: Accuracy = SMOOTH) -> Array:
    """Hessian (P, P) of one person's negative log posterior: differences of exact gradients."""
    p = cohort.size
    step = _HESSIAN_STEP * cohort.scale
    points = np.vstack([theta + np.diag(step), theta - np.diag(step)])[:, None, :]
    slopes = cohort.linearise(points, cohort.differentiate(points, accuracy)).gradient[:, 0]
    found = (slopes[:p] - slopes[p:]) / (2.0 * step[:, None])
    return 0.5 * (found + found.T)
