"""Memory that was freed stays with the process, for the next array of that size.

glibc hands large blocks back to the system as soon as they are free, and takes them again, page
by page, for the next group of people: a sixth of the processor time of a simulation. A block
that is freed raises both limits above which it does so, to its own size and to twice that
(``mallopt``, M_MMAP_THRESHOLD); so one large block, never touched, is enough. Other allocators
take no notice, nor does glibc where the environment sets a limit, as dask does for its workers.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

# glibc heeds no block of more than 32 MiB, its own head included.
_LARGEST: Final = (32 << 20) - (64 << 10)


@cache
def keep_freed_memory() -> None:
    """Let this process keep what it frees, up to some 64 MiB; once is enough."""
    np.empty(_LARGEST, np.uint8)
