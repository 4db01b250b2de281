"""Make the derived reference cases again: ``python -m tests.reference.derived.generate [name]``.

Run from the root of the repository. Every case has its own seed, so one can be made alone.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from tests.oracle.cases import all_cases
from tests.oracle.designs import Case, drawn, in_the_measured_compartment, write_people
from tests.oracle.nonmem_like import Fit, Person, Record, read_people

HERE = Path(__file__).parent
SEED = 20261122
STARTS = 4
TOLERANCE = {
    "eta_abs": 1e-5,
    "objective_abs": 1e-4,
    "covariance_abs": 1e-6,
    "prediction_rel": 1e-5,
}
DEFINITION = (
    "minus_two_log = sum of ln v + (y - f)^2 / v (+ -2 ln Phi of censored levels) "
    "+ eta' inv(Omega) eta at the mode; objective = minus_two_log + ln det(Omega) - ln det(ETC); "
    "ETC = inverse of inv(Omega) + sum of g g' / v + 0.5 dv dv' / v^2 (FOCEI). eta, Omega and ETC "
    "run over the etas and then, per occasion in order of first appearance, its kappas. PRED at "
    "eta 0 and IPRED at the mode stand for every record of the file, in its order."
)


def digits(value: float | None) -> float | None:
    """Twelve significant digits."""
    return None if value is None else float(f"{value:.12g}")


def described(number: int, records: list[Record], fit: Fit) -> dict[str, Any]:
    """One person's expected numbers."""
    kappas: dict[str, dict[str, float | None]] = defaultdict(dict)
    for (name, occasion), value in zip(fit.layout, fit.random, strict=True):
        if occasion:
            kappas[str(occasion)][name] = digits(value)
    pairs = zip(fit.layout, fit.random, strict=True)
    etc = None if fit.objective is None else [[digits(x) for x in line] for line in fit.etc]
    return {
        "id": number,
        "eta": {name: digits(value) for (name, occasion), value in pairs if not occasion},
        "kappa": dict(kappas),
        "minus_two_log": digits(fit.minus_two_log),
        "objective": digits(fit.objective),
        "posterior_covariance": etc,
        "TIME": [r["TIME"] for r in records],
        "EVID": [int(r["EVID"]) for r in records],
        "PRED": [digits(x) for x in fit.pred],
        "IPRED": [digits(x) for x in fit.ipred],
    }


def make(case: Case, number: int) -> None:
    """Draw the data, write them, read them back, and write what the oracle finds."""
    out = HERE / case.name
    out.mkdir(exist_ok=True)
    rng = np.random.Generator(np.random.PCG64([SEED, number]))
    designs = case.designs
    if case.model["absorption"] == "first-order":
        designs = [in_the_measured_compartment(design) for design in designs]
    write_people(out / "data.csv", [drawn(case, design, rng) for design in designs])
    people = []
    for k, records in enumerate(read_people(out / "data.csv"), start=1):
        fit = Person(case.model, records).fit(STARTS)
        people.append(described(k, records, fit))
        several = "" if fit.modes == 1 else "  STARTS DISAGREE"
        print(f"  {case.name} {k}: {people[-1]['eta']}{several}", flush=True)
    expected = {
        "software": "this project's oracle (tests/oracle: numpy and scipy, no package code)",
        "what": case.what,
        "model": case.model,
        "data": "data.csv",
        "tolerance": TOLERANCE,
        "definition": DEFINITION,
        "notes": list(case.notes),
        "individuals": people,
    }
    (out / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def main(names: list[str]) -> None:
    """All cases, or those named."""
    for number, case in enumerate(all_cases()):
        if not names or case.name in names:
            make(case, number)


if __name__ == "__main__":
    main(sys.argv[1:])
