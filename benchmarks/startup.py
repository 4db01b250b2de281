"""How long the command line takes: --help, and the example clinic cold and warm.

Whole-process wall times with their ratio to the goal of the issue (0.3 s, 20 s, 6 s), to a bare
interpreter start and to ten million additions in plain Python, since absolute figures depend
on the machine. 'Cold' gives an empty cache, so that the solver is compiled. Last line: the
same as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from yardstick import loop_seconds

ROOT = Path(__file__).parents[1]
OPENNTZ = [sys.executable, "-m", "openntz"]


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of one finished run.

    Raises
    ------
    subprocess.CalledProcessError
        When the command fails, so that a crash is not mistaken for speed.
    """
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def median(command: list[str], runs: int, environment: dict[str, str] | None = None) -> float:
    """Median wall time after one run that is not counted."""
    env = dict(os.environ) if environment is None else environment
    seconds(command, env)
    return statistics.median(seconds(command, env) for _ in range(runs))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as scratch:
        review = [*OPENNTZ, "review", str(ROOT / "examples" / "clinic"), "--as-of", "2024-06-30"]
        cold_env = {**os.environ, "NUMBA_CACHE_DIR": f"{scratch}/cache"}
        loop = loop_seconds()
        bare = median([sys.executable, "-c", "pass"], runs)
        found = {
            "help": (median([*OPENNTZ, "--help"], runs), 0.3),
            "review_cold": (seconds([*review, "--out", f"{scratch}/cold"], cold_env), 20.0),
            "review_warm": (median([*review, "--out", f"{scratch}/warm"], runs), 6.0),
        }
        loop = (loop + loop_seconds()) / 2
    print(f"{'':14}{'seconds':>9}{'of goal':>9}{'x bare python':>15}{'x loop':>9}")
    for name, (value, goal) in found.items():
        print(f"{name:14}{value:9.2f}{value / goal:9.2f}{value / bare:15.1f}{value / loop:9.2f}")
    measured = {name: round(value, 3) for name, (value, _) in found.items()}
    print(json.dumps(measured | {"bare": round(bare, 4), "loop": round(loop, 3)}))


if __name__ == "__main__":
    main()
