"""Right-hand sides as compiled solvers, found on disk or made, and run.

One integrator template (``kernels/dopri5.py``) serves every model: its functions are compiled
once per right-hand side, and the machine code is kept under a name that carries a fingerprint
of everything it follows from. The compiler is loaded only where there is nothing to find.

Threads run the same machine code on blocks of people. What a person's result is depends
neither on the block nor on the thread, so any number of threads gives the same bytes.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from openntz.errors import SolverError
from openntz.kept import folder
from openntz.mechanism.kernels.layout import LANES
from openntz.mechanism.kernels.problem import (
    NO_STEADY_STATE,
    OK,
    STEP_UNDERFLOW,
    TOO_MANY_STEPS,
    UNUSABLE,
    Lanes,
    Problem,
)
from openntz.mechanism.machine_code import Loaded, MachineCode, addresses, made_for

if TYPE_CHECKING:
    from openntz.mechanism.kernels.compiler import Assembled

_LOG: Final = logging.getLogger(__name__)
_COMPILING: Final = "Compiling the solver for this kind of model: once on this machine."
_COMPILING_EACH_TIME: Final = (
    "Compiling the solver for this run alone: no folder for compiled code can be written. "
    "Name one in the environment variable NUMBA_CACHE_DIR."
)

MOST_STEPS: Final = 1e6
# In doubles. A register loaded across the boundary of two lines takes twice as long.
CACHE_LINE: Final = 8

# While the last people of a block are finished, other lanes idle: a block is no smaller.
LEAST_BLOCK: Final = 6 * LANES

REMEDY: Final = {
    OK: "",
    STEP_UNDERFLOW: (
        "The step became too short to move time on: a parameter is far outside its plausible "
        "range. Check amounts, rates and times of this person's doses, their units on the card, "
        "and the card's parameters."
    ),
    TOO_MANY_STEPS: (
        "The limit of steps was reached: the period is very long or a rate very fast. Check "
        "the parameters or shorten the period."
    ),
    UNUSABLE: (
        "A clearance, volume or rate is negative, zero or not a number. Check the model's "
        "variability and covariates for this person."
    ),
    NO_STEADY_STATE: (
        "The doses never reach a steady state with these parameters: as much comes in as "
        "elimination can remove, or it would take too long. Record the doses instead."
    ),
}
STATUS_NAME: Final = {
    OK: "ok",
    STEP_UNDERFLOW: "step size underflow",
    TOO_MANY_STEPS: "too many steps",
    UNUSABLE: "unusable parameters",
    NO_STEADY_STATE: "no steady state",
}


def no_tangent(w: Any, y: int, p: int, rate: int, k: int, j: int) -> None:
    """The derivatives of a system that carries none."""


class System(Struct, frozen=True):
    """A right-hand side and its dimensions.

    ``derive(w, y, p, rate, k)`` writes the rates of change of one lane: ``w`` is the work array
    and the others are offsets of the lane's state, parameters, infusion rate and result, with
    consecutive states ``LANES`` apart. ``observed`` names what is written out: state, parameter
    that multiplies it (or -1), and such a pair to add (or -1, -1).

    With ``tangents`` directions, ``derive_tangent(w, y, p, rate, k, j)`` writes the rates of
    change of the derivatives in direction ``j``. Each direction adds a block of states, of
    parameters and of infusion rates behind the model's own, counted in ``states`` and
    ``parameters``.
    """

    name: str
    derive: Callable[..., None]
    states: int
    parameters: int
    observed: tuple[tuple[int, int, int, int], ...]
    tangents: int = 0
    derive_tangent: Callable[..., None] = no_tangent


def fingerprint(stated: str, *more: Path) -> str:
    """Hash of what compiled code follows from: an edit of any kernel makes a new one."""
    digest = hashlib.sha256(stated.encode())
    here = Path(__file__).parent
    files = {Path(__file__), here / "machine_code.py", *(here / "kernels").glob("*.py"), *more}
    for file in sorted(files):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _layout(system: System) -> Mapping[str, int]:
    """Offsets of the row groups in the work array, in doubles."""
    groups = {"Y": system.states, "Y_NEW": system.states, "Y_STAGE": system.states}
    groups |= {f"K{stage}": system.states for stage in range(1, 8)}
    groups |= {
        "PARAMETER": system.parameters,
        "RATE": 1 + system.tangents,
        "TIME": 1,
        "STEP": 1,
        "PROPOSED": 1,
    }
    groups |= {"STOP": 1, "ERROR": 1, "NEXT_OUTPUT": 1}
    groups |= {"AHEAD": 1, "DUE": 1, "TAKEN": 1, "CARE": 1}
    offsets: dict[str, int] = {}
    rows = 0
    for name, size in groups.items():
        offsets[name] = rows * LANES
        rows += size
    return MappingProxyType(offsets | {"ROWS": rows})


def slot(system: System) -> str:
    """The name under which the machine code of a system is kept on this machine."""
    stated = repr(
        (system.name, system.observed, system.tangents, dict(_layout(system)), made_for())
    )
    sources = (Path(inspect.getfile(f)) for f in (system.derive, system.derive_tangent))
    return f"{system.name}_{fingerprint(stated, *sources)}"


def _on_disk(system: System) -> Path | None:
    place = folder(Path(__file__).parent / "kernels")
    return None if place is None else place / f"{slot(system)}.o"


def assembled(system: System) -> Assembled:
    """The machine code of a system, made now."""
    # Not before it is needed: it takes longer to load than a forecast to make.
    from openntz.mechanism.kernels.compiler import assemble

    names: dict[str, Any] = dict(_layout(system)) | {
        "STATES": system.states,
        "OWN_STATES": system.states // (1 + system.tangents),
        "TANGENTS": system.tangents,
        "PARAMETERS": system.parameters,
        "OBSERVED": system.observed,
    }
    return assemble(system.name, names, system.derive, system.derive_tangent)


@cache
def compile_system(system: System) -> Loaded:
    """The compiled block solver of a system: from disk, or made and kept there."""
    path = _on_disk(system)
    kept = None if path is None else MachineCode.kept(path)
    if kept is not None:
        return Loaded(kept)
    _LOG.info(_COMPILING_EACH_TIME if path is None else _COMPILING)
    made = assembled(system).code
    if path is not None:
        made.keep(path)
    return Loaded(made)


def is_compiled(system: System) -> bool:
    """Whether the system's machine code is on disk, or could not be kept there anyway."""
    path = _on_disk(system)
    return path is None or path.exists()


def new_lanes(system: System) -> Lanes:
    """Idle lanes: the scratch space of one thread, beginning with a cache line."""
    size = _layout(system)["ROWS"] * LANES
    room = np.zeros(size + CACHE_LINE)
    first = -(room.ctypes.data // room.itemsize) % CACHE_LINE
    w = room[first : first + size]
    idle = np.full(LANES, -1, np.int64)
    return Lanes(w, idle, *(np.zeros(LANES, np.int64) for _ in range(3)))


def blocks(n: int, threads: int) -> list[tuple[int, int]]:
    """First and last (exclusive) of the people of each block: whole sets of lanes.

    Each block is an equal share, for one thread, of the people who are left: the first are
    large, because lanes idle at the end of every block, and the last small, so that threads end
    together (guided self-scheduling: Polychronopoulos and Kuck 1987).
    """
    found, first = list[tuple[int, int]](), 0
    while first < n:
        share = -(-(n - first) // (threads * LANES)) * LANES
        last = min(first + max(share, LEAST_BLOCK), n)
        found.append((first, last))
        first = last
    return found


def solve(system: System, problem: Problem, *, rtol: float, atol: float, threads: int = 1) -> None:
    """Integrate all people of a problem; fills its ``values``, ``status`` and ``steps``.

    Raises
    ------
    SolverError
        When a tolerance or the number of threads cannot be used.
    """
    if not (1e-13 <= rtol <= 1e-2 and 0.0 < atol < np.inf):
        raise SolverError(
            f"tolerances rtol={rtol!r}, atol={atol!r} cannot be met.",
            remedy="Use rtol between 1e-13 and 1e-2 and a positive atol.",
        )
    if threads < 1:
        raise SolverError(f"{threads!r} threads.", remedy="Use at least one.")
    advance = compile_system(system)
    n, given = len(problem.start_time), addresses(problem)

    waiting = deque(blocks(n, threads))

    def work() -> None:
        lanes = new_lanes(system)
        own = addresses(lanes)
        while True:
            try:
                first, last = waiting.popleft()
            except IndexError:
                return
            advance(own, given, problem.lanes, first, last, (rtol, atol), MOST_STEPS)

    helpers = min(threads, len(waiting)) - 1
    if helpers < 1:
        work()
        return
    with ThreadPoolExecutor(helpers) as pool:
        jobs = [pool.submit(work) for _ in range(helpers)]
        work()
        for job in jobs:
            job.result()
