"""What the rules are called, in the order of their catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from openntz.monitor.finding import Finding
from openntz.monitor.rules.catalogue import RULES


class RuleName(Struct, frozen=True):
    """A rule's id, its short title and the question it asks."""

    id: str
    title: str
    question: str


def spoken(rule: str) -> str:
    """A rule's id as words, for one this version has no title for."""
    return rule.replace(".", ": ").replace("-", " ").capitalize()


def rule_names(findings: Iterable[Finding]) -> dict[str, RuleName]:
    """Names of all rules in catalogue order, and of any other rule that spoke."""
    names = {r.id: RuleName(r.id, r.title, r.question) for r in RULES}
    for finding in findings:
        names.setdefault(finding.rule, RuleName(finding.rule, spoken(finding.rule), ""))
    return names
