"""What a picture is made of: scales, marks and panels, as data; nothing here draws.

All times are proleptic ordinal days as floats (``date.toordinal()`` plus the fraction of the
day), all values are in the unit the panel names. ``report/svg.py`` turns a chart into text.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

_MICROSECONDS_PER_DAY = 86_400_000_000

Shape = Literal[
    "circle",
    "square",
    "diamond",
    "star",
    "flag",
    "below",  # a downward triangle: the value is below this point
    "above",  # an upward triangle: the value is above this point
    "cross",  # recorded, not fitted
    "ring",  # where a curve crosses a line
    "bar",  # an intravenous dose
    "pin",  # a subcutaneous dose
]
Fill = Literal["full", "open", "dashed"]


def ordinal(moment: date | datetime) -> float:
    """A date or a local date-time as ordinal days."""
    if isinstance(moment, datetime):
        minutes = moment.hour * 60 + moment.minute
        past = (minutes * 60 + moment.second) * 10**6 + moment.microsecond
        return moment.toordinal() + past / _MICROSECONDS_PER_DAY
    return float(moment.toordinal())


class TimeAxis(Struct, frozen=True):
    """The one time axis of a chart, from ``start`` to ``end`` in ordinal days."""

    start: float
    end: float

    def fraction(self, day: float) -> float:
        """0 at the start, 1 at the end; outside that range beyond the axis."""
        return (day - self.start) / (self.end - self.start)

    def holds(self, day: float) -> bool:
        """Whether a moment lies on the axis."""
        return self.start <= day <= self.end


class Linear(Struct, frozen=True):
    """A linear value axis from ``low`` (bottom) to ``high`` (top) with labelled ticks."""

    low: float
    high: float
    ticks: tuple[float, ...] = ()

    def fraction(self, value: float) -> float:
        """0 at the bottom, 1 at the top."""
        return (value - self.low) / (self.high - self.low)

    def fractions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for an array of any shape."""
        return (values - self.low) / (self.high - self.low)


class Log(Struct, frozen=True):
    """A logarithmic value axis; what is not positive lies far below the bottom."""

    low: float
    high: float
    ticks: tuple[float, ...] = ()

    def fraction(self, value: float) -> float:
        """0 at the bottom, 1 at the top."""
        if value <= 0:
            return -1.0
        return math.log(value / self.low) / math.log(self.high / self.low)

    def fractions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for an array of any shape."""
        safe = np.maximum(values, self.low * self.low / self.high)
        return np.log(safe / self.low) / math.log(self.high / self.low)


Scale = Linear | Log


class Line(Struct, frozen=True, eq=False):
    """A curve; ``day`` and ``value`` have shape (n,)."""

    tone: str
    day: NDArray[np.float64]
    value: NDArray[np.float64]
    name: str = ""
    unit: str = ""


class Band(Struct, frozen=True, eq=False):
    """An interval over time; ``day``, ``low`` and ``high`` have shape (n,)."""

    tone: str
    day: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Reference(Struct, frozen=True):
    """A horizontal line with its meaning, for example a target or the own baseline."""

    value: float
    label: str
    tone: str
    title: str = ""


class Range(Struct, frozen=True):
    """A faint horizontal range, for example what most adults have."""

    low: float
    high: float
    title: str


class Mark(Struct, frozen=True):
    """One recorded thing at one moment; ``value`` None puts it on the lane's own line.

    ``label`` is drawn beside it where there is room, ``title`` is its tooltip and always there.
    """

    day: float
    value: float | None
    shape: Shape
    tone: str
    title: str
    label: str = ""
    fill: Fill = "full"


class Bar(Struct, frozen=True):
    """Something that lasts; an end of None means no end is recorded."""

    start: float
    end: float | None
    tone: str
    label: str
    title: str


class PlotPanel(Struct, frozen=True):
    """A panel with a value axis.

    ``note`` is said in the middle of the panel where a curve would be; ``connected`` names the
    tone of the thin line that joins the marks, empty for none; ``earlier`` tells what lies
    before the window.
    """

    name: str
    title: str
    unit: str
    height: float
    scale: Scale
    lines: tuple[Line, ...] = ()
    bands: tuple[Band, ...] = ()
    ranges: tuple[Range, ...] = ()
    references: tuple[Reference, ...] = ()
    marks: tuple[Mark, ...] = ()
    connected: str = ""
    labels: Literal["above", "below"] = "above"
    note: str = ""
    earlier: str = ""


class LanePanel(Struct, frozen=True):
    """One line of marks or bars without a value axis."""

    name: str
    title: str
    unit: str = ""
    marks: tuple[Mark, ...] = ()
    bars: tuple[Bar, ...] = ()
    earlier: str = ""


class EmptyPanel(Struct, frozen=True):
    """A panel without data, one line high, so that absence is seen."""

    name: str
    title: str
    text: str


Panel = PlotPanel | LanePanel | EmptyPanel


class Overview(Struct, frozen=True):
    """The whole history in one slim strip; ``doses`` are their days."""

    time: TimeAxis
    doses: tuple[float, ...]
    events: tuple[Mark, ...]


class Key(Struct, frozen=True):
    """One entry of the legend: a sample and its meaning."""

    sample: Literal["line", "band"] | Mark
    tone: str
    text: str


class Moment(Struct, frozen=True):
    """A vertical line through all panels with its label at the top."""

    day: float
    label: str
    tone: str


class Chart(Struct, frozen=True):
    """One picture: one time axis, panels from top to bottom.

    ``forecast_from`` is where the shaded region begins, None when nothing lies ahead;
    ``forecast_label`` says what the region assumes; ``summary`` is the picture in words.
    """

    time: TimeAxis
    panels: tuple[Panel, ...]
    moments: tuple[Moment, ...]
    summary: str
    forecast_from: float | None = None
    forecast_label: str = ""
    overview: Overview | None = None
    legend: tuple[Key, ...] = ()

    def panel(self, name: str) -> Panel:
        """A panel by its name.

        Raises
        ------
        KeyError
            When the chart has no such panel.
        """
        for panel in self.panels:
            if panel.name == name:
                return panel
        raise KeyError(name)
