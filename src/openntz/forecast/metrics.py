"""How good forecasts were: errors of the numbers, coverage of the intervals, calibration.

Limits (results below or above what an assay can report) have no error in ug/mL; they count in
coverage and calibration by the probability the forecast gave them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import ndtri

from openntz.models.residual import Residual

Array = NDArray[np.float64]

_PER_CENT: Final = 100.0
# Midpoints of a normal error's distribution: enough for the digits that are shown.
_POINTS: Final = 400


class Errors(Struct, frozen=True):
    """Errors of predictions against measured numbers; None where there are none.

    ``mpe`` and ``mape`` are means of (predicted - measured) / measured and of its size, in per
    cent; ``rmse`` is in ug/mL; ``within`` the share of sizes up to the given distance.
    """

    count: int
    mpe: float | None
    mape: float | None
    rmse: float | None
    within: float | None


def errors(predicted: Array, measured: Array, within_percent: float) -> Errors:
    """Errors of predictions (n,) against positive measured numbers (n,)."""
    if not len(measured):
        return Errors(0, None, None, None, None)
    off = np.asarray(predicted) - measured
    percent = _PER_CENT * off / measured
    return Errors(
        count=len(measured),
        mpe=float(percent.mean()),
        mape=float(np.abs(percent).mean()),
        rmse=float(np.sqrt((off * off).mean())),
        within=float((np.abs(percent) <= within_percent).mean()),
    )


def least_errors(level: Array, residual: Residual, within_percent: float) -> Errors:
    """What the errors would be if each level (n,) were known and only the assay erred."""
    if not len(level):
        return errors(level, level, within_percent)
    z = ndtri((2.0 * np.arange(_POINTS) + 1.0) / (2.0 * _POINTS))
    f = np.asarray(level)[:, None]
    error = residual.sd(f) * z
    measured = f * np.exp(error) if residual.on_log_scale else f + error
    # A reading of nothing or less is a limit, and limits have no error.
    usable = measured > 0.0
    wide = np.broadcast_to(f, measured.shape)
    found = errors(wide[usable], measured[usable], within_percent)
    return Errors(len(level), found.mpe, found.mape, found.rmse, found.within)


class Share(Struct, frozen=True):
    """A share of n with its confidence limits; limits (readings) count by their probability."""

    value: float
    low: float
    high: float
    count: int


def wilson(share: float, count: int, confidence: float) -> Share:
    """Wilson's limits of a share that was counted."""
    z = float(ndtri(1.0 - (1.0 - confidence) / 2.0))
    n = float(count)
    centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * np.sqrt(share * (1.0 - share) / n + z * z / (2.0 * n) ** 2)
    return Share(share, float(max(centre - half, 0.0)), float(min(centre + half, 1.0)), count)


def share_inside(pit: Array, low: float, high: float) -> Array:
    """How much of each transform (n, 2) lies between two probabilities, (n,)."""
    a, b = pit[:, 0], pit[:, 1]
    size = b - a
    point = (a >= low) & (a <= high)
    overlap = np.minimum(b, high) - np.maximum(a, low)
    part = np.clip(overlap / np.where(size > 0.0, size, 1.0), 0.0, 1.0)
    return np.where(size > 0.0, part, point.astype(float))


def coverage(pit: Array, interval: float, confidence: float) -> Share | None:
    """Share of readings inside the central predictive interval; None without readings."""
    if not len(pit):
        return None
    tail = (1.0 - interval) / 2.0
    return wilson(float(share_inside(pit, tail, 1.0 - tail).mean()), len(pit), confidence)


def pit_bars(pit: Array, bins: int) -> Array:
    """Shares (bins,) of the transforms (n, 2) per equal bin of 0 to 1.

    A limit is spread evenly over its range (Czado, Gneiting and Held 2009), so that the bars
    are level if the model holds, whatever the limits.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    # A point on an edge belongs to the bin above it, and to no other.
    upper = np.append(np.nextafter(edges[1:-1], 0.0), 1.0)
    bars = [share_inside(pit, a, b).mean() for a, b in zip(edges[:-1], upper, strict=True)]
    return np.array(bars)


class Bias(Struct, frozen=True):
    """Mean standardised error with confidence limits: 0 if the forecasts are right on average.

    Positive means that levels were higher than forecast. ``found`` says whether 0 lies outside.
    """

    mean: float
    low: float
    high: float
    count: int

    @property
    def found(self) -> bool:
        """Whether the limits leave out 0."""
        return self.low > 0.0 or self.high < 0.0


def bias(scores: Array, confidence: float) -> Bias | None:
    """Mean of standardised errors (n,), whose standard deviation is 1 if the model holds."""
    if not len(scores):
        return None
    half = float(ndtri(1.0 - (1.0 - confidence) / 2.0)) / np.sqrt(len(scores))
    mean = float(np.mean(scores))
    return Bias(mean, mean - float(half), mean + float(half), len(scores))
