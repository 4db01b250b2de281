"""The published study of model-informed dosing, repeated on virtual people.

From weight and the last troughs at the standard interval, each person's most probable
parameters give a steady trough per interval; the longest interval whose predicted trough
reaches the target is chosen, and that prediction is held against the person's true trough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.forecast.assumptions import Priors, Readout
from openntz.forecast.cohort import SPREAD, Cohort, require_solved
from openntz.forecast.map_estimate import Modes, curvature, find_modes
from openntz.forecast.metrics import Errors, Share, errors, wilson
from openntz.forecast.posterior import sample_cohort
from openntz.forecast.virtual import (
    Design,
    People,
    observed,
    steady_troughs,
    virtual_people,
    without_readings,
)
from openntz.models.card import Card

Array = NDArray[np.float64]


class Arm(Struct, frozen=True):
    """What is known of each person: troughs, and saturations measured at the last of them."""

    name: str
    levels: int
    saturations: int = 0


# What nobody knows: the least error that choosing by whole weeks leaves.
PERFECT: Final = Arm("true parameters", -1)


def arms(design: Design) -> tuple[Arm, ...]:
    """Weight alone, one to the most troughs, and saturation beside the published number."""

    def name(n: int) -> str:
        return f"weight and {n} trough{'s' if n > 1 else ''}" if n else "weight alone"

    plain = [Arm(name(n), n) for n in range(design.most_levels + 1)]
    n = design.levels
    return (*plain, Arm(f"{name(n)} with saturation", n, n))


class Outcome(Struct, frozen=True):
    """An arm at one target.

    ``errors`` hold the predicted against the true trough at the chosen interval; ``fewer`` is 1
    minus the mean of standard over chosen interval; ``missed`` the share of people whose true
    trough is below the target although an interval longer than the standard was chosen, of
    all; ``not_reached`` the share predicted below it even at the standard interval, who keep
    that; ``low_trough`` the true trough that ``Design.low_share`` of people lie below.
    """

    arm: Arm
    target: float
    errors: Errors
    mean_error: float
    mean_week: float
    fewer: float
    missed: Share
    not_reached: float
    low_trough: float


class Calibration(Struct, frozen=True):
    """The posterior at the interval chosen in the published arm, for one target.

    ``forecast`` is the mean posterior probability that the true trough is below the target,
    ``found`` the share for whom it is; ``covered`` the share of true troughs inside the central
    interval of ``interval``.
    """

    target: float
    forecast: float
    found: Share
    covered: Share
    interval: float


def choose(by_week: Array, target: float) -> NDArray[np.intp]:
    """Column (N,) of the longest interval whose trough (N, W) reaches the target, else 0."""
    reached = by_week >= target
    last = by_week.shape[1] - 1 - np.argmax(reached[:, ::-1], axis=1)
    return np.where(reached.any(axis=1), last, 0)


def outcome(
    arm: Arm,
    design: Design,
    predicted: Array,
    true: Array,
    target: float,
    *,
    within_percent: float,
    confidence: float,
) -> Outcome:
    """Score predicted against true steady troughs (N, W) at one target."""
    chosen = choose(predicted, target)
    rows = np.arange(len(chosen))
    foreseen, real = predicted[rows, chosen], true[rows, chosen]
    weeks = design.weeks[chosen].astype(float)
    missed = float(((real < target) & (chosen > 0)).mean())
    return Outcome(
        arm=arm,
        target=target,
        errors=errors(foreseen, real, within_percent),
        mean_error=float((foreseen - real).mean()),
        mean_week=float(weeks.mean()),
        fewer=float(1.0 - (design.standard_week / weeks).mean()),
        missed=wilson(missed, len(rows), confidence),
        not_reached=float((predicted[:, 0] < target).mean()),
        low_trough=float(np.quantile(real, design.low_share)),
    )


class Fitted(Struct, frozen=True, eq=False):
    """An arm's most probable unknowns, and the steady troughs (N, W) they predict."""

    arm: Arm
    cohort: Cohort
    modes: Modes
    by_week: Array


def fit(card: Card, design: Design, people: People, arm: Arm, readout: Readout) -> Fitted:
    """Everybody's most probable unknowns from what the arm knows.

    Raises
    ------
    SolverError
        When the model cannot be solved for somebody.
    """
    cohort = observed(card, design, people, arm.levels, arm.saturations, readout)
    modes = find_modes(cohort)
    by_week = steady_troughs(card, design, people.weight_kg, modes.theta)
    return Fitted(arm, cohort, modes, by_week)


class Sampling(Struct, frozen=True):
    """How a posterior is drawn, and the central interval that is held against the truth.

    ``kept`` of the ``draws`` are carried to the steady state; above ``pareto_k_limit`` Markov
    chains take over.
    """

    draws: int
    kept: int
    pareto_k_limit: float
    interval: float


def posterior_troughs(
    design: Design,
    fitted: Fitted,
    person: int,
    weeks: Sequence[float],
    how: Sampling,
    generator: np.random.Generator,
) -> Array:
    """Posterior draws (n, len(weeks)) of one person's steady trough at some intervals."""
    subject, card = fitted.cohort.subjects[person], fitted.cohort.card
    alone = Cohort(card, [subject], Priors(), readouts=fitted.cohort.readouts)
    mode = fitted.modes.theta[person]
    drawn = sample_cohort(
        alone,
        len(subject.spans[0].time_day),
        mode,
        curvature(alone, mode),
        how.draws,
        generator,
        pareto_k_limit=how.pareto_k_limit,
    )
    kept = drawn.theta[:: max(1, how.draws // how.kept)]
    size = len(weeks)
    weight = float(subject.covariates["weight"][0]) if subject.covariates else 1.0
    steady = without_readings(card, [weight], [design.steady_span(w) for w in weeks])
    found = steady.predict(kept[:, None, :], SPREAD)
    require_solved(found.status)
    return found.concentration[:, :size]


class Worked(Struct, frozen=True, eq=False):
    """Some people of the study: troughs by interval, true (N, W) and predicted (arms, N, W).

    Of the published arm's posterior, per person and target (N, targets): the probability that
    the true trough is below the target, and whether it lies in the central interval.
    ``unsettled`` counts, per arm, searches that did not converge.
    """

    true: Array
    predicted: Array
    below: Array
    inside: NDArray[np.bool_]
    unsettled: tuple[int, ...]


def work(
    card: Card,
    design: Design,
    n: int,
    readout: Readout,
    how: Sampling,
    generator: np.random.Generator,
) -> Worked:
    """Draw ``n`` people and take them through every arm.

    Raises
    ------
    ModelError, SolverError
        When the card asks for more than weight, or cannot be solved for somebody.
    """
    people = virtual_people(card, design, n, generator, readout)
    fits = [fit(card, design, people, arm, readout) for arm in arms(design)]
    published = next(f for f in fits if f.arm.levels == design.levels and not f.arm.saturations)
    columns = [choose(published.by_week, t) for t in design.targets]
    targets, tail = np.array(design.targets), (1.0 - how.interval) / 2.0
    below = np.zeros((n, len(targets)))
    inside = np.zeros((n, len(targets)), bool)
    for i in range(n):
        weeks = [float(design.weeks[c[i]]) for c in columns]
        draws = posterior_troughs(design, published, i, weeks, how, generator)
        # Of n draws and the truth, exchangeable, this rule leaves out the tails exactly.
        low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0, method="weibull")
        real = np.array([people.true_by_week[i, c[i]] for c in columns])
        below[i] = (draws < targets).mean(axis=0)
        inside[i] = (real >= low) & (real <= high)
    return Worked(
        true=people.true_by_week,
        predicted=np.stack([f.by_week for f in fits]),
        below=below,
        inside=inside,
        unsettled=tuple(sum(s == "not converged" for s in f.modes.status) for f in fits),
    )


class Study(Struct, frozen=True):
    """The repeated study: an outcome per arm and target, and the posterior held to the truth."""

    people: int
    outcomes: tuple[Outcome, ...]
    calibrations: tuple[Calibration, ...]
    unsettled: int

    def of(self, arm: Arm, target: float) -> Outcome:
        """The outcome of an arm at a target."""
        return next(o for o in self.outcomes if o.arm == arm and o.target == target)


def summarise(
    design: Design,
    parts: Sequence[Worked],
    *,
    within_percent: float,
    confidence: float,
    interval: float,
) -> Study:
    """All parts of the study as one; their order does not matter to any number but rounding."""
    true = np.concatenate([p.true for p in parts])
    predicted = np.concatenate([p.predicted for p in parts], axis=1)
    below = np.concatenate([p.below for p in parts])
    inside = np.concatenate([p.inside for p in parts])
    named, n = arms(design), len(true)
    found = [
        outcome(arm, design, by_week, true, t, within_percent=within_percent, confidence=confidence)
        for arm, by_week in (*zip(named, predicted, strict=True), (PERFECT, true))
        for t in design.targets
    ]
    published = next(i for i, a in enumerate(named) if a.levels == design.levels)
    held = []
    for j, t in enumerate(design.targets):
        chosen = choose(predicted[published], t)
        under = float((true[np.arange(n), chosen] < t).mean())
        held.append(
            Calibration(
                target=t,
                forecast=float(below[:, j].mean()),
                found=wilson(under, n, confidence),
                covered=wilson(float(inside[:, j].mean()), n, confidence),
                interval=interval,
            )
        )
    unsettled = sum(sum(p.unsettled) for p in parts)
    return Study(n, tuple(found), tuple(held), unsettled)
