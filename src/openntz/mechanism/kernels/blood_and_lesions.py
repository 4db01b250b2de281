"""Two compartments of drug, saturation, a blood count and lagged lesion activity.

The problem the solver's speed is measured on: saturation S raises the release of lymphocytes
and lowers lesion activity, which follows with a lag and adds up to a hazard,

    S  = C^g / (EC50^g + C^g)
    L' = kin (1 + Smax S) - kout L
    R' = kr ((1 - S) - R)
    H' = h0 R

It has the shape of a mechanism for natalizumab, not its calibrated numbers.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.kernels.arithmetic import hill
from openntz.mechanism.kernels.layout import LANES

CENTRAL: Final = 0
PERIPHERAL: Final = 1
LYMPHOCYTES: Final = 2
ACTIVITY: Final = 3
HAZARD: Final = 4
STATES: Final = 5

# Rows of the parameter block; rates per day, amounts in mg.
ELIMINATION: Final = 0  # CL/Vc
OUTWARD: Final = 1  # Q/Vc
INWARD: Final = 2  # Q/Vp
SATURABLE_MAXIMUM: Final = 3  # Vmax
SATURABLE_HALF: Final = 4  # Km Vc
INVERSE_VOLUME: Final = 5  # 1/Vc
INVERSE_HALF_EFFECT: Final = 6  # 1/(Vc EC50)
STEEPNESS: Final = 7  # g
RELEASE: Final = 8  # kin = kout x baseline
RELEASE_GAIN: Final = 9  # kin x Smax
LOSS: Final = 10  # kout
LAG_RATE: Final = 11  # kr
HAZARD_RATE: Final = 12  # h0
PARAMETERS: Final = 13


def derive(w: NDArray[np.float64], y: int, p: int, rate: int, k: int) -> None:
    """Rates of change of one lane; ``y``, ``p``, ``rate`` and ``k`` are offsets."""
    central = w[y + CENTRAL * LANES]
    there = central if central > 0.0 else 0.0
    outward = w[p + OUTWARD * LANES] * central
    inward = w[p + INWARD * LANES] * w[y + PERIPHERAL * LANES]
    saturable = w[p + SATURABLE_MAXIMUM * LANES] * there / (w[p + SATURABLE_HALF * LANES] + there)
    saturated, free = hill(there * w[p + INVERSE_HALF_EFFECT * LANES], w[p + STEEPNESS * LANES])
    activity = w[y + ACTIVITY * LANES]
    w[k + CENTRAL * LANES] = (
        w[rate] - w[p + ELIMINATION * LANES] * central - saturable - outward + inward
    )
    w[k + PERIPHERAL * LANES] = outward - inward
    w[k + LYMPHOCYTES * LANES] = (
        w[p + RELEASE * LANES]
        + w[p + RELEASE_GAIN * LANES] * saturated
        - w[p + LOSS * LANES] * w[y + LYMPHOCYTES * LANES]
    )
    w[k + ACTIVITY * LANES] = w[p + LAG_RATE * LANES] * (free - activity)
    w[k + HAZARD * LANES] = w[p + HAZARD_RATE * LANES] * activity
