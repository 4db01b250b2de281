"""What the compiled solver is given and gives back: flat arrays, kinds of event, status codes.

Nothing here needs the compiler, so that code kept on disk can be called without loading it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Kinds of event; at equal times they are applied in the order of the caller's list.
RATE_ON: Final = 0
RATE_OFF: Final = 1
BOLUS: Final = 2
SEGMENT: Final = 3

OK: Final = 0
STEP_UNDERFLOW: Final = 1
TOO_MANY_STEPS: Final = 2
# Set by who prepares a problem, never by the integrator.
UNUSABLE: Final = 3
NO_STEADY_STATE: Final = 4


class Problem(NamedTuple):
    """What to integrate, as flat arrays over ``n`` people, and where the results go.

    People may share event lists, requested times and parameter rows by naming the same range.
    Times ascend within a range. Integration starts at ``start_time`` from ``initial``; earlier
    requested times get the initial values, and no event may lie before it.
    """

    lanes: int  # LANES, or fewer for fewer people; unknown to the compiler, which would unroll
    start_time: NDArray[np.float64]  # (n,)
    initial: NDArray[np.float64]  # (n, states)
    parameters: NDArray[np.float64]  # (rows, parameters)
    parameter_row: NDArray[np.int64]  # (n,) first row of each person
    event_range: NDArray[np.int64]  # (n, 2) first and one past the last event
    event_time: NDArray[np.float64]
    event_kind: NDArray[np.int64]
    event_index: NDArray[np.int64]  # state of a BOLUS, row offset of a SEGMENT
    event_value: NDArray[np.float64]  # amount of a BOLUS, rate of an infusion
    event_value_tangent: NDArray[np.float64]  # (events, TANGENTS) derivatives of the value
    event_time_tangent: NDArray[np.float64]  # (events, TANGENTS) derivatives of the time
    output_range: NDArray[np.int64]  # (n, 2) first and one past the last requested time
    output_time: NDArray[np.float64]
    output_row: NDArray[np.int64]  # (n,) row of ``values`` for the first requested time
    values: NDArray[np.float64]  # (rows, observed), filled in
    status: NDArray[np.int64]  # (n,), filled in
    steps: NDArray[np.int64]  # (n,), filled in


class Lanes(NamedTuple):
    """What the lanes are doing; integer arrays have shape (LANES,)."""

    w: NDArray[np.float64]
    person: NDArray[np.int64]  # -1 when idle
    event: NDArray[np.int64]
    output: NDArray[np.int64]
    infusions: NDArray[np.int64]


# Arrays of whole numbers, and of two dimensions; the others are vectors of doubles.
WHOLE: Final = frozenset(
    {"person", "event", "output", "infusions", "parameter_row", "event_range", "event_kind",
     "event_index", "output_range", "output_row", "status", "steps"}
)  # fmt: skip
TABLES: Final = frozenset(
    {"initial", "parameters", "event_range", "event_value_tangent", "event_time_tangent",
     "output_range", "values"}
)  # fmt: skip
