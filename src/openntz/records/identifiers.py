"""Identifiers of people: legal text, but nothing that could act as code anywhere downstream."""

from __future__ import annotations

import unicodedata
from typing import Final

from openntz.records.problems import CellError

LONGEST: Final = 100  # characters

_NOBODY: Final = frozenset({"", "null", "n/a", "#n/a", "nan", "none", "unknown", "-", "--", "?"})
_FORMULA: Final = ("=", "+", "-", "@")
_REMEDY: Final = "Give the person a plain identifier, the same in every table."


def read_identifier(cell: str) -> str:
    """The identifier in a cell, without outer blanks.

    Raises
    ------
    CellError
        When there is none, or it looks like a formula or markup, holds control or invisible
        characters, or is too long to be one.
    """
    # A leading tab is a formula's disguise, so it must not be stripped before it is seen.
    text = cell.strip(" ")
    if text.strip().casefold() in _NOBODY:
        raise CellError("person", cell, "the row names nobody.", _REMEDY)
    if any(unicodedata.category(letter)[0] == "C" for letter in text):
        reason = "the identifier holds control or invisible characters."
        raise CellError("person", cell, reason, _REMEDY)
    text = text.strip()
    if text.startswith(_FORMULA):
        raise CellError("person", cell, "the identifier looks like a formula.", _REMEDY)
    if "<" in text or ">" in text:
        raise CellError("person", cell, "the identifier looks like markup.", _REMEDY)
    if len(text) > LONGEST:
        reason = f"the identifier is longer than {LONGEST} characters."
        raise CellError("person", cell, reason, _REMEDY)
    return text
