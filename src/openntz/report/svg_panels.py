"""Panels with a value axis as SVG text."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.report.charts import Mark, PlotPanel
from openntz.report.labels import Box, Place, Room, place, spread, wrap
from openntz.report.svg_frame import Frame
from openntz.report.svg_marks import draw_mark, escape, px, text
from openntz.report.words import short

LABEL: Final = 11.5
_MARK_HALF: Final = 7.0
# A line between marks is taken to cover boxes no longer than this, px.
_PIECE: Final = 6.0
# Marks whose label stands beside them: what lies above or below is their meaning.
_BESIDE: Final = frozenset({"below", "above", "ring", "cross"})


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    # One format for all points: a picture has thousands, and a page two pictures.
    shape = " ".join(["%.1f,%.1f"] * len(x))
    return shape % tuple(np.column_stack((x, y)).ravel().tolist())


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


def mark_box(x: float, y: float) -> Box:
    """The area a mark covers."""
    return Box(x - _MARK_HALF, y - _MARK_HALF, x + _MARK_HALF, y + _MARK_HALF)


def _along(points: list[tuple[float, float]]) -> list[Box]:
    """What the line through some points covers, in small pieces."""
    found = []
    for (x, y), (to_x, to_y) in pairwise(points):
        pieces = max(math.ceil(max(abs(to_x - x), abs(to_y - y)) / _PIECE), 1)
        for i in range(pieces):
            left, right = x + (to_x - x) * i / pieces, x + (to_x - x) * (i + 1) / pieces
            ends = sorted((y + (to_y - y) * i / pieces, y + (to_y - y) * (i + 1) / pieces))
            found.append(Box(left, ends[0] - 1, right, ends[1] + 1))
    return found


def _plot_marks(panel: PlotPanel, frame: Frame, top: float, bottom: float) -> str:
    def y_of(mark: Mark) -> float:
        if mark.value is None:
            return bottom - 8
        y = bottom - panel.scale.fraction(mark.value) * (bottom - top)
        return min(max(y, top), bottom)

    placed = [(m, frame.x(m.day), y_of(m)) for m in panel.marks]
    parts: list[str] = []
    line: list[Box] = []
    if panel.connected:
        joined = [(x, y) for m, x, y in placed if m.value is not None]
        line = _along(joined)
        points = " ".join(f"{px(x)},{px(y)}" for x, y in joined)
        parts.append(f'<polyline class="joined {panel.connected}" points="{points}"/>')
    parts += [draw_mark(m, x, y) for m, x, y in placed]
    room = Room(Box(frame.left, top - 3, frame.right, bottom + 8))
    for _, x, y in placed:
        room.take(mark_box(x, y))
    # What was set aside must be named; then the latest first, because it matters most.
    for m, x, y in sorted(placed, key=lambda p: (p[0].shape != "cross", -p[1])):
        if not m.label:
            continue
        side = "right" if m.shape in _BESIDE else panel.labels
        offers = _label_offers(x, y, m.label, side)
        clear = [o for o in offers if not any(o.box.meets(b) for b in line)]
        # On the line rather than not at all.
        offer = room.first_free([*clear, *offers])
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
        parts.append(text(frame.left - 7, y + 4, short(tick), "tick", "end"))
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
    title, above = frame.sheet.titles.plot(panel, frame.sheet, y)
    top, bottom = y + above, y + above + panel.height
    kind = type(panel.scale).__name__.lower()
    parts = [
        f'<g class="panel {panel.name}" data-scale="{kind}" data-low="{panel.scale.low!r}" '
        f'data-high="{panel.scale.high!r}" data-top="{px(top)}" data-bottom="{px(bottom)}">',
        title,
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
    return "".join(parts), above + panel.height
