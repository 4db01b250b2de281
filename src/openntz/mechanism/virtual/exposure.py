"""Serum levels of virtual people: the shipped pharmacokinetic card under their own titre.

Total drug comes from the compiled solver; antibodies and modifiers enter as segments of
constant parameters (clearance at the middle of each segment), every two weeks for whoever makes
enough antibodies to matter. Simplifies: the card's parameters do not change otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np
from msgspec import Struct, field
from numpy.typing import ArrayLike, NDArray

from openntz.evidence.registry import registry
from openntz.mechanism.crowd import CrowdDoses, simulate_crowd
from openntz.mechanism.regimen import SYMBOLS, PkParameters
from openntz.mechanism.virtual.antibodies import Response, clearance_factor, titre_ng_per_ml
from openntz.mechanism.virtual.modifiers import Modifier, PlasmaExchange, WeightChange, edges_of
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd, weight_kg
from openntz.models.card import Card, load_card

Floats = NDArray[np.float64]

LEVEL_CARD: Final = "van_den_berg_2025"
_SEGMENT_DAY: Final = 14.0
# Below this factor on clearance a titre changes a level by less than assays can tell.
_MATTERS: Final = 1.02
_MINUTES: Final = 1440.0
_EARLIEST: Final = -1e6


class Regimen(Struct, frozen=True, eq=False):
    """Doses on days (m,) with amounts (mg) and route; none for placebo."""

    day: Floats
    amount_mg: Floats
    subcutaneous: NDArray[np.bool_]
    modifiers: tuple[Modifier, ...] = field(default=())

    @classmethod
    def of(
        cls,
        day: ArrayLike,
        *,
        amount_mg: float = 300.0,
        subcutaneous: bool = False,
        modifiers: Sequence[Modifier] = (),
    ) -> Regimen:
        """Equal doses on given days."""
        days = np.atleast_1d(np.asarray(day, float))
        return cls(
            days,
            np.full(len(days), amount_mg),
            np.full(len(days), subcutaneous),
            tuple(modifiers),
        )


@cache
def level_card() -> Card:
    """The card that levels come from, read once a process."""
    return load_card(LEVEL_CARD)


def individual_kinetics(crowd: Crowd, weight: Floats) -> Mapping[str, Floats]:
    """The card's parameters by symbol, each of the shape of ``weight`` (N,) or (N, k), in kg.

    Without antibodies and modifiers; volumes in L, clearances in L/day.
    """
    card = level_card()
    scores = np.stack([crowd.score(name) for name in card.eta_names], axis=1)
    # The card's effects are independent, so a score a parameter and its spread are enough.
    random = scores * np.sqrt(np.diag(card.omega))
    if weight.ndim > 1:
        random = random[:, None, :]
    found = card.individual(random, {"weight": weight}).values
    return {name: np.broadcast_to(value, weight.shape) for name, value in found.items()}


class Given(Struct, frozen=True, eq=False):
    """Doses of N people, each array (N, m): day (infinite for none), amount (mg) and route."""

    day: Floats
    amount_mg: Floats
    subcutaneous: NDArray[np.bool_]

    @classmethod
    def of(cls, regimens: Sequence[Regimen]) -> Given:
        """The doses of people with a regimen each."""
        most = max((len(one.day) for one in regimens), default=0)
        day = np.full((len(regimens), most), np.inf)
        amount = np.ones(day.shape)
        skin = np.zeros(day.shape, bool)
        if most:
            there = np.arange(most) < np.array([len(one.day) for one in regimens])[:, None]
            day[there] = np.concatenate([one.day for one in regimens])
            amount[there] = np.concatenate([one.amount_mg for one in regimens])
            skin[there] = np.concatenate([one.subcutaneous for one in regimens])
        return cls(day, amount, skin)

    def part(self, rows: NDArray[np.intp]) -> Given:
        """The doses of some of the people, by row."""
        return Given(self.day[rows], self.amount_mg[rows], self.subcutaneous[rows])

    @property
    def doses(self) -> CrowdDoses:
        """As the solver wants them; infusions take the registry's usual time."""
        minutes = registry().fact("forecast.infusion-duration").number
        length = np.where(self.subcutaneous, 0.0, minutes / _MINUTES)
        return CrowdDoses(self.day, length, self.amount_mg, self.subcutaneous)


def _parameters(
    crowd: Crowd,
    p: Parameters,
    modifiers: Sequence[Modifier],
    titres: list[Response],
    edges: Floats,
) -> PkParameters:
    middle = np.append(0.5 * (edges[1:] + edges[:-1]), edges[-1] + 0.5 * _SEGMENT_DAY)
    weight = np.repeat(weight_kg(crowd)[:, None], len(edges), axis=1)
    for modifier in modifiers:
        if isinstance(modifier, WeightChange):
            weight = weight * modifier.weight_factor(middle)[None, :]
    values = dict(individual_kinetics(crowd, weight))
    factor = clearance_factor(titre_ng_per_ml(titres, crowd.count, middle), p)
    values["cl"] = values["cl"] * factor
    for modifier in modifiers:
        if isinstance(modifier, PlasmaExchange):
            values["cl"] = values["cl"] + modifier.added_clearance(middle, values["vc"])
    start = np.array(edges)
    start[0] = _EARLIEST
    return PkParameters(start, **{name: values[symbol] for name, symbol in SYMBOLS.items()})


def _matter(crowd: Crowd, p: Parameters, titres: list[Response]) -> NDArray[np.bool_]:
    highest = np.zeros(crowd.count)
    for response in titres:
        np.maximum(highest, response.peak_ng_per_ml, out=highest)
    return clearance_factor(highest, p) > _MATTERS


def part_of(crowd: Crowd, rows: NDArray[np.intp]) -> Crowd:
    """Some of the people, by row."""
    return Crowd(crowd.seed, crowd.group, crowd.number[rows], crowd.scores[rows])


def total_drug(
    crowd: Crowd, p: Parameters, regimen: Regimen, titres: list[Response], time_day: ArrayLike
) -> Floats:
    """Total drug (N, T) in ug/mL of people who all have one regimen, at ascending days (T,).

    A value at the start of a dose is the trough before it.

    Raises
    ------
    SolverError
        When the model cannot be solved for somebody.
    """
    one = Given.of([regimen])
    given = one.part(np.zeros(crowd.count, np.intp))
    return drug_of(crowd, p, given, regimen.modifiers, titres, time_day)


def drug_of(
    crowd: Crowd,
    p: Parameters,
    given: Given,
    modifiers: Sequence[Modifier],
    titres: list[Response],
    time_day: ArrayLike,
) -> Floats:
    """As ``total_drug``, of people with own doses who share modifiers and the first day.

    Raises
    ------
    SolverError
        When the model cannot be solved for somebody.
    """
    time = np.asarray(time_day, float)
    level = np.zeros((crowd.count, len(time)))
    begin = float(given.day.min(initial=np.inf))
    after = time >= begin
    if not after.any():
        return level
    last = float(time.max()) + _SEGMENT_DAY
    steps = edges_of(modifiers)
    base = np.concatenate([[_EARLIEST], steps[steps < last]])
    grid = np.arange(begin, last, _SEGMENT_DAY)
    fine = np.unique(np.concatenate([base, grid]))
    matters = _matter(crowd, p, titres)
    for who, edges in ((~matters, base), (matters, fine)):
        rows = np.flatnonzero(who)
        if not len(rows):
            continue
        some = part_of(crowd, rows)
        own = [r.part(rows) for r in titres]
        parameters = _parameters(some, p, modifiers, own if who is matters else [], edges)
        doses = given.part(rows).doses
        solved = simulate_crowd(parameters, doses, time[after], rtol=1e-5, atol=1e-5)
        # Days ascend, so those after the first dose are the last columns.
        level[rows, -int(after.sum()) :] = solved.ug_per_ml
    return np.maximum(level, 0.0, out=level)
