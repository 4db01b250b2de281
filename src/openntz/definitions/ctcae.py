"""The scales a reaction to natalizumab may be graded by (CTCAE), in this project's words.

Version 6 asks to report a reaction as infusion-related or as allergic, not as both; anaphylaxis
has a scale of its own that starts at grade 3. The words of each grade are facts of the registry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from openntz.definitions.reactions import states


class Scale(StrEnum):
    """Which entry of the criteria a reaction belongs to."""

    INFUSION = "infusion-related reaction"
    ALLERGIC = "allergic reaction"
    ANAPHYLAXIS = "anaphylaxis"


class GradeScale(Struct, frozen=True):
    """One scale: what decides each of its grades."""

    scale: Scale
    words: Mapping[int, str]

    @property
    def lowest(self) -> int:
        """The grade the scale starts at."""
        return min(self.words)

    def has(self, grade: int) -> bool:
        """Whether the scale knows the grade."""
        return grade in self.words


def scale_of(
    term: str,
    *,
    anaphylaxis: tuple[str, ...],
    allergic: tuple[str, ...],
    negations: tuple[str, ...],
) -> Scale:
    """The scale for a recorded term, by beginnings of words that are stated and not denied."""
    if states(term, anaphylaxis, negations):
        return Scale.ANAPHYLAXIS
    if states(term, allergic, negations):
        return Scale.ALLERGIC
    return Scale.INFUSION


def reported_twice(scales: Sequence[Scale]) -> bool:
    """Whether the reactions of one dose are on record as infusion-related and as allergic too."""
    return Scale.INFUSION in scales and len(set(scales)) > 1
