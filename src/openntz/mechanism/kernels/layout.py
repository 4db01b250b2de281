"""What all kernels share: how many lanes advance together."""

from __future__ import annotations

from typing import Final

# Sixteen doubles are two AVX-512 or four AVX2 registers: enough to hide latencies.
LANES: Final = 16
