"""From free drug to saturation and to how far cells may leave the blood.

Saturation follows the card calibrated on published natalizumab groups, with a person's own
EC50. Entry into tissue opens steeply as saturation is lost, because cells roll and stick by
several bonds and because most drug in people is functionally monovalent:

    open = 1 / (1 + (S / S50)^p)

Sources put the return of disease at saturations of 20 to 40 % (S50) and find none at intervals
of 6 weeks; p is assumed. Simplifies: one relation for all cells, at once.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd
from openntz.models.saturation import SaturationCard, load_saturation

Floats = NDArray[np.float64]

_CARD: Final = "saturation_natalizumab"


@cache
def _card() -> SaturationCard:
    return load_saturation(_CARD)


def saturation(crowd: Crowd, p: Parameters, free_ug_per_ml: ArrayLike) -> Floats:
    """Saturated fraction (N, T) of alpha4 integrin at free drug (N, T)."""
    eta = p["blockade.ec50.log-sd"] * crowd.score("ec50")
    return _card().saturation(free_ug_per_ml, eta[:, None])


def open_share(saturated: ArrayLike, p: Parameters) -> Floats:
    """Share (0-1) of the usual passage out of the blood at saturations of any shape."""
    s = np.asarray(saturated, float)
    return 1.0 / (1.0 + (s / p["blockade.half"]) ** p["blockade.steepness"])
