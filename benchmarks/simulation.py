"""How long the solver takes for many people, and how far off it is.

    python benchmarks/simulation.py --variant B --people 10000 --threads 1 --schedule common

Last line: {"seconds": median of the repeats, "worst_relative_error": over all people,
"peak_mb": of the process until then}. The error is against the same kernel at rtol 1e-11,
itself held against scipy's DOP853 for a few people first. Compilation is not timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time

import numpy as np

import problem_one
from openntz.mechanism.blood_and_lesions import BLOOD_AND_LESIONS
from openntz.mechanism.kernels.problem import Problem
from openntz.mechanism.solver import STATUS_NAME, solve

# Per step; the accuracy that follows is what the benchmark prints.
RTOL, ATOL = 1e-6, 1e-8
TIGHT_RTOL, TIGHT_ATOL = 1e-11, 1e-12
CHECKED_WITH_SCIPY = 3
CHUNK = 500


def timed(rows: np.ndarray, starts: np.ndarray, times: np.ndarray, threads: int) -> tuple:
    """Seconds on the clock, of processor time, and the solved problem."""
    began = time.perf_counter()
    used = time.process_time()
    problem = problem_one.build(rows, starts, times)
    solve(BLOOD_AND_LESIONS, problem, rtol=RTOL, atol=ATOL, threads=threads)
    return time.perf_counter() - began, time.process_time() - used, problem


def _worst(problem: Problem, threads: int) -> float:
    """Largest relative error over all people, a chunk of them at a time."""
    n = len(problem.start_time)
    size = len(problem.values) // n
    worst = 0.0
    for first in range(0, n, CHUNK):
        last = min(first + CHUNK, n)
        tight = problem_one.some(problem, first, last)
        solve(BLOOD_AND_LESIONS, tight, rtol=TIGHT_RTOL, atol=TIGHT_ATOL, threads=threads)
        found = problem.values[first * size : last * size]
        worst = max(worst, problem_one.relative_error(found, tight.values))
    return worst


def _check_reference(
    problem: Problem, people: dict, starts: np.ndarray, times: np.ndarray
) -> float:
    """How far the tight kernel is from scipy for the first few people."""
    count = min(CHECKED_WITH_SCIPY, len(problem.start_time))
    tight = problem_one.some(problem, 0, count)
    solve(BLOOD_AND_LESIONS, tight, rtol=TIGHT_RTOL, atol=TIGHT_ATOL)
    size = times.shape[1]
    return max(
        problem_one.relative_error(
            tight.values[i * size : (i + 1) * size],
            problem_one.scipy_reference(people, i, starts[i % len(starts)], times[i % len(times)]),
        )
        for i in range(count)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variant", choices=["A", "B"], default="B")
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--schedule", choices=["common", "mixed", "washout"], default="common")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="only the last line")
    parser.add_argument("--dump", help="write the tight reference (people, times, 3) to this .npy")
    choice = parser.parse_args()

    people = problem_one.individuals(choice.people)
    rows = problem_one.parameter_rows(people)
    starts = problem_one.dose_starts(choice.people, choice.schedule)
    times = problem_one.output_times(starts, choice.variant, choice.schedule)
    few = slice(0, 4)
    timed(rows[few], starts[few], times[few], 1)  # compiles, or reads the compiled kernel
    runs, problem = [], None
    for _ in range(choice.repeats):
        problem = None  # frees the last results, as a user would
        wall, cpu, problem = timed(rows, starts, times, choice.threads)
        runs.append((wall, cpu))
    assert problem is not None
    seconds = statistics.median(wall for wall, _ in runs)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    failed = np.flatnonzero(problem.status)
    if len(failed):
        print(f"{len(failed)} people failed: {STATUS_NAME[int(problem.status[failed[0]])]}")
        return 1
    if not choice.json:
        off = _check_reference(problem, people, starts, times)
        wall, cpu = min(runs)
        each, best = 1e6 * seconds / choice.people, 1e6 * wall / choice.people
        print(f"{each:.1f} us a person (best {best:.1f}), {problem.steps.mean():.0f} steps")
        print(f"cpu/wall of the best run {cpu / wall:.2f}")
        print(f"reference against scipy DOP853, {CHECKED_WITH_SCIPY} people: {off:.1e}")
    if choice.dump:
        tight = problem_one.build(rows, starts, times)
        solve(BLOOD_AND_LESIONS, tight, rtol=TIGHT_RTOL, atol=TIGHT_ATOL, threads=choice.threads)
        np.save(choice.dump, tight.values.reshape(choice.people, -1, 3))
    print(
        json.dumps(
            {
                "seconds": seconds,
                "worst_relative_error": _worst(problem, choice.threads),
                "peak_mb": peak_mb,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
