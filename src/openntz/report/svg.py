"""A chart drawn as one static SVG: no script, no style attribute, fonts and colours by class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from openntz.report.charts import (
    Chart,
    EmptyPanel,
    Key,
    LanePanel,
    Mark,
    Moment,
    PlotPanel,
    TimeAxis,
)
from openntz.report.labels import Box, Place, Room, place, width
from openntz.report.svg_marks import draw_mark, escape, px, text
from openntz.report.svg_panels import Frame, draw_empty, draw_lane, draw_plot

WIDTH: Final = 1180.0
LEFT: Final = 172.0
RIGHT: Final = 1062.0
ROW_HEIGHT: Final = 16.0

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_GAP = {PlotPanel: 16.0, LanePanel: 5.0, EmptyPanel: 3.0}


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on the time axis."""

    x: float
    label: str
    strong: bool


def time_ticks(time: TimeAxis, left: float, right: float, least: float = 46.0) -> list[Tick]:
    """Month starts, as dense as ``least`` units between labels allow; years stand out."""
    first, last = date.fromordinal(int(time.start)), date.fromordinal(int(time.end))
    per_month = (right - left) * 30.4 / (time.end - time.start)
    step = next((s for s in (1, 2, 3, 6) if s * per_month >= least), 12)
    while step >= 12 and step * per_month < least:
        step += 12
    ticks = []
    for month in range(first.year * 12, last.year * 12 + 12):
        year, number = divmod(month, 12)
        if number % min(step, 12) or (step > 12 and year % (step // 12)):
            continue
        day = float(date(year, number + 1, 1).toordinal())
        if time.holds(day):
            x = left + time.fraction(day) * (right - left)
            label = str(year) if number == 0 else _MONTHS[number]
            ticks.append(Tick(x, label, number == 0))
    return ticks


def _axis(ticks: list[Tick], y: float) -> str:
    parts = [
        text(t.x, y + 14, t.label, "tick strong" if t.strong else "tick", "middle") for t in ticks
    ]
    return "".join(parts)


def _sample(key: Key, x: float, y: float) -> str:
    if key.sample == "line":
        return f'<path class="line {key.tone}" d="M{px(x - 9)} {px(y)}h18"/>'
    if key.sample == "band":
        where = f'x="{px(x - 9)}" y="{px(y - 5)}" width="18" height="10"'
        return f'<rect class="band {key.tone}" {where}/>'
    assert isinstance(key.sample, Mark)
    return draw_mark(key.sample, x, y)


def _legend(keys: tuple[Key, ...], y: float) -> tuple[str, float]:
    """The legend in as many rows as it needs; returns the drawing and the y below it."""
    parts, x = [], LEFT
    for key in keys:
        wide = 26 + width(key.text, 12) + 16
        if x + wide > WIDTH and x > LEFT:
            x, y = LEFT, y + 20
        parts.append(_sample(key, x + 10, y + 8))
        parts.append(text(x + 25, y + 12, key.text, "key"))
        x += wide
    return "".join(parts), y + 24 if keys else y


@dataclass(frozen=True, slots=True)
class MomentLabel:
    """Where the label of a moment goes: its row above the panels, its text place at y = 0."""

    moment: Moment
    row: int
    place: Place


def moment_labels(chart: Chart, frame: Frame) -> list[MomentLabel]:
    """Labels of today, the next dose, a stop: in as many rows as keep them apart."""
    found = []
    rows = [Room(Box(0, -ROW_HEIGHT, WIDTH, ROW_HEIGHT)) for _ in chart.moments]
    for m in sorted(chart.moments, key=lambda m: m.tone != "today"):
        x = frame.x(m.day)
        later = any(o.day > m.day for o in chart.moments)
        sides = (("end", -4), ("start", 4)) if later else (("start", 4), ("end", -4))
        offers = [place(x + gap, 0, m.label, 12.5, side) for side, gap in sides]
        for row, room in enumerate(rows):
            free = room.first_free(offers)
            if free is not None:
                found.append(MomentLabel(m, row, free))
                break
    return found


def _moments(labels: list[MomentLabel], frame: Frame, top: float, bottom: float) -> str:
    parts = []
    for label in labels:
        y = top - 6 - ROW_HEIGHT * label.row
        tone, x = label.moment.tone, frame.x(label.moment.day)
        parts.append(
            f'<path class="moment {tone}" d="M{px(x)} {px(y - 11)}V{px(bottom)}"/>'
            + text(label.place.x, y, label.moment.label, f"moment {tone}", label.place.anchor)
        )
    return "".join(parts)


def _overview(chart: Chart, y: float) -> str:
    strip = chart.overview
    if strip is None:
        return ""
    span = RIGHT - LEFT

    def x(day: float) -> float:
        return LEFT + strip.time.fraction(day) * span

    from_x, to_x = x(chart.time.start), x(chart.time.end)
    parts = [
        text(0, y + 16, "Whole history", "title"),
        text(0, y + 31, "shaded: shown above", "unit"),
        f'<rect class="strip" x="{px(LEFT)}" y="{px(y)}" width="{px(span)}" height="38"/>',
        f'<rect class="shown" x="{px(from_x)}" y="{px(y)}" width="{px(to_x - from_x)}" '
        f'height="38"/>',
    ]
    ticks = "".join(f"M{px(x(d.day))} {px(y + 24)}v10" for d in strip.doses)
    parts.append(f'<path class="all-doses" d="{ticks}"><title>doses</title></path>')
    parts += [draw_mark(e, x(e.day), y + 12) for e in strip.events]
    parts.append(_axis(time_ticks(strip.time, LEFT, RIGHT, 96.0), y + 39))
    return f'<g class="overview">{"".join(parts)}</g>'


def draw(chart: Chart) -> str:
    """The chart as an ``<svg>`` element; equal charts give equal text."""
    legend, y = _legend(chart.legend, 0.0)
    frame = Frame(chart.time, LEFT, RIGHT, WIDTH)
    named = moment_labels(chart, frame)
    top = y + 8 + ROW_HEIGHT * (1 + max((label.row for label in named), default=0))
    y = top
    body: list[str] = []
    ticks = time_ticks(chart.time, LEFT, RIGHT)
    axis_after = [p.name for p in chart.panels].index("doses") if _has(chart, "doses") else -1
    for i, panel in enumerate(chart.panels):
        if isinstance(panel, PlotPanel):
            drawn, height = draw_plot(panel, frame, y, f"c{i}")
        elif isinstance(panel, LanePanel):
            drawn, height = draw_lane(panel, frame, y)
        else:
            drawn, height = draw_empty(panel, frame, y)
        body.append(drawn)
        y += height
        if i == axis_after:
            body.append(_axis(ticks, y))
            y += 18
        following = chart.panels[i + 1] if i + 1 < len(chart.panels) else None
        if following is not None:
            y += max(_GAP[type(panel)], _GAP[type(following)])
    bottom = y + 4
    back = []
    if chart.forecast_from is not None:
        x = frame.x(max(chart.forecast_from, chart.time.start))
        back.append(
            f'<rect class="ahead" x="{px(x)}" y="{px(top)}" '
            f'width="{px(RIGHT - x)}" height="{px(bottom - top)}"/>'
        )
    grid = "".join(f"M{px(t.x)} {px(top)}V{px(bottom)}" for t in ticks)
    back.append(f'<path class="grid" d="{grid}"/>')
    lines = _moments(named, frame, top, bottom)
    ahead = _ahead_label(chart, frame, top)
    foot = [f'<path class="frame" d="M{px(LEFT)} {px(bottom)}H{px(RIGHT)}"/>', _axis(ticks, bottom)]
    y = bottom + 22
    strip = _overview(chart, y + 14)
    if strip:
        y += 14 + 38 + 20
    head = (
        f'<svg class="picture" viewBox="0 0 {px(WIDTH)} {px(y + 2)}" role="img" '
        f'aria-label="{escape(chart.summary)}" data-start="{chart.time.start!r}" '
        f'data-end="{chart.time.end!r}" data-left="{px(LEFT)}" data-right="{px(RIGHT)}" '
        f'data-top="{px(top)}" data-bottom="{px(bottom)}" preserveAspectRatio="xMidYMin meet">'
    )
    return "".join([head, *back, legend, ahead, lines, *body, *foot, strip, "</svg>"])


def _has(chart: Chart, name: str) -> bool:
    return any(p.name == name for p in chart.panels)


def _ahead_label(chart: Chart, frame: Frame, top: float) -> str:
    """What the shaded region assumes, at its upper right, where there is room for it."""
    if chart.forecast_from is None or not chart.forecast_label:
        return ""
    room = RIGHT - frame.x(chart.forecast_from)
    words = chart.forecast_label.split()
    lines = [" ".join(words[:1]), " ".join(words[1:-2]), " ".join(words[-2:])]
    if room < max(width(line, 11.5) for line in lines) + 8:
        return ""
    return "".join(
        text(RIGHT - 6, top + 15 + 14 * i, line, "ahead", "end") for i, line in enumerate(lines)
    )
