"""One to three compartments, with or without depot and saturable elimination, and derivatives.

The functions are templates: which parts a model has is bound by ``mechanism.compartments``, and
what is not there costs nothing. States: central, then peripheral ones, then the depot. A
direction j of differentiation repeats the block of states, of parameters and the infusion rate
behind the model's own, and obeys the model's equations differentiated.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.kernels.layout import LANES

CENTRAL: Final = 0
# Rows of the parameter block; rates per day, amounts in mg.
ELIMINATION: Final = 0  # CL/Vc
INVERSE_VOLUME: Final = 1  # 1/Vc
SATURABLE_MAXIMUM: Final = 2  # Vmax
SATURABLE_HALF: Final = 3  # Km Vc: the central amount at half of Vmax
ABSORPTION: Final = 4  # ka
OUTWARD: Final = 5  # Q/Vc of the first peripheral compartment, Q/Vp, then of the second

# Bound per model.
PERIPHERALS = STATES = PARAMETERS = 0
DEPOT = -1
SATURABLE = False


def derive(w: NDArray[np.float64], y: int, p: int, rate: int, k: int) -> None:
    """Rates of change (mg/day) of one lane; ``y``, ``p``, ``rate`` and ``k`` are offsets.

    Elimination stops at amount zero, so that a trial step that overshoots meets no pole.
    """
    central = w[y]
    change = w[rate] - w[p + ELIMINATION * LANES] * central
    if SATURABLE:
        there = central if central > 0.0 else 0.0
        half = w[p + SATURABLE_HALF * LANES]
        change -= w[p + SATURABLE_MAXIMUM * LANES] * there / (half + there)
    if DEPOT > 0:
        absorbed = w[p + ABSORPTION * LANES] * w[y + DEPOT * LANES]
        w[k + DEPOT * LANES] = -absorbed
        change += absorbed
    # Written out: with a loop over compartments the loops over lanes would not vectorise.
    if PERIPHERALS > 0:
        net = w[p + OUTWARD * LANES] * central
        net -= w[p + (OUTWARD + 1) * LANES] * w[y + LANES]
        w[k + LANES] = net
        change -= net
    if PERIPHERALS > 1:
        net = w[p + (OUTWARD + 2) * LANES] * central
        net -= w[p + (OUTWARD + 3) * LANES] * w[y + 2 * LANES]
        w[k + 2 * LANES] = net
        change -= net
    w[k] = change


def derive_tangent(w: NDArray[np.float64], y: int, p: int, rate: int, k: int, j: int) -> None:
    """Rates of change of one lane's derivatives in direction ``j``: ``derive`` differentiated."""
    dy = y + (j + 1) * STATES * LANES
    dp = p + (j + 1) * PARAMETERS * LANES
    dk = k + (j + 1) * STATES * LANES
    central, d_central = w[y], w[dy]
    change = w[rate + (j + 1) * LANES]
    change -= w[p + ELIMINATION * LANES] * d_central + w[dp + ELIMINATION * LANES] * central
    if SATURABLE:
        there = central if central > 0.0 else 0.0
        d_there = d_central if central > 0.0 else 0.0
        half, maximum = w[p + SATURABLE_HALF * LANES], w[p + SATURABLE_MAXIMUM * LANES]
        share = 1.0 / (half + there)
        bend = half * d_there - there * w[dp + SATURABLE_HALF * LANES]
        change -= (w[dp + SATURABLE_MAXIMUM * LANES] * there + maximum * bend * share) * share
    if DEPOT > 0:
        depot, d_depot = w[y + DEPOT * LANES], w[dy + DEPOT * LANES]
        absorbed = w[p + ABSORPTION * LANES] * d_depot + w[dp + ABSORPTION * LANES] * depot
        w[dk + DEPOT * LANES] = -absorbed
        change += absorbed
    if PERIPHERALS > 0:
        out, back = OUTWARD * LANES, (OUTWARD + 1) * LANES
        net = w[p + out] * d_central + w[dp + out] * central
        net -= w[p + back] * w[dy + LANES] + w[dp + back] * w[y + LANES]
        w[dk + LANES] = net
        change -= net
    if PERIPHERALS > 1:
        out, back = (OUTWARD + 2) * LANES, (OUTWARD + 3) * LANES
        net = w[p + out] * d_central + w[dp + out] * central
        net -= w[p + back] * w[dy + 2 * LANES] + w[dp + back] * w[y + 2 * LANES]
        w[dk + 2 * LANES] = net
        change -= net
    w[dk] = change
