"""When the first new T2 lesion came: of those scanned in a quarter and free until then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from openntz.course.events import Scan
from openntz.definitions.activity import new_lesions
from openntz.reanalyse.result import Figure, Line
from openntz.reanalyse.statistics import proportion

_YEAR: Final = 365.25
_QUARTERS: Final = 8

# Quarters of the scans that tell up to the first lesion, and whether it was there.
Quarters = tuple[tuple[int, bool], ...]


def quarters_of(scans: Iterable[Scan], start: date, end: date) -> Quarters:
    """The quarters of the scans that tell up to the first lesion, and whether it was there."""
    found = []
    for scan in scans:
        if not start < scan.day <= end:
            continue
        quarter = int((scan.day - start).days / (_YEAR / 4))
        lesions = new_lesions(scan)
        if lesions is None or quarter >= _QUARTERS:
            continue
        found.append((quarter, lesions))
        if lesions:
            break
    return tuple(found)


def first_lesion(people: Sequence[tuple[str, Quarters]]) -> tuple[list[dict[str, Any]], Figure]:
    """Of those scanned in a quarter without a lesion before, how many showed the first."""
    rows, lines = [], []
    for group in sorted({group for group, _ in people}):
        seen: Counter[int] = Counter()
        first: Counter[int] = Counter()
        for whose, quarters in people:
            if whose != group:
                continue
            for quarter, lesions in quarters:
                seen[quarter] += 1
                first[quarter] += lesions
        xs, ys = [], []
        for quarter in range(_QUARTERS):
            if seen[quarter]:
                found = proportion(first[quarter], seen[quarter])
                rows.append(
                    {
                        "measure": "first new T2 lesion on a scan of the quarter",
                        "group": group,
                        "quarter": quarter + 1,
                        "n": found.n,
                        "count": found.count,
                        "value": found.value,
                        "low": found.low,
                        "high": found.high,
                    }
                )
                xs.append(float(quarter + 1))
                ys.append(found.count / found.n)
        if len(xs) > 1:
            lines.append(Line(group, tuple(xs), tuple(ys)))
    figure = Figure(
        title="First new T2 lesion by quarter",
        x="quarter since the first dose",
        y="share of those scanned and free until then",
        lines=tuple(lines),
        summary="By antibody group; early lesions may have begun before the drug worked.",
    )
    return rows, figure
