"""Events of many people laid end to end, as the solver reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.events import Events
from openntz.mechanism.regimen import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
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
