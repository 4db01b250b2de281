"""Whether every analysis keeps its promises on studies whose truth was planted.

    python -m benchmarks.truth --seeds 1000 --workers 2 --write

Each scenario plants a null and an effect in small studies, one a seed, and runs the analysis on
the courses. Counted are intervals that hold the planted value and tests that reject at 5 %,
with the Monte Carlo error of both. Writes docs/reference/truth.md; what is outside three Monte
Carlo errors is said so in the table and stays there.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm
from tests import build
from tests.reanalyse.studies import day, person, run, study

from openntz.compute.executors import map_in_order
from openntz.course import vocabulary
from openntz.course.events import Answer, Person, Ref
from openntz.reanalyse.activity import ACTIVITY
from openntz.reanalyse.immunogenicity import IMMUNOGENICITY
from openntz.reanalyse.intervals import EXTENDED_INTERVAL
from openntz.reanalyse.lymphocytosis import LYMPHOCYTOSIS
from openntz.reanalyse.reactions import REACTIONS
from openntz.reanalyse.result import Analysis
from openntz.reanalyse.stopping import STOPPING
from openntz.reanalyse.study import Study
from openntz.reanalyse.troughs import TROUGHS
from openntz.reanalyse.wearing_off import WEARING_OFF

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "truth.md"
ERRORS = 3.0  # Monte Carlo errors beyond which a share is called outside


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An analysis, how a study of it is made from a planted value, and the row that estimates it.

    ``null`` is the planted value under which the test must not reject; None without a test.
    """

    analysis: Analysis
    what: str
    make: Callable[[np.random.Generator, float], Study]
    row: tuple[str, str]
    planted: tuple[float, ...]
    null: float | None
    level: float = 0.95
    has_interval: bool = True
    note: str = ""


Seen = tuple[float, float, float, bool] | None  # estimate, low, high, rejected


def one(scenario: Scenario, planted: float, seed: int) -> Seen:
    """The row of one study; None where the analysis could not estimate it."""
    found = run(scenario.analysis, scenario.make(np.random.default_rng(seed), planted))
    measure, group = scenario.row
    rows = [
        r for r in found.rows if r["measure"].startswith(measure) and r["group"].startswith(group)
    ]
    row = rows[0] if rows else {}
    p = row.get("p")
    if not scenario.has_interval:
        return None if p is None else (math.nan, math.nan, math.nan, p < 0.05)
    if any(row.get(k) is None for k in ("value", "low", "high")):
        return None
    null = scenario.null
    rejected = (
        p < 0.05 if p is not None else null is not None and not row["low"] <= null <= row["high"]
    )
    return row["value"], row["low"], row["high"], rejected


def _doses(n: int = 5) -> Any:
    return build.doses_every(day(0), n)


def lymphocytes(g: np.random.Generator, area: float) -> Study:
    """12 people with persistent antibodies and 48 without; changes apart by the planted area."""
    apart = math.sqrt(2) * 0.5 * float(norm.ppf(area))
    people = []
    for i in range(60):
        change = g.normal(1.2 if i >= 12 else 1.2 - apart, 0.5)
        answer: Answer = "positive" if i < 12 else "negative"
        people.append(
            person(
                f"P{i}",
                doses=_doses(7),
                measurements=(
                    build.lymphocytes(day(-3), 2.0),
                    build.lymphocytes(day(84), round(max(0.0, 2.0 + change), 3)),
                    build.antibody(day(84), answer),
                    build.antibody(day(168), answer),
                ),
            )
        )
    return study(people)


def products(g: np.random.Generator, difference: float) -> Study:
    """80 people on each of two products; 15 % and 15 % plus the planted difference persistent."""
    people = []
    for i in range(160):
        chance = 0.15 + (difference if i < 80 else 0.0)
        answer: Answer = "positive" if g.random() < chance else "negative"
        doses = [build.dose(day(28 * k), product="a" if i < 80 else "b") for k in range(3)]
        tests = [build.antibody(day(d), answer) for d in (84, 168)]
        people.append(person(f"P{i}", doses=doses, measurements=tests))
    return study(people)


def levels(g: np.random.Generator, ratio: float) -> Study:
    """60 people with 2 troughs; 10 kg more multiply the trough by the planted ratio."""
    people = []
    for i in range(60):
        weight, own = g.normal(75, 12), g.normal(0, 0.4)
        centre = 3 + math.log(ratio) * (weight - 75) / 10 + own
        measured = [
            build.level(f"{day(28 * (k + 1))}T09:00", math.exp(centre + g.normal(0, 0.2)))
            for k in range(2)
        ]
        kg = build.measurement(vocabulary.WEIGHT, day(-1), weight)
        people.append(person(f"P{i}", doses=_doses(3), measurements=(*measured, kg)))
    return study(people)


def reaction_by_age(g: np.random.Generator, ratio: float) -> Study:
    """150 people aged 20 to 59; each year multiplies the odds by the planted ratio."""
    people = []
    for i in range(150):
        age = int(g.integers(20, 60))
        odds = math.exp(-0.6 + math.log(ratio) * (age - 40))
        hit = g.random() < odds / (1 + odds)
        born = day(0).replace(year=day(0).year - age, day=1)
        who = Person(id=f"P{i}", birth_date=born, sex="F", ref=Ref("people", 2))
        told = [build.reaction(f"{day(0)}T10:30", "flushing", 1)] if hit else []
        people.append(build.course(who=who, doses=_doses(1), reactions=told))
    return study(people)


def reaction_clusters(g: np.random.Generator, share: float) -> Study:
    """100 people, 6 infusions, each with a chance of their own around the planted share."""
    people = []
    for i in range(100):
        chance = g.beta(2 * share, 2 * (1 - share))
        told = [
            build.reaction(f"{day(28 * k)}T10:30", "flushing", 1)
            for k in range(6)
            if g.random() < chance
        ]
        people.append(person(f"P{i}", doses=_doses(6), reactions=told))
    return study(people)


def relapses(g: np.random.Generator, ratio: float) -> Study:
    """60 people an arm, gamma-distributed rates; rates apart by the planted ratio."""
    people, arms = [], {}
    slots = np.arange(10, 1200, 32)
    for i in range(120):
        arm = "active" if i < 60 else "control"
        mean = 2.0 * (ratio if i < 60 else 1.0) * g.gamma(2.0, 0.5)
        days = sorted(g.choice(slots, min(len(slots), int(g.poisson(mean))), replace=False))
        told = [build.relapse(day(int(d))) for d in days]
        people.append(person(f"P{i}", doses=build.doses_every(day(0), 30, 42), relapses=told))
        arms[f"P{i}"] = arm
    return study(people, arms=arms, as_of=day(1230))


def intervals(g: np.random.Generator, ratio: float) -> Study:
    """150 people who change from 28 to 42 days; the hazard then changes by the planted ratio."""
    people, base = [], 1 / 600
    for i in range(150):
        change = int(g.integers(3, 8))
        gaps = [28] * change + [42] * 5
        starts = np.concatenate([[0], np.cumsum(gaps)])
        turn, need = 28 * change, g.exponential()
        at = need / base if need < base * turn else turn + (need - base * turn) / (base * ratio)
        told = [build.relapse(day(math.ceil(at)))] if at < starts[-1] else []
        doses = build.doses_on(day(float(d)) for d in starts)
        people.append(person(f"P{i}", doses=doses, relapses=told))
    return study(people, as_of=day(1200))


def rates(g: np.random.Generator, difference: float) -> Study:
    """120 people at 28 and 120 at 42 days, one year; 100 against 100 plus so many per 1,000."""
    people = []
    for i in range(240):
        gap, n = (28, 13) if i < 120 else (42, 9)
        hazard = (100 + (difference if gap == 42 else 0)) / 1000 / 365.25
        at = g.exponential(1 / hazard)
        told = [build.relapse(day(math.ceil(at)))] if at < 365 else []
        doses = build.doses_every(day(0), n, gap)
        people.append(person(f"P{i}", doses=doses, relapses=told))
    return study(people, as_of=day(365))


def rebounds(g: np.random.Generator, share: float) -> Study:
    """60 people who stopped; the planted share worsens by 2 EDSS steps."""
    people = []
    for i in range(60):
        scores = [build.edss(day(100), 2.0)]
        scores.append(build.edss(day(300), 3.5 if g.random() < share else 2.0))
        people.append(person(f"P{i}", doses=_doses(6), edss=scores))
    return study(people, as_of=day(600))


def saturation(g: np.random.Generator, difference: float) -> Study:
    """40 people, half with wearing-off, whose saturation differs by the planted points."""
    people = []
    for i in range(40):
        value = g.normal(80 - (difference if i < 20 else 0), 8)
        told = [build.symptom(day(100))] if i < 20 else []
        seen = [build.measurement(vocabulary.SATURATION, day(112), value)]
        people.append(person(f"P{i}", doses=_doses(6), symptoms=told, measurements=seen))
    return study(people)


def quiet(g: np.random.Generator, share: float) -> Study:
    """60 people with wearing-off; the planted share has no activity in the year after."""
    people = []
    for i in range(60):
        told = [build.scan(day(d), int(d == 200 and g.random() > share)) for d in (200, 400)]
        people.append(
            person(f"P{i}", doses=_doses(18), symptoms=[build.symptom(day(100))], mri=told)
        )
    return study(people)


def level_shares(g: np.random.Generator, share: float) -> Study:
    """80 people with one trough; the planted share at or above 10 ug/mL."""
    people = [
        person(
            f"P{i}",
            doses=_doses(2),
            measurements=[build.level(f"{day(28)}T09:00", 25.0 if g.random() < share else 6.0)],
        )
        for i in range(80)
    ]
    return study(people)


EXACT = "Exact intervals cover at least their level."
DISCRETE = "A share of few people takes few values, so coverage jumps around its level."
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        analysis=LYMPHOCYTOSIS, what="area under the ROC curve (DeLong), 12 against 48",
        make=lymphocytes, row=("area under", ""), planted=(0.5, 0.76), null=0.5,
    ),
    Scenario(
        analysis=IMMUNOGENICITY, what="difference of products (Newcombe, 90 %), 80 against 80",
        make=products, row=("difference of shares", ""), planted=(0.0, 0.2), null=0.0, level=0.90,
    ),
    Scenario(
        analysis=TROUGHS, what="ratio of troughs per 10 kg (GEE), 60 people",
        make=levels, row=("ratio of troughs", "10 kg"), planted=(1.0, 0.85), null=1.0,
    ),
    Scenario(
        analysis=TROUGHS, what="share at or above 10 ug/mL (Wilson), 80 people",
        make=level_shares, row=("at least 10 ", "people"), planted=(0.5, 0.94), null=None,
        note=DISCRETE,
    ),
    Scenario(
        analysis=REACTIONS, what="odds ratio per year of age (logistic), 150 people",
        make=reaction_by_age, row=("odds ratio", "age"), planted=(1.0, 1.04), null=1.0,
    ),
    Scenario(
        analysis=REACTIONS, what="share of infusions, people clustered (GEE), 100 people",
        make=reaction_clusters, row=("infusions", "any, inf"), planted=(0.1, 0.3), null=None,
    ),
    Scenario(
        analysis=ACTIVITY, what="ratio of relapse rates (negative binomial), 60 an arm",
        make=relapses, row=("ratio of relapse", ""), planted=(1.0, 0.5), null=1.0,
    ),
    Scenario(
        analysis=WEARING_OFF, what="saturation by wearing-off (Mann-Whitney), 20 against 20",
        make=saturation, row=("median saturation", "not"), planted=(0.0, 8.0), null=0.0,
        has_interval=False,
    ),
    Scenario(
        analysis=WEARING_OFF, what="no activity in the year after (exact), 60 people",
        make=quiet, row=("no activity", "wearing-off"), planted=(0.5, 0.9), null=None,
        note=EXACT,
    ),
    Scenario(
        analysis=EXTENDED_INTERVAL, what="hazard ratio (time-varying Cox), 150 people",
        make=intervals, row=("hazard ratio", ""), planted=(1.0, 2.0), null=1.0,
    ),
    Scenario(
        analysis=EXTENDED_INTERVAL, what="difference of rates (90 %), 120 against 120",
        make=rates, row=("difference of rates", ""), planted=(0.0, 100.0), null=0.0, level=0.90,
    ),
    Scenario(
        analysis=STOPPING, what="rebound by EDSS (Wilson), 60 people",
        make=rebounds, row=("rebound by edss", "all"), planted=(0.05, 0.17), null=None,
        note=DISCRETE,
    ),
)  # fmt: skip


def _against(share: float, nominal: float, n: int) -> tuple[str, bool]:
    """A share in per cent with its Monte Carlo error, and whether it is within three of them."""
    error = math.sqrt(nominal * (1 - nominal) / n)
    return f"{100 * share:.1f} ± {100 * error:.1f}", abs(share - nominal) <= ERRORS * error


def line(scenario: Scenario, planted: float, seen: Sequence[Seen]) -> str:
    """One row of the table."""
    made = [s for s in seen if s is not None]
    cells = [scenario.analysis.name, scenario.what, f"{planted:g}", f"{len(made)} of {len(seen)}"]
    fine = []
    if scenario.has_interval and made:
        covered = sum(low <= planted <= high for _, low, high, _ in made) / len(made)
        told, ok = _against(covered, scenario.level, len(made))
        cells += [f"{np.median([v for v, *_ in made]):.3g}", f"{100 * scenario.level:g}", told]
        fine.append(ok)
    else:
        cells += ["–", "–", "–"]
    if scenario.null is None or not made:
        cells.append("–")
    else:
        rejected = sum(r for *_, r in made) / len(made)
        nominal = 1 - scenario.level
        if planted == scenario.null:
            told, ok = _against(rejected, nominal, len(made))
            cells.append(f"{told} (nominal {100 * nominal:.0f})")
            fine.append(ok)
        else:
            cells.append(f"{100 * rejected:.1f} (power)")
    cells.append("within" if fine and all(fine) else "**outside**" if fine else "not estimated")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run all scenarios and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    started, lines = time.process_time(), []
    cases: list[tuple[Scenario, float]] = []
    for scenario in SCENARIOS:
        for planted in scenario.planted:
            cases.append((scenario, planted))
    jobs = [(c, seed) for c in range(len(cases)) for seed in range(asked.seeds)]

    def job(which: int) -> Seen:
        case, seed = jobs[which]
        scenario, planted = cases[case]
        return one(scenario, planted, seed)

    found = list(map_in_order(job, range(len(jobs)), workers=asked.workers))
    for c, (scenario, planted) in enumerate(cases):
        seen = [s for s, (case, _) in zip(found, jobs, strict=True) if case == c]
        lines.append(line(scenario, planted, seen))
    notes = dict.fromkeys(f"{s.what}: {s.note}" for s in SCENARIOS if s.note)
    page = "\n".join(
        [
            "# Analyses on planted truth",
            "",
            f"Written by `python -m benchmarks.truth --seeds {asked.seeds} --write`: "
            f"{asked.seeds:,} studies",
            "a row, seeds from 0. 'Covered' is the share of intervals that hold the planted value,",
            "'rejected' the share of tests at the null that reject, both in per cent with the",
            f"Monte Carlo error of the nominal share; more than {ERRORS:g} of them away is",
            "'outside'.",
            "",
            "| analysis | quantity | planted | estimated | median | level | covered | rejected | |",
            "|---|---|---|---|---|---|---|---|---|",
            *lines,
            "",
            *(f"- {note}" for note in notes),
            "",
        ]
    )
    print(page)
    print(f"{time.process_time() - started:.0f} s CPU in this process")
    if asked.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
