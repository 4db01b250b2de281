"""Fit the calibrated parameters of virtual people to the published results marked for it.

    python calibration/calibrate.py [--people N] [--seed S] [--stage NAME ...]

Stages go one after another, each with the parameters that its results speak to. The objective
of a stage is the sum over its results of ((simulated - published) / tolerance)^2, where a result
that is a bound counts on its wrong side only. The same people are used throughout, so that the
objective is a function of the parameters alone; they are not the people of `openntz validate`,
whose seed is another. Nelder-Mead moves the logarithms; the bounds
are the plausible ranges of the parameter file. Writes the values into the parameter file and
what was done into calibration/result.toml.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from openntz.evidence.published import Published, published
from openntz.mechanism.virtual.parameters import Parameters, shipped_parameters
from openntz.mechanism.virtual.people import draw_people
from openntz.mechanism.virtual.readouts.arms import Arms
from openntz.mechanism.virtual.readouts.catalogue import READOUTS
from openntz.mechanism.virtual.readouts.compare import belonging

HERE = Path(__file__).parent
PARAMETER_FILE = HERE.parent / "src/openntz/mechanism/virtual/parameters.toml"
RESULT_FILE = HERE / "result.toml"

DRUG = ("responses", "titre", "total", "free", "uniform")
ENTRY = (*DRUG, "saturation", "opened")


@dataclass(frozen=True)
class Stage:
    """Parameters to fit, prefixes of the results they are fitted to, and what stays as it was."""

    name: str
    parameters: tuple[str, ...]
    results: tuple[str, ...]
    keep: tuple[str, ...]
    evaluations: int
    # Rare events need more people; where no levels are solved, they cost little.
    times_people: int = 1


STAGES = (
    Stage(
        "antibodies",
        (
            "antibodies.peak.median",
            "antibodies.peak.log-sd",
            "antibodies.half-life.median",
            "antibodies.plateau.log-mean",
            "antibodies.interference",
            "antibodies.onset.median",
            "antibodies.redose.boost",
            "antibodies.binding.ratio",
        ),
        ("antibodies.", "lymphocytes.rise.persistent"),
        ("uniform",),
        80,
    ),
    Stage(
        "lymphocytes",
        (
            "blood.lymphocytes.before",
            "blood.lymphocytes.gain",
            "blood.lymphocytes.gain.log-sd",
            "blood.lymphocytes.noise",
            "blood.erythroblasts.blocked",
        ),
        ("lymphocytes.before", "lymphocytes.on", "lymphocytes.rise.", "erythroblasts."),
        ENTRY,
        70,
    ),
    Stage(
        "lesions",
        (
            "lesion.rate",
            "lesion.frailty",
            "lesion.cluster",
            "lesion.visible",
            "lesion.slow",
            "lesion.slow.time",
            "lesion.background",
            "blockade.half",
        ),
        ("lesion.", "stop.mri."),
        (*DRUG, "saturation"),
        70,
    ),
    Stage(
        "relapses",
        ("relapse.rate", "relapse.frailty", "relapse.unblockable"),
        ("relapse.",),
        (*ENTRY, "drive"),
        50,
    ),
    Stage(
        "reactions",
        (
            "reaction.during",
            "reaction.after",
            "reaction.late",
            "reaction.hypersensitivity.first",
        ),
        ("reaction.",),
        ENTRY,
        80,
        times_people=4,
    ),
)


def targets(stage: Stage) -> list[Published]:
    """Results of a stage that are marked for calibration."""
    return [r for r in published() if r.used_in_calibration and r.id.startswith(stage.results)]


def figures(arms: Arms, results: list[Published]) -> dict[str, float]:
    """Simulated figure of each result."""
    found = {}
    for result in results:
        readout = READOUTS[result.readout]
        table = np.asarray(readout.of_people(arms, result.scenario, result.args), float)
        found[result.id] = readout.statistic(belonging(table))
    return found


def objective(results: list[Published], simulated: Mapping[str, float]) -> float:
    """Sum of squared deviations in units of the tolerance."""
    total = 0.0
    for result in results:
        off = (simulated[result.id] - result.value) / result.tolerance
        if result.relation == "at least":
            off = min(off, 0.0)
        elif result.relation == "at most":
            off = max(off, 0.0)
        total += off * off
    return total


@dataclass
class Fitted:
    """What one stage did."""

    stage: Stage
    before: float
    after: float
    evaluations: int
    values: dict[str, float]
    simulated: dict[str, float]


def fit(stage: Stage, arms: Arms, start: Parameters) -> Fitted:
    """Fit one stage from the parameters so far."""
    results = targets(stage)
    entries = [start.entries[name] for name in stage.parameters]
    low = np.log(np.array([e.low for e in entries], dtype=np.float64))
    high = np.log(np.array([e.high for e in entries], dtype=np.float64))

    def at(x: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        inside = np.clip(x, low, high)
        values = {e.name: float(f"{v:.4g}") for e, v in zip(entries, np.exp(inside), strict=True)}
        return values, figures(arms.with_parameters(start.replaced(values), stage.keep), results)

    def cost(x: np.ndarray) -> float:
        outside = np.sum(np.maximum(low - x, 0.0) + np.maximum(x - high, 0.0))
        return objective(results, at(x)[1]) + 10.0 * float(outside)

    first = np.log([e.value for e in entries])
    before = cost(first)
    simplex = np.vstack([first, *(first + 0.25 * row for row in np.eye(len(first)))])
    found = minimize(
        cost,
        first,
        method="Nelder-Mead",
        options={
            "maxfev": stage.evaluations,
            "initial_simplex": simplex,
            "xatol": 0.01,
            "fatol": 0.01,
        },
    )
    values, simulated = at(found.x)
    return Fitted(stage, before, float(found.fun), int(found.nfev), values, simulated)


def write_parameters(values: Mapping[str, float]) -> None:
    """Put values into the parameter file, leaving all else as it is."""
    text = PARAMETER_FILE.read_text(encoding="utf-8")
    for name, value in values.items():
        pattern = re.compile(rf'(\[parameter\."{re.escape(name)}"\]\nvalue = )[^\n]+')
        text, found = pattern.subn(rf"\g<1>{value!r}", text)
        if found != 1:
            raise SystemExit(f"{name} is in the parameter file {found} times.")
    PARAMETER_FILE.write_text(text, encoding="utf-8")


def report(fitted: list[Fitted], people: int, seed: int) -> str:
    """The result file."""
    lines = [
        "# Written by calibration/calibrate.py.",
        "",
        f"people = {people}",
        f"seed = {seed}",
        'objective = "sum over results of ((simulated - published) / tolerance)^2"',
        'method = "Nelder-Mead on logarithms inside the plausible ranges"',
    ]
    for one in fitted:
        lines += [
            "",
            f"[stage.{one.stage.name}]",
            f"objective_before = {one.before:.4g}",
            f"objective_after = {one.after:.4g}",
            f"evaluations = {one.evaluations}",
            f"[stage.{one.stage.name}.values]",
            *(f'"{name}" = {value!r}' for name, value in one.values.items()),
            f"[stage.{one.stage.name}.simulated]",
            *(f'"{name}" = {value:.4g}' for name, value in one.simulated.items()),
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the stages and write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--stage", nargs="*", default=[stage.name for stage in STAGES])
    asked = parser.parse_args()
    parameters = shipped_parameters()
    arms = Arms(draw_people(asked.seed, range(asked.people)), parameters)
    fitted: list[Fitted] = []
    for stage in STAGES:
        if stage.name not in asked.stage:
            continue
        begun = time.perf_counter()
        own = arms
        if stage.times_people > 1:
            more = range(asked.people * stage.times_people)
            own = Arms(draw_people(asked.seed, more), parameters)
        figures(own, targets(stage))
        one = fit(stage, own, parameters)
        fitted.append(one)
        parameters = parameters.replaced(one.values)
        arms = arms.with_parameters(parameters, stage.keep)
        took = time.perf_counter() - begun
        print(f"{stage.name}: {one.before:.2f} -> {one.after:.2f} in {took:.0f} s", flush=True)
        write_parameters(one.values)
        RESULT_FILE.write_text(report(fitted, asked.people, asked.seed), encoding="utf-8")


if __name__ == "__main__":
    main()
