"""The upper limit of normal of a result: the laboratory's own where the export gives it."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from openntz.course.events import Measurement
from openntz.definitions.terms import plain

_COLUMNS: Final = frozenset(
    {
        "uln",
        "upper limit",
        "upper limit of normal",
        "upper normal",
        "normal high",
        "normal upper",
        "range high",
        "range upper",
        "ref high",
        "ref upper",
        "reference high",
        "reference upper",
        "reference range high",
        "reference range upper",
    }
)
_NUMBER: Final = re.compile(r"[<>≤≥=\s]*(\d+(?:[.,]\d+)?)(?![\d.,])")


class UpperLimit(Struct, frozen=True):
    """An upper limit in the test's canonical unit.

    ``own`` says that it is the laboratory's; ``refused`` holds a limit of the laboratory that
    lies outside the believable bounds and was not used.
    """

    value: float
    own: bool
    refused: float | None = None


def _number(text: str) -> float | None:
    found = _NUMBER.match(text)
    return float(found.group(1).replace(",", ".")) if found else None


def upper_limit(
    result: Measurement, default: float, low: float | None = None, high: float | None = None
) -> UpperLimit:
    """The limit that belongs to one result.

    The laboratory's limit stands in a further column of the row ('uln', 'ref_high', ...) and in
    the unit of the row. The factor by which the value was converted is applied to it too.
    """
    given = next((v for name, v in result.extra.items() if plain(name) in _COLUMNS), "")
    limit, written = _number(given), _number(result.as_written)
    if limit is None:
        return UpperLimit(default, own=False)
    if result.value and written:
        limit *= result.value / written
    believable = (low is None or limit >= low) and (high is None or limit <= high)
    if not believable or limit <= 0:
        return UpperLimit(default, own=False, refused=limit)
    return UpperLimit(limit, own=True)
