"""Blood counts: pools whose exit natalizumab blocks.

    x' = k (x0 (1 + gain (1 - open)) - x)

with open the share of the usual exit (see ``blockade``), gain the relative rise at full
blockade and k the rate of approach. Neutrophils have no gain. A count of the laboratory is x
with log-normal within-person variation. Nucleated red cells are seen or not, with a chance
between that without and with the drug. Simplifies: a pool is one compartment with constant
production; diurnal and infectious changes are noise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter

from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd

Floats = NDArray[np.float64]

CELLS: Final = ("lymphocytes", "cd19", "monocytes", "eosinophils", "basophils", "neutrophils")


def approach(target: Floats, rate_per_day: float) -> Floats:
    """Solution (N, T) of x' = k (target - x) on a daily grid, at rest on the first day."""
    kept = float(np.exp(-rate_per_day))
    start = kept * target[:, :1]
    found, _ = lfilter([1.0 - kept], [1.0, -kept], target, axis=1, zi=start)
    return np.asarray(found)


def held_back(p: Parameters, cell: str, opened: Floats) -> Floats:
    """How far (N, T) a pool has come towards full blockade, 0-1, on the days of ``opened``.

    Depends on the rate of the cell alone, so that cells of one rate may share it.
    """
    return approach(1.0 - opened, p[f"blood.{cell}.rate"])


def counts(crowd: Crowd, p: Parameters, cell: str, held: Floats) -> Floats:
    """True counts (N, T) of a kind of cell, from ``held_back`` for its rate.

    The equation is linear, so the lag of the blockade is the lag of the count.
    """
    own = f"blood.{cell}"
    before = crowd.log_normal(cell, p[f"{own}.before"], p[f"{own}.before.log-sd"])
    gain = crowd.log_normal(f"{cell}_gain", p[f"{own}.gain"], p[f"{own}.gain.log-sd"])
    found = (before * gain)[:, None] * held
    found += before[:, None]
    return found


def reported(count: ArrayLike, error: ArrayLike, p: Parameters, cell: str) -> Floats:
    """What a laboratory reports of true counts; ``error`` is a standard normal number each."""
    spread = p[f"blood.{cell}.noise"]
    # The mean over repeated counts stays the true count.
    return np.asarray(count, float) * np.exp(spread * np.asarray(error, float) - 0.5 * spread**2)


def erythroblast_chance(opened: ArrayLike, p: Parameters) -> Floats:
    """Chance (any shape) that nucleated red cells are seen in a count."""
    free, blocked = p["blood.erythroblasts.before"], p["blood.erythroblasts.blocked"]
    return free + (blocked - free) * (1.0 - np.asarray(opened, float))
