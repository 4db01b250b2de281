"""What a single half-life alone would say of levels; shown beside the forecast, never used in it.

Two half-lives are in print (11 days within a dosing interval, 28.2 days of the linear part of
elimination), and neither alone describes a drug whose elimination saturates.
"""

from __future__ import annotations

import math


def left_after(days: float, half_life_days: float) -> float:
    """Share of a level that is left after ``days``, one exponential.

    Raises
    ------
    ValueError
        When the half-life is not positive.
    """
    if not half_life_days > 0:
        raise ValueError(f"half-life of {half_life_days} days")
    return math.exp2(-days / half_life_days)


def steady_trough_ratio(longer_days: float, shorter_days: float, half_life_days: float) -> float:
    """Steady-state trough at the longer interval over that at the shorter, equal doses.

    One compartment and one exponential: each trough is the sum of what earlier doses left, a
    geometric series. The source of the method is any text on repeated doses.

    Raises
    ------
    ValueError
        When an interval or the half-life is not positive.
    """
    if not min(longer_days, shorter_days) > 0:
        raise ValueError(f"intervals of {longer_days} and {shorter_days} days")
    longer, shorter = (left_after(d, half_life_days) for d in (longer_days, shorter_days))
    return (longer / (1 - longer)) / (shorter / (1 - shorter))
