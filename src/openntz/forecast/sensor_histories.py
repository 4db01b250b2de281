"""Ways the blockade of cell traffic goes on the drug, as virtual people went them.

The table ``sensor_histories.csv`` is written by ``calibration/sensor_histories.py``: many virtual
people, dosed every four weeks from the start, are reduced to a few hundred paths with their
shares of all people. The first path is that of everybody whose blockade nothing disturbs. Paths
are kept as means over intervals; the last interval's mean holds on. Simplifies: doses come as
planned, every four weeks.
"""

from __future__ import annotations

import csv
import hashlib
from functools import cached_property, lru_cache
from importlib import resources
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.errors import ModelError
from openntz.mechanism.virtual.exposure import level_card
from openntz.mechanism.virtual.parameters import Parameters

Array = NDArray[np.float64]

TABLE: Final = "sensor_histories.csv"
# What decides on the blockade; cells and disease do not.
_DECIDING: Final = ("antibodies.", "blockade.", "saturation.")


class Histories(Struct, frozen=True, eq=False, dict=True):
    """H ways the blockade may go: means (H, E) between ``edge`` (E + 1,) days, chances (H,).

    The days count from the first dose; the last mean holds after the last edge.
    """

    edge: Array
    mean: Array
    chance: Array

    @cached_property
    def _sum(self) -> Array:
        width = np.diff(self.edge)
        return np.hstack([np.zeros((len(self.mean), 1)), np.cumsum(self.mean * width, axis=1)])

    def _integral(self, day: Array) -> Array:
        at = np.clip(np.searchsorted(self.edge, day, side="right") - 1, 0, self.mean.shape[1] - 1)
        return self._sum[:, at] + self.mean[:, at] * (day - self.edge[at])

    def blockade(self, day: float, over_days: float) -> Array:
        """Mean blockade (H,) of the ``over_days`` up to a day, of those since the first dose."""
        first = max(day - over_days, 0.0)
        low, high = self._integral(np.array([first, day])).T
        return (high - low) / (day - first)

    def held(self, day: Array, rate_per_day: float) -> Array:
        """How far (H, n) a pool has come towards full blockade on days (n,), 0-1.

        It follows h' = k (c - h) from 0 at the first dose, c the blockade.
        """
        t = np.maximum(day, 0.0)
        at = np.clip(np.searchsorted(self.edge, t, side="right") - 1, 0, self.mean.shape[1] - 1)
        left = np.exp(-rate_per_day * (t - self.edge[at]))
        target = self.mean[:, at]
        return target + (_held_at_edges(self, rate_per_day)[:, at] - target) * left


# Everybody is weighed against the same histories, with a handful of rates.
@lru_cache
def _held_at_edges(ways: Histories, rate_per_day: float) -> Array:
    kept = np.exp(-rate_per_day * np.diff(ways.edge))
    found = np.zeros((len(ways.mean), len(ways.edge)))
    for at, left in enumerate(kept):
        target = ways.mean[:, at]
        found[:, at + 1] = target + (found[:, at] - target) * left
    return found


def deciding(p: Parameters) -> str:
    """Hash of every parameter that decides on the blockade, and of the card of levels."""
    stated = [f"{n}={p[n]!r}" for n in sorted(p) if n.startswith(_DECIDING)]
    return hashlib.sha256("\n".join([*stated, level_card().hash]).encode()).hexdigest()


@lru_cache(maxsize=1)
def _table() -> tuple[str, Histories]:
    text = resources.files("openntz.forecast").joinpath(TABLE).read_text(encoding="utf-8")
    made_with, *rows = csv.reader(text.splitlines())
    edge = np.array(rows[0][1:], float)
    numbers = np.array(rows[1:], float)
    # Rounded as written; chances are to sum to one exactly.
    chance = numbers[:, 0] / numbers[:, 0].sum()
    return made_with[1], Histories(np.append(0.0, edge), numbers[:, 1:], chance)


def shipped_histories(p: Parameters) -> Histories:
    """The shipped paths, if they were made with these parameters.

    Raises
    ------
    ModelError
        When antibodies, blockade, saturation or levels have other parameters by now.
    """
    made_with, found = _table()
    if made_with != deciding(p):
        raise ModelError(
            "the blood sensor's histories were simulated with other parameters.",
            where=TABLE,
            remedy="Write them again: python calibration/sensor_histories.py",
        )
    return found
