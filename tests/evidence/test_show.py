"""`openntz evidence`: what a reader is told about a fact, a source, or some words."""

from __future__ import annotations

from pathlib import Path

import pytest

from openntz.errors import EvidenceError
from openntz.evidence.registry import Registry, build, registry
from openntz.evidence.show import Entry, describe

SOURCES = {
    "sources": {
        "a-paper": {
            "citation": "A paper",
            "url": "https://doi.org/10.1/x",
            "kind": "paper",
            "date": "2020",
            "read": "abstract",
            "note": "Read in a mirror.",
        },
        "nobody": {"citation": "Unread", "kind": "paper", "read": "memory"},
    }
}
FACTS = {
    "facts": {
        "gap.longest": {
            "value": 8,
            "low": 7.0,
            "high": 9.5,
            "unit": "wk",
            "meaning": "longest gap between doses",
            "source": ["a-paper", "nobody"],
            "rank": "unverified",
            "vigilance": "more",
            "note": "Weeks, not months.",
        },
        "gap.usual": {
            "value": 4,
            "unit": "wk",
            "meaning": "usual gap between doses",
            "rank": "project default",
        },
        "risk.top": {
            "value": 0,
            "high": 0.87,
            "unit": "%",
            "meaning": "people with a complication",
            "source": "a-paper",
            "rank": "read",
            "vigilance": "less",
        },
        "share.least": {
            "value": 80,
            "low": 80.0,
            "unit": "1",
            "meaning": "a share",
            "source": "a-paper",
            "rank": "derived",
        },
    }
}


@pytest.fixture(scope="module")
def known() -> Registry:
    return build([("sources.toml", SOURCES)], [("facts.toml", FACTS)])


def _lines(entry: Entry, label: str) -> list[str]:
    return [line.text for line in entry.lines if line.label == label]


def test_fact_shows_everything_that_is_known_of_it(known: Registry) -> None:
    answer = describe(known, " GAP.Longest ")
    assert answer.exact
    (entry,) = answer.entries
    assert (entry.kind, entry.id) == ("fact", "gap.longest")
    assert _lines(entry, "value") == ["8 wk (unverified)"]
    assert _lines(entry, "bounds") == ["7 to 9.5 wk"]
    assert _lines(entry, "means") == ["longest gap between doses"]
    assert _lines(entry, "known") == ["unverified: from memory; not checked against its source"]
    assert _lines(entry, "vigilance") == ["acting on it raises vigilance"]
    assert _lines(entry, "note") == ["Weeks, not months."]
    assert _lines(entry, "source") == [
        "a-paper: A paper. https://doi.org/10.1/x [the abstract was read]",
        "nobody: Unread. [from memory; nothing was read]",
    ]
    assert _lines(entry, "site") == []
    warned = {line.label for line in entry.lines if line.warning}
    assert warned == {"value", "known", "unverified"}


@pytest.mark.parametrize(
    ("name", "bounds"),
    [("risk.top", ["at most 0.87 %"]), ("share.least", ["at least 80"]), ("gap.usual", [])],
)
def test_one_sided_bounds(known: Registry, name: str, bounds: list[str]) -> None:
    (entry,) = describe(known, name).entries
    assert _lines(entry, "bounds") == bounds
    assert not any(line.warning for line in entry.lines)


def test_site_decision_is_named_and_lifts_the_warning(known: Registry, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(
        '[confirm."gap.longest"]\nwho = "A. Name"\nwhen = 2024-06-30\n'
        '[override."gap.usual"]\nvalue = 6\nwho = "B. Name"\nwhen = 2024-07-01\n'
    )
    site = known.with_site(file)
    (confirmed,) = describe(site, "gap.longest").entries
    assert _lines(confirmed, "site") == ["confirmed as it is by A. Name on 2024-06-30"]
    assert not any(line.warning for line in confirmed.lines)
    (changed,) = describe(site, "gap.usual").entries
    assert _lines(changed, "site") == ["set by B. Name on 2024-07-01; the registry has 4"]
    assert _lines(changed, "value") == ["6 wk (set by B. Name, 2024-07-01)"]


def test_source_shows_its_facts(known: Registry) -> None:
    (entry,) = describe(known, "a-paper").entries
    assert entry.kind == "source"
    assert _lines(entry, "citation") == ["A paper"]
    assert _lines(entry, "read") == ["the abstract was read"]
    assert _lines(entry, "date") == ["2020"]
    assert _lines(entry, "link") == ["https://doi.org/10.1/x"]
    assert _lines(entry, "note") == ["Read in a mirror."]
    assert _lines(entry, "fact") == [
        "gap.longest = 8 wk (unverified): longest gap between doses",
        "risk.top = 0 %: people with a complication",
        "share.least = 80: a share",
    ]
    assert [line.text for line in entry.lines if line.warning] == [
        "gap.longest = 8 wk (unverified): longest gap between doses"
    ]


def test_source_without_facts_says_so() -> None:
    alone = build([("sources.toml", SOURCES)], [])
    (entry,) = describe(alone, "nobody").entries
    assert _lines(entry, "fact") == ["none rests on it"]
    assert any(line.warning and line.label == "read" for line in entry.lines)


def test_words_find_facts_and_sources(known: Registry) -> None:
    answer = describe(known, "gap doses")
    assert not answer.exact
    assert [e.id for e in answer.entries] == ["gap.longest", "gap.usual"]
    assert [e.id for e in describe(known, "paper").entries][-2:] == ["a-paper", "nobody"]
    assert answer.text.splitlines() == [
        "2 found for 'gap doses'",
        "fact gap.longest: 8 wk (unverified), longest gap between doses",
        "fact gap.usual: 4 wk (project default), usual gap between doses",
    ]


def test_text_of_an_exact_answer_has_every_line(known: Registry) -> None:
    assert describe(known, "gap.usual").text.splitlines() == [
        "fact gap.usual: 4 wk (project default), usual gap between doses",
        "  value: 4 wk (project default)",
        "  means: usual gap between doses",
        "  known: project default: chosen by this project; no source states it",
        "  vigilance: a constant or a definition",
    ]


def test_unknown_words_name_near_misses(known: Registry) -> None:
    with pytest.raises(EvidenceError, match=r"no fact, no source and no text with 'gap\.lonqest'"):
        describe(known, "gap.lonqest")
    with pytest.raises(EvidenceError) as error:
        describe(known, "gap.lonqest")
    assert "Did you mean gap.longest" in error.value.remedy


@pytest.mark.parametrize("query", ["", "  \n"])
def test_empty_query_is_refused(known: Registry, query: str) -> None:
    with pytest.raises(EvidenceError, match="nothing to look for"):
        describe(known, query)


def test_every_shipped_id_can_be_described() -> None:
    shipped = registry()
    for name in [*shipped.facts, *shipped.sources]:
        answer = describe(shipped, name)
        assert answer.exact, name
        assert answer.entries[0].id == name
        assert answer.text
