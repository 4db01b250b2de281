"""Compiles the solvers that a run will need, side by side, before the run needs them.

Compilation is Python for the most part and holds one core; a second process uses another. What
it compiles lands on disk, where this process finds it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from openntz.mechanism import solver
from openntz.mechanism.compartments import TANGENTS, Shape, system_of


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


def compile_shape(shape: Shape) -> None:
    """Compile the solver of a shape, or load it."""
    solver.compile_system(system_of(shape))


def warm_up(shapes: Sequence[Shape]) -> None:
    """Load solvers, after compiling those not on disk, the first in a process of its own.

    Processes forked from this one inherit them.
    """
    missing = [shape for shape in shapes if not solver.is_compiled(system_of(shape))]
    if len(missing) > 1:
        _compile_elsewhere(missing[0], missing[1:])
    for shape in shapes:
        compile_shape(shape)


def _compile_elsewhere(first: Shape, others: Sequence[Shape]) -> None:
    numbers = (first.peripherals, int(first.depot), int(first.saturable), first.tangents)
    with subprocess.Popen(
        [sys.executable, "-m", __name__, *map(str, numbers)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as other:
        for shape in others:
            compile_shape(shape)
        # Whatever became of it: what is missing then is compiled by this process.
        other.wait()


if __name__ == "__main__":
    _peripherals, _depot, _saturable, _tangents = (int(word) for word in sys.argv[1:])
    compile_shape(Shape(_peripherals, bool(_depot), bool(_saturable), _tangents))
