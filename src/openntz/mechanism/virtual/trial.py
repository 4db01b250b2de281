"""People who each have their own doses: levels by regimen, everything after that together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.mechanism.virtual.antibodies import exposures, responses_from, titre_ng_per_ml
from openntz.mechanism.virtual.exposure import Given, Regimen, drug_of, part_of
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd
from openntz.mechanism.virtual.reactions import Reactions, numbers_of, reactions_to

Floats = NDArray[np.float64]
Uniform = NDArray[np.float32]
Rows = NDArray[np.intp]
Starts = list[tuple[Floats, bool]]


class Setting(Struct, frozen=True, kw_only=True):
    """What a group of people has in common: disease and product beside AFFIRM's."""

    activity: float = 1.0
    immunogenicity: float = 1.0


def _alike(regimens: Sequence[Regimen], given: Given, p: Parameters) -> list[tuple[Rows, Starts]]:
    """People whose modifiers, first dose and number of antibody responses are the same.

    Their rows, and for each response the day each one's stretch of dosing began and whether it
    was the first; in order of the first of each. Doses ascend in time.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    begun: dict[tuple[object, ...], list[list[float]]] = {}
    day = given.day
    # Few have a gap in their doses, and only they are looked at one by one.
    with np.errstate(invalid="ignore"):
        gap = np.isfinite(day[:, 1:]) & (np.diff(day, axis=1) >= p["antibodies.redose.gap"])
    gapped: list[bool] = np.asarray(gap.any(axis=1)).tolist()
    begin: list[float] = day.min(axis=1, initial=np.inf).tolist()
    for row, (one, first) in enumerate(zip(regimens, begin, strict=True)):
        key: tuple[object, ...] = (one.modifiers, first)
        starts: list[float] = []
        if gapped[row]:
            found = exposures(one.day, p)
            key += tuple(before == 0 for _, before in found)
            starts = [start for start, _ in found]
        elif len(one.day):
            key, starts = (*key, True), [first]
        groups.setdefault(key, []).append(row)
        begun.setdefault(key, []).append(starts)
    return [
        (
            np.asarray(rows, np.intp),
            [
                (np.array([starts[at] for starts in begun[key]]), bool(is_first))
                for at, is_first in enumerate(key[2:])
            ],
        )
        for key, rows in groups.items()
    ]


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
    everybody = Given.of(regimens)
    for rows, starts in _alike(regimens, everybody, p):
        some, given = part_of(crowd, rows), everybody.part(rows)
        made = responses_from(some, p, starts, setting.immunogenicity)
        there = np.isfinite(given.day)
        day = np.where(there, given.day, days[0])
        titre = titre_ng_per_ml(made, len(rows), day)
        column = np.round(day - days[0]).astype(np.intp)
        number = numbers_of(given.day, p["antibodies.redose.gap"])
        drawn = uniform[rows[:, None], column]
        all_of = reactions_to(some, p, number, given.subcutaneous, titre, drawn)
        for at, row in enumerate(rows):
            own = slice(at, at + 1), slice(0, len(regimens[row].day))
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
    titre, total = (np.empty((crowd.count, len(days))) for _ in range(2))
    everybody = Given.of(regimens)
    for rows, starts in _alike(regimens, everybody, p):
        some, given = part_of(crowd, rows), everybody.part(rows)
        made = responses_from(some, p, starts, setting.immunogenicity)
        titre[rows] = titre_ng_per_ml(made, len(rows), days)
        total[rows] = drug_of(some, p, given, regimens[rows[0]].modifiers, made, days)
    joint = Fates(crowd, p, Regimen.of([]), days, activity=setting.activity, immunogenicity=1.0)
    vars(joint).update(titre=titre, total=total, uniform=uniform)
    return joint
