"""From a table of people to one figure, with its Monte Carlo error by resampling people.

Tables are (N,) or (N, k) of the people who belong to a result; none is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], float]

_PER_CENT: Final = 100.0


def mean(table: Floats) -> float:
    """Mean of the people."""
    return float(np.mean(table))


def percent(table: Floats) -> float:
    """Percentage of the people."""
    return _PER_CENT * mean(table)


def median(table: Floats) -> float:
    """Median of the people."""
    return float(np.median(table))


def spread(table: Floats) -> float:
    """Standard deviation between people."""
    return float(np.std(table, ddof=1))


def ratio(table: Floats) -> float:
    """Mean of the first column over that of the second; not a number where that is 0."""
    below = float(np.mean(table[:, 1]))
    return float(np.mean(table[:, 0])) / below if below else float("nan")


def group_ratio(table: Floats) -> float:
    """Mean of the first column where the second is 1 over that where it is 0.

    Not a number where a group is empty or the second mean is 0.
    """
    one = table[:, 1] == 1.0
    if one.all() or not one.any():
        return float("nan")
    means = [float(np.mean(table[group, 0])) for group in (one, ~one)]
    return ratio(np.array([means]))


def percent_ratio(table: Floats) -> float:
    """As ``ratio``, in per cent."""
    return _PER_CENT * ratio(table)


def percent_lower(table: Floats) -> float:
    """By how many per cent the mean of the first column is below that of the second."""
    return _PER_CENT * (1.0 - ratio(table))


def slope(table: Floats) -> float:
    """Least-squares slope of the first column on the second."""
    return float(np.polyfit(table[:, 1], table[:, 0], 1)[0])


def busiest(table: Floats) -> float:
    """Number (from 1) of the column with the most events."""
    return 1.0 + float(np.argmax(np.sum(table, axis=0)))


def steady_week(table: Floats) -> float:
    """Week from which the median stays within 5 % of the last; columns are 4 weeks apart.

    The median, because the mean drifts for as long as antibodies wane in a few.
    """
    course = np.median(table, axis=0)
    off = np.abs(course / course[-1] - 1.0) > 0.05
    last = int(np.flatnonzero(off)[-1]) + 1 if off.any() else 0
    return 4.0 * (last + 1)


def youden(table: Floats) -> float:
    """Best sensitivity + specificity - 1 of the first column for the second (0 or 1)."""
    truth = table[np.argsort(-table[:, 0]), 1]
    if not 0.0 < truth.sum() < len(truth):
        return float("nan")
    found = np.cumsum(truth) / truth.sum() - np.cumsum(1.0 - truth) / (1.0 - truth).sum()
    return float(found.max())


def monte_carlo_error(
    statistic: Statistic, table: Floats, generator: np.random.Generator, times: int = 200
) -> float:
    """Standard deviation of a statistic over people drawn again with replacement."""
    rows = len(table)
    drawn = np.array([statistic(table[generator.integers(0, rows, rows)]) for _ in range(times)])
    # A draw can miss everybody on one side of a comparison.
    usable = drawn[np.isfinite(drawn)]
    return float(np.std(usable, ddof=1)) if len(usable) > 1 else float("nan")
