"""Studies whose truth is planted, built course by course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from openntz.course.course import Course
from openntz.course.events import Dose, Measurement
from openntz.evidence.registry import registry
from openntz.reanalyse.result import Analysis, AnalysisResult
from openntz.reanalyse.study import Study
from tests import build

START = date(2020, 1, 6)
AS_OF = date(2024, 6, 30)
Row = dict[str, Any]


def day(n: float) -> date:
    """So many days after the first dose."""
    return START + timedelta(days=round(n))


def person(name: str, doses: Iterable[Dose] | None = None, **events: Iterable[Any]) -> Course:
    """A course that starts on the common day; 13 doses every 4 weeks unless given."""
    given = tuple(build.doses_every(START, 13) if doses is None else doses)
    who = build.person(name)
    return build.course(who=who, doses=given, **events)


def study(
    courses: Iterable[Course],
    *,
    as_of: date = AS_OF,
    arms: Mapping[str, str] | None = None,
    starts: Mapping[str, date] | None = None,
) -> Study:
    """A study of courses by their person."""
    return Study.of({c.person.id: c for c in courses}, as_of, arms=arms, starts=starts)


def run(analysis: Analysis, of: Study) -> AnalysisResult:
    """An analysis with the shipped registry."""
    return analysis(of, registry())


def row(result: AnalysisResult, measure: str, group: str = "", **also: Any) -> Row:
    """The one row of a measure and group (by their beginnings)."""
    found = [
        r
        for r in result.rows
        if r["measure"].startswith(measure)
        and r["group"].startswith(group)
        and all(r.get(k) == v for k, v in also.items())
    ]
    assert len(found) == 1, [(r["measure"], r["group"]) for r in result.rows]
    return found[0]


def rows(result: AnalysisResult, measure: str) -> list[Row]:
    """All rows of a measure."""
    return [r for r in result.rows if r["measure"].startswith(measure)]


def counts(baseline: float, *changes: tuple[float, float]) -> tuple[Measurement, ...]:
    """Lymphocytes before the first dose and on days after it, as changes from baseline."""
    return (
        build.lymphocytes(day(-3), baseline),
        *(build.lymphocytes(day(d), round(baseline + change, 2)) for d, change in changes),
    )
