"""A forecast taken up again where levels or tests raise the question of antibodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.errors import SolverError
from openntz.forecast import assay_bias
from openntz.forecast.change import Suspicion, change_of, explain, parameters_of
from openntz.forecast.cohort import ANTIBODY
from openntz.forecast.density import WEIGHT, Problem
from openntz.forecast.lone_level import lone_level, resting_on
from openntz.forecast.onset import Mixed
from openntz.forecast.posterior import Posterior
from openntz.forecast.predict import band
from openntz.forecast.result import ClearanceChange, LevelVerdict, Quantiles
from openntz.forecast.settings import Settings
from openntz.forecast.triage import Limit, against_fit, contradiction

Array = NDArray[np.float64]


class Reconsidered(Struct, frozen=True):
    """What takes the place of the plain fit, or stays as it was where ``change`` is None."""

    posterior: Posterior
    verdicts: tuple[LevelVerdict, ...]
    contradiction: str
    parameters: Mapping[str, tuple[float, float]]
    change: ClearanceChange | None = None
    notes: tuple[str, ...] = ()
    mixed: Mixed | None = None


class Asked(Struct, frozen=True):
    """Days (T,) to solve for, and which columns are the as-of day and the planned dose."""

    day: Array
    now: int
    planned: int | None


def reconsider(
    plain: Reconsidered,
    suspicion: Suspicion,
    problem: Problem,
    limits: Sequence[Limit | None],
    asked: Asked,
    settings: Settings,
    generator: np.random.Generator,
    *,
    threads: int = 1,
) -> Reconsidered:
    """The fit with an antibody-driven change of clearance at a time nobody recorded.

    Where no such course can be solved, the plain fit stays, with a note.
    """
    now = float(asked.day[asked.now])
    try:
        mixed = explain(suspicion, problem, asked.day, now, settings, generator, threads=threads)
    except SolverError as error:
        note = (
            f"Whether antibodies changed clearance could not be computed: {error} The forecast "
            "does not allow for it."
        )
        return Reconsidered(
            plain.posterior, plain.verdicts, plain.contradiction, plain.parameters, None, (note,)
        )
    verdicts = against_fit(
        plain.verdicts,
        limits,
        mixed.posterior.at_levels
        * assay_bias.factors(problem.levels, mixed.names, mixed.posterior.theta),
        problem.card.residual,
        tail=settings.misfit_tail,
    )
    shown = [name for name in problem.names if name not in {ANTIBODY, WEIGHT}]
    change = change_of(
        mixed,
        suspicion,
        problem.history,
        now,
        settings,
        _planned(plain.posterior, asked, settings),
    )
    alone = lone_level(plain.verdicts, suspicion)
    if alone is not None:
        change = resting_on(change, alone)
    return Reconsidered(
        mixed.posterior,
        verdicts,
        contradiction(verdicts, settings.misfits_allowed),
        MappingProxyType(assay_bias.in_words(parameters_of(mixed, shown))),
        change,
        (change.text,),
        mixed,
    )


def _planned(
    plain: Posterior, asked: Asked, settings: Settings
) -> tuple[Quantiles | None, Mapping[float, float]]:
    if asked.planned is None:
        return None, MappingProxyType({})
    draws = plain.concentration[:, asked.planned]
    chances = {t: float((draws >= t).mean()) for t in settings.targets_ug_per_ml}
    return band(draws[:, None], settings.low, settings.high).at(0), MappingProxyType(chances)
