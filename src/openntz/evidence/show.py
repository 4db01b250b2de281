"""What the registry knows about an id, or about some words, as lines for a reader.

Plain text with a label per line; whoever prints it decides on colour and escaping.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from openntz.errors import EvidenceError
from openntz.evidence.conflicts import Conflict, Side, conflicts_within
from openntz.evidence.registry import RANK_MEANING, Fact, Registry, Source, near_misses

_VIGILANCE: Final = {
    "more": "acting on it raises vigilance",
    "less": "acting on it lowers vigilance",
    "neither": "a constant or a definition",
}
_READ: Final = {
    "full text": "the full text was read",
    "excerpt": "an excerpt was read",
    "abstract": "the abstract was read",
    "copy or secondary": "a copy or somebody else's report of it was read",
    "memory": "from memory; nothing was read",
    "not read": "not read",
}


class Line(Struct, frozen=True):
    """One labelled line; ``warning`` marks what a reader must not overlook."""

    label: str
    text: str
    warning: bool = False


class Entry(Struct, frozen=True):
    """A fact, source or conflict with its lines; ``head`` is printed when there are many."""

    kind: Literal["fact", "source", "conflict"]
    id: str
    head: str
    lines: tuple[Line, ...]


class Answer(Struct, frozen=True):
    """What was found: one entry when the words are an id (``exact``), else a search result."""

    query: str
    exact: bool
    entries: tuple[Entry, ...]

    @property
    def text(self) -> str:
        """The answer as plain text: every line of an exact match, one line per search hit."""
        return "\n".join(self._rows())

    def _rows(self) -> Iterator[str]:
        if not self.exact:
            yield f"{len(self.entries)} found for {self.query!r}"
        for entry in self.entries:
            yield f"{entry.kind} {entry.id}: {entry.head}"
            if self.exact:
                yield from (f"  {line.label}: {line.text}" for line in entry.lines)


def describe(registry: Registry, query: str) -> Answer:
    """Answer ``openntz evidence``: an id of a fact, source or conflict, or words to search for.

    Parameters
    ----------
    registry : Registry
        With a site's decisions applied, if there are any.
    query : str
        An id, upper or lower case, or words that must all occur.

    Raises
    ------
    EvidenceError
        When nothing is found; the remedy names the most similar ids.
    """
    wanted = " ".join(query.split())
    if not wanted:
        raise EvidenceError(
            "nothing to look for.", remedy="Give an id or a word: `openntz evidence trough`."
        )
    name = wanted.casefold()
    found = [fact_entry(registry, f) for f in registry.facts.values() if f.id.casefold() == name]
    found += [
        source_entry(registry, s) for s in registry.sources.values() if s.id.casefold() == name
    ]
    disputes = conflicts_within(registry)
    found += [conflict_entry(registry, c) for c in disputes if c.id.casefold() == name]
    if found:
        return Answer(wanted, True, tuple(found))
    sources, facts = registry.search(wanted)
    told = [conflict_entry(registry, c) for c in disputes if _tells(c, name)]
    if not sources and not facts and not told:
        raise EvidenceError(
            f"no fact, no source and no text with {wanted!r}.",
            remedy=near_misses(wanted, [*registry.facts, *registry.sources]),
        )
    entries = [fact_entry(registry, f) for f in facts]
    entries += [source_entry(registry, s) for s in sources]
    return Answer(wanted, False, (*told, *entries))


def fact_entry(registry: Registry, fact: Fact) -> Entry:
    """A fact: value, bounds, rank in words, what acting on it does, origin, site decision."""
    lines = [Line("value", fact.shown, warning=not fact.verified)]
    bounds = _bounds(fact)
    if bounds:
        lines.append(Line("bounds", bounds))
    lines += [
        Line("means", fact.meaning),
        Line("known", f"{fact.rank}: {RANK_MEANING[fact.rank]}", warning=not fact.verified),
        Line("vigilance", _VIGILANCE[fact.vigilance]),
    ]
    if not fact.verified:
        text = "shown as unverified; acts only towards more caution until a site confirms it"
        lines.append(Line("unverified", text, warning=True))
    if fact.site is not None:
        lines.append(Line("site", _decision(fact)))
    lines += [Line("source", _cited(registry.source(name))) for name in fact.sources]
    if fact.note:
        lines.append(Line("note", fact.note))
    return Entry("fact", fact.id, f"{fact.shown}, {fact.meaning}", tuple(lines))


def source_entry(registry: Registry, source: Source) -> Entry:
    """A source: citation, what was read of it, and every fact that rests on it."""
    lines = [
        Line("citation", source.citation),
        Line("kind", source.kind),
        Line("read", _READ.get(source.read, source.read), warning=source.read == "memory"),
    ]
    lines += [
        Line(label, text)
        for label, text in (("date", source.date), ("link", source.url), ("note", source.note))
        if text
    ]
    resting = [f for f in registry.facts.values() if source.id in f.sources]
    lines += [
        Line("fact", f"{f.id} = {f.shown}: {f.meaning}", warning=not f.verified) for f in resting
    ]
    if not resting:
        lines.append(Line("fact", "none rests on it"))
    return Entry("source", source.id, source.citation, tuple(lines))


def conflict_entry(registry: Registry, conflict: Conflict) -> Entry:
    """A conflict: each side with its numbers, origin and followers, and what is done about it."""
    lines = [line for side in conflict.sides for line in _side_lines(registry, side)]
    lines.append(Line("done", conflict.does))
    lines += [
        Line(label, ", ".join(names))
        for label, names in (
            ("rules", conflict.rules),
            ("definitions", conflict.definitions),
            ("cards", conflict.cards),
        )
        if names
    ]
    return Entry("conflict", conflict.id, conflict.topic, tuple(lines))


def _side_lines(registry: Registry, side: Side) -> Iterator[Line]:
    weak = side.rank == "unverified"
    followed = f" Followed by profile {', '.join(side.profiles)}." if side.profiles else ""
    yield Line("side", f"{side.says}{followed} [{side.rank}]", warning=weak)
    for fact in map(registry.fact, side.facts):
        yield Line("  fact", f"{fact.id} = {fact.shown}: {fact.meaning}", not fact.verified)
    for name in side.sources:
        yield Line("  source", _cited(registry.source(name)))


def _tells(conflict: Conflict, words: str) -> bool:
    body = " ".join([conflict.topic, conflict.does, *(s.says for s in conflict.sides)]).casefold()
    return all(word in body for word in words.split())


def _bounds(fact: Fact) -> str:
    unit = "" if fact.unit in {"", "1"} else f" {fact.unit}"
    if fact.low is not None and fact.high is not None:
        return f"{fact.low:g} to {fact.high:g}{unit}"
    if fact.low is not None:
        return f"at least {fact.low:g}{unit}"
    return f"at most {fact.high:g}{unit}" if fact.high is not None else ""


def _decision(fact: Fact) -> str:
    if fact.site is None:
        return ""
    by = f"by {fact.site.who} on {fact.site.when.isoformat()}"
    if fact.site.replaces is None:
        return f"confirmed as it is {by}"
    return f"set {by}; the registry has {fact.site.replaces}"


def _cited(source: Source) -> str:
    link = f" {source.url}" if source.url else ""
    return f"{source.id}: {source.citation}.{link} [{_READ.get(source.read, source.read)}]"
