"""Levels and shares with the digits they deserve, the same wherever a reader meets them."""

from __future__ import annotations


def level(value: float) -> str:
    """A level in µg/mL with the digits it deserves, without its unit."""
    if value < 0.1:
        return "<0.1"
    if value < 9.95:
        return f"{value:.1f}"
    return f"{value:.0f}"


def level_range(low: float, high: float, sign: str = " to ") -> str:
    """Two levels as an interval: '14 to 22', 'below 0.1' where nothing measurable lies in it."""
    ends = level(low), level(high)
    return f"below {ends[1][1:]}" if ends[0] == ends[1] == level(0.0) else sign.join(ends)


def percent(fraction: float) -> str:
    """A fraction as whole per cent, never rounded to certainty."""
    if 0 < fraction < 0.01:
        return "<1 %"
    if 0.99 < fraction < 1:
        return ">99 %"
    return f"{100 * fraction:.0f} %"


def chance(fraction: float) -> str:
    """A probability from draws, which are never enough to call anything certain."""
    if fraction < 0.01:
        return "<1 %"
    return ">99 %" if fraction > 0.99 else percent(fraction)


def percent_range(low: float, high: float, sign: str = " to ") -> str:
    """Two fractions as an interval with one sign: '84 to 88 %'."""
    return f"{percent(low).removesuffix(' %')}{sign}{percent(high)}"
