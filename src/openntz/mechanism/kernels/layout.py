"""What all kernels share: how many lanes advance together."""

from __future__ import annotations

from typing import Final

# Twenty-four doubles are three AVX-512 or six AVX2 registers: enough to hide latencies. Rows of a
# power of two were measured to be slower, presumably since their addresses share the lowest bits.
LANES: Final = 24
