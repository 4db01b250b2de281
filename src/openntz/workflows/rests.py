"""What rests on a fact or a source: rules, model cards, pages, code. Computed, never listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

import tomli
from msgspec import Struct

from openntz.evidence.conflicts import conflicts_within
from openntz.evidence.registry import Registry
from openntz.evidence.show import Line
from openntz.monitor.profile import PROFILES
from openntz.monitor.reach import rules_by_fact
from openntz.monitor.rules.catalogue import RULES

# Where a reader meets what a room computes.
_ROOMS: Final[Mapping[str, str]] = {
    "report": "the pages of a review",
    "forecast": "the forecast on a person's page and in forecast.csv",
    "records": "reading the tables (`openntz check`)",
    "models": "model cards",
    "mechanism": "simulation",
    "definitions": "definitions that rules share",
    "workflows": "the commands",
    "monitor": "the rules as a whole",
}

_QUOTED: Final = re.compile(r'"([\w.-]+)"')


def _named(raw: Any) -> Iterator[str]:
    """Every source named anywhere in a parsed card."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            if key == "source":
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _named(value)
    elif isinstance(raw, list):
        for item in raw:
            yield from _named(item)


@lru_cache(maxsize=1)
def _cards() -> Mapping[str, frozenset[str]]:
    """By shipped card, the sources it names."""
    folder = resources.files("openntz.models") / "cards"
    return {
        file.name.removesuffix(".toml"): frozenset(
            _named(tomli.loads(file.read_text(encoding="utf-8")))
        )
        for file in sorted(folder.iterdir(), key=lambda f: f.name)
        if file.name.endswith(".toml")
    }


def _modules(folder: Traversable, package: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _modules(entry, f"{package}.{entry.name}")
        elif entry.name.endswith(".py"):
            name = entry.name.removesuffix(".py")
            yield f"{package}.{name}", entry.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _named_in_code() -> Mapping[str, tuple[str, ...]]:
    """By text in quotation marks, the modules in which it stands, past any profile."""
    found: dict[str, list[str]] = {}
    for module, text in _modules(resources.files("openntz"), "openntz"):
        if not module.startswith("openntz.monitor.rules."):
            for quoted in sorted(set(_QUOTED.findall(text))):
                found.setdefault(quoted, []).append(module.removeprefix("openntz."))
    return {quoted: tuple(modules) for quoted, modules in found.items()}


def _code(fact: str) -> dict[str, list[str]]:
    """By room, the modules that name a fact themselves."""
    found: dict[str, list[str]] = {}
    for module in _named_in_code().get(fact, ()):
        room = module.partition(".")[0]
        if room in _ROOMS:
            found.setdefault(room, []).append(module)
    return found


class Rests(Struct, frozen=True):
    """Answers what rests on an entry of one registry."""

    registry: Registry

    def on_fact(self, fact: str) -> Iterator[Line]:
        """Rules, pages and code that use a fact."""
        for rule, under in rules_by_fact().get(fact, {}).items():
            names = "" if len(under) == len(PROFILES) else f" (profile {', '.join(under)})"
            yield Line("rule", f"{rule}{names}")
        for conflict in conflicts_within(self.registry):
            if fact in conflict.facts:
                yield Line("page", f"conflicts.html: {conflict.id}, {conflict.topic}")
        for room, modules in _code(fact).items():
            yield Line("page", f"{_ROOMS[room]}: {', '.join(modules)}")

    def on_source(self, source: str) -> Iterator[Line]:
        """Rules that cite a source or use a fact of it, cards, pages."""
        facts = [f.id for f in self.registry.facts.values() if source in f.sources]
        cited = dict.fromkeys(r.id for r in RULES if source in r.sources)
        by_fact = rules_by_fact()
        using = dict.fromkeys(rule for fact in facts for rule in by_fact.get(fact, {}))
        for rule in dict.fromkeys([*cited, *using]):
            how = " and ".join(
                word
                for word, holds in (("cited", rule in cited), ("by its facts", rule in using))
                if holds
            )
            yield Line("rule", f"{rule} ({how})")
        for card, sources in _cards().items():
            if source in sources:
                yield Line("card", card)
        for conflict in conflicts_within(self.registry):
            if source in conflict.sources:
                yield Line("page", f"conflicts.html: {conflict.id}, {conflict.topic}")
