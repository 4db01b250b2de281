"""The panels that show the drug: level, doses, α4-integrin saturation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.events import Dose, Measurement
from openntz.forecast.result import Curve, LevelVerdict
from openntz.report import words
from openntz.report.charts import (
    Band,
    Bar,
    EmptyPanel,
    LanePanel,
    Line,
    Linear,
    Log,
    Mark,
    Panel,
    PlotPanel,
    Reference,
    TimeAxis,
    ordinal,
)
from openntz.report.guides import Guides
from openntz.report.missed import missed
from openntz.report.person import PersonReview

_NOT_FITTED = {
    "not a trough": "not a trough",
    "impossible": "cannot be true",
    "not usable": "not used",
}
# The picture's usual range; it grows when somebody's levels lie outside it.
_USUAL_LOW, _USUAL_HIGH = 0.5, 200.0
_LOG_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Cut(Struct, frozen=True):
    """A curve cut to the window; arrays of shape (n,), ``inside`` masks the curve's grid."""

    day: np.ndarray
    inside: np.ndarray

    @classmethod
    def of(cls, curve: Curve, time: TimeAxis) -> Cut:
        """The part of a curve that the axis shows, one point beyond either end."""
        day = ordinal(curve.origin) + curve.day
        first = max(int(np.searchsorted(day, time.start)) - 1, 0)
        last = int(np.searchsorted(day, time.end, side="right")) + 1
        inside = np.zeros(day.shape, dtype=bool)
        inside[first:last] = True
        return cls(day[inside], inside)


def _level_title(m: Measurement, verdict: LevelVerdict | None, curve: Curve | None) -> str:
    parts = [
        f"{words.moment(m.at, m.time_known)}: {words.result(m)}",
        m.assay.label if m.assay else "",
    ]
    if verdict is None:
        parts.append("not used in a forecast")
    elif verdict.use == "fitted":
        parts.append("used in the fit" + (", unusual for this history" if verdict.unusual else ""))
        if missed(verdict, curve):
            parts.append("outside the 90 % interval drawn: the curve misses it")
    else:
        parts.append(f"not fitted: {words.prose(verdict.reason or verdict.use)}")
    if verdict is not None and verdict.low is not None and verdict.high is not None:
        parts.append(f"expected {words.level_range(verdict.low, verdict.high)} µg/mL")
    return "; ".join(p for p in parts if p)


def _level_mark(m: Measurement, verdict: LevelVerdict | None, curve: Curve | None) -> Mark | None:
    if m.value is None:
        return None
    title = _level_title(m, verdict, curve)
    text = f"{m.censor}{words.number(m.value)}"
    if verdict is not None and verdict.use in _NOT_FITTED:
        label = f"{text}, {_NOT_FITTED[verdict.use]}"
        return Mark(ordinal(m.at), m.value, "cross", "level", title, label)
    if m.censor:
        shape = "below" if m.censor == "<" else "above"
        fill = "full" if verdict is not None and verdict.use == "fitted" else "open"
        return Mark(ordinal(m.at), m.value, shape, "level", title, text, fill)
    fill = "full" if verdict is not None and verdict.use == "fitted" else "open"
    label = f"{text}, unusual" if verdict is not None and verdict.unusual else text
    return Mark(ordinal(m.at), m.value, "circle", "level", title, label, fill)


def _log_scale(values: list[float]) -> Log:
    seen = [v for v in values if v > 0]
    low = min([_USUAL_LOW, *(0.7 * v for v in seen)])
    high = max([_USUAL_HIGH, *(1.3 * v for v in seen)])
    low = max(low, _LOG_TICKS[0])
    return Log(low, high, tuple(t for t in _LOG_TICKS if low <= t <= high))


def _targets(guides: Guides) -> tuple[Reference, ...]:
    drawn = guides.targets[:3]
    labels = ("target", "low target", "floor")
    return tuple(
        Reference(t, f"{words.number(t)} {label}", "target", guides.target_title)
        for t, label in zip(drawn, labels, strict=False)
    )


def _crossings(person: PersonReview, guides: Guides) -> list[Mark]:
    """Where the level falls to the drawn targets from today on, if no dose follows."""
    f = person.forecast
    if f.last_dose is None:
        return []
    start, found = ordinal(f.last_dose), []
    for b in f.below:
        if b.threshold_ug_per_ml not in guides.targets[:3] or b.median is None:
            continue
        when = start + b.median
        if when < ordinal(person.as_of):
            continue
        day = date.fromordinal(int(when)).isoformat()
        ends = [
            "later than computed" if d is None else date.fromordinal(int(start + d)).isoformat()
            for d in (b.p05, b.p95)
        ]
        title = (
            f"falls to {words.number(b.threshold_ug_per_ml)} µg/mL about {day} if no dose "
            f"follows (90 % interval {ends[0]} to {ends[1]})"
        )
        found.append(Mark(when, b.threshold_ug_per_ml, "ring", "crossing", title, day))
    return found


def level_panel(person: PersonReview, time: TimeAxis, guides: Guides, earlier: str) -> Panel:
    """The level on a logarithmic axis: band, median, measured levels, targets."""
    forecast = person.forecast
    # Without a computed forecast a verdict of 'fitted' only means that nothing forbade it.
    verdicts: Mapping[int, LevelVerdict] = {
        v.line: v for v in forecast.levels if forecast.computed or v.use != "fitted"
    }
    levels = person.known.results(vocabulary.NATALIZUMAB)
    found = [_level_mark(x, verdicts.get(x.ref.line), forecast.curve) for x in levels]
    marks = [m for m in found if m is not None and time.holds(m.day)]
    lines, bands, note = (), (), ""
    if forecast.computed and forecast.curve is not None:
        c, cut = forecast.curve, Cut.of(forecast.curve, time)
        name = "level"
        lines = (Line("level", cut.day, c.concentration_median[cut.inside], name, "µg/mL"),)
        low, high = c.concentration_p05[cut.inside], c.concentration_p95[cut.inside]
        bands = (Band("level", cut.day, low, high),)
        marks += [m for m in _crossings(person, guides) if time.holds(m.day)]
    else:
        note = f"No curve: {words.prose(forecast.reason or forecast.status)}"
    return PlotPanel(
        name="level",
        title="Natalizumab level",
        unit="µg/mL, log scale",
        height=236.0 if lines else 150.0,
        scale=_log_scale([m.value for m in marks if m.value is not None]),
        lines=lines,
        bands=bands,
        references=_targets(guides),
        marks=tuple(marks),
        labels="below",
        note=note,
        earlier=earlier,
    )


def dose_mark(dose: Dose, number: int | None, usual_mg: float | None) -> Mark:
    """One dose as a mark; the label appears only where the amount is not the usual one."""
    how = "into the vein" if dose.route == "IV" else "under the skin"
    parts = [
        f"{words.moment(dose.at, dose.time_known)}: "
        + (f"dose {number}, " if number is not None else "planned dose, ")
        + f"{words.number(dose.amount_mg)} mg {dose.route} ({how})",
        " ".join(p for p in (dose.product, dose.batch) if p),
    ]
    if dose.end is not None:
        parts.append(f"over {round((dose.end - dose.at).total_seconds() / 60)} minutes")
    label = "" if dose.amount_mg == usual_mg else f"{words.number(dose.amount_mg)} mg"
    return Mark(
        ordinal(dose.at),
        None,
        "bar" if dose.route == "IV" else "pin",
        "dose",
        "; ".join(p for p in parts if p),
        label,
        "full" if number is not None else "dashed",
    )


def _usual(doses: tuple[Dose, ...]) -> float | None:
    amounts = [d.amount_mg for d in doses]
    return max(sorted(set(amounts)), key=amounts.count) if amounts else None


def _planned_marks(person: PersonReview, usual_mg: float | None) -> list[Mark]:
    """Doses entered for later days, else the planned one, drawn by its outline."""
    booked = [d for d in person.course.doses if d.day > person.as_of]
    planned, last = person.therapy.planned, person.therapy.last_dose
    if booked or planned is None or planned <= person.as_of or last is None:
        return [dose_mark(d, None, usual_mg) for d in booked]
    shape = "bar" if last.route == "IV" else "pin"
    title = f"{planned.isoformat()}: next dose planned"
    return [Mark(ordinal(planned), None, shape, "dose", title, "", "dashed")]


def dose_panel(person: PersonReview, time: TimeAxis, guides: Guides) -> Panel:
    """Doses as ticks, intravenous and subcutaneous told apart, long gaps named."""
    doses = person.therapy.doses
    usual = _usual(doses or person.course.doses)
    given = [dose_mark(d, i, usual) for i, d in enumerate(doses, 1) if time.holds(ordinal(d.at))]
    if given:
        label = f"no. {len(doses)}, {given[-1].label}".removesuffix(", ")
        given[-1] = replace(given[-1], label=label)
    marks = given + [m for m in _planned_marks(person, usual) if time.holds(m.day)]
    if not marks:
        return EmptyPanel("doses", "Doses", "none recorded")
    gaps = tuple(
        Bar(ordinal(a.day), ordinal(b.day), "gap", f"{n} days", f"{n} days between two doses")
        for a, b, n in person.therapy.gaps()
        if n > guides.long_gap_days and time.holds(ordinal(b.day))
    )
    routes = sorted({d.route for d in doses if time.holds(ordinal(d.at))})
    amount = f"{words.number(usual)} mg " if usual is not None else ""
    return LanePanel(
        name="doses",
        title="Doses",
        unit=amount + " and ".join(routes),
        marks=tuple(marks),
        bars=gaps,
    )


def saturation_panel(person: PersonReview, time: TimeAxis, guides: Guides) -> Panel:
    """Saturation in per cent, the band spanning both cards, with measured values if any."""
    forecast = person.forecast
    marks = tuple(
        Mark(
            ordinal(m.at),
            100 * m.value,
            "circle",
            "saturation",
            f"{words.moment(m.at, m.time_known)}: measured {words.percent(m.value)}",
            words.percent(m.value),
            "open",
        )
        for m in person.known.results(vocabulary.SATURATION)
        if m.value is not None and time.holds(ordinal(m.at))
    )
    title = "α4-integrin saturation"
    if not (forecast.computed and forecast.curve is not None):
        if not marks:
            text = "no forecast and no measurement in this window"
            return EmptyPanel("saturation", title, text)
        lines, bands = (), ()
    else:
        c, cut = forecast.curve, Cut.of(forecast.curve, time)
        middle = 100 * c.saturation_median[cut.inside]
        low, high = 100 * c.saturation_p05[cut.inside], 100 * c.saturation_p95[cut.inside]
        lines = (Line("saturation", cut.day, middle, "saturation", "%"),)
        bands = (Band("saturation", cut.day, low, high),)
    return PlotPanel(
        name="saturation",
        title=title,
        unit="% of receptors",
        height=100.0,
        scale=Linear(0.0, 100.0, (0.0, 50.0, 100.0)),
        lines=lines,
        bands=bands,
        references=tuple(
            Reference(v, f"{words.number(v)} %", "target", title)
            for v, title in guides.saturation_lines
        ),
        marks=marks,
    )
