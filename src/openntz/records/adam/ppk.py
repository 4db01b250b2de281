"""ADPPK: doses and levels as a population model takes them, with the person's identifier."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from openntz.course.course import Course
from openntz.forecast.history import Assumed
from openntz.records.adam.common import Frame
from openntz.records.datasets import Cell, Dataset, Variable, dataset
from openntz.records.nonmem_write import COLUMNS, person_rows
from openntz.records.problems import Log, Problem

_LABELS: Final = {
    "ID": "Number of the Person",
    "TIME": "Time from First Dose (days)",
    "AMT": "Amount (mg)",
    "RATE": "Rate (mg/day)",
    "CMT": "Compartment",
    "EVID": "Event (1 Dose, 0 Level)",
    "MDV": "Missing Dependent Variable",
    "DV": "Natalizumab (mg/L)",
    "CENS": "Censored (1 Below, -1 Above DV)",
    "LLOQ": "Lower Limit of Quantitation (mg/L)",
    "WT": "Weight (kg)",
    "ADA": "Antibodies (0 or 1)",
    "AGE": "Age (years)",
    "OCC": "Number of the Dose",
}
_VARIABLES: Final = (
    Variable("STUDYID", "Study Identifier"),
    Variable("USUBJID", "Unique Subject Identifier"),
    *(Variable(name, _LABELS[name], "number") for name in COLUMNS),
)


def adppk(
    courses: Iterable[Course], frame: Frame, assumed: Assumed
) -> tuple[Dataset, tuple[Problem, ...]]:
    """ADPPK of courses with a dose, and what was assumed for times that are not recorded."""
    log = Log()
    rows: list[dict[str, Cell]] = []
    number = 0
    for course in courses:
        if not course.doses:
            continue
        number += 1
        for cells in person_rows(number, course, assumed, log):
            known = {
                name: None if cell == "." else float(str(cell))
                for name, cell in zip(COLUMNS, cells, strict=True)
            }
            rows.append({"STUDYID": frame.study, "USUBJID": course.person.id, **known})
    return dataset("ADPPK", "Population PK Analysis Dataset", _VARIABLES, rows), log.finish()[1]
