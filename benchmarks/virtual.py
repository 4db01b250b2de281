"""How long virtual people take: their states alone, and whole runs of `openntz simulate`.

    python benchmarks/virtual.py --days 728
    python benchmarks/virtual.py --what csv --people 2000 --json

`states`: every state of every person and day (drug, free drug, antibodies, saturation, passage,
six counts of cells, inflammation, lesions, relapses, reactions), in memory, a group of people at a
time. `csv`: the eleven tables written by `run_simulate`. `parquet`: the same as Parquet, with all
trajectories. Doses every four weeks, 2 % missed, some late, some leave: nobody's doses are those of
another. One process, one thread; the people of a first group are simulated before the clock starts.

Last line: seconds on the clock and of processor time, most memory of the process with its
libraries, and processor time as a multiple of ``loop_seconds``, ten million additions in plain
Python just before and after: on a shared machine only that ratio can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openntz.mechanism.virtual.blood import CELLS
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.workflows.scenario import Scenario, read_scenario
from openntz.workflows.simulate import SimulateRequest, run_simulate
from openntz.workflows.simulated_arm import simulate_part
from openntz.workflows.simulated_chunks import TOGETHER, Chunk, chunks_of
from yardstick import loop_seconds

HERE = Path(__file__).parent
SCENARIO = """
title = "Every four weeks"
start = 2021-01-04
days = {days}
seed = 7
[conduct]
missed_dose = 0.02
late_day_sd = 2.0
leave_per_year = 0.03
[[arm]]
name = "every 4 weeks"
people = {people}
product = "Tysabri"
doses = [{{ every_week = 4, count = {doses}, route = "IV", mg = 300.0 }}]
"""
PEOPLE = {"states": 10_000, "csv": 2_000, "parquet": 2_000}
GOAL = {"states": "0.5 ms (10,000 people, 728 days, in 5 s) and 1 GB"}


def scenario_file(folder: Path, people: int, days: int) -> Path:
    """A scenario of so many people and days."""
    file = folder / f"{people}.toml"
    text = SCENARIO.format(people=people, days=days, doses=-(-days // 28))
    file.write_text(text, encoding="utf-8")
    return file


def every_state(scenario: Scenario, chunk: Chunk) -> None:
    """All states of the people of a chunk, worked out and let go."""
    numbers = list(range(chunk.first, chunk.last))
    fates = simulate_part(scenario, chunk.group, numbers, shipped_parameters()).fates
    for part in ("total", "free", "titre", "saturation", "opened", "drive", "lesions", "relapses"):
        getattr(fates, part)
    for kind in CELLS:
        fates.cells(kind)


def job(what: str, file: Path, out: Path) -> Callable[[], Any]:
    """What is timed."""
    if what == "states":
        scenario = read_scenario(file)

        def work() -> None:
            for chunk in chunks_of(scenario):
                every_state(scenario, chunk)

        return work
    request = SimulateRequest(
        scenario=file,
        out=out,
        tables="parquet" if what == "parquet" else "csv",
        trajectories=what == "parquet",
    )
    return lambda: run_simulate(request)


def measure(what: str, people: int, days: int) -> dict[str, Any]:
    """One kind of run, in this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job(what, scenario_file(folder, min(TOGETHER, people), days), folder / "first")()
        work = job(what, scenario_file(folder, people, days), folder / "out")
        loops = [loop_seconds()]
        began, clock = time.process_time(), time.perf_counter()
        work()
        seconds, wall = time.process_time() - began, time.perf_counter() - clock
        loops.append(loop_seconds())
        size = sum(f.stat().st_size for f in (folder / "out").rglob("*") if f.is_file())
    loop = sum(loops) / len(loops)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "what": what,
        "people": people,
        "days": days,
        "cpu_seconds": seconds,
        "wall_seconds": wall,
        "peak_mb": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10),
        "mb_on_disk": size / 1e6,
        "loop_seconds": loop,
        "loops": seconds / loop,
    }


def _apart(what: str, people: int, days: int) -> dict[str, Any]:
    """The same in a process of its own, whose most memory is that of this kind alone."""
    words = ("--what", what, "--people", str(people), "--days", str(days), "--json")
    done = subprocess.run(
        [sys.executable, str(HERE / "virtual.py"), *words],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def section(days: int = 728, rounds: int = 2) -> list[str]:
    """The part of the benchmarks page about virtual people, as lines of Markdown."""
    rows = []
    for what, people in PEOPLE.items():
        lines = [_apart(what, people, days) for _ in range(rounds)]
        # What else runs on the machine can only add to the time, so the least counts.
        line = min(lines, key=lambda one: one["cpu_seconds"])
        rows.append(
            f"| {what} | {people:,} | {1e3 * line['cpu_seconds'] / people:.2f} | "
            f"{line['cpu_seconds']:.1f} | {line['wall_seconds']:.1f} | {line['loops']:.1f} | "
            f"{line['peak_mb']:.0f} | {line['mb_on_disk']:.0f} | {GOAL.get(what, '')} |"
        )
    return [
        "## Virtual people",
        "",
        f"People followed for {days} days, a dose every four weeks with some missed, late or left",
        "off, so that nobody's doses are another's; one process, one thread. `states`: every state",
        "of every day, in memory. `csv`: the eleven tables written. `parquet`: the tables and all",
        "trajectories as Parquet. Processor time is also given as a multiple of ten million",
        "additions in plain Python, taken just before and after. Memory is that of the whole",
        "process with its libraries.",
        "",
        "| what | people | CPU, ms a person | CPU s | s on the clock | CPU, in loops | peak MB | "
        "MB on disk | goal |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=tuple(PEOPLE))
    parser.add_argument("--people", type=int, help="with --what")
    parser.add_argument("--days", type=int, default=728)
    parser.add_argument("--json", action="store_true", help="only the last line")
    choice = parser.parse_args()
    if choice.what is None:
        print("\n".join(section(choice.days)))
        return 0
    line = measure(choice.what, choice.people or PEOPLE[choice.what], choice.days)
    if not choice.json:
        print(f"{choice.what}: {line['cpu_seconds']:.1f} s of CPU, {line['loops']:.1f} loops")
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
