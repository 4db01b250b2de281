"""The numbers of a forecast as tables, with words on how far to trust them."""

from __future__ import annotations

import math
from datetime import timedelta

from msgspec import Struct

from openntz.definitions.level_causes import causes_text, next_steps
from openntz.forecast.assay_bias import SHOWN
from openntz.forecast.result import LevelVerdict, PersonForecast, Quantiles, TimeBelow
from openntz.report import words
from openntz.report.missed import missed
from openntz.report.no_drug import no_drug
from openntz.report.person import PersonReview

_USES = {
    "fitted": "used",
    "not a trough": "not used: not a trough",
    "impossible": "not used: cannot be true for this history",
    "censored above": "not used: above the limit of the test",
    "not usable": "not used",
}

# What varies between people in the model cards; each is the logarithm of own over typical.
_PARAMETERS = {
    "cl": "Clearance CL",
    "vc": "Central volume Vc",
    "vp": "Peripheral volume Vp",
    "q": "Exchange Q",
    "vmax": "Saturable elimination Vmax",
    "km": "Saturation level Km",
    "ka": "Absorption ka",
    "f": "Bioavailability F",
}


class DayRow(Struct, frozen=True):
    """The forecast of one day after the last dose."""

    day: int
    date: str
    level: str
    level_interval: str
    saturation: str
    saturation_interval: str
    chances: tuple[str, ...]


class FallRow(Struct, frozen=True):
    """When the level falls below a threshold."""

    threshold: str
    date: str
    days: str
    interval: str


class LevelRow(Struct, frozen=True):
    """One measured level and what became of it."""

    place: str
    date: str
    value: str
    use: str
    reason: str
    expected: str
    causes: str = ""
    next_steps: str = ""


class ParameterRow(Struct, frozen=True):
    """One parameter of the person against the typical one."""

    name: str
    value: str
    detail: str


class Numbers(Struct, frozen=True):
    """Everything computed about one person, as text."""

    computed: bool
    reason: str
    targets: tuple[str, ...]
    days: tuple[DayRow, ...]
    falls: tuple[FallRow, ...]
    levels: tuple[LevelRow, ...]
    trust: str
    weight: str
    parameters: tuple[ParameterRow, ...]
    model: str
    card_hash: str
    saturation_models: tuple[str, ...]
    without_drug: str
    seed: int
    last_dose: str


def trust(forecast: PersonForecast, limit: float) -> str:
    """Pareto k and effective draws in words, ``limit`` being the k not to be exceeded."""
    if not forecast.computed:
        return ""
    if forecast.pareto_k is None:
        return "no level was fitted, so there is no fit to check"
    draws = (
        f", worth {forecast.effective_draws:.0f} independent draws"
        if forecast.effective_draws is not None
        else ""
    )
    verdict = "good" if forecast.pareto_k <= limit else "do not rely on the interval"
    if forecast.contradiction:
        verdict = "no: measured levels do not agree with it"
    return f"{verdict} (Pareto k {forecast.pareto_k:.2f}, limit {words.number(limit)}{draws})"


def _between(low: float | None, high: float | None, last: str) -> str:
    def text(x: float | None) -> str:
        return last if x is None else f"{x:.0f}"

    return f"{text(low)} to {text(high)}"


def _fall(row: TimeBelow, forecast: PersonForecast) -> FallRow:
    threshold = f"{words.number(row.threshold_ug_per_ml)} µg/mL"
    if row.median is None or forecast.last_dose is None:
        return FallRow(threshold, "later than computed", "", _between(row.p05, row.p95, "later"))
    day = forecast.last_dose + timedelta(days=row.median)
    return FallRow(
        threshold,
        day.date().isoformat(),
        f"{row.median:.0f}",
        _between(row.p05, row.p95, "later"),
    )


def _day(day: int, pair: tuple[Quantiles, Quantiles], forecast: PersonForecast) -> DayRow:
    level, saturation = pair
    when = forecast.last_dose + timedelta(days=day) if forecast.last_dose else None
    chances = forecast.probability_by_day.get(day, {})
    return DayRow(
        day,
        words.day(when) if when else "",
        words.level(level.median),
        words.level_range(level.p05, level.p95),
        words.percent(saturation.median),
        words.percent_range(saturation.p05, saturation.p95),
        tuple(words.chance(chances[t]) for t in sorted(chances, reverse=True)),
    )


def _level(verdict: LevelVerdict, forecast: PersonForecast) -> LevelRow:
    use = _USES.get(verdict.use, verdict.use)
    if verdict.use == "fitted" and not forecast.computed:
        use = "not used: no forecast"
    else:
        use += ", unusual" if verdict.unusual else ""
        use += "; the curve misses it" if missed(verdict, forecast.curve) else ""
    expected = ""
    if verdict.predicted is not None and verdict.low is not None and verdict.high is not None:
        ends = words.level_range(verdict.low, verdict.high)
        expected = f"{words.level(verdict.predicted)} ({ends})"
    value = "no number" if verdict.value is None else f"{verdict.censor}{verdict.value:g} µg/mL"
    return LevelRow(
        f"measurements:{verdict.line}",
        verdict.at.strftime("%Y-%m-%d %H:%M"),
        value,
        use,
        words.prose(verdict.reason),
        expected,
        words.prose(causes_text(verdict)),
        words.prose(next_steps(verdict)),
    )


def _parameter(name: str, mean: float, sd: float) -> ParameterRow:
    if name.startswith(SHOWN):
        return ParameterRow(
            name.capitalize(), f"× {mean:.2f}", f"standard deviation {sd:.2f}; 1 is no bias"
        )
    if name not in _PARAMETERS:
        return ParameterRow(name.capitalize(), f"× {mean:.1f}", f"standard deviation {sd:.1f}")
    return ParameterRow(
        f"{_PARAMETERS[name]}, against a typical person",
        f"× {math.exp(mean):.2f}",
        f"eta {mean:+.2f}, standard deviation {sd:.2f}",
    )


def numbers(person: PersonReview, pareto_k_limit: float) -> Numbers:
    """The tables below the findings."""
    f = person.forecast
    background = no_drug(f.saturation_models)
    targets = sorted({t for row in f.probability_by_day.values() for t in row}, reverse=True)
    return Numbers(
        computed=f.computed,
        reason=words.prose(f.reason),
        targets=tuple(words.number(t) for t in targets),
        days=tuple(_day(d, f.by_day[d], f) for d in sorted(f.by_day)) if f.computed else (),
        falls=tuple(_fall(b, f) for b in f.below) if f.computed else (),
        levels=tuple(_level(v, f) for v in f.levels),
        trust=trust(f, pareto_k_limit),
        weight=f"{words.number(f.weight_kg)} kg" if f.weight_kg is not None else "not recorded",
        parameters=tuple(_parameter(name, *value) for name, value in f.parameters.items()),
        model=f.model,
        card_hash=f.card_hash,
        saturation_models=f.saturation_models,
        without_drug=background.sentence if f.computed and background else "",
        seed=f.seed,
        last_dose=words.day(f.last_dose) if f.last_dose else "",
    )
