"""What every analysis dataset shares: who, when, on which day, at which visit."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Event
from openntz.reanalyse.study import arm_of, entry_of
from openntz.records.datasets import Cell, Variable
from openntz.records.sdtm.book import study_day

WEEK: Final = 7  # days

CORE: Final = (
    Variable("STUDYID", "Study Identifier"),
    Variable("USUBJID", "Unique Subject Identifier"),
    Variable("TRT01A", "Actual Treatment for Period 01"),
    Variable("TRTSDT", "Date of First Exposure to Treatment", "date"),
)
TIMING: Final = (
    Variable("ADT", "Analysis Date", "date"),
    Variable("ADTM", "Analysis Date/Time", "datetime"),
    Variable("ADY", "Analysis Relative Day", "integer"),
)
PARAMETER: Final = (
    Variable("PARAMCD", "Parameter Code"),
    Variable("PARAM", "Parameter"),
    Variable("AVAL", "Analysis Value", "number"),
    Variable("AVALC", "Analysis Value (C)"),
)


class Frame(Struct, frozen=True):
    """What the datasets of one export share.

    ``visit_weeks`` is the distance between nominal visits: the interval of the label.
    """

    study: str
    as_of: date
    visit_weeks: int


def start_of(course: Course) -> date | None:
    """The first dose, or entry into the study for somebody who never got one."""
    return course.doses[0].day if course.doses else entry_of(course)


def core(course: Course, frame: Frame) -> dict[str, Cell]:
    """Who a record is about."""
    arm = arm_of(course)
    return {
        "STUDYID": frame.study,
        "USUBJID": course.person.id,
        "TRT01A": arm or ("NATALIZUMAB" if course.doses else None),
        "TRTSDT": course.doses[0].day if course.doses else None,
    }


def timing(event: Event, start: date | None) -> dict[str, Cell]:
    """When a record is of; without a time of day there is no ADTM."""
    return {
        "ADT": event.day,
        "ADTM": event.at if event.time_known else None,
        "ADY": study_day(event.day, start),
    }


def visit(event: Event, start: date | None, frame: Frame) -> dict[str, Cell]:
    """The nearest nominal visit, every so many weeks from the first dose."""
    if start is None:
        return {}
    if event.day < start:
        return {"AVISIT": "Before treatment"}
    step = frame.visit_weeks
    week = round((event.day - start).days / (WEEK * step)) * step
    return {"AVISIT": f"Week {week}", "AVISITN": week}
