"""`openntz estimate` by its files: other programs' numbers, read back from them."""

from __future__ import annotations

import csv
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from openntz.workflows.estimate import run_estimate
from tests.workflows.quiet import QUIET

REFERENCE = Path(__file__).parents[1] / "reference"
DERIVED = sorted(p.name for p in (REFERENCE / "derived").iterdir() if (p / "data.csv").exists())

Rows = list[dict[str, str]]


def table(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory):
    """The tables of a reference case, estimated once."""

    @cache
    def of(case: str, card: str) -> dict[str, Rows]:
        out = tmp_path_factory.mktemp("results")
        data = REFERENCE / case / "data.csv"
        run_estimate(REFERENCE / "cards" / f"{card}.toml", data, out, threads=1, progress=QUIET)
        return {path.stem: table(path) for path in out.glob("*.csv")}

    return of


def expected(case: str) -> dict[str, Any]:
    return json.loads((REFERENCE / case / "expected.json").read_text("utf-8"))


def of_person(rows: Rows, person: object) -> Rows:
    return [row for row in rows if row["ID"] == str(person)]


def covariances(rows: Rows, names: list[tuple[str, str]]) -> list[list[float]]:
    places = {
        (r["row"], r["row_occasion"], r["column"], r["column_occasion"]): float(r["value"])
        for r in rows
    }
    return [[places[(*a, *b)] for b in names] for a in names]


def test_matches_nonmem_posthoc(results) -> None:
    """Etas 1e-5, objectives 1e-4, covariances 1e-6: the digits NONMEM printed."""
    found = results("nonmem-oral-1cpt", "nonmem_oral_1cpt")
    symbol = {"CL": "cl", "V": "vc", "ka": "ka"}
    for person in expected("nonmem-oral-1cpt")["individuals"]:
        etas = {r["parameter"]: float(r["eta"]) for r in of_person(found["etas"], person["id"])}
        for name, eta in person["eta"].items():
            assert etas[symbol[name]] == pytest.approx(eta, abs=1e-5)
        (row,) = of_person(found["individuals"], person["id"])
        assert float(row["objective"]) == pytest.approx(person["objective"], abs=1e-4)
        values = {
            (r["row"], r["column"]): float(r["value"])
            for r in of_person(found["covariance"], person["id"])
        }
        for pair, value in person["posterior_covariance"].items():
            a, b = pair.split(",")
            assert values[symbol[a], symbol[b]] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("case", DERIVED)
def test_matches_oracle(case: str, results) -> None:
    """Etas, kappas, objective, covariance, PRED and IPRED of every record."""
    known, found = expected(f"derived/{case}"), results(f"derived/{case}", f"derived/{case}")
    within = known["tolerance"]
    for person in known["individuals"]:
        rows = of_person(found["etas"], person["id"])
        effects = {("", name): eta for name, eta in person["eta"].items()}
        for occasion, kappas in person["kappa"].items():
            effects |= {(occasion, name): kappa for name, kappa in kappas.items()}
        assert [(r["occasion"], r["parameter"]) for r in rows] == list(effects)
        for row, eta in zip(rows, effects.values(), strict=True):
            assert float(row["eta"]) == pytest.approx(eta, abs=within["eta_abs"])
        (own,) = of_person(found["individuals"], person["id"])
        assert own["status"] == "ok"
        if person["objective"] is not None:
            assert float(own["objective"]) == pytest.approx(
                person["objective"], abs=within["objective_abs"]
            )
            names = [(r["parameter"], r["occasion"]) for r in rows]
            matrix = covariances(of_person(found["covariance"], person["id"]), names)
            for ours, theirs in zip(matrix, person["posterior_covariance"], strict=True):
                assert ours == pytest.approx(theirs, abs=within["covariance_abs"])
                # The standard errors are the roots of the same diagonal.
            for k, row in enumerate(rows):
                assert float(row["se"]) ** 2 == pytest.approx(matrix[k][k], rel=1e-12)
        records = of_person(found["predictions"], person["id"])
        assert [float(r["TIME"]) for r in records] == person["TIME"]
        for name in ("PRED", "IPRED"):
            values = [float(r[name]) for r in records]
            # Levels printed with 12 digits; absolute where a level has all but gone.
            assert values == pytest.approx(person[name], rel=within["prediction_rel"], abs=1e-8)


def test_no_cell_is_not_a_number(results) -> None:
    found = results("nonmem-oral-1cpt", "nonmem_oral_1cpt")
    cells = {cell for rows in found.values() for row in rows for cell in row.values()}
    assert not cells & {"nan", "NaN", "inf", "-inf", "None"}


def test_equal_inputs_give_equal_bytes_with_any_number_of_threads(tmp_path: Path) -> None:
    case = REFERENCE / "nonmem-oral-1cpt" / "data.csv"
    card = REFERENCE / "cards" / "nonmem_oral_1cpt.toml"
    for threads in (1, 2):
        run_estimate(card, case, tmp_path / str(threads), threads=threads, progress=QUIET)
    for path in (tmp_path / "1").iterdir():
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes()


def test_iwres_and_shrinkage_match_their_definition(results, tmp_path: Path) -> None:
    """Worst IWRES from the printed IPRED and the card's 25.82 % error; 1 - SD / omega."""
    card = REFERENCE / "cards" / "nonmem_oral_1cpt.toml"
    out = tmp_path / "out"
    found = run_estimate(
        card, REFERENCE / "nonmem-oral-1cpt" / "data.csv", out, threads=1, progress=QUIET
    )
    sd = found.card.residual.proportional
    for person in table(out / "individuals.csv"):
        used = [r for r in of_person(table(out / "predictions.csv"), person["ID"]) if r["DV"]]
        size = [(float(r["DV"]) / float(r["IPRED"]) - 1.0) / sd for r in used if r["MDV"] == "0"]
        assert float(person["worst_iwres"]) == pytest.approx(max(size, key=abs), rel=1e-9)
    etas = [float(r["eta"]) for r in table(out / "etas.csv") if r["parameter"] == "ka"]
    mean = sum(etas) / len(etas)
    spread = math.sqrt(sum((e - mean) ** 2 for e in etas) / (len(etas) - 1))
    omega = math.sqrt(found.card.omega[2, 2])
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert run["eta_shrinkage"]["ka"] == pytest.approx(1.0 - spread / omega, rel=1e-9)
