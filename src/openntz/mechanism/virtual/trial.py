"""People who each have their own doses: levels by regimen, everything after that together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.virtual.antibodies import responses, titre_ng_per_ml
from openntz.mechanism.virtual.exposure import Regimen, part_of, total_drug
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd
from openntz.mechanism.virtual.reactions import Reactions, reactions

Floats = NDArray[np.float64]
Uniform = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a group of people has in common: disease and product beside AFFIRM's."""

    activity: float = 1.0
    immunogenicity: float = 1.0


def _alike(regimens: Sequence[Regimen]) -> list[NDArray[np.intp]]:
    """Rows of people with equal regimens, in order of the first of each."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for row, one in enumerate(regimens):
        key = (
            one.day.tobytes(),
            one.amount_mg.tobytes(),
            one.subcutaneous.tobytes(),
            one.modifiers,
        )
        groups.setdefault(key, []).append(row)
    return [np.asarray(rows, np.intp) for rows in groups.values()]


def reactions_of(
    crowd: Crowd,
    p: Parameters,
    regimens: Sequence[Regimen],
    setting: Setting,
    days: Floats,
    uniform: Uniform,
) -> list[Reactions]:
    """Reactions (1, m) of each person to the own doses.

    ``days`` is the daily grid (T,), ``uniform`` the people's numbers for it (N, T, 8).
    """
    found: dict[int, Reactions] = {}
    for rows in _alike(regimens):
        regimen, some = regimens[rows[0]], part_of(crowd, rows)
        made = responses(some, p, regimen.day, setting.immunogenicity)
        titre = titre_ng_per_ml(made, len(rows), regimen.day)
        column = np.round(regimen.day - days[0]).astype(np.intp)
        all_of = reactions(some, p, regimen, titre, uniform[rows][:, column])
        for at, row in enumerate(rows):
            own = slice(at, at + 1)
            found[int(row)] = Reactions(
                all_of.during[own], all_of.after[own], all_of.hypersensitivity[own]
            )
    return [found[row] for row in range(crowd.count)]


def fates_of(
    crowd: Crowd,
    p: Parameters,
    regimens: Sequence[Regimen],
    setting: Setting,
    days: Floats,
    uniform: Uniform,
) -> Fates:
    """States of people with own regimens on the daily grid ``days`` (T,), from (N, T, 8) numbers.

    The regimen and responses of the result are those of nobody: its titre and drug are given.

    Raises
    ------
    SolverError
        When the pharmacokinetic model cannot be solved for somebody.
    """
    titre, total = (np.zeros((crowd.count, len(days))) for _ in range(2))
    for rows in _alike(regimens):
        regimen, some = regimens[rows[0]], part_of(crowd, rows)
        made = responses(some, p, regimen.day, setting.immunogenicity)
        titre[rows] = titre_ng_per_ml(made, len(rows), days)
        total[rows] = total_drug(some, p, regimen, made, days)
    joint = Fates(crowd, p, Regimen.of([]), days, activity=setting.activity, immunogenicity=1.0)
    vars(joint).update(titre=titre, total=total, uniform=uniform)
    return joint
