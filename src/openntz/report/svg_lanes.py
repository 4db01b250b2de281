"""Lanes of marks and bars as SVG text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from openntz.report.charts import Bar, LanePanel
from openntz.report.labels import Box, Place, Room, place, width
from openntz.report.svg_frame import LANE, Frame
from openntz.report.svg_marks import draw_mark, escape, px, text
from openntz.report.svg_panels import LABEL, mark_box

ROW: Final = 19.0


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


def _offers(x: float, y: float, label: str) -> list[Place]:
    return [
        place(x + 10, y + 4, label, LABEL),
        place(x - 10, y + 4, label, LABEL, "end"),
        place(x, y + 19, label, LABEL, "middle"),
        place(x - 2, y + 19, label, LABEL, "end"),
        place(x + 2, y + 19, label, LABEL),
    ]


def _unstruck(offers: list[Place], frame: Frame) -> list[Place]:
    """The offers through which no line of a day runs, then all, for where there is no other."""
    lines = [frame.x(day) for day in frame.crossed]
    clear = [o for o in offers if not any(o.box.left - 1 < x < o.box.right + 1 for x in lines)]
    return [*clear, *offers]


def _texts(panel: LanePanel, frame: Frame, room: Room, centre: float) -> tuple[str, float]:
    """What lies earlier and the labels of marks, latest first; returns their lowest edge too."""
    parts, lowest = [], centre
    wanted = [
        ("mark-label " + m.tone, _offers(frame.x(m.day), centre, m.label), m.label)
        for m in sorted(panel.marks, key=lambda m: -m.day)
        if m.label
    ]
    if panel.earlier:
        below = [place(frame.left + 6, centre + dy, panel.earlier, 11) for dy in (4, 18)]
        wanted.insert(0, ("earlier", below, panel.earlier))
    for kind, offers, words in wanted:
        free = room.first_free(_unstruck(offers, frame))
        if free is not None:
            parts.append(text(free.x, free.y, words, kind, free.anchor))
            lowest = max(lowest, free.box.bottom + 2)
    return "".join(parts), lowest


def draw_lane(panel: LanePanel, frame: Frame, y: float) -> tuple[str, float]:
    """A lane whose top edge is at ``y``; it grows by rows where bars or texts need them."""
    title, above = frame.sheet.titles.lane(panel, frame.sheet, y)
    top = y + above
    centre = top + LANE / 2
    bars = list(_bar_rows([b for b in panel.bars if b.tone != "gap"]))
    rows = max([row for row, _ in bars], default=0) + 1
    parts = [f'<g class="lane {panel.name}">', title]
    if panel.marks:
        line = f"M{px(frame.left)} {px(centre)}H{px(frame.right)}"
        parts.append(f'<path class="lane-line" d="{line}"/>')
    parts += [_draw_bar(b, frame, centre) for b in panel.bars if b.tone == "gap"]
    parts += [_draw_bar(b, frame, centre + ROW * row) for row, b in bars]
    parts += [draw_mark(m, frame.x(m.day), centre) for m in panel.marks]
    room = Room(Box(frame.left - 4, top - 2, frame.right + 2, top + LANE + 22))
    for m in panel.marks:
        room.take(mark_box(frame.x(m.day), centre))
    for row, b in bars:
        end = frame.right if b.end is None else frame.x(b.end)
        level = centre + ROW * row
        room.take(Box(frame.x(b.start) - 4, level - 8, end + 8 + width(b.label, LABEL), level + 8))
    texts, lowest = _texts(panel, frame, room, centre)
    parts += [texts, "</g>"]
    return "".join(parts), max(lowest, top + LANE + ROW * (rows - 1)) - y
