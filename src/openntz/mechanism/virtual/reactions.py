"""Reactions to a dose, by its number, the person, the antibodies and the route.

Common reactions fall from their chance at the first dose to a share of it; a person's frailty
repeats them. Hypersensitivity peaks at the second dose of a stretch of dosing and rises with
the titre:

    P(k) = c s(k) (1 + m A/(A + A50)),  s(1) < s(2) = 1,  then falling

Simplifies: severity is not simulated beyond that split, and hypersensitivity of any mechanism
is one thing. Subcutaneous doses have a factor, for want of any figure.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.mechanism.virtual import people as draws
from openntz.mechanism.virtual.exposure import Regimen
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Kind = Literal["during", "after", "hypersensitivity"]


class Reactions(Struct, frozen=True, eq=False):
    """Who reacted to which dose (N, m): during it, in the hour after, by hypersensitivity."""

    during: Bools
    after: Bools
    hypersensitivity: Bools


def dose_numbers(regimen: Regimen, gap_day: float) -> NDArray[np.int64]:
    """Number of each dose (m,) within its stretch of dosing, from 1."""
    return numbers_of(regimen.day, gap_day)


def numbers_of(day: Floats, gap_day: float) -> NDArray[np.int64]:
    """Numbers of doses on ascending days (..., m) within their stretches of dosing, from 1."""
    at = np.broadcast_to(np.arange(day.shape[-1]), day.shape)
    # Where no dose is, days are infinite, and their differences nothing that begins anew.
    with np.errstate(invalid="ignore"):
        anew = np.diff(day, axis=-1, prepend=-np.inf) >= gap_day
    return at - np.maximum.accumulate(np.where(anew, at, 0), axis=-1) + 1


def _hypersensitive_shape(number: NDArray[np.int64], p: Parameters) -> Floats:
    late = p["reaction.hypersensitivity.late"]
    fall = np.exp(-(number - 2.0) / p["reaction.hypersensitivity.decay"])
    later = late + (1.0 - late) * fall
    return np.where(number == 1, p["reaction.hypersensitivity.dose-1"], later)


def reactions(
    crowd: Crowd,
    p: Parameters,
    regimen: Regimen,
    titre_at_dose: Floats,
    uniform: NDArray[np.float32],
) -> Reactions:
    """Reactions to the m doses, from titres (N, m) and uniform numbers (N, m, 8) of their days."""
    number = dose_numbers(regimen, p["antibodies.redose.gap"])
    return reactions_to(crowd, p, number, regimen.subcutaneous, titre_at_dose, uniform)


def reactions_to(
    crowd: Crowd,
    p: Parameters,
    number: NDArray[np.int64],
    subcutaneous: Bools,
    titre_at_dose: Floats,
    uniform: NDArray[np.float32],
) -> Reactions:
    """As ``reactions``, by number of the dose and route, (m,) for all or (N, m) for each."""
    late = p["reaction.late"]
    course = late + (1.0 - late) * np.exp(-(number - 1.0) / p["reaction.decay"])
    course = course * np.where(subcutaneous, p["reaction.subcutaneous"], 1.0)
    frailty = crowd.gamma(crowd.score("reaction"), p["reaction.frailty"])[:, None]
    share = titre_at_dose / (titre_at_dose + p["reaction.hypersensitivity.half"])
    allergic = p["reaction.hypersensitivity.first"] * _hypersensitive_shape(number, p)
    allergic = allergic * (1.0 + p["reaction.hypersensitivity.antibodies"] * share)
    return Reactions(
        uniform[..., draws.REACTION_DURING] < p["reaction.during"] * course * frailty,
        uniform[..., draws.REACTION_AFTER] < p["reaction.after"] * course * frailty,
        uniform[..., draws.HYPERSENSITIVITY] < allergic,
    )
