"""Where things lie on a drawing: the sheet's width, the time axis, the titles of panels."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.report.charts import EmptyPanel, LanePanel, Panel, PlotPanel, TimeAxis
from openntz.report.labels import width, wrap
from openntz.report.svg_marks import text

TITLE: Final = 13.0
UNIT: Final = 11.0
LANE: Final = 24.0
LINE: Final = 14.0


class Titles(Protocol):
    """How panels are named; each method returns the drawing and the height it takes above."""

    def plot(self, panel: PlotPanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title, unit and what lies earlier, of a panel with a value axis."""
        ...

    def lane(self, panel: LanePanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title and unit of a lane."""
        ...

    def empty(self, panel: EmptyPanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """The one line of a panel without data; returns the drawing and its whole height."""
        ...

    def row(self, panel: Panel, sheet: Sheet) -> float:
        """Height at the top of a panel that its title takes of the time axis."""
        ...

    def overview(self, title: str, unit: str, y: float) -> tuple[str, float]:
        """Title of the strip of the whole history."""
        ...


class Sheet(Struct, frozen=True):
    """A size of drawing: the time axis runs from ``left`` to ``right`` of ``width`` units.

    ``name`` makes ids of two drawings on one page differ.
    """

    name: str
    width: float
    left: float
    right: float
    titles: Titles


class Frame(Struct, frozen=True):
    """A time axis on a sheet; ``crossed`` are the days of lines drawn through all panels."""

    time: TimeAxis
    sheet: Sheet
    crossed: tuple[float, ...] = ()

    @property
    def left(self) -> float:
        """Where the time axis begins."""
        return self.sheet.left

    @property
    def right(self) -> float:
        """Where the time axis ends."""
        return self.sheet.right

    def x(self, day: float) -> float:
        """Horizontal place of a moment."""
        return self.left + self.time.fraction(day) * (self.right - self.left)

    def xs(self, day: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for an array of shape (n,)."""
        span = (self.right - self.left) / (self.time.end - self.time.start)
        return self.left + (day - self.time.start) * span


def _in_right_margin(words: str, sheet: Sheet, centre: float) -> str:
    lines = wrap(words, UNIT, sheet.width - sheet.right - 9)
    first = centre + 4 - 6 * (len(lines) - 1)
    return "".join(
        text(sheet.right + 7, first + 12 * i, line, "unit") for i, line in enumerate(lines)
    )


class TitlesBeside:
    """Titles in the left margin, for a wide sheet."""

    def row(self, panel: Panel, sheet: Sheet) -> float:
        """No title stands on the time axis."""
        del panel, sheet
        return 0.0

    def plot(self, panel: PlotPanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title, then unit and what lies earlier in lines below it."""
        lines = [text(0, y + 12, panel.title, "title")]
        below = [panel.unit, *wrap(panel.earlier, UNIT, sheet.left - 34)]
        row = y + 27
        for line in below:
            if line and row <= y + panel.height + 4:
                lines.append(text(0, row, line, "unit"))
                row += LINE
        return "".join(lines), 0.0

    def lane(self, panel: LanePanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title with the unit after it, or in the right margin where it does not fit."""
        centre = y + LANE / 2
        title = text(0, centre + 4, panel.title, "title")
        after = width(panel.title, TITLE) + 8
        if not panel.unit:
            return title, 0.0
        if after + width(panel.unit, UNIT) < sheet.left - 6:
            return title + text(after, centre + 4, panel.unit, "unit"), 0.0
        return title + _in_right_margin(panel.unit, sheet, centre), 0.0

    def empty(self, panel: EmptyPanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title in the margin, the reason where the data would begin."""
        title = text(0, y + 13, panel.title, "title absent")
        return title + text(sheet.left + 6, y + 13, panel.text, "absent"), 18.0

    def overview(self, title: str, unit: str, y: float) -> tuple[str, float]:
        """Title and unit in two lines."""
        return text(0, y + 16, title, "title") + text(0, y + 31, unit, "unit"), 0.0


class TitlesAbove:
    """Titles on a line of their own, for a narrow sheet."""

    def _row(self, title: str, words: str, sheet: Sheet, y: float) -> tuple[str, float]:
        after = width(title, TITLE) + 9
        first = text(0, y + 12, title, "title")
        if after + width(words, UNIT) <= sheet.width:
            return first + text(after, y + 12, words, "unit"), 19.0
        lines = wrap(words, UNIT, sheet.width)
        rest = "".join(
            text(0, y + 12 + LINE * (i + 1), line, "unit") for i, line in enumerate(lines)
        )
        return first + rest, 19.0 + LINE * len(lines)

    def plot(self, panel: PlotPanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title, unit and what lies earlier in one line, or more where they do not fit."""
        words = "; ".join(p for p in (panel.unit, panel.earlier) if p)
        drawn, height = self._row(panel.title, words, sheet, y)
        # The number at the top of the axis stands half above it.
        return drawn, height + 5.0

    def row(self, panel: Panel, sheet: Sheet) -> float:
        """Height of the title's row, or rows, at the top of a panel."""
        if isinstance(panel, PlotPanel):
            # The number at the top of the axis is no part of it.
            return self.plot(panel, sheet, 0.0)[1] - 5.0
        if isinstance(panel, LanePanel):
            return self.lane(panel, sheet, 0.0)[1]
        return self.empty(panel, sheet, 0.0)[1]

    def lane(self, panel: LanePanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title and unit in one line."""
        drawn, height = self._row(panel.title, panel.unit, sheet, y)
        return drawn, height - 3.0

    def empty(self, panel: EmptyPanel, sheet: Sheet, y: float) -> tuple[str, float]:
        """Title and reason in one line, or more where they do not fit."""
        after = width(panel.title, TITLE) + 9
        lines = wrap(panel.text, 11.5, sheet.width - after)
        reason = "".join(
            text(after, y + 13 + LINE * i, line, "absent") for i, line in enumerate(lines)
        )
        title = text(0, y + 13, panel.title, "title absent")
        return title + reason, 18.0 + LINE * max(len(lines) - 1, 0)

    def overview(self, title: str, unit: str, y: float) -> tuple[str, float]:
        """Title and unit in one line."""
        after = width(title, TITLE) + 9
        return text(0, y + 12, title, "title") + text(after, y + 12, unit, "unit"), 18.0


WIDE: Final = Sheet("wide", 1180.0, 172.0, 1062.0, TitlesBeside())
NARROW: Final = Sheet("narrow", 420.0, 32.0, 318.0, TitlesAbove())
