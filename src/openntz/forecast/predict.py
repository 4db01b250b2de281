"""From posterior draws of the concentration to the numbers a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.forecast.history import History
from openntz.forecast.result import Curve, Quantiles, TimeBelow
from openntz.models.saturation import SaturationCard

Array = NDArray[np.float64]

# Where a curve bends between two doses; only how smooth a picture looks depends on it.
_AFTER_DOSE_DAYS: Final = (0.0, 1.5, 5.0, 11.0, 19.0)
# No further days between doses four weeks apart.
_GAP_STEP_DAYS: Final = 10.0


class Band(Struct, frozen=True):
    """Median and interval over columns; arrays of shape (T,)."""

    median: Array
    low: Array
    high: Array

    def at(self, column: int) -> Quantiles:
        """One column as numbers."""
        return Quantiles(
            float(self.median[column]), float(self.low[column]), float(self.high[column])
        )

    def columns(self) -> tuple[Quantiles, ...]:
        """Every column as numbers."""
        each = (self.median.tolist(), self.low.tolist(), self.high.tolist())
        return tuple(map(Quantiles, *each))

    def only(self, columns: NDArray[np.intp]) -> Band:
        """The band at some of its columns."""
        return Band(self.median[columns], self.low[columns], self.high[columns])


def quantiles(draws: Array, probabilities: Sequence[float]) -> Array:
    """Quantiles (len(probabilities), T) of draws (n, T) per column, linear between draws."""
    return _quantiles_of(_in_order(draws), probabilities)


def _quantiles_of(ordered: Array, probabilities: Sequence[float]) -> Array:
    below, above, share = _neighbours(ordered, probabilities)
    return below * (1 - share) + above * share


def _in_order(draws: Array) -> Array:
    """Draws (n, T) sorted per column, as (T, n).

    The draws of a column are laid side by side and sorted, which is several times faster than
    selecting in a table of rows.
    """
    return np.sort(np.ascontiguousarray(draws.T), axis=1)


def _neighbours(ordered: Array, probabilities: Sequence[float]) -> tuple[Array, Array, Array]:
    """The draws (q, T) below and above each quantile of ``ordered`` (T, n), and how far (q, 1)."""
    last = ordered.shape[1] - 1
    position = np.asarray(probabilities) * last
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, last)
    return ordered[:, below].T, ordered[:, above].T, (position - below)[:, None]


def band(draws: Array, low: float, high: float) -> Band:
    """Median and interval of draws (n, T) per column."""
    bottom, middle, top = quantiles(draws, (low, 0.5, high))
    return Band(middle, bottom, top)


def level_and_saturation(
    concentration: Array,
    cards: Sequence[SaturationCard],
    low: float,
    high: float,
    generator: np.random.Generator,
) -> tuple[Band, Band]:
    """Bands of the concentration draws (n, T) and of the saturation (fraction) over all cards.

    The interval of the saturation runs from the lowest lower to the highest upper end of the
    cards, because the published figures disagree and no weighting of them is known; the middle
    is the mean of the cards' medians (the median of all draws together is any value between two
    separate clusters).

    Saturation rises with the concentration in units of a person's EC50, so its quantiles are
    those of that ratio, carried over; only the draws beside a quantile are.
    """
    wanted = (low, 0.5, high)
    ordered = _in_order(concentration)
    bottom, middle, top = _quantiles_of(ordered, wanted)
    per_card = []
    for card in cards:
        eta = card.ec50_sd * generator.standard_normal((concentration.shape[0], 1))
        own = _in_order(concentration * np.exp(-eta)) if card.ec50_sd else ordered
        below, above, share = _neighbours(own, wanted)
        per_card.append(card.saturation(below) * (1 - share) + card.saturation(above) * share)
    lows, medians, highs = zip(*per_card, strict=True)
    saturation = Band(np.mean(medians, axis=0), np.min(lows, axis=0), np.max(highs, axis=0))
    return Band(middle, bottom, top), saturation


def time_below(
    day: Array, concentration: Array, threshold: float, low: float, high: float
) -> TimeBelow:
    """When draws (n, T) on days (T,) after the last dose fall below a threshold for good.

    The crossing is interpolated on the logarithm of the level, in which its fall is nearly
    straight over a day. A draw that never reaches the threshold counts as day 0.
    """
    above = concentration >= threshold
    last = above.shape[1] - 1 - np.argmax(above[:, ::-1], axis=1)
    ever = above.any(axis=1)
    beyond = ever & (last == above.shape[1] - 1)
    column = np.minimum(last, above.shape[1] - 2)
    rows = np.arange(above.shape[0])
    tiny = np.finfo(float).tiny
    here = np.log(np.maximum(concentration[rows, column], tiny))
    after = np.log(np.maximum(concentration[rows, column + 1], tiny))
    fall = np.where(here > after, here - after, 1.0)
    share = np.clip((here - np.log(threshold)) / fall, 0, 1)
    crossing = day[column] + share * (day[column + 1] - day[column])
    crossing = np.where(ever, np.where(beyond, np.inf, crossing), 0.0)
    # 'inverted_cdf' picks a draw, so that draws beyond the horizon stay infinite.
    picked = np.quantile(crossing, [0.5, low, high], method="inverted_cdf")
    middle, bottom, top = (float(x) if np.isfinite(x) else None for x in picked)
    return TimeBelow(threshold, middle, bottom, top)


def curve_days(history: History, first: float, last: float) -> Array:
    """Days at which a curve is drawn: dense after each dose, where the level falls fastest.

    Parameters
    ----------
    first, last : float
        Ends of the curve, days from the history's origin.
    """
    starts = history.schedule.start_day
    ends = starts + history.schedule.duration_day
    offsets = np.array(_AFTER_DOSE_DAYS)
    grid = [starts, (ends[:, None] + offsets[None, :]).ravel(), np.array([first, last])]
    # A wash-out bends when elimination is no longer saturated: a gap needs days of its own.
    later = np.append(starts[1:], last)
    for end, following in zip(ends, later, strict=True):
        grid.append(np.arange(end + offsets[-1] + _GAP_STEP_DAYS, following, _GAP_STEP_DAYS))
    days = np.unique(np.concatenate(grid))
    return days[(days >= first) & (days <= last)]


def curve(history: History, day: Array, concentration: Band, saturation: Band) -> Curve:
    """Assemble the band over time."""
    return Curve(
        origin=history.origin,
        day=day,
        concentration_median=concentration.median,
        concentration_p05=concentration.low,
        concentration_p95=concentration.high,
        saturation_median=saturation.median,
        saturation_p05=saturation.low,
        saturation_p95=saturation.high,
    )
