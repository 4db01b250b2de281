"""Recognising words in what people wrote, whatever the case, hyphens and punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

_GAP = re.compile(r"[\W_]+")
_DENIAL = r"(?:no|not|without|never|none)"


# The same few notes and terms are asked about by every rule and profile.
@lru_cache
def plain(text: str) -> str:
    """Lower case, with everything but letters and digits as single spaces."""
    return _GAP.sub(" ", text.casefold()).strip()


@cache
def _wanted(terms: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Terms with the padded form that is looked for; kept, for the lists come from profiles."""
    return tuple((t, f" {plain(t)} ") for t in terms if plain(t))


def mentions(text: str, terms: Iterable[str]) -> str | None:
    """The first of ``terms`` found in ``text`` as whole words, or None."""
    body = f" {plain(text)} "
    return next((term for term, form in _wanted(tuple(terms)) if form in body), None)


def asserts(text: str, terms: Iterable[str]) -> str | None:
    """Like ``mentions``, but not where a clause denies it ('no newborn count').

    A denial counts when it stands before the term in the same clause; clauses end at commas,
    semicolons, full stops and line ends.
    """
    wanted = tuple(terms)
    for clause in re.split(r"[,;.\n]", text):
        found = mentions(clause, wanted)
        if found and not re.search(rf"\b{_DENIAL}\b.*\b{re.escape(plain(found))}\b", plain(clause)):
            return found
    return None
