"""Relapses: a hazard that follows fresh inflammation, with a part that no blockade touches.

    h = rate x frailty x ((1 - u) F + u)

Frailty is gamma-distributed and shares a person's normal score with that of lesions in part.
Simplifies: a relapse does not change the hazard of the next, and has no severity of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.virtual import people as draws
from openntz.mechanism.virtual.activity import Drive
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd

_YEAR = 365.25


def relapse_days(
    crowd: Crowd, p: Parameters, driven: Drive, uniform: NDArray[np.float32], rate_factor: float
) -> NDArray[np.bool_]:
    """Days (N, T) on which a relapse begins."""
    shared = p["relapse.lesion-correlation"]
    score = shared * crowd.score("lesion_rate")
    score = score + np.sqrt(1.0 - shared**2) * crowd.score("relapse_rate")
    yearly = p["relapse.rate"] * rate_factor * crowd.gamma(score, p["relapse.frailty"])
    untouched = p["relapse.unblockable"]
    hazard = (1.0 - untouched) * driven.fresh
    hazard += untouched
    hazard *= yearly[:, None] / _YEAR
    found, hazard = np.zeros(hazard.shape, bool), hazard.ravel()
    drawn = uniform[..., draws.RELAPSE].ravel()
    # 1 - exp(-h) is never above h, so this leaves out most days before any exponential.
    place = np.flatnonzero(drawn <= hazard)
    found.ravel()[place] = drawn[place] < -np.expm1(-hazard[place])
    return found
