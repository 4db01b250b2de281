"""How long the command line takes: --help, and the example clinic cold and warm.

Whole-process wall times with their ratio to the goals (0.3 s, 20 s, 6 s), to a bare interpreter
start and to ten million additions in plain Python, since absolute figures depend on the
machine. 'Scaled' is the ratio to the goal on a machine as fast as the one beside which the goals
were set, by the time that `import numba` takes. 'Cold' gives an empty cache, so that the solver
is compiled. Last line: the same as JSON.
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

from llvmlite import binding as llvm

from yardstick import loop_seconds, stolen_seconds

ROOT = Path(__file__).parents[1]
GOALS = {"help": 0.3, "review_cold": 20.0, "review_warm": 6.0}
# Seconds, whole process, the machine of the goals (numba 0.68.1, the version used here).
IMPORT_NUMBA_OF_THE_GOALS = 0.27
# numba reads its settings by yaml and asks for scipy where they are there; on that machine not.
IMPORT_NUMBA = "import sys; sys.modules.update(yaml=None, scipy=None); import numba"
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


def measured(runs: int) -> dict[str, float]:
    """Seconds of each run, and of what says how fast the machine is."""
    with tempfile.TemporaryDirectory() as scratch:
        review = [*OPENNTZ, "review", str(ROOT / "examples" / "clinic"), "--as-of", "2024-06-30"]
        cold_env = {**os.environ, "NUMBA_CACHE_DIR": f"{scratch}/cache"}
        loop, stolen, began = loop_seconds(), stolen_seconds(), time.perf_counter()
        found = {
            "help": median([*OPENNTZ, "--help"], runs),
            "review_cold": seconds([*review, "--out", f"{scratch}/cold"], cold_env),
            "review_warm": median([*review, "--out", f"{scratch}/warm"], runs),
            "bare": median([sys.executable, "-c", "pass"], runs),
            "import_numba": median([sys.executable, "-c", IMPORT_NUMBA], runs),
        }
        taken = (stolen_seconds() - stolen) / (2.0 * (time.perf_counter() - began))
        return found | {"loop": (loop + loop_seconds()) / 2, "stolen": taken}


def widest_vectors() -> str:
    """The widest vector instructions of this machine that the compiled solver can use."""
    features = llvm.get_host_cpu_features()
    known = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX"}
    return next((name for key, name in known.items() if features.get(key)), "none wider than SSE2")


def section(runs: int = 5) -> list[str]:
    """Lines of the benchmark page."""
    found = measured(runs)
    scale = found["import_numba"] / IMPORT_NUMBA_OF_THE_GOALS
    told = ""
    if found["stolen"] >= 0.0:
        told = (
            f" The host of the machine took {100 * found['stolen']:.0f} % of both cores meanwhile."
        )
    lines = [
        "## Start and review",
        "",
        f"Whole processes on two cores, the median of {runs} ('cold', with an empty cache, once).",
        "The goals in seconds were set beside a machine on which `import numba` took "
        f"{IMPORT_NUMBA_OF_THE_GOALS} s;",
        f"it took {found['import_numba']:.2f} s here, so one of those seconds is {scale:.2f} of",
        f"these. A bare Python started in {found['bare']:.3f} s, and ten million additions took",
        f"{found['loop']:.2f} s.{told} Vectors: AVX-512 there, {widest_vectors()} here.",
        "",
        "| what | s | goal, s | goal in seconds of this machine | times a bare start |",
        "|---|---|---|---|---|",
    ]
    for name, goal in GOALS.items():
        value = found[name]
        lines.append(
            f"| {name.replace('_', ', ')} | {value:.2f} | {goal:g} | {goal * scale:.1f} | "
            f"{value / found['bare']:.0f} |"
        )
    return [*lines, ""]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    found = measured(parser.parse_args().runs)
    scale = found["import_numba"] / IMPORT_NUMBA_OF_THE_GOALS
    print(f"{'':14}{'seconds':>9}{'of goal':>9}{'scaled':>9}{'x bare python':>15}{'x loop':>9}")
    for name, goal in GOALS.items():
        value = found[name]
        print(
            f"{name:14}{value:9.2f}{value / goal:9.2f}{value / goal / scale:9.2f}"
            f"{value / found['bare']:15.1f}{value / found['loop']:9.2f}"
        )
    print(json.dumps({name: round(value, 4) for name, value in found.items()}))


if __name__ == "__main__":
    main()
