"""What may be behind a level that does not fit, and what to do next, in words."""

from __future__ import annotations

from openntz.definitions import amounts
from openntz.forecast.causes import NEXT_STEP
from openntz.forecast.result import LevelVerdict


def causes_text(verdict: LevelVerdict) -> str:
    """'antibodies that raise clearance 93 %, ...', most probable first; '' without causes."""
    shown = verdict.causes[: verdict.causes_shown]
    return "; ".join(f"{name} {amounts.chance(chance)}" for name, chance in shown)


def next_steps(verdict: LevelVerdict) -> str:
    """What to do about the causes shown, in their order; '' without causes."""
    shown = verdict.causes[: verdict.causes_shown]
    steps = [step for name, _ in shown for step in NEXT_STEP[name].split("; ")]
    return "; ".join(dict.fromkeys(steps))


def causes_sentence(verdict: LevelVerdict) -> str:
    """Causes and next steps as they follow a sentence about the level; '' without causes."""
    if not verdict.causes:
        return ""
    return f" What may be behind it: {causes_text(verdict)}. Next: {next_steps(verdict)}."
