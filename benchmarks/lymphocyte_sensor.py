"""How true the blood sensor is on simulated people, and what it adds to the fixed cut of 0.8.

    python -m benchmarks.lymphocyte_sensor --people 2500 --seed 11

Two worlds with planted truth: the virtual people of the mechanism (antibodies, drug, saturation,
blood), and a simpler one that is not the model's own (lymphocyte_sensor.toml). Writes
docs/reference/lymphocyte-sensor.md.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from openntz.course import vocabulary
from openntz.evidence.registry import registry
from openntz.forecast.sensor import BloodCount, SensorSettings, neutralised
from openntz.forecast.sensor_settings import CELLS, sensor_settings
from openntz.mechanism.virtual.blood import reported
from openntz.mechanism.virtual.exposure import Regimen
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.mechanism.virtual.people import draw_people
from openntz.reanalyse.statistics import proportion, roc_area

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "lymphocyte-sensor.md"
VISITS = np.arange(0, 85, 28)
WEEKS = (4, 8, 12)
EDGES = (0.0, 0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 1.0)
Z = float(norm.ppf(0.975))
L = vocabulary.LYMPHOCYTES
NO_BASELINE = "lymphocytes, baseline unknown"
SETS: Mapping[str, tuple[str, ...]] = {
    "lymphocytes": (L,),
    NO_BASELINE: (L,),
    "white-cell differential": (L, vocabulary.MONOCYTES, vocabulary.EOSINOPHILS),
    "with B cells": CELLS,
}


@dataclass(frozen=True, eq=False)
class World:
    """Counts (N, visits) by kind of cell, and the mean blockade of the last 28 days by week."""

    name: str
    counts: Mapping[str, Floats]
    blockade: Mapping[int, Floats]

    @property
    def people(self) -> int:
        """Number of people N."""
        return len(self.counts[L])


def virtual_world(people: int, seed: int, over: int) -> World:
    p = shipped_parameters()
    crowd = draw_people(seed, range(people))
    regimen = Regimen.of(np.arange(0.0, 85.0, 28.0))
    fates = Fates(crowd, p, regimen, np.arange(85.0))
    error = crowd.visits(len(CELLS), len(VISITS))
    counts = {
        cell: reported(fates.cells(cell)[:, VISITS], error[:, at], p, cell)
        for at, cell in enumerate(CELLS)
    }
    shut = 1.0 - fates.opened
    mean = {w: shut[:, 7 * w - over + 1 : 7 * w + 1].mean(axis=1) for w in WEEKS}
    return World("Virtual people", counts, mean)


def simple_world(people: int, seed: int, over: int) -> World:
    g = tomli.loads((HERE / "lymphocyte_sensor.toml").read_text(encoding="utf-8"))
    rng = np.random.default_rng(seed)
    kind = rng.random(people)
    ever = kind < g["persistent"] + g["transient"]
    onset = np.where(ever, rng.uniform(0, g["onset_to_day"], people), np.inf)
    lasting = rng.uniform(g["lasting_from"], g["lasting_to"], people)
    end = np.where(kind < g["persistent"], np.inf, onset + lasting)
    day = np.arange(85)
    on = (day < onset[:, None]) | (day >= end[:, None])
    share = np.zeros((people, len(day)))
    for at in day[1:]:
        step = np.where(on[:, at], 1.0, -1.0) / g["rise_days"]
        share[:, at] = np.clip(share[:, at - 1] + step, 0.0, 1.0)
    rise = np.maximum(rng.normal(g["rise_mean"], g["rise_sd"], people), 0.0)
    little = ~ever & (rng.random(people) < g["little_rise"])
    rise = np.where(little, g["little_factor"] * rise, rise)
    base = np.maximum(rng.normal(g["baseline_mean"], g["baseline_sd"], people), 0.7)
    rho = g["noise_correlation"]
    noise = rng.standard_normal((people, len(VISITS)))
    for at in range(1, len(VISITS)):
        noise[:, at] = rho * noise[:, at - 1] + np.sqrt(1 - rho**2) * noise[:, at]
    seen = base[:, None] + rise[:, None] * share[:, VISITS] + g["noise_sd"] * noise
    disturbed = rng.random(seen.shape) < g["disturbed"]
    seen = np.where(disturbed, seen * rng.choice(g["disturbed_factors"], seen.shape), seen)
    mean = {w: on[:, 7 * w - over + 1 : 7 * w + 1].mean(axis=1) for w in WEEKS}
    return World("A simpler world", {L: np.round(np.maximum(seen, 0.1), 2)}, mean)


def chances(world: World, name: str, day: int, s: SensorSettings) -> Floats:
    """The sensor's answer (N,) from every visit up to a day, with one of ``SETS``."""
    cells = SETS[name]
    first = 1 if name == NO_BASELINE else 0
    found = np.empty(world.people)
    for i in range(world.people):
        rows = [
            BloodCount(c, float(d), float(world.counts[c][i, at]))
            for c in cells
            for at, d in enumerate(VISITS)
            if at >= first and d <= day
        ]
        found[i] = neutralised(rows, float(day), s).probability
    return found


def _percent(part: Bools) -> str:
    return f"{100 * part.mean():.1f} % ({part.sum()}/{len(part)})"


def _area(score: Floats, truth: Bools) -> str:
    a = roc_area(score, truth)
    return "-" if a.value is None else f"{a.value:.3f} ({a.low:.3f}-{a.high:.3f})"


def _placements(score: Floats, truth: Bools) -> tuple[Floats, Floats]:
    cases, controls = score[truth], score[~truth]
    both = rankdata(np.concatenate([cases, controls]))
    m, n = len(cases), len(controls)
    by_case = (both[:m] - rankdata(cases)) / n
    return by_case, 1 - (both[m:] - rankdata(controls)) / m


def _difference(one: Floats, other: Floats, truth: Bools) -> str:
    """AUC of one less that of another on the same people (DeLong 1988, paired)."""
    (a, b), (c, d) = _placements(one, truth), _placements(other, truth)
    value = a.mean() - c.mean()
    spread = np.sqrt((a - c).var(ddof=1) / len(a) + (b - d).var(ddof=1) / len(b))
    return f"{value:+.3f} ({value - Z * spread:+.3f} to {value + Z * spread:+.3f})"


def _row(world: World, name: str, week: int, chance: Floats, s: SensorSettings, cut: float) -> str:
    truth = world.blockade[week] < s.neutralised_below
    rise = world.counts[L][:, week // 4] - world.counts[L][:, 0]
    flat = rise < cut
    # The same share of people with a working drug is flagged as by the fixed cut.
    limit = np.sort(chance[~truth])[-max(int(flat[~truth].sum()), 1)]
    share = float(truth.mean())
    brier = float(np.mean((chance - truth) ** 2))
    plain = share * (1 - share)
    return (
        f"| {week} | {name} | {_percent(truth)} | {100 * chance.mean():.1f} % | {brier:.4f} "
        f"({plain:.4f}) | {_area(chance, truth)} | {_area(-rise, truth)} | "
        f"{_difference(chance, -rise, truth)} | "
        f"{_percent(flat[truth])} | {_percent(~flat[~truth])} | {_percent(chance[truth] >= limit)} "
        f"| {limit:.3f} |"
    )


def _reliability(chance: Floats, truth: Bools) -> list[str]:
    rows = []
    for low, high in itertools.pairwise(EDGES):
        inside = (chance >= low) & ((chance < high) | (high == EDGES[-1]))
        if inside.any():
            mean = float(chance[inside].mean())
            found = proportion(int(truth[inside].sum()), int(inside.sum()))
            ends = (found.low or 0.0, found.high or 1.0)
            off = (
                "" if ends[0] <= mean <= ends[1] else ("too low" if mean < ends[0] else "too high")
            )
            rows.append(
                f"| {low:g}-{high:g} | {inside.sum()} | {100 * mean:.1f} % | "
                f"{_percent(truth[inside])} | {100 * ends[0]:.1f}-{100 * ends[1]:.1f} % | {off} |"
            )
    return rows


def report(worlds: Sequence[World], s: SensorSettings, seed: int, cut: float) -> list[str]:
    """The page, and the processor time of a person on the way."""
    lines: list[str] = []
    cost: list[str] = []
    for world in worlds:
        lines += [
            f"## {world.name}: {world.people} people, seed {seed}",
            "",
            "| week | counts | neutralised | mean chance | Brier (constant) | AUC sensor "
            "| AUC rise | difference | cut: sensitivity | cut: specificity "
            "| sensor: sensitivity, same specificity | limit |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        tables: list[str] = []
        outside = shown = 0
        for name, cells in SETS.items():
            if not set(cells) <= set(world.counts):
                continue
            for week in WEEKS:
                began = time.process_time()
                chance = chances(world, name, 7 * week, s)
                used = 1e3 * (time.process_time() - began) / world.people
                cost.append(f"| {world.name} | {name} | {week} | {used:.2f} |")
                lines.append(_row(world, name, week, chance, s, cut))
                if week == WEEKS[-1] or name in {"lymphocytes", NO_BASELINE}:
                    tables += ["", f"### {world.name}, {name}, week {week}", ""]
                    tables += [
                        "| chance | people | mean chance | neutralised | 95 % interval | |",
                        "|---|---|---|---|---|---|",
                    ]
                    rows = _reliability(chance, world.blockade[week] < s.neutralised_below)
                    outside += sum(row.endswith(("low |", "high |")) for row in rows)
                    shown += len(rows)
                    tables += rows
        said = f"Of {shown} rows of chances {outside} lie outside of the interval of what was true"
        lines += ["", f"{said} (by chance alone about {0.05 * shown:.0f}).", *tables, ""]
    lines += [
        "## Cost",
        "",
        "Processor time a person, simulation excluded; the machine was shared.",
        "",
    ]
    lines += ["| world | counts | week | ms |", "|---|---|---|---|", *cost, ""]
    return lines


HEAD = """# The lymphocyte as a sensor: calibration

Written by `python -m benchmarks.lymphocyte_sensor`; do not edit. What it is and what it is not:
[the concept page](../concepts/lymphocyte-sensor.md). **Simulated people only. Nothing here says
that it works in people.**

Baseline on the day of the first dose, counts every 4 weeks up to the week asked for. 'Neutralised'
is the planted truth: mean blockade of the 28 days up to that day below one half. AUC with DeLong's
95 % interval. The cut flags a rise of less than {cut:g} x 10^9/L at that week's count (published
for week 12 only). 'Same specificity' puts the sensor's limit where it flags as many people with a
working drug as the cut does; that limit is chosen on the same people, so it flatters a little.
'Constant' is the Brier score of everybody given the true share. 'Difference' is the sensor's area
less that of the plain rise at that week, on the same people (paired). In the tables by chance,
'too low' and 'too high' mark a mean chance outside of the Wilson interval of what was true.

The sensor's histories come from other virtual people (seed 71828,
`calibration/sensor_histories.py`). Nothing was fitted to the people below, but they come from the
same mechanism: that the chances are true of them follows from how the sensor was made, and tests
its arithmetic alone. The simpler world further down is not the sensor's own.

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=11)
    choice = parser.parse_args()
    s = sensor_settings(registry(), shipped_parameters())
    over = round(s.over_days)
    cut = registry().fact("lymphocytes.rise").number
    worlds = (
        virtual_world(choice.people, choice.seed, over),
        simple_world(choice.people, choice.seed, over),
    )
    text = HEAD.format(cut=cut) + "\n".join(report(worlds, s, choice.seed, cut))
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
