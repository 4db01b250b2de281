"""A chart drawn as one static SVG: no script, no style attribute, fonts and colours by class."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from openntz.report.charts import (
    Chart,
    EmptyPanel,
    Key,
    LanePanel,
    Mark,
    Moment,
    PlotPanel,
)
from openntz.report.labels import Box, Place, Room, place, width
from openntz.report.svg_frame import WIDE, Frame, Sheet
from openntz.report.svg_lanes import draw_lane
from openntz.report.svg_marks import draw_mark, escape, px, text
from openntz.report.svg_panels import draw_plot

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


class Tick(Struct, frozen=True):
    """A labelled place on the time axis."""

    x: float
    label: str
    strong: bool


def time_ticks(frame: Frame, least: float = 46.0) -> list[Tick]:
    """Month starts, as dense as ``least`` units between labels allow; years stand out."""
    time = frame.time
    first, last = date.fromordinal(int(time.start)), date.fromordinal(int(time.end))
    per_month = (frame.right - frame.left) * 30.4 / (time.end - time.start)
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
            label = str(year) if number == 0 else _MONTHS[number]
            ticks.append(Tick(frame.x(day), label, number == 0))
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


def _legend(keys: tuple[Key, ...], sheet: Sheet) -> tuple[str, float]:
    """The legend in as many rows as it needs; returns the drawing and the y below it."""
    parts, y = [], 0.0
    begin = sheet.left if sheet.left > 100 else 0.0
    x = begin
    for key in keys:
        wide = 26 + width(key.text, 12) + 16
        if x + wide - 16 > sheet.width and x > begin:
            x, y = begin, y + 20
        parts.append(_sample(key, x + 10, y + 8))
        parts.append(text(x + 25, y + 12, key.text, "key"))
        x += wide
    return "".join(parts), y + 24 if keys else y


class MomentLabel(Struct, frozen=True):
    """Where the label of a moment goes: its row above the panels, its text place at y = 0."""

    moment: Moment
    row: int
    place: Place


def moment_labels(chart: Chart, frame: Frame) -> list[MomentLabel]:
    """Labels of today, the next dose, a stop: in as many rows as keep them apart."""
    found = []
    rows = [Room(Box(0, -ROW_HEIGHT, frame.sheet.width, ROW_HEIGHT)) for _ in chart.moments]
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


# Half the width of a month or year on the axis, with air.
_TICK_HALF: Final = 16.0
# Stretches of height, from top to bottom, through which no line of a day is drawn.
Gaps = list[tuple[float, float]]


def _broken(x: float, top: float, bottom: float, gaps: Gaps) -> str:
    """A vertical line that leaves out rows of text."""
    path = f"M{px(x)} {px(top)}"
    for begin, end in gaps:
        path += f"V{px(begin)}M{px(x)} {px(end)}"
    return f"{path}V{px(bottom)}"


def _moments(labels: list[MomentLabel], frame: Frame, top: float, bottom: float, gaps: Gaps) -> str:
    parts = []
    for label in labels:
        y = top - 6 - ROW_HEIGHT * label.row
        tone, x = label.moment.tone, frame.x(label.moment.day)
        parts.append(
            f'<path class="moment {tone}" d="{_broken(x, y - 11, bottom, gaps)}"/>'
            + text(label.place.x, y, label.moment.label, f"moment {tone}", label.place.anchor)
        )
    return "".join(parts)


def _overview(chart: Chart, frame: Frame, y: float) -> tuple[str, float]:
    """The strip of the whole history below ``y``; returns the drawing and its lowest edge."""
    if chart.overview is None:
        return "", y
    whole = Frame(chart.overview.time, frame.sheet)
    title, above = frame.sheet.titles.overview("Whole history", "shaded: shown above", y)
    top = y + above
    left, right = whole.left, whole.right
    from_x, to_x = whole.x(chart.time.start), whole.x(chart.time.end)
    ticks = "".join(f"M{px(whole.x(d))} {px(top + 24)}v10" for d in chart.overview.doses)
    parts = [
        f'<g class="overview">{title}',
        f'<rect class="strip" x="{px(left)}" y="{px(top)}" width="{px(right - left)}" '
        f'height="38"/>',
        f'<rect class="shown" x="{px(from_x)}" y="{px(top)}" width="{px(to_x - from_x)}" '
        f'height="38"/>',
        f'<path class="all-doses" d="{ticks}"><title>doses</title></path>',
        *(draw_mark(e, whole.x(e.day), top + 12) for e in chart.overview.events),
        _axis(time_ticks(whole, 96.0), top + 39),
        "</g>",
    ]
    return "".join(parts), top + 58


def _body(chart: Chart, frame: Frame, y: float, ticks: list[Tick]) -> tuple[str, float, Gaps]:
    """All panels from ``y`` downwards, the axis repeated below the doses; and rows of titles."""
    parts: list[str] = []
    gaps: Gaps = []
    for i, panel in enumerate(chart.panels):
        if (above := frame.sheet.titles.row(panel, frame.sheet)) > 0.0:
            gaps.append((y, y + above))
        if isinstance(panel, PlotPanel):
            drawn, height = draw_plot(panel, frame, y, f"{frame.sheet.name}-{i}")
        elif isinstance(panel, LanePanel):
            drawn, height = draw_lane(panel, frame, y)
        else:
            words, height = frame.sheet.titles.empty(panel, frame.sheet, y)
            drawn = f'<g class="lane empty {panel.name}">{words}</g>'
        parts.append(drawn)
        y += height
        if panel.name == "doses":
            parts.append(_axis(ticks, y))
            if any(abs(t.x - frame.x(day)) < _TICK_HALF for t in ticks for day in frame.crossed):
                gaps.append((y + 3, y + 18))
            y += 18
        if i + 1 < len(chart.panels):
            y += max(_GAP[type(panel)], _GAP[type(chart.panels[i + 1])])
    return "".join(parts), y, gaps


def draw(chart: Chart, sheet: Sheet = WIDE) -> str:
    """The chart as an ``<svg>`` element; equal charts give equal text."""
    frame = Frame(chart.time, sheet, tuple(m.day for m in chart.moments))
    legend, y = _legend(chart.legend, sheet)
    named = moment_labels(chart, frame)
    top = y + 8 + ROW_HEIGHT * (1 + max((label.row for label in named), default=0))
    ticks = time_ticks(frame)
    body, y, gaps = _body(chart, frame, top, ticks)
    bottom = y + 4
    strip, lowest = _overview(chart, frame, bottom + 36)
    height = bottom + 24 if not strip else lowest
    left, right = px(sheet.left), px(sheet.right)
    head = (
        f'<svg class="picture" viewBox="0 0 {px(sheet.width)} {px(height)}" role="img" '
        f'aria-label="{escape(chart.summary)}" data-start="{chart.time.start!r}" '
        f'data-end="{chart.time.end!r}" data-left="{left}" data-right="{right}" '
        f'data-top="{px(top)}" data-bottom="{px(bottom)}">'
    )
    return "".join(
        [
            head,
            _back(chart, frame, top, bottom, ticks),
            legend,
            _moments(named, frame, top, bottom, gaps),
            body,
            _ahead_label(chart, frame, top),
            f'<path class="frame" d="M{left} {px(bottom)}H{right}"/>',
            _axis(ticks, bottom),
            strip,
            "</svg>",
        ]
    )


def _back(chart: Chart, frame: Frame, top: float, bottom: float, ticks: list[Tick]) -> str:
    """What lies behind everything: the shaded time ahead and the lines of the months."""
    grid = "".join(f"M{px(t.x)} {px(top)}V{px(bottom)}" for t in ticks)
    lines = f'<path class="grid" d="{grid}"/>'
    if chart.forecast_from is None:
        return lines
    x = frame.x(max(chart.forecast_from, chart.time.start))
    shade = (
        f'<rect class="ahead" x="{px(x)}" y="{px(top)}" '
        f'width="{px(frame.right - x)}" height="{px(bottom - top)}"/>'
    )
    return shade + lines


def _above_first(chart: Chart, frame: Frame) -> float:
    """Height of the titles above the first panel."""
    panel = chart.panels[0]
    if not isinstance(panel, PlotPanel):
        return 0.0
    return frame.sheet.titles.plot(panel, frame.sheet, 0.0)[1]


def _ahead_label(chart: Chart, frame: Frame, top: float) -> str:
    """What the shaded region assumes, at its upper right, where there is room for it."""
    if chart.forecast_from is None or not chart.forecast_label:
        return ""
    room = frame.right - frame.x(chart.forecast_from)
    words = chart.forecast_label.split()
    lines = [" ".join(words[:1]), " ".join(words[1:-2]), " ".join(words[-2:])]
    if room < max(width(line, 11.5) for line in lines) + 8:
        return ""
    first = top + 15 + _above_first(chart, frame)
    return "".join(
        text(frame.right - 6, first + 14 * i, line, "ahead", "end") for i, line in enumerate(lines)
    )
