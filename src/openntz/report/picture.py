"""The one picture of a person's page: which window, which panels, in which order."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.report import words
from openntz.report.blood_panels import (
    antibody_panel,
    b_cell_panel,
    jcv_panel,
    lymphocyte_panel,
)
from openntz.report.charts import (
    Chart,
    EmptyPanel,
    Key,
    LanePanel,
    Mark,
    Moment,
    Overview,
    Panel,
    PlotPanel,
    TimeAxis,
    ordinal,
)
from openntz.report.earlier import earlier
from openntz.report.event_panels import event_panels, relapse_mark, scan_mark
from openntz.report.guides import Guides
from openntz.report.level_panels import dose_panel, level_panel, saturation_panel
from openntz.report.person import PersonReview

_SIGNS = {
    ("circle", "full"): "measured, used",
    ("circle", "open"): "measured, not used",
    ("below", "full"): "below the limit of the test, used",
    ("below", "open"): "below the limit of the test, not used",
    ("above", "full"): "above the limit of the test, used",
    ("above", "open"): "above the limit of the test, not used",
    ("cross", "full"): "measured, set aside from the fit",
    ("ring", "full"): "expected day at a target",
    ("bar", "full"): "infusion (IV)",
    ("pin", "full"): "injection (SC)",
    ("bar", "dashed"): "planned",
    ("pin", "dashed"): "planned",
}

_GATHERED = frozenset({"relapses", "edss", "reactions", "symptoms", "pregnancies", "treatments"})
_REASONS = {"none recorded": "None recorded", "table not in the export": "Not in the export"}

# Room on either side of the first and the last thing drawn, in days.
_LEAD = 10.0
_TRAIL = 12.0
# Somebody whose last dose lies long back is still shown the doses before it.
_BEFORE_LAST_DOSE = 120.0


def window(person: PersonReview, guides: Guides) -> TimeAxis:
    """The time shown: some eighteen months before the as-of date, and the forecast.

    It begins later when therapy began later (with the own lymphocyte baseline in view), and
    earlier when the last dose lies further back.
    """
    today = ordinal(person.as_of)
    ends = [today + _TRAIL]
    start = today - guides.days_before
    doses = person.therapy.doses
    if doses:
        first, last = ordinal(doses[0].at), ordinal(doses[-1].at)
        counts = person.known.results(vocabulary.LYMPHOCYTES)
        before = [
            ordinal(m.at)
            for m in counts
            if first - guides.rise.baseline_within_days <= ordinal(m.at) < first
        ]
        start = max(min([first, *before[-1:]]) - _LEAD, min(start, last - _BEFORE_LAST_DOSE))
        if person.forecast.computed:
            ends.append(last + guides.days_after)
    else:
        known = [ordinal(m.at) for m in person.known.measurements]
        start = max(start, min([today - 2 * _BEFORE_LAST_DOSE, *known]))
    if person.therapy.planned is not None:
        ends.append(ordinal(person.therapy.planned) + _TRAIL)
    return TimeAxis(start, max(ends))


def moments(person: PersonReview, time: TimeAxis) -> tuple[Moment, ...]:
    """Today, and the day of the next dose."""
    today = ordinal(person.as_of)
    found = [Moment(today, f"today {person.as_of.isoformat()}", "today")]
    planned = person.therapy.planned
    if planned is not None and time.holds(ordinal(planned)) and planned != person.as_of:
        verb = "booked" if person.therapy.planned_is_booked else "planned"
        late = " (late)" if planned < person.as_of else ""
        found.append(
            Moment(ordinal(planned), f"next dose {verb} {planned.isoformat()}{late}", "planned")
        )
    elif planned == person.as_of:
        found = [Moment(today, f"today {person.as_of.isoformat()}, next dose planned", "today")]
    stopped = person.therapy.stopped_on
    if stopped is not None and time.holds(ordinal(stopped)):
        found.append(Moment(ordinal(stopped), f"stopped {stopped.isoformat()}", "stopped"))
    return tuple(found)


def overview(person: PersonReview, time: TimeAxis) -> Overview | None:
    """All doses, relapses and scans since the first dose, when the window shows only a part."""
    doses = person.therapy.doses
    if not doses or ordinal(doses[0].at) >= time.start:
        return None
    known = person.known
    events: list[Mark] = [relapse_mark(r) for r in known.relapses]
    events += [scan_mark(s) for s in known.mri]
    whole = TimeAxis(ordinal(doses[0].at) - _LEAD, time.end)
    return Overview(
        time=whole,
        doses=tuple(ordinal(d.at) for d in doses),
        events=tuple(e for e in events if whole.holds(e.day)),
    )


def summary(person: PersonReview, time: TimeAxis) -> str:
    """The picture in words, for those who do not see it."""
    f, t = person.forecast, person.therapy
    first, last = (words.day(_date(d)) for d in (time.start, time.end))
    parts = [f"Time line of {person.id} from {first} to {last}, as of {person.as_of.isoformat()}."]
    if t.last_dose is not None:
        parts.append(
            f"{words.count(len(t.doses), 'dose')} recorded, the last on {t.last_dose.day}."
        )
    else:
        parts.append("No dose is recorded.")
    if f.computed and f.now is not None:
        parts.append(f"Level now {words.level_between(f.now[0])} µg/mL with 90 % interval.")
    if f.computed and f.planned is not None and t.planned is not None:
        parts.append(
            f"On the planned day {t.planned.isoformat()} {words.level_between(f.planned[0])} µg/mL."
        )
    if not f.computed:
        parts.append(f"No curve: {f.reason or f.status}")
    known = person.known
    counted = (
        ("measured level", known.results(vocabulary.NATALIZUMAB)),
        ("lymphocyte count", known.results(vocabulary.LYMPHOCYTES)),
        ("antibody test", known.results(vocabulary.ANTIBODIES)),
        ("JCV test", known.results(vocabulary.JCV_INDEX)),
        ("MRI scan", known.mri),
        ("relapse", known.relapses),
    )
    shown = [
        words.count(n, name)
        for name, events in counted
        if (n := sum(time.holds(ordinal(e.at)) for e in events))
    ]
    if shown:
        parts.append(f"Shown: {words.listed(shown)}.")
    return " ".join(parts)


def gathered(panels: tuple[Panel, ...]) -> tuple[Panel, ...]:
    """The panels with those of events that hold nothing gathered, one line per reason.

    What every person on therapy needs (lymphocytes, antibodies, JCV, MRI) keeps its own line.
    """
    kept: list[Panel] = []
    empty: dict[str, list[str]] = {}
    for panel in panels:
        if isinstance(panel, EmptyPanel) and panel.name in _GATHERED and panel.text in _REASONS:
            empty.setdefault(panel.text, []).append(panel.title)
        else:
            kept.append(panel)
    for reason, titles in empty.items():
        text = ", ".join(t if t.isupper() else t.lower() for t in titles)
        kept.append(EmptyPanel("none", _REASONS[reason], text))
    return tuple(kept)


def legend(panels: tuple[Panel, ...]) -> tuple[Key, ...]:
    """The signs of the level and dose panels that this picture really uses."""
    keys: list[Key] = []
    seen: set[tuple[str, str]] = set()
    for panel in panels[:2]:
        if isinstance(panel, PlotPanel) and panel.lines:
            keys.append(Key("line", "level", "most likely level"))
            keys.append(Key("band", "level", "90 % interval"))
        marks = panel.marks if isinstance(panel, (PlotPanel, LanePanel)) else ()
        for mark in marks:
            sign = (mark.shape, mark.fill)
            if sign in seen or sign not in _SIGNS:
                continue
            seen.add(sign)
            keys.append(Key(replace(mark, label="", title=""), mark.tone, _SIGNS[sign]))
    return tuple(keys)


def _date(day: float) -> date:
    return date.fromordinal(int(day))


def picture(person: PersonReview, guides: Guides) -> Chart:
    """Everything about one person on one time axis, as data."""
    time = window(person, guides)
    before = earlier(person.known.results(vocabulary.NATALIZUMAB), time, "level")
    cells = b_cell_panel(person, time)
    panels: tuple[Panel, ...] = (
        level_panel(person, time, guides, before),
        dose_panel(person, time, guides),
        saturation_panel(person, time, guides),
        lymphocyte_panel(person, time, guides),
        *(() if cells is None else (cells,)),
        antibody_panel(person, time),
        jcv_panel(person, time, guides),
        *event_panels(person, time),
    )
    panels = gathered(panels)
    today = ordinal(person.as_of)
    computed = person.forecast.computed and person.forecast.curve is not None
    return Chart(
        time=time,
        panels=panels,
        moments=moments(person, time),
        summary=summary(person, time),
        forecast_from=today,
        forecast_label="forecast if no further dose is given" if computed else "",
        overview=overview(person, time),
        legend=legend(panels),
    )
