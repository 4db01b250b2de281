"""An alarm when an assay's errors change over calendar time.

A self-starting cumulative sum (Hawkins 1987): each standardised error is held against the mean
and spread of those before it, so that an assay that always reads high is biased, not
drifting. If nothing changes, the sums depend on no unknown, and the limit at which the alarm
sounds follows from the false alarms allowed (Markov chain of Brook and Evans 1972).
"""

from __future__ import annotations

from functools import cache
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtr

Array = NDArray[np.float64]

_STATES: Final = 120
_BRACKET: Final = (0.5, 30.0)
# The first two errors give a mean and a spread; the first that can be judged is the third.
FIRST: Final = 3
_FARTHEST: Final = 8.0
# Under this spread of standardised errors, the next would be infinitely far out.
_LEAST_SPREAD: Final = 1e-6


class Drift(Struct, frozen=True, eq=False):
    """Sums (n,) over the errors in order of time, and the alarm if there is one.

    ``alarm`` is the index of the error at which a sum passed ``limit``, ``since`` that of the
    first error of the run that led there, None without alarm. ``limit`` is infinite with too
    few errors to judge.
    """

    up: Array
    down: Array
    limit: float
    alarm: int | None = None
    since: int | None = None
    direction: Literal["", "higher", "lower"] = ""

    @property
    def judged(self) -> bool:
        """Whether there were enough errors for an alarm to be possible."""
        return bool(np.isfinite(self.limit))


def self_started(errors: Array) -> Array:
    """Errors (n,) as independent standard normal scores (n - 2,), if nothing changes."""
    x = np.asarray(errors, float)
    found = []
    for n in range(FIRST, len(x) + 1):
        before, now = x[: n - 1], x[n - 1]
        spread = max(float(before.std(ddof=1)), _LEAST_SPREAD)
        t = np.sqrt((n - 1.0) / n) * (now - before.mean()) / spread
        # The tail of the other side keeps its digits where the near one rounds to 1.
        score = ndtri(stdtr(n - 2.0, -abs(t)))
        found.append(float(np.clip(-np.sign(t) * score, -_FARTHEST, _FARTHEST)))
    return np.array(found)


def _alarm_probability(limit: float, allowance: float, count: int) -> float:
    """Chance that a one-sided sum of ``count`` standard normal scores passes the limit."""
    width = 2.0 * limit / (2.0 * _STATES - 1.0)
    step = np.arange(_STATES)
    apart = (step[None, :] - step[:, None]) * width
    move = ndtr(apart + width / 2.0 + allowance) - ndtr(apart - width / 2.0 + allowance)
    move[:, 0] = ndtr(apart[:, 0] + width / 2.0 + allowance)
    stay = np.linalg.matrix_power(move, count)[0].sum()
    return float(1.0 - stay)


@cache
def alarm_limit(count: int, allowance: float, false_alarm: float) -> float:
    """Limit that ``count`` scores pass, upwards or downwards, with this chance at most.

    Half the chance is given to each side.
    """
    wanted = false_alarm / 2.0

    def excess(limit: float) -> float:
        return _alarm_probability(limit, allowance, count) - wanted

    return float(brentq(excess, *_BRACKET))  # pyright: ignore[reportArgumentType]


def drift(errors: Array, *, allowance: float, false_alarm: float) -> Drift:
    """Judge standardised errors (n,) in order of time."""
    n = len(errors)
    if n < FIRST:
        return Drift(np.zeros(n), np.zeros(n), np.inf)
    scores = self_started(errors)
    limit = alarm_limit(len(scores), allowance, false_alarm)
    up, down = np.zeros(n), np.zeros(n)
    begun = {"higher": FIRST - 1, "lower": FIRST - 1}
    alarm: tuple[int, int, Literal["higher", "lower"]] | None = None
    for i, score in enumerate(scores, start=FIRST - 1):
        up[i] = max(0.0, up[i - 1] + score - allowance)
        down[i] = max(0.0, down[i - 1] - score - allowance)
        for name, sums in (("higher", up), ("lower", down)):
            if sums[i - 1] == 0.0:
                begun[name] = i
            if alarm is None and sums[i] > limit:
                alarm = (i, begun[name], "higher" if name == "higher" else "lower")
    if alarm is None:
        return Drift(up, down, limit)
    return Drift(up, down, limit, *alarm)
