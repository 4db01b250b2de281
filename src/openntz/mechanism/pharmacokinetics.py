"""Drug amounts and serum concentration of one or many people.

Subcutaneous doses enter a depot after a lag and are absorbed at first order (or at zero order,
over a duration, straight into the central compartment); infusions enter the central
compartment at constant rate. Elimination from the central compartment is linear and saturable
(Michaelis-Menten); up to two peripheral compartments exchange with it:

    depot' = -ka depot                                (F x dose enters at dose time + lag)
    A1'    = rate + ka depot - CL C - Vmax C/(Km + C) - Q (C - A2/Vp) - Q2 (C - A3/Vp2)
    A2'    = Q (C - A2/Vp),   A3' = Q2 (C - A3/Vp2),   C = A1/Vc

Amounts in mg, volumes in L, time in days; 1 mg/L = 1 ug/mL. When a covariate changes a volume,
amounts are conserved, so the concentration jumps at that moment. A value requested exactly at
the start of a dose or at a covariate change is the one just before it (the trough).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.errors import SolverError
from openntz.mechanism import solver
from openntz.mechanism.plan import Plan, Span
from openntz.mechanism.regimen import Floats, PkParameters, Schedule

__all__ = ["Concentration", "PkParameters", "Schedule", "simulate", "simulate_people"]


class Concentration(Struct, frozen=True, eq=False):
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


def simulate_people(
    people: Sequence[tuple[PkParameters, Schedule, ArrayLike]],
    *,
    rtol: float = 3e-7,
    atol: float = 1e-8,
    threads: int = 1,
) -> tuple[Concentration, ...]:
    """Concentrations of several people, each with own schedule, times (T,) in days, and lanes.

    People with equally many lanes are solved together.

    Raises
    ------
    SolverError
        When a time, a tolerance or the first covariate segment cannot be used.
    """
    spans = [
        Span(schedule, parameters.segment_day, np.asarray(time, float))
        for parameters, schedule, time in people
    ]
    # Which equations a person needs, and so the last bit, must not depend on the neighbours.
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, (parameters, _, _) in enumerate(people):
        parts = (parameters.vmax_mg_per_day, parameters.q_l_per_day, parameters.q2_l_per_day)
        there = tuple(int(np.any(np.asarray(part) > 0.0)) for part in parts)
        alike.setdefault((parameters.lanes, *there), []).append(i)
    results: dict[int, Concentration] = {}
    for members in alike.values():
        plan = Plan([spans[i] for i in members])
        tables = [people[i][0].values for i in members]
        values = {name: np.concatenate([t[name] for t in tables], axis=1) for name in tables[0]}
        solved = plan.solve(values, rtol=rtol, atol=atol, threads=threads)
        for j, i in enumerate(members):
            own = slice(plan.times[j], plan.times[j + 1])
            results[i] = Concentration(
                spans[i].time_day,
                solved.status[:, j],
                solved.steps[:, j],
                solved.concentration[:, own],
            )
    return tuple(results[i] for i in range(len(people)))


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
