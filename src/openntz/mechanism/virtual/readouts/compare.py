"""Simulated figures for published results: tables of people by chunks, then one figure each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.errors import EvidenceError
from openntz.evidence.published import Published
from openntz.evidence.registry import near_misses
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import draw_people
from openntz.mechanism.virtual.readouts.arms import ARM_NAMES, Arms
from openntz.mechanism.virtual.readouts.catalogue import READOUTS
from openntz.mechanism.virtual.readouts.statistics import monte_carlo_error

Floats = NDArray[np.float64]

# Scenarios made of several arms.
_OF_SEVERAL = ("eid", "intervals")


class Simulated(Struct, frozen=True):
    """One simulated figure, its Monte Carlo standard error, and the people behind it."""

    value: float
    mc_error: float
    people: int


def check_known(results: Sequence[Published]) -> None:
    """Refuse results whose readout or scenario does not exist.

    Raises
    ------
    EvidenceError
        Naming the first.
    """
    for result in results:
        for kind, name, known in (
            ("readout", result.readout, tuple(READOUTS)),
            ("scenario", result.scenario, (*ARM_NAMES, *_OF_SEVERAL)),
        ):
            if name not in known:
                raise EvidenceError(
                    f"published result {result.id!r} names the unknown {kind} {name!r}.",
                    where="published.toml",
                    remedy=near_misses(name, known).split(" `")[0],
                )


def tables(
    results: Sequence[Published], parameters: Parameters, seed: int, numbers: Sequence[int]
) -> list[Floats]:
    """Table of some people for each result; tables of other people may be put below it.

    Raises
    ------
    SolverError
        When the pharmacokinetic model cannot be solved for somebody.
    """
    arms = Arms(draw_people(seed, numbers), parameters)
    return [
        np.asarray(READOUTS[one.readout].of_people(arms, one.scenario, one.args), float)
        for one in results
    ]


def belonging(table: Floats) -> Floats:
    """Rows of the people who belong to a result: the others are not a number."""
    first = table if table.ndim == 1 else table[:, 0]
    return table[~np.isnan(first)]


def figure(result: Published, table: Floats, seed: int) -> Simulated:
    """The figure a table of people gives; not a number where nobody belongs to the result."""
    statistic = READOUTS[result.readout].statistic
    known = belonging(table)
    people = len(known)
    if people == 0:
        return Simulated(float("nan"), float("nan"), 0)
    generator = np.random.default_rng([seed, people])
    return Simulated(statistic(known), monte_carlo_error(statistic, known, generator), people)


class Held(Struct, frozen=True):
    """A published result with its simulated counterpart."""

    published: Published
    simulated: Simulated

    @property
    def agrees(self) -> bool | None:
        """Within the tolerance; None where not counted, False where nobody could be simulated."""
        if not self.published.counted:
            return None
        # Comparisons with 'not a number' are false, so a result without people fails.
        return bool(self.published.agrees(self.simulated.value))

    @property
    def off(self) -> float:
        """Simulated minus published, in tolerances."""
        return (self.simulated.value - self.published.value) / self.published.tolerance
