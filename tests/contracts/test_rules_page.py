"""The page of rules says what the catalogue and the profiles say."""

from __future__ import annotations

from pathlib import Path

from openntz.evidence.registry import registry
from openntz.monitor.reference import rules_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"


def test_page_of_rules_matches_catalogue_and_profiles() -> None:
    made = "\n".join(rules_page(registry())) + "\n"
    # After a change of catalogue or profiles, write `made` to the page.
    assert PAGE.read_text(encoding="utf-8") == made
