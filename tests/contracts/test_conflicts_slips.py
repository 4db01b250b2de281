"""C19: gaps and slips of the founding documents are not copied.

The oracle is the list of slips.
"""

from __future__ import annotations

import re
from pathlib import Path

import openntz
from openntz.evidence.registry import registry
from openntz.monitor.rules.catalogue import RULES

ROOT = Path(__file__).parents[2]
PACKAGE = Path(openntz.__file__).parent

# Written apart, so that this file does not hold what it looks for.
SLIPS = (
    r"31\s*\(suppl[^)]*\)[\s:]*1348",
    "1348" + "-1346",
    "C49" + "Ddis",
    "CD0" + "16",
    "predicted " + "with certainty",
)


def shipped_texts() -> list[Path]:
    kinds = {".py", ".toml", ".md", ".html", ".js", ".css"}
    files = [p for p in PACKAGE.rglob("*") if p.suffix in kinds]
    files += [p for p in (ROOT / "docs").rglob("*") if p.suffix in kinds]
    return [*files, ROOT / "README.md", ROOT / "CHANGELOG.md"]


def slips_in(text: str) -> list[str]:
    return [slip for slip in SLIPS if re.search(slip, text, re.IGNORECASE)]


def test_c19_the_slips_of_the_founding_documents_are_copied_nowhere() -> None:
    files = shipped_texts()
    assert len(files) > 100
    found = {p: s for p in files if (s := slips_in(p.read_text(encoding="utf-8")))}
    assert not found


def test_c19_a_planted_slip_is_found() -> None:
    assert slips_in("Mult Scler 2015;31(suppl 3):" + "1348-1346")
    assert slips_in("saturation can be " + "Predicted with certainty")


def test_c19_what_the_guide_leaves_out_has_rules_of_its_own() -> None:
    pml = [r for r in RULES if r.id.startswith("pml.")]
    assert len(pml) >= 3
    assert all("founding-s2" not in r.sources for r in pml)
    poster = registry().source("ectrims-2025-p1978")
    assert poster.date.startswith("2025")
