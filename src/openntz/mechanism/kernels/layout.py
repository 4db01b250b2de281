"""What all kernels share: how many lanes advance together, and how small functions compile."""

from __future__ import annotations

from typing import Any, Final

from numba import njit

# Sixteen doubles are two AVX-512 or four AVX2 registers: enough to hide latencies.
LANES: Final = 16

# Options no caller can change. Without them a function takes over those of whoever calls it
# first: Python's error model puts a branch at every division, and loops no longer vectorise.
# "contract" lets a product and a sum become one instruction with one rounding, and nothing else
# of fast mathematics: a fifth of the time, and no less exact.
OPTIONS: Final[dict[str, Any]] = {
    "error_model": "numpy",
    "_nrt": False,
    "nogil": True,
    "fastmath": {"contract"},
}
inlined: Any = njit(forceinline=True, **OPTIONS)
