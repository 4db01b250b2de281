"""Parameters and schedules the mechanism tests share; typical values near the shipped card."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from openntz.mechanism.pharmacokinetics import PkParameters, Schedule

HOUR = 1.0 / 24.0


def drug(
    *,
    lanes: int = 1,
    segment_day: ArrayLike = (-np.inf,),
    spread: float = 0.0,
    **changes: ArrayLike,
) -> PkParameters:
    """``lanes`` people; ``spread`` varies clearances and volumes between them."""
    day = np.asarray(segment_day, float)
    values: dict[str, ArrayLike] = {
        "cl_l_per_day": 0.164,
        "vc_l": 3.48,
        "q_l_per_day": 0.40,
        "vp_l": 3.48,
        "vmax_mg_per_day": 2.86,
        "km_mg_per_l": 0.875,
        "ka_per_day": 0.288,
        "f": 0.84,
        "lag_day": 0.125,
    }
    values |= changes
    rng = np.random.Generator(np.random.PCG64(20261122))
    full = {}
    for name, value in values.items():
        table = np.array(np.broadcast_to(np.asarray(value, float), (lanes, len(day))))
        if spread and name not in {"f", "lag_day"}:
            table *= np.exp(spread * rng.standard_normal((lanes, 1)))
        full[name] = table
    return PkParameters(segment_day=day, **full)


def infusions(start: ArrayLike, *, hours: ArrayLike = 1.0, mg: ArrayLike = 300.0) -> Schedule:
    """Intravenous doses."""
    day = np.atleast_1d(np.asarray(start, float))
    return Schedule(
        day,
        np.broadcast_to(np.asarray(hours, float) * HOUR, day.shape),
        np.broadcast_to(np.asarray(mg, float), day.shape),
        np.zeros(day.shape, bool),
    )


def injections(start: ArrayLike, *, mg: float = 300.0) -> Schedule:
    """Subcutaneous doses."""
    day = np.atleast_1d(np.asarray(start, float))
    return Schedule(day, np.zeros(day.shape), np.full(day.shape, mg), np.ones(day.shape, bool))


def both(first: Schedule, second: Schedule) -> Schedule:
    """Two schedules of one person."""
    return Schedule(
        *(
            np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("start_day", "duration_day", "amount_mg", "subcutaneous")
        )
    )
