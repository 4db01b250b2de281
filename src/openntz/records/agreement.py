"""Whether two cells that stand for one field say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from openntz.course.columns import Column, plain_name
from openntz.course.spellings import BLANK, ROUTES, SEXES, TESTS

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {"route": ROUTES, "sex": SEXES, "test": TESTS}
_DAY: Final = len("2024-05-01")


def agreed(column: Column, one: str, other: str) -> str | None:
    """The text both cells stand for; None when they say different things.

    An empty cell says nothing. A day agrees with a moment on that day, which is kept; numbers
    are compared as numbers and words by their meaning.
    """
    if one == other or not _says(other):
        return one
    if not _says(one):
        return other
    if column.kind in {"date", "moment"}:
        short, long = sorted((one, other), key=len)
        day_of_it = len(short) == _DAY and long.startswith(short) and long[_DAY] in "T "
        return long if day_of_it else None
    if column.kind in {"number", "count"}:
        return one if _number(one) == _number(other) else None
    if column.kind == "choice":
        return one if _word(column.name, one) == _word(column.name, other) else None
    return None


def _says(text: str) -> bool:
    return text.casefold() not in BLANK


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _word(column: str, text: str) -> str:
    plain = plain_name(text)
    return _WORDS.get(column, {}).get(plain, plain)
