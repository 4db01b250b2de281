"""Concentrations of many people with own doses, parameters over common segments, and one clock.

What ``pharmacokinetics.simulate_people`` does for one person after another is laid out here for
all at once: a person costs no Python, whatever the days of the doses.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.mechanism import solver
from openntz.mechanism.compartments import Shape, system_of
from openntz.mechanism.events import SHORTEST_INFUSION_DAY
from openntz.mechanism.kernels.compartments import CENTRAL
from openntz.mechanism.kernels.layout import LANES
from openntz.mechanism.kernels.problem import BOLUS, RATE_OFF, RATE_ON, SEGMENT, Problem
from openntz.mechanism.pharmacokinetics import Concentration
from openntz.mechanism.regimen import Floats, PkParameters, refuse
from openntz.mechanism.rows import kernel_rows

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class CrowdDoses(Struct, frozen=True, eq=False):
    """Doses of n people, each array (n, m); a start of infinity is no dose.

    Days from an origin of the caller's, amounts in mg; the length is that of an infusion, and 0
    for a dose under the skin, which meets lag, bioavailability and first-order absorption.

    Raises
    ------
    SolverError
        When shapes differ, somebody has no dose, or a number cannot be used.
    """

    start_day: Floats
    duration_day: Floats
    amount_mg: Floats
    subcutaneous: Bools

    def __post_init__(self) -> None:
        start, there = self.start_day, np.isfinite(self.start_day)
        others = (self.duration_day, self.amount_mg, self.subcutaneous)
        if start.ndim != 2 or any(one.shape != start.shape for one in others):
            raise refuse("the dose arrays differ in shape.", "doses", "Give (people, doses).")
        good = there | (start == np.inf)
        good &= ~there | ((self.amount_mg > 0.0) & np.isfinite(self.amount_mg))
        good &= ~there | ((self.duration_day >= 0.0) & np.isfinite(self.duration_day))
        good &= ~(there & self.subcutaneous & (self.duration_day > 0.0))
        good = good.all(axis=1) & there.any(axis=1)
        if not good.all():
            raise refuse(
                "the doses cannot be used.",
                f"person {int(np.argmin(good)) + 1}",
                "Give at least one dose, finite days and lengths, and positive amounts.",
            )

    def of(self, rows: Ints) -> CrowdDoses:
        """The doses of some of the people, by row."""
        return CrowdDoses(
            self.start_day[rows],
            self.duration_day[rows],
            self.amount_mg[rows],
            self.subcutaneous[rows],
        )


def simulate_crowd(
    parameters: PkParameters,
    doses: CrowdDoses,
    time_day: ArrayLike,
    *,
    rtol: float = 3e-7,
    atol: float = 1e-8,
) -> Concentration:
    """Concentration of n people, a lane each, under own doses at common times (T,), ascending.

    Values and tolerances are those of ``pharmacokinetics.simulate``: a person's result is that
    of being solved alone.

    Raises
    ------
    SolverError
        When times, tolerances or the first segment cannot be used.
    """
    time = np.asarray(time_day, float)
    if time.ndim != 1 or not len(time) or not np.isfinite(time).all() or (np.diff(time) < 0).any():
        raise refuse("the requested times cannot be used.", "time_day", "Give ascending days.")
    first = doses.start_day.min(axis=1)
    if parameters.lanes != len(first) or (parameters.segment_day[0] > first).any():
        raise refuse(
            "the parameters are not those of these doses.",
            "parameters",
            "Give a lane a person, and a first segment that starts at or before every first dose.",
        )
    given = np.isfinite(doses.start_day)
    depot = (given & doses.subcutaneous).any(axis=1)
    status, steps = (np.zeros(len(first), np.int64) for _ in range(2))
    values = np.empty((len(first), len(time)))
    for has_depot in (True, False):
        # Which equations a person needs, and so the last bit, must not depend on the others.
        for rows in _alike(parameters, np.flatnonzero(depot == has_depot)):
            shape = _shape(parameters, int(rows[0]), has_depot)
            problem = _problem(shape, parameters, doses.of(rows), rows, time)
            solver.solve(system_of(shape), problem, rtol=rtol, atol=atol)
            # A wash-out ends in rounding noise around zero.
            values[rows] = np.maximum(problem.values.reshape(len(rows), -1), 0.0)
            status[rows], steps[rows] = problem.status, problem.steps
    values[status != 0] = np.nan
    return Concentration(time, status, steps, values)


def _parts(parameters: PkParameters) -> NDArray[np.int64]:
    """Which of saturable elimination and two peripheral compartments each lane has (n, 3)."""
    rates = (parameters.vmax_mg_per_day, parameters.q_l_per_day, parameters.q2_l_per_day)
    return np.stack([(np.asarray(r) > 0.0).any(axis=1) for r in rates], axis=1).astype(np.int64)


def _alike(parameters: PkParameters, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    kind = _parts(parameters)[rows] @ np.array([1, 2, 4])
    return [rows[kind == one] for one in np.unique(kind)]


def _shape(parameters: PkParameters, row: int, depot: bool) -> Shape:
    saturable, one, two = (int(part) for part in _parts(parameters)[row])
    return Shape(2 if two else one, depot, bool(saturable))


def _problem(
    shape: Shape,
    parameters: PkParameters,
    doses: CrowdDoses,
    rows: NDArray[np.intp],
    time: Floats,
) -> Problem:
    n, k, size = len(rows), len(parameters.segment_day), len(time)
    values = {name: table[rows] for name, table in parameters.values.items()}
    start = doses.start_day.min(axis=1)
    # The segment the first dose falls into; later ones count from it.
    begin = np.searchsorted(parameters.segment_day, start, side="right") - 1
    when, kind, index, value = _events(shape, parameters.segment_day, values, doses, begin)
    events = when.shape[1]
    ranges = np.arange(n)[:, None] * events + np.stack(
        [np.zeros(n, np.int64), np.isfinite(when).sum(axis=1)], axis=1
    )
    whole = kernel_rows(shape, values, {}, np.arange(k), 1)
    none = np.zeros((n * events, 0))
    return Problem(
        lanes=min(LANES, n),
        start_time=start,
        initial=np.zeros((n, shape.own_states)),
        parameters=whole.reshape(-1, whole.shape[-1]),
        parameter_row=np.arange(n) * k + begin,
        event_range=ranges,
        event_time=when.ravel(),
        event_kind=kind.ravel(),
        event_index=index.ravel(),
        event_value=value.ravel(),
        event_value_tangent=none,
        event_time_tangent=none,
        output_range=np.tile(np.array([[0, size]], np.int64), (n, 1)),
        output_time=time,
        output_row=np.arange(n) * size,
        values=np.full((n * size, 1), np.nan),
        status=np.zeros(n, np.int64),
        steps=np.zeros(n, np.int64),
    )


def _events(
    shape: Shape,
    segment_day: Floats,
    values: dict[str, Floats],
    doses: CrowdDoses,
    begin: Ints,
) -> tuple[Floats, Ints, Ints, Floats]:
    """Time, kind, index and value of each person's events (n, E), in the order of ``events``.

    What does not happen to a person lies at infinity, at the end.
    """
    given = np.isfinite(doses.start_day)
    skin = given & doses.subcutaneous
    finite = np.where(given, doses.start_day, 0.0)
    ends = finite + doses.duration_day
    # The length as the solver's clock has it, so that the amount comes out exact.
    lasting = ends - finite
    at_once = given & ~doses.subcutaneous & (lasting < SHORTEST_INFUSION_DAY)
    drip = given & ~doses.subcutaneous & ~at_once
    rate = doses.amount_mg / np.where(drip, lasting, 1.0)
    own = np.searchsorted(segment_day, finite, side="right") - 1
    lag, f = (np.take_along_axis(values[name], own, axis=1) for name in ("lag", "f"))
    later = np.arange(1, len(segment_day))
    changes = np.where(later > begin[:, None], segment_day[1:], np.inf)
    parts = (
        (SEGMENT, later - begin[:, None], changes, np.zeros(changes.shape)),
        (RATE_OFF, CENTRAL, np.where(drip, ends, np.inf), rate),
        (RATE_ON, CENTRAL, np.where(drip, finite, np.inf), rate),
        (BOLUS, CENTRAL, np.where(at_once, finite, np.inf), doses.amount_mg),
        (BOLUS, shape.depot_state, np.where(skin, finite + lag, np.inf), doses.amount_mg * f),
    )
    time = np.concatenate([part[2] for part in parts], axis=1)
    kind = np.concatenate([np.full(part[2].shape, part[0], np.int64) for part in parts], axis=1)
    index = np.concatenate(
        [np.broadcast_to(np.asarray(part[1], np.int64), part[2].shape) for part in parts], axis=1
    )
    value = np.concatenate([part[3] for part in parts], axis=1)
    order = np.argsort(time, axis=1, kind="stable")
    # Columns that nobody needs are left out.
    order = order[:, : int(np.isfinite(time).sum(axis=1).max())]
    rows = np.arange(len(order))[:, None]
    return time[rows, order], kind[rows, order], index[rows, order], value[rows, order]
