"""Compiles the solvers that a run will need, side by side, before the run needs them.

Compilation is Python for the most part and holds one core; a second process uses another. What
it compiles lands in numba's cache on disk, where this process finds it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from openntz.mechanism import solver
from openntz.mechanism.compartments import TANGENTS, Shape, system_of
from openntz.mechanism.kernels.dopri5 import Problem
from openntz.mechanism.kernels.layout import LANES


def shapes_of(compartments: int, elimination: str, absorption: str) -> tuple[Shape, ...]:
    """The solvers that forecasts under a model need, dearest first.

    Parameters
    ----------
    compartments, elimination, absorption
        As on a model card.
    """
    peripherals, saturable = compartments - 1, "michaelis-menten" in elimination
    depots = (True, False) if absorption == "first-order" else (False,)
    plain = [Shape(peripherals, depot, saturable) for depot in depots]
    return (Shape(peripherals, depots[0], saturable, TANGENTS), *plain)


def _nobody(shape: Shape) -> Problem:
    """A problem of no people: enough for the compiler to know all types."""
    none, whole, pairs = np.empty(0), np.empty(0, np.int64), np.empty((0, 2), np.int64)
    states, parameters = shape.own_states, shape.own_parameters
    width = 1 + shape.tangents
    return Problem(
        lanes=LANES,
        start_time=none,
        initial=np.empty((0, states * width)),
        parameters=np.empty((0, parameters * width)),
        parameter_row=whole,
        event_range=pairs,
        event_time=none,
        event_kind=whole,
        event_index=whole,
        event_value=none,
        event_value_tangent=np.empty((0, shape.tangents)),
        event_time_tangent=np.empty((0, shape.tangents)),
        output_range=pairs,
        output_time=none,
        output_row=whole,
        values=np.empty((0, width)),
        status=whole.copy(),
        steps=whole.copy(),
    )


def compile_shape(shape: Shape) -> None:
    """Compile the solver of a shape, or load it."""
    solver.solve(system_of(shape), _nobody(shape), rtol=1e-4, atol=1e-4)


def warm_up(shapes: Sequence[Shape]) -> None:
    """Compile the solvers that are not on disk yet, the first in a process of its own."""
    missing = [shape for shape in shapes if not solver.is_compiled(system_of(shape))]
    if len(missing) < 2:
        return
    first = missing[0]
    numbers = (first.peripherals, int(first.depot), int(first.saturable), first.tangents)
    with subprocess.Popen(
        [sys.executable, "-m", __name__, *map(str, numbers)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as other:
        for shape in missing[1:]:
            compile_shape(shape)
        # Whatever became of it: what is missing then is compiled when it is needed.
        other.wait()


if __name__ == "__main__":
    _peripherals, _depot, _saturable, _tangents = (int(word) for word in sys.argv[1:])
    compile_shape(Shape(_peripherals, bool(_depot), bool(_saturable), _tangents))
