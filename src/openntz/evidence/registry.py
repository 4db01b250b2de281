"""Sources and facts: every number that reaches a user points here.

A fact is one number (or short text) with its unit, its sources and its rank: how well the
source was read. An unverified fact is shown as such and may only make the software more
cautious, never less; a fact that breaks this is refused when it is loaded.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import tomli
from msgspec import Struct, field
from msgspec.structs import replace

from openntz.errors import EvidenceError

Rank = Literal["read", "copy", "founding", "derived", "project default", "unverified"]
Vigilance = Literal["more", "less", "neither"]
Value = float | int | str | bool

RANK_MEANING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "read": "the number was read in the source or an excerpt of it",
        "copy": "the number was read in a copy or a secondary source",
        "founding": "stated in the documents the project was founded on",
        "derived": "computed in this project from numbers that were read",
        "project default": "chosen by this project; no source states it",
        "unverified": "from memory; not checked against its source",
    }
)

_SOURCE_KEYS = {"citation", "url", "kind", "date", "read", "note"}
_FACT_KEYS = {"value", "unit", "meaning", "source", "rank", "vigilance", "note", "low", "high"}


class Source(Struct, frozen=True):
    """A paper, label, guideline or other origin of facts, and what of it was read."""

    id: str
    citation: str
    url: str
    kind: str
    date: str
    read: str
    note: str = ""


class SiteDecision(Struct, frozen=True):
    """A site's override or confirmation of a fact."""

    who: str
    when: date
    replaces: Value | None = None


class SiteChoice(Struct, frozen=True):
    """A site's choice among the named definitions a profile may go by."""

    value: str
    who: str
    when: date


class Fact(Struct, frozen=True):
    """One number with unit, sources and rank.

    ``vigilance`` says what acting on it does: 'more' monitoring, 'less', or 'neither' (a
    constant of nature or a definition). ``low`` and ``high`` bound it where the source does.
    """

    id: str
    value: Value
    unit: str
    meaning: str
    sources: tuple[str, ...]
    rank: Rank
    vigilance: Vigilance = "neither"
    note: str = ""
    low: float | None = None
    high: float | None = None
    site: SiteDecision | None = None

    @property
    def verified(self) -> bool:
        """False while the number is from memory and no site has confirmed it."""
        return self.rank != "unverified" or self.site is not None

    @property
    def number(self) -> float:
        """The value as a float.

        Raises
        ------
        EvidenceError
            When the fact is text or a yes/no.
        """
        if type(self.value) is float:
            return self.value
        if isinstance(self.value, (str, bool)):
            raise EvidenceError(f"fact {self.id!r} is not a number.", remedy="Use its value.")
        return float(self.value)

    @property
    def shown(self) -> str:
        """Value and unit for a reader, with the warning its rank asks for."""
        text = f"{self.value:g}" if isinstance(self.value, float) else str(self.value)
        if isinstance(self.value, bool):
            text = "yes" if self.value else "no"
        text = f"{text} {self.unit}".rstrip() if self.unit not in {"", "1"} else text
        if self.site is not None:
            verb = "set" if self.site.replaces is not None else "confirmed"
            return f"{text} ({verb} by {self.site.who}, {self.site.when.isoformat()})"
        if self.rank == "unverified":
            return f"{text} (unverified)"
        if self.rank == "project default":
            return f"{text} (project default)"
        return text


def _check_fact(fact: Fact, where: str) -> None:
    if not fact.sources and fact.rank != "project default":
        raise EvidenceError(
            f"fact {fact.id!r} has no source.", where=where, remedy="Give it a source id."
        )
    if not fact.meaning:
        raise EvidenceError(
            f"fact {fact.id!r} has no meaning.", where=where, remedy="Say in words what it is."
        )
    if not fact.verified and fact.vigilance == "less":
        raise EvidenceError(
            f"fact {fact.id!r} is unverified and would lower vigilance.",
            where=where,
            remedy="Verify it against its source, or let a site file confirm it.",
        )


def _entry(where: str, name: str, raw: Mapping[str, Any], allowed: set[str]) -> None:
    unknown = set(raw) - allowed
    if unknown:
        raise EvidenceError(
            f"unknown key {sorted(unknown)[0]!r} in {name!r}.",
            where=where,
            remedy=f"Keys are {', '.join(sorted(allowed))}.",
        )


def _text(raw: Mapping[str, Any], key: str) -> str:
    return str(raw.get(key, ""))


def _read_source(where: str, name: str, raw: Mapping[str, Any]) -> Source:
    _entry(where, name, raw, _SOURCE_KEYS)
    for key in ("citation", "kind", "read"):
        if not raw.get(key):
            raise EvidenceError(f"source {name!r} has no {key!r}.", where=where, remedy="Add it.")
    return Source(
        id=name,
        citation=_text(raw, "citation"),
        url=_text(raw, "url"),
        kind=_text(raw, "kind"),
        date=_text(raw, "date"),
        read=_text(raw, "read"),
        note=_text(raw, "note"),
    )


def _read_fact(where: str, name: str, raw: Mapping[str, Any]) -> Fact:
    _entry(where, name, raw, _FACT_KEYS)
    for key in ("value", "rank"):
        if key not in raw:
            raise EvidenceError(f"fact {name!r} has no {key!r}.", where=where, remedy="Add it.")
    rank, vigilance = _text(raw, "rank"), str(raw.get("vigilance", "neither"))
    if rank not in get_args(Rank) or vigilance not in get_args(Vigilance):
        raise EvidenceError(
            f"fact {name!r} has rank {rank!r}, vigilance {vigilance!r}.",
            where=where,
            remedy=f"Ranks: {', '.join(get_args(Rank))}; vigilance: more, less, neither.",
        )
    origin = raw.get("source", [])
    fact = Fact(
        id=name,
        value=raw["value"],
        unit=_text(raw, "unit"),
        meaning=_text(raw, "meaning"),
        sources=(origin,) if isinstance(origin, str) else tuple(origin),
        rank=rank,  # type: ignore[arg-type]
        vigilance=vigilance,  # type: ignore[arg-type]
        note=_text(raw, "note"),
        low=raw.get("low"),
        high=raw.get("high"),
    )
    _check_fact(fact, where)
    return fact


class Registry(Struct, frozen=True):
    """All sources and facts known to this installation, site decisions included."""

    sources: Mapping[str, Source]
    facts: Mapping[str, Fact]
    site: str = field(default="")
    choices: Mapping[str, SiteChoice] = field(default_factory=dict)

    def fact(self, name: str) -> Fact:
        """One fact by id.

        Raises
        ------
        EvidenceError
            When there is no such fact.
        """
        try:
            return self.facts[name]
        except KeyError:
            raise EvidenceError(
                f"no fact {name!r}.", remedy=near_misses(name, self.facts)
            ) from None

    def source(self, name: str) -> Source:
        """One source by id.

        Raises
        ------
        EvidenceError
            When there is no such source.
        """
        try:
            return self.sources[name]
        except KeyError:
            raise EvidenceError(
                f"no source {name!r}.", remedy=near_misses(name, self.sources)
            ) from None

    def search(self, words: str) -> tuple[tuple[Source, ...], tuple[Fact, ...]]:
        """Sources and facts that contain every word, in id, citation, meaning or note."""
        wanted = words.casefold().split()

        def has(*texts: str) -> bool:
            body = " ".join(texts).casefold()
            return all(word in body for word in wanted)

        return (
            tuple(s for s in self.sources.values() if has(s.id, s.citation, s.note, s.kind)),
            tuple(
                f
                for f in self.facts.values()
                if has(f.id, f.meaning, f.note, f.shown, " ".join(f.sources))
            ),
        )

    def with_site(self, path: Path) -> Registry:
        """The registry with a site file's overrides and confirmations applied.

        The file has tables ``[override."fact.id"]`` (value, who, when),
        ``[confirm."fact.id"]`` (who, when) and ``[choose."key"]`` (value, who, when), the named
        definition every profile then goes by; whether there is one is a profile's to say. It
        may confirm an unverified number, which then
        counts as verified by that site. Bounds belong to the source's number: an overridden
        fact has none.

        Raises
        ------
        ProfileError, EvidenceError
            When the file cannot be read, names an unknown fact or one fact twice, lacks who and
            when, or gives a value of another kind or sign.
        """
        from openntz.evidence.site import read_site

        decided: dict[str, Fact] = {}
        found = read_site(path)
        for name, decision, value in found.facts:
            if name not in self.facts:
                raise EvidenceError(
                    f"no fact {name!r}.", where=str(path), remedy=near_misses(name, self.facts)
                )
            if name in decided:
                raise EvidenceError(
                    f"fact {name!r} is overridden and confirmed.",
                    where=str(path),
                    remedy="Keep one; an override needs no confirmation.",
                )
            fact = self.facts[name]
            if value is not None:
                _check_override(fact, value, str(path))
                decision = replace(decision, replaces=fact.value)
                fact = replace(fact, value=value, low=None, high=None)
            decided[name] = replace(fact, site=decision)
        return Registry(
            self.sources,
            MappingProxyType({**self.facts, **decided}),
            site=str(path),
            choices=MappingProxyType(dict(found.choices)),
        )


def _check_override(fact: Fact, value: Value, where: str) -> None:
    if any(isinstance(value, kind) != isinstance(fact.value, kind) for kind in (bool, str)):
        raise EvidenceError(
            f"fact {fact.id!r} is {fact.value!r}; {value!r} is another kind of value.",
            where=where,
            remedy=f"Give a value in {fact.unit or 'the same kind'}.",
        )
    if not isinstance(value, str) and not isinstance(fact.value, str) and value < 0 <= fact.value:
        raise EvidenceError(
            f"fact {fact.id!r} cannot be negative, but the value is {value!r}.",
            where=where,
            remedy=f"Give a value in {fact.unit or 'the same kind'}, 0 or more.",
        )


def near_misses(name: str, known: Iterable[str]) -> str:
    """What to try instead of an id that does not exist: the most similar ids, and the search."""
    close = difflib.get_close_matches(name.casefold(), list(known), n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return f"{hint}`openntz evidence WORD` searches the registry."


def _toml_files(folder: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    root = resources.files("openntz.evidence") / folder
    files = [root] if root.is_file() else sorted(root.iterdir(), key=lambda p: p.name)
    for file in files:
        if file.name.endswith(".toml"):
            try:
                yield file.name, tomli.loads(file.read_text(encoding="utf-8"))
            except tomli.TOMLDecodeError as error:
                raise EvidenceError(
                    f"not valid TOML: {error}.", where=file.name, remedy="Mend the syntax."
                ) from None


Tables = Iterable[tuple[str, Mapping[str, Any]]]


def build(source_files: Tables, fact_files: Tables) -> Registry:
    """A registry from parsed TOML, given as (file name, content); every entry is checked.

    Raises
    ------
    EvidenceError
        When an entry is malformed, is there twice, has no source or an unknown one, or is
        unverified and lowers vigilance.
    """
    sources: dict[str, Source] = {}
    for where, raw in source_files:
        for name, entry in raw.get("sources", {}).items():
            sources[name] = _read_source(where, name, entry)
    facts: dict[str, Fact] = {}
    for where, raw in fact_files:
        for name, entry in raw.get("facts", {}).items():
            if name in facts:
                raise EvidenceError(
                    f"fact {name!r} is there twice.", where=where, remedy="Keep one."
                )
            facts[name] = _read_fact(where, name, entry)
            for origin in facts[name].sources:
                if origin not in sources:
                    raise EvidenceError(
                        f"fact {name!r} names the unknown source {origin!r}.",
                        where=where,
                        remedy="Add the source to sources.toml.",
                    )
    return Registry(MappingProxyType(sources), MappingProxyType(facts))


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The registry shipped with the package, read and checked once per process.

    Raises
    ------
    EvidenceError
        When a shipped file is malformed; see ``build``.
    """
    return build(_toml_files("sources.toml"), _toml_files("facts"))


def cite(source: Source) -> str:
    """One source as a line for a reader, with how well it was read."""
    parts = [source.citation.rstrip(".")]
    if source.url:
        parts.append(source.url)
    return f"{'. '.join(parts)} [{source.read}]"
