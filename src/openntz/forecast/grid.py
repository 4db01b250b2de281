"""The days a forecast is solved for, and which of them answer which question."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.forecast.history import History
from openntz.forecast.predict import curve_days
from openntz.forecast.request import ForecastRequest, moments_of
from openntz.forecast.settings import Settings

Array = NDArray[np.float64]


class Grid(Struct, frozen=True):
    """All days to solve for, ascending, and which columns of them answer which question."""

    day: Array
    by_day: NDArray[np.intp]
    now: int
    planned: int | None
    fall: NDArray[np.intp]
    curve: NDArray[np.intp]


def fall_days(settings: Settings) -> Array:
    """Days after the last dose on which the fall of the level is followed.

    Close together as far as a decision on the next dose reads, farther apart beyond.
    """
    end = settings.below_horizon_days
    read = min(int(settings.outlook.days[-1]), end)
    near = np.arange(0.0, read, settings.fall_step_days)
    far = np.arange(float(read), end, settings.fall_step_late_days)
    return np.concatenate([near, far, [float(end)]])


def grid_of(request: ForecastRequest, history: History, settings: Settings) -> Grid:
    """The days of a request, each once."""
    now, planned = moments_of(request, history)
    today = history.day(now)
    due = today if planned is None else history.day(planned)
    last = history.day(history.last_dose)
    horizon = last + np.array(settings.horizon_days, dtype=float)
    fall = last + fall_days(settings)
    first = max(today - settings.curve_before_days, 0.0)
    end = max(last + settings.curve_after_days, today, due)
    drawn = np.concatenate(
        [curve_days(history, first, end), fall[(fall >= first) & (fall <= end)], [today, due]]
    )
    drawn = np.unique(drawn)
    day = np.unique(np.concatenate([horizon, fall, drawn]))

    def columns(wanted: Array) -> NDArray[np.intp]:
        return np.searchsorted(day, wanted)

    single = columns(np.array([today, due]))
    return Grid(
        day=day,
        by_day=columns(horizon),
        now=int(single[0]),
        planned=None if planned is None else int(single[1]),
        fall=columns(fall),
        curve=columns(drawn),
    )
