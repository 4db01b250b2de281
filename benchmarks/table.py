"""Runs the benchmarks one after another and writes their table into the docs.

    python benchmarks/table.py --write [--diffrax-python PATH] [--people 2000] [--only Estimation]

With --only, that section alone is measured and the others stay as they were written. Ratios are
what can be compared between machines; seconds are those of this one. Peers run beside ours in
the same minutes: scipy's DOP853 for a few people, and diffrax where a Python that has it is
named. Ours and diffrax take turns for several rounds, and the least time of each counts: what
else runs on a shared machine can only add to it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import problem_one
import startup
import virtual
from yardstick import loop_seconds

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
SCIPY_PEOPLE = 3
SCHEDULES = ("common", "mixed", "washout")
ROUNDS = 6
WAYS = ("restarts", "jumps")
TITLES = ("Start and review", "Simulation", "Estimation", "Rules", "Virtual people")
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


def _peer(python: str, people: int, schedule: str, how: str) -> dict:
    words = ("--people", str(people), "--schedule", schedule, "--repeats", "2", "--how", how)
    return _last_line(python, "diffrax_peer.py", *words)


def _faster_way(python: str, people: int, schedule: str) -> str:
    """The faster of the two ways to tell diffrax about infusions."""
    took = {how: _peer(python, people, schedule, how)["seconds"] for how in WAYS}
    return min(took, key=lambda how: took[how])


def simulation_rows(people: int, diffrax: str | None) -> tuple[list[str], float | None]:
    """One row per schedule, ours and how many times slower the peers are; diffrax, B, common."""
    rows, common = [], None
    for schedule in SCHEDULES:
        many = min(people, 1000)
        ours, peers = [], []
        how = _faster_way(diffrax, many, schedule) if diffrax else ""
        for _ in range(ROUNDS):
            ours.append(_ours(people, schedule))
            if diffrax:
                peers.append(_peer(diffrax, many, schedule, how))
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


def _introduction() -> list[str]:
    return [
        "# Benchmarks",
        "",
        "Written by `python benchmarks/table.py --write --diffrax-python PATH`, each section by",
        "itself with `--only`. Compare the ratios: absolute times are those of one machine at one",
        "time. Each section says how fast the machine was meanwhile: what ten million additions in",
        "plain Python took, or the peer that ran beside.",
        "",
    ]


def _taken(both: dict[str, float]) -> str:
    """What the host of a virtual machine took away, where Linux says so."""
    if not both["stolen"] >= 0.0:
        return ""
    return (
        f"The host took {100 * both['stolen']:.0f} %\nof both cores meanwhile; with that given "
        f"back, two threads were {both['threads_undisturbed']:.2f} times one."
    )


def simulation_section(people: int, diffrax: str | None) -> list[str]:
    """Problem 1 against its peers, and on two threads."""
    rows, common = simulation_rows(people, diffrax)
    both = _last_line(sys.executable, "threads.py", "--people", str(5 * people))
    took = "" if common is None else f" diffrax took {common:.0f} µs a person for B, common."
    return [
        "## Simulation",
        "",
        "Problem 1: two compartments with saturable elimination, cells, lesion activity and",
        f"hazard; 26 infusions, troughs; {people:,} people, one thread, rtol 1e-6. The error",
        "is the worst of all people against the same solver at rtol 1e-11, which is held",
        "against scipy. diffrax: Tsit5, the faster of two ways (restarts, jumps), at most",
        f"1,000 people. Ours and diffrax took turns for {ROUNDS} rounds; the least time of",
        "each counts, the range of the rounds' own ratios is in brackets.",
        f"{_machine()}{took}",
        "",
        "| case | µs a person | worst relative error | peak MB | diffrax, times slower | its "
        "peak MB | scipy DOP853, times slower |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
        f"Two threads, {5 * people:,} people: {both['threads']:.2f} times one (goal 1.8), the",
        f"median of rounds in turn; two processes that share nothing {both['processes']:.2f}. "
        f"{_taken(both)}",
        "",
    ]


def estimation_section(people: int, diffrax: str | None) -> list[str]:
    """Modes, posterior and population, with what diffrax says of the machine."""
    scale = []
    if diffrax:
        many = min(people, 1000)
        how = _faster_way(diffrax, many, "common")
        common = 1e6 * _peer(diffrax, many, "common", how)["seconds"] / many
        scale = [
            "The goals in milliseconds were set on a machine on which diffrax took",
            f"{DIFFRAX_US_OF_THE_GOALS:.0f} µs a person for the first case above; it took "
            f"{common:.0f} beside these runs,",
            f"so one of those milliseconds is {common / DIFFRAX_US_OF_THE_GOALS:.2f} of these.",
            "",
        ]
    return [
        "## Estimation",
        "",
        "`map`: problem 2, 12 doses, 4 levels, 3 etas, one thread. `posterior`: mode, 1,000",
        "draws and the level on 56 days ahead, van den Berg card. `population`: the same for",
        "people with doses days early or late. The error is that of eta against a search at",
        "tight tolerance from elsewhere.",
        _machine(),
        "",
        *scale,
        "| what | ms a person | goal | worst eta error | peak MB |",
        "|---|---|---|---|---|",
        *estimation_rows(),
        "",
    ]


def _machine() -> str:
    return (
        f"Ten million additions in plain Python took {loop_seconds():.2f} s (Python "
        f"{platform.python_version()}, numpy {np.__version__})."
    )


def kept(text: str) -> dict[str, list[str]]:
    """The sections of a page as written, by their titles."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {
        title: [f"## {title}", "", *body.strip("\n").split("\n"), ""]
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def page(people: int, diffrax: str | None, only: str | None) -> str:
    """The page as Markdown: each section measured, or as it stands in the file, if it does."""
    measures = (
        startup.section,
        lambda: simulation_section(people, diffrax),
        lambda: estimation_section(people, diffrax),
        rules_section,
        virtual.section,
    )
    sections = dict(zip(TITLES, measures, strict=True))
    written = {} if only is None else kept(PAGE.read_text("utf-8"))
    lines = _introduction()
    for title, measured in sections.items():
        lines += measured() if only in (None, title) else written.get(title, [])
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--diffrax-python", help="a Python with jax and diffrax")
    parser.add_argument("--only", choices=TITLES, help="the one section to measure")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.name}")
    choice = parser.parse_args()
    text = page(choice.people, choice.diffrax_python, choice.only)
    print(text)
    if choice.write:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
