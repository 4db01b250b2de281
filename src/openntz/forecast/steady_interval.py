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
from openntz.mechanism.steady import slowest_rate

Array = NDArray[np.float64]

# What may be left of the way from an empty state to the steady one, as a share: less than the
# draws' own noise. Nobody is dosed for longer than 800 days, after which more than that is left
# at a half-life above 73 days: 0.2 % at three months.
_LEFT: Final = 5e-4
_LONGEST_DAYS: Final = 800.0
# Draws that take about as long to become steady are solved together, in so many groups.
_GROUPS: Final = 4


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
    last = problem.history.schedule
    amount = float(last.amount_mg[-1])
    now = {name: value[:, -1] for name, value in problem.values(theta).items()}
    rate = slowest_rate(now, amount / min(interval_days), amount)
    found = np.empty((len(theta), len(interval_days)))
    for own in np.array_split(np.argsort(rate), min(_GROUPS, len(theta))):
        slow = max(float(rate[own].min()), -np.log(_LEFT) / _LONGEST_DAYS)
        spans = [_kept(last, interval, -np.log(_LEFT) / slow) for interval in interval_days]
        values = {name: np.repeat(value[own, None], len(spans), 1) for name, value in now.items()}
        solved = Plan(spans, problem.card.structure.absorption).solve(
            values, rtol=SPREAD.rtol, atol=SPREAD.atol_mg, threads=threads
        )
        require_solved(solved.status)
        found[own] = solved.concentration
    return found


def _kept(last: Schedule, interval: float, days: float) -> Span:
    """Doses like the last one at an interval for so many days, and the trough after them."""
    size = int(np.ceil(days / interval))
    schedule = Schedule(
        start_day=interval * np.arange(size, dtype=np.float64),
        duration_day=np.full(size, last.duration_day[-1]),
        amount_mg=np.full(size, last.amount_mg[-1]),
        subcutaneous=np.full(size, last.subcutaneous[-1]),
    )
    return Span(schedule, np.array([-1.0]), np.array([interval * size]))


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
