"""From free drug to saturation and to how far cells may leave the blood.

    S = C^h / (EC50^h + C^h)          open = 1 / (1 + (S / S50)^p)

A person has an own EC50. EC50 and h are calibrated on published groups at the levels this
project's pharmacokinetic card gives them: the laboratories of those studies read the drug up to
1.5 times higher, so the shipped saturation cards, made from their levels, do not apply as they
are. Entry into tissue opens steeply as saturation is lost, because cells roll and stick by
several bonds. Sources put the return of disease at saturations of 20 to 40 % (S50) and find
none at intervals of 6 weeks; p is assumed. Simplifies: one relation for all cells, at once; no
background of the assay; most drug in people is functionally monovalent, and is not modelled so.
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
        return 1.0 / (1.0 + (half[:, None] / np.asarray(free_ug_per_ml)) ** p["saturation.hill"])


def open_share(saturated: ArrayLike, p: Parameters) -> Floats:
    """Share (0-1) of the usual passage out of the blood at saturations of any shape."""
    s = np.asarray(saturated, float)
    return 1.0 / (1.0 + (s / p["blockade.half"]) ** p["blockade.steepness"])
