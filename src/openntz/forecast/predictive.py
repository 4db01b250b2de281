"""The distribution of a level that a laboratory would report, before it is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import root_scalar
from scipy.special import ndtr, ndtri

from openntz.forecast.likelihood import Kind
from openntz.models.residual import LEAST_LEVEL, Residual

Array = NDArray[np.float64]

# Beyond this many standard deviations a normal error has no probability left in double precision.
_FAR: Final = 9.0


class Predictive(Struct, frozen=True, eq=False):
    """Assay error around draws (n,) of the true level (ug/mL)."""

    level: Array
    residual: Residual

    def _errors(self, value: float) -> Array:
        """The reading's distance from each draw, in standard deviations."""
        f = np.maximum(self.level, LEAST_LEVEL)
        sd = self.residual.sd(f)
        if self.residual.on_log_scale:
            return (np.log(max(value, LEAST_LEVEL)) - np.log(f)) / sd
        return (value - f) / sd

    def below(self, value: float) -> float:
        """P(reading < value)."""
        return float(ndtr(self._errors(value)).mean())

    def quantiles(self, probabilities: Sequence[float]) -> tuple[float, ...]:
        """Readings below which these shares lie; 0 where even that is too much."""
        f = np.maximum(self.level, LEAST_LEVEL)
        sd = self.residual.sd(f)
        top = f * np.exp(_FAR * sd) if self.residual.on_log_scale else f + _FAR * sd
        highest = float(top.max())
        found = []
        for p in probabilities:
            if self.below(0.0) >= p:
                found.append(0.0)
                continue
            root = root_scalar(lambda x, p=p: self.below(x) - p, bracket=(0.0, highest))
            found.append(float(root.root))
        return tuple(found)

    def pit(self, value: float, kind: Kind) -> tuple[float, float]:
        """Where a reading falls in its predictive distribution: probability integral transform.

        One point, given twice, for a number; for a limit the whole range it stands for.
        """
        at = self.below(value)
        if kind is Kind.BELOW:
            return 0.0, at
        if kind is Kind.ABOVE:
            return at, 1.0
        return at, at

    def draw(self, generator: np.random.Generator) -> Array:
        """One reading (n,) per draw; never negative."""
        error = generator.standard_normal(self.level.shape)
        sd = self.residual.sd(np.maximum(self.level, LEAST_LEVEL))
        if self.residual.on_log_scale:
            return self.level * np.exp(sd * error)
        return np.maximum(self.level + sd * error, 0.0)


def normal_score(low: float, high: float) -> float:
    """Standardised error of a reading from its transform: normal with SD 1 if the model holds.

    For a range, the mean of the normal scores in it, so that a limit pulls neither way more
    than it says.
    """
    a, b = float(np.clip(ndtri(low), -_FAR, _FAR)), float(np.clip(ndtri(high), -_FAR, _FAR))
    if high - low < np.finfo(float).eps:
        return a
    root_two_pi = float(np.sqrt(2.0 * np.pi))
    return float((np.exp(-a * a / 2.0) - np.exp(-b * b / 2.0)) / root_two_pi / (high - low))
