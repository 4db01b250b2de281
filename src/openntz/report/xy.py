"""Charts of one number against another as static SVG: no script, colours by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from openntz.report.charts import Scale
from openntz.report.svg_marks import escape, px, text
from openntz.report.words import short

_LEFT: Final = 58.0
_RIGHT: Final = 14.0
_TOP: Final = 46.0
_BOTTOM: Final = 40.0
_DOT: Final = 2.6


class Axis(Struct, frozen=True):
    """A scale with its title; ``labels`` replace the numbers at its ticks."""

    scale: Scale
    title: str
    labels: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[tuple[float, str], ...]:
        """Ticks with what is written there."""
        words = self.labels or tuple(short(t) for t in self.scale.ticks)
        return tuple(zip(self.scale.ticks, words, strict=True))


class Curve(Struct, frozen=True):
    """A line through points (x, y), or an area between two when ``upper`` is given."""

    tone: str
    points: tuple[tuple[float, float], ...]
    name: str = ""
    upper: tuple[tuple[float, float], ...] = ()


class Dots(Struct, frozen=True):
    """Points (x, y) of one tone, each with an optional tooltip."""

    tone: str
    points: tuple[tuple[float, float], ...]
    name: str = ""
    titles: tuple[str, ...] = ()


class Bars(Struct, frozen=True):
    """Bars from the bottom of the chart: (from x, to x, height)."""

    tone: str
    bars: tuple[tuple[float, float, float], ...]
    name: str = ""


Layer = Curve | Dots | Bars


class XyChart(Struct, frozen=True):
    """A chart, back to front; ``summary`` says in words what it shows."""

    title: str
    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    summary: str
    width: float = 460.0
    height: float = 300.0


class _Sheet:
    """Where numbers lie on the drawing."""

    def __init__(self, chart: XyChart) -> None:
        self.chart = chart
        self.left, self.right = _LEFT, chart.width - _RIGHT
        self.top, self.bottom = _TOP, chart.height - _BOTTOM

    def x(self, value: float) -> float:
        """Horizontal place, kept on the sheet."""
        part = min(max(self.chart.x.scale.fraction(value), 0.0), 1.0)
        return self.left + part * (self.right - self.left)

    def y(self, value: float) -> float:
        """Vertical place, kept on the sheet."""
        part = min(max(self.chart.y.scale.fraction(value), 0.0), 1.0)
        return self.bottom - part * (self.bottom - self.top)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        """Points as an attribute value."""
        return " ".join(f"{px(self.x(a))},{px(self.y(b))}" for a, b in points)


def _frame(chart: XyChart, at: _Sheet) -> str:
    parts = [text(0, 14, chart.title, "title")]
    grid = "".join(f"M{px(at.left)} {px(at.y(t))}H{px(at.right)}" for t in chart.y.scale.ticks)
    parts.append(f'<path class="grid" d="{grid}"/>')
    parts += [text(at.left - 7, at.y(t) + 4, w, "tick", "end") for t, w in chart.y.named]
    parts += [text(at.x(t), at.bottom + 15, w, "tick", "middle") for t, w in chart.x.named]
    parts.append(
        f'<path class="frame" d="M{px(at.left)} {px(at.top)}V{px(at.bottom)}H{px(at.right)}"/>'
    )
    middle = (at.left + at.right) / 2
    parts.append(text(middle, at.bottom + 32, chart.x.title, "unit", "middle"))
    parts.append(text(0, 30, chart.y.title, "unit"))
    return "".join(parts)


def _layer(layer: Layer, at: _Sheet) -> str:
    name = f"<title>{escape(layer.name)}</title>" if layer.name else ""
    if isinstance(layer, Bars):
        drawn = []
        for first, last, height in layer.bars:
            left, right, top = at.x(first), at.x(last), at.y(height)
            drawn.append(
                f'<rect class="xy-bar {layer.tone}" x="{px(left + 1)}" y="{px(top)}" '
                f'width="{px(right - left - 2)}" height="{px(at.bottom - top)}">{name}</rect>'
            )
        return "".join(drawn)
    if isinstance(layer, Curve):
        if layer.upper:
            edge = at.path((*layer.points, *reversed(layer.upper)))
            return f'<polygon class="band {layer.tone}" points="{edge}">{name}</polygon>'
        return (
            f'<polyline class="line {layer.tone}" points="{at.path(layer.points)}">'
            f"{name}</polyline>"
        )
    titles = layer.titles or ("",) * len(layer.points)
    return "".join(
        f'<circle class="xy-dot {layer.tone}" cx="{px(at.x(a))}" cy="{px(at.y(b))}" r="{_DOT}">'
        + (f"<title>{escape(t)}</title>" if t else name)
        + "</circle>"
        for (a, b), t in zip(layer.points, titles, strict=True)
    )


def draw_xy(chart: XyChart) -> str:
    """The chart as an ``<svg>`` element; equal charts give equal text."""
    at = _Sheet(chart)
    head = (
        f'<svg class="picture xy" viewBox="0 0 {px(chart.width)} {px(chart.height)}" role="img" '
        f'aria-label="{escape(chart.summary)}">'
    )
    return "".join([head, _frame(chart, at), *(_layer(la, at) for la in chart.layers), "</svg>"])
