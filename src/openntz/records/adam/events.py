"""ADAE and ADTTE: reactions with their dose, and times to first events.

ADTTE follows admiral's manner: a parameter is data, with sources of events (the first counts)
and of censoring (the last counts).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from openntz.course.course import TABLES, Course
from openntz.course.vocabulary import ANTIBODIES
from openntz.definitions.antibody_tests import Reading, antibody_tests
from openntz.records.adam.common import CORE, PARAMETER, Frame, core, start_of
from openntz.records.datasets import Cell, Dataset, Variable, dataset
from openntz.records.sdtm.book import study_day

_HOUR: Final = timedelta(hours=1)
_ADAE: Final = (
    *CORE,
    Variable("AESEQ", "Sequence Number", "integer"),
    Variable("AETERM", "Reported Term"),
    Variable("AECAT", "Category"),
    Variable("AEACNOTH", "Other Action Taken"),
    Variable("ASTDT", "Analysis Start Date", "date"),
    Variable("ASTDTM", "Analysis Start Date/Time", "datetime"),
    Variable("ASTDY", "Analysis Start Relative Day", "integer"),
    Variable("ATOXGR", "Analysis Toxicity Grade"),
    Variable("TRTEMFL", "Treatment Emergent Flag"),
    Variable("ADOSEN", "Number of the Last Dose", "integer"),
    Variable("LDOSEDTM", "End Date/Time of Last Dose", "datetime"),
    Variable("LDRELTM", "Time from Start of Last Dose (h)", "number"),
)
_ADTTE: Final = (
    *CORE,
    *PARAMETER,
    Variable("STARTDT", "Time-to-Event Origin Date", "date"),
    Variable("ADT", "Analysis Date", "date"),
    Variable("CNSR", "Censor", "integer"),
    Variable("EVNTDESC", "Event or Censoring Description"),
    Variable("SRCDOM", "Source Domain"),
    Variable("SRCVAR", "Source Variable"),
)
Dates = Callable[[Course], Iterable[date]]


def adae(courses: Iterable[Course], frame: Frame) -> Dataset:
    """ADAE of reactions; time from the start of the last dose where both times are known."""
    return dataset(
        "ADAE",
        "Adverse Event Analysis Dataset",
        _ADAE,
        (row for course in courses for row in _reactions(course, frame)),
    )


def _reactions(course: Course, frame: Frame) -> Iterator[dict[str, Cell]]:
    start, starts = start_of(course), [d.at for d in course.doses]
    for number, reaction in enumerate(course.reactions, start=1):
        row: dict[str, Cell] = {
            **core(course, frame),
            "AESEQ": number,
            "AETERM": reaction.term or None,
            "AECAT": "INFUSION REACTION",
            "AEACNOTH": reaction.action or None,
            "ASTDT": reaction.day,
            "ASTDTM": reaction.at if reaction.time_known else None,
            "ASTDY": study_day(reaction.day, start),
            "ATOXGR": None if reaction.grade is None else str(reaction.grade),
        }
        if course.doses and reaction.day >= course.doses[0].day:
            row["TRTEMFL"] = "Y"
        given = bisect_right(starts, reaction.at)
        if given:
            dose = course.doses[given - 1]
            row |= {"ADOSEN": given, "LDOSEDTM": dose.end}
            if reaction.time_known and dose.time_known:
                row["LDRELTM"] = (reaction.at - dose.at) / _HOUR
        yield row


class Source(Struct, frozen=True):
    """Where a date comes from: the domain and variable it is in, what it means, how it is read."""

    domain: str
    variable: str
    description: str
    dates: Dates


class TimeTo(Struct, frozen=True):
    """One parameter: ``table`` has to be recorded, else nobody looked and there is no time."""

    code: str
    name: str
    table: str
    events: tuple[Source, ...]
    censors: tuple[Source, ...]


def _relapses(course: Course) -> Iterator[date]:
    return (e.day for e in course.relapses)


def _reacted(course: Course) -> Iterator[date]:
    return (e.day for e in course.reactions)


def _new_lesions(course: Course) -> Iterator[date]:
    return (s.day for s in course.mri if (s.new_t2_lesions or 0) + (s.enlarging_t2_lesions or 0))


def _read_scans(course: Course) -> Iterator[date]:
    return (s.day for s in course.mri if s.new_t2_lesions is not None)


def _contacts(course: Course) -> Iterator[date]:
    return (e.day for table in TABLES[1:] for e in getattr(course, table))


def antibody_times(threshold_ng_per_ml: float) -> TimeTo:
    """Time to the first test that is positive at its assay's own cut-off."""

    def days(course: Course, readings: frozenset[Reading]) -> Iterator[date]:
        tests = antibody_tests(course.results(ANTIBODIES), threshold_ng_per_ml)
        return (t.day for t in tests if t.own in readings)

    read = frozenset({Reading.POSITIVE, Reading.NEGATIVE})
    positive = Source(
        "IS", "ISDTC", "First positive antibody test",
        lambda c: days(c, frozenset({Reading.POSITIVE})),
    )  # fmt: skip
    last = Source("IS", "ISDTC", "Last antibody test", lambda c: days(c, read))
    name = "Time to First Positive Antibody Test"
    return TimeTo("TTADA", name, "measurements", (positive,), (last,))


_LAST_CONTACT: Final = Source("ALL", "--DTC", "Last record of the person", _contacts)
PARAMETERS: Final = (
    TimeTo(
        "TTRELAP", "Time to First Relapse", "relapses",
        (Source("CE", "CESTDTC", "First relapse", _relapses),), (_LAST_CONTACT,),
    ),
    TimeTo(
        "TTT2", "Time to First Scan with a New or Enlarging T2 Lesion", "mri",
        (Source("MO", "MODTC", "New or enlarging T2 lesion", _new_lesions),),
        (Source("MO", "MODTC", "Last scan that counts new T2 lesions", _read_scans),),
    ),
    TimeTo(
        "TTREAC", "Time to First Reaction to a Dose", "reactions",
        (Source("AE", "AESTDTC", "First reaction", _reacted),), (_LAST_CONTACT,),
    ),
)  # fmt: skip
_AT_START: Final = "Not examined since the start"


def adtte(courses: Iterable[Course], frame: Frame, parameters: tuple[TimeTo, ...]) -> Dataset:
    """ADTTE from the first dose (or entry), in days with the first day as 1.

    Somebody never examined since is censored on the first day; somebody whose export has no
    such table has no record.
    """
    return dataset(
        "ADTTE",
        "Time-to-Event Analysis Dataset",
        _ADTTE,
        (
            _time(course, parameter, start, frame)
            for course in courses
            if (start := start_of(course)) is not None
            for parameter in parameters
            if course.has(parameter.table)
        ),
    )


def _time(course: Course, parameter: TimeTo, start: date, frame: Frame) -> dict[str, Cell]:
    def found(sources: tuple[Source, ...]) -> list[tuple[date, Source]]:
        # What happened on the day of the first dose counts; what came before does not.
        pairs = ((day, source) for source in sources for day in source.dates(course))
        return sorted((p for p in pairs if p[0] >= start), key=lambda p: p[0])

    events, censors = found(parameter.events), found(parameter.censors)
    day, source = events[0] if events else censors[-1] if censors else (start, None)
    return {
        **core(course, frame),
        "PARAMCD": parameter.code,
        "PARAM": f"{parameter.name} (Days)",
        "AVAL": float((day - start).days + 1),
        "STARTDT": start,
        "ADT": day,
        "CNSR": 0 if events else 1,
        "EVNTDESC": source.description if source else _AT_START,
        "SRCDOM": source.domain if source else "ADSL",
        "SRCVAR": source.variable if source else "TRTSDT",
    }
