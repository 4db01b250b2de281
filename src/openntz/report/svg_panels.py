"""Panels as SVG text: plots with a value axis, lanes, and the one line of an empty panel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.report.charts import Bar, EmptyPanel, LanePanel, Mark, PlotPanel, TimeAxis
from openntz.report.labels import Box, Place, Room, place, spread, width, wrap
from openntz.report.svg_marks import draw_mark, escape, px, text
from openntz.report.words import number

LABEL: Final = 11.5
LANE: Final = 24.0
ROW: Final = 19.0
EMPTY: Final = 18.0
_MARK_HALF: Final = 7.0
# Marks whose label stands beside them: what lies above or below is their meaning.
_BESIDE: Final = frozenset({"below", "above", "ring", "cross"})


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the time axis lies on the drawing."""

    time: TimeAxis
    left: float
    right: float
    width: float

    def x(self, day: float) -> float:
        """Horizontal place of a moment."""
        return self.left + self.time.fraction(day) * (self.right - self.left)

    def xs(self, day: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for an array."""
        span = (self.right - self.left) / (self.time.end - self.time.start)
        return self.left + (day - self.time.start) * span


def _gutter(panel: PlotPanel, y: float) -> str:
    lines = [text(0, y + 12, panel.title, "title")]
    row = y + 27
    for line in [panel.unit, *wrap(panel.earlier, 11, 138)] if panel.unit else [panel.earlier]:
        if line and row <= y + panel.height + 4:
            lines.append(text(0, row, line, "unit"))
            row += 14
    return "".join(lines)


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _label_offers(x: float, y: float, label: str, side: str) -> list[Place]:
    below = place(x, y + 19, label, LABEL, "middle")
    above = place(x, y - 11, label, LABEL, "middle")
    right = place(x + 9, y + 4, label, LABEL)
    left = place(x - 9, y + 4, label, LABEL, "end")
    sides = {
        "below": [below, right, left, above],
        "above": [above, right, left, below],
        "right": [right, left, below, above],
    }
    return sides[side]


def _mark_box(x: float, y: float) -> Box:
    return Box(x - _MARK_HALF, y - _MARK_HALF, x + _MARK_HALF, y + _MARK_HALF)


def _plot_marks(panel: PlotPanel, frame: Frame, top: float, bottom: float) -> str:
    def y_of(mark: Mark) -> float:
        if mark.value is None:
            return bottom - 8
        y = bottom - panel.scale.fraction(mark.value) * (bottom - top)
        return min(max(y, top), bottom)

    placed = [(m, frame.x(m.day), y_of(m)) for m in panel.marks]
    parts: list[str] = []
    if panel.connected:
        joined = [(x, y) for m, x, y in placed if m.value is not None]
        points = " ".join(f"{px(x)},{px(y)}" for x, y in joined)
        parts.append(f'<polyline class="joined {panel.connected}" points="{points}"/>')
    parts += [draw_mark(m, x, y) for m, x, y in placed]
    room = Room(Box(frame.left, top - 3, frame.right, bottom + 8))
    for _, x, y in placed:
        room.take(_mark_box(x, y))
    # What was set aside must be named; then the latest first, because it matters most.
    for m, x, y in sorted(placed, key=lambda p: (p[0].shape != "cross", -p[1])):
        if not m.label:
            continue
        side = "right" if m.shape in _BESIDE else panel.labels
        offer = room.first_free(_label_offers(x, y, m.label, side))
        if offer is not None:
            parts.append(text(offer.x, offer.y, m.label, f"mark-label {m.tone}", offer.anchor))
    return "".join(parts)


def _references(panel: PlotPanel, frame: Frame, top: float, bottom: float) -> str:
    shown = [r for r in panel.references if panel.scale.low <= r.value <= panel.scale.high]
    heights = [bottom - panel.scale.fraction(r.value) * (bottom - top) for r in shown]
    parts = []
    for r, y, label_y in zip(shown, heights, spread(heights, 13.5), strict=True):
        title = f"<title>{escape(r.title)}</title>" if r.title else ""
        parts.append(
            f'<path class="reference {r.tone}" d="M{px(frame.left)} {px(y)}H{px(frame.right)}">'
            f"{title}</path>"
        )
        parts.append(text(frame.right + 7, label_y + 4, r.label, f"reference {r.tone}"))
    return "".join(parts)


def _curves(panel: PlotPanel, frame: Frame, top: float, bottom: float, clip: str) -> str:
    if not panel.lines and not panel.bands:
        return ""

    def ys(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return bottom - panel.scale.fractions(values) * (bottom - top)

    parts = [
        f'<clipPath id="{clip}"><rect x="{px(frame.left)}" y="{px(top)}" '
        f'width="{px(frame.right - frame.left)}" height="{px(bottom - top)}"/></clipPath>'
        f'<g clip-path="url(#{clip})">'
    ]
    for band in panel.bands:
        x = frame.xs(band.day)
        edge = _points(
            np.concatenate([x, x[::-1]]), ys(np.concatenate([band.high, band.low[::-1]]))
        )
        parts.append(f'<polygon class="band {band.tone}" points="{edge}"/>')
    for line in panel.lines:
        parts.append(
            f'<polyline class="line {line.tone}" data-name="{escape(line.name)}" '
            f'data-unit="{escape(line.unit)}" '
            f'points="{_points(frame.xs(line.day), ys(line.value))}"/>'
        )
    parts.append("</g>")
    return "".join(parts)


def _value_ticks(panel: PlotPanel, frame: Frame, top: float, bottom: float) -> str:
    parts, lines = [], ""
    for tick in panel.scale.ticks:
        y = bottom - panel.scale.fraction(tick) * (bottom - top)
        parts.append(text(frame.left - 7, y + 4, number(tick), "tick", "end"))
        lines += f"M{px(frame.left)} {px(y)}H{px(frame.right)}"
    return f'<path class="grid" d="{lines}"/>' + "".join(parts)


def _note(panel: PlotPanel, frame: Frame, bottom: float) -> str:
    """What is said where a curve would be: at the foot of the panel, away from usual values."""
    lines = wrap(panel.note, 13, 0.9 * (frame.right - frame.left))
    first = bottom - 9 - 17 * (len(lines) - 1)
    return "".join(
        text(frame.left + 10, first + 17 * i, line, "note") for i, line in enumerate(lines)
    )


def draw_plot(panel: PlotPanel, frame: Frame, y: float, clip: str) -> tuple[str, float]:
    """A plot panel whose top edge is at ``y``; returns the drawing and its height."""
    top, bottom = y, y + panel.height
    kind = type(panel.scale).__name__.lower()
    parts = [
        f'<g class="panel {panel.name}" data-scale="{kind}" data-low="{panel.scale.low!r}" '
        f'data-high="{panel.scale.high!r}" data-top="{px(top)}" data-bottom="{px(bottom)}">',
        _gutter(panel, y),
    ]
    for r in panel.ranges:
        high = max(bottom - panel.scale.fraction(r.high) * (bottom - top), top)
        low = min(bottom - panel.scale.fraction(r.low) * (bottom - top), bottom)
        parts.append(
            f'<rect class="range" x="{px(frame.left)}" y="{px(high)}" '
            f'width="{px(frame.right - frame.left)}" height="{px(low - high)}">'
            f"<title>{escape(r.title)}</title></rect>"
        )
    parts += [
        _value_ticks(panel, frame, top, bottom),
        _references(panel, frame, top, bottom),
        _curves(panel, frame, top, bottom, clip),
        f'<path class="frame" d="M{px(frame.left)} {px(top)}V{px(bottom)}H{px(frame.right)}"/>',
    ]
    if panel.note:
        parts.append(_note(panel, frame, bottom))
    parts += [_plot_marks(panel, frame, top, bottom), "</g>"]
    return "".join(parts), panel.height


def _bar_rows(bars: Sequence[Bar]) -> Iterator[tuple[int, Bar]]:
    """Each bar with the first row in which it does not overlap another."""
    ends: list[float] = []
    for bar in sorted(bars, key=lambda b: b.start):
        end = float("inf") if bar.end is None else bar.end
        row = next((i for i, taken in enumerate(ends) if taken <= bar.start), len(ends))
        ends[row : row + 1] = [end]
        yield row, bar


def _draw_bar(bar: Bar, frame: Frame, y: float) -> str:
    start = max(frame.x(bar.start), frame.left)
    end = frame.right if bar.end is None else min(frame.x(bar.end), frame.right)
    title = f"<title>{escape(bar.title)}</title>"
    if bar.tone == "gap":
        middle = (start + end) / 2
        label = text(middle, y + 4, bar.label, "gap", "middle")
        return f"<g>{title}{label}</g>" if end - start > width(bar.label, LABEL) + 8 else ""
    open_end = " open" if bar.end is None else ""
    shape = (
        f'<rect class="bar {bar.tone}{open_end}" x="{px(start)}" y="{px(y - 7)}" '
        f'width="{px(max(end - start, 3))}" height="14" rx="2">{title}</rect>'
    )
    if end - start > width(bar.label, LABEL) + 8:
        return shape + text(start + 5, y + 4, bar.label, f"bar-label {bar.tone}")
    if end + 6 + width(bar.label, LABEL) < frame.right:
        return shape + text(end + 6, y + 4, bar.label, f"mark-label {bar.tone}")
    return shape + text(start - 6, y + 4, bar.label, f"mark-label {bar.tone}", "end")


def draw_lane(panel: LanePanel, frame: Frame, y: float) -> tuple[str, float]:
    """A lane whose top edge is at ``y``; it grows by rows where bars or texts need them."""
    bars = list(_bar_rows([b for b in panel.bars if b.tone != "gap"]))
    rows = max([row for row, _ in bars], default=0) + 1
    marks = [(m, frame.x(m.day)) for m in panel.marks]
    centre = y + LANE / 2
    parts = [f'<g class="lane {panel.name}">']
    title = panel.title
    parts.append(text(0, centre + 4, title, "title"))
    if panel.unit:
        inline = width(title, 13) + 8 + width(panel.unit, 11) < frame.left - 6
        if inline:
            parts.append(text(width(title, 13) + 8, centre + 4, panel.unit, "unit"))
        else:
            lines = wrap(panel.unit, 11, frame.width - frame.right - 9)
            first = centre + 4 - 6 * (len(lines) - 1)
            parts += [
                text(frame.right + 7, first + 12 * i, line, "unit") for i, line in enumerate(lines)
            ]
    parts.append(
        f'<path class="lane-line" d="M{px(frame.left)} {px(centre)}H{px(frame.right)}"/>'
        if marks
        else ""
    )
    parts += [_draw_bar(b, frame, centre) for b in panel.bars if b.tone == "gap"]
    parts += [_draw_bar(b, frame, centre + ROW * row) for row, b in bars]
    parts += [draw_mark(m, x, centre) for m, x in marks]
    room = Room(Box(frame.left - 4, y - 2, frame.right + 2, y + LANE + 22))
    for _, x in marks:
        room.take(_mark_box(x, centre))
    for row, b in bars:
        end = frame.right if b.end is None else frame.x(b.end)
        level = centre + ROW * row
        room.take(Box(frame.x(b.start) - 4, level - 8, end + 8 + width(b.label, LABEL), level + 8))
    lowest = y + LANE + ROW * (rows - 1)
    if panel.earlier:
        free = room.first_free(
            [
                place(frame.left + 6, centre + 4, panel.earlier, 11),
                place(frame.left + 6, centre + 18, panel.earlier, 11),
            ]
        )
        if free is not None:
            parts.append(text(free.x, free.y, panel.earlier, "earlier"))
            lowest = max(lowest, free.box.bottom + 2)
    for m, x in sorted(marks, key=lambda p: -p[1]):
        if not m.label:
            continue
        free = room.first_free(
            [
                place(x + 10, centre + 4, m.label, LABEL),
                place(x - 10, centre + 4, m.label, LABEL, "end"),
                place(x, centre + 19, m.label, LABEL, "middle"),
            ]
        )
        if free is not None:
            parts.append(text(free.x, free.y, m.label, f"mark-label {m.tone}", free.anchor))
            lowest = max(lowest, free.box.bottom + 2)
    parts.append("</g>")
    return "".join(parts), lowest - y


def draw_empty(panel: EmptyPanel, frame: Frame, y: float) -> tuple[str, float]:
    """The one line of a panel without data."""
    return (
        f'<g class="lane empty {panel.name}">'
        + text(0, y + 13, panel.title, "title absent")
        + text(frame.left + 6, y + 13, panel.text, "absent")
        + "</g>",
        EMPTY,
    )
