"""Whether a record says that the person has died: a stop of therapy whose reason says so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from msgspec import Struct

from openntz.course.course import EVENT_TABLES, Course
from openntz.course.events import (
    Dose,
    EdssScore,
    Event,
    Plan,
    Pregnancy,
    Reaction,
    Relapse,
    Scan,
    Treatment,
)
from openntz.definitions.statements import Statement, StatementWords, statement
from openntz.definitions.terms import mentions, plain

# What follows one of these adds to the word before it: 'death (PML)', 'death, at home'.
_ENDS_A_WORD: Final = re.compile(r"[,;.:()/\n–—-]")
_SO: Final = frozenset({Statement.STATED, Statement.PAST})
# The tables whose rows can speak against it: where some are lost, nobody is believed dead.
TABLES_OF_LIFE: Final = frozenset(
    {"plans", "doses", "reactions", "mri", "relapses", "edss", "treatments", "pregnancies"}
)


class DeathWords(Struct, frozen=True):
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


class RecordedDeath(Struct, frozen=True):
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


def _tells_of_death(text: str, words: DeathWords) -> bool:
    """Whether a reason says, and not only mentions, that somebody died."""
    if statement(text, (*words.begin, *words.alone), words.statements) not in _SO:
        return False
    whole = f"{plain(text)} "
    if any(whole.startswith(f"{plain(term)} ") for term in words.begin):
        return True
    first = next((part for part in _ENDS_A_WORD.split(text) if part.strip()), "")
    bare = " ".join(word for word in plain(first).split() if not word.isdigit())
    return bare in {plain(term) for term in words.alone}


def says_died(reason: str, words: DeathWords) -> bool:
    """Whether the reason of a stop says that the person died, and not only mentions death.

    A reason that names a relative or the family says it of nobody: whose death it was is open.
    """
    text = unicodedata.normalize("NFC", reason)
    return _tells_of_death(text, words) and not mentions(text, words.relatives)


def leaves_open_who_died(reason: str, words: DeathWords) -> bool:
    """Whether a reason tells of a death and names a relative: 'died, father', 'died; wife rang'."""
    text = unicodedata.normalize("NFC", reason)
    return _tells_of_death(text, words) and mentions(text, words.relatives) is not None


def _after(event: Event, death: Plan, day: date, words: DeathWords) -> bool:
    """Whether a row needs somebody alive after a day: laboratories and notes may be late."""
    match event:
        case Dose() | Scan() | Relapse() | EdssScore() | Reaction() | Treatment():
            return event.day > day
        case Pregnancy():
            known = (event.conception, event.delivery)
            return any(when is not None and when > day for when in known)
        case Plan():
            agreed = (event.consent, event.authorised)
            if any(when is not None and when > day for when in agreed):
                return True
            if event.stopped is not None:
                return event.stopped > day and not says_died(event.reason, words)
            return event.planned_interval_days is not None and event.day > max(day, death.day)
        case _:
            return False


def signs_of_life(
    events: Iterable[Event], death: Plan, day: date, words: DeathWords
) -> tuple[Event, ...]:
    """The rows among ``events`` that the dead do not give cause for after ``day``.

    Doses, scans, relapses, EDSS scores, reactions and treatments begun; a conception or a
    delivery; a consent, an authorisation, a stop for another reason, and an interval planned
    after the row that records the death.
    """
    return tuple(e for e in events if _after(e, death, day, words))


def _all_events(course: Course) -> Iterator[Event]:
    for table in EVENT_TABLES:
        yield from getattr(course, table)


def recorded_death(course: Course, as_of: date, words: DeathWords) -> RecordedDeath | None:
    """The latest stop, known and dated up to a day, whose reason says that the person died.

    All rows of the course may speak against it, also those after ``as_of``: somebody with a
    dose booked may be alive.
    """
    for plan in reversed(course.plans):
        day = plan.stopped
        if day is None or day > as_of or plan.day > as_of:
            continue
        if says_died(plan.reason, words):
            later = signs_of_life(_all_events(course), plan, day, words)
            return RecordedDeath(day, plan, later)
    return None
