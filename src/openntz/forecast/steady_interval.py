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

# What may be left of the way from an empty state to the steady one, as a share, before the limit
# is read off the last troughs; nobody is dosed for longer than 800 days.
_LEFT: Final = 0.03
_LONGEST_DAYS: Final = 800.0
# Of the last difference between troughs, what the next may be for their limit to be read off.
_SHARE_MOST: Final = 0.95
# Troughs that the limit is read off.
_LAST: Final = 3


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
    slow = max(float(rate.min()), -np.log(_LEFT) / _LONGEST_DAYS)
    spans = [_kept(last, interval, -np.log(_LEFT) / slow) for interval in interval_days]
    values = {name: np.repeat(value[:, None], len(spans), 1) for name, value in now.items()}
    solved = Plan(spans, problem.card.structure.absorption).solve(
        values, rtol=SPREAD.rtol, atol=SPREAD.atol_mg, threads=threads
    )
    require_solved(solved.status)
    return _limit(solved.concentration.reshape(len(theta), len(spans), _LAST))


def _limit(trough: Array) -> Array:
    """Where three successive troughs (..., 3) lead, each difference the same share of the last.

    (Aitken's delta-squared process, 1926.) The last of them where that is not how they go.
    """
    before, after = np.moveaxis(np.diff(trough, axis=-1), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = after / before
    usable = (share > 0.0) & (share < _SHARE_MOST)
    share = np.where(usable, share, 0.0)
    return trough[..., -1] + after * share / (1.0 - share)


def _kept(last: Schedule, interval: float, days: float) -> Span:
    """Doses like the last one at an interval for so many days, and the last troughs of them."""
    size = max(int(np.ceil(days / interval)), _LAST)
    schedule = Schedule(
        start_day=interval * np.arange(size, dtype=np.float64),
        duration_day=np.full(size, last.duration_day[-1]),
        amount_mg=np.full(size, last.amount_mg[-1]),
        subcutaneous=np.full(size, last.subcutaneous[-1]),
    )
    return Span(schedule, np.array([-1.0]), interval * np.arange(size - _LAST + 1.0, size + 1.0))


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
