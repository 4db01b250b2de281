"""Stretches of dosing prepared once and solved many times, with derivatives where wanted.

Estimation asks for the same doses and times with ever new parameters, for one person or for
thousands together. What does not depend on the parameters is laid out for the solver once.

A value requested exactly at the start of a dose or at a covariate change is the one just
before it (the trough); ``numpy.nextafter`` asks for the one just after.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr
from numpy.typing import NDArray

from openntz.mechanism import solver
from openntz.mechanism.compartments import TANGENTS, Shape, system_of
from openntz.mechanism.events import Absorption, Events, dose_events, uptake
from openntz.mechanism.kernels.layout import LANES
from openntz.mechanism.kernels.problem import NO_STEADY_STATE, UNUSABLE, Problem
from openntz.mechanism.regimen import POSITIVE, Floats, Schedule, check_segments, refuse
from openntz.mechanism.rows import Values, kernel_rows
from openntz.mechanism.steady import before_steady_state
from openntz.mechanism.timeline import Timeline, lay_end_to_end, lay_infusions, nothing

Ints = NDArray[np.int64]

_UPTAKE: Final = ("f", "lag", "duration")


class Span(Struct, frozen=True, eq=False):
    """Doses of one person from an empty (or steady) state on, with the times asked for.

    ``segment_day`` (k,) holds the starts of the covariate segments, ascending, the first at or
    before the first dose; ``time_day`` (T,) may be in any order.

    Raises
    ------
    SolverError
        When a time cannot be used or the first segment starts too late.
    """

    schedule: Schedule
    segment_day: Floats
    time_day: Floats

    def __post_init__(self) -> None:
        time, day = np.asarray(self.time_day, float), np.asarray(self.segment_day, float)
        if time.ndim != 1 or not np.isfinite(time).all():
            raise refuse(
                "the requested times cannot be used.", "time_day", "Give finite days (T,)."
            )
        check_segments(day)
        doses = self.schedule.start_day
        if len(doses) and day[0] > doses[0]:
            raise refuse(
                f"the first segment starts on day {day[0]:g}, after the first dose on day "
                f"{doses[0]:g}.",
                "segment_day",
                "Let the first segment start at or before the first dose.",
            )
        force_setattr(self, "time_day", time)
        force_setattr(self, "segment_day", day)


class Solved(Struct, frozen=True, eq=False):
    """Concentration (n, R) in ug/mL of n lanes at the R times of all spans, one after another.

    ``tangent`` (n, R, d) holds its derivatives; ``status`` (n, spans) the codes of
    ``solver.STATUS_NAME``, 0 for ok, ``steps`` the steps tried. Values of a span that failed
    are not numbers.
    """

    concentration: Floats
    tangent: Floats
    status: Ints
    steps: Ints


class _Group(Struct, eq=False):
    """Spans of one shape: what stays, and the timeline of the last parameters that moved it."""

    spans: Ints
    segments: Ints  # rows of the caller's values, span after span
    times: Ints | slice  # columns of the caller's results, sorted in time within a span
    first: Ints  # row, within the group, of the segment the first dose falls into
    output_range: Ints
    output_time: Floats
    last: Floats  # the last time asked for, by span
    moving: bool
    key: tuple[bytes, ...] = ()
    timeline: Timeline | None = None
    unsteady: tuple[int, ...] = ()


class Plan:
    """Spans prepared for one absorption; ``solve`` answers for parameters over their segments.

    The segments of all spans count on from one another: parameters have shape (n, M) with M
    the sum of the spans' segments, results (n, R) with R the sum of their times.
    """

    def __init__(self, spans: Sequence[Span], absorption: Absorption = "first-order") -> None:
        """Lay out ``spans``; nothing is solved yet."""
        self.spans = tuple(spans)
        self.absorption: Absorption = absorption
        self.segments = _ends(len(s.segment_day) for s in self.spans)
        self.times = _ends(len(s.time_day) for s in self.spans)
        self._groups: dict[tuple[bool, ...], _Group] = {}
        skin = [bool(s.schedule.subcutaneous.any()) for s in self.spans]
        if absorption == "none" and any(skin):
            raise refuse(
                "extravascular doses, but the model has no absorption.",
                f"span {skin.index(True) + 1}",
                "Use a model card with absorption, or leave the person out.",
            )
        self._depot = np.array(skin, bool) & (absorption == "first-order")

    def solve(
        self,
        values: Values,
        slopes: Values | None = None,
        *,
        directions: int = 0,
        only: NDArray[np.bool_] | None = None,
        rtol: float = 3e-7,
        atol: float = 1e-8,
        threads: int = 1,
    ) -> Solved:
        """Concentrations, and their derivatives in as many directions.

        Parameters
        ----------
        values : mapping of arrays (n, M)
            All twelve symbols, in L, day, mg and mg/L.
        slopes : mapping of arrays (n, M, directions)
            Derivatives of the parameters; symbols left out do not depend on them.
        only : array (spans,), optional
            The spans to solve; the results of the others are not numbers, their status 0.
        rtol, atol : float
            Relative, and absolute (mg), per step, of amounts and their derivatives.

        Raises
        ------
        SolverError
            When a tolerance cannot be used. Parameters that cannot be used are a status.
        """
        n = len(values["cl"])
        result = Solved(
            np.full((n, self.times[-1]), np.nan),
            np.full((n, self.times[-1], directions), np.nan),
            np.zeros((n, len(self.spans)), np.int64),
            np.zeros((n, len(self.spans)), np.int64),
        )
        usable = np.ones((n, int(self.segments[-1])), bool)
        for name, value in values.items():
            usable &= np.isfinite(value) & ((value > 0.0) if name in POSITIVE else (value >= 0.0))
        if not usable.all():
            values = {name: np.where(usable, value, 1.0) for name, value in values.items()}
        for depot in (False, True):
            for group in self._of(depot, directions > 0):
                self._solve_group(
                    group, self._shape(values, depot, directions), values, slopes or {},
                    directions, (rtol, atol, threads), result, only,
                )  # fmt: skip
        # A wash-out ends in rounding noise around zero, which no reader should see as negative.
        np.maximum(result.concentration, 0.0, out=result.concentration)
        if not usable.all():
            bad = ~np.logical_and.reduceat(usable, self.segments[:-1], axis=1)
            result.status[bad] = UNUSABLE
        for i, span in np.argwhere(result.status != 0):
            own = slice(self.times[span], self.times[span + 1])
            result.concentration[i, own] = np.nan
            result.tangent[i, own] = np.nan
        return result

    def _shape(self, values: Values, depot: bool, directions: int) -> Shape:
        peripherals = 2 if (values["q2"] > 0.0).any() else int((values["q"] > 0.0).any())
        saturable = bool((values["vmax"] > 0.0).any())
        return Shape(peripherals, depot, saturable, TANGENTS if directions else 0)

    def _of(self, depot: bool, tangents: bool) -> tuple[_Group, ...]:
        """The spans with or without depot; all have one where derivatives are carried.

        One compiled system with derivatives instead of two: the first start is the one that
        people wait for.
        """
        absorbed = self.absorption == "first-order"
        key = (depot, tangents)
        if key not in self._groups:
            if tangents:
                chosen = np.arange(len(self.spans)) if depot == absorbed else np.arange(0)
            else:
                chosen = np.flatnonzero(self._depot == depot)
            if len(chosen):
                self._groups[key] = self._lay_out(chosen)
        return (self._groups[key],) if key in self._groups else ()

    def _lay_out(self, chosen: NDArray[np.intp]) -> _Group:
        segments, times, first, sizes, moving = [], [], [], [], False
        rows = 0
        for s in chosen:
            span = self.spans[s]
            k = len(span.segment_day)
            segments.append(np.arange(self.segments[s], self.segments[s + 1]))
            times.append(self.times[s] + np.argsort(span.time_day, kind="stable"))
            first.append(rows + self._first_segment(span))
            sizes.append(len(span.time_day))
            moving |= bool(span.schedule.subcutaneous.any()) or span.schedule.steady > 0.0
            rows += k
        ends = np.cumsum(sizes)
        column = np.concatenate(times)
        day = np.concatenate([span.time_day for span in self.spans])
        return _Group(
            spans=np.asarray(chosen, np.int64),
            segments=np.concatenate(segments),
            times=slice(0, len(day)) if np.array_equal(column, np.arange(len(day))) else column,
            first=np.array(first, np.int64),
            output_range=np.stack([ends - sizes, ends], axis=1),
            output_time=day[column],
            last=np.array([self.spans[s].time_day.max(initial=0.0) for s in chosen]),
            moving=moving,
        )

    @staticmethod
    def _first_segment(span: Span) -> int:
        doses = span.schedule.start_day
        if not len(doses):
            return 0
        segment = int(np.searchsorted(span.segment_day, doses[0], side="right")) - 1
        if span.schedule.segment is not None:
            segment = min(segment, int(span.schedule.segment[0]))
        return segment

    def _timeline(
        self, group: _Group, shape: Shape, values: Values, slopes: Values, directions: int
    ) -> Timeline:
        """The events of every span, those of the last call where nothing moved them."""
        key: tuple[bytes, ...] = (repr((shape, directions)).encode(),)
        if group.moving:
            names = (*_UPTAKE, "cl", "vc", "q", "vp", "q2", "vp2", "vmax", "km", "ka")
            steady = any(self.spans[s].schedule.steady > 0.0 for s in group.spans)
            key += tuple(values[n].tobytes() for n in (names if steady else _UPTAKE))
            key += tuple(slopes[n].tobytes() for n in _UPTAKE if n in slopes)
        if not group.moving and (group.timeline is None or key != group.key):
            spans = [self.spans[s] for s in group.spans]
            changes = [s.segment_day[self._first_segment(s) + 1 :] for s in spans]
            schedules = [s.schedule for s in spans]
            group.timeline, group.key = lay_infusions(schedules, changes, shape.tangents), key
        elif group.timeline is None or key != group.key:
            found = [
                self._events_of(int(s), shape, values, slopes, directions) for s in group.spans
            ]
            group.unsteady = tuple(i for i, events in enumerate(found) if events is None)
            kept = [e if e is not None else nothing(directions) for e in found]
            group.timeline, group.key = lay_end_to_end(kept, shape.tangents, directions), key
        return group.timeline

    def _events_of(
        self, s: int, shape: Shape, values: Values, slopes: Values, directions: int
    ) -> Events | None:
        """The events of a span; None when the steady state it claims does not exist."""
        span, own = self.spans[s], slice(self.segments[s], self.segments[s + 1])
        mine = {name: values[name][:, own] for name in values}
        bent = {name: slopes[name][:, own] for name in _UPTAKE if name in slopes}
        doses, at = span.schedule, self._first_segment(span)
        if doses.steady > 0.0:
            longer = before_steady_state(doses, {name: v[:, at] for name, v in mine.items()})
            if longer is None:
                return None
            doses = longer
        met = uptake(doses, span.segment_day, mine, bent, directions)
        changes = span.segment_day[at + 1 :]
        return dose_events(doses, changes, met, absorption=self.absorption, depot=shape.depot_state)

    def _solve_group(
        self,
        group: _Group,
        shape: Shape,
        values: Values,
        slopes: Values,
        directions: int,
        how: tuple[float, float, int],
        result: Solved,
        only: NDArray[np.bool_] | None,
    ) -> None:
        n, spans, size = len(values["cl"]), len(group.spans), len(group.output_time)
        pick = np.arange(spans) if only is None else np.flatnonzero(only[group.spans])
        if not len(pick):
            return
        chunks = -(-directions // TANGENTS) if shape.tangents else 1
        lanes = (chunks, n, len(pick))
        line = self._timeline(group, shape, values, slopes, directions)
        rows = kernel_rows(shape, values, slopes, group.segments, chunks)
        which = np.arange(chunks * n)[:, None]
        # A span without doses stays at zero; integration starts, and ends, at its last time.
        start = np.where(np.isfinite(line.start), line.start, group.last)[:, pick]
        shift = line.length * np.arange(chunks) * (line.copies > 1)
        if straight := not shape.tangents and isinstance(group.times, slice):
            blank = result.concentration.reshape(-1, 1)
        else:
            # Filled in whole, or not used: a span that fails has a status instead.
            blank = np.empty((chunks * n * size, 1 + shape.tangents))
            if only is not None:
                blank.fill(np.nan)
        problem = Problem(
            # With fewer people than lanes, the empty ones need not be carried along.
            lanes=min(LANES, chunks * n * len(pick)),
            start_time=np.broadcast_to(start, lanes).flatten(),
            initial=np.zeros((chunks * n * len(pick), shape.own_states * (1 + shape.tangents))),
            parameters=rows.reshape(-1, rows.shape[-1]),
            parameter_row=(which * len(group.segments) + group.first[pick]).ravel(),
            event_range=(
                np.broadcast_to(line.range[:, pick], (*lanes, 2)) + shift[:, None, None, None]
            ).reshape(-1, 2),
            event_time=line.time,
            event_kind=line.kind,
            event_index=line.index,
            event_value=line.value,
            event_value_tangent=line.value_tangent,
            event_time_tangent=line.time_tangent,
            output_range=np.tile(group.output_range[pick], (chunks * n, 1)),
            output_time=group.output_time,
            output_row=(which * size + group.output_range[pick, 0]).ravel(),
            values=blank,
            status=np.zeros(chunks * n * len(pick), np.int64),
            steps=np.zeros(chunks * n * len(pick), np.int64),
        )
        rtol, atol, threads = how
        solver.solve(system_of(shape), problem, rtol=rtol, atol=atol, threads=threads)
        found = problem.values.reshape(chunks, n, size, 1 + shape.tangents)
        if not straight:
            result.concentration[:, group.times] = found[0, :, :, 0]
        for chunk in range(chunks if shape.tangents else 0):
            first = chunk * TANGENTS
            own = slice(first, min(first + TANGENTS, directions))
            result.tangent[:, group.times, own] = found[chunk, :, :, 1 : 1 + own.stop - first]
        result.status[:, group.spans[pick]] = problem.status.reshape(lanes).max(axis=0)
        result.status[:, group.spans[list(group.unsteady)]] = NO_STEADY_STATE
        result.steps[:, group.spans[pick]] = problem.steps.reshape(lanes).max(axis=0)


def _ends(sizes: Iterable[int]) -> list[int]:
    """0, then where each of the sizes laid end to end stops."""
    return list(itertools.accumulate(sizes, initial=0))
