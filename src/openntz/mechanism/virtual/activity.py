"""Entry of cells into the brain, and the lesions that come of it.

Cells ready to enter (P, 1 without treatment) gather while the way is closed and run down once
it opens; entry drives a fresh inflammation F, three steps later, and refills the cells that live
in the tissue R:

    P' = (1 - P (d + (1 - d) open)) / Tp          entry = open P
    F1' = (entry - F1) 3/Tf     F2' = (F1 - F2) 3/Tf     F' = (F2 - F) 3/Tf
    R' = (entry - R) / Tr

d = 1/(1 + excess) is a person's own loss of ready cells other than by entry, so the overshoot
after stopping and its spread follow from how far P had gathered. Lesions begin in clusters of
geometric size, at rate F x frailty; each enhances for a fixed time and some leave a new T2
lesion. R makes T2 lesions grow without enhancement; a background of T2 readings depends on nothing.
Simplifies: one reservoir, clusters on one
day, scans that miss nothing else. Rates are calibrated on AFFIRM's placebo arm.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.signal import lfilter, lfilter_zi
from scipy.special import pdtr
from scipy.stats import binom

from openntz.mechanism.virtual import people as draws
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]
Places = NDArray[np.intp]

_YEAR: Final = 365.25
# Three steps make a delay with a beginning: one alone would show its effect on the first day.
_STEPS: Final = 3.0


class Drive(Struct, frozen=True, eq=False):
    """Fresh inflammation and tissue reservoir (N, T), both 1 without treatment."""

    fresh: Floats
    resident: Floats
    ready: Floats


def drive(crowd: Crowd, p: Parameters, opened: Floats) -> Drive:
    """Solve the three equations on the daily grid of ``opened`` (N, T), at rest on day one."""
    excess = crowd.log_normal("reservoir", p["lesion.reservoir.median"], 0.0) * np.exp(
        p["lesion.reservoir.log-sd"] * crowd.score("reservoir")
    )
    loss = 1.0 / (1.0 + excess)
    # Day by day only what must wait for the day before; the rest are filters of constant rates.
    share = np.asarray(opened, float)
    kept = np.array(share.T, order="C")
    kept *= 1.0 - loss
    kept += loss
    rest = 1.0 / kept
    kept *= -1.0 / p["lesion.reservoir.time"]
    np.exp(kept, out=kept)
    ready, cells = np.empty_like(rest), np.ones(crowd.count)
    for limit, left, now in zip(rest, kept, ready, strict=True):
        # Exact for a day of constant `out`, so that P stays between 1 and 1 + excess.
        np.subtract(cells, limit, out=now)
        now *= left
        now += limit
        cells = now
    cells = np.ascontiguousarray(ready.T)
    entry = share * cells
    fresh = _following(entry, float(np.exp(-_STEPS / p["lesion.delay"])), round(_STEPS))
    resident = _following(entry, float(np.exp(-1.0 / p["lesion.slow.time"])), 1)
    return Drive(fresh, resident, cells)


def _following(target: Floats, kept: float, steps: int) -> Floats:
    """What follows a target (N, T) in equal steps, each keeping a share a day; 1 before."""
    above, below = np.array([(1.0 - kept) ** steps]), np.poly(np.full(steps, kept))
    rest = np.broadcast_to(lfilter_zi(above, below), (len(target), steps))
    found, _ = lfilter(above, below, target, axis=1, zi=rest)
    return np.asarray(found)


class Lesions(Struct, frozen=True, eq=False):
    """Lesions that begin on each day (N, T): enhancing, new on T2, and growing on T2."""

    enhancing: Counts
    new_t2: Counts
    enlarging_t2: Counts
    duration_day: int

    def gadolinium(self, column: int) -> Counts:
        """Lesions that enhance on a day (its column), (N,)."""
        first = max(column - self.duration_day + 1, 0)
        return self.enhancing[:, first : column + 1].sum(axis=1, dtype=np.int32)

    def t2(self, first: int, last: int) -> Counts:
        """New or enlarging T2 lesions (N,) of days after column ``first`` up to ``last``."""
        window = slice(first + 1, last + 1)
        return (self.new_t2[:, window] + self.enlarging_t2[:, window]).sum(axis=1, dtype=np.int32)


def _events(expected: Floats, uniform: NDArray[np.float32]) -> tuple[Places, Counts]:
    """Poisson counts by inversion: the places (k,) of a flat table that have any, and how many.

    Both tables are (N, T).
    """
    # exp(-x) is never below 1 - x, so this leaves out most days before any exponential.
    mean, drawn = expected.ravel(), uniform.ravel()
    place = np.flatnonzero(drawn >= 1.0 - mean)
    mean, drawn = mean[place], drawn[place].astype(float)
    count = np.zeros(len(place), np.int32)
    more = np.flatnonzero(drawn > np.exp(-mean))
    while len(more):
        count[more] += 1
        more = more[pdtr(count[more], mean[more]) < drawn[more]]
    some = np.flatnonzero(count)
    return place[some], count[some]


def lesions(
    crowd: Crowd, p: Parameters, driven: Drive, uniform: NDArray[np.float32], rate_factor: float
) -> Lesions:
    """Lesions of people with daily uniform numbers (N, T, 8).

    ``rate_factor`` is how active the disease of these people is beside AFFIRM's.
    """
    frailty = crowd.gamma(crowd.score("lesion_rate"), p["lesion.frailty"])
    yearly = p["lesion.rate"] * rate_factor * frailty[:, None]
    expected = yearly / (_YEAR * p["lesion.cluster"]) * driven.fresh
    some, clusters = _events(expected, uniform[..., draws.LESION])
    enhancing, new, enlarging = (np.zeros(expected.shape, np.int32) for _ in range(3))
    more = 1.0 - 1.0 / p["lesion.cluster"]
    own = uniform.reshape(-1, draws.DAILY)[some]
    u = own[:, draws.CLUSTER].astype(float)
    extra = np.floor(np.log1p(-u) / np.log(more)) if more > 0.0 else np.zeros(len(u))
    size = clusters + extra
    enhancing.ravel()[some] = size
    new.ravel()[some] = binom.ppf(own[:, draws.VISIBLE], size, p["lesion.visible"])
    share = p["lesion.slow"]
    slowly = yearly * p["lesion.visible"] * share / (1.0 - share) / _YEAR
    np.multiply(slowly, driven.resident, out=expected)
    expected += p["lesion.background"] / _YEAR
    some, grown = _events(expected, uniform[..., draws.SLOW])
    enlarging.ravel()[some] = grown
    return Lesions(enhancing, new, enlarging, round(p["lesion.duration"]))
