"""How fast this machine is at the moment, for benchmarks that report ratios."""

from __future__ import annotations

import time
from pathlib import Path

# Column of the first line of /proc/stat: hundredths of a second, all processors.
_STOLEN = 8


def loop_seconds() -> float:
    """Processor time of ten million additions in plain Python."""
    began = time.process_time()
    total = 0
    for i in range(10_000_000):
        total += i
    return time.process_time() - began


def stolen_seconds() -> float:
    """Seconds of processor time that the host of a virtual machine has taken so far.

    Not a number where nobody says: only Linux counts it.
    """
    stat = Path("/proc/stat")
    if not stat.exists():
        return float("nan")
    return int(stat.read_text().split("\n", 1)[0].split()[_STOLEN]) / 100.0
