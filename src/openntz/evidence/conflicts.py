"""Where sources disagree: every side kept, with what the software does about it.

No side is made the truth. A conflict names the facts and sources of each side, the profiles that
follow it, and the rules, definitions and model cards in which a reader meets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import tomli
from msgspec import Struct

from openntz.errors import EvidenceError
from openntz.evidence.registry import Rank, Registry, near_misses, registry

FILE: Final = "conflicts.toml"


class Side(Struct, frozen=True, kw_only=True):
    """One side: what it says in this project's words, its numbers, its origin and its rank.

    ``rank`` is that of the weakest number or statement on which the side rests. ``profiles`` are
    those that follow it; a side nobody follows is shown all the same.
    """

    says: str
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    rank: Rank
    profiles: tuple[str, ...] = ()


class Conflict(Struct, frozen=True, kw_only=True):
    """A disagreement: topic, sides, what is done about it, and where a reader meets it.

    ``rules`` are ids of rules, ``definitions`` modules of the definitions, ``cards`` ids of
    model cards.
    """

    id: str
    topic: str
    does: str
    sides: tuple[Side, ...]
    rules: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source named by a side, once."""
        return tuple(dict.fromkeys(s for side in self.sides for s in side.sources))

    @property
    def facts(self) -> tuple[str, ...]:
        """Every fact named by a side, once."""
        return tuple(dict.fromkeys(f for side in self.sides for f in side.facts))


def _entries(raw: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The file's entries with their types checked.

    Raises
    ------
    EvidenceError
        When a key is missing, unknown or of the wrong kind.
    """
    # pydantic takes a tenth of a second to load, and most commands show no conflict.
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class SideEntry(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

        says: str = Field(min_length=1)
        facts: list[str] = []
        sources: list[str] = Field(min_length=1)
        rank: Rank
        profiles: list[str] = []

    class Entry(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

        topic: str = Field(min_length=1)
        does: str = Field(min_length=1)
        rules: list[str] = []
        definitions: list[str] = []
        cards: list[str] = []
        sides: list[SideEntry] = Field(min_length=2)

    class File(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

        conflicts: dict[str, Entry]

    try:
        return File.model_validate(raw).model_dump()["conflicts"]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvidenceError(
            f"{place}: {first['msg']}.",
            where=where,
            remedy="A conflict has topic, does and two sides or more; a side has says, sources "
            "and rank.",
        ) from None


def _side(name: str, entry: Mapping[str, Any], known: Registry, where: str) -> Side:
    for kind, ids, there in (
        ("fact", entry["facts"], known.facts),
        ("source", entry["sources"], known.sources),
    ):
        for wanted in ids:
            if wanted not in there:
                raise EvidenceError(
                    f"conflict {name} names the unknown {kind} {wanted!r}.",
                    where=where,
                    remedy=near_misses(wanted, there),
                )
    return Side(
        says=entry["says"],
        facts=tuple(entry["facts"]),
        sources=tuple(entry["sources"]),
        rank=entry["rank"],
        profiles=tuple(entry["profiles"]),
    )


def build_conflicts(
    raw: Mapping[str, Any], known: Registry, where: str = FILE
) -> Mapping[str, Conflict]:
    """Conflicts from parsed TOML, by id in the order of the file; every entry is checked.

    Raises
    ------
    EvidenceError
        When an entry is malformed or names a fact or source the registry does not know.
    """
    return MappingProxyType(
        {
            name: Conflict(
                id=name,
                topic=entry["topic"],
                does=entry["does"],
                sides=tuple(_side(name, side, known, where) for side in entry["sides"]),
                rules=tuple(entry["rules"]),
                definitions=tuple(entry["definitions"]),
                cards=tuple(entry["cards"]),
            )
            for name, entry in _entries(raw, where).items()
        }
    )


@lru_cache(maxsize=1)
def conflicts() -> Mapping[str, Conflict]:
    """The conflicts shipped with the package, read and checked once per process.

    Raises
    ------
    EvidenceError
        When the shipped file is malformed; see ``build_conflicts``.
    """
    text = (resources.files("openntz.evidence") / FILE).read_text(encoding="utf-8")
    try:
        raw = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise EvidenceError(
            f"not valid TOML: {error}.", where=FILE, remedy="Mend the syntax."
        ) from None
    return build_conflicts(raw, registry())


def conflicts_within(known: Registry) -> tuple[Conflict, ...]:
    """The conflicts of which a registry has every fact and source, in the order of the file."""
    return tuple(
        c
        for c in conflicts().values()
        if known.facts.keys() >= set(c.facts) and known.sources.keys() >= set(c.sources)
    )


def conflicts_by_rule(known: Registry) -> Mapping[str, tuple[Conflict, ...]]:
    """The conflicts a registry can show, by the id of each rule they bear on."""
    found: dict[str, tuple[Conflict, ...]] = {}
    for conflict in conflicts_within(known):
        for rule in conflict.rules:
            found[rule] = (*found.get(rule, ()), conflict)
    return MappingProxyType(found)
