"""The page of rules and thresholds, made from the catalogue and the profiles."""

from __future__ import annotations

from collections.abc import Iterator

from openntz.evidence.registry import Fact, Registry
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.catalogue import RULES

_HEAD = """# Rules and thresholds

Made from the catalogue and the profiles; a test keeps this page equal to them. Each rule gives
one finding per person, always: `act`, `due`, `watch`, `unknown` or `ok`. `unknown` never means ok:
a needed fact is missing, or rows it rests on were set aside. `openntz evidence ID` prints a fact
with its sources; a [site file](evidence.md) changes or confirms it.

## Rules

| rule | asks | cites |
|---|---|---|
"""

_THRESHOLDS = """
## Thresholds

*(unverified)*: from memory, may only make the software more cautious. *(project default)*: no
source states it.

| key | meaning | {profiles} |
|---|---|{rule}|
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _values(facts: list[Fact]) -> list[str]:
    return [f"{_cell(f.shown)}<br>`{f.id}`" for f in facts]


def rules_page(facts: Registry) -> Iterator[str]:
    """Lines of ``docs/reference/rules.md``."""
    yield from _HEAD.splitlines()
    for rule in RULES:
        yield f"| `{rule.id}` | {_cell(rule.question)} | {', '.join(rule.sources)} |"
    profiles = [load_profile(name, facts) for name in PROFILES]
    names = " | ".join(f"{p.id}: {p.title}" for p in profiles)
    yield from _THRESHOLDS.format(
        profiles=names, rule="---|" * (len(profiles) - 1) + "---"
    ).splitlines()
    for key in sorted({key for p in profiles for key in p.use}):
        each = [p.use[key] for p in profiles]
        cells = _values(each)
        shown = cells if len({f.id for f in each}) > 1 else [cells[0], "same", "same"]
        yield f"| `{key}` | {_cell(each[0].meaning)} | {' | '.join(shown)} |"
    yield ""
    yield "## Definitions a profile chooses"
    yield ""
    yield f"| key | {' | '.join(p.id for p in profiles)} |"
    yield "|---|---|---|---|"
    for key in sorted({key for p in profiles for key in p.choose}):
        yield f"| `{key}` | {' | '.join(p.choose[key] for p in profiles)} |"
