"""How often antibodies were found, never without what the number rests on.

The assay, its cut-off, how often samples were taken and of whom decide the number: the same
people are 6 % or 55 % positive. A frequency for which these are not on file is refused; where
the text read does not give one of them, that is said in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Final

import tomli
from msgspec import Struct

from openntz.errors import EvidenceError
from openntz.evidence.registry import Fact, Registry, registry

_KEYS: Final = ("assay", "threshold", "sampling", "denominator")
_NOT_READ: Final = "not read"
_FILE: Final = "prevalences.toml"


class Prevalence(Struct, frozen=True):
    """A published frequency with assay, cut-off, sampling and denominator in words."""

    fact: Fact
    assay: str
    threshold: str
    sampling: str
    denominator: str

    @property
    def shown(self) -> str:
        """'6 % of 625 people in AFFIRM (bridging ELISA, positive from 500 ng/mL, samples ...)'."""
        cut_off = (
            "cut-off not read" if self.threshold == _NOT_READ else f"positive from {self.threshold}"
        )
        basis = f"{self.denominator} ({self.assay}, {cut_off}, {self.sampling})"
        replaced = self.fact.site.replaces if self.fact.site is not None else None
        if replaced is None:
            return f"{self.fact.shown} {basis}"
        # The site's number was not found by this assay in these people.
        return f"{self.fact.shown}, in place of {replaced} {self.fact.unit} {basis}"


@lru_cache(maxsize=1)
def _on_file() -> Mapping[str, Mapping[str, str]]:
    file = resources.files("openntz.evidence") / _FILE
    return tomli.loads(file.read_text(encoding="utf-8"))


def prevalence(
    fact: Fact,
    facts: Registry | None = None,
    on_file: Mapping[str, Mapping[str, str]] | None = None,
) -> Prevalence:
    """The frequency a fact states, with what it rests on.

    Parameters
    ----------
    fact : Fact
        A frequency of antibodies, site decisions included.
    facts : Registry, optional
        Where thresholds that are facts are looked up; the shipped one by default.
    on_file : mapping, optional
        Entries by id of the fact; those shipped by default.

    Raises
    ------
    EvidenceError
        When assay, threshold, sampling or denominator are not on file.
    """
    entries = _on_file() if on_file is None else on_file
    entry = entries.get(fact.id, {})
    missing = [key for key in _KEYS if not entry.get(key)]
    if missing:
        raise EvidenceError(
            f"the frequency {fact.id!r} has no {' and no '.join(missing)}.",
            where=_FILE,
            remedy="Give all of " + ", ".join(_KEYS) + "; 'not read' where the text is silent.",
        )
    threshold = entry["threshold"]
    known = facts or registry()
    if threshold in known.facts:
        threshold = known.fact(threshold).shown
    return Prevalence(fact, entry["assay"], threshold, entry["sampling"], entry["denominator"])
