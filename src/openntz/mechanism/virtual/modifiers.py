"""What changes a person's kinetics from outside: weight, pregnancy, plasma exchange.

A modifier is a stretch of days with a factor on weight or an addition to clearance, made into
segments of constant parameters for the solver. Plasma exchange removes a share r of the drug in
plasma in a session of length s: clearance rises by -ln(1 - r) Vc / s while it lasts (facts
``plasma-exchange.*``; one well mixed compartment). Pregnancy acts through the weight gained.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.evidence.registry import registry
from openntz.mechanism.virtual.parameters import Parameters

Floats = NDArray[np.float64]

_HOURS = 24.0


class WeightChange(Struct, frozen=True):
    """Weight goes from one to ``factor`` times between two days, in steps, and stays there."""

    start_day: float
    end_day: float
    factor: float
    steps: int = 10

    def edges(self) -> Floats:
        """Days on which weight steps."""
        return np.linspace(self.start_day, self.end_day, self.steps, endpoint=False)

    def weight_factor(self, day: Floats) -> Floats:
        """Factor on weight at days, held over each step."""
        step = (self.end_day - self.start_day) / self.steps
        done = np.floor((day - self.start_day) / step) + 1.0
        return 1.0 + (self.factor - 1.0) * np.clip(done / self.steps, 0.0, 1.0)


class PlasmaExchange(Struct, frozen=True):
    """Sessions of plasma exchange from a day on, at the registry's spacing."""

    start_day: float
    sessions: int

    def windows(self) -> list[tuple[float, float]]:
        """Start and end of each session in days."""
        spacing = registry().fact("plasma-exchange.spacing").number
        length = registry().fact("plasma-exchange.session").number / _HOURS
        starts = self.start_day + spacing * np.arange(self.sessions)
        return [(float(s), float(s) + length) for s in starts]

    def edges(self) -> Floats:
        """Days on which clearance steps."""
        return np.array([edge for window in self.windows() for edge in window])

    def added_clearance(self, day: Floats, vc_l: Floats) -> Floats:
        """Clearance (N, K) in L/day added at days (K,) to people of central volumes (N, K)."""
        removed = registry().fact("plasma-exchange.removed").number
        inside = np.zeros(len(day))
        for start, end in self.windows():
            inside += np.where((day >= start) & (day < end), 1.0 / (end - start), 0.0)
        return -math.log1p(-removed) * vc_l * inside[None, :]


Modifier = WeightChange | PlasmaExchange

# Weight gained in a pregnancy is lost again over so many days.
_AFTER_DELIVERY_DAY: Final = 60.0


def pregnancy(conception_day: float, p: Parameters) -> tuple[WeightChange, WeightChange]:
    """What a pregnancy does to weight: gained until delivery, lost after it."""
    factor = p["people.pregnancy.weight"]
    delivery = conception_day + p["people.pregnancy.length"]
    return (
        WeightChange(conception_day, delivery, factor),
        WeightChange(delivery, delivery + _AFTER_DELIVERY_DAY, 1.0 / factor),
    )


def edges_of(modifiers: Iterable[Modifier]) -> Floats:
    """All days on which some modifier steps, sorted."""
    return np.unique(np.concatenate([np.empty(0), *(m.edges() for m in modifiers)]))
