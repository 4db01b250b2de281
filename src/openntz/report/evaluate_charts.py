"""The pictures of an evaluation: calibration, measured against forecast, check, drift."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
from scipy.stats import binom

from openntz.forecast.likelihood import Kind
from openntz.forecast.scoreboard import Evaluation, Forecast, Series
from openntz.forecast.virtual_study import Study
from openntz.report.charts import Linear, Log
from openntz.report.evaluate_words import per_cent
from openntz.report.words import count, short
from openntz.report.xy import Axis, Bars, Curve, Dots, XyChart

_LEVELS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


def _log_levels(values: Sequence[float], title: str) -> Axis:
    positive = [v for v in values if v > 0.0] or [1.0]
    low = max((t for t in _LEVELS if t <= min(positive)), default=_LEVELS[0])
    high = min((t for t in _LEVELS if t >= max(positive)), default=_LEVELS[-1])
    if low >= high:
        low, high = low / 2.0, high * 2.0
    return Axis(Log(low, high, tuple(t for t in _LEVELS if low <= t <= high)), title)


def _steps(top: float, most: int = 5) -> tuple[float, ...]:
    """Round ticks from 0 to about ``top``."""
    raw = max(top, 1e-9) / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if size * m >= raw)
    return tuple(step * i for i in range(math.ceil(top / step - 1e-9) + 1))


def calibration_chart(found: Evaluation) -> XyChart:
    """Shares of levels per part of their forecast, with the range chance alone gives."""
    bins, n = len(found.pit), max(len(found.scored), 1)
    tail = (1.0 - found.rules.confidence) / 2.0
    low, high = (float(binom.ppf(p, n, 1.0 / bins)) / n for p in (tail, 1.0 - tail))
    top = max(float(found.pit.max()), high)
    ticks = _steps(top)
    edges = np.linspace(0.0, 1.0, bins + 1)
    bars = tuple(
        (float(a), float(b), float(h))
        for a, b, h in zip(edges[:-1], edges[1:], found.pit, strict=True)
    )
    ends = (0.0, 1.0)
    return XyChart(
        title="Calibration",
        x=Axis(Linear(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0)), "place of the level in its forecast"),
        y=Axis(Linear(0.0, ticks[-1], ticks), "share", tuple(f"{100 * t:g} %" for t in ticks)),
        layers=(
            Curve(
                "saturation",
                tuple((e, low) for e in ends),
                "expected by chance if calibrated",
                tuple((e, high) for e in ends),
            ),
            Bars("level", bars, "levels"),
            Curve("even", tuple((e, 1.0 / bins) for e in ends), "calibrated"),
        ),
        summary=f"Shares of {n} levels in {bins} equal parts of their forecast distributions: "
        + ", ".join(f"{100 * h:.0f} %" for h in found.pit)
        + f". Calibrated would be {100 / bins:g} % each.",
    )


def _tip(r: Forecast) -> str:
    return f"{r.person} {r.day}: {short(r.value or 0.0)} measured, {r.predicted:.3g} forecast"


def scatter_chart(found: Evaluation) -> XyChart:
    """Measured numbers against their forecast median."""
    rows = [r for r in found.scored if r.kind is Kind.QUANTIFIED and r.value]
    pairs = tuple((r.predicted, float(r.value or 0.0)) for r in rows)
    both = [v for pair in pairs for v in pair]
    x, y = _log_levels(both, "forecast median, µg/mL"), _log_levels(both, "measured, µg/mL")
    low, high = x.scale.low, x.scale.high
    share = found.rules.within_percent / 100.0
    # |predicted - measured| / measured <= share, solved for measured.
    near, far = 1.0 / (1.0 + share), 1.0 / (1.0 - share)
    steps = [float(v) for v in np.geomspace(low, high, 40)]
    return XyChart(
        title="Measured against forecast",
        x=x,
        y=y,
        layers=(
            Curve(
                "saturation",
                tuple((v, v * near) for v in steps),
                f"within {short(found.rules.within_percent)} %",
                tuple((v, v * far) for v in steps),
            ),
            Curve("even", ((low, low), (high, high)), "measured as forecast"),
            Dots("level", pairs, titles=tuple(_tip(r) for r in rows)),
        ),
        summary=f"{count(len(rows), 'level')} reported as numbers against their forecast median.",
    )


def vpc_chart(found: Evaluation) -> XyChart:
    """Percentiles of measured levels against those of simulated studies."""
    bins = found.vpc
    values = [v for b in bins for v in b.measured if v is not None]
    values += [v for b in bins for s in b.simulated for v in s if v > 0.0]
    y = _log_levels(values, "µg/mL, corrected to the typical prediction of the bin")
    floor = y.scale.low
    first = 7.0 * math.floor((min(b.first_day for b in bins) - 2.0) / 7.0)
    last = 7.0 * math.ceil((max(b.last_day for b in bins) + 2.0) / 7.0)
    step = 7.0 if last - first <= 49.0 else 14.0
    ticks = tuple(float(t) for t in np.arange(first, last + 1.0, step))
    layers: list[Curve | Dots] = []
    for i, share in enumerate(found.rules.vpc_percentiles):
        tone = "level" if i == 1 else "saturation"
        name = f"{short(100 * share)}th percentile"
        for b in bins:
            ends = (b.first_day - 0.5, b.last_day + 0.5)
            low, high = (max(b.simulated[i][j], floor) for j in (0, 2))
            shown = "below the limit" if b.measured[i] is None else f"{b.measured[i]:.3g}"
            layers.append(
                Curve(
                    tone,
                    tuple((e, low) for e in ends),
                    f"{name}, simulated",
                    tuple((e, high) for e in ends),
                )
            )
            layers.append(
                Curve(
                    tone,
                    tuple((e, b.measured[i] or floor) for e in ends),
                    f"{name}, {b.count} measured: {shown}",
                )
            )
    return XyChart(
        title="Visual predictive check",
        x=Axis(
            Linear(first, last, ticks), "days after the last dose; lines measured, areas simulated"
        ),
        y=y,
        layers=tuple(layers),
        summary=f"Prediction-corrected visual predictive check in {count(len(bins), 'bin')}.",
    )


def _years(first: date, last: date) -> tuple[tuple[float, str], ...]:
    return tuple(
        (float(date(y, 1, 1).toordinal()), str(y)) for y in range(first.year, last.year + 2)
    )


def drift_chart(series: Series, found: Evaluation) -> XyChart:
    """The two sums of one assay over the calendar, and the limit they must not pass."""
    days = [float(r.day.toordinal()) for r in series.rows]
    years = _years(series.rows[0].day, series.rows[-1].day)
    limit = series.drift.limit
    top = max(float(series.drift.up.max()), float(series.drift.down.max()), limit)
    ticks = _steps(top)
    scale = Linear(years[0][0], years[-1][0], tuple(t for t, _ in years))
    ends = (years[0][0], years[-1][0])
    layers: list[Curve | Dots] = [
        Curve("alarm", tuple((e, limit) for e in ends), "limit"),
        Curve("level", tuple(zip(days, series.drift.up.tolist(), strict=True)), "higher"),
        Curve("saturation", tuple(zip(days, series.drift.down.tolist(), strict=True)), "lower"),
    ]
    if series.drift.alarm is not None:
        at = series.drift.alarm
        sums = series.drift.up if series.drift.direction == "higher" else series.drift.down
        title = f"alarm {series.rows[at].day}"
        layers.append(Dots("alarm", ((days[at], float(sums[at])),), titles=(title,)))
    chance = per_cent(found.rules.false_alarm)
    return XyChart(
        title=series.name,
        x=Axis(scale, "", tuple(w for _, w in years)),
        y=Axis(Linear(0.0, ticks[-1], ticks), f"cumulative sum; limit {limit:.1f} ({chance})"),
        layers=tuple(layers),
        summary=f"Cumulative sums of {len(days)} standardised errors of {series.name}; "
        + (
            f"alarm on {series.rows[series.drift.alarm].day}."
            if series.drift.alarm
            else "no alarm."
        ),
        height=220.0,
    )


_TONES: Final = ("level", "saturation", "alarm")


def learning_chart(study: Study, targets: Sequence[float]) -> XyChart:
    """Error of the predicted trough by the number of troughs it rests on, per target."""
    plain = [o for o in study.outcomes if o.arm.levels >= 0 and not o.arm.saturations]
    extra = [o for o in study.outcomes if o.arm.saturations]
    top = max((o.errors.rmse or 0.0) for o in plain)
    most = max(o.arm.levels for o in plain)
    ticks = _steps(top)
    layers: list[Curve | Dots] = []
    for tone, target in zip(_TONES, targets, strict=False):
        points = tuple(
            (float(o.arm.levels), o.errors.rmse or 0.0) for o in plain if o.target == target
        )
        tips = tuple(f"target {target:g}, {n:g} troughs: RMSE {e:.2f}" for n, e in points)
        name = f"target {target:g} µg/mL"
        layers += [Curve(tone, points, name), Dots(tone, points, titles=tips)]
        with_saturation = tuple(
            (float(o.arm.levels), o.errors.rmse or 0.0) for o in extra if o.target == target
        )
        tips = tuple(f"target {target:g}, with saturation: {e:.2f}" for _, e in with_saturation)
        layers.append(Dots(f"{tone} open", with_saturation, titles=tips))
    return XyChart(
        title="What each further trough buys",
        x=Axis(Linear(0.0, most + 0.2, tuple(map(float, range(most + 1)))), "troughs known"),
        y=Axis(Linear(0.0, ticks[-1], ticks), "RMSE, µg/mL"),
        layers=tuple(layers),
        summary="Root mean square error of the predicted trough by troughs known, per target.",
    )
