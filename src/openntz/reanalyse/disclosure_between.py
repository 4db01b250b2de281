"""Small cells that follow from rows of different measures: nested counts, parts, and twins.

Every function looks at rows that would still be shown and tells which of them has to go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

from openntz.reanalyse.table_one import MISSING

# Starts of measures of which one may count people that another counts too.
_NESTED: Final = (
    ("at least ",),
    ("NEDA-3", "NEDA-4"),
    ("ever positive", "persistent (", "persistent at", "persistent by definition", "positive by"),
    ("rise", "ever a rise by week"),
    ("new or enlarging T2 lesion by year",),
    ("enhancing lesion by year",),
)
_BY_PRODUCT: Final = " by product"
# The parts of a product, and the measure that holds their whole.
_WHOLE_ELSEWHERE: Final = {
    "persistent by the product of the first dose": "persistent by definition",
    "people with a reaction by antibody test": "people with a reaction",
    "infusions with a reaction by antibody test": "infusions with a reaction",
}
# Measures whose counts add up to the people of a group, and may leave a rest that is not a row.
_PARTITIONS: Final = (
    ("female", "male", f"sex {MISSING}"),
    ("first product: ",),
    ("persistent by definition", "transient by definition"),
)


def small(count: float | None, limit: int) -> bool:
    """Whether a count of people is above none and below the limit."""
    return count is not None and 0 < count < limit


def family(measure: str) -> str:
    """Measures of one family are compared with each other, as their people may be nested."""
    if measure.endswith(_BY_PRODUCT):
        return measure
    found = (starts[0] for starts in _NESTED if measure.startswith(starts))
    return next(found, measure)


def whole_elsewhere(measure: str, other: str) -> bool:
    """Whether rows of ``other`` hold the whole of which rows of ``measure`` are parts."""
    if measure in _WHOLE_ELSEWHERE:
        return other == _WHOLE_ELSEWHERE[measure]
    stem = measure.removesuffix(_BY_PRODUCT)
    return stem != measure != other and other.startswith(stem) and not other.endswith(_BY_PRODUCT)


def _parts_of(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """By partition and group: rows and how many people of the group each takes."""
    parts: dict[tuple[str, str], list[tuple[int, float]]] = {}
    missing = {str(r["measure"]) for r in rows if str(r.get("measure", "")).endswith(f" {MISSING}")}
    for i, row in enumerate(rows):
        measure, group = str(row.get("measure")), str(row.get("group"))
        for starts in _PARTITIONS:
            if measure.startswith(starts) and row.get("count") is not None:
                parts.setdefault((starts[0], group), []).append((i, row["count"]))
        own = measure.split(",")[0]
        if row.get("count") is None and f"{own} {MISSING}" in missing and row.get("n") is not None:
            parts.setdefault((own, group), []).append((i, row["n"]))
        elif measure in missing and not measure.startswith("sex "):
            parts.setdefault((measure.removesuffix(f" {MISSING}"), group), []).append(
                (i, row["count"])
            )
    return parts


def left_by_partition(rows: Sequence[Mapping[str, Any]], gone: Set[int], limit: int) -> int | None:
    """The smallest row of a partition whose shown rows leave a small number over."""
    for parts in _parts_of(rows).values():
        shown = [(i, cell) for i, cell in parts if i not in gone]
        whole = max((rows[i].get("n") or 0 for i, _ in parts), default=0)
        over = whole - sum(cell for _, cell in shown)
        # A part of nobody hides nothing: one of people has to go.
        if shown and small(over, limit):
            return min(shown, key=lambda part: (not part[1], part[1], part[0]))[0]
    return None


def _cell(row: Mapping[str, Any]) -> tuple[float, float] | None:
    n, count = row.get("n"), row.get("count")
    return None if n is None or count is None or not 0 < count < n else (n, count)


def twins(rows: Sequence[Mapping[str, Any]], gone: Set[int]) -> set[int]:
    """Rows that tell the cell of a hidden row under another name: with it, or without it."""
    hidden = {cell for i in gone if (cell := _cell(rows[i])) is not None}
    hidden |= {(n, n - count) for n, count in hidden}
    return {i for i, row in enumerate(rows) if i not in gone and _cell(row) in hidden}
