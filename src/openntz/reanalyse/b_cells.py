"""B cells by visit: how many times the person's own count before the drug, by antibody group.

No cut is used: what is read on the rise of B cells gives no number for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.reanalyse.groups import Antibodies
from openntz.reanalyse.statistics import roc_area

MEASURE: Final = "B cells, times the count before the drug"


class VisitDays(Struct, frozen=True, kw_only=True):
    """Visits in weeks, the days about each that count for it, and how old a baseline may be."""

    weeks: tuple[int, ...]
    before: float
    after: float
    baseline_within: float


class Fold(Struct, frozen=True):
    """A person's B cells at each visit as a multiple of the baseline; None without a count."""

    group: Antibodies
    at: dict[int, float | None]


def fold_of(course: Course, start: date, group: Antibodies, visits: VisitDays) -> Fold | None:
    """The multiples of a person; None without a positive baseline or a count after it."""
    days = [
        ((m.day - start).days, m.value)
        for m in course.results(vocabulary.CD19)
        if m.value is not None and not m.censor
    ]
    early = [value for day, value in days if -visits.baseline_within <= day <= 0]
    later = [(day, value) for day, value in days if day > 0]
    if not early or early[-1] <= 0 or not later:
        return None
    found: dict[int, float | None] = {}
    for week in visits.weeks:
        target = 7 * week
        near = [
            (abs(day - target), value / early[-1])
            for day, value in later
            if target - visits.before <= day <= target + visits.after
        ]
        found[week] = min(near)[1] if near else None
    return Fold(group, found)


def b_cell_rows(folds: Sequence[Fold], weeks: Sequence[int], told_at: int) -> list[dict[str, Any]]:
    """Median multiple with quartiles by group and visit, and its worth as a test for antibodies."""
    rows: list[dict[str, Any]] = []
    for group in Antibodies:
        for week in weeks:
            found = [v for f in folds if f.group is group and (v := f.at[week]) is not None]
            if found:
                rows.append(
                    {
                        "measure": f"median of {MEASURE}",
                        "group": str(group),
                        "week": week,
                        "n": len(found),
                        "value": float(np.median(found)),
                        "low": float(np.quantile(found, 0.25)),
                        "high": float(np.quantile(found, 0.75)),
                    }
                )
    told = [
        (v, f.group is Antibodies.PERSISTENT)
        for f in folds
        if f.group in {Antibodies.PERSISTENT, Antibodies.NONE}
        and (v := f.at.get(told_at)) is not None
    ]
    if told:
        area = roc_area(np.array([-v for v, _ in told]), np.array([p for _, p in told], bool))
        rows.append(
            {
                "measure": "area under the ROC curve, B cells",
                "group": "smaller multiple, for persistent antibodies against none",
                "week": told_at,
                "n": len(told),
                "value": area.value,
                "low": area.low,
                "high": area.high,
            }
        )
    return rows
