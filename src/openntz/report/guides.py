"""The numbers drawn as lines in the pictures; each comes from the registry."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from openntz.definitions.lymphocytes import RiseLimits
from openntz.errors import EvidenceError
from openntz.evidence.registry import Fact, Registry
from openntz.report import words

DAYS_PER: Final = {"d": 1, "wk": 7}


class Guides(Struct, frozen=True, kw_only=True):
    """Reference lines with the words of their tooltips.

    Targets are in µg/mL, highest first; saturation lines in %; counts in 10⁹/L; days are whole
    days.
    """

    targets: tuple[float, ...]
    target_title: str
    saturation_lines: tuple[tuple[float, str], ...]
    rise: RiseLimits
    rise_title: str
    rise_new_start_days: int
    lymphocyte_range: tuple[float, float]
    lymphocyte_range_title: str
    index_lines: tuple[tuple[float, str], ...]
    long_gap_days: int
    days_before: int
    days_after: int

    @classmethod
    def from_registry(cls, facts: Registry) -> Guides:
        """The lines of the shipped registry, or of one with a site's decisions.

        Raises
        ------
        EvidenceError
            When a fact is missing or is not a number.
        """
        targets, rise = facts.fact("forecast.targets"), facts.fact("lymphocytes.rise")
        usual, half = facts.fact("lymphocytes.usual-range"), facts.fact("saturation.therapeutic")
        at_4_weeks = facts.fact("saturation.at-4-weeks")
        lines = [facts.fact(name) for name in ("report.jcv-index-low", "jcv.high-above")]

        def days(name: str) -> int:
            fact = facts.fact(name)
            return round(fact.number * DAYS_PER.get(fact.unit, 1))

        return cls(
            targets=tuple(sorted((float(t) for t in str(targets.value).split()), reverse=True)),
            target_title=_why(targets),
            saturation_lines=(
                (_end(at_4_weeks, at_4_weeks.low), _why(at_4_weeks)),
                (half.number, _why(half)),
            ),
            rise=RiseLimits(
                rise=rise.number,
                baseline_within_days=days("rise.baseline-within"),
                window_from_day=days("rise.window-from"),
                window_to_day=days("rise.window-to"),
                lost_counts=round(facts.fact("rise.lost-counts").number),
                on_drug_days=days("late-dose.act-after"),
            ),
            rise_title=_why(rise),
            rise_new_start_days=days("rise.new-start-after"),
            lymphocyte_range=(_end(usual, usual.low), _end(usual, usual.high)),
            lymphocyte_range_title=_why(usual),
            index_lines=tuple((f.number, _why(f)) for f in lines),
            long_gap_days=days("late-dose.act-after"),
            days_before=days("forecast.curve-before"),
            days_after=days("forecast.curve-after"),
        )


def _why(fact: Fact) -> str:
    return f"{words.prose(fact.meaning)} ({words.fact(fact)}; {', '.join(fact.sources)})"


def _end(fact: Fact, value: float | None) -> float:
    if value is None:
        raise EvidenceError(
            f"fact {fact.id!r} has no range.", remedy="Give it low and high in its facts file."
        )
    return value
