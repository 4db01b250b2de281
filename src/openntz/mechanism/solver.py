"""Compiles right-hand sides into solvers and runs them.

One integrator template (``kernels/dopri5.py``) serves every model: its functions are compiled
once per right-hand side, each under a name of its own, so that numba's disk cache keeps them
apart. The name also carries a fingerprint of all kernel sources, because numba looks only at
the file of the function it compiles and would miss an edit to the right-hand side.

Threads run the same machine code on blocks of people. What a person's result is depends
neither on the block nor on the thread, so any number of threads gives the same bytes.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import numpy as np
from llvmlite.binding import get_host_cpu_features
from numba import config, njit

from openntz.errors import SolverError
from openntz.mechanism.kernels import blood_and_lesions, dopri5
from openntz.mechanism.kernels.dopri5 import (
    NO_STEADY_STATE,
    OK,
    STEP_UNDERFLOW,
    TOO_MANY_STEPS,
    UNUSABLE,
    Lanes,
    Problem,
)
from openntz.mechanism.kernels.layout import LANES, OPTIONS, inlined

_LOG: Final = logging.getLogger(__name__)
_COMPILING: Final = "Compiling the solver for this kind of model: once on this machine."
_COMPILING_EACH_TIME: Final = (
    "Compiling the solver for this run alone: no folder for compiled code can be written. "
    "Name one in the environment variable NUMBA_CACHE_DIR."
)

MOST_STEPS: Final = 1e6


def _widen_vectors() -> None:
    """Let the compiler fill AVX-512 registers, where there are any.

    LLVM halves them by default, for programs with little arithmetic per load; ours is nearly
    all arithmetic. A choice the user made for numba stands.
    """
    chosen: Any = vars(config)
    if chosen.get("CPU_FEATURES") is None and chosen.get("CPU_NAME") is None:
        features = get_host_cpu_features()
        if features.get("avx512f"):
            chosen["CPU_FEATURES"] = f"{features.flatten()},-prefer-256-bit"


_widen_vectors()
# Enough people per block that a thread switch costs nothing, few enough to share out evenly.
BLOCK: Final = 256

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


@dataclass(frozen=True, slots=True)
class System:
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
    derive_tangent: Callable[..., None] = dopri5.derive_tangent


BLOOD_AND_LESIONS: Final = System(
    name="blood_and_lesions",
    derive=blood_and_lesions.derive,
    states=blood_and_lesions.STATES,
    parameters=blood_and_lesions.PARAMETERS,
    observed=(
        (blood_and_lesions.CENTRAL, blood_and_lesions.INVERSE_VOLUME, -1, -1),
        (blood_and_lesions.LYMPHOCYTES, -1, -1, -1),
        (blood_and_lesions.HAZARD, -1, -1, -1),
    ),
)


def _fingerprint(system: System) -> str:
    """Hash of everything the compiled code follows from: an edit makes a new cache slot."""
    digest = hashlib.sha256(
        repr((system.name, system.observed, system.tangents, _layout(system))).encode()
    )
    files = {Path(__file__), *Path(dopri5.__file__).parent.glob("*.py")}
    files.add(Path(inspect.getfile(inspect.unwrap(system.derive))))
    for file in sorted(files):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _layout(system: System) -> dict[str, Any]:
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
    offsets: dict[str, Any] = {}
    rows = 0
    for name, size in groups.items():
        offsets[name] = rows * LANES
        rows += size
    return offsets | {"ROWS": rows}


@cache
def compile_system(system: System) -> Callable[..., None]:
    """The compiled block solver of a system, from numba's disk cache where it is there.

    Compilation itself happens at the first call.
    """
    bound: dict[str, Any] = dict(vars(dopri5)) | _layout(system)
    bound |= {
        "STATES": system.states,
        "OWN_STATES": system.states // (1 + system.tangents),
        "TANGENTS": system.tangents,
        "PARAMETERS": system.parameters,
        "OBSERVED": system.observed,
        "derive": system.derive,
        "derive_tangent": inlined(system.derive_tangent),
    }

    fingerprint = _fingerprint(system)

    def build(template: Callable[..., Any], **options: Any) -> Any:
        name = f"{template.__name__}_{system.name}_{fingerprint}"
        function = FunctionType(template.__code__, bound, name)
        function.__qualname__ = name
        # No template allocates, and counting references to the arrays of ``Problem`` would take
        # as long as the arithmetic, and longer with several threads: hence no ``_nrt``.
        return njit(**OPTIONS, **options)(function)

    for template in (dopri5.derive_lanes, dopri5.derive_lane, dopri5.interpolate):
        bound[template.__name__] = build(template, forceinline=True)
    for template in (
        dopri5.take_stages,
        dopri5.judge,
        dopri5.accept,
        dopri5.write_outputs,
        dopri5.event_moves,
        dopri5.apply_tangents,
        dopri5.shift_tangents,
        dopri5.arrive,
        dopri5.load_next,
    ):
        # Called from compiled code only, so they need no entry from Python.
        bound[template.__name__] = build(template, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    try:
        block = build(dopri5.advance_block, cache=True)
    except RuntimeError:
        # No folder that can be written: compile for this process alone.
        _LOG.info(_COMPILING_EACH_TIME)
        return build(dopri5.advance_block)
    if not _on_disk(block):
        _LOG.info(_COMPILING)
    return block


def _on_disk(block: Any) -> bool:
    return any(Path(block.stats.cache_path).glob(f"*{block.__name__}*"))


def is_compiled(system: System) -> bool:
    """Whether the system's solver is in numba's cache, or could not be kept there anyway."""
    block: Any = compile_system(system)
    return block.stats.cache_path is None or _on_disk(block)


def new_lanes(system: System) -> Lanes:
    """Idle lanes: the scratch space of one thread."""
    w = np.zeros(_layout(system)["ROWS"] * LANES)
    idle = np.full(LANES, -1, np.int64)
    return Lanes(w, idle, *(np.zeros(LANES, np.int64) for _ in range(3)))


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
    n = len(problem.start_time)
    if threads == 1 or n <= BLOCK:
        advance(new_lanes(system), problem, 0, n, rtol, atol, MOST_STEPS)
        return
    with ThreadPoolExecutor(threads) as pool:
        jobs = [
            pool.submit(
                advance,
                new_lanes(system),
                problem,
                first,
                min(first + BLOCK, n),
                rtol,
                atol,
                MOST_STEPS,
            )
            for first in range(0, n, BLOCK)
        ]
        for job in jobs:
            job.result()
