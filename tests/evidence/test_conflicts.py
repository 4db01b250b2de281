"""Conflicts load, and an entry that names nobody or nothing is refused."""

from __future__ import annotations

from typing import Any

import pytest

from openntz.errors import EvidenceError
from openntz.evidence.conflicts import (
    build_conflicts,
    conflicts,
    conflicts_by_rule,
    conflicts_within,
)
from openntz.evidence.registry import build, registry
from openntz.evidence.show import describe

SIDE: dict[str, Any] = {
    "says": "one thing",
    "facts": ["pk.half-life"],
    "sources": ["swiss-label-kinetic"],
    "rank": "read",
    "profiles": ["eu"],
}
ENTRY: dict[str, Any] = {
    "topic": "A topic",
    "does": "Both are shown.",
    "rules": ["level.low"],
    "sides": [SIDE, {**SIDE, "says": "another", "profiles": []}],
}


def built(entry: dict[str, Any]) -> Any:
    return build_conflicts({"conflicts": {"C99": entry}}, registry())["C99"]


def test_a_conflict_is_read_as_written() -> None:
    conflict = built(ENTRY)
    assert (conflict.id, conflict.topic, conflict.does) == ("C99", "A topic", "Both are shown.")
    assert [s.says for s in conflict.sides] == ["one thing", "another"]
    assert conflict.sides[0].profiles == ("eu",)
    assert conflict.facts == ("pk.half-life",)
    assert conflict.sources == ("swiss-label-kinetic",)
    assert conflict.cards == ()


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({**ENTRY, "sides": [SIDE]}, "C99.sides"),
        ({**ENTRY, "sides": [SIDE, {**SIDE, "facts": ["pk.half-live"]}]}, "pk.half-live"),
        ({**ENTRY, "sides": [SIDE, {**SIDE, "sources": ["swiss"]}]}, "'swiss'"),
        ({**ENTRY, "sides": [SIDE, {**SIDE, "sources": []}]}, "C99.sides.1.sources"),
        ({**ENTRY, "sides": [SIDE, {**SIDE, "rank": "seen"}]}, "C99.sides.1.rank"),
        ({**ENTRY, "sides": [SIDE, {**SIDE, "weight": 1}]}, "C99.sides.1.weight"),
        ({**ENTRY, "topic": ""}, "C99.topic"),
        ({**ENTRY, "truth": "eu"}, "C99.truth"),
        ({k: v for k, v in ENTRY.items() if k != "does"}, "C99.does"),
        ({**ENTRY, "rules": "level.low"}, "C99.rules"),
    ],
)
def test_a_malformed_conflict_is_refused_by_its_place(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(EvidenceError) as refused:
        built(entry)
    assert told in str(refused.value)
    assert "conflicts.toml" in str(refused.value)


def test_a_misspelt_fact_gets_the_near_one_as_remedy() -> None:
    with pytest.raises(EvidenceError, match=r"Did you mean pk\.half-life"):
        built({**ENTRY, "sides": [SIDE, {**SIDE, "facts": ["pk.half-live"]}]})


def test_shipped_conflicts_are_read_once() -> None:
    assert conflicts() is conflicts()
    assert list(conflicts()) == [f"C{n}" for n in range(1, 20)]


def test_a_registry_shows_only_what_it_knows() -> None:
    assert conflicts_within(registry()) == tuple(conflicts().values())
    assert conflicts_within(build([], [])) == ()
    assert conflicts_by_rule(build([], [])) == {}


def test_conflicts_by_rule_are_those_that_name_it() -> None:
    for rule, found in conflicts_by_rule(registry()).items():
        assert found == tuple(c for c in conflicts().values() if rule in c.rules)


@pytest.mark.parametrize("query", ["C6", "c6"])
def test_look_up_shows_every_side_with_numbers_and_origin(query: str) -> None:
    answer = describe(registry(), query)
    assert answer.exact
    (entry,) = answer.entries
    assert entry.kind == "conflict"
    for part in ("11 d", "28.2 d", "us-label-old", "swiss-label-kinetic", "level.low"):
        assert part in answer.text
    assert [line.label for line in entry.lines].count("side") == 2
    assert any(line.warning for line in entry.lines), "the recalled 26.8 days"


def test_search_finds_a_conflict_by_its_words() -> None:
    answer = describe(registry(), "rebound steroids")
    assert [e.id for e in answer.entries if e.kind == "conflict"] == ["C8"]
