"""People, schedules and reference of the simulation benchmark (problem 1).

Two compartments, saturation, lymphocytes, lagged lesion activity and its hazard; log-normal
variability of SD 0.30 on CL, Vc and Vmax, weights around 73 kg. Benchmark values, not a
calibrated natalizumab model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from openntz.mechanism.kernels import blood_and_lesions as kernel
from openntz.mechanism.kernels.dopri5 import RATE_OFF, RATE_ON, Problem
from openntz.mechanism.kernels.layout import LANES

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


def parameter_rows(people: dict[str, Floats]) -> Floats:
    """Kernel parameters, (n, parameters)."""
    cl, vc, vmax = people["cl"], people["vc"], people["vmax"]
    rows = np.empty((len(cl), kernel.PARAMETERS))
    rows[:, kernel.ELIMINATION] = cl / vc
    rows[:, kernel.OUTWARD] = Q / vc
    rows[:, kernel.INWARD] = Q / VP
    rows[:, kernel.SATURABLE_MAXIMUM] = vmax
    rows[:, kernel.SATURABLE_HALF] = KM * vc
    rows[:, kernel.INVERSE_VOLUME] = 1.0 / vc
    rows[:, kernel.INVERSE_HALF_EFFECT] = 1.0 / (vc * EC50)
    rows[:, kernel.STEEPNESS] = STEEPNESS
    rows[:, kernel.RELEASE] = KOUT * BASELINE
    rows[:, kernel.RELEASE_GAIN] = KOUT * BASELINE * SMAX
    rows[:, kernel.LOSS] = KOUT
    rows[:, kernel.LAG_RATE] = KR
    rows[:, kernel.HAZARD_RATE] = H0
    return rows


def dose_starts(n: int, schedule: str) -> Floats:
    """Starts of the doses: (1, doses) when everyone shares them, else (n, doses).

    'mixed' delays doses by up to three weeks and leaves about one in eight out; 'washout'
    stops after half of the doses.
    """
    common = INTERVAL_DAY * np.arange(DOSES)
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


def build(rows: Floats, starts: Floats, times: Floats) -> Problem:
    """The solver's arrays for people with these parameters, doses and requested times."""
    n = len(rows)
    doses = starts.shape[1]
    event_time = np.empty((len(starts), 2 * doses))
    event_time[:, 0::2], event_time[:, 1::2] = starts, starts + INFUSION_DAY
    kinds = np.tile(np.array([RATE_ON, RATE_OFF]), doses)
    lasting = event_time[:, 1::2] - event_time[:, 0::2]
    rates = np.repeat(DOSE_MG / lasting, 2, axis=1)

    def ranges(table: Floats) -> NDArray[np.int64]:
        first = table.shape[1] * np.arange(len(table), dtype=np.int64)
        pairs = np.stack([first, first + table.shape[1]], axis=1)
        return np.broadcast_to(pairs, (n, 2)).copy()

    initial = np.zeros((n, kernel.STATES))
    initial[:, kernel.LYMPHOCYTES], initial[:, kernel.ACTIVITY] = BASELINE, 1.0
    size = times.shape[1]
    return Problem(
        lanes=LANES,
        start_time=np.broadcast_to(starts[:, 0], n).copy(),
        initial=initial,
        parameters=rows,
        parameter_row=np.arange(n),
        event_range=ranges(event_time),
        event_time=event_time.ravel(),
        event_kind=np.tile(kinds, len(starts)),
        event_index=np.zeros(event_time.size, np.int64),
        event_value=rates.ravel(),
        event_value_tangent=np.zeros((rates.size, 0)),
        event_time_tangent=np.zeros((rates.size, 0)),
        output_range=ranges(times),
        output_time=times.ravel(),
        output_row=size * np.arange(n),
        values=np.full((n * size, 3), np.nan),
        status=np.zeros(n, np.int64),
        steps=np.zeros(n, np.int64),
    )


def some(problem: Problem, first: int, last: int) -> Problem:
    """The same problem for people ``first`` to ``last - 1``, with room for own results."""
    own = slice(first, last)
    size = int(problem.output_range[0, 1] - problem.output_range[0, 0])
    n = len(problem.start_time[own])
    return problem._replace(
        start_time=problem.start_time[own],
        initial=problem.initial[own],
        parameter_row=problem.parameter_row[own],
        event_range=problem.event_range[own],
        output_range=problem.output_range[own],
        output_row=size * np.arange(n),
        values=np.full((n * size, 3), np.nan),
        status=np.zeros(n, np.int64),
        steps=np.zeros(n, np.int64),
    )


def relative_error(found: Floats, reference: Floats) -> float:
    """Largest relative error of concentration, lymphocytes and hazard."""
    seen = reference[:, 0] > LEAST_UG_PER_ML
    worst = np.abs(found[seen, 0] / reference[seen, 0] - 1.0).max(initial=0.0)
    for column in (1, 2):
        there = reference[:, column] > 0.0
        off = np.abs(found[there, column] / reference[there, column] - 1.0)
        worst = max(worst, off.max(initial=0.0))
    return float(worst)


def scipy_reference(people: dict[str, Floats], i: int, starts: Floats, times: Floats) -> Floats:
    """(T, 3): DOP853 at rtol 1e-12, restarted at every dose start, dose end and output."""
    cl, vc, vmax = (float(people[name][i]) for name in ("cl", "vc", "vmax"))
    y = np.array([0.0, 0.0, BASELINE, 1.0, 0.0])
    now = float(starts[0])
    ends = starts + INFUSION_DAY
    seen = {t: (0.0, BASELINE, 0.0) for t in times if t <= now}
    for stop in sorted(t for t in {*starts, *ends, *times} if t > now):
        rate = sum(
            DOSE_MG / INFUSION_DAY for s, e in zip(starts, ends, strict=True) if s <= now < e
        )

        def change(_: float, a: Floats, rate: float = rate) -> list[float]:
            c = a[0] / vc
            across = Q * (c - a[1] / VP)
            powered = max(c, 0.0) ** STEEPNESS
            s = powered / (EC50**STEEPNESS + powered)
            return [
                rate - cl * c - vmax * c / (KM + c) - across,
                across,
                KOUT * BASELINE * (1.0 + SMAX * s) - KOUT * a[2],
                KR * ((1.0 - s) - a[3]),
                H0 * a[3],
            ]

        y = solve_ivp(change, (now, stop), y, method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1]
        seen[stop] = (y[0] / vc, y[2], y[4])
        now = stop
    return np.array([seen[t] for t in times])
