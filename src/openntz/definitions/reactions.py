"""Reactions: which forbid natalizumab, and to which dose each belongs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from openntz.course.events import Dose, Reaction
from openntz.definitions.terms import plain


class ReactionKind(StrEnum):
    """What a recorded reaction means for going on, most serious first."""

    FORBIDS = "forbids natalizumab"
    POSSIBLE = "possible hypersensitivity"
    UNGRADED = "severity not recorded"
    INFUSION = "infusion reaction"


class ReactionTerms(Struct, frozen=True, kw_only=True):
    """Word beginnings that tell kinds apart, and the grade from which any reaction forbids."""

    hypersensitivity: tuple[str, ...]
    possible: tuple[str, ...]
    negations: tuple[str, ...]
    severe_grade: int


# Asked for by a dozen rules under each profile, of the same reactions.
@lru_cache
def _found(text: str, stems: tuple[str, ...], negations: tuple[str, ...]) -> tuple[bool, bool]:
    """(a stem stands at the beginning of a word, one stands there after a negation)."""
    stated = denied = False
    for clause in re.split(r"[,;.\n]", text):
        words = plain(clause)
        for stem in stems:
            for match in re.finditer(rf"\b{re.escape(plain(stem))}", words):
                before = words[: match.start()].split()
                # A negation elsewhere in the clause need not belong to the term.
                if {*before[:1], *before[-1:]} & set(negations):
                    denied = True
                else:
                    stated = True
    return stated, denied


def reaction_kind(reaction: Reaction, terms: ReactionTerms) -> ReactionKind:
    """What one reaction means.

    Any hypersensitivity forbids at any grade, as does any reaction of a severe grade. A denied
    term ('no anaphylaxis') is shown for a human to judge, as is a possible sign of
    hypersensitivity. Without a grade no reaction can be called mild.
    """
    if reaction.grade is not None and reaction.grade >= terms.severe_grade:
        return ReactionKind.FORBIDS
    stated, denied = _found(reaction.term, terms.hypersensitivity, terms.negations)
    if stated:
        return ReactionKind.FORBIDS
    possible, _ = _found(reaction.term, terms.possible, terms.negations)
    if denied or possible:
        return ReactionKind.POSSIBLE
    return ReactionKind.UNGRADED if reaction.grade is None else ReactionKind.INFUSION


def states(text: str, stems: tuple[str, ...], negations: tuple[str, ...]) -> bool:
    """Whether a word of ``text`` begins with one of ``stems`` and is not denied."""
    stated, _ = _found(text, stems, negations)
    return stated


def names_hypersensitivity(text: str, terms: ReactionTerms) -> bool:
    """Whether words such as the reason of a stop name hypersensitivity without denying it."""
    return states(text, terms.hypersensitivity, terms.negations)


class Timing(StrEnum):
    """When a reaction began in relation to the dose it followed."""

    DURING = "during the infusion"
    AFTER = "after the dose"
    SAME_DAY = "on the day of the dose"
    DELAYED = "delayed"
    NO_DOSE = "before any recorded dose"


class ReactionLink(Struct, frozen=True):
    """A reaction with the dose it followed.

    ``number`` counts doses from 1; ``minutes`` from the start of the dose is None unless both
    times of day are known.
    """

    reaction: Reaction
    timing: Timing
    dose: Dose | None = None
    number: int | None = None
    minutes: int | None = None


def _follows(reaction: Reaction, dose: Dose) -> bool:
    if reaction.time_known and dose.time_known:
        return dose.at <= reaction.at
    return dose.day <= reaction.day


def link_reaction(
    reaction: Reaction, doses: Sequence[Dose], linked_within_days: int
) -> ReactionLink:
    """The last dose given before a reaction, and how soon after it the reaction came."""
    before = [(n, d) for n, d in enumerate(doses, start=1) if _follows(reaction, d)]
    if not before:
        return ReactionLink(reaction, Timing.NO_DOSE)
    number, dose = before[-1]
    if not (reaction.time_known and dose.time_known):
        days = (reaction.day - dose.day).days
        timing = Timing.SAME_DAY if days == 0 else Timing.DELAYED
        if 0 < days <= linked_within_days:
            timing = Timing.AFTER
        return ReactionLink(reaction, timing, dose, number)
    elapsed = reaction.at - dose.at
    if dose.end is not None and reaction.at <= dose.end:
        timing = Timing.DURING
    elif elapsed <= timedelta(days=linked_within_days):
        timing = Timing.AFTER
    else:
        timing = Timing.DELAYED
    return ReactionLink(reaction, timing, dose, number, elapsed // timedelta(minutes=1))


def doses_after(reaction: Reaction, doses: Sequence[Dose]) -> tuple[Dose, ...]:
    """Doses given after a reaction; on its day only when both times of day say so."""
    return tuple(
        d
        for d in doses
        if (
            d.at > reaction.at
            if d.day == reaction.day and reaction.time_known and d.time_known
            else d.day > reaction.day
        )
    )
