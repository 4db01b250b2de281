"""The share by time of a registry: Turnbull's estimate on the few places that hold its mass.

The constrained Newton method of Wang 2007. Each interval covers innermost ones that follow on
each other, so that sums over them are differences of running sums and no matrix of all intervals
by all places is needed.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]

_MOST_ROUNDS = 500
_MOST_PLACES = 150
_SMALLEST_STEP = 1e-9
_GAP = 1e-8  # of the log-likelihood per person that is left to gain


class Covered(Struct, frozen=True, eq=False):
    """Intervals by the places they cover: from ``first`` up to and without ``last`` (n,)."""

    first: NDArray[np.intp]
    last: NDArray[np.intp]
    weight: Floats
    places: int

    def fitted(self, mass: Floats) -> Floats:
        """The mass in each interval."""
        running = np.concatenate([[0.0], np.cumsum(mass)])
        return running[self.last] - running[self.first]

    def slope(self, fitted: Floats) -> Floats:
        """What each place gains for a little more mass; 1 where there is enough."""
        change = np.zeros(self.places + 1)
        np.add.at(change, self.first, self.weight / fitted)
        np.add.at(change, self.last, -self.weight / fitted)
        return np.cumsum(change)[:-1]


def on_support(covered: Covered) -> Floats | None:
    """Mass of each place (places,); None where it does not settle."""
    mass = np.full(covered.places, 1 / covered.places)
    for _ in range(_MOST_ROUNDS):
        slope = covered.slope(covered.fitted(mass))
        # The greatest slope bounds what the likelihood can still gain (Gentleman and Geyer 1994).
        if slope.max() - 1 < _GAP:
            return mass
        mass = _improved(covered, mass * slope)
    return None


def _improved(covered: Covered, mass: Floats) -> Floats:
    fitted = covered.fitted(mass)
    chosen = _chosen(mass, covered.slope(fitted))
    inside = (chosen >= covered.first[:, None]) & (chosen < covered.last[:, None])
    root = np.sqrt(covered.weight)[:, None]
    sides = np.vstack([root * (inside / fitted[:, None] - 2.0), np.ones(len(chosen))])
    found, _ = nnls(sides, np.append(np.zeros(len(fitted)), 1.0))
    if not found.sum() > 0:
        return mass
    aim = np.zeros_like(mass)
    aim[chosen] = found / found.sum()
    before, share = covered.weight @ np.log(fitted), 1.0
    while share > _SMALLEST_STEP:
        tried = (1 - share) * mass + share * aim
        reached = covered.fitted(tried)
        if reached.min() > 0 and covered.weight @ np.log(reached) >= before:
            return tried
        share /= 2
    return mass


def _chosen(mass: Floats, slope: Floats) -> NDArray[np.intp]:
    """Places with most mass, and those whose slope is above that of their neighbours."""
    edged = np.concatenate([[-np.inf], slope, [-np.inf]])
    tops = np.flatnonzero((slope >= edged[:-2]) & (slope >= edged[2:]) & (slope > 1))
    held = np.argsort(mass)[::-1][:_MOST_PLACES]
    best = tops[np.argsort(slope[tops])[::-1][:_MOST_PLACES]]
    return np.union1d(held[mass[held] > 0], best)
