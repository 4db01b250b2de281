"""Look up the evidence registry."""

from __future__ import annotations

from pathlib import Path

from openntz.evidence.show import Answer, describe
from openntz.workflows.read import registry_for


def look_up(query: str, *, site: Path | None) -> Answer:
    """A fact or source by id, or what contains the words.

    Raises
    ------
    EvidenceError, ProfileError
        When nothing is found, or the site file cannot be used.
    """
    return describe(registry_for(site), query)
