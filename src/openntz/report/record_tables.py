"""The record behind a page: every table with line numbers, unknown columns kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from msgspec import Struct

from openntz.course.course import TABLES, Course
from openntz.course.events import Event, Measurement
from openntz.report import words
from openntz.report.finding_view import anchor

Cell = Callable[[Any], str]


def _text(name: str) -> Cell:
    return lambda e: str(getattr(e, name) or "")


def _date(name: str) -> Cell:
    return lambda e: words.day(value) if (value := getattr(e, name)) is not None else ""


def _when(e: Event) -> str:
    return words.moment(e.at, e.time_known)


def _count(name: str) -> Cell:
    def cell(e: Any) -> str:
        value = getattr(e, name)
        return "not reported" if value is None else str(value)

    return cell


def _volume(e: Any) -> str:
    value = e.brain_volume_change_percent
    return "" if value is None else words.number(value)


def _end(e: Any) -> str:
    return "" if e.end is None else e.end.strftime("%Y-%m-%d %H:%M")


def _discharged(e: Any) -> str:
    return "" if e.discharged is None else words.moment(e.discharged, True)


def _contact(name: str) -> Cell:
    def cell(e: Any) -> str:
        call = getattr(e, name)
        if call is None:
            return ""
        return call.note if call.at is None else words.moment(call.at, call.time_known)

    return cell


def _assay(m: Measurement) -> str:
    if m.assay is None:
        return ""
    parts = [m.assay.label]
    if m.assay.threshold is not None:
        parts.append(f"threshold {words.number(m.assay.threshold)} ng/mL")
    if m.assay.lloq is not None:
        parts.append(f"limit of quantification {words.number(m.assay.lloq)} {words.unit(m.unit)}")
    return "; ".join(parts)


# Few clinics record these; without an entry they would only widen the table.
_WHERE_FILLED: Final = frozenset(
    {"discharged", "follow-up call", "hotline", "consent", "authorised"}
)

COLUMNS: Final[dict[str, tuple[tuple[str, Cell], ...]]] = {
    "plans": (
        ("date", _when),
        ("interval, days", _text("planned_interval_days")),
        ("stopped", _date("stopped")),
        ("reason", _text("reason")),
        ("consent", _date("consent")),
        ("authorised", _date("authorised")),
    ),
    "doses": (
        ("start", _when),
        ("end", _end),
        ("mg", lambda e: words.number(e.amount_mg)),
        ("route", _text("route")),
        ("product", _text("product")),
        ("batch", _text("batch")),
        ("setting", _text("setting")),
        ("premedication", _text("premedication")),
        ("discharged", _discharged),
        ("follow-up call", _contact("follow_up_call")),
        ("hotline", _contact("hotline")),
    ),
    "measurements": (
        ("taken", _when),
        ("test", _text("test")),
        ("result", words.result),
        ("as written", _text("as_written")),
        ("assay", _assay),
    ),
    "reactions": (
        ("onset", _when),
        ("reaction", _text("term")),
        ("grade", lambda e: "not recorded" if e.grade is None else str(e.grade)),
        ("action", _text("action")),
    ),
    "mri": (
        ("date", _when),
        ("gadolinium-enhancing", _count("gadolinium_lesions")),
        ("new T2", _count("new_t2_lesions")),
        ("enlarging T2", _count("enlarging_t2_lesions")),
        ("brain volume, % a year", _volume),
        ("comment", _text("comment")),
    ),
    "relapses": (
        ("onset", _when),
        ("severity", _text("severity")),
        ("comment", _text("comment")),
    ),
    "edss": (("date", _when), ("score", lambda e: f"{e.score:.1f}")),
    "symptoms": (
        ("date", _when),
        ("symptom", _text("symptom")),
        ("comment", _text("comment")),
    ),
    "treatments": (
        ("start", _when),
        ("end", _date("end")),
        ("name", _text("name")),
        ("kind", _text("kind")),
    ),
    "pregnancies": (
        ("conception", _date("conception")),
        ("expected delivery", _date("due")),
        ("delivery", _date("delivery")),
        ("outcome", _text("outcome")),
        ("breast-feeding", _text("breastfeeding")),
    ),
}


class RecordRow(Struct, frozen=True):
    """One row: its line in the file, its id on the page, whether it lies after the as-of day."""

    line: int
    anchor: str
    later: bool
    cells: tuple[str, ...]


class RecordTable(Struct, frozen=True):
    """One table of the record, latest rows first."""

    name: str
    recorded: bool
    columns: tuple[str, ...]
    rows: tuple[RecordRow, ...]


def _table(name: str, course: Course, events: Sequence[Event], as_of: date) -> RecordTable:
    columns = [
        (title, cell)
        for title, cell in COLUMNS[name]
        if title not in _WHERE_FILLED or any(cell(e) for e in events)
    ]
    extra = sorted({key for e in events for key in e.extra})
    rows = tuple(
        RecordRow(
            e.ref.line,
            anchor(str(e.ref)),
            e.day > as_of,
            (*(cell(e) for _, cell in columns), *(e.extra.get(key, "") for key in extra)),
        )
        for e in sorted(events, key=lambda e: (e.at, e.ref.line), reverse=True)
    )
    return RecordTable(name, course.has(name), (*(c for c, _ in columns), *extra), rows)


def _person_table(course: Course) -> RecordTable:
    p = course.person
    told = [(n, t) for n, t in (("diagnosis", p.diagnosis), ("conditions", p.conditions)) if t]
    columns = ("person", "born", "sex", "MS onset", *(n for n, _ in told), *sorted(p.extra))
    cells = (
        p.id,
        words.day(p.birth_date),
        p.sex or "not recorded",
        words.day(p.ms_onset),
        *(text for _, text in told),
        *(p.extra[key] for key in sorted(p.extra)),
    )
    rows = () if p.ref is None else (RecordRow(p.ref.line, anchor(str(p.ref)), False, cells),)
    return RecordTable("people", course.has("people"), columns, rows)


def record_tables(course: Course, as_of: date) -> tuple[RecordTable, ...]:
    """All eleven tables of one person in the order of the contract."""
    return tuple(
        _person_table(course)
        if name == "people"
        else _table(name, course, getattr(course, name), as_of)
        for name in TABLES
    )
