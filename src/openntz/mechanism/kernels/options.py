"""How the functions of kernels are compiled."""

from __future__ import annotations

from typing import Any, Final

from llvmlite.binding import get_host_cpu_features
from numba import config, njit

# Options no caller can change. Without them a function takes over those of whoever calls it
# first: Python's error model puts a branch at every division, and loops no longer vectorise.
# "contract" lets a product and a sum become one instruction with one rounding, and nothing else
# of fast mathematics: a fifth of the time, and no less exact. No template allocates, and counting
# references to arrays would take as long as the arithmetic, and longer with several threads:
# hence no "_nrt".
OPTIONS: Final[dict[str, Any]] = {
    "error_model": "numpy",
    "_nrt": False,
    "nogil": True,
    "fastmath": {"contract"},
}


def _widen_vectors() -> None:
    """Let the compiler fill AVX-512 registers, where there are any.

    LLVM halves them by default, for programs with little arithmetic per load; ours is nearly
    all arithmetic. A choice the user made for numba stands. numba reads it once, when the
    first function is decorated: hence here, where every kernel begins.
    """
    chosen: Any = vars(config)
    if chosen.get("CPU_FEATURES") is None and chosen.get("CPU_NAME") is None:
        features = get_host_cpu_features()
        if features.get("avx512f"):
            chosen["CPU_FEATURES"] = f"{features.flatten()},-prefer-256-bit"


_widen_vectors()
# Called from compiled code only, so none needs an entry from Python or C; making them took a
# tenth of the time of compiling.
CALLED: Final[dict[str, Any]] = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inlined: Any = njit(forceinline=True, **CALLED)
