"""Records of one moment that contradict each other: neither is used, both are told.

Which of two scores of one day is right cannot be known from them; the first, the mean or the
worst would each be a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import isclose
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import EdssScore, Event, Measurement, Scan

# Before and after an infusion of one day these differ by nature.
_DIFFER_IN_A_DAY: Final = frozenset({vocabulary.NATALIZUMAB, vocabulary.SATURATION})
_COUNTS: Final = ("gadolinium_lesions", "new_t2_lesions", "enlarging_t2_lesions")


class Contradicting(Struct, frozen=True):
    """A record that is not analysed, by table, line and column, and the line it contradicts."""

    table: str
    line: int
    column: str
    person: str
    rival: int


def _other_score(one: EdssScore, other: EdssScore) -> str:
    return "" if one.score == other.score else "score"


def _other_count(one: Scan, other: Scan) -> str:
    for name in _COUNTS:
        a, b = getattr(one, name), getattr(other, name)
        if a is not None and b is not None and a != b:
            return name
    return ""


def _other_result(one: Measurement, other: Measurement) -> str:
    if one.test in _DIFFER_IN_A_DAY and not one.time_known:
        return ""
    if one.answer and other.answer and one.answer != other.answer:
        return "value"
    if one.value is None or other.value is None or one.unit != other.unit:
        return ""
    if one.censor or other.censor:
        return ""
    return "" if isclose(one.value, other.value, rel_tol=1e-9, abs_tol=1e-9) else "value"


def _of_result(m: Measurement) -> tuple[Any, ...]:
    return m.at, m.time_known, m.test, m.assay


def _of_day(e: Event) -> Any:
    return e.day


# By table: what two records must share, and the column in which they then contradict each other.
_ASKED: Final[dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], str]]]] = {
    "measurements": (_of_result, _other_result),
    "mri": (_of_day, _other_count),
    "edss": (_of_day, _other_score),
}


def _found(table: str, events: Sequence[Any]) -> Iterator[tuple[Any, Any, str]]:
    """Pairs of records that contradict each other, with the column."""
    shared, differs = _ASKED[table]
    keys = [shared(e) for e in events]
    if len(set(keys)) == len(keys):
        return
    by_key: dict[Any, list[Any]] = {}
    for key, event in zip(keys, events, strict=True):
        by_key.setdefault(key, []).append(event)
    for own in by_key.values():
        for one, other in combinations(own, 2):
            if column := differs(one, other):
                yield one, other, column


def without_contradictions(course: Course) -> tuple[Course, tuple[Contradicting, ...]]:
    """The course without records that contradict each other, and these."""
    kept: dict[str, tuple[Any, ...]] = {}
    told: list[Contradicting] = []
    for table in _ASKED:
        events = getattr(course, table)
        gone: dict[int, Contradicting] = {}
        for one, other, column in _found(table, events):
            for own, rival in ((one, other), (other, one)):
                found = Contradicting(table, own.ref.line, column, course.person.id, rival.ref.line)
                gone.setdefault(id(own), found)
        if gone:
            kept[table] = tuple(e for e in events if id(e) not in gone)
            told += gone.values()
    return (replace(course, **kept) if kept else course), tuple(told)
