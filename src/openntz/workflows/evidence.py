"""Look up the evidence registry, and what rests on an entry of it."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from openntz.evidence.show import Answer, Entry, Line, describe
from openntz.workflows.read import registry_for
from openntz.workflows.rests import Rests

_NOTHING = "no rule, card or page rests on it"


def _with_rests(entry: Entry, rests: Rests) -> Entry:
    if entry.kind == "fact":
        found = tuple(rests.on_fact(entry.id))
    elif entry.kind == "source":
        found = tuple(rests.on_source(entry.id))
    else:
        return entry
    if not found:
        found = (Line("rests", _NOTHING),)
    return replace(entry, lines=(*entry.lines, *found))


def look_up(query: str, *, site: Path | None) -> Answer:
    """A fact or source by id with what rests on it, or what contains the words.

    Raises
    ------
    EvidenceError, ProfileError
        When nothing is found, or the site file cannot be used.
    """
    registry = registry_for(site)
    answer = describe(registry, query)
    if not answer.exact:
        return answer
    rests = Rests(registry)
    return replace(answer, entries=tuple(_with_rests(entry, rests) for entry in answer.entries))
