"""Anti-natalizumab antibodies as a latent titre, in ng/mL of the reference standard 12C4.

Everybody exposed makes some; how much spreads over five powers of ten. A titre begins some
weeks after the first dose of a stretch of dosing, rises towards a peak and wanes, as tolerance
grows, towards a plateau of its own, a share r of the peak:

    A(t) = peak (1 - exp(-(t - onset)/rise))^2 (r + (1 - r) 2^(-(t - onset)/half-life))

with -ln r exponentially distributed: some keep nearly all, some lose nearly everything.

A stretch that begins after a gap, when few doses had been given before, meets a memory: the
peak is multiplied and comes sooner. After longer treatment the old titre goes on waning.
'Persistent' and 'transient' are read off this curve through an assay; nobody is born either.
Simplifies: no feedback of the drug on the response, no classes of antibody, no maturing of
affinity. Spread and waning are calibrated on assays of 4 and 500 ng/mL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd

Floats = NDArray[np.float64]

# Keeps 0/0 out where nothing binds and nothing is there.
_LEAST: Final = float(np.finfo(float).tiny)


class Response(Struct, frozen=True, eq=False):
    """One antibody response of N people: onset day, peak (ng/mL), half-life (d), plateau.

    ``plateau`` is the share of the peak that stays.
    """

    onset_day: Floats
    peak_ng_per_ml: Floats
    half_life_day: Floats
    plateau: Floats
    rise_day: float

    def part(self, rows: NDArray[np.intp]) -> Response:
        """The response of some of the people, by row."""
        return Response(
            self.onset_day[rows],
            self.peak_ng_per_ml[rows],
            self.half_life_day[rows],
            self.plateau[rows],
            self.rise_day,
        )

    def titre(self, day: ArrayLike) -> Floats:
        """Titre (N, T) in ng/mL at days (T,), or (N, T) when each has days of their own."""
        past = np.asarray(day, float) - self.onset_day[:, None]
        np.maximum(past, 0.0, out=past)
        # In place: for many people over years, memory takes longer than the arithmetic.
        wane = np.divide(past, -self.half_life_day[:, None])
        np.exp2(wane, out=wane)
        wane *= 1.0 - self.plateau[:, None]
        wane += self.plateau[:, None]
        rise = np.expm1(np.divide(past, -self.rise_day, out=past), out=past)
        found = self.peak_ng_per_ml[:, None] * rise
        found *= rise
        found *= wane
        return found


def stretches(dose_day: ArrayLike, gap_day: float) -> list[tuple[float, int]]:
    """First day of each stretch of dosing, with the number of doses given before it."""
    day = np.sort(np.asarray(dose_day, float))
    return [
        (float(d), at) for at, d in enumerate(day) if at == 0 or day[at] - day[at - 1] >= gap_day
    ]


def responses(
    crowd: Crowd, p: Parameters, dose_day: ArrayLike, immunogenicity: float = 1.0
) -> list[Response]:
    """Antibody responses of people who all have the same doses, on given days.

    ``immunogenicity`` multiplies every peak (another product). No dose, no response.
    """
    starts = [(start, before == 0) for start, before in exposures(dose_day, p)]
    return responses_from(crowd, p, starts, immunogenicity)


def exposures(dose_day: ArrayLike, p: Parameters) -> list[tuple[float, int]]:
    """First day of each stretch of dosing that antibodies follow, with the doses before it."""
    few = p["antibodies.redose.few"]
    return [one for one in stretches(dose_day, p["antibodies.redose.gap"]) if one[1] <= few]


def responses_from(
    crowd: Crowd,
    p: Parameters,
    starts: Sequence[tuple[float | Floats, bool]],
    immunogenicity: float = 1.0,
) -> list[Response]:
    """Responses to stretches of dosing: first days, one or (N,), and whether it is the first."""
    found: list[Response] = []
    for start, first in starts:
        boost = 1.0 if first else p["antibodies.redose.boost"]
        faster = 1.0 if first else p["antibodies.redose.faster"]
        delay = crowd.log_normal(
            "titre_onset" if first else "titre_onset_redose",
            p["antibodies.onset.median"] * faster,
            p["antibodies.onset.log-sd"],
        )
        peak = crowd.log_normal(
            "titre_peak",
            p["antibodies.peak.median"] * boost * immunogenicity,
            p["antibodies.peak.log-sd"],
        )
        half = crowd.log_normal(
            "titre_half_life", p["antibodies.half-life.median"], p["antibodies.half-life.log-sd"]
        )
        # A uniform number to the power of the mean has an exponential logarithm.
        plateau = crowd.uniform("titre_plateau") ** p["antibodies.plateau.log-mean"]
        rise = p["antibodies.rise.time"]
        found.append(Response(start + delay, peak, half, plateau, rise))
    return found


def titre_ng_per_ml(found: list[Response], count: int, day: ArrayLike) -> Floats:
    """The highest titre (N, T) of the responses of N people at days (T,) or (N, T)."""
    total = np.zeros((count, np.shape(day)[-1]))
    for response in found:
        np.maximum(total, response.titre(day), out=total)
    return total


def clearance_factor(titre: ArrayLike, p: Parameters) -> Floats:
    """Factor (1 or more) on linear clearance at a titre of any shape (ng/mL).

    The label's factor for persistent antibodies, approached along a hyperbola.
    """
    a = np.asarray(titre, float)
    most = p["antibodies.clearance.factor"]
    return 1.0 + (most - 1.0) * a / (a + p["antibodies.clearance.half"])


def free_drug(total_ug_per_ml: ArrayLike, titre: ArrayLike, p: Parameters) -> Floats:
    """Drug not bound by antibodies (ug/mL): equilibrium of one site against one.

    The positive root of free^2 + free (capacity + Kd - total) - Kd total = 0. Simplifies: one
    affinity, instant equilibrium.
    """
    total, bound = np.broadcast_arrays(np.asarray(total_ug_per_ml, float), np.asarray(titre, float))
    free, other, excess = (np.empty(total.shape) for _ in range(3))
    np.multiply(bound, 1e-3 * p["antibodies.binding.ratio"], out=other)
    unbound = ~(other > 0.0)
    kd = p["antibodies.binding.kd"]
    np.subtract(total, other, out=excess)
    excess -= kd
    # The roots multiply to -Kd total, so the form without cancellation serves either sign.
    np.multiply(excess, excess, out=free)
    free += np.multiply(total, 4.0 * kd, out=other)
    np.sqrt(free, out=free)
    free += np.abs(excess, out=other)
    free *= 0.5
    lack = ~(excess > 0.0)
    np.maximum(free, _LEAST, out=other)
    np.divide(np.multiply(total, kd, out=excess), other, out=other)
    np.copyto(free, other, where=lack)
    np.minimum(free, total, out=free)
    np.copyto(free, total, where=unbound)
    return free
