"""Events of many people laid end to end, as the solver reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.mechanism.events import SHORTEST_INFUSION_DAY, Events
from openntz.mechanism.kernels.compartments import CENTRAL
from openntz.mechanism.kernels.problem import BOLUS, RATE_OFF, RATE_ON, SEGMENT
from openntz.mechanism.regimen import Floats, Schedule

Ints = NDArray[np.int64]


class Timeline(Struct, frozen=True, eq=False):
    """The events of several spans laid end to end; ``start`` and ``range`` are (1 or n, spans, ..).

    With derivatives of the events themselves, every chunk of directions has a copy of its own,
    ``copies`` of them, ``length`` events apart.
    """

    start: Floats
    range: Ints
    time: Floats
    kind: Ints
    index: Ints
    value: Floats
    value_tangent: Floats
    time_tangent: Floats
    copies: int
    length: int


def nothing(directions: int) -> Events:
    """No events at all."""
    none, whole = np.zeros((1, 0)), np.zeros((1, 0), np.int64)
    bent = np.zeros((1, 0, directions))
    return Events(np.inf, none, whole, whole, none, bent, bent)


def lay_end_to_end(events: Sequence[Events], tangents: int, directions: int) -> Timeline:
    """The events of spans as one timeline; ``tangents`` directions go into one lane."""
    lanes = max(len(e.time) for e in events)
    start = np.array([[e.start for e in events]])
    sizes = np.array([e.time.shape[1] for e in events])
    counts = np.array([len(e.time) for e in events])
    ends = np.cumsum(sizes * counts)
    first = ends - sizes * counts
    # Lanes that share a span's events start at the same place.
    lane = np.arange(lanes)[:, None] * (sizes * (counts > 1))
    ranges = np.stack([first + lane, first + lane + sizes], axis=2)

    def flat(name: str) -> NDArray:
        return np.concatenate([getattr(e, name).ravel() for e in events])

    bent = {}
    copies = 1
    for name in ("value_tangent", "time_tangent"):
        table = np.concatenate([getattr(e, name).reshape(e.time.size, directions) for e in events])
        bent[name] = table
    if not any(table.any() for table in bent.values()):
        bent = {name: np.zeros((int(ends[-1]), tangents)) for name in bent}
    else:
        copies = -(-directions // tangents)
        for name, table in bent.items():
            wide = np.zeros((len(table), copies * tangents))
            wide[:, :directions] = table
            bent[name] = np.concatenate(np.split(wide, copies, axis=1))
    return Timeline(
        start=start,
        range=ranges,
        time=np.tile(flat("time"), copies),
        kind=np.tile(flat("kind"), copies),
        index=np.tile(flat("index"), copies),
        value=np.tile(flat("value"), copies),
        value_tangent=bent["value_tangent"],
        time_tangent=bent["time_tangent"],
        copies=copies,
        length=int(ends[-1]),
    )


def lay_infusions(
    schedules: Sequence[Schedule], changes: Sequence[Floats], tangents: int
) -> Timeline:
    """The timeline of spans whose doses all enter the blood directly, all spans in one sweep.

    What ``dose_events`` and ``lay_end_to_end`` give for them span by span. ``changes`` are the
    starts of each span's segments after the one its first dose falls into.
    """
    given = [len(s.start_day) for s in schedules]
    spans = np.arange(len(schedules))
    of = np.repeat(spans, given)
    begun = np.concatenate([s.start_day for s in schedules])
    amount = np.concatenate([s.amount_mg for s in schedules])
    ends = begun + np.concatenate([s.duration_day for s in schedules])
    lasting = ends - begun
    drip = lasting >= SHORTEST_INFUSION_DAY
    once = ~drip
    rate = amount[drip] / lasting[drip]
    turned = np.concatenate(changes)
    sizes = np.array([len(c) for c in changes])
    # In the order in which events of one moment are applied.
    kinds = (SEGMENT, RATE_OFF, RATE_ON, BOLUS)
    span = (np.repeat(spans, sizes), of[drip], of[drip], of[once])
    time = np.concatenate([turned, ends[drip], begun[drip], begun[once]])
    value = np.concatenate([np.zeros(len(turned)), rate, rate, amount[once]])
    index = np.full(len(time), CENTRAL, np.int64)
    index[: len(turned)] = 1 + np.arange(len(turned)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kind = np.repeat(np.array(kinds, np.int64), [len(s) for s in span])
    whose = np.concatenate(span)
    order = np.lexsort((time, whose))
    stop = np.cumsum(np.bincount(whose, minlength=len(spans)))
    start = np.full(len(spans), np.inf)
    np.minimum.at(start, of, begun)
    return Timeline(
        start=start[None],
        range=np.stack([np.concatenate([[0], stop[:-1]]), stop], axis=1)[None],
        time=time[order],
        kind=kind[order],
        index=index[order],
        value=value[order],
        value_tangent=np.zeros((len(time), tangents)),
        time_tangent=np.zeros((len(time), tangents)),
        copies=1,
        length=len(time),
    )
