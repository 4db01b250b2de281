"""Pictures of an analysis: lines over a number, and estimates with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from openntz.reanalyse.result import Estimate, Figure, Line
from openntz.report.charts import Linear, Log
from openntz.report.svg_marks import escape, px, text
from openntz.report.words import short
from openntz.report.xy import Axis, Curve, XyChart, draw_xy

TONES: Final = ("tone-1", "tone-2", "tone-3", "tone-4", "tone-5", "tone-6")
_MOST_TICKS: Final = 6
_ROW: Final = 26.0
_NAMES: Final = 170.0
_WIDTH: Final = 520.0
_LONGEST_NAME: Final = 26


def ticks(low: float, high: float) -> tuple[float, ...]:
    """Round numbers from at most ``low`` to at least ``high``."""
    span = max(high - low, 1e-9)
    raw = span / (_MOST_TICKS - 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1.0, 2.0, 2.5, 5.0, 10.0) if size * m >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(step * i for i in range(first, last + 1))


def _stairs(line: Line) -> tuple[tuple[float, float], ...]:
    points = tuple(zip(line.x, line.y, strict=True))
    if not line.steps:
        return points
    corners = [points[0]]
    for (_, before), (x, y) in pairwise(points):
        corners += [(x, before), (x, y)]
    return tuple(corners)


def _band(line: Line, ends: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return _stairs(Line(line.name, line.x, tuple(ends), steps=line.steps))


def _across(figure: Figure, xs: Sequence[float]) -> Linear | Log:
    """The horizontal scale; a logarithmic one has its ticks at powers of ten and their thirds."""
    low, high = min(xs, default=0.0), max(xs, default=1.0)
    if figure.x_scale == "log" and low > 0:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        marks = [m * 10.0**e for e in range(first, last + 1) for m in (1.0, 3.0)]
        kept = tuple(m for m in marks if low <= m <= high)
        return Log(low, high, kept)
    marks_linear = ticks(low, high)
    return Linear(marks_linear[0], marks_linear[-1], marks_linear)


def lines_chart(figure: Figure) -> XyChart:
    """Lines over a number; a share has an axis from 0 to 100 %."""
    xs = [x for line in figure.lines for x in line.x]
    ys = [y for line in figure.lines for y in (*line.y, *line.high)]
    across = _across(figure, xs)
    shares = figure.y.startswith("share")
    up = (0.0, 0.25, 0.5, 0.75, 1.0) if shares else ticks(min(0.0, *ys), max(ys, default=1.0))
    layers: list[Curve] = []
    for tone, line in zip(TONES, figure.lines, strict=False):
        if line.low and line.high:
            layers.append(Curve(tone, _band(line, line.low), upper=_band(line, line.high)))
        layers.append(Curve(tone, _stairs(line), line.name))
    return XyChart(
        title=figure.title,
        x=Axis(across, figure.x),
        y=Axis(
            Linear(up[0], up[-1], up),
            figure.y,
            tuple(f"{100 * t:g} %" for t in up) if shares else (),
        ),
        layers=tuple(layers),
        summary=figure.summary or figure.title,
        width=520.0,
        height=310.0,
    )


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def forest(figure: Figure) -> str:
    """Estimates one below the other with their intervals, as an ``<svg>`` element."""
    rows: Sequence[Estimate] = figure.estimates
    marks = ticks(min(0.0, *(r.low for r in rows)), max(r.high for r in rows))
    low, high = marks[0], marks[-1]
    height = 44.0 + _ROW * len(rows) + 40.0
    bottom = height - 40.0

    def at(value: float) -> float:
        return _NAMES + (value - low) / (high - low) * (_WIDTH - _NAMES - 16.0)

    shares = figure.x.startswith("share")
    parts = [
        f'<svg class="picture xy" viewBox="0 0 {px(_WIDTH)} {px(height)}" role="img" '
        f'aria-label="{escape(figure.summary or figure.title)}">',
        text(0, 14, figure.title, "title"),
        f'<path class="frame" d="M{px(_NAMES)} {px(bottom)}H{px(_WIDTH - 16)}"/>',
    ]
    for mark in marks:
        told = f"{100 * mark:g} %" if shares else short(mark)
        parts.append(text(at(mark), bottom + 15, told, "tick", "middle"))
        parts.append(f'<path class="grid" d="M{px(at(mark))} 30V{px(bottom)}"/>')
    parts.append(text((_NAMES + _WIDTH) / 2, bottom + 32, figure.x, "unit", "middle"))
    for i, row in enumerate(rows):
        y = 44.0 + _ROW * i
        title = f"<title>{escape(row.name)}</title>"
        parts.append(f"<g>{title}{text(_NAMES - 10, y + 4, _shown(row.name), 'tick', 'end')}</g>")
        parts.append(
            f'<path class="line tone-1" d="M{px(at(row.low))} {px(y)}H{px(at(row.high))}"/>'
        )
        parts.append(f'<circle class="xy-dot solid" cx="{px(at(row.value))}" cy="{px(y)}" r="4"/>')
    return "".join([*parts, "</svg>"])


def draw(figure: Figure) -> Markup:
    """A figure of an analysis as an ``<svg>`` element; '' where there is nothing to draw."""
    if figure.estimates:
        return Markup(forest(figure))
    if figure.lines:
        return Markup(draw_xy(lines_chart(figure)))
    return Markup("")
