"""What free text says of a term: that it is so, was so, may be so, or is not so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Person, Ref
from openntz.definitions.terms import plain


class Statement(StrEnum):
    """What one text says of a term, gravest first."""

    STATED = "stated"
    SUSPECTED = "suspected"
    PAST = "past"
    EXCLUDED = "excluded"
    DENIED = "denied"
    ABOUT = "about"


_GRAVITY: Final = {statement: place for place, statement in enumerate(Statement)}
# A clause ends here; a question mark stays with its clause, where it makes a question.
_CLAUSES: Final = re.compile(r"[,;.\n]+|\b(?:but|however|although)\b")
_QUESTION: Final = " query "
# A clause that only answers the one before it: 'suspected PML, later excluded'.
_ANSWER: Final = re.compile(
    r"(?:(?:was|is|now|since|later|then|has been) )*(?:excluded|ruled out)\b"
)
# What may stand beside the word in a clause that only says that the one before it is over:
# 'melanoma 2009, in remission since 2012', 'pneumonia, now fully resolved'.
_FILLING: Final = frozenset(
    [
        "was",
        "is",
        "in",
        "has",
        "been",
        "now",
        "since",
        "long",
        "later",
        "then",
        "fully",
        "completely",
        "all",
        "clinically",
    ]
)


# Compared as one object: every reading of a note is kept under it.
class StatementWords(Struct, frozen=True, eq=False):
    """Words that turn a mention into something else than a statement; from the registry.

    ``open`` leave a question open ('cannot be excluded'), ``excluded`` answer it with no,
    ``denials`` stand before a term and deny it unless one of ``no_denial`` follows ('no change
    of'), ``absent`` stand after it and deny it ('negative'), ``past`` say it is over, ``about``
    say the text is about the term only ('risk', 'vaccination').
    """

    open: tuple[str, ...]
    excluded: tuple[str, ...]
    denials: tuple[str, ...]
    no_denial: tuple[str, ...]
    absent: tuple[str, ...]
    past: tuple[str, ...]
    about: tuple[str, ...]


def _has(body: str, words: Iterable[str]) -> bool:
    return any(f" {plain(word)} " in body for word in words)


def _found_at(clause: str, term: str) -> tuple[int, int] | None:
    """Where a term begins and its last word ends; one that ends in * may begin a longer word."""
    ending = r"\w*" if term.endswith("*") else "(?:s|(?<=[sxz])es)?"
    match = re.search(rf"\b{re.escape(plain(term))}{ending}\b", clause)
    return None if match is None else match.span()


def _denied(before: str, words: StatementWords) -> bool:
    denials = {plain(word) for word in words.denials}
    stays = {plain(word) for word in words.no_denial}
    said = before.split()
    return any(
        word in denials and not stays.intersection(said[place + 1 : place + 2])
        for place, word in enumerate(said)
    )


def _only_over(clause: str, words: StatementWords) -> bool:
    """Whether a clause says nothing but that something is over."""
    for term in words.past:
        before, found, after = f" {clause} ".partition(f" {plain(term)} ")
        rest = f"{before} {after}".split()
        if found and all(word in _FILLING or word.isdigit() for word in rest):
            return True
    return False


def _not_even_open(body: str, words: StatementWords) -> bool:
    """Whether a denial stands right before a word of doubt: 'not suspected'."""
    return any(_has(body, (f"{no} {word}" for word in words.open)) for no in words.denials)


def _of_clause(clause: str, span: tuple[int, int], words: StatementWords) -> Statement:
    before, after = clause[: span[0]], f" {clause[span[1] :].strip()} "
    body = f" {clause} "
    if _has(body, words.open):
        # 'No suspicion of' denies; 'cannot be excluded' does not.
        refused = _denied(before, words) or _not_even_open(body, words)
        doubted = refused and not _has(body, words.excluded)
        return Statement.DENIED if doubted else Statement.SUSPECTED
    if _has(body, words.excluded):
        return Statement.EXCLUDED
    if _denied(before, words) or _has(after, words.absent):
        return Statement.DENIED
    if _has(body, words.about):
        return Statement.ABOUT
    return Statement.PAST if _has(body, words.past) else Statement.STATED


# The same few notes are asked about by several rules and under each profile.
@lru_cache(maxsize=8192)
def statement(text: str, terms: tuple[str, ...], words: StatementWords) -> Statement | None:
    """The gravest thing a text says of any of ``terms``; None when it mentions none.

    Terms match whole words, also in the plural, and where they end in * also the beginning of
    words, whatever the case and punctuation. Clauses end at commas, semicolons, full stops, line
    ends and 'but'. A clause that names a term and leaves open whether it is so ('?PML', 'PML
    cannot be excluded') is a suspicion.
    """
    if not text:
        return None
    found: list[Statement] = []
    for part in _CLAUSES.split(text.casefold().replace("?", _QUESTION)):
        clause = plain(part)
        if found and _ANSWER.match(clause):
            found = [Statement.EXCLUDED]
        elif found and _only_over(clause, words):
            # Only what was so is over; a suspicion stays one until it is excluded.
            found = [Statement.PAST if s is Statement.STATED else s for s in found]
        for term in terms:
            span = _found_at(clause, term)
            if span is not None:
                found.append(_of_clause(clause, span, words))
    return min(found, key=_GRAVITY.__getitem__, default=None)


class Note(Struct, frozen=True):
    """One text of a record with its row; ``day`` is None where the record has no date for it."""

    day: date | None
    text: str
    ref: Ref


class Said(Struct, frozen=True):
    """A note and what it says of the terms asked for."""

    note: Note
    statement: Statement

    @property
    def open(self) -> bool:
        """Whether it says that it is so, or may be."""
        return self.statement in {Statement.STATED, Statement.SUSPECTED}


def notes(course: Course, *tables: str) -> tuple[Note, ...]:
    """The texts of some tables in time order: what was reported, what a scan showed, why a stop.

    Tables are reactions, mri, relapses, symptoms, treatments and plans.
    """
    found: list[tuple[datetime, str, Ref]] = []
    if "symptoms" in tables:
        found += [(s.at, _joined(s.symptom, s.comment), s.ref) for s in course.symptoms]
    if "reactions" in tables:
        found += [(r.at, _joined(r.term, r.action), r.ref) for r in course.reactions]
    if "mri" in tables:
        found += [(s.at, s.comment, s.ref) for s in course.mri if s.comment]
    if "relapses" in tables:
        found += [(r.at, _joined(r.severity, r.comment), r.ref) for r in course.relapses]
    if "treatments" in tables:
        found += [(t.at, _joined(t.name, t.kind), t.ref) for t in course.treatments]
    if "plans" in tables:
        found += [(p.at, p.reason, p.ref) for p in course.plans if p.reason]
    # By day and line: a time of day is rarely known, and then of some tables only.
    found.sort(key=lambda n: (n[0].date(), n[2].line))
    return tuple(Note(at.date(), text, ref) for at, text, ref in found if text)


def condition_notes(person: Person) -> tuple[Note, ...]:
    """The other diseases of a person, one note each, without dates."""
    if person.ref is None:
        return ()
    parts = (part.strip() for part in person.conditions.split(";"))
    return tuple(Note(None, part, person.ref) for part in parts if part)


def _joined(*texts: str) -> str:
    return "; ".join(t for t in texts if t)


def said_of(
    found: Iterable[Note], terms: tuple[str, ...], words: StatementWords
) -> tuple[Said, ...]:
    """The notes that mention one of ``terms``, with what they say of it."""
    return tuple(Said(note, said) for note in found if (said := statement(note.text, terms, words)))


def standing(
    said: Iterable[Said], settles: frozenset[Statement] = frozenset({Statement.EXCLUDED})
) -> tuple[Said, ...]:
    """What was said and not answered since: a later exclusion settles what came before it."""
    kept: list[Said] = []
    for one in said:
        if one.statement in settles:
            kept = []
        elif one.open:
            kept.append(one)
    return tuple(kept)
