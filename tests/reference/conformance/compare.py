"""Results of a program against the expected numbers, one line per case and quantity.

A missing or unreadable number fails; it is never left out of the comparison.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.reference.conformance import results
from tests.reference.conformance.cases import REFERENCE, Case, psn_rows, rolling_id

# Monolix's names of the cards' symbols.
MONOLIX_NAMES = {
    "ALAG": "lag",
    "Ka": "ka",
    "Vc": "vc",
    "Cl": "cl",
    "Q": "q",
    "Vp": "vp",
    "Vmax": "vmax",
    "Km": "km",
}
# A level recorded before any dose is 0; a relative difference needs a floor (mg/L).
_FLOOR = 1e-6
# NONMEM's M3 numbers and PsN's were printed; one unit, with room for binary rounding.
_ONE_UNIT = 1.0 + 1e-6


@dataclass(frozen=True)
class Pair:
    """An expected number, the program's, and how far they are apart in the row's measure."""

    theirs: float
    ours: float
    apart: float


@dataclass(frozen=True)
class Row:
    """The worst (or median) of a case's numbers of one kind."""

    case: str
    quantity: str
    numbers: int
    theirs: float | None
    ours: float | None
    apart: float | None
    tolerance: float
    measure: str
    passed: bool


def compare(case: Case, folder: Path) -> list[Row]:
    """All rows of one case, from the program's files in ``folder``."""
    if case.kind == "monolix":
        return _monolix(case, folder)
    if case.kind in ("psn", "psn, locf"):
        return _psn(case, folder)
    return _modes(case, folder)


def _row(case: Case, quantity: str, pairs: Iterable[Pair], tolerance: float, measure: str) -> Row:
    """The worst pair decides; a number that is missing is the worst."""
    every = list(pairs)
    worst = max(every, key=lambda p: math.inf if math.isnan(p.apart) else p.apart)
    return Row(
        *(case.name, quantity, len(every), _shown(worst.theirs), _shown(worst.ours)),
        *(_shown(worst.apart), tolerance, measure),
        passed=all(p.apart <= tolerance for p in every),
    )


def _shown(value: float) -> float | None:
    return None if math.isnan(value) else value


def _absolute(theirs: float, ours: float) -> Pair:
    return Pair(theirs, ours, abs(ours - theirs))


def _relative(theirs: float, ours: float) -> Pair:
    return Pair(theirs, ours, abs(ours - theirs) / (abs(theirs) + _FLOOR))


def _modes(case: Case, folder: Path) -> list[Row]:
    expected = json.loads((case.where / "expected.json").read_text())
    people = expected.get("individuals", expected.get("people"))
    tolerance = expected["tolerance"]
    etas = results.etas(folder)
    pairs = [
        _absolute(value, etas.get(str(p["id"]), {}).get(effect, math.nan))
        for p in people
        for effect, value in _expected_etas(p)
    ]
    rows = [_row(case, "etas", pairs, tolerance["eta_abs"], "absolute")]
    if case.kind == "m3":
        return rows
    objectives = results.objectives(folder)
    pairs = [
        _absolute(p["objective"], objectives.get(str(p["id"]), math.nan))
        for p in people
        if p["objective"] is not None
    ]
    if pairs:
        rows.append(_row(case, "objective", pairs, tolerance["objective_abs"], "absolute"))
    covariances = results.covariances(folder)
    pairs = [
        _absolute(value, covariances.get(str(p["id"]), {}).get(key, math.nan))
        for p in people
        for key, value in _expected_covariance(p)
    ]
    if pairs:
        rows.append(_row(case, "covariance", pairs, tolerance["covariance_abs"], "absolute"))
    for column in ("PRED", "IPRED") if "prediction_rel" in tolerance else ():
        found = results.predictions(folder, column)
        pairs = [
            _relative(value, ours)
            for p in people
            for value, ours in zip(p[column], found[str(p["id"])], strict=True)
        ]
        rows.append(_row(case, column, pairs, tolerance["prediction_rel"], "relative"))
    return rows


def _symbol(name: str) -> str:
    return {"V": "vc", "V1": "vc"}.get(name, name.lower())


def _expected_etas(person: dict) -> list[tuple[results.Effect, float]]:
    found = [(("", _symbol(name)), value) for name, value in person["eta"].items()]
    for occasion, values in person.get("kappa", {}).items():
        found += [((occasion, _symbol(name)), value) for name, value in values.items()]
    return found


def _expected_covariance(
    person: dict,
) -> list[tuple[tuple[results.Effect, results.Effect], float]]:
    matrix = person["posterior_covariance"]
    if matrix is None:
        return []
    if isinstance(matrix, dict):
        names = [(pair.split(","), value) for pair, value in matrix.items()]
        return [((("", _symbol(a)), ("", _symbol(b))), value) for (a, b), value in names]
    effects = [effect for effect, _ in _expected_etas(person)]
    return [
        ((effects[i], effects[j]), value)
        for i, line in enumerate(matrix)
        for j, value in enumerate(line)
    ]


def units_of_last_digit(theirs: float, ours: float) -> float:
    """Difference in units of the fifth significant digit, ours rounded to five first."""
    if math.isnan(ours):
        return math.nan
    return abs(float(f"{ours:.4e}") - theirs) / 10.0 ** (math.floor(math.log10(theirs)) - 4)


def _psn(case: Case, folder: Path) -> list[Row]:
    rows = []
    for column in ("PRED", "IPRED"):
        found = results.predictions(folder, column)
        seen: dict[str, int] = {}
        pairs = []
        for row in psn_rows():
            identity, theirs = rolling_id(row), float(row[column])
            k = seen.get(identity, 0)
            seen[identity] = k + 1
            # Before the first dose there is nothing: 0, which has no significant digits.
            if theirs:
                ours = found[identity][k]
                pairs.append(Pair(theirs, ours, units_of_last_digit(theirs, ours)))
        worst = _row(case, column, pairs, _ONE_UNIT, "units of the 5th digit")
        if case.kind == "psn, locf":
            # The check itself is checked: the wrong rule has to be caught.
            missed = Row(*(worst.case, f"{column}, must differ", *_tail(worst)), not worst.passed)
            rows.append(missed)
        else:
            rows.append(worst)
    return rows


def _tail(row: Row) -> tuple[int, float | None, float | None, float | None, float, str]:
    return row.numbers, row.theirs, row.ours, row.apart, row.tolerance, row.measure


def _monolix(case: Case, folder: Path) -> list[Row]:
    """Medians over the people, per parameter, of means and SDs."""
    run = case.name.removeprefix("monolix-")
    tolerance = json.loads((case.where / "models.json").read_text())["tolerance"]
    with (case.where / f"run{run}_random_effects.csv").open(newline="") as stream:
        expected = list(csv.DictReader(stream))
    found = results.posteriors(folder)
    rows = []
    for theirs_name, name in MONOLIX_NAMES.items():
        column = f"eta_{theirs_name}_sd"
        # Run 101 lists the flow between the compartments, which has no variability.
        if column not in expected[0] or all(float(p[column]) == 0.0 for p in expected):
            continue
        means, spreads = [], []
        for person in expected:
            mean, sd = found.get(person["id"], {}).get(name, (math.nan, math.nan))
            their_mean = float(person[f"eta_{theirs_name}_mean"])
            their_sd = float(person[f"eta_{theirs_name}_sd"])
            means.append(_absolute(their_mean, mean))
            spreads.append(Pair(their_sd, sd, abs(sd / their_sd - 1.0)))
        rows.append(_median(case, f"mean of {name}", means, tolerance["mean_abs"], "median"))
        measure = "median, relative"
        rows.append(_median(case, f"SD of {name}", spreads, tolerance["sd_rel"], measure))
    return rows


def _median(case: Case, quantity: str, pairs: list[Pair], tolerance: float, measure: str) -> Row:
    apart = statistics.median(math.inf if math.isnan(p.apart) else p.apart for p in pairs)
    # The person nearest to the median stands for all.
    shown = min(pairs, key=lambda p: math.inf if math.isnan(p.apart) else abs(p.apart - apart))
    return Row(
        *(case.name, quantity, len(pairs), _shown(shown.theirs), _shown(shown.ours), apart),
        *(tolerance, measure, apart <= tolerance),
    )


def fingerprint() -> str:
    """SHA-256 of everything the expected numbers and the models come from."""
    digest = hashlib.sha256()
    for path in sorted(REFERENCE.rglob("*")):
        if path.suffix in (".csv", ".json", ".toml") and "conformance" not in path.parts:
            digest.update(path.relative_to(REFERENCE).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
