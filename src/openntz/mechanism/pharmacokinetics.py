"""Drug amounts and serum concentration of one or many people.

Subcutaneous doses enter a depot after a lag and are absorbed at first order; infusions enter
the central compartment at constant rate. Elimination from the central compartment is linear
and saturable (Michaelis-Menten); a peripheral compartment exchanges with it:

    depot' = -ka depot                                (F x dose enters at dose time + lag)
    A1'    = rate + ka depot - CL C - Vmax C/(Km + C) - Q (C - A2/Vp),   C = A1/Vc
    A2'    = Q (C - A2/Vp)

Amounts in mg, volumes in L, time in days; 1 mg/L = 1 ug/mL. When a covariate changes a volume,
amounts are conserved, so the concentration jumps at that moment. A value requested exactly at
the start of a dose or at a covariate change is the one just before it (the trough).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openntz.errors import SolverError
from openntz.mechanism import solver
from openntz.mechanism.events import Events, dose_events
from openntz.mechanism.kernels import two_compartment as kernel
from openntz.mechanism.kernels.dopri5 import Problem
from openntz.mechanism.kernels.layout import LANES
from openntz.mechanism.regimen import Floats, PkParameters, Schedule, refuse

__all__ = ["Concentration", "PkParameters", "Schedule", "simulate", "simulate_people"]


@dataclass(frozen=True, slots=True, eq=False)
class Concentration:
    """Serum concentration of n lanes at T times, with how each lane's integration ended.

    ``status`` (n,) holds the codes of ``solver.STATUS_NAME``, 0 for ok; ``steps`` (n,) the
    steps tried. Values of a lane that failed cannot be read.
    """

    time_day: Floats
    status: NDArray[np.int64]
    steps: NDArray[np.int64]
    _values: Floats

    def require_ok(self) -> None:
        """Raise unless every lane reached its last requested time.

        Raises
        ------
        SolverError
            Naming the first lane that failed, its status and the remedy.
        """
        failed = np.flatnonzero(self.status)
        if len(failed):
            code = int(self.status[failed[0]])
            raise SolverError(
                f"{solver.STATUS_NAME[code]} ({len(failed)} of {len(self.status)} lanes).",
                where=f"lane {failed[0]}",
                remedy=solver.REMEDY[code],
            )

    @property
    def ug_per_ml(self) -> Floats:
        """Concentration in ug/mL, shape (n, T).

        Raises
        ------
        SolverError
            When a lane failed, as ``require_ok``.
        """
        self.require_ok()
        return self._values

    def of_lanes_ok(self) -> tuple[NDArray[np.intp], Floats]:
        """Indices of the lanes that did not fail and their concentration in ug/mL."""
        good = np.flatnonzero(self.status == 0)
        return good, self._values[good]


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """One (parameters, schedule, times) prepared for the solver."""

    start: float
    events: Events
    rows: Floats  # (lanes, segments from the first used on, kernel parameters)
    time: Floats  # ascending
    order: NDArray[np.intp]  # the caller's times in this order are ``time``


def _rows(parameters: PkParameters, first_segment: int) -> Floats:
    used = np.s_[:, first_segment:]
    vc, q = parameters.vc_l[used], parameters.q_l_per_day[used]
    table = np.empty((*vc.shape, kernel.PARAMETERS))
    # A rate too large for a number is one the solver cannot follow, and it says so.
    with np.errstate(over="ignore"):
        table[..., kernel.ABSORPTION] = parameters.ka_per_day[used]
        table[..., kernel.ELIMINATION] = parameters.cl_l_per_day[used] / vc
        table[..., kernel.OUTWARD] = q / vc
        table[..., kernel.INWARD] = q / parameters.vp_l[used]
        table[..., kernel.SATURABLE_MAXIMUM] = parameters.vmax_mg_per_day[used]
        table[..., kernel.SATURABLE_HALF] = parameters.km_mg_per_l[used] * vc
        table[..., kernel.INVERSE_VOLUME] = 1.0 / vc
    return table


def _prepare(parameters: PkParameters, doses: Schedule, time_day: ArrayLike) -> _Piece:
    time = np.asarray(time_day, float)
    if time.ndim != 1 or not np.isfinite(time).all():
        raise refuse("the requested times cannot be used.", "time_day", "Give finite days (T,).")
    order = np.argsort(time, kind="stable")
    start = float(doses.start_day[0]) if len(doses.start_day) else float(time.max(initial=0.0))
    first_segment = int(np.searchsorted(parameters.segment_day, start, side="right")) - 1
    if first_segment < 0 and len(doses.start_day):
        raise refuse(
            f"the first segment starts on day {parameters.segment_day[0]:g}, after the first "
            f"dose on day {start:g}.",
            "segment_day",
            "Let the first segment start at or before the first dose.",
        )
    return _Piece(
        start=start,
        events=dose_events(parameters, doses, max(first_segment, 0)),
        rows=_rows(parameters, max(first_segment, 0)),
        time=time[order],
        order=order,
    )


def _ranges(shapes: Sequence[tuple[int, ...]], lanes: Sequence[int]) -> NDArray[np.int64]:
    """(first, one past last) of every lane; piece i has lists of shape (1 or lanes, length)."""
    table = np.empty((sum(lanes), 2), np.int64)
    lane = offset = 0
    for (count, size), n in zip(shapes, lanes, strict=True):
        shift = size * np.arange(n) if count > 1 else 0
        table[lane : lane + n, 0] = offset + shift
        table[lane : lane + n, 1] = offset + size + shift
        lane, offset = lane + n, offset + count * size
    return table


def _problem(pieces: Sequence[_Piece]) -> Problem:
    lanes = [len(piece.rows) for piece in pieces]
    n = sum(lanes)
    events = [piece.events for piece in pieces]
    segments = np.repeat([piece.rows.shape[1] for piece in pieces], lanes)
    outputs = np.repeat([len(piece.time) for piece in pieces], lanes)

    def flat(arrays: Sequence[NDArray]) -> NDArray:
        return np.concatenate([array.ravel() for array in arrays])

    return Problem(
        lanes=LANES,
        start_time=np.repeat([piece.start for piece in pieces], lanes),
        initial=np.zeros((n, kernel.STATES)),
        parameters=np.concatenate([p.rows.reshape(-1, kernel.PARAMETERS) for p in pieces]),
        parameter_row=np.cumsum(segments) - segments,
        event_range=_ranges([e.time.shape for e in events], lanes),
        event_time=flat([e.time for e in events]),
        event_kind=flat([e.kind for e in events]),
        event_index=flat([e.index for e in events]),
        event_value=flat([e.value for e in events]),
        output_range=_ranges([(1, len(p.time)) for p in pieces], lanes),
        output_time=flat([piece.time for piece in pieces]),
        output_row=np.cumsum(outputs) - outputs,
        values=np.full((int(outputs.sum()), 1), np.nan),
        status=np.zeros(n, np.int64),
        steps=np.zeros(n, np.int64),
    )


def simulate_people(
    people: Sequence[tuple[PkParameters, Schedule, ArrayLike]],
    *,
    rtol: float = 3e-7,
    atol: float = 1e-8,
    threads: int = 1,
) -> tuple[Concentration, ...]:
    """Concentrations of several people, each with own schedule, times (T,) in days, and lanes.

    Raises
    ------
    SolverError
        When a time, a tolerance or the first covariate segment cannot be used.
    """
    if not people:
        return ()
    pieces = [_prepare(*person) for person in people]
    problem = _problem(pieces)
    solver.solve(solver.TWO_COMPARTMENT, problem, rtol=rtol, atol=atol, threads=threads)
    # A wash-out ends in rounding noise around zero, which no reader should see as negative.
    values = np.maximum(problem.values[:, 0], 0.0)
    results = []
    lane = row = 0
    for piece in pieces:
        n, size = len(piece.rows), len(piece.time)
        table = np.empty((n, size))
        table[:, piece.order] = values[row : row + n * size].reshape(n, size)
        time = np.empty(size)
        time[piece.order] = piece.time
        own = slice(lane, lane + n)
        results.append(Concentration(time, problem.status[own], problem.steps[own], table))
        lane, row = lane + n, row + n * size
    return tuple(results)


def simulate(
    parameters: PkParameters,
    schedule: Schedule,
    time_day: ArrayLike,
    *,
    rtol: float = 3e-7,
    atol: float = 1e-8,
    threads: int = 1,
) -> Concentration:
    """Concentration of the n lanes of ``parameters`` under one schedule at T times (days).

    ``rtol`` is relative and ``atol`` (mg) absolute, per step and compartment.

    Raises
    ------
    SolverError
        As for ``simulate_people``.
    """
    return simulate_people(
        [(parameters, schedule, time_day)], rtol=rtol, atol=atol, threads=threads
    )[0]
