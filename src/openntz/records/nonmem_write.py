"""Courses out as NONMEM-style data: days, mg and mg/L, one integer ID per person and a key.

Each row carries what was last known of weight, antibodies and age at that moment (the first
weight also before it). NONMEM applies a row's covariates to the time since the row before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from openntz.course.course import Course, age_on
from openntz.course.events import Dose, Measurement
from openntz.course.vocabulary import ANTIBODIES, NATALIZUMAB
from openntz.forecast.history import (
    DAY,
    Assumed,
    History,
    build_history,
    level_moment,
    weights_of,
)
from openntz.forecast.settings import Settings
from openntz.records.problems import Log, Problem
from openntz.records.write import write_csv

COLUMNS: Final = (
    *("ID", "TIME", "AMT", "RATE", "CMT", "EVID", "MDV", "DV", "CENS", "LLOQ"),
    *("WT", "ADA", "AGE", "OCC"),
)
DEPOT: Final = 1
CENTRAL: Final = 2
_MISSING: Final = "."

_Row = tuple[object, ...]


class NonmemExport(Struct, frozen=True):
    """What was written: ``key_path`` tells which person an ID is."""

    path: Path
    key_path: Path
    people: int
    rows: int
    notes: tuple[Problem, ...]


def write_nonmem(
    courses: Iterable[Course], path: Path, *, assumed: Assumed | None = None
) -> NonmemExport:
    """Write doses and natalizumab levels of courses as a NONMEM-style file, and its key.

    TIME is in days from the start of the person's first dose, AMT in mg, RATE in mg/day, DV
    and LLOQ in mg/L (= ug/mL); CENS is 1 below DV and -1 above it. OCC counts the doses. The
    key is written beside it as ``NAME-key.csv``: it names people, so it is kept apart.

    Parameters
    ----------
    courses : iterable of Course
        Planned doses are written like given ones; cut them off with ``Course.until``.
    path : Path
        File to write; replaced as a whole.
    assumed : Assumed, optional
        What stands in for times that are not recorded; the registry's when left out.

    Raises
    ------
    OSError
        When the folder cannot be written to.
    """
    stand_in = assumed or Settings.from_registry().assumed
    log = Log()
    rows: list[_Row] = []
    key: list[tuple[int, str]] = []
    for course in courses:
        if not course.doses:
            line = course.person.ref.line if course.person.ref else 0
            reason = "There is no dose, so no time to count from; the person is not written."
            log.note("information", "doses", "person", course.person.id, reason).add(line)
            continue
        key.append((len(key) + 1, course.person.id))
        rows.extend(person_rows(len(key), course, stand_in, log))
    key_path = path.with_name(f"{path.stem}-key.csv")
    write_csv(path, COLUMNS, rows)
    write_csv(key_path, ("ID", "person"), key)
    return NonmemExport(path, key_path, len(key), len(rows), log.finish()[1])


def person_rows(number: int, course: Course, assumed: Assumed, log: Log) -> list[_Row]:
    """One person's doses and levels as rows of ``COLUMNS``; at least one dose is needed."""
    history = build_history(course.doses, weights_of(course), None, assumed)
    first = history.dose_starts[0]
    # A level at the start of a dose is the trough before it, so it comes first.
    events: list[tuple[datetime, int, Dose | Measurement]] = [
        (start, 1, dose) for start, dose in zip(history.dose_starts, course.doses, strict=True)
    ]
    for level in course.results(NATALIZUMAB):
        if level.value is None:
            reason = "The level has no number; it is not written."
            log.note("information", "measurements", "value", level.as_written, reason).add(
                level.ref.line
            )
            continue
        events.append((level_moment(level, history), 0, level))
    rows = []
    given = 0
    for moment, _, event in sorted(events, key=lambda e: (e[0], e[1], e[2].ref.line)):
        time = (moment - first) / DAY
        if isinstance(event, Dose):
            given += 1
            what = _dose(event, given - 1, history, log)
        else:
            what = _level(event)
        known = _known(course, moment)
        for column, value in zip(("WT", "ADA", "AGE"), known, strict=True):
            if value == _MISSING:
                reason = f"{column} is not known; '.' is written, which NONMEM reads as 0."
                remedy = "Fill it in before a model uses it."
                log.note("assumed", event.ref.table, column, "", reason, remedy).add(event.ref.line)
        rows.append((number, repr(time), *what, *known, max(given, 1)))
    return rows


def _dose(dose: Dose, index: int, history: History, log: Log) -> _Row:
    if not dose.time_known:
        reason = f"The time of day is not recorded; {history.assumed.hour:g} h is written."
        log.note("assumed", "doses", "start", "", reason).add(dose.ref.line)
    amount = repr(float(dose.amount_mg))
    if dose.route == "SC":
        return (amount, 0, DEPOT, 1, 1, _MISSING, 0, _MISSING)
    length = history.dose_ends[index] - history.dose_starts[index]
    if dose.end is None or not dose.time_known:
        minutes = history.assumed.infusion_minutes
        reason = f"The end of the infusion is not recorded; {minutes:g} min are written."
        log.note("assumed", "doses", "end", "", reason).add(dose.ref.line)
    rate = repr(dose.amount_mg / (length / DAY))
    return (amount, rate, CENTRAL, 1, 1, _MISSING, 0, _MISSING)


def _level(level: Measurement) -> _Row:
    value = repr(float(level.value or 0.0))
    lloq = level.assay.lloq if level.assay else None
    limit: object = _MISSING if lloq is None else repr(float(lloq))
    if level.censor == "<":
        # 'below 4' by an assay that can measure 2 is below 4.
        limit = value
    censored = {"": 0, "<": 1, ">": -1}[level.censor]
    return (0, 0, CENTRAL, 0, 0, value, censored, limit)


def _known(course: Course, moment: datetime) -> _Row:
    """Weight in kg, antibodies (0 or 1) and completed years of age, as known at a moment."""
    weights = [m for m in weights_of(course) if not m.censor]
    until = [m.value for m in weights if m.at <= moment] or [m.value for m in weights[:1]]
    weight = repr(float(until[-1])) if until and until[-1] is not None else _MISSING
    tests = [m.answer for m in course.results(ANTIBODIES) if m.at <= moment]
    antibodies = {"positive": 1, "negative": 0}.get(tests[-1] or "", _MISSING) if tests else "."
    born = course.person.birth_date
    age = _MISSING if born is None else age_on(born, moment.date())
    return (weight, antibodies, age)
