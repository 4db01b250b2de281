"""Virtual people under a card: who they are, what is measured, what each interval gives them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.errors import ModelError
from openntz.evidence.registry import Registry
from openntz.forecast.assumptions import Priors, Readout
from openntz.forecast.cohort import SMOOTH, Cohort, require_solved
from openntz.forecast.likelihood import Kind
from openntz.forecast.predictive import Predictive
from openntz.forecast.subject import Observations, Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import Card
from openntz.models.residual import Residual

Array = NDArray[np.float64]

WEEK: Final = 7.0
_PER_CENT: Final = 100.0
_MINUTES: Final = 1440.0
_ORIGIN: Final = np.array([-1.0])


class Design(Struct, frozen=True, kw_only=True):
    """The study that is repeated; every field is a fact (``evaluate.virtual.``, ``dosing.``)."""

    dose_mg: float
    infusion_minutes: float
    standard_week: int
    longest_week: int
    steady_after_week: float
    last_trough: int
    levels: int
    most_levels: int
    targets: tuple[float, ...]
    weight_median_kg: float
    weight_cv_percent: float
    lightest_kg: float
    heaviest_kg: float
    saturation_error: float
    low_share: float

    @classmethod
    def from_registry(cls, facts: Registry) -> Design:
        """The design from the shipped registry or one with a site's decisions."""

        def number(name: str) -> float:
            return facts.fact(name).number

        own = "evaluate.virtual."
        return cls(
            dose_mg=number(own + "dose"),
            infusion_minutes=number("forecast.infusion-duration"),
            standard_week=round(number("dosing.label-interval")),
            longest_week=round(number(own + "longest-interval")),
            steady_after_week=number(own + "steady-after"),
            last_trough=round(number(own + "last-trough")),
            levels=round(number(own + "levels")),
            most_levels=round(number(own + "most-levels")),
            targets=tuple(float(t) for t in str(facts.fact(own + "targets").value).split()),
            weight_median_kg=number("forecast.weight-unknown-median"),
            weight_cv_percent=number("forecast.weight-unknown-cv"),
            lightest_kg=number(own + "lightest"),
            heaviest_kg=number(own + "heaviest"),
            low_share=number(own + "low-trough") / _PER_CENT,
            saturation_error=number("readout.saturation-residual") / _PER_CENT,
        )

    @property
    def weeks(self) -> NDArray[np.int64]:
        """The intervals to choose from, in weeks, ascending."""
        return np.arange(self.standard_week, self.longest_week + 1)

    def doses(self, week: float, count: int) -> Schedule:
        """``count`` doses every ``week`` weeks from day 0."""
        return Schedule(
            start_day=np.arange(count, dtype=np.float64) * (week * WEEK),
            duration_day=np.full(count, self.infusion_minutes / _MINUTES),
            amount_mg=np.full(count, self.dose_mg),
            subcutaneous=np.zeros(count, bool),
        )

    def trough_days(self, count: int) -> Array:
        """Days of the last ``count`` troughs at the standard interval, ascending."""
        before = np.arange(self.last_trough - count, self.last_trough, dtype=np.float64)
        return before * (self.standard_week * WEEK)

    def measured_span(self, count: int) -> Span:
        """Standard dosing up to the last trough, asked for the last ``count`` troughs."""
        # The dose a trough is drawn before is the next one: it never counts itself.
        return Span(
            self.doses(self.standard_week, self.last_trough - 1), _ORIGIN, self.trough_days(count)
        )

    def steady_span(self, week: float) -> Span:
        """Dosing every ``week`` weeks until steady, asked for the trough after the last dose."""
        count = math.ceil(self.steady_after_week / week)
        return Span(self.doses(week, count), _ORIGIN, np.array([count * week * WEEK]))


class People(Struct, frozen=True, eq=False):
    """N virtual people: weight (N,), unknowns (N, p), true and measured troughs (N, m).

    ``true_by_week`` (N, W) holds the true steady trough at each interval of the design.
    """

    weight_kg: Array
    theta: Array
    trough: Array
    measured: Array
    saturation: Array
    true_by_week: Array

    @property
    def count(self) -> int:
        """Number of people N."""
        return len(self.weight_kg)


def _subject(card: Card, weight: float, spans: Sequence[Span], seen: Observations) -> Subject:
    size = sum(len(span.segment_day) for span in spans)
    asked = {c.name for c in card.covariates}
    return Subject(
        id="",
        spans=tuple(spans),
        covariates=MappingProxyType({"weight": np.full(size, weight)} if "weight" in asked else {}),
        occasion=np.zeros(size, np.int64),
        raised=np.zeros(size),
        observations=seen,
    )


def without_readings(card: Card, weights: Iterable[float], spans: Sequence[Span]) -> Cohort:
    """People of some weights (kg), all dosed by the same spans, of whom nothing is measured."""
    nothing = Observations.levels(np.empty(0, np.int64), np.empty(0))
    return Cohort(card, [_subject(card, float(w), spans, nothing) for w in weights], Priors())


def steady_troughs(card: Card, design: Design, weights: Array, theta: Array) -> Array:
    """Steady troughs (N, W) at each interval of the design, of unknowns (N, p).

    Raises
    ------
    SolverError
        When the model cannot be solved for somebody.
    """
    cohort = without_readings(card, weights, [design.steady_span(float(w)) for w in design.weeks])
    found = cohort.predict(theta[None], SMOOTH)
    require_solved(found.status)
    return found.concentration[0].reshape(len(weights), -1)


def _weights(design: Design, n: int, generator: np.random.Generator) -> Array:
    log_sd = math.sqrt(math.log1p((design.weight_cv_percent / _PER_CENT) ** 2))
    found = np.empty(0)
    while len(found) < n:
        drawn = design.weight_median_kg * np.exp(log_sd * generator.standard_normal(n))
        inside = (drawn >= design.lightest_kg) & (drawn <= design.heaviest_kg)
        found = np.concatenate([found, drawn[inside]])
    return found[:n]


def virtual_people(
    card: Card, design: Design, n: int, generator: np.random.Generator, readout: Readout
) -> People:
    """Draw people from the card's population, and what a laboratory measures of them.

    Raises
    ------
    ModelError
        When the card asks for covariates other than weight.
    SolverError
        When the model cannot be solved for somebody.
    """
    others = [c.name for c in card.covariates if c.name != "weight"]
    if others:
        raise ModelError(
            f"the virtual study knows no {others[0]}.",
            where=card.id,
            remedy="Choose a card whose only covariate is weight.",
        )
    weights = _weights(design, n, generator)
    root = np.linalg.cholesky(card.omega)
    theta = generator.standard_normal((n, len(root))) @ root.T
    cohort = without_readings(card, weights, [design.measured_span(design.most_levels)])
    found = cohort.predict(theta[None], SMOOTH)
    require_solved(found.status)
    trough = found.concentration[0].reshape(n, -1)
    measured = Predictive(trough, card.residual).draw(generator)
    error: Residual = readout.residual
    saturation = Predictive(readout.of(trough)[0], error).draw(generator)
    return People(
        weight_kg=weights,
        theta=theta,
        trough=trough,
        measured=measured,
        saturation=saturation,
        true_by_week=steady_troughs(card, design, weights, theta),
    )


def observed(
    card: Card,
    design: Design,
    people: People,
    levels: int,
    readings: int,
    readout: Readout,
) -> Cohort:
    """The people as known from weight, the last ``levels`` troughs and saturations there."""
    span = design.measured_span(design.most_levels)
    first = design.most_levels
    column = np.concatenate(
        [np.arange(first - levels, first), np.arange(first - readings, first)]
    ).astype(np.int64)
    kinds = np.repeat([0, 1], [levels, readings])
    subjects = []
    for i in range(people.count):
        values = np.concatenate(
            [people.measured[i, first - levels :], people.saturation[i, first - readings :]]
        )
        seen = Observations(
            column=column,
            value=values,
            kind=np.full(len(values), int(Kind.QUANTIFIED)),
            readout=kinds,
            laboratory=np.full(len(values), -1),
        )
        subjects.append(_subject(card, float(people.weight_kg[i]), [span], seen))
    return Cohort(card, subjects, Priors(), readouts=(readout,))
