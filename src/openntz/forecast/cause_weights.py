"""How probable each cause of a level that does not fit is, given all that is known.

Exact up to sampling: for every cause, the chance expected before seeing the level times the
probability of all levels under it. The parameters are integrated out over draws chosen from
the prior by what the levels say, each level allowed to be wrong itself, so that one bad level
does not condemn its neighbours. The weights undo the choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import softmax

from openntz.forecast.assumptions import Priors
from openntz.forecast.cause_variants import (
    Recorded,
    antibody_variants,
    dose_variants,
    weight_variants,
)
from openntz.forecast.causes import (
    CHANCE,
    CHANGED,
    PEAK,
    SWAPPED,
    UNIT,
    AsMeasured,
    AtAnotherMoment,
    CauseSettings,
    OfAnother,
    Reading,
    Slip,
    Spread,
    Variant,
    together,
)
from openntz.forecast.cohort import ANTIBODY, SPREAD, Cohort
from openntz.forecast.density import Levels, Problem, build_problem
from openntz.forecast.history import History
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.posterior import prior_draws, resample
from openntz.forecast.subject import Observations, Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import Card

Array = NDArray[np.float64]
Causes = tuple[tuple[str, float], ...]

# Moments at which a level drawn after the start of the dose is supposed.
_MOMENTS = 3
# One draw in so many is solved under every course; the others only under those courses that
# have at least this share of all.
_FEW: Final = 4
_LEAST_SHARE: Final = 1e-4
# Draws taken from the prior as they come, which keeps every weight bounded.
_PRIOR_SHARE = 0.3
_DAY_HOURS = 24
_NEVER = np.array(-np.inf)


class Seen(Struct, frozen=True, eq=False):
    """Levels of one person, each field of length m.

    ``dose`` is the index of a dose of the same day or -1; ``timed`` whether the times of both
    are recorded. ``tests`` are the days and results of antibody tests.
    """

    day: Array
    reading: tuple[Reading, ...]
    dose: tuple[int, ...]
    timed: tuple[bool, ...]
    tests: tuple[tuple[float, AntibodyReading], ...] = ()


def _typical(card: Card, priors: Priors) -> dict[str, Array]:
    found = {}
    for item in card.covariates:
        if item.missing == "refuse":
            median = item.reference if item.median is None else item.median
            known = priors.covariates.get(item.name)
            found[item.name] = np.array([median if known is None else known[0]], dtype=np.float64)
    return found


def other_troughs(
    card: Card, priors: Priors, settings: CauseSettings, generator: np.random.Generator
) -> Array:
    """Troughs (n,) of other people: the card's population at the usual intervals.

    A covariate that the card wants recorded is the typical one.
    """
    people, typical = [], _typical(card, priors)
    for interval in settings.other_intervals_days:
        start = interval * np.arange(settings.other_doses, dtype=np.float64)
        doses = Schedule(
            start_day=start,
            duration_day=np.zeros(settings.other_doses),
            amount_mg=np.full(settings.other_doses, settings.other_amount_mg),
            subcutaneous=np.zeros(settings.other_doses, bool),
        )
        people.append(
            Subject(
                id="another",
                spans=(Span(doses, start[:1], start[-1:] + interval),),
                covariates=typical,
                occasion=np.zeros(1, np.int64),
                raised=np.zeros(1),
                observations=Observations.levels(np.arange(0), np.zeros(0)),
            )
        )
    cohort = Cohort(card, people, priors)
    theta = prior_draws(cohort, settings.draws, generator)
    shape = (settings.draws, len(people), cohort.size)
    found = cohort.predict(np.broadcast_to(theta[:, None], shape), SPREAD).concentration
    return found[np.isfinite(found)]


def _slips(seen: Seen, i: int, card: Card, troughs: Array, s: CauseSettings) -> tuple[Slip, ...]:
    """What can have gone wrong with one reading; the first is that nothing has."""
    residual = card.residual
    wrong = [
        Slip(SWAPPED, s.swapped, OfAnother(residual, troughs)),
        Slip(UNIT, s.unit, AsMeasured(residual, s.unit_factors)),
        Slip(CHANGED, s.changed, Spread(s.changed_log_sd)),
    ]
    if seen.dose[i] >= 0:
        chance = s.peak_time_recorded if seen.timed[i] else s.peak_time_unknown
        wrong.append(Slip(PEAK, chance, AtAnotherMoment(residual)))
    rest = 1 - sum(slip.chance for slip in wrong)
    return (Slip(CHANCE, rest, AsMeasured(residual)), *wrong)


def _moments(seen: Seen, history: History, settings: CauseSettings) -> Array:
    """Times (m, q) after the start of the dose of the level's day; those of others are unused."""
    doses = history.schedule
    after = settings.peak_after_end_hours / _DAY_HOURS
    rows = []
    for day, dose in zip(seen.day, seen.dose, strict=True):
        begin = doses.start_day[dose] if dose >= 0 else day
        length = doses.duration_day[dose] + after if dose >= 0 else 0.0
        rows.append(np.linspace(begin, begin + length, _MOMENTS + 2)[1:-1])
    return np.array(rows)


class _Weighing(Struct, frozen=True, eq=False):
    """Log densities of every level under each slip, (n, S), and what they are weighed with."""

    slips: tuple[tuple[Slip, ...], ...]
    density: tuple[tuple[Array, ...], ...]
    log_weight: Array

    def mixed(self, i: int) -> Array:
        """Log density (n, S) of level i, whichever slip it was."""
        parts = [
            np.log(slip.chance) + log_density
            for slip, log_density in zip(self.slips[i], self.density[i], strict=True)
        ]
        return together(parts)


def _densities(
    seen: Seen, slips: tuple[tuple[Slip, ...], ...], concentration: Array
) -> tuple[tuple[Array, ...], ...]:
    """``concentration`` (..., m + m q): at the levels' times, then at the moments of each."""
    m = len(seen.day)
    peak = concentration[..., m:].reshape(*concentration.shape[:-1], m, _MOMENTS)
    found = []
    for i, own in enumerate(slips):
        level = concentration[..., i]
        each = (s.density.of(seen.reading[i], level, peak[..., i, :]) for s in own)
        found.append(tuple(np.where(np.isnan(d), -np.inf, d) for d in each))
    return tuple(found)


def _chosen_draws(
    log_likelihood: Array, n: int, generator: np.random.Generator
) -> tuple[NDArray[np.intp], Array]:
    """Which prior draws to go on with, and the log weights that undo the choice.

    Most by the square root of the likelihood, which leaves room for causes under which the
    parameters are others, the rest as they come; repeated ones once, with their count.
    """
    plain = round(_PRIOR_SHARE * n)
    picked = resample(softmax(log_likelihood / 2), n - plain, generator)
    index, count = np.unique(np.concatenate([np.arange(plain), picked]), return_counts=True)
    boost = softmax(log_likelihood / 2)[index] * len(log_likelihood)
    return index, np.log(count) - np.log(_PRIOR_SHARE + (1 - _PRIOR_SHARE) * boost)


def _variants(
    recorded: Recorded, chosen: Sequence[int], settings: CauseSettings
) -> tuple[Variant, ...]:
    """The course as recorded, then the others; the chances sum to one."""
    others = [
        *dose_variants(recorded, chosen, settings),
        *weight_variants(recorded, chosen, settings),
    ]
    rest = 1 - sum(v.chance for v in others)
    raised = list(antibody_variants(recorded, chosen, settings))
    others += [replace(v, chance=rest * v.chance) for v in raised]
    # What rounding leaves of nothing is nothing.
    plain = rest * max(1 - sum(v.chance for v in raised), 0.0)
    nothing = np.zeros(len(recorded.level_day), bool)
    return (Variant(CHANCE, plain, recorded.subject, nothing), *others)


def weigh_causes(
    card: Card,
    history: History,
    priors: Priors,
    seen: Seen,
    weighed_day: Array,
    chosen: Sequence[int],
    settings: CauseSettings,
    generator: np.random.Generator,
    *,
    threads: int = 1,
) -> Mapping[int, Causes]:
    """Causes of the ``chosen`` levels, most probable first; each sums to one.

    Levels for which no draw could be solved under any cause are left out.
    """
    levels = Levels(seen.day, np.array([r.value for r in seen.reading]), _kinds(seen))
    problem = build_problem(card, history, levels, priors)
    person = problem.subject.asked(_moments(seen, history, settings).ravel())
    recorded = Recorded(person, history, seen.day, weighed_day)
    variants = _variants(recorded, chosen, settings)
    troughs = other_troughs(card, priors, settings, generator)
    slips = tuple(_slips(seen, i, card, troughs, settings) for i in range(len(seen.day)))

    plain = problem.of([person])
    first = prior_draws(plain, settings.first_draws, generator)
    solved = plain.predict(first[:, None], SPREAD, threads=threads).concentration
    alone = _Weighing(slips, _densities(seen, slips, solved), np.zeros(len(first)))
    log_likelihood = np.sum([alone.mixed(i) for i in range(len(slips))], axis=0)
    if not np.isfinite(log_likelihood).any():
        return {}
    index, log_weight = _chosen_draws(log_likelihood, settings.draws, generator)

    drawn = _Drawn(problem, first[index], generator.standard_normal(len(index)), threads)
    log_tests = np.array([_log_tests(v.subject, seen, settings) for v in variants])

    def weighing(rows: NDArray[np.intp], concentration: Array) -> _Weighing:
        return _Weighing(slips, _densities(seen, slips, concentration), log_weight[rows])

    # The course on record is solved already.
    few, every = np.arange(0, len(index), _FEW), np.arange(len(index))
    others, rest = np.arange(1, len(variants)), np.setdiff1d(every, few)
    known = np.empty((len(index), len(variants), solved.shape[1]))
    known[:, 0] = solved[index]
    known[np.ix_(few, others)] = drawn.levels([variants[k] for k in others], few)
    share = _shares(weighing(few, known[few]), variants, log_tests)
    kept = others[share[others] >= _LEAST_SHARE]
    known[np.ix_(rest, kept)] = drawn.levels([variants[k] for k in kept], rest)
    kept = np.array([0, *kept])
    found = weighing(every, known[:, kept])
    under = [variants[k] for k in kept]
    mixed = [found.mixed(i) for i in range(len(slips))]
    total = log_tests[kept] + np.sum(mixed, axis=0)
    return {i: c for i in chosen if (c := _weigh(found, under, i, total - mixed[i]))}


class _Drawn(Struct, frozen=True, eq=False):
    """Draws ``theta`` (n, p) of a person, and ``z`` (n,) of the factor of antibodies."""

    problem: Problem
    theta: Array
    z: Array
    threads: int

    def levels(self, variants: Sequence[Variant], rows: NDArray[np.intp]) -> Array:
        """Concentrations (r, S, T) of some of the draws under each variant."""
        if not variants:
            return np.empty((len(rows), 0, 0))
        cohort = self.problem.of([v.subject for v in variants])
        theta = self._widened(cohort)[rows]
        shape = (len(rows), len(variants), cohort.size)
        wide = np.broadcast_to(theta[:, None], shape)
        found = cohort.predict(wide, SPREAD, threads=self.threads).concentration
        return found.reshape(len(rows), len(variants), -1)

    def _widened(self, wide: Cohort) -> Array:
        """Draws (n, P) with the factor of antibodies that only some variants have."""
        found = np.zeros((len(self.theta), wide.size))
        for at, name in enumerate(wide.names):
            if name in self.problem.names:
                found[:, at] = self.theta[:, self.problem.names.index(name)]
            elif name == ANTIBODY:
                found[:, at] = wide.scale[at] * self.z
        return found


def _shares(weighing: _Weighing, variants: Sequence[Variant], log_tests: Array) -> Array:
    """Share (S,) of each variant in all, whatever went wrong with each level."""
    with np.errstate(divide="ignore"):
        log_prior = np.log([v.chance for v in variants]) + log_tests
    mixed = np.sum([weighing.mixed(i) for i in range(len(weighing.slips))], axis=0)
    total = together(weighing.log_weight[:, None] + log_prior + mixed)
    # Where none of the draws can be solved, nothing is known of any.
    return softmax(total) if np.isfinite(total).any() else np.ones(len(variants))


def _kinds(seen: Seen) -> NDArray[np.int64]:
    return np.array([int(r.kind) for r in seen.reading], dtype=np.int64)


def _log_tests(subject: Subject, seen: Seen, settings: CauseSettings) -> float:
    """Log probability of the antibody results, by whether antibodies raise clearance then."""
    total, starts = 0.0, subject.spans[0].segment_day
    for day, reading in seen.tests:
        segment = max(int(np.searchsorted(starts, day, side="right")) - 1, 0)
        raised = subject.raised[segment : segment + 1] > 0
        total += float(np.log(settings.antibodies.of_test(reading, raised)[0]))
    return total


def _weigh(weighing: _Weighing, variants: Sequence[Variant], i: int, rest: Array) -> Causes:
    """``rest`` (n, S): log density of everything but this level."""
    chance = np.array([v.chance for v in variants])
    with np.errstate(divide="ignore"):
        shared = weighing.log_weight[:, None] + np.log(chance) + rest
    log_total: dict[str, Array] = {}
    for slip, log_density in zip(weighing.slips[i], weighing.density[i], strict=True):
        by_variant = together(shared + np.log(slip.chance) + log_density)
        for variant, log_share in zip(variants, by_variant, strict=True):
            touched = slip.name == CHANCE and variant.touched[i]
            name = variant.name if touched else slip.name
            log_total[name] = np.logaddexp(log_total.get(name, _NEVER), log_share)
    share = np.array(list(log_total.values()))
    if not np.isfinite(share).any():
        return ()
    found = zip(log_total, softmax(share).tolist(), strict=True)
    return tuple(sorted(found, key=lambda cause: -cause[1]))
