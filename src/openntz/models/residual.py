"""Residual error of a measured level around the true one."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.models.numbers import UNITS, Quantity, Spread, quantity
from openntz.models.schema import ResidualFormat

Floats = NDArray[np.float64]
Form = Literal["proportional", "additive", "combined variances", "combined sds", "log-additive"]

_LOG: Final = "log-additive"
# The lowest level that an error is worked out for: of less, the variance of a proportional error
# would be lost to underflow, and nothing could be divided by it.
LEAST_LEVEL: Final = float(np.finfo(float).tiny) ** 0.25


class Residual(Struct, frozen=True):
    """Error model of a level f (mg/L).

    ``proportional`` is a fraction; ``additive`` is in mg/L, or, for a log-additive error, the
    standard deviation of ln(level). With a = additive and b = proportional, the variance is
    (b f)^2 (proportional), a^2 (additive, and of ln(level) for log-additive), a^2 + (b f)^2
    (combined variances) or (a + b f)^2 (combined sds).
    """

    form: Form
    proportional: float
    additive: float

    @property
    def on_log_scale(self) -> bool:
        """Whether ln(level) is normal around ln(f); variances are then those of ln(level)."""
        return self.form == _LOG

    def variance(self, concentration_mg_per_l: ArrayLike) -> Floats:
        """Variance ((mg/L)^2, or of ln(level)) of a measurement of these true levels."""
        f = np.asarray(concentration_mg_per_l, float)
        if self.form == "combined sds":
            return (self.additive + self.proportional * f) ** 2
        # What a form lacks is zero, so that one sum serves the other four.
        return self.additive**2 + (self.proportional * f) ** 2

    def variance_slope(self, concentration_mg_per_l: ArrayLike) -> Floats:
        """Derivative of ``variance`` by the true level (mg/L, or 0 on the log scale)."""
        f = np.asarray(concentration_mg_per_l, float)
        if self.form == "combined sds":
            return 2.0 * self.proportional * (self.additive + self.proportional * f)
        return 2.0 * self.proportional**2 * f

    @property
    def variance_curvature(self) -> float:
        """Second derivative of ``variance`` by the true level, the same for all levels."""
        return 2.0 * self.proportional**2

    def sd(self, concentration_mg_per_l: ArrayLike) -> Floats:
        """Standard deviation (mg/L, or of ln(level)), same shape as the levels."""
        return np.sqrt(self.variance(concentration_mg_per_l))


def _sd(number: Spread, part: str) -> float:
    """A spread as a standard deviation in internal units.

    Raises
    ------
    ValueError
        When unit and scale do not fit the part, or the number is not positive.
    """
    scale = number.scale
    if part == "additive":
        if scale == "cv":
            raise ValueError("an additive error has no CV; give scale 'sd' or 'variance'")
        units = UNITS["concentration"]
    else:
        units = UNITS["plain"] if scale == "variance" else UNITS["share"]
    if scale == "variance" and part == "additive":
        units = {f"({name})^2": factor**2 for name, factor in units.items()}
    if number.unit not in units:
        raise ValueError(
            f"unit {number.unit!r} with scale {scale!r}; use one of {', '.join(units)}"
        )
    value = number.value * units[number.unit]
    if value <= 0.0:
        raise ValueError(f"{number.value:g} cannot be; leave out a part that has no error")
    if scale == "variance":
        return float(np.sqrt(value))
    if part == "log" and scale == "cv":
        return float(np.sqrt(np.log1p(value**2)))
    return value


def build_residual(raw: ResidualFormat) -> tuple[Residual, tuple[Quantity, ...]]:
    """The error model and its numbers as published.

    Raises
    ------
    ValueError
        Naming the key at fault within ``residual``.
    """
    sds, shown = {}, []
    for part, number in (
        ("proportional", raw.proportional),
        ("additive", raw.additive),
        ("log", raw.log),
    ):
        if number is None:
            continue
        try:
            sds[part] = _sd(number, part)
        except ValueError as error:
            raise ValueError(f"residual.{part}: {error}") from None
        shown.append(quantity(part, number))
    additive = sds.get("log", sds.get("additive", 0.0))
    return Residual(raw.form, sds.get("proportional", 0.0), additive), tuple(shown)
