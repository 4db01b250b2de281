"""What one more level is worth: would it change the decision, and on which day most?

Preposterior analysis (Raiffa and Schlaifer 1961) with the posterior draws: levels are
simulated from them with the card's residual error; each re-weights the draws by its
likelihood; the rule then decides anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import softmax

from openntz.forecast.decide import DecisionRule
from openntz.models.residual import LEAST_LEVEL, Residual

Array = NDArray[np.float64]

_NONE = -1


class Choices(Struct, frozen=True):
    """Troughs (n, D) of the draws at D intervals in days: the next one, and those kept long."""

    interval_days: Sequence[int]
    first: Array
    steady: Array

    def __post_init__(self) -> None:
        if self.first.shape != self.steady.shape:
            raise ValueError(f"troughs of shapes {self.first.shape} and {self.steady.shape}")

    def chances(self, target: float, weight: Array) -> tuple[Array, Array]:
        """P(trough >= target) (D, k) under weights (n, k) that sum to one, first and steady."""
        reached = np.concatenate([self.first >= target, self.steady >= target], axis=1)
        found = reached.T.astype(float) @ weight
        return found[: self.first.shape[1]], found[self.first.shape[1] :]

    def chosen(self, rule: DecisionRule, weight: Array) -> NDArray[np.int64]:
        """Interval (k,) the rule arrives at under each column of weights, -1 for none."""
        first, steady = self.chances(rule.target, weight)
        kept = (first >= rule.chance) & (steady >= rule.chance)
        days = np.asarray(self.interval_days, np.int64)[:, None]
        return np.where(kept, days, _NONE).max(axis=0, initial=_NONE)


class LevelWorth(Struct, frozen=True):
    """Chances that a level drawn on a day makes the interval longer, shorter, or neither."""

    after_days: int
    longer: float
    shorter: float

    @property
    def changes(self) -> float:
        """Chance that the decision changes."""
        return self.longer + self.shorter


def simulated(level: Array, residual: Residual, size: int, generator: np.random.Generator) -> Array:
    """``size`` readings of draws' levels (n,), each of another draw as far as there are enough."""
    n = len(level)
    whose = generator.permutation(np.arange(max(size, n)) % n)[:size]
    f = np.maximum(level[whose], LEAST_LEVEL)
    error = residual.sd(f) * generator.standard_normal(size)
    reading = f * np.exp(error) if residual.on_log_scale else f + error
    # A laboratory reports no negative level.
    return np.maximum(reading, LEAST_LEVEL)


def weights_after(level: Array, reading: Array, residual: Residual) -> Array:
    """Weights (n, k) of draws whose levels are (n,), each column after one reading (k,).

    The likelihood of a quantified reading as in ``likelihood.terms``, whose slope and
    information are not needed here.
    """
    f = np.maximum(level, LEAST_LEVEL)
    mean, value = (np.log(f), np.log(reading)) if residual.on_log_scale else (f, reading)
    variance = residual.variance(f)
    off = value[None, :] - mean[:, None]
    off *= off
    off /= 2 * variance[:, None]
    off += np.log(variance)[:, None] / 2
    np.negative(off, out=off)
    return softmax(off, axis=0)


def value_of_level(
    choices: Choices,
    rule: DecisionRule,
    level: Array,
    after_days: Sequence[int],
    residual: Residual,
    *,
    readings: int,
    changes_from: int,
    generator: np.random.Generator,
) -> tuple[LevelWorth, ...]:
    """Worth of one level on each of S days.

    Parameters
    ----------
    level : array (n, S)
        Levels of the draws on the days the level may be taken.
    readings : int
        Levels simulated per day.
    changes_from : int
        Days by which the interval must move to count; being offered one at all, or none any
        more, always counts.
    """
    n = len(level)
    now = int(choices.chosen(rule, np.full((n, 1), 1.0 / n))[0])
    found = []
    for day, column in zip(after_days, level.T, strict=True):
        reading = simulated(column, residual, readings, generator)
        then = choices.chosen(rule, weights_after(column, reading, residual))
        moved = then - now
        enough = np.abs(moved) >= changes_from
        enough |= (then == _NONE) != (now == _NONE)
        found.append(
            LevelWorth(
                after_days=int(day),
                longer=float((enough & (moved > 0)).mean()),
                shorter=float((enough & (moved < 0)).mean()),
            )
        )
    return tuple(found)


def worth_most(days: Sequence[LevelWorth], least: float) -> LevelWorth | None:
    """The earliest day on which a level changes the decision most; None when below ``least``."""
    best = max(days, key=lambda d: (d.changes, -d.after_days), default=None)
    return best if best is not None and best.changes >= least else None
