"""Numbers of a released table, no finer than their use: exact ones tell of single people.

A median or a quartile is the value of one or two people; the exact area under a curve, or an
exact p of a small table, tells the sizes of its groups and often every cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, isclose, isfinite, log10
from typing import Any, Final

from openntz.reanalyse.disclosure_between import small
from openntz.reanalyse.table_one import MEASURED

_ENDS: Final = ("value", "low", "high")
_ESTIMATES: Final = (*_ENDS, "exact_low", "exact_high", "could_be", "person_years", "kappa",
                     "share_if_all_others_had_activity")  # fmt: skip
_DIGITS: Final = 3
_DIGITS_OF_PEOPLE: Final = 2  # of medians and quartiles
_LEAST_P: Final = 0.001
# Their count is that of another row, of other people.
_COUNT_ELSEWHERE: Final = ("odds ratio of a reaction",)


def rounded(value: float, digits: int) -> float:
    """A number to so many significant digits."""
    if not value or not isfinite(value):
        return value
    return round(value, digits - 1 - floor(log10(abs(value))))


def _of_people(row: Mapping[str, Any]) -> bool:
    """Whether estimate and ends are values of single people: medians, quartiles."""
    measure = str(row.get("measure"))
    return measure.startswith("median") or measure in MEASURED


def _exact_share(row: Mapping[str, Any]) -> bool:
    """Whether the estimate is the printed count of the printed number, which tells no more."""
    n, count, value = row.get("n"), row.get("count"), row.get("value")
    return bool(n) and count is not None and value is not None and isclose(value, count / n)


def _few_between(row: Mapping[str, Any], limit: int) -> bool:
    """Whether two bounds of a share are the numbers of people but a few apart."""
    n, value, could_be = row.get("n"), row.get("value"), row.get("could_be")
    if n is None or value is None or could_be is None:
        return False
    return small(round(n * (could_be - value), 6), limit)


def coarse(row: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """A row with its estimates rounded, and without bounds that few people lie between."""
    kept = dict(row)
    if str(row.get("measure")).startswith(_COUNT_ELSEWHERE):
        kept["count"] = None
    if _few_between(row, limit):
        kept["could_be"] = None
    exact = _exact_share(row)
    digits = _DIGITS_OF_PEOPLE if _of_people(row) else _DIGITS
    for name in _ESTIMATES:
        if isinstance(kept.get(name), float) and not (exact and name == "value"):
            kept[name] = rounded(kept[name], digits)
    if isinstance(kept.get("median_change"), float):
        kept["median_change"] = rounded(kept["median_change"], _DIGITS_OF_PEOPLE)
    if kept.get("p") is not None:
        kept["p"] = max(_LEAST_P, rounded(kept["p"], _DIGITS_OF_PEOPLE))
    return kept
