"""Depot, central and peripheral amount with linear and saturable elimination."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.kernels.layout import LANES, inlined

DEPOT: Final = 0
CENTRAL: Final = 1
PERIPHERAL: Final = 2
STATES: Final = 3

# Rows of the parameter block; rates per day, amounts in mg.
ABSORPTION: Final = 0  # ka
ELIMINATION: Final = 1  # CL/Vc
OUTWARD: Final = 2  # Q/Vc
INWARD: Final = 3  # Q/Vp
SATURABLE_MAXIMUM: Final = 4  # Vmax
SATURABLE_HALF: Final = 5  # Km Vc: the central amount at half of Vmax
INVERSE_VOLUME: Final = 6  # 1/Vc
PARAMETERS: Final = 7


@inlined
def derive(w: NDArray[np.float64], y: int, p: int, rate: int, k: int) -> None:
    """Rates of change (mg/day) of one lane; ``y``, ``p``, ``rate`` and ``k`` are offsets.

    Elimination stops at amount zero, so that a trial step that overshoots meets no pole.
    """
    depot = w[y + DEPOT * LANES]
    central = w[y + CENTRAL * LANES]
    peripheral = w[y + PERIPHERAL * LANES]
    absorbed = w[p + ABSORPTION * LANES] * depot
    outward = w[p + OUTWARD * LANES] * central
    inward = w[p + INWARD * LANES] * peripheral
    there = central if central > 0.0 else 0.0
    saturable = w[p + SATURABLE_MAXIMUM * LANES] * there / (w[p + SATURABLE_HALF * LANES] + there)
    w[k + DEPOT * LANES] = -absorbed
    w[k + CENTRAL * LANES] = (
        w[rate] + absorbed - w[p + ELIMINATION * LANES] * central - saturable - outward + inward
    )
    w[k + PERIPHERAL * LANES] = outward - inward
