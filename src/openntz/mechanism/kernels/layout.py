"""How many lanes advance together; every kernel uses the same number."""

from typing import Final

# Eight doubles are one AVX-512 or two AVX2 registers.
LANES: Final = 16
