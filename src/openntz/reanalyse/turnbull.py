"""Share that has had an event known only to lie between two looks (Turnbull 1976).

Each interval is half-open: after the last negative look, up to and with the first positive one.
Packages that close both ends let two people meet in the one day between them, and are wrong here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import nnls

from openntz.errors import InputError, SolverError
from openntz.reanalyse.support import Covered, on_support

Floats = NDArray[np.float64]

_MOST_ROUNDS = 500
_SMALLEST_STEP = 1e-6
_LARGEST = 1_000_000  # intervals times places, beyond which a round takes seconds
_GAP = 1e-8  # of the log-likelihood per person that is left to gain


class Turnbull(Struct, frozen=True):
    """Mass in each innermost interval (``after``, ``until``]; inside one its place is not known."""

    after: Floats
    until: Floats
    mass: Floats

    def bounds(self, time: float) -> tuple[float, float]:
        """Least and greatest share with the event by a time that the data allow."""
        low = float(self.mass[self.until <= time].sum())
        return low, float(self.mass[self.after < time].sum())

    @property
    def steps(self) -> tuple[tuple[float, float], ...]:
        """Days and the share reached by them at the least, the first being day 0."""
        finite = np.isfinite(self.until)
        days, shares = self.until[finite], np.cumsum(self.mass[finite])
        return ((0.0, 0.0), *((float(d), float(s)) for d, s in zip(days, shares, strict=True)))


def _innermost(
    pairs: Sequence[tuple[float, float]],
) -> tuple[Floats, Floats]:
    """Intervals that begin with a lower end, end with an upper end, and hold no end between."""
    # At one time an upper end closes before a lower end opens, as the intervals are half-open.
    ends = sorted({(low, 1) for low, _ in pairs} | {(high, 0) for _, high in pairs})
    found = [(a, b) for (a, opens), (b, opened) in pairwise(ends) if opens == 1 and opened == 0]
    return np.array([a for a, _ in found]), np.array([b for _, b in found])


def turnbull(lower: Sequence[float], upper: Sequence[float]) -> Turnbull:
    """Maximum-likelihood estimate from intervals (lower, upper], infinity where none was seen.

    Parameters
    ----------
    lower, upper : sequences (n,)
        Days; ``upper`` above ``lower``.

    Raises
    ------
    InputError
        When there is no interval, or one is empty.
    SolverError
        When the self-consistent rounds do not settle.
    """
    pairs = Counter(zip(map(float, lower), map(float, upper), strict=True))
    if not pairs or any(not high > low for low, high in pairs):
        raise InputError(
            "an event lies in an empty interval.", remedy="Give an end after each start."
        )
    after, until = _innermost(list(pairs))
    low, high = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    if len(low) * len(after) > _LARGEST:
        return _of_many(after, until, low, high, np.array(list(pairs.values()), float))
    inside = ((after >= low[:, None]) & (until <= high[:, None])).astype(float)
    weight = np.array(list(pairs.values()), float)
    weight /= weight.sum()
    mass = np.full(len(after), 1 / len(after))
    for _ in range(_MOST_ROUNDS):
        fitted = inside @ mass
        slope = inside.T @ (weight / fitted)
        # The greatest slope bounds what the likelihood can still gain (Gentleman and Geyer 1994).
        if slope.max() - 1 < _GAP:
            return Turnbull(after, until, mass)
        mass = _improved(inside, weight, mass * slope)
    raise SolverError(
        "the share by time did not settle.", remedy="Round the days of the visits to weeks."
    )


def _of_many(after: Floats, until: Floats, low: Floats, high: Floats, people: Floats) -> Turnbull:
    covered = Covered(
        first=np.searchsorted(after, low, "left"),
        last=np.searchsorted(until, high, "right"),
        weight=people / people.sum(),
        places=len(after),
    )
    mass = on_support(covered)
    if mass is None:
        raise SolverError(
            "the share by time did not settle.", remedy="Round the days of the visits to weeks."
        )
    return Turnbull(after, until, mass)


def _improved(inside: Floats, weight: Floats, mass: Floats) -> Floats:
    """One step of the constrained Newton method (Wang 2007), halved until it gains.

    Self-consistency alone needs a million rounds where mass belongs at neither of two places.
    """
    fitted = inside @ mass
    root = np.sqrt(weight)[:, None]
    sides = np.vstack([root * (inside / fitted[:, None] - 2.0), np.ones(len(mass))])
    aim, _ = nnls(sides, np.append(np.zeros(len(weight)), 1.0))
    if not aim.sum() > 0:
        return mass
    aim /= aim.sum()
    before, share = weight @ np.log(fitted), 1.0
    while share > _SMALLEST_STEP:
        tried = (1 - share) * mass + share * aim
        reached = inside @ tried
        if reached.min() > 0 and weight @ np.log(reached) >= before:
            return tried
        share /= 2
    return mass
