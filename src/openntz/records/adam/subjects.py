"""ADSL, one record a person, and ADEX, one record a dose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from openntz.course.course import Course, age_on
from openntz.records.adam.common import CORE, Frame, core, start_of
from openntz.records.datasets import Cell, Dataset, Variable, dataset
from openntz.records.sdtm.book import study_day

_VARIABLES: Final = (
    *CORE,
    Variable("SUBJID", "Subject Identifier for the Study"),
    Variable("AGE", "Age", "integer"),
    Variable("AGEU", "Age Units"),
    Variable("SEX", "Sex"),
    Variable("BRTHDT", "Date of Birth", "date"),
    Variable("TRT01P", "Planned Treatment for Period 01"),
    Variable("RFSTDT", "Subject Reference Start Date", "date"),
    Variable("TRTEDT", "Date of Last Exposure to Treatment", "date"),
    Variable("TRTDURD", "Total Treatment Duration (Days)", "integer"),
    Variable("NDOSES", "Number of Doses", "integer"),
    Variable("SAFFL", "Safety Population Flag"),
    Variable("EOTSTT", "End of Treatment Status"),
    Variable("EOTDT", "Date of End of Treatment", "date"),
    Variable("DCTREAS", "Reason for Discontinuation of Treatment"),
)


def adsl(courses: Iterable[Course], frame: Frame) -> Dataset:
    """ADSL of courses; a stop that nobody recorded leaves EOTSTT empty, not 'ongoing'."""
    return dataset("ADSL", "Subject-Level Analysis Dataset", _VARIABLES, (
        _person(course, frame) for course in courses
    ))  # fmt: skip


def _person(course: Course, frame: Frame) -> dict[str, Cell]:
    start, person = start_of(course), course.person
    first = course.doses[0].day if course.doses else None
    last = course.doses[-1].day if course.doses else None
    stops = [p for p in course.plans if p.stopped is not None]
    shared = core(course, frame)
    return {
        **shared,
        "SUBJID": person.id,
        "AGE": age_on(person.birth_date, start) if person.birth_date and start else None,
        "AGEU": "YEARS" if person.birth_date and start else None,
        "SEX": person.sex or "U",
        "BRTHDT": person.birth_date,
        "TRT01P": shared["TRT01A"],
        "RFSTDT": start,
        "TRTEDT": last,
        "TRTDURD": (last - first).days + 1 if first and last else None,
        "NDOSES": len(course.doses) if course.has("doses") else None,
        "SAFFL": "Y" if course.doses else "N",
        "EOTSTT": "DISCONTINUED" if stops else None,
        "EOTDT": stops[-1].stopped if stops else None,
        "DCTREAS": (stops[-1].reason or None) if stops else None,
    }


_ADEX: Final = (
    *CORE,
    Variable("EXSEQ", "Sequence Number", "integer"),
    Variable("EXTRT", "Name of Treatment"),
    Variable("EXDOSE", "Dose", "number"),
    Variable("EXDOSU", "Dose Units"),
    Variable("EXROUTE", "Route of Administration"),
    Variable("EXLOT", "Lot Number"),
    Variable("ASTDT", "Analysis Start Date", "date"),
    Variable("ASTDTM", "Analysis Start Date/Time", "datetime"),
    Variable("ASTDY", "Analysis Start Relative Day", "integer"),
    Variable("AENDTM", "Analysis End Date/Time", "datetime"),
    Variable("AINTV", "Days since the Dose before", "integer"),
)
_ROUTES: Final = {"IV": "INTRAVENOUS", "SC": "SUBCUTANEOUS"}


def adex(courses: Iterable[Course], frame: Frame) -> Dataset:
    """ADEX of courses: each dose, with the days since the one before."""
    return dataset("ADEX", "Exposure Analysis Dataset", _ADEX, (
        row for course in courses for row in _doses(course, frame)
    ))  # fmt: skip


def _doses(course: Course, frame: Frame) -> Iterator[dict[str, Cell]]:
    start = start_of(course)
    for number, dose in enumerate(course.doses, start=1):
        before = course.doses[number - 2].day if number > 1 else None
        yield {
            **core(course, frame),
            "EXSEQ": number,
            "EXTRT": "NATALIZUMAB",
            "EXDOSE": dose.amount_mg,
            "EXDOSU": "mg",
            "EXROUTE": _ROUTES[dose.route],
            "EXLOT": dose.batch or None,
            "ASTDT": dose.day,
            "ASTDTM": dose.at if dose.time_known else None,
            "ASTDY": study_day(dose.day, start),
            "AENDTM": dose.end,
            "AINTV": (dose.day - before).days if before else None,
        }
