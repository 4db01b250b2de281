"""Another future for the same draws: doses late, missed, stopped or by another route, a changed
weight, plasma exchange.

A session of plasma exchange is a short period of raised clearance from the central compartment
that would by itself leave the share of the drug that the session leaves; what comes back from
the tissues meanwhile and afterwards is the model's own exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.errors import InputError
from openntz.forecast.cohort import SPREAD, Cohort, require_solved
from openntz.forecast.density import Problem
from openntz.forecast.subject import Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule

Array = NDArray[np.float64]


class FutureDose(Struct, frozen=True):
    """A supposed dose; days from the history's origin."""

    day: float
    amount_mg: float
    duration_day: float
    subcutaneous: bool


class Exchange(Struct, frozen=True):
    """A session of plasma exchange: when, how long (days), and the share it removes (0-1)."""

    day: float
    duration_day: float
    removed: float


class Future(Struct, frozen=True):
    """What is supposed to happen after the record ends.

    ``weight_kg`` holds from ``weight_from`` (days from the origin) on; None: as it is now.
    """

    doses: tuple[FutureDose, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    weight_kg: float | None = None
    weight_from: float = 0.0


def _schedule(given: Schedule, doses: Sequence[FutureDose]) -> Schedule:
    return Schedule(
        start_day=np.concatenate([given.start_day, [d.day for d in doses]]),
        duration_day=np.concatenate([given.duration_day, [d.duration_day for d in doses]]),
        amount_mg=np.concatenate([given.amount_mg, [d.amount_mg for d in doses]]),
        subcutaneous=np.concatenate(
            [given.subcutaneous, np.array([d.subcutaneous for d in doses], bool)]
        ),
    )


def _subject(problem: Problem, future: Future, time_day: Array) -> Subject:
    """The person with the supposed doses, weight, and a segment for every exchange."""
    person = problem.subject
    span = person.spans[-1]
    edges = [e.day + share * e.duration_day for e in future.exchanges for share in (0.0, 1.0)]
    if future.weight_kg is not None:
        edges.append(future.weight_from)
    segment_day = np.unique(np.concatenate([span.segment_day, edges]))
    # Every new segment starts as the recorded one it lies in.
    source = np.maximum(np.searchsorted(span.segment_day, segment_day, side="right") - 1, 0)
    covariates = {name: value[source] for name, value in person.covariates.items()}
    if future.weight_kg is not None:
        if "weight" not in covariates:
            raise InputError(
                "the model of this person has no recorded weight that could change.",
                where="weight",
                remedy="Record a weight, and use a model with an effect of weight.",
            )
        covariates["weight"] = np.where(
            segment_day >= future.weight_from, future.weight_kg, covariates["weight"]
        )
    return replace(
        person,
        spans=(
            Span(
                _schedule(span.schedule, future.doses),
                segment_day,
                np.concatenate([span.time_day, time_day]),
            ),
        ),
        covariates=MappingProxyType(covariates),
        occasion=person.occasion[source],
        raised=person.raised[source],
    )


def _with_exchanges(values: dict[str, Array], segment_day: Array, future: Future) -> None:
    """Raise the clearance (n, M) in the segments that lie in an exchange, in place."""
    cl = values["cl"].copy()
    for exchange in future.exchanges:
        during = (segment_day >= exchange.day) & (
            segment_day < exchange.day + exchange.duration_day
        )
        rate = -np.log1p(-exchange.removed) / exchange.duration_day
        cl += np.where(during, rate * values["vc"], 0.0)
    values["cl"] = cl


def levels_under(
    problem: Problem, theta: Array, future: Future, time_day: Array, *, threads: int = 1
) -> Array:
    """Levels (n, T) in ug/mL at ``time_day`` (T,) of draws (n, p) under a supposed future.

    A level asked for at the start of a dose is its trough.

    Raises
    ------
    InputError
        When a weight is to change that is not recorded.
    SolverError
        When the model cannot be solved, or has no such route.
    """
    subject = _subject(problem, future, np.asarray(time_day, float))
    cohort: Cohort = problem.of([subject])
    values = dict(cohort.values(theta[:, None, :]))
    if future.exchanges:
        _with_exchanges(values, subject.spans[0].segment_day, future)
    solved = cohort.plan.solve(values, rtol=SPREAD.rtol, atol=SPREAD.atol_mg, threads=threads)
    require_solved(solved.status)
    return solved.concentration[:, problem.levels.count :]
