"""How the rules read free text: the words of a profile, and notes quoted for a reader."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from openntz.course.course import Course
from openntz.definitions.statements import Said, StatementWords
from openntz.monitor.profile import Profile
from openntz.monitor.rules.standing import not_in_export

# A note may be a page long; its beginning tells which one is meant.
_LONGEST_QUOTE: Final = 80
_MOST_QUOTED: Final = 3


_LISTS: Final = (
    *("words.open", "words.excluded", "words.denials", "words.no-denial"),
    *("words.absent", "words.past", "words.about"),
)


@cache
def _words(*lists: tuple[str, ...]) -> StatementWords:
    return StatementWords(*lists)


def statement_words(profile: Profile) -> StatementWords:
    """The words by which a profile tells a statement from a denial, a doubt or the past."""
    return _words(*(profile.words(key) for key in _LISTS))


def quoted(text: str) -> str:
    """A note between quotation marks, cut where it is long."""
    short = " ".join(text.split())
    if len(short) > _LONGEST_QUOTE:
        short = f"{short[:_LONGEST_QUOTE].rstrip()}…"
    return f"'{short}'"


def quotes(said: Iterable[Said]) -> str:
    """The latest notes with their days: "'zoster' on 2024-03-02, 'pneumonia' on 2024-05-01"."""
    found = list(said)
    text = ", ".join(_quote(s) for s in found[-_MOST_QUOTED:])
    more = len(found) - _MOST_QUOTED
    return f"{text}, and {more} earlier" if more > 0 else text


def _quote(said: Said) -> str:
    day = said.note.day
    return quoted(said.note.text) if day is None else f"{quoted(said.note.text)} on {day}"


def missing_tables(course: Course, *tables: str, then: str) -> str:
    """The sentence for the tables among ``tables`` the export lacks, '' when it has them all."""
    missing = [table for table in tables if not course.has(table)]
    if not missing:
        return ""
    if len(missing) == 1:
        return not_in_export(missing[0], then)
    return f"The tables {' and '.join(missing)} are not in the export: {then}"
