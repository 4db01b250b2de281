"""Measured levels that the drawn curve misses."""

from __future__ import annotations

from typing import Final

import numpy as np

from openntz.forecast.result import Curve, LevelVerdict
from openntz.report.charts import ordinal

_LEAST: Final = 1e-12  # keeps the logarithm of a level of nothing finite, in µg/mL


def band_at(curve: Curve, day: float) -> tuple[float, float] | None:
    """The 90 % band in µg/mL at an ordinal day as it is drawn; None outside the curve."""
    days = ordinal(curve.origin) + curve.day
    if not days[0] <= day <= days[-1]:
        return None
    low, high = (
        float(np.exp(np.interp(day, days, np.log(np.maximum(ends, _LEAST)))))
        for ends in (curve.concentration_p05, curve.concentration_p95)
    )
    return low, high


def missed(verdict: LevelVerdict, curve: Curve | None) -> bool:
    """Whether a fitted level lies outside the drawn band, or the fit calls it a misfit.

    A censored level is missed only when the whole band lies on the wrong side of its limit.
    """
    if verdict.use != "fitted" or verdict.value is None or curve is None:
        return False
    if verdict.misfit:
        return True
    band = band_at(curve, ordinal(verdict.at))
    if band is None:
        return False
    low, high = band
    below = verdict.value < low and verdict.censor != ">"
    above = verdict.value > high and verdict.censor != "<"
    return below or above
