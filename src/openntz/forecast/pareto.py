"""How heavy the tail of importance weights is: the Pareto k diagnostic."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Array = NDArray[np.float64]

# Constants of the published estimators.
_PRIOR_SHAPE: Final = 3.0
_GRID_MIN: Final = 30
_QUARTILE: Final = 0.25
_TAIL_SHARE: Final = 0.2
_MIN_TAIL: Final = 5
_PRIOR_K: Final = 0.5
_PRIOR_COUNT: Final = 10


def fit_generalised_pareto(excess: Array) -> float:
    """Shape k of a generalised Pareto distribution with location 0.

    Parameters
    ----------
    excess : array (n,)
        Positive exceedances, ascending; n >= 5.

    Source: Zhang and Stephens 2009 (posterior mean over a profile grid).
    """
    n = excess.size
    m = _GRID_MIN + int(np.sqrt(n))
    quartile = excess[int(n * _QUARTILE + 0.5) - 1]
    b = 1 / excess[-1] + (1 - np.sqrt(m / (np.arange(1, m + 1) - 0.5))) / (_PRIOR_SHAPE * quartile)
    shape = np.log1p(-b[:, None] * excess[None, :]).mean(axis=1)
    profile = n * (np.log(-b / shape) - shape - 1)
    best = (b * softmax(profile)).sum()
    return float(np.log1p(-best * excess).mean())


def pareto_k(log_weight: Array) -> float:
    """Pareto k of importance weights given as logarithms (n,); large means do not rely on them.

    Weights all equal give minus infinity. The tail is the largest fifth, at most 3 sqrt(n)
    weights, and k is shrunk towards 0.5 as for small tails in Vehtari et al.
    """
    n = log_weight.size
    tail = int(min(_TAIL_SHARE * n, _PRIOR_SHAPE * np.sqrt(n)))
    if tail < _MIN_TAIL:
        return float("inf")
    ordered = np.sort(log_weight - log_weight.max())
    weights = np.exp(ordered)
    cut = weights[-tail - 1]
    excess = weights[-tail:] - cut
    if excess[-1] <= np.finfo(float).tiny or excess[0] >= excess[-1]:
        return float("-inf")
    k = fit_generalised_pareto(np.maximum(excess, np.finfo(float).tiny))
    return (k * tail + _PRIOR_K * _PRIOR_COUNT) / (tail + _PRIOR_COUNT)
