"""Doses and covariate changes as the events the solver stops at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.kernels.dopri5 import BOLUS, RATE_OFF, RATE_ON, SEGMENT
from openntz.mechanism.kernels.two_compartment import CENTRAL, DEPOT
from openntz.mechanism.regimen import Floats, PkParameters, Schedule

# About a millisecond; a shorter infusion is a bolus, and its rate might not be a finite number.
SHORTEST_INFUSION_DAY: Final = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events in time order, shape (1, E) when all lanes share them, else (lanes, E).

    ``kind`` is one of the solver's; ``index`` the state of a bolus or the segment that starts;
    ``value`` an amount in mg or a rate in mg/day.
    """

    time: Floats
    kind: NDArray[np.int64]
    index: NDArray[np.int64]
    value: Floats


def dose_events(parameters: PkParameters, doses: Schedule, first_segment: int) -> Events:
    """Starts and ends of infusions, arrivals of injections, and covariate changes.

    ``first_segment`` is the one the first dose falls into; ``index`` of a change counts from it.
    Simultaneous events are applied in the order: covariate change, end of an infusion, start
    of one, dose given at once.
    """
    day = parameters.segment_day
    skin = doses.subcutaneous
    ends = doses.start_day + doses.duration_day
    # The length as the solver's clock has it, so that the amount comes out exact.
    lasting = ends - doses.start_day
    at_once = ~skin & (lasting < SHORTEST_INFUSION_DAY)
    drip = ~skin & ~at_once
    segment = np.searchsorted(day, doses.start_day[skin], side="right") - 1
    share, lag = parameters.f[:, segment], parameters.lag_day[:, segment]
    if (share == share[:1]).all() and (lag == lag[:1]).all():
        share, lag = share[:1], lag[:1]

    changes = day[first_segment + 1 :]
    sizes = (len(changes), drip.sum(), drip.sum(), at_once.sum(), skin.sum())
    off, on, bolus, arrival, end = np.cumsum(sizes)
    time, value = np.zeros((len(lag), end)), np.zeros((len(lag), end))
    kind, index = np.full(end, BOLUS), np.zeros(end, np.int64)
    kind[:off], kind[off:on], kind[on:bolus] = SEGMENT, RATE_OFF, RATE_ON
    index[:off] = np.arange(1, off + 1)
    index[bolus:arrival], index[arrival:] = CENTRAL, DEPOT
    time[:, :off] = changes
    time[:, off:on], time[:, on:bolus] = ends[drip], doses.start_day[drip]
    time[:, bolus:arrival] = doses.start_day[at_once]
    time[:, arrival:] = doses.start_day[skin] + lag
    value[:, off:bolus] = np.tile(doses.amount_mg[drip] / lasting[drip], 2)
    value[:, bolus:arrival] = doses.amount_mg[at_once]
    value[:, arrival:] = doses.amount_mg[skin] * share

    order = np.argsort(time, axis=1, kind="stable")
    every = np.arange(len(time))[:, None]
    return Events(time[every, order], kind[order], index[order], value[every, order])
