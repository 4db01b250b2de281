"""What the pharmacokinetic model needs to know of a person: doses and parameters over time."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from openntz.errors import SolverError

Floats = NDArray[np.float64]

_POSITIVE = ("vc_l", "vp_l", "km_mg_per_l", "ka_per_day")
_NOT_NEGATIVE = ("cl_l_per_day", "q_l_per_day", "vmax_mg_per_day", "lag_day")


def refuse(what: str, where: str, remedy: str) -> SolverError:
    """The error for an input the solver cannot use."""
    return SolverError(what, where=where, remedy=remedy)


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """Doses of one person; arrays of shape (m,), times in days from an origin of the caller's.

    ``duration_day`` is the length of an infusion (0, or under a millisecond: given at once) and
    0 for a subcutaneous dose. The doses are sorted by start; they may overlap or coincide.

    Raises
    ------
    SolverError
        When lengths differ, a number is not finite, an amount is not positive, or a duration
        is negative or belongs to a subcutaneous dose.
    """

    start_day: Floats
    duration_day: Floats
    amount_mg: Floats
    subcutaneous: NDArray[np.bool_]

    def __post_init__(self) -> None:
        start = np.atleast_1d(np.asarray(self.start_day, float))
        duration = np.atleast_1d(np.asarray(self.duration_day, float))
        amount = np.atleast_1d(np.asarray(self.amount_mg, float))
        under_skin = np.atleast_1d(np.asarray(self.subcutaneous, bool))
        if not start.shape == duration.shape == amount.shape == under_skin.shape:
            raise refuse("the dose arrays differ in length.", "schedule", "Give one of each.")
        checks = (
            (np.isfinite(start), "start", "Give a finite time in days."),
            (np.isfinite(amount) & (amount > 0.0), "amount", "Give a positive amount in mg."),
            (
                np.isfinite(duration) & (duration >= 0.0) & ~(under_skin & (duration > 0.0)),
                "duration",
                "Give days, not negative, and 0 for a subcutaneous dose.",
            ),
        )
        for good, name, remedy in checks:
            if not good.all():
                at = int(np.argmin(good))
                raise refuse(f"the {name} cannot be used.", f"schedule, dose {at + 1}", remedy)
        order = np.argsort(start, kind="stable")
        object.__setattr__(self, "start_day", start[order])
        object.__setattr__(self, "duration_day", duration[order])
        object.__setattr__(self, "amount_mg", amount[order])
        object.__setattr__(self, "subcutaneous", under_skin[order])


@dataclass(frozen=True, slots=True, eq=False)
class PkParameters:
    """Parameters of n lanes (people or draws) over k covariate segments.

    ``segment_day`` (k,) is the start of each segment, ascending; the first must not be later
    than the first dose (minus infinity will do) and the last lasts for ever. All others have
    shape (n, k).

    Raises
    ------
    SolverError
        When shapes differ or a value cannot be used (volumes, Km and ka positive, the others
        not negative, F in 0-1).
    """

    segment_day: Floats
    cl_l_per_day: Floats
    vc_l: Floats
    q_l_per_day: Floats
    vp_l: Floats
    vmax_mg_per_day: Floats
    km_mg_per_l: Floats
    ka_per_day: Floats
    f: Floats
    lag_day: Floats

    def __post_init__(self) -> None:
        for item in fields(self):
            object.__setattr__(self, item.name, np.asarray(getattr(self, item.name), float))
        day = self.segment_day
        shape = self.cl_l_per_day.shape
        if day.ndim != 1 or len(shape) != 2 or shape[1] != len(day) or 0 in shape:
            raise refuse(
                f"{len(day) if day.ndim else 0} segments but parameters of shape {shape}.",
                "parameters",
                "Give arrays (lanes, segments), at least one of each.",
            )
        if np.isnan(day).any() or not (np.diff(day) > 0.0).all() or not (day < np.inf).all():
            raise refuse("segments out of order.", "segment_day", "Sort them; no duplicates.")
        for item in fields(self)[1:]:
            value = getattr(self, item.name)
            if value.shape != shape:
                raise refuse(f"shape {value.shape}, not {shape}.", item.name, "Make them equal.")
            good = np.isfinite(value)
            if item.name in _POSITIVE:
                good &= value > 0.0
            elif item.name in _NOT_NEGATIVE:
                good &= value >= 0.0
            else:
                good &= (value >= 0.0) & (value <= 1.0)
            if not good.all():
                lane, segment = np.unravel_index(int(np.argmin(good)), shape)
                raise refuse(
                    f"{value[lane, segment]!r} cannot be used.",
                    f"{item.name}, lane {lane}, segment {segment}",
                    "Volumes, Km and ka are positive, F is 0-1, the others not negative.",
                )

    @property
    def lanes(self) -> int:
        """Number of people or draws."""
        return self.cl_l_per_day.shape[0]
