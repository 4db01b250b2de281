"""The trough of a person once an interval has been kept for long.

The first longer interval flatters: the level before it was built up by the shorter one.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.forecast.cohort import SPREAD, require_solved
from openntz.forecast.density import Problem
from openntz.forecast.outlook import SteadyTrough
from openntz.forecast.predict import quantiles
from openntz.mechanism.plan import Plan, Span
from openntz.mechanism.regimen import Schedule

Array = NDArray[np.float64]

# An interval is kept for so long from an empty state. What is left of the way to the steady
# state is then less than the draws' own noise, also at a half-life of three months.
_KEPT_FOR_DAYS: Final = 800.0


def steady_troughs(
    problem: Problem, theta: Array, interval_days: Sequence[float], *, threads: int = 1
) -> Array:
    """Troughs (n, I) in ug/mL of draws (n, p) after long at each of I intervals.

    Doses are like the person's last; weight and antibodies stay as they are now.

    Raises
    ------
    SolverError
        When the model cannot be solved.
    """
    given = problem.history.schedule
    spans = []
    for interval in interval_days:
        start = interval * np.arange(np.ceil(_KEPT_FOR_DAYS / interval), dtype=np.float64)
        size = len(start)
        schedule = Schedule(
            start_day=start,
            duration_day=np.full(size, given.duration_day[-1]),
            amount_mg=np.full(size, given.amount_mg[-1]),
            subcutaneous=np.full(size, given.subcutaneous[-1]),
        )
        spans.append(Span(schedule, np.array([-1.0]), np.array([interval * size])))
    now = {name: value[:, -1:] for name, value in problem.values(theta).items()}
    values = {name: np.repeat(value, len(spans), axis=1) for name, value in now.items()}
    solved = Plan(spans, problem.card.structure.absorption).solve(
        values, rtol=SPREAD.rtol, atol=SPREAD.atol_mg, threads=threads
    )
    require_solved(solved.status)
    return solved.concentration


def summarise(trough: Array, levels: Sequence[float], ends: tuple[float, float]) -> SteadyTrough:
    """Median, interval and chances of troughs (n,)."""
    low, high = ends
    bottom, middle, top = quantiles(trough[:, None], (low, 0.5, high))[:, 0]
    return SteadyTrough(
        median=float(middle),
        p05=float(bottom),
        p95=float(top),
        reaches=MappingProxyType({x: float((trough >= x).mean()) for x in levels}),
    )
