"""Levels and chances in the words of the rules: unit, digits, and the side of a limit."""

from __future__ import annotations

from typing import Final

from openntz.definitions import amounts

# As people write it; the vocabulary's own spelling is for machines.
LEVEL_UNIT: Final = "µg/mL"


def level_text(value: float | None, censor: str = "", limit: float | None = None) -> str:
    """A level for a reader, '8.1 µg/mL', '<10 µg/mL'.

    Where rounding would put a level below ``limit`` on it, it is 'just under' it.
    """
    if value is None:
        return "no number"
    text = amounts.level(value)
    if text.startswith("<"):
        return f"{text} {LEVEL_UNIT}"
    just = not censor and limit is not None and value < limit <= float(text)
    return f"{'just under ' if just else ''}{censor}{text} {LEVEL_UNIT}"


def chance_text(chance: float, limit: float) -> str:
    """A chance in per cent, never none or all.

    With a decimal where rounding would put it on the other side of the limit.
    """
    text = amounts.chance(chance)
    if chance < limit and text == amounts.percent(limit):
        return f"{100 * chance:.1f} %"
    return text
