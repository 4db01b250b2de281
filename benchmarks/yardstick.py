"""How fast this machine is at the moment, for benchmarks that report ratios."""

from __future__ import annotations

import time


def loop_seconds() -> float:
    """Processor time of ten million additions in plain Python."""
    began = time.process_time()
    total = 0
    for i in range(10_000_000):
        total += i
    return time.process_time() - began
