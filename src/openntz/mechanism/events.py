"""Doses and covariate changes as the events the solver stops at, with their derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.mechanism.kernels.compartments import CENTRAL
from openntz.mechanism.kernels.problem import BOLUS, RATE_OFF, RATE_ON, SEGMENT
from openntz.mechanism.regimen import Floats, Schedule

Absorption = Literal["none", "first-order", "zero-order"]

# About a millisecond; a shorter infusion is a bolus, and its rate might not be a finite number.
SHORTEST_INFUSION_DAY: Final = 1e-8


class Events(Struct, frozen=True, eq=False):
    """Events in time order, shape (1, E) when all lanes share them, else (lanes, E).

    ``start`` is the moment of the first dose, from which integration starts empty;
    ``kind`` is one of the solver's, ``index`` the state of a bolus or the segment that starts;
    ``value`` an amount in mg or a rate in mg/day; the derivatives have shape (.., E, d).
    """

    start: float
    time: Floats
    kind: NDArray[np.int64]
    index: NDArray[np.int64]
    value: Floats
    value_tangent: Floats
    time_tangent: Floats


class Uptake(Struct, frozen=True, eq=False):
    """Bioavailability, lag and duration of the extravascular doses, by dose.

    Each (lanes, doses), its derivatives (lanes, doses, d); lanes is 1 when all share them.
    """

    f: Floats
    lag: Floats
    duration: Floats
    f_tangent: Floats
    lag_tangent: Floats
    duration_tangent: Floats


def uptake(
    doses: Schedule,
    segment_day: Floats,
    values: Mapping[str, Floats],
    slopes: Mapping[str, Floats],
    directions: int,
) -> Uptake:
    """What the extravascular doses of a schedule meet.

    Parameters
    ----------
    values : mapping of arrays (lanes, segments)
    slopes : mapping of arrays (lanes, segments, directions)
        Only those that are not zero throughout.
    """
    skin = doses.subcutaneous
    if not skin.any():
        none, bent = np.zeros((1, 0)), np.zeros((1, 0, directions))
        return Uptake(none, none, none, bent, bent, bent)
    if doses.segment is None:
        segment = np.searchsorted(segment_day, doses.start_day, side="right") - 1
    else:
        segment = doses.segment
    own = segment[skin]
    found, bent = {}, {}
    lanes = len(values["f"])
    for name in ("f", "lag", "duration"):
        found[name] = values[name][:, own]
        none = np.zeros((lanes, len(own), directions))
        bent[name] = slopes[name][:, own] if name in slopes else none
    same = all((a == a[:1]).all() for a in (*found.values(), *bent.values()))
    first = slice(0, 1) if same else slice(None)
    return Uptake(
        *(found[name][first] for name in ("f", "lag", "duration")),
        *(bent[name][first] for name in ("f", "lag", "duration")),
    )


def dose_events(
    doses: Schedule,
    changes: Floats,
    absorbed: Uptake,
    *,
    absorption: Absorption,
    depot: int,
) -> Events:
    """Starts and ends of infusions and absorptions, arrivals of injections, covariate changes.

    ``changes`` are the starts of the segments after the one the first dose falls into.
    Simultaneous events are applied in the order: covariate change, end of an infusion, start
    of one, dose given at once. ``depot`` is the state injections enter at first order.
    """
    skin = doses.subcutaneous
    ends = doses.start_day + doses.duration_day
    # The length as the solver's clock has it, so that the amount comes out exact.
    lasting = ends - doses.start_day
    at_once = ~skin & (lasting < SHORTEST_INFUSION_DAY)
    drip = ~skin & ~at_once
    lanes, _, directions = absorbed.f_tangent.shape
    injected = doses.amount_mg[skin]
    arrival, arrival_tangent = doses.start_day[skin] + absorbed.lag, absorbed.lag_tangent
    amount = injected * absorbed.f
    amount_tangent = injected[:, None] * absorbed.f_tangent
    parts: list[tuple[Any, ...]] = [
        _part(SEGMENT, np.arange(1, len(changes) + 1), changes, np.zeros(len(changes))),
        _part(RATE_OFF, CENTRAL, ends[drip], doses.amount_mg[drip] / lasting[drip]),
    ]
    if absorption == "zero-order":
        over = arrival + absorbed.duration
        last = over - arrival
        rate = amount / last
        rate_tangent = amount_tangent / last[..., None]
        rate_tangent = rate_tangent - (rate / last)[..., None] * absorbed.duration_tangent
        over_tangent = arrival_tangent + absorbed.duration_tangent
        parts.append((RATE_OFF, CENTRAL, over, rate, over_tangent, rate_tangent))
        parts.append((RATE_ON, CENTRAL, arrival, rate, arrival_tangent, rate_tangent))
    given = (doses.start_day[drip], doses.amount_mg[drip] / lasting[drip])
    parts.append(_part(RATE_ON, CENTRAL, *given))
    parts.append(_part(BOLUS, CENTRAL, doses.start_day[at_once], doses.amount_mg[at_once]))
    if absorption == "first-order":
        parts.append((BOLUS, depot, arrival, amount, arrival_tangent, amount_tangent))
    start = float(doses.start_day.min()) if len(doses.start_day) else np.inf
    return _in_order(start, parts, lanes, directions)


def _part(
    kind: int, index: NDArray[np.int64] | int, time: Floats, value: Floats
) -> tuple[Any, ...]:
    return kind, index, time[None], value[None], None, None


def _in_order(start: float, parts: list[tuple[Any, ...]], lanes: int, directions: int) -> Events:
    sizes = [part[2].shape[1] for part in parts]
    total = sum(sizes)
    time, value = np.empty((lanes, total)), np.empty((lanes, total))
    kind, index = np.empty(total, np.int64), np.empty(total, np.int64)
    moved = np.zeros((lanes, total, directions))
    bent = np.zeros((lanes, total, directions))
    at = 0
    for (what, which, when, how_much, time_tangent, value_tangent), size in zip(
        parts, sizes, strict=True
    ):
        own = slice(at, at + size)
        kind[own], index[own] = what, which
        time[:, own], value[:, own] = when, how_much
        if time_tangent is not None:
            moved[:, own], bent[:, own] = time_tangent, value_tangent
        at += size
    order = np.argsort(time, axis=1, kind="stable")
    every = np.arange(lanes)[:, None]
    return Events(
        start,
        time[every, order],
        kind[order],
        index[order],
        value[every, order],
        bent[every, order],
        moved[every, order],
    )
