"""ADLB and ADPC: results with baseline and change, levels with times since doses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.course.vocabulary import ANTIBODIES, NATALIZUMAB
from openntz.records.adam.common import (
    CORE,
    PARAMETER,
    TIMING,
    Frame,
    core,
    start_of,
    timing,
    visit,
)
from openntz.records.datasets import Cell, Dataset, Variable, dataset, text_of
from openntz.records.sdtm.codes import TEST_CODES
from openntz.records.sdtm.write import before_first_dose

_HOUR: Final = timedelta(hours=1)
_RESULT: Final = (
    *CORE,
    *PARAMETER,
    Variable("AVALU", "Analysis Value Unit"),
    Variable("LLOQ", "Lower Limit of Quantitation", "number"),
    *TIMING,
    Variable("AVISIT", "Analysis Visit"),
    Variable("AVISITN", "Analysis Visit (N)", "integer"),
)
_ADLB: Final = (
    *_RESULT,
    Variable("ABLFL", "Baseline Record Flag"),
    Variable("BASE", "Baseline Value", "number"),
    Variable("CHG", "Change from Baseline", "number"),
    Variable("PCHG", "Percent Change from Baseline", "number"),
    Variable("ONTRTFL", "On Treatment Record Flag"),
)
_ADPC: Final = (
    *_RESULT,
    Variable("ADOSEN", "Number of the Last Dose", "integer"),
    Variable("DOSEA", "Actual Amount of the Last Dose", "number"),
    Variable("DOSEU", "Dose Units"),
    Variable("ROUTE", "Route of the Last Dose"),
    Variable("PCRFTDTM", "Reference Dose Date/Time", "datetime"),
    Variable("AFRLT", "Actual Time from First Dose (h)", "number"),
    Variable("ARRLT", "Actual Time from Last Dose (h)", "number"),
)


def _number(result: Measurement) -> float | None:
    """The number of a result; a limit is not a value."""
    return None if result.censor else result.value


def _result(result: Measurement, course: Course, frame: Frame) -> dict[str, Cell]:
    start = start_of(course)
    text = "" if result.value is None else f"{result.censor}{text_of(result.value)}"
    return {
        **core(course, frame),
        "PARAMCD": TEST_CODES[result.test],
        "PARAM": f"{result.test[:1].upper()}{result.test[1:]} ({result.unit})"
        if result.unit
        else f"{result.test[:1].upper()}{result.test[1:]}",
        "AVAL": _number(result),
        "AVALC": text or (result.answer or "").upper() or None,
        "AVALU": result.unit or None,
        "LLOQ": result.assay.lloq if result.assay else None,
        **timing(result, start),
        **visit(result, start, frame),
    }


def adlb(courses: Iterable[Course], frame: Frame) -> Dataset:
    """ADLB: every result but levels and antibodies; baseline is the last before the first dose."""
    return dataset(
        "ADLB",
        "Laboratory Analysis Dataset",
        _ADLB,
        (row for course in courses for row in _laboratory(course, frame)),
    )


def _laboratory(course: Course, frame: Frame) -> Iterator[dict[str, Cell]]:
    own = [m for m in course.measurements if m.test not in {NATALIZUMAB, ANTIBODIES}]
    base = {m.test: m for m in own if before_first_dose(m, course) and _number(m) is not None}
    for result in own:
        row = _result(result, course, frame)
        first = base.get(result.test)
        if first is result:
            row |= {"ABLFL": "Y", "AVISIT": "Baseline", "AVISITN": 0}
        start, now = None if first is None else _number(first), _number(result)
        row["BASE"] = start
        if start is not None and now is not None and not before_first_dose(result, course):
            row["CHG"] = now - start
            row["PCHG"] = 100 * (now - start) / start if start else None
        if course.doses and not before_first_dose(result, course):
            row["ONTRTFL"] = "Y"
        yield row


def adpc(courses: Iterable[Course], frame: Frame) -> Dataset:
    """ADPC: levels with actual times since the first and the last dose, where times are known."""
    return dataset(
        "ADPC",
        "PK Concentrations Analysis Dataset",
        _ADPC,
        (row for course in courses for row in _levels(course, frame)),
    )


def _levels(course: Course, frame: Frame) -> Iterator[dict[str, Cell]]:
    starts = [d.at for d in course.doses]
    for level in course.results(NATALIZUMAB):
        row = _result(level, course, frame)
        given = bisect_right(starts, level.at)
        if given:
            dose, first = course.doses[given - 1], course.doses[0]
            row |= {
                "ADOSEN": given,
                "DOSEA": dose.amount_mg,
                "DOSEU": "mg",
                "ROUTE": dose.route,
                "PCRFTDTM": dose.at if dose.time_known else None,
            }
            if level.time_known and first.time_known:
                row["AFRLT"] = (level.at - first.at) / _HOUR
            if level.time_known and dose.time_known:
                row["ARRLT"] = (level.at - dose.at) / _HOUR
        yield row
