"""Runs the benchmarks one after another and writes their table into the docs.

    python benchmarks/table.py --write [--diffrax-python PATH] [--people 2000]

Ratios are what can be compared between machines; seconds are those of this one. Peers run
beside ours in the same minutes: scipy's DOP853 for a few people, and diffrax where a Python
that has it is named. Ours and diffrax take turns for several rounds, and the least time of
each counts: what else runs on a shared machine can only add to it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import problem_one
import virtual
from yardstick import loop_seconds

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
SCIPY_PEOPLE = 3
SCHEDULES = ("common", "mixed", "washout")
ROUNDS = 4
# Microseconds a person that diffrax took (B, common) on the machine the goals were set on; what
# it takes here says how much slower or faster this machine is.
DIFFRAX_US_OF_THE_GOALS = 364.0


def _last_line(python: str, script: str, *words: str) -> dict:
    done = subprocess.run(
        [python, str(HERE / script), *words, "--json"],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def _scipy_us(schedule: str) -> float:
    """Microseconds a person of scipy's DOP853 at rtol 1e-6 restarted at every stop."""
    people = problem_one.individuals(SCIPY_PEOPLE)
    starts = problem_one.dose_starts(SCIPY_PEOPLE, schedule)
    times = problem_one.output_times(starts, "B", schedule)
    began = time.perf_counter()
    for i in range(SCIPY_PEOPLE):
        problem_one.scipy_reference(
            people, i, starts[i % len(starts)], times[i % len(times)], rtol=1e-6, atol=1e-8
        )
    return (time.perf_counter() - began) / SCIPY_PEOPLE * 1e6


def _ours(people: int, schedule: str) -> dict:
    words = ("--people", str(people), "--schedule", schedule, "--repeats", "5")
    return _last_line(sys.executable, "simulation.py", "--variant", "B", *words)


def _peer(python: str, people: int, schedule: str) -> dict:
    """The faster of the two ways to tell diffrax about infusions."""
    words = ("--people", str(people), "--schedule", schedule, "--repeats", "2")
    found = [
        _last_line(python, "diffrax_peer.py", *words, "--how", how) for how in ("restarts", "jumps")
    ]
    return min(found, key=lambda line: line["seconds"])


def simulation_rows(people: int, diffrax: str | None) -> tuple[list[str], float | None]:
    """One row per schedule, ours and how many times slower the peers are; diffrax, B, common."""
    rows, common = [], None
    for schedule in SCHEDULES:
        many = min(people, 1000)
        ours, peers = [], []
        for _ in range(ROUNDS):
            ours.append(_ours(people, schedule))
            if diffrax:
                peers.append(_peer(diffrax, many, schedule))
        us = 1e6 * min(line["seconds"] for line in ours) / people
        ratio, memory = "not run", "not run"
        if peers:
            best = min(peers, key=lambda line: line["seconds"])
            theirs = 1e6 * best["seconds"] / many
            common = theirs if common is None else common
            each = [
                p["seconds"] / many / (o["seconds"] / people)
                for o, p in zip(ours, peers, strict=True)
            ]
            ratio = f"{theirs / us:.1f} ({min(each):.1f} to {max(each):.1f})"
            memory = f"{best['peak_mb']:.0f}"
        scipy = f"{_scipy_us(schedule) / us:.0f}"
        rows.append(
            f"| B, {schedule} | {us:.0f} | {ours[0]['worst_relative_error']:.1e} | "
            f"{ours[0]['peak_mb']:.0f} | {ratio} | {memory} | {scipy} |"
        )
    return rows, common


def _threads(people: int) -> float:
    found: dict[str, list[float]] = {"1": [], "2": []}
    for _ in range(ROUNDS):
        for threads, seconds in found.items():
            words = ("--people", str(2 * people), "--threads", threads)
            seconds.append(_last_line(sys.executable, "simulation.py", *words)["seconds"])
    return min(found["1"]) / min(found["2"])


def estimation_rows() -> list[str]:
    """Modes, posterior, population."""
    found = []
    for what, words, goal in (
        ("map", ("--people", "500"), "0.5 ms"),
        ("posterior", (), "30 ms"),
        ("population", ("--people", "200", "--repeats", "1"), "30 ms (2,000 people in 60 s)"),
    ):
        lines = [
            _last_line(sys.executable, "estimation.py", "--what", what, *words)
            for _ in range(ROUNDS)
        ]
        line = min(lines, key=lambda found: found["ms_per_person"])
        off = line["worst_eta_error"]
        found.append(
            f"| {what} | {line['ms_per_person']:.2f} | {goal} | "
            f"{'' if off is None else f'{off:.0e}'} | {line['peak_mb']:.0f} |"
        )
    return found


def rules_section() -> list[str]:
    """What the rules take for one person, and those that take longest."""
    line = _last_line(sys.executable, "rules.py")
    slow = ", ".join(f"{rule} {us:.0f}" for rule, us in list(line["slowest_decide_us"].items())[:5])
    return [
        "## Rules",
        "",
        f"All {line['rules']} rules for one person of the example clinic, microseconds of",
        "processor time. `decide`: with the facts ready, one profile. `derive`: making the facts",
        "from the record. `engine`: both, with what the other profiles would say.",
        f"Ten million additions in plain Python took {line['loop_seconds']:.2f} s meanwhile.",
        f"Slowest to decide: {slow}.",
        "",
        "| what | µs a person | goal |",
        "|---|---|---|",
        f"| rules, decide | {line['decide_us']:.0f} | 1,200 (100,000 people in 60 s on two "
        "cores) |",
        f"| rules, derive | {line['derive_us']:.0f} | |",
        f"| rules, engine | {line['evaluate_us']:.0f} | |",
        "",
    ]


def page(people: int, diffrax: str | None) -> str:
    """The page as Markdown."""
    (simulation, common), estimation = simulation_rows(people, diffrax), estimation_rows()
    scale = (
        ""
        if common is None
        else (
            f"The goals in milliseconds were set on a machine on which diffrax took "
            f"{DIFFRAX_US_OF_THE_GOALS:.0f} µs a person for B, common;\nit took {common:.0f} here, "
            f"so one of those milliseconds is {common / DIFFRAX_US_OF_THE_GOALS:.2f} of these.\n"
        )
    )
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `python benchmarks/table.py --write --diffrax-python PATH`. Compare the",
            "ratios: absolute times are those of one machine on one day, on which ten million",
            f"additions in plain Python took {loop_seconds():.2f} s (Python "
            f"{platform.python_version()}, numpy {np.__version__}).",
            "",
            "## Simulation",
            "",
            "Problem 1: two compartments with saturable elimination, cells, lesion activity and",
            f"hazard; 26 infusions, troughs; {people:,} people, one thread, rtol 1e-6. The error",
            "is the worst of all people against the same solver at rtol 1e-11, which is held",
            "against scipy. diffrax: Tsit5, the faster of two ways (restarts, jumps), at most",
            f"1,000 people. Ours and diffrax took turns for {ROUNDS} rounds; the least time of",
            "each counts, the range of the rounds' own ratios is in brackets.",
            "",
            "| case | µs a person | worst relative error | peak MB | diffrax, times slower | its "
            "peak MB | scipy DOP853, times slower |",
            "|---|---|---|---|---|---|---|",
            *simulation,
            "",
            f"Two threads: {_threads(people):.2f} times one.",
            "",
            "## Estimation",
            "",
            "`map`: problem 2, 12 doses, 4 levels, 3 etas, one thread. `posterior`: mode, 1,000",
            "draws and the level on 56 days ahead, van den Berg card. `population`: the same for",
            "people with doses days early or late. The error is that of eta against a search at",
            "tight tolerance from elsewhere.",
            "",
            *([scale] if scale else []),
            "| what | ms a person | goal | worst eta error | peak MB |",
            "|---|---|---|---|---|",
            *estimation,
            "",
            *rules_section(),
            *virtual.section(),
        ]
    )


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--diffrax-python", help="a Python with jax and diffrax")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    choice = parser.parse_args()
    text = page(choice.people, choice.diffrax_python)
    print(text)
    if choice.write:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
