"""Log-likelihood of one reading given its prediction, with slope and information.

Readings are numbers, or known only to lie below or above a limit (Beal's method M3). The
variance may depend on the prediction (NONMEM: INTERACTION), so it is differentiated too.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import log_ndtr

from openntz.models.residual import Residual

Array = NDArray[np.float64]

# Below this prediction a proportional error would vanish; far under any assay's limit.
_FLOOR: Final = 1e-9
# From so many standard deviations out a series is exact to 1 part in 1e9, and rounding is not.
_FAR: Final = -300.0
# The curvature a search steps by, as a share of the information: positive and not far from it.
_CURVATURE_LEAST: Final = 0.5
_CURVATURE_MOST: Final = 3.0
LOG_TWO_PI: Final = float(np.log(2.0 * np.pi))


class Kind(IntEnum):
    """How a reading was reported."""

    QUANTIFIED = 0
    BELOW = 1
    ABOVE = 2


class Terms(Struct, frozen=True):
    """Per reading: log-likelihood, its derivative by the prediction, and the information.

    All have the shape of the predictions. ``log_likelihood`` leaves out the constant of the
    normal density. ``information`` is that of NONMEM's FOCE with interaction for a number,
    1/v + v'^2/(2 v^2), and the observed curvature for a limit.

    ``curvature`` is what a search for the mode steps by: for a number, the observed curvature
    by the logarithm of the prediction, since levels change about exponentially with clearances
    and volumes, kept within bounds of the information.
    """

    log_likelihood: Array
    slope: Array
    information: Array
    curvature: Array


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
    observed = _observed(residual, s, np.maximum(prediction, _FLOOR))
    censored = kind != Kind.QUANTIFIED
    if censored.any():
        sd = np.sqrt(s.variance)
        sign = np.where(kind == Kind.ABOVE, -1.0, 1.0)
        z = sign * off / sd
        below = log_ndtr(z)
        d_z = -sign * (s.d_mean / sd) - z * half_bend
        ratio, beyond = _hazard(z, below)
        found = np.where(censored, below, found)
        slope = np.where(censored, ratio * d_z, slope)
        information = np.where(censored, ratio * beyond * d_z * d_z, information)
        observed = np.where(censored, information, observed)
    curvature = np.clip(observed, _CURVATURE_LEAST * information, _CURVATURE_MOST * information)
    return Terms(found, slope, information, curvature)


def _hazard(z: Array, below: Array) -> tuple[Array, Array]:
    """phi(z)/Phi(z), and that plus z, which is never negative; ``below`` is log Phi(z).

    Between, a difference of logarithms, never 0/0; far out, where it would drown in rounding,
    the first terms of the asymptotic series of Mills' ratio.
    """
    far = z < _FAR
    outside = np.where(far, -z, 1.0)
    series = (1.0 - 2.0 / (outside * outside)) / outside
    ratio = np.exp(np.where(far, 0.0, -(z * z + LOG_TWO_PI) / 2 - below))
    return np.where(far, outside + series, ratio), np.where(far, series, ratio + z)


def _observed(residual: Residual, s: _Scaled, f: Array) -> Array:
    """Minus the second derivative of a number's log-likelihood by ln f, over f^2."""
    off = (s.value - s.mean) / s.variance
    misfit = off * off * s.variance
    bend = s.d_variance / s.variance
    slope = off * s.d_mean + 0.5 * bend * (misfit - 1.0)
    mean_curvature = -s.d_mean * s.d_mean if residual.on_log_scale else 0.0
    by_f = s.d_mean**2 / s.variance - off * mean_curvature + 2.0 * off * s.d_mean * bend
    by_f -= 0.5 * residual.variance_curvature / s.variance * (misfit - 1.0)
    by_f += bend * bend * (misfit - 0.5)
    return by_f - slope / f
