"""Whether a record says that the person has died: a stop of therapy whose reason says so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from openntz.course.course import Course
from openntz.course.events import Event, Plan
from openntz.definitions.statements import Statement, StatementWords, statement
from openntz.definitions.terms import mentions, plain

# What follows one of these adds to the word before it: 'death (PML)', 'death, at home'.
_ENDS_A_WORD: Final = re.compile(r"[,;.:()/\n–—-]")
_SO: Final = frozenset({Statement.STATED, Statement.PAST})


@dataclass(frozen=True, slots=True)
class DeathWords:
    """Words of a stop's reason that say the person died; from the registry.

    ``begin`` may be followed by more ('died of sepsis'). ``alone`` must stand alone, or before
    punctuation or a number: 'death of husband' is somebody else's. Where one of ``relatives``
    stands anywhere in the reason the death may be theirs ('died, father'). ``statements`` are
    the words that turn a mention into a doubt or a denial.
    """

    begin: tuple[str, ...]
    alone: tuple[str, ...]
    relatives: tuple[str, ...]
    statements: StatementWords


@dataclass(frozen=True, slots=True)
class RecordedDeath:
    """The plan whose stop says so, its day, and what was recorded later that the dead do not do.

    Where there is such a row one of the two is wrong, and the person counts as alive.
    """

    day: date
    plan: Plan
    later: tuple[Event, ...]

    @property
    def believed(self) -> bool:
        """Whether nothing later speaks against it."""
        return not self.later


def says_died(reason: str, words: DeathWords) -> bool:
    """Whether the reason of a stop says that the person died, and not only mentions death.

    A reason that names a relative or the family says it of nobody: whose death it was is open.
    """
    text = unicodedata.normalize("NFC", reason)
    if statement(text, (*words.begin, *words.alone), words.statements) not in _SO:
        return False
    if mentions(text, words.relatives):
        return False
    whole = f"{plain(text)} "
    if any(whole.startswith(f"{plain(term)} ") for term in words.begin):
        return True
    first = next((part for part in _ENDS_A_WORD.split(text) if part.strip()), "")
    bare = " ".join(word for word in plain(first).split() if not word.isdigit())
    return bare in {plain(term) for term in words.alone}


def _signs_of_life(course: Course, death: Plan, day: date) -> Iterator[Event]:
    """Rows after the day that need somebody alive: laboratories and notes may be late."""
    for events in (course.doses, course.mri, course.relapses, course.edss):
        yield from (e for e in events if e.day > day)
    yield from (
        p
        for p in course.plans
        if p.stopped is None and p.planned_interval_days is not None and p.day > max(day, death.day)
    )


def recorded_death(course: Course, as_of: date, words: DeathWords) -> RecordedDeath | None:
    """The latest stop, up to a day, whose reason says that the person died."""
    for plan in reversed(course.plans):
        day = plan.stopped
        if day is not None and day <= as_of and says_died(plan.reason, words):
            return RecordedDeath(day, plan, tuple(_signs_of_life(course, plan, day)))
    return None
