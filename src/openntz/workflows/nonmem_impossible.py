"""Levels of a NONMEM-style file that cannot be true, whoever the person is.

Such a level would drown all others, or lead the search where the equations cannot be solved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openntz.errors import ModelError
from openntz.evidence.registry import registry
from openntz.mechanism.plan import Span
from openntz.models.card import Card
from openntz.records.nonmem_data import NonmemSubject

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def too_high(
    rows: NonmemSubject, card: Card, spans: Sequence[Span], given: Mapping[str, Array]
) -> tuple[Mask, float]:
    """Which rows (n,) are above what all doses at once could make, and that limit (data units).

    A level known to be above a limit is judged by it. Without any dose, or with covariates the
    card refuses, nothing is judged and the limit is infinite.
    """
    limit = _highest(card, spans, given) / card.data_units.mg_per_l_per_concentration
    level = np.where(rows.censored < 0, rows.limit, rows.dv)
    with np.errstate(invalid="ignore"):
        return (rows.censored <= 0) & (level > limit), limit


def too_low(rows: NonmemSubject, card: Card) -> Mask:
    """Which rows (n,) are farther below zero than the error of the card at zero allows.

    A proportional error allows nothing below zero; a level on the log scale is judged elsewhere.
    """
    deviations = registry().fact("estimate.impossible-below-zero").number
    lowest = -deviations * float(card.residual.sd(0.0))
    level = rows.dv * card.data_units.mg_per_l_per_concentration
    with np.errstate(invalid="ignore"):
        return (rows.censored == 0) & (level < 0.0) & (level < lowest)


def _highest(card: Card, spans: Sequence[Span], given: Mapping[str, Array]) -> float:
    """The highest level (mg/L) taken as possible."""
    steady = registry().fact("estimate.steady-state-doses").number
    amount = 0.0
    for schedule in (span.schedule for span in spans):
        counts = np.where(np.asarray(schedule.steady_interval_day) > 0.0, steady, 1.0)
        amount += float(np.sum(schedule.amount_mg * counts))
    volume = _volume(card, given)
    if amount <= 0.0 or volume is None:
        return float("inf")
    return registry().fact("estimate.impossible-factor").number * amount / volume


def _volume(card: Card, given: Mapping[str, Array]) -> float | None:
    """The smallest typical central volume (L) of the person's rows."""
    known: dict[str, Array] = dict(given)
    for item in card.covariates:
        if item.name not in known:
            known[item.name] = np.full(
                1, item.reference if item.reference is not None else item.median
            )
    shape = np.broadcast_shapes((1,), *(value.shape for value in known.values()))
    try:
        typical = card.individual(np.zeros((*shape, len(card.random_names))), known)
    except ModelError:
        return None
    return float(np.min(typical.values["vc"]))
