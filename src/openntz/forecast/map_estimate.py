"""The most probable unknowns of one person, and the curvature there.

Gradient and Hessian are central differences; all points of one stencil are solved together as
lanes of one integration, so a gradient costs about one solution of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from openntz.forecast.density import SMOOTH, Problem

Array = NDArray[np.float64]

_GRADIENT_STEP: Final = 1e-3
_HESSIAN_STEP: Final = 1e-2
_GRADIENT_TOLERANCE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class MapEstimate:
    """Mode of the posterior: ``theta`` (p,), ``hessian`` (p, p) of the negative log density.

    ``converged`` is False when the optimiser stopped early; ``reason`` then says why.
    """

    theta: Array
    hessian: Array
    objective: float
    converged: bool
    reason: str


def gradient_stencil(theta: Array, step: float) -> Array:
    """Points (1 + 2p, p): theta, then theta + step and - step along each axis."""
    eye = np.eye(theta.size) * step
    return np.vstack([theta[None, :], theta + eye, theta - eye])


def hessian_stencil(theta: Array, step: float) -> Array:
    """Points for second central differences: the gradient stencil, then four per pair."""
    p = theta.size
    eye = np.eye(p) * step
    pairs = [
        theta + a * eye[i] + b * eye[j]
        for i in range(p)
        for j in range(i)
        for a in (1, -1)
        for b in (1, -1)
    ]
    return np.vstack([gradient_stencil(theta, step), *[q[None, :] for q in pairs]])


def hessian_from(values: Array, p: int, step: float) -> Array:
    """Hessian (p, p) from function values on :func:`hessian_stencil`."""
    centre, up, down = values[0], values[1 : 1 + p], values[1 + p : 1 + 2 * p]
    hessian = np.diag((up - 2 * centre + down) / step**2)
    k = 1 + 2 * p
    for i in range(p):
        for j in range(i):
            pp, pm, mp, mm = values[k : k + 4]
            hessian[i, j] = hessian[j, i] = (pp - pm - mp + mm) / (4 * step**2)
            k += 4
    return hessian


def find_map(problem: Problem) -> MapEstimate:
    """Maximise prior times likelihood by BFGS on prior-standardised unknowns.

    Raises
    ------
    SolverError
        When the model cannot be solved near the start.
    """
    scale = np.sqrt(np.diag(problem.prior_covariance))
    p = problem.size

    def value_and_gradient(u: Array) -> tuple[float, Array]:
        points = gradient_stencil(u, _GRADIENT_STEP) * scale
        values = problem.negative_log_posterior(points, SMOOTH)
        slope = (values[1 : 1 + p] - values[1 + p :]) / (2 * _GRADIENT_STEP)
        return float(values[0]), slope

    result = minimize(
        value_and_gradient,
        np.zeros(p),
        jac=True,
        method="BFGS",
        options={"gtol": _GRADIENT_TOLERANCE},
    )
    mode = np.asarray(result.x, dtype=float)
    values = problem.negative_log_posterior(hessian_stencil(mode, _HESSIAN_STEP) * scale, SMOOTH)
    _, slope = value_and_gradient(mode)
    # BFGS may stop for loss of precision at the mode itself; the slope decides.
    converged = bool(np.abs(slope).max() < _GRADIENT_STEP)
    return MapEstimate(
        theta=mode * scale,
        hessian=hessian_from(values, p, _HESSIAN_STEP) / np.outer(scale, scale),
        objective=float(result.fun),
        converged=converged,
        reason="" if converged else str(result.message),
    )
