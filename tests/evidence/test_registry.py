"""The registry loads, and every entry that breaks its rules is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import tomli
from msgspec.structs import replace

from openntz.errors import EvidenceError
from openntz.evidence.registry import (
    Fact,
    Registry,
    SiteDecision,
    Source,
    build,
    cite,
    near_misses,
    registry,
)

SOURCES = {
    "sources": {
        "a-paper": {"citation": "A paper", "kind": "paper", "read": "abstract"},
        "a-label": {"citation": "A label", "kind": "label", "read": "copy or secondary"},
    }
}
GOOD: dict[str, Any] = {
    "value": 8,
    "unit": "wk",
    "meaning": "longest gap between doses",
    "source": "a-paper",
    "rank": "read",
    "vigilance": "more",
}


def one_fact(**changes: Any) -> Registry:
    """A registry with the good fact changed; None takes a key away."""
    entry = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return build([("sources.toml", SOURCES)], [("facts.toml", {"facts": {"gap": entry}})])


def test_shipped_registry_loads() -> None:
    known = registry()
    assert known.facts
    assert known.sources
    assert registry() is known, "it is read once per process"


def test_fact_and_source_by_id() -> None:
    known = one_fact()
    assert known.fact("gap").number == 8.0
    assert known.source("a-paper").citation == "A paper"


def test_source_may_be_one_or_many() -> None:
    assert one_fact(source="a-paper").fact("gap").sources == ("a-paper",)
    assert one_fact(source=["a-paper", "a-label"]).fact("gap").sources == ("a-paper", "a-label")


@pytest.mark.parametrize(
    ("changes", "what", "remedy"),
    [
        ({"source": None}, "no source", "source id"),
        ({"source": []}, "no source", "source id"),
        ({"source": ["a-paper", "nobody"]}, "unknown source 'nobody'", "sources.toml"),
        ({"rank": "unverified", "vigilance": "less"}, "would lower vigilance", "site file confirm"),
        ({"rank": "seen"}, "has rank 'seen'", "Ranks: read"),
        ({"rank": None}, "no 'rank'", "Add it"),
        ({"value": None}, "no 'value'", "Add it"),
        ({"meaning": ""}, "no meaning", "in words"),
        ({"vigilance": "lower"}, "vigilance 'lower'", "more, less, neither"),
        ({"values": 3}, "unknown key 'values'", "Keys are"),
    ],
)
def test_malformed_fact_is_refused(changes: dict[str, Any], what: str, remedy: str) -> None:
    assert one_fact().facts, "the fact is good before the change"
    with pytest.raises(EvidenceError, match=what) as error:
        one_fact(**changes)
    assert error.value.where == "facts.toml"
    assert remedy in error.value.remedy


def test_project_default_needs_no_source() -> None:
    assert one_fact(source=None, rank="project default").fact("gap").sources == ()


@pytest.mark.parametrize("vigilance", ["more", "neither"])
def test_unverified_fact_may_raise_vigilance(vigilance: str) -> None:
    assert not one_fact(rank="unverified", vigilance=vigilance).fact("gap").verified


def test_fact_in_two_files_is_refused() -> None:
    files = [(name, {"facts": {"gap": GOOD}}) for name in ("one.toml", "two.toml")]
    with pytest.raises(EvidenceError, match="there twice") as error:
        build([("sources.toml", SOURCES)], files)
    assert error.value.where == "two.toml"


def test_fact_twice_in_one_file_is_refused_by_toml() -> None:
    text = '[facts."a"]\nvalue = 1\n[facts."a"]\nvalue = 2\n'
    with pytest.raises(tomli.TOMLDecodeError):
        tomli.loads(text)


@pytest.mark.parametrize("missing", ["citation", "kind", "read"])
def test_source_without_a_required_key_is_refused(missing: str) -> None:
    entry = {k: v for k, v in SOURCES["sources"]["a-paper"].items() if k != missing}
    with pytest.raises(EvidenceError, match=missing) as error:
        build([("sources.toml", {"sources": {"x": entry}})], [])
    assert error.value.where == "sources.toml"


def test_source_with_an_unknown_key_is_refused() -> None:
    entry = {**SOURCES["sources"]["a-paper"], "author": "A"}
    with pytest.raises(EvidenceError, match="'author'"):
        build([("sources.toml", {"sources": {"x": entry}})], [])


def test_unknown_id_names_near_misses() -> None:
    known = one_fact()
    with pytest.raises(EvidenceError) as error:
        known.fact("gab")
    assert "Did you mean gap?" in error.value.remedy
    with pytest.raises(EvidenceError) as error:
        known.source("a-papre")
    assert "Did you mean a-paper or a-label?" in error.value.remedy
    assert "Did you mean" not in near_misses("zzzzzz", known.facts)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (8, "wk", "8 wk"),
        (177800, "people", "177800 people"),
        (12345678, "people", "12345678 people"),
        (0.84, "1", "0.84"),
        (True, "", "yes"),
        (False, "", "no"),
        ("23 to 29", "ug/mL", "23 to 29 ug/mL"),
    ],
)
def test_value_is_shown_with_its_unit(value: Any, unit: str, shown: str) -> None:
    assert one_fact(value=value, unit=unit).fact("gap").shown == shown


def test_rank_is_shown_where_it_matters() -> None:
    assert one_fact(rank="unverified").fact("gap").shown == "8 wk (unverified)"
    assert one_fact(rank="project default").fact("gap").shown == "8 wk (project default)"


def test_site_decision_is_shown_and_verifies() -> None:
    fact = one_fact(rank="unverified").fact("gap")
    confirmed = replace(fact, site=SiteDecision("A. Name", date(2024, 6, 30)))
    assert confirmed.verified
    assert confirmed.shown == "8 wk (confirmed by A. Name, 2024-06-30)"
    changed = replace(fact, value=6, site=SiteDecision("A. Name", date(2024, 6, 30), replaces=8))
    assert changed.shown == "6 wk (set by A. Name, 2024-06-30)"


@pytest.mark.parametrize("value", ["23 to 29", True])
def test_text_or_yes_is_not_a_number(value: Any) -> None:
    with pytest.raises(EvidenceError, match="not a number"):
        _ = one_fact(value=value).fact("gap").number


def test_search_wants_every_word() -> None:
    known = one_fact()
    assert [f.id for f in known.search("longest DOSES")[1]] == ["gap"]
    assert known.search("longest nothing") == ((), ())
    assert [s.id for s in known.search("label")[0]] == ["a-label"]


def test_registry_cannot_be_changed() -> None:
    known = registry()
    with pytest.raises(TypeError):
        known.facts["x"] = known.fact("pk.half-life")  # type: ignore[index]
    with pytest.raises(AttributeError):
        known.fact("pk.half-life").value = 1  # type: ignore[misc]


def test_cite_says_what_was_read() -> None:
    source = Source("x", "A paper.", "https://doi.org/10.1/x", "paper", "2020", "abstract")
    assert cite(source) == "A paper. https://doi.org/10.1/x [abstract]"
    assert cite(replace(source, url="")) == "A paper [abstract]"


def test_fact_is_verified_unless_from_memory() -> None:
    fact = Fact("x", 1, "1", "meaning", ("s",), "copy")
    assert fact.verified
    assert not replace(fact, rank="unverified").verified
