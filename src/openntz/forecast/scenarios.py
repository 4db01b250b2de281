"""What-ifs as numbers: troughs to come, days spent low, and the fall without doses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.forecast.fit import Fit
from openntz.forecast.predict import level_and_saturation, quantiles, time_below
from openntz.forecast.result import Quantiles, TimeBelow
from openntz.forecast.settings import Settings
from openntz.forecast.what_if import Future, levels_under
from openntz.models.saturation import SaturationCard

Array = NDArray[np.float64]


class Asked(Struct, frozen=True):
    """A moment to show: what it is, its date, and its day from the history's origin."""

    label: str
    day: date
    at: float


class Moment(Struct, frozen=True):
    """Level and saturation at a moment, and the chances of reaching each level (ug/mL)."""

    label: str
    day: date
    level: Quantiles
    saturation: Quantiles
    reaches: Mapping[float, float]


class Scenario(Struct, frozen=True, kw_only=True):
    """One supposed future.

    ``days_below`` maps a level (ug/mL) to the days spent below it over the ``span_days`` that
    all scenarios of one answer share; ``falls`` counts days from the last recorded dose and is
    there where no dose follows. ``notes`` say what was assumed.
    """

    name: str
    title: str
    moments: tuple[Moment, ...]
    span_days: int
    days_below: Mapping[float, Quantiles]
    falls: tuple[TimeBelow, ...]
    notes: tuple[str, ...]


class Supposed(Struct, frozen=True, kw_only=True):
    """A scenario to compute."""

    name: str
    title: str
    future: Future
    moments: tuple[Asked, ...]
    notes: tuple[str, ...] = ()


class Span(Struct, frozen=True, kw_only=True):
    """The time all scenarios share; days from the history's origin."""

    now: float
    days: int
    last_dose: float


def compute(
    fit: Fit,
    supposed: Supposed,
    span: Span,
    cards: Sequence[SaturationCard],
    settings: Settings,
    generator: np.random.Generator,
) -> Scenario:
    """The numbers of one supposed future.

    Raises
    ------
    InputError
        When a weight is to change that is not recorded.
    SolverError
        When the model cannot be solved, or has no such route.
    """
    moments = np.array([m.at for m in supposed.moments])
    daily = span.now + np.arange(float(span.days))
    ends = not supposed.future.doses
    # Whole days after the last dose, from now on, so that the fall starts where it stands.
    since = np.ceil(span.now - span.last_dose)
    fall = np.arange(since, settings.below_horizon_days + 1) if ends else np.empty(0)
    asked = np.concatenate([moments, daily, span.last_dose + fall])
    solved = fit.ask(lambda problem, theta: levels_under(problem, theta, supposed.future, asked))
    at, low = solved[:, : len(moments)], solved[:, len(moments) : len(moments) + len(daily)]
    level, saturation = level_and_saturation(at, cards, settings.low, settings.high, generator)
    targets = settings.targets_ug_per_ml
    days = np.stack([(low < t).sum(axis=1) for t in targets], axis=1).astype(float)
    bottom, middle, top = quantiles(days, (settings.low, 0.5, settings.high))
    falling = solved[:, len(moments) + len(daily) :]
    return Scenario(
        name=supposed.name,
        title=supposed.title,
        moments=tuple(
            Moment(
                m.label,
                m.day,
                level.at(i),
                saturation.at(i),
                {t: float((at[:, i] >= t).mean()) for t in targets},
            )
            for i, m in enumerate(supposed.moments)
        ),
        span_days=span.days,
        days_below={
            t: Quantiles(float(middle[i]), float(bottom[i]), float(top[i]))
            for i, t in enumerate(targets)
        },
        falls=tuple(time_below(fall, falling, t, settings.low, settings.high) for t in targets)
        if len(fall) > 1
        else (),
        notes=supposed.notes,
    )
