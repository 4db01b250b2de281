"""Problem 1 for our solver, and scipy's answer to it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from openntz.mechanism.kernels import blood_and_lesions as kernel
from openntz.mechanism.kernels.layout import LANES
from openntz.mechanism.kernels.problem import RATE_OFF, RATE_ON, Problem
from problem_one_people import (
    BASELINE,
    DOSE_MG,
    EC50,
    H0,
    INFUSION_DAY,
    KM,
    KOUT,
    KR,
    SMAX,
    STEEPNESS,
    VP,
    Q,
    dose_starts,
    individuals,
    output_times,
    relative_error,
)

__all__ = [
    "build",
    "dose_starts",
    "individuals",
    "output_times",
    "parameter_rows",
    "relative_error",
    "scipy_reference",
    "some",
]

Floats = NDArray[np.float64]


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
        values=np.empty((n * size, 3)),
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


def scipy_reference(
    people: dict[str, Floats],
    i: int,
    starts: Floats,
    times: Floats,
    *,
    rtol: float = 1e-12,
    atol: float = 1e-13,
) -> Floats:
    """(T, 3): DOP853, restarted at every dose start, dose end and output."""
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

        y = solve_ivp(change, (now, stop), y, method="DOP853", rtol=rtol, atol=atol).y[:, -1]
        seen[stop] = (y[0] / vc, y[2], y[4])
        now = stop
    return np.array([seen[t] for t in times])
