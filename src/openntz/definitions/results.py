"""Comparing a result with a limit when the result may itself be only a limit."""

from __future__ import annotations

from openntz.course.events import Measurement


def above(result: Measurement, limit: float) -> bool | None:
    """Whether the true value is above ``limit``; None when a censored result cannot tell."""
    if result.value is None:
        return None
    if result.censor == "<":
        return False if result.value <= limit else None
    if result.censor == ">":
        return True if result.value >= limit else None
    return result.value > limit


def below(result: Measurement, limit: float) -> bool | None:
    """Whether the true value is below ``limit``; None when a censored result cannot tell."""
    if result.value is None:
        return None
    if result.censor == "<":
        return True if result.value <= limit else None
    if result.censor == ">":
        return False if result.value >= limit else None
    return result.value < limit


def shown(result: Measurement, unit: str = "") -> str:
    """Value for a reader: '38', '<20', '> 3', 'positive', with the unit if one is given."""
    if result.value is None:
        return result.answer or "no value"
    text = f"{result.censor}{result.value:g}"
    return f"{text} {unit}" if unit else text
