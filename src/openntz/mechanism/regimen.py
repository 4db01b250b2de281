"""What the pharmacokinetic model needs to know of a person: doses and parameters over time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr
from numpy.typing import ArrayLike, NDArray

from openntz.errors import SolverError

Floats = NDArray[np.float64]

# Field of ``PkParameters`` -> the field's standard symbol.
SYMBOLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cl_l_per_day": "cl",
        "vc_l": "vc",
        "q_l_per_day": "q",
        "vp_l": "vp",
        "vmax_mg_per_day": "vmax",
        "km_mg_per_l": "km",
        "ka_per_day": "ka",
        "f": "f",
        "lag_day": "lag",
        "q2_l_per_day": "q2",
        "vp2_l": "vp2",
        "duration_day": "duration",
    }
)
POSITIVE: Final = frozenset({"vc", "vp", "vp2", "km", "ka", "duration"})


def refuse(what: str, where: str, remedy: str) -> SolverError:
    """The error for an input the solver cannot use."""
    return SolverError(what, where=where, remedy=remedy)


class Schedule(Struct, frozen=True, eq=False):
    """Doses of one person; arrays of shape (m,), times in days from an origin of the caller's.

    ``duration_day`` is the length of an infusion (0, or under a millisecond: given at once) and
    0 for a subcutaneous (or oral) dose. The doses are sorted by start; they may overlap or
    coincide. ``steady_interval_day`` is not 0 for a first dose that meets a steady state: given
    for ever at that interval before, or, when infinite, an infusion of ``amount_mg`` per day
    that ends at the start of this dose. ``segment`` names the covariate segment whose F, lag
    and duration a dose has; by default the one that starts at or before it.

    Raises
    ------
    SolverError
        When lengths differ, a number is not finite, an amount is not positive, a duration
        is negative or belongs to a subcutaneous dose, or a later dose claims a steady state.
    """

    start_day: Floats
    duration_day: Floats
    amount_mg: Floats
    subcutaneous: NDArray[np.bool_]
    steady_interval_day: ArrayLike = 0.0
    segment: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        start = np.atleast_1d(np.asarray(self.start_day, float))
        duration = np.atleast_1d(np.asarray(self.duration_day, float))
        amount = np.atleast_1d(np.asarray(self.amount_mg, float))
        under_skin = np.atleast_1d(np.asarray(self.subcutaneous, bool))
        steady = np.broadcast_to(np.asarray(self.steady_interval_day, float), start.shape)
        segment = None if self.segment is None else np.asarray(self.segment, np.int64)
        if not start.shape == duration.shape == amount.shape == under_skin.shape:
            raise refuse("the dose arrays differ in length.", "schedule", "Give one of each.")
        order = np.argsort(start, kind="stable")
        checks = (
            (np.isfinite(start), "start", "Give a finite time in days."),
            (np.isfinite(amount) & (amount > 0.0), "amount", "Give a positive amount in mg."),
            (
                np.isfinite(duration) & (duration >= 0.0) & ~(under_skin & (duration > 0.0)),
                "duration",
                "Give days, not negative, and 0 for a subcutaneous dose.",
            ),
            (
                (steady == 0.0) | ((steady > 0.0) & (np.arange(len(start)) == order[:1])),
                "steady state",
                "Let a steady state be that of the first dose, with a positive interval.",
            ),
        )
        for good, name, remedy in checks:
            if not good.all():
                at = int(np.argmin(good))
                raise refuse(f"the {name} cannot be used.", f"schedule, dose {at + 1}", remedy)
        found = (
            ("start_day", start),
            ("duration_day", duration),
            ("amount_mg", amount),
            ("subcutaneous", under_skin),
            ("steady_interval_day", steady),
        )
        for name, value in found:
            force_setattr(self, name, value[order])
        force_setattr(self, "segment", None if segment is None else segment[order])

    @property
    def steady(self) -> float:
        """Interval of the steady state the first dose meets, 0 without one."""
        interval = np.asarray(self.steady_interval_day, float)
        return float(interval[0]) if len(interval) else 0.0


class PkParameters(Struct, frozen=True, eq=False):
    """Parameters of n lanes (people or draws) over k covariate segments.

    ``segment_day`` (k,) is the start of each segment, ascending; the first must not be later
    than the first dose (minus infinity will do) and the last lasts for ever. All others have
    shape (n, k); the second peripheral compartment and the duration of a zero-order absorption
    may be left out.

    Raises
    ------
    SolverError
        When shapes differ or a value cannot be used (volumes, Km, ka and a duration positive,
        the others not negative, F in 0-1).
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
    q2_l_per_day: Floats | None = None
    vp2_l: Floats | None = None
    duration_day: Floats | None = None

    def __post_init__(self) -> None:
        shape = np.asarray(self.cl_l_per_day, float).shape
        absent = {"q2_l_per_day": 0.0, "vp2_l": 1.0, "duration_day": 1.0}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is None:
                value = np.full(shape, absent[name])
            force_setattr(self, name, np.asarray(value, float))
        day = self.segment_day
        if day.ndim != 1 or len(shape) != 2 or shape[1] != len(day) or 0 in shape:
            raise refuse(
                f"{len(day) if day.ndim else 0} segments but parameters of shape {shape}.",
                "parameters",
                "Give arrays (lanes, segments), at least one of each.",
            )
        check_segments(day)
        for name, symbol in SYMBOLS.items():
            value = getattr(self, name)
            if value.shape != shape:
                raise refuse(f"shape {value.shape}, not {shape}.", name, "Make them equal.")
            good = np.isfinite(value) & (value >= 0.0)
            if symbol in POSITIVE:
                good &= value > 0.0
            elif symbol == "f":
                good &= value <= 1.0
            if not good.all():
                lane, segment = np.unravel_index(int(np.argmin(good)), shape)
                raise refuse(
                    f"{value[lane, segment]!r} cannot be used.",
                    f"{name}, lane {lane}, segment {segment}",
                    "Volumes, Km and ka are positive, F is 0-1, the others not negative.",
                )

    @property
    def lanes(self) -> int:
        """Number of people or draws."""
        return self.cl_l_per_day.shape[0]

    @property
    def values(self) -> Mapping[str, Floats]:
        """The parameters by symbol, each (n, k)."""
        return {symbol: getattr(self, name) for name, symbol in SYMBOLS.items()}


def check_segments(day: Floats) -> None:
    """Refuse starts of segments (k,) that do not ascend.

    Raises
    ------
    SolverError
        Saying so.
    """
    if np.isnan(day).any() or not (np.diff(day) > 0.0).all() or not (day < np.inf).all():
        raise refuse("segments out of order.", "segment_day", "Sort them; no duplicates.")
