"""Whether every analysis keeps its promises on studies whose truth was planted.

    python -m benchmarks.truth --seeds 1000 --workers 2 --write

Each scenario plants a null and an effect in small studies, one a seed, and runs the analysis on
the courses. Counted are intervals that hold the planted value and tests that reject at 5 %,
with the Monte Carlo error of both. Writes docs/reference/truth.md; what is outside three Monte
Carlo errors is said so in the table and stays there. With ``--keep FILE`` finished studies are
kept, and a run that was killed goes on from there.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.truth_scenarios import SCENARIOS, Check, Planted, Scenario
from tests.reanalyse.studies import run

from openntz.compute.executors import map_in_order

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "truth.md"
ERRORS = 3.0  # Monte Carlo errors beyond which a share is called outside

Seen = tuple[float, float, float, bool] | None  # estimate, low, high, rejected
Job = tuple[int, int, int]  # scenario, planted, seed


def read(check: Check, rows: Sequence[dict[str, Any]]) -> Seen:
    """The check's row; None where the analysis could not estimate it."""
    row = next(
        (
            r
            for r in rows
            if r["measure"].startswith(check.measure)
            and r["group"].startswith(check.group)
            and all(r.get(k) == v for k, v in check.also.items())
        ),
        {},
    )
    p = row.get("p")
    if check.kind == "test" and check.column != "value":
        told = row.get(check.column)
        return None if told is None else (math.nan, math.nan, math.nan, bool(told))
    if check.kind == "test":
        return None if p is None else (math.nan, math.nan, math.nan, p < 0.05)
    if check.kind == "mean":
        value = row.get(check.column)
        return None if value is None else (value, math.nan, math.nan, False)
    if check.kind == "between":
        low, high = row.get("value"), row.get("could_be")
        return None if low is None or high is None else (math.nan, low, high, False)
    if any(row.get(k) is None for k in ("value", "low", "high")):
        return None
    null = check.null
    rejected = null is not None and (p < 0.05 if p is not None else _off(row, null))
    return row["value"], row["low"], row["high"], rejected


def _off(row: dict[str, Any], null: float) -> bool:
    return not row["low"] <= null <= row["high"]


def one(scenario: Scenario, planted: Planted, seed: int) -> list[Seen]:
    """What each check reads in one study."""
    made = scenario.make(np.random.default_rng(seed), planted)
    rows = run(scenario.analysis, made).rows
    return [read(check, rows) for check in scenario.checks]


def _judged(share: float, nominal: float, n: int, side: int = 0) -> tuple[str, bool]:
    """A share in per cent with the interval it must lie in, and whether it does.

    ``side`` -1 asks for the lower end only, 1 for the upper one.
    """
    width = ERRORS * math.sqrt(nominal * (1 - nominal) / n)
    low, high = max(0.0, nominal - width), min(1.0, nominal + width)
    low, high = (0.0 if side > 0 else low), (1.0 if side < 0 else high)
    return f"{100 * share:.1f} ({100 * low:.1f}–{100 * high:.1f})", low <= share <= high


def _covered(check: Check, planted: Planted, made: Sequence[Any]) -> tuple[list[str], list[bool]]:
    """Median or mean of the estimates, coverage with what it may be, and whether it is."""
    truth, n = check.truth(planted), len(made)
    values = np.array([m[:3] for m in made], float)
    if check.kind == "test":
        return ["–", "–"], []
    if check.kind == "mean":
        mean, error = values[:, 0].mean(), values[:, 0].std(ddof=1) / math.sqrt(n)
        return [f"{mean:.3g} (mean)", "–"], [bool(abs(mean - truth) <= ERRORS * error)]
    if check.kind == "between":
        low, high = values[:, 1].mean(), values[:, 2].mean()
        error = values[:, 1:].std(axis=0, ddof=1).max() / math.sqrt(n)
        fine = low - ERRORS * error <= truth <= high + ERRORS * error
        return [f"{low:.3g} to {high:.3g} (means)", "–"], [bool(fine)]
    inside = float(((values[:, 1] <= truth) & (truth <= values[:, 2])).mean())
    told, fine = _judged(inside, check.coverage(planted), n, -1 if check.at_least else 0)
    return [f"{np.median(values[:, 0]):.3g}", told], [fine]


def line(scenario: Scenario, check: Check, planted: Planted, seen: Sequence[Seen]) -> list[str]:
    """The cells of one row of the table."""
    truth = check.truth(planted)
    made = [s for s in seen if s is not None]
    cells = [scenario.analysis.name, check.what, f"{truth:.3g}", f"{len(made)}"]
    if len(made) < 2:
        return [*cells, "–", "–", "–", "**not estimated**"]
    told, fine = _covered(check, planted, made)
    cells += told
    rejected = sum(r for *_, r in made) / len(made)
    nominal = 0.05 if check.kind == "test" else 1 - check.level
    if check.null is None:
        cells.append("–")
    elif truth == check.null:
        words, ok = _judged(rejected, nominal, len(made), 1 if check.at_least else 0)
        cells.append(words)
        fine.append(ok)
    else:
        cells.append(f"power {100 * rejected:.0f}")
    verdict = "within" if all(fine) else f"**outside.** {check.why}".strip()
    return [*cells, verdict if fine else "–"]


def jobs(seeds: int) -> list[Job]:
    """Every study, seed by seed, so that a run that was ended has the same number of all."""
    return [
        (s, p, seed)
        for seed in range(seeds)
        for s, scenario in enumerate(SCENARIOS)
        for p in range(len(scenario.planted))
    ]


def _kept(file: Path | None) -> dict[Job, list[Seen]]:
    if file is None or not file.exists():
        return {}
    found: dict[Job, list[Seen]] = {}
    for text in file.read_text(encoding="utf-8").splitlines():
        # The last line may be cut where the run was killed.
        if text.endswith("]]"):
            job, seen = json.loads(text)
            found[tuple(job)] = [None if s is None else tuple(s) for s in seen]
    return found


def _work(asked: Sequence[Job], workers: int) -> Iterator[list[Seen]]:
    def job(which: int) -> list[Seen]:
        s, p, seed = asked[which]
        return one(SCENARIOS[s], SCENARIOS[s].planted[p], seed)

    yield from map_in_order(job, range(len(asked)), workers=workers)


def found(seeds: int, workers: int, keep: Path | None) -> dict[Job, list[Seen]]:
    """What all checks read in all studies."""
    done = _kept(keep)
    left = [job for job in jobs(seeds) if job not in done]
    with nullcontext() if keep is None else keep.open("a", encoding="utf-8") as file:
        for job, seen in zip(left, _work(left, workers), strict=True):
            done[job] = seen
            if file is not None:
                file.write(json.dumps([job, seen]) + "\n")
    return done


def page(seeds: int, done: dict[Job, list[Seen]]) -> str:
    """The page: one table a scenario."""
    text = [
        "# Analyses on planted truth",
        "",
        f"Written by `python -m benchmarks.truth --seeds {seeds} --write`: {seeds:,} studies a "
        "row, seeds from",
        "0. Every analysis is run on small simulated studies whose truth is known, first with a "
        "null planted,",
        "then with an effect.",
        "",
        "- *covered*: per cent of intervals that hold the planted value. In brackets what it may "
        f"be: {ERRORS:g} Monte",
        "  Carlo errors about the coverage of the method. For a share of so many people that "
        "coverage is worked",
        "  out exactly from the binomial distribution; else it is the level of the interval.",
        "- *rejected*: per cent of tests at the null that reject, with what it may be about 5 %",
        "  (10 % for a 90 % interval); where an effect is planted, the power.",
        "- Estimates without interval or test are held to the planted value by their mean, or by",
        "  the means of their two bounds. Exact Poisson intervals and Fisher's test may err to the",
        "  safe side.",
        "",
    ]  # fmt: skip
    outside = 0
    for s, scenario in enumerate(SCENARIOS):
        text += [
            f"## {scenario.analysis.title}: {scenario.name}",
            "",
            "| quantity | planted | studies | median | covered | rejected | |",
            "|---|---|---|---|---|---|---|",
        ]
        for c, check in enumerate(scenario.checks):
            for p, planted in enumerate(scenario.planted):
                seen = [done[s, p, seed][c] for seed in range(seeds)]
                cells = line(scenario, check, planted, seen)[1:]
                outside += cells[-1].startswith("**")
                text.append(f"| {' | '.join(cells)} |")
        text.append("")
    text += [f"Rows outside: {outside}.", ""]
    return "\n".join(text)


def main() -> None:
    """Run all scenarios and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a file in which finished studies are kept")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    started = time.process_time()
    told = page(asked.seeds, found(asked.seeds, asked.workers, asked.keep))
    print(told)
    print(f"{time.process_time() - started:.0f} s CPU in this process")
    if asked.write:
        PAGE.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
