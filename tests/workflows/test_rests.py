"""What rests on an entry of the registry: the code itself is the oracle."""

from pathlib import Path

import pytest

from openntz.evidence.registry import registry
from openntz.models.card import load_card
from openntz.monitor.profile import load_profile
from openntz.workflows.evidence import look_up
from openntz.workflows.rests import Rests


def lines(query: str, label: str) -> list[str]:
    (entry,) = look_up(query, site=None).entries
    return [line.text for line in entry.lines if line.label == label]


def test_a_threshold_names_the_rules_that_use_it() -> None:
    assert "level.low" in lines("level.act-below", "rule")
    assert not any("platelets" in text for text in lines("level.act-below", "rule"))


def test_a_threshold_of_one_profile_says_which() -> None:
    eu, us = load_profile("eu"), load_profile("us")
    assert eu.fact("mri.interval.standard").id != us.fact("mri.interval.standard").id
    (text,) = [t for t in lines("mri.interval.us-yearly", "rule") if "mri-due" in t]
    assert text == "pml.mri-due (profile us)"


def test_a_source_names_rules_and_cards() -> None:
    cards = lines("van-den-berg-2025", "card")
    assert "van_den_berg_2025" in cards
    assert "van-den-berg-2025" in load_card("van_den_berg_2025").sources
    assert any(text.startswith("level.low") for text in lines("van-den-berg-2025", "rule"))


def test_a_number_read_by_the_pages_names_them() -> None:
    assert any("report.guides" in text for text in lines("report.jcv-index-low", "page"))


def test_every_fact_and_source_has_an_answer() -> None:
    known = registry()
    rests = Rests(known)
    resting = {fact: list(rests.on_fact(fact)) for fact in known.facts}
    assert sum(bool(found) for found in resting.values()) > 200
    for source in known.sources:
        for line in rests.on_source(source):
            assert line.label in {"rule", "card", "page"}
            assert line.text


def test_what_nothing_rests_on_says_so() -> None:
    known = registry()
    rests = Rests(known)
    idle = next(fact for fact in known.facts if not list(rests.on_fact(fact)))
    assert lines(idle, "rests") == ["no rule, card or page rests on it"]


def test_a_search_is_not_followed_through() -> None:
    answer = look_up("trough", site=None)
    assert not answer.exact
    assert not any(line.label == "rule" for e in answer.entries for line in e.lines)


@pytest.mark.parametrize("kind", ["override", "confirm"])
def test_a_site_decision_shows_who_and_when(kind: str, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    value = "value = 5\n" if kind == "override" else ""
    site.write_text(
        f'[{kind}."late-dose.act-after"]\n{value}who = "Dr A. Example"\nwhen = 2024-05-01\n'
    )
    (entry,) = look_up("late-dose.act-after", site=site).entries
    told = next(line.text for line in entry.lines if line.label == "site")
    assert "Dr A. Example on 2024-05-01" in told
    assert any(line.label == "rule" for line in entry.lines)
