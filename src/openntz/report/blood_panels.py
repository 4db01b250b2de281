"""The panels from the laboratory: lymphocytes, B cells, antibodies, JCV."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.events import Measurement
from openntz.definitions.antibody_tests import Reading, read_own
from openntz.definitions.gaps import since_gap
from openntz.definitions.lymphocytes import lymphocyte_rise
from openntz.report import words
from openntz.report.charts import (
    EmptyPanel,
    Fill,
    LanePanel,
    Linear,
    Log,
    Mark,
    Panel,
    PlotPanel,
    Range,
    Reference,
    TimeAxis,
    ordinal,
)
from openntz.report.earlier import earlier
from openntz.report.guides import Guides
from openntz.report.person import PersonReview

NOT_IN_EXPORT = "table not in the export"
NONE_RECORDED = "not recorded"


class Results(Struct, frozen=True):
    """The results of one test: all, and those in the window."""

    every: tuple[Measurement, ...]
    shown: tuple[Measurement, ...]
    before: str

    @classmethod
    def of(cls, person: PersonReview, time: TimeAxis, test: str, one: str) -> Results:
        """Results of ``test`` up to the as-of date."""
        every = person.known.results(test)
        shown = tuple(m for m in every if time.holds(ordinal(m.at)))
        return cls(every, shown, earlier(every, time, one))


def _empty(person: PersonReview, name: str, title: str, table: str, results: Results) -> EmptyPanel:
    if not person.course.has(table):
        return EmptyPanel(name, title, NOT_IN_EXPORT)
    return EmptyPanel(name, title, results.before or NONE_RECORDED)


def _title(m: Measurement) -> str:
    where = m.assay.label if m.assay is not None else ""
    text = f"{words.moment(m.at, m.time_known)}: {words.result(m)}"
    return f"{text}; {where}" if where else text


def _value_mark(m: Measurement, tone: str, label: str = "") -> Mark:
    shape = {"<": "below", ">": "above"}.get(m.censor, "square")
    return Mark(ordinal(m.at), m.value, shape, tone, _title(m), label, "open")  # type: ignore[arg-type]


def _top(values: list[float], least: float) -> tuple[float, tuple[float, ...]]:
    """A round top for a linear axis that starts at 0, and its ticks."""
    need = max([least, *(1.08 * v for v in values)])
    for step in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000):
        if need <= 5 * step:
            top = step * -(-need // step)
            return top, tuple(step * i for i in range(int(top / step) + 1))
    return need, (0.0, need)


def own_baseline(person: PersonReview, guides: Guides) -> Measurement | None:
    """The count the rise is judged against, by the same definition as the rule."""
    doses = since_gap(person.therapy.doses, guides.rise_new_start_days)
    if not doses:
        return None
    return lymphocyte_rise(person.known, doses, guides.rise).baseline


def lymphocyte_panel(person: PersonReview, time: TimeAxis, guides: Guides) -> Panel:
    """Counts against the person's own baseline; the usual adult range only faintly."""
    results = Results.of(person, time, vocabulary.LYMPHOCYTES, "count")
    name, title = "lymphocytes", "Lymphocytes"
    if not results.shown:
        return _empty(person, name, title, "measurements", results)
    marks = tuple(_value_mark(m, "lymphocytes") for m in results.shown if m.value is not None)
    baseline = own_baseline(person, guides)
    references: tuple[Reference, ...] = ()
    if baseline is not None and baseline.value is not None:
        rise = baseline.value + guides.rise.rise
        references = (
            Reference(
                rise,
                f"rise of {words.number(guides.rise.rise)}: {words.number(round(rise, 2))}",
                "rise",
                guides.rise_title,
            ),
            Reference(
                baseline.value,
                f"own baseline {words.number(baseline.value)}",
                "baseline",
                f"last count before the first dose: {_title(baseline)}",
            ),
        )
    values = [m.value for m in marks if m.value is not None] + [r.value for r in references]
    low, high = guides.lymphocyte_range
    top, ticks = _top([*values, high], 4.0)
    return PlotPanel(
        name=name,
        title=title,
        unit="×10⁹/L" if references else "×10⁹/L; no own baseline",
        height=122.0,
        scale=Linear(0.0, top, ticks),
        ranges=(Range(low, high, guides.lymphocyte_range_title),),
        references=references,
        marks=marks,
        connected="lymphocytes",
        earlier=results.before,
    )


def b_cell_panel(person: PersonReview, time: TimeAxis) -> Panel | None:
    """CD19 counts in a small panel; nothing at all when never measured."""
    results = Results.of(person, time, vocabulary.CD19, "count")
    if not results.every:
        return None
    name, title = "cd19", "B cells (CD19)"
    marks = tuple(_value_mark(m, "cells") for m in results.shown if m.value is not None)
    if not marks:
        return _empty(person, name, title, "measurements", results)
    top, ticks = _top([m.value for m in marks if m.value is not None], 200.0)
    return PlotPanel(
        name=name,
        title=title,
        unit="cells/µL",
        height=58.0,
        scale=Linear(0.0, top, (0.0, top) if len(ticks) > 3 else ticks),
        marks=marks,
        connected="cells",
        earlier=results.before,
    )


_FILL: Final[dict[Reading, Fill]] = {
    Reading.POSITIVE: "full",
    Reading.NEGATIVE: "open",
    Reading.UNDETERMINED: "dashed",
}


def _antibody_title(m: Measurement, told: str) -> str:
    title = f"{_title(m)}; {told}"
    if m.assay is not None and m.assay.threshold is not None:
        title += f" at a threshold of {words.number(m.assay.threshold)} ng/mL"
    return title


def _antibody_told(m: Measurement, reading: Reading) -> str:
    undetermined = {Reading.UNDETERMINED: "no threshold recorded"}
    return m.answer or undetermined.get(reading, str(reading))


def _antibody_mark(m: Measurement) -> Mark:
    """On the lane: filled when positive at the assay's own threshold, open when negative."""
    reading = read_own(m)
    told = _antibody_told(m, reading)
    label = told if m.value is None else words.result(m).removeprefix(f"{m.answer}, ")
    title = _antibody_title(m, told)
    return Mark(ordinal(m.at), None, "circle", "antibodies", title, label, _FILL[reading])


def _antibody_point(m: Measurement) -> Mark:
    """On the axis in ng/mL: a number at its place, an answer as above or below its threshold."""
    lane = _antibody_mark(m)
    if m.value and m.unit == "ng/mL":
        shape = {"<": "below", ">": "above"}.get(m.censor, "circle")
        label = f"{m.censor}{words.number(m.value)}"
        return replace(lane, value=m.value, shape=shape, label=label)  # type: ignore[arg-type]
    threshold = m.assay.threshold if m.assay is not None else None
    if m.value is None and threshold and m.answer in {"positive", "negative"}:
        shape = "above" if m.answer == "positive" else "below"
        return replace(lane, value=threshold, shape=shape)
    return lane


def antibody_panel(person: PersonReview, time: TimeAxis) -> Panel:
    """Antibody tests with their thresholds; numbers on a logarithmic axis where there are any."""
    results = Results.of(person, time, vocabulary.ANTIBODIES, "test")
    name, title = "antibodies", "Drug antibodies"
    if not results.shown:
        return _empty(person, name, title, "measurements", results)
    numeric = [
        m.value for m in results.shown if m.value is not None and m.value > 0 and m.unit == "ng/mL"
    ]
    thresholds = sorted(
        {m.assay.threshold for m in results.shown if m.assay and m.assay.threshold is not None}
    )
    cut_offs = words.listed([f"{words.number(t)}" for t in thresholds])
    told = [m for m in results.shown if m.value is not None or m.answer is not None]
    if not numeric:
        unit = f"cut-off {cut_offs} ng/mL" if cut_offs else "cut-off not recorded"
        marks = tuple(_antibody_mark(m) for m in told)
        return LanePanel(name, title, unit, marks=marks, earlier=results.before)
    low = 0.6 * min([*numeric, *(t for t in thresholds if t > 0)])
    high = 2.0 * max([*numeric, *thresholds])
    ticks = tuple(float(10**k) for k in range(-2, 9) if low <= 10**k <= high)
    return PlotPanel(
        name=name,
        title=title,
        unit="ng/mL, log scale",
        height=78.0,
        scale=Log(low, high, ticks),
        references=tuple(
            Reference(t, f"cut-off {words.number(t)}", "target", "threshold of the assay")
            for t in thresholds
        ),
        marks=tuple(_antibody_point(m) for m in told),
        earlier=results.before,
    )


def jcv_panel(person: PersonReview, time: TimeAxis, guides: Guides) -> Panel:
    """JCV antibody index with the lines that divide the published risk figures."""
    results = Results.of(person, time, vocabulary.JCV_INDEX, "test")
    name, title = "jcv", "JCV antibody index"
    if not results.shown:
        return _empty(person, name, title, "measurements", results)
    marks = tuple(
        _value_mark(m, "jcv", f"{m.censor}{m.value:.2f}")
        if m.value is not None
        else Mark(ordinal(m.at), None, "square", "jcv", _title(m), m.answer or "no result", "open")
        for m in results.shown
    )
    values = [m.value for m in marks if m.value is not None]
    if not values:
        return LanePanel(name, title, marks=marks, earlier=results.before)
    lines = guides.index_lines
    top = max([1.25 * max(values), *(1.45 * v for v, _ in lines)])
    return PlotPanel(
        name=name,
        title=title,
        unit="index",
        height=66.0,
        scale=Linear(0.0, top, (0.0, 1.0, 2.0, 3.0) if top >= 3 else (0.0, 1.0, 2.0)),
        references=tuple(Reference(v, words.number(v), "target", why) for v, why in lines),
        marks=marks,
        connected="jcv",
        earlier=results.before,
    )
