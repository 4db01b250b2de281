"""Whether a child is breast-fed, as the record puts it: yes, no, or the day until which."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from msgspec import Struct

from openntz.definitions.terms import mentions

# '2024-05-01' alone, or after a word that makes it the last day; 'discussed 2024-05-01' is none.
_LAST = re.compile(
    r"(?:^|\b(?:until|till|to|stopped|ended|weaned)\b(?:\s+on)?)[\s:]*(\d{4}-\d{2}-\d{2})\b",
    re.IGNORECASE,
)


class Feeding(StrEnum):
    """What an entry says at a date."""

    YES = "breast-fed"
    NO = "not breast-fed"
    UNKNOWN = "not recorded"
    UNCLEAR = "not understood"


class FeedingTerms(Struct, frozen=True):
    """Entries that say yes and no; from the registry.

    The first clause that says either decides, and in it a 'no' outweighs a 'yes'.
    """

    yes: tuple[str, ...]
    no: tuple[str, ...]


def last_day(text: str) -> date | None:
    """The last day of breast-feeding, where an entry gives one."""
    found = _LAST.search(text.strip())
    try:
        return date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        return None


def feeding(text: str, as_of: date, terms: FeedingTerms) -> Feeding:
    """What an entry says at a date; its last day, where it gives one, decides."""
    if not text.strip():
        return Feeding.UNKNOWN
    if (until := last_day(text)) is not None:
        return Feeding.YES if as_of <= until else Feeding.NO
    for clause in re.split(r"[,;.\n]", text):
        if mentions(clause, terms.no):
            return Feeding.NO
        if mentions(clause, terms.yes):
            return Feeding.YES
    return Feeding.UNCLEAR
