"""How long a person must have been dosed for the state to be steady, and the doses before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from msgspec.structs import replace

from openntz.mechanism.regimen import Floats, Schedule

# What is left of the way to the steady state, as a share.
REMAINDER: Final = 1e-11
# Beyond so many doses a state that still changes is not called steady.
MOST_DOSES: Final = 20_000


def slowest_rate(values: Mapping[str, Floats], input_mg_per_day: float, bolus_mg: float) -> Floats:
    """Rate (n,) per day at which a deviation from the steady state dies out, at least.

    Saturable elimination counts with its slope at a level the person does not exceed; where it
    is all there is and the input is as large as its maximum, the rate is 0: no steady state.

    Parameters
    ----------
    values : mapping of arrays (n,)
        Parameters by symbol.
    input_mg_per_day, bolus_mg : float
        Mean input and what may come at once.
    """
    cl, vc, vmax, km = (values[name] for name in ("cl", "vc", "vmax", "km"))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(vmax > input_mg_per_day, km * input_mg_per_day, np.inf)
        mean = mean / np.maximum(vmax - input_mg_per_day, np.finfo(float).tiny)
        peak = 2.0 * mean + bolus_mg / vc
        slope = np.where(np.isfinite(peak), vmax * km / (km + peak) ** 2, 0.0)
    effective = np.where(vmax > 0.0, cl + slope, cl)
    n = len(cl)
    system = np.zeros((n, 3, 3))
    for i, (flow, volume) in enumerate((("q", "vp"), ("q2", "vp2"))):
        system[:, 0, 0] -= values[flow] / vc
        system[:, 0, 1 + i] = values[flow] / values[volume]
        system[:, 1 + i, 0] = values[flow] / vc
        # A compartment that is not connected must not look slow.
        away = values[flow] / values[volume]
        system[:, 1 + i, 1 + i] = -np.where(away > 0.0, away, np.inf)
    system[:, 0, 0] -= effective / vc
    rates = np.zeros(n)
    there = np.isfinite(np.diagonal(system, axis1=1, axis2=2))
    for pattern in np.unique(there, axis=0):
        own = np.flatnonzero((there == pattern).all(axis=1))
        kept = system[np.ix_(own, pattern, pattern)]
        good = np.isfinite(kept).all(axis=(1, 2))
        rates[own[good]] = -np.linalg.eigvals(kept[good]).real.max(axis=1)
    return np.minimum(rates, values["ka"])


def before_steady_state(schedule: Schedule, values: Mapping[str, Floats]) -> Schedule | None:
    """The schedule with the doses before that make its first state steady; None: never steady.

    ``values`` are the parameters (n,) of the segment of the first dose.
    """
    interval, amount = schedule.steady, float(schedule.amount_mg[0])
    endless = np.isinf(interval)
    rate = slowest_rate(
        values, amount if endless else amount / interval, 0.0 if endless else amount
    )
    slow = float(rate.min())
    if not slow > 0.0:
        return None
    time = -np.log(REMAINDER) / slow
    if endless:
        starts, amounts = schedule.start_day[:1] - time, schedule.amount_mg[:1] * time
        durations, skip = np.array([time]), 1
    else:
        count = int(min(np.ceil(time / interval) + 1, MOST_DOSES + 1))
        if count > MOST_DOSES:
            return None
        starts = schedule.start_day[0] - interval * np.arange(count, 0, -1)
        amounts = np.repeat(schedule.amount_mg[:1], count)
        durations, skip = np.repeat(schedule.duration_day[:1], count), 0
    size = len(starts)
    segment = schedule.segment
    if segment is not None:
        segment = np.concatenate([np.repeat(segment[:1], size), segment[skip:]])
    return replace(
        schedule,
        start_day=np.concatenate([starts, schedule.start_day[skip:]]),
        duration_day=np.concatenate([durations, schedule.duration_day[skip:]]),
        amount_mg=np.concatenate([amounts, schedule.amount_mg[skip:]]),
        subcutaneous=np.concatenate(
            [
                np.repeat(schedule.subcutaneous[:1] & (not endless), size),
                schedule.subcutaneous[skip:],
            ]
        ),
        steady_interval_day=0.0,
        segment=segment,
    )
