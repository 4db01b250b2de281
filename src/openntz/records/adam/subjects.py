"""ADSL: one record a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from openntz.course.course import Course, age_on
from openntz.records.adam.common import CORE, Frame, core, start_of
from openntz.records.datasets import Cell, Dataset, Variable, dataset

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
