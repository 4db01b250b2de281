"""The panels of what happened: scans, relapses, EDSS, reactions, symptoms, treatments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from openntz.course.events import (
    EdssScore,
    Event,
    Reaction,
    Relapse,
    Scan,
    Symptom,
)
from openntz.report import words
from openntz.report.charts import Bar, EmptyPanel, LanePanel, Mark, Panel, TimeAxis, ordinal
from openntz.report.earlier import earlier
from openntz.report.person import PersonReview

E = TypeVar("E", bound=Event)


def _lesions(n: int | None) -> str:
    return "?" if n is None else str(n)


def scan_mark(scan: Scan) -> Mark:
    """A scan: filled with new lesions, open without, dashed when nothing was reported."""
    counts = (scan.new_t2_lesions, scan.gadolinium_lesions, scan.enlarging_t2_lesions)
    told = [c for c in counts if c is not None]
    fill = "dashed" if not told else "full" if any(told) else "open"
    said = [
        f"{label} {'not reported' if n is None else n}"
        for label, n in zip(
            ("new T2 lesions", "gadolinium-enhancing lesions", "enlarging T2 lesions"),
            counts,
            strict=True,
        )
    ]
    title = f"{scan.day.isoformat()}: {', '.join(said)}"
    if scan.comment:
        title += f"; {scan.comment}"
    larger = f" + {scan.enlarging_t2_lesions} larger" if scan.enlarging_t2_lesions else ""
    new = _lesions(scan.new_t2_lesions)
    label = f"T2 {new}{larger} · Gd {_lesions(scan.gadolinium_lesions)}"
    if not told:
        label = "not reported"
    return Mark(ordinal(scan.at), None, "diamond", "activity", title, label, fill)


def relapse_mark(relapse: Relapse) -> Mark:
    """A relapse by its onset."""
    title = "; ".join(
        p
        for p in (
            f"{relapse.day.isoformat()}: relapse",
            relapse.severity or "severity not recorded",
            relapse.comment,
        )
        if p
    )
    return Mark(ordinal(relapse.at), None, "star", "activity", title, relapse.severity)


def _edss_mark(score: EdssScore) -> Mark:
    text = f"{score.score:.1f}"
    return Mark(
        ordinal(score.at), None, "square", "edss", f"{score.day.isoformat()}: EDSS {text}", text
    )


def _reaction_mark(reaction: Reaction) -> Mark:
    grade = "grade not recorded" if reaction.grade is None else f"grade {reaction.grade}"
    title = f"{words.moment(reaction.at, reaction.time_known)}: {reaction.term}, {grade}"
    if reaction.action:
        title += f"; {reaction.action}"
    return Mark(ordinal(reaction.at), None, "flag", "reaction", title, f"{reaction.term}, {grade}")


def _symptom_mark(symptom: Symptom) -> Mark:
    title = f"{symptom.day.isoformat()}: {symptom.symptom}"
    if symptom.comment:
        title += f"; {symptom.comment}"
    return Mark(ordinal(symptom.at), None, "circle", "symptom", title, symptom.symptom, "open")


def _lane(
    person: PersonReview,
    time: TimeAxis,
    table: str,
    title: str,
    unit: str,
    one: str,
    many: str,
    events: Sequence[E],
    mark: Callable[[E], Mark],
) -> Panel:
    if not person.course.has(table):
        return EmptyPanel(table, title, "table not in the export")
    before = earlier(events, time, one, many)
    shown = tuple(mark(e) for e in events if time.holds(ordinal(e.at)))
    if not shown:
        return EmptyPanel(table, title, before or "none recorded")
    return LanePanel(table, title, unit, marks=shown, earlier=before)


def _pregnancy_bars(person: PersonReview) -> tuple[Bar, ...]:
    bars = []
    for p in person.known.pregnancies:
        start = ordinal(p.conception or p.day)
        end = p.delivery or p.due
        told = [
            f"{label} {day.isoformat()}"
            for label, day in (
                ("conception", p.conception),
                ("expected delivery", p.due),
                ("delivery", p.delivery),
            )
            if day is not None
        ]
        label = p.outcome or ("delivered" if p.delivery else "expected delivery")
        if end is not None:
            label = f"{label} {end.isoformat()}"
        title = f"pregnancy: {', '.join(told)}; {p.outcome or 'outcome not recorded'}"
        bars.append(Bar(start, ordinal(end) if end else None, "pregnancy", label, title))
    return tuple(bars)


def _treatment_bars(person: PersonReview) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            ordinal(t.day),
            ordinal(t.end) if t.end is not None else None,
            "treatment",
            t.name,
            f"{t.name} ({t.kind or 'kind not recorded'}): from {t.day.isoformat()} "
            + (f"to {t.end.isoformat()}" if t.end else "with no end recorded"),
        )
        for t in person.course.treatments
    )


def _bars(
    person: PersonReview, time: TimeAxis, table: str, title: str, one: str, bars: tuple[Bar, ...]
) -> Panel:
    if not person.course.has(table):
        return EmptyPanel(table, title, "table not in the export")
    shown = tuple(b for b in bars if b.start <= time.end and (b.end is None or b.end >= time.start))
    gone = [b for b in bars if b.end is not None and b.end < time.start]
    before = ""
    if gone:
        names = words.listed(list(dict.fromkeys(b.label for b in gone)))
        before = f"earlier: {names}" if len(names) < 60 else f"earlier: {len(gone)} {one}s"
    if not shown:
        return EmptyPanel(table, title, before or "none recorded")
    return LanePanel(table, title, bars=shown, earlier=before)


def event_panels(person: PersonReview, time: TimeAxis) -> tuple[Panel, ...]:
    """All lanes of events, each drawn or said to be empty."""
    known = person.known
    return (
        _lane(person, time, "mri", "MRI", "new T2 · Gd", "scan", "scans", known.mri, scan_mark),
        _lane(
            person,
            time,
            "relapses",
            "Relapses",
            "",
            "relapse",
            "relapses",
            known.relapses,
            relapse_mark,
        ),
        _lane(person, time, "edss", "EDSS", "", "score", "scores", known.edss, _edss_mark),
        _lane(
            person,
            time,
            "reactions",
            "Reactions",
            "",
            "reaction",
            "reactions",
            known.reactions,
            _reaction_mark,
        ),
        _lane(
            person,
            time,
            "symptoms",
            "Symptoms",
            "",
            "entry",
            "entries",
            known.symptoms,
            _symptom_mark,
        ),
        _bars(person, time, "pregnancies", "Pregnancy", "pregnancy", _pregnancy_bars(person)),
        _bars(person, time, "treatments", "Other treatments", "treatment", _treatment_bars(person)),
    )
