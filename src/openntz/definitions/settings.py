"""Where a dose was given, by the words of the record."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from openntz.definitions.terms import mentions


class Place(StrEnum):
    """Home, a clinic, or what the record does not say in a known word."""

    HOME = "home"
    CLINIC = "clinic"
    OTHER_WORD = "a word not known here"
    NOT_RECORDED = "not recorded"


# A clinic has few places and many doses.
@lru_cache
def place_of(setting: str, *, home: tuple[str, ...], clinic: tuple[str, ...]) -> Place:
    """The place a setting names.

    Home is looked for first: 'home, by clinic nurse' was given at home.
    """
    if not setting.strip():
        return Place.NOT_RECORDED
    if mentions(setting, home):
        return Place.HOME
    return Place.CLINIC if mentions(setting, clinic) else Place.OTHER_WORD
