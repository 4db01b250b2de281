"""ADAB: antibodies by person as admiral's template derives them, and by four more definitions.

Source: admiral ADAB template (INDUCD1, ENHANC1, PERSADA1, TRANADA1, TIMADA1, ADADUR1), after
Shankar 2014. Every answer comes from ``definitions/antibody_classes.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from math import isclose, log10
from typing import Final

from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.course.vocabulary import ANTIBODIES
from openntz.definitions.antibodies import (
    AntibodyHistory,
    AntibodyLimits,
    Definition,
    Persistent,
    antibody_history,
)
from openntz.definitions.antibody_classes import AntibodyClass, ClassRow, Origin, class_row
from openntz.definitions.antibody_tests import AntibodyTest, Reading
from openntz.records.adam.common import (
    CORE,
    PARAMETER,
    TIMING,
    WEEK,
    Frame,
    core,
    start_of,
    timing,
)
from openntz.records.datasets import Cell, Dataset, Variable, dataset, text_of

_VARIABLES: Final = (
    *CORE,
    *PARAMETER,
    Variable("AVALU", "Analysis Value Unit"),
    *TIMING,
    Variable("AVISIT", "Analysis Visit"),
    Variable("ADATHR", "Threshold for Positive (ng/mL)", "number"),
    Variable("ADAMETH", "Method of Test"),
)
_DAY: Final = timedelta(days=1)
_TITRE: Final = re.compile(r"([<>]?)\s*(\d+(?:\.\d+)?)")
_OTHERS: Final = {
    Definition.EU: ("PERSEU1", "Persistent ADA by the EU label"),
    Definition.US: ("PERSUS1", "Persistent ADA by the US label"),
    Definition.AFFIRM: ("PERSAFF1", "Persistent ADA as in AFFIRM"),
    Definition.MALAGA: ("PERSMAL1", "Persistent ADA, repeated positive"),
}
_CALLED: Final = {Persistent.YES: "Y", Persistent.NO: "N", Persistent.UNKNOWN: None}


def adab(
    courses: Iterable[Course], frame: Frame, limits: AntibodyLimits, log10_rise: float
) -> Dataset:
    """ADAB of everybody with an antibody test.

    Parameters
    ----------
    log10_rise : float
        Rise of the number over baseline, as a power of ten, that counts as enhanced.
    """
    return dataset(
        "ADAB",
        "Anti-Drug Antibody Analysis Dataset",
        _VARIABLES,
        (
            row
            for course in courses
            if course.results(ANTIBODIES)
            for row in _person(course, frame, limits, log10_rise)
        ),
    )


def _log_titre(result: Measurement) -> tuple[str, float] | None:
    found = _TITRE.fullmatch(result.extra.get("titre_log10", "").strip())
    return (found[1], float(found[2])) if found else None


def _rise(start: Measurement, now: Measurement) -> float | None:
    """Powers of ten between two results that compare; None when they do not.

    A titre below the lowest takes the lowest, as the template has it.
    """
    if (start.assay and now.assay) and start.assay != now.assay:
        return None
    one, other = _log_titre(start), _log_titre(now)
    if one is not None and other is not None:
        return other[1] - one[1]
    if start.unit != now.unit or start.censor or now.censor == "<":
        return None
    return log10(now.value / start.value) if start.value and now.value else None


def _enhanced(history: AntibodyHistory, log10_rise: float) -> tuple[tuple[AntibodyTest, ...], bool]:
    """Tests so far above a positive baseline, and whether any could be compared."""
    before, after = _around(history)
    if not before or before[-1].own is not Reading.POSITIVE:
        return (), True
    found: list[AntibodyTest] = []
    compared = not after
    for test in after:
        rises = [_rise(a, b) for a in before[-1].results for b in test.results]
        known = [r for r in rises if r is not None]
        compared = compared or bool(known) or test.own is Reading.NEGATIVE
        if any(r > log10_rise or isclose(r, log10_rise) for r in known):
            found.append(test)
    return tuple(found), compared


def _around(
    history: AntibodyHistory,
) -> tuple[tuple[AntibodyTest, ...], tuple[AntibodyTest, ...]]:
    first = history.first_dose
    before = tuple(t for t in history.tests if first is not None and t.day <= first)
    return before, history.tests[len(before) :]


def _flag(value: bool | None) -> dict[str, Cell]:
    return {} if value is None else {"AVAL": float(value), "AVALC": "Y" if value else "N"}


def _person(
    course: Course, frame: Frame, limits: AntibodyLimits, log10_rise: float
) -> Iterator[dict[str, Cell]]:
    start = start_of(course)
    shared = core(course, frame)
    for result in course.results(ANTIBODIES):
        text = "" if result.value is None else f"{result.censor}{text_of(result.value)}"
        yield {
            **shared,
            "PARAMCD": "RESULT1",
            "PARAM": "ADA Result, Anti-NATALIZUMAB Antibody",
            "AVAL": None if result.censor else result.value,
            "AVALC": text or (result.answer or "").upper() or None,
            "AVALU": "titer" if result.unit == "1" else result.unit or None,
            **timing(result, start),
            "ADATHR": result.assay.threshold if result.assay else None,
            "ADAMETH": result.assay.name or None if result.assay else None,
        }
    history = antibody_history(course, limits, entered=start)
    row = class_row(course.person.id, history, log10_rise)
    for code, name, cells in _answers(course, history, row, log10_rise):
        param = f"{name}, Anti-NATALIZUMAB Antibody"
        yield {**shared, "PARAMCD": code, "PARAM": param, "AVISIT": "OVERALL", **cells}


def _answers(
    course: Course, history: AntibodyHistory, row: ClassRow, log10_rise: float
) -> Iterator[tuple[str, str, dict[str, Cell]]]:
    before, after = _around(history)
    base = before[-1].own if before else Reading.UNDETERMINED
    risen, compared = _enhanced(history, log10_rise)
    induced = row.origin is Origin.INDUCED
    own = row.by[Definition.SHANKAR]
    status = (
        "MISSING" if not after
        else "POSITIVE" if induced or risen
        else "NEGATIVE" if compared
        else None
    )  # fmt: skip
    known = None if base is Reading.UNDETERMINED else base is Reading.POSITIVE
    yield "BFLAG1", "Baseline Pos/Neg", _flag(known)
    yield "INDUCD1", "Treatment induced ADA", _flag(induced)
    yield "ENHANC1", "Treatment enhanced ADA", _flag(bool(risen) if compared else None)
    yield "ADASTAT1", "ADA Status of a patient", {"AVALC": status}
    yield "PERSADA1", "Persistent ADA", _flag(own is AntibodyClass.PERSISTENT)
    yield "TRANADA1", "Transient ADA", _flag(own is AntibodyClass.TRANSIENT)
    for definition, (code, name) in _OTHERS.items():
        called = _CALLED[history.verdicts[definition].persistent]
        yield code, name, _flag(None if called is None else called == "Y")
    positive = risen or (tuple(t for t in after if t.own is Reading.POSITIVE) if induced else ())
    onset, lasted = _weeks(course, positive)
    tested = [
        m.extra["neutralising"] for t in after for m in t.results if "neutralising" in m.extra
    ]
    if tested or any("neutralising" in m.extra for t in before for m in t.results):
        yield "NABSTAT1", "Nab Status", {"AVALC": _neutralising(tested, status)}
    yield "TIMADA1", "Time to onset of ADA (Weeks)", {"AVAL": onset}
    yield "ADADUR1", "ADA Duration (Weeks)", {"AVAL": lasted}


def _neutralising(tested: list[str], status: str | None) -> str:
    """Status of neutralising antibodies: of people with antibodies, and of results that came."""
    if status != "POSITIVE" or not tested:
        return "MISSING"
    if "positive" in tested:
        return "POSITIVE"
    return "NEGATIVE" if set(tested) == {"negative"} else "MISSING"


def _weeks(course: Course, positive: tuple[AntibodyTest, ...]) -> tuple[float | None, float | None]:
    """Weeks from the first dose to the first test that counts, and from it to the last."""
    if not positive:
        return None, None
    lasted = (positive[-1].day - positive[0].day).days + 1
    if not course.doses:
        return None, lasted / WEEK
    return (positive[0].at - course.doses[0].at) / _DAY / WEEK, lasted / WEEK
