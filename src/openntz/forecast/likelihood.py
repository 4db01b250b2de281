"""Log-likelihood of one reading given its prediction, with slope and information.

Readings are numbers, or known only to lie below or above a limit (Beal's method M3). The
variance may depend on the prediction (NONMEM: INTERACTION), so it is differentiated too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from openntz.models.residual import Residual

Array = NDArray[np.float64]

# Below this prediction a proportional error would vanish; far under any assay's limit.
_FLOOR: Final = 1e-9
LOG_TWO_PI: Final = float(np.log(2.0 * np.pi))


class Kind(IntEnum):
    """How a reading was reported."""

    QUANTIFIED = 0
    BELOW = 1
    ABOVE = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """Per reading: log-likelihood, its derivative by the prediction, and the information.

    All have the shape of the predictions. ``log_likelihood`` leaves out the constant of the
    normal density. ``information`` is that of NONMEM's FOCE with interaction for a number,
    1/v + v'^2/(2 v^2), and the observed curvature for a limit.
    """

    log_likelihood: Array
    slope: Array
    information: Array


class _Scaled(NamedTuple):
    """Prediction and reading on the scale the error is normal on, with derivatives by f."""

    mean: Array
    d_mean: Array
    value: Array
    variance: Array
    d_variance: Array


def _scaled(residual: Residual, prediction: Array, value: Array) -> _Scaled:
    f = np.maximum(prediction, _FLOOR)
    variance, bend = residual.variance(f), residual.variance_slope(f)
    if residual.on_log_scale:
        return _Scaled(np.log(f), 1.0 / f, np.log(np.maximum(value, _FLOOR)), variance, bend)
    return _Scaled(f, np.ones_like(f), value, variance, bend)


def terms(residual: Residual, prediction: Array, value: Array, kind: NDArray[np.int64]) -> Terms:
    """Log-likelihood, slope and information of readings ``value`` (m,) given (..., m).

    For limits, ``value`` is the limit.
    """
    s = _scaled(residual, prediction, value)
    off, half_bend = s.value - s.mean, 0.5 * s.d_variance / s.variance
    found = -(off * off / s.variance + np.log(s.variance)) / 2
    slope = off / s.variance * s.d_mean + half_bend * (off * off / s.variance - 1.0)
    information = s.d_mean**2 / s.variance + 2.0 * half_bend**2
    censored = kind != Kind.QUANTIFIED
    if censored.any():
        sd = np.sqrt(s.variance)
        sign = np.where(kind == Kind.ABOVE, -1.0, 1.0)
        z = sign * off / sd
        below = log_ndtr(z)
        d_z = -sign * (s.d_mean / sd) - z * half_bend
        # phi/Phi far out in the tail is a difference of logarithms, never 0/0.
        ratio = np.exp(-(z * z + LOG_TWO_PI) / 2 - below)
        found = np.where(censored, below, found)
        slope = np.where(censored, ratio * d_z, slope)
        information = np.where(censored, ratio * (ratio + z) * d_z * d_z, information)
    return Terms(found, slope, information)
