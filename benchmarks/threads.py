"""How much faster two threads are than one, and what the machine itself allows meanwhile.

One thread, two threads, and two processes that share nothing take turns within a second of each
other: what else the machine does changes from minute to minute, and only neighbours compare.

    python benchmarks/threads.py --people 10000 --rounds 20 --json
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection

import numpy as np

import problem_one
from simulation import timed
from yardstick import stolen_seconds

Input = tuple[np.ndarray, np.ndarray, np.ndarray]


def _beside(given: Input, line: Connection) -> None:
    """A second process: one run at each word, answered by how long it took."""
    while line.recv():
        line.send(timed(*given, 1)[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="only the last line")
    choice = parser.parse_args()

    people = problem_one.individuals(choice.people)
    starts = problem_one.dose_starts(choice.people, "common")
    given = (
        problem_one.parameter_rows(people),
        starts,
        problem_one.output_times(starts, "B", "common"),
    )
    for threads in (1, 2):
        timed(*given, threads)  # compiles, or reads the compiled kernel
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_beside, args=(given, theirs))
    process.start()
    rounds: list[tuple[float, ...]] = []
    for _ in range(choice.rounds):
        one, used, _ = timed(*given, 1)
        before = stolen_seconds()
        two = timed(*given, 2)[0]
        stolen = stolen_seconds() - before
        ours.send(True)
        began = time.perf_counter()
        timed(*given, 1)
        ours.recv()
        rounds.append((one, used, two, stolen, time.perf_counter() - began))
    ours.send(False)
    process.join()
    one, used, two, stolen, apart = np.array(rounds).T
    line = {
        "threads": float(np.median(one / two)),
        "processes": float(np.median(2.0 * one / apart)),
        "stolen": float(stolen.sum() / (2.0 * two.sum())),
        # Both threads share the loss: who has lost time finds less left to do. One thread's
        # processor time is what it takes when nothing is taken from it.
        "threads_undisturbed": float(used.sum() / (two.sum() - stolen.sum() / 2.0)),
    }
    if not choice.json:
        print("two threads, times one:", " ".join(f"{x:.2f}" for x in one / two))
        print("taken by the host, %:  ", " ".join(f"{50 * x:.0f}" for x in stolen / two))
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
