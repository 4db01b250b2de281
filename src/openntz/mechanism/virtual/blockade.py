"""From free drug to saturation and to how far cells may leave the blood.

    S = C^h / (EC50^h + C^h),   f = 1 - S
    open = (1 + f50^q) f^q / (f^q + f50^q)

A person has an own EC50; median and h are those of the sister antibody, the only relation of
single people that was published. Passage out of the blood needs several bonds at once, so it
falls with a power q of the free receptors f and is 1 without drug. Published groups on
natalizumab disagree: some read a saturation of 50 % where others read 90, so f50 is calibrated
on when disease returns, not on a saturation. Simplifies: one relation for all cells, at once;
no background of the assay; most drug in people is functionally monovalent, and is not modelled
so.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd

Floats = NDArray[np.float64]


def saturation(crowd: Crowd, p: Parameters, free_ug_per_ml: ArrayLike) -> Floats:
    """Saturated fraction (N, T) of alpha4 integrin at free drug (N, T)."""
    half = crowd.log_normal("ec50", p["saturation.ec50"], p["saturation.ec50.log-sd"])
    # 1 / (1 + (EC50/C)^h) neither overflows nor divides zero by zero; C = 0 gives 0.
    with np.errstate(divide="ignore", over="ignore"):
        found = half[:, None] / np.asarray(free_ug_per_ml)
        found **= p["saturation.hill"]
    found += 1.0
    return np.divide(1.0, found, out=found)


def open_share(saturated: ArrayLike, p: Parameters) -> Floats:
    """Share (0-1) of the usual passage out of the blood at saturations of any shape."""
    bonds = p["blockade.bonds"]
    half = p["blockade.half"] ** bonds
    free = np.atleast_1d(1.0 - np.asarray(saturated, float))
    free **= bonds
    above = (1.0 + half) * free
    free += half
    above /= free
    return above.reshape(np.shape(saturated))
