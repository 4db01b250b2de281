"""The people and schedules of problem 1, with numpy alone: for our solver and for peers.

Two compartments, saturation, lymphocytes, lagged lesion activity and its hazard; log-normal
variability of SD 0.30 on CL, Vc and Vmax, weights around 73 kg. Benchmark values, not a
calibrated natalizumab model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SEED = 20261122
DOSE_MG, INFUSION_DAY, INTERVAL_DAY, DOSES = 300.0, 1.0 / 24.0, 28.0, 26
Q, VP, KM, EC50, STEEPNESS = 0.5, 2.7, 1.0, 2.0, 1.5
KOUT, BASELINE, SMAX, KR, H0 = 0.10, 1.8, 0.8, 0.05, 0.004
# Relative error says nothing about concentrations below what any assay could see.
LEAST_UG_PER_ML = 0.01


def individuals(n: int) -> dict[str, Floats]:
    """CL, Vc, Vmax of ``n`` people, each (n,)."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    z = rng.standard_normal((n, 4))
    weight = np.clip(73.0 * np.exp(0.2 * z[:, 0]), 40.0, 140.0) / 70.0
    return {
        "cl": 0.146 * weight**0.75 * np.exp(0.30 * z[:, 1]),
        "vc": 3.3 * weight**0.6 * np.exp(0.30 * z[:, 2]),
        "vmax": 2.0 * np.exp(0.30 * z[:, 3]),
    }


def dose_starts(n: int, schedule: str) -> Floats:
    """Starts of the doses: (1, doses) when everyone shares them, else (n, doses).

    'mixed' delays doses by up to three weeks and leaves about one in eight out; 'washout'
    stops after half of the doses.
    """
    common = INTERVAL_DAY * np.arange(DOSES, dtype=np.float64)
    if schedule == "common":
        return common[None, :]
    if schedule == "washout":
        return common[None, : DOSES // 2]
    rng = np.random.Generator(np.random.PCG64(SEED + 1))
    gaps = INTERVAL_DAY + rng.uniform(0.0, 21.0, (n, DOSES)) * (rng.random((n, DOSES)) < 0.4)
    gaps += INTERVAL_DAY * (rng.random((n, DOSES)) < 0.125)
    return np.cumsum(gaps, axis=1) - gaps[:, :1]


def output_times(starts: Floats, variant: str, schedule: str) -> Floats:
    """Requested times (1 or n, T): every day of two years, or the troughs.

    A trough is just before the next dose; the last is an interval after the last dose. With
    'washout', variant B goes on every week until no drug is left.
    """
    if variant == "A":
        return np.arange(731.0)[None, :]
    troughs = np.concatenate([starts[:, 1:], starts[:, -1:] + INTERVAL_DAY], axis=1)
    if schedule != "washout":
        return troughs
    return np.concatenate([troughs, troughs[:, -1:] + 7.0 * np.arange(1, 27)[None, :]], axis=1)


def relative_error(found: Floats, reference: Floats) -> float:
    """Largest relative error of concentration, lymphocytes and hazard."""
    seen = reference[:, 0] > LEAST_UG_PER_ML
    worst = np.abs(found[seen, 0] / reference[seen, 0] - 1.0).max(initial=0.0)
    for column in (1, 2):
        there = reference[:, column] > 0.0
        off = np.abs(found[there, column] / reference[there, column] - 1.0)
        worst = max(worst, off.max(initial=0.0))
    return float(worst)
