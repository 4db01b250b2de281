"""The oracle itself, held to the numbers of NONMEM and PsN before it may judge others."""

from __future__ import annotations

import csv
import json
import math
from typing import Any

import numpy as np
import pytest

from tests.oracle.nonmem_like import Person, Record, read_people
from tests.oracle.reference_models import REFERENCE, censored, oral, vancomycin

ORAL = json.loads((REFERENCE / "nonmem-oral-1cpt/expected.json").read_text())
M3 = json.loads((REFERENCE / "nonmem-m3-blq/expected.json").read_text())
VANCOMYCIN = REFERENCE / "vancomycin-rolling-forecast"


@pytest.mark.parametrize("number", range(8))
def test_oral_etas_objective_and_covariance_match_nonmem(number: int) -> None:
    records = read_people(REFERENCE / "nonmem-oral-1cpt/data.csv")[number]
    expected = ORAL["individuals"][number]
    fit = Person(oral(), records).fit()
    order = ["CL", "V", "ka"]
    eta = [expected["eta"][name] for name in order]
    # Tolerances as stated with NONMEM's numbers.
    np.testing.assert_allclose(fit.random, eta, rtol=0.0, atol=ORAL["tolerance"]["eta_abs"])
    assert fit.objective == pytest.approx(expected["objective"], abs=1e-4)
    for pair, value in expected["posterior_covariance"].items():
        row, column = (order.index(name) for name in pair.split(","))
        assert fit.etc[row, column] == pytest.approx(value, abs=1e-6)


def m3_records(person: dict[str, Any]) -> list[Record]:
    """The infusion and the levels of the M3 case as records."""
    dose = {"TIME": 0.0, "EVID": 1.0, "AMT": 100.0, "RATE": 1200.0, "CMT": 1.0, "DV": 0.0}
    records: list[Record] = [dose]
    for time, value in zip(person["time"], person["value"], strict=True):
        below = isinstance(value, str)
        level = M3["lloq"] if below else float(value)
        records.append({"TIME": float(time), "EVID": 0.0, "DV": level, "CENS": float(below)})
    return records


@pytest.mark.parametrize("number", range(2))
def test_censored_etas_match_nonmem(number: int) -> None:
    expected = M3["people"][number]
    fit = Person(censored(), m3_records(expected)).fit()
    eta = [expected["eta"][name] for name in ("CL", "V1")]
    np.testing.assert_allclose(fit.random, eta, rtol=0.0, atol=M3["tolerance"]["eta_abs"])


def psn_rows(person: int, used: int) -> list[dict[str, str]]:
    """PsN's table for one person with the first ``used`` levels given."""
    with (VANCOMYCIN / "psn_proseval.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [r for r in rows if int(float(r["ID"])) == person + 1 and int(r["OBS"]) == used]


def forecast(person: int, used: int, carry: str) -> tuple[list[float], list[float]]:
    """IPRED of the oracle and of PsN, records before the first dose left out."""
    rows = psn_rows(person, used)
    records = read_people(VANCOMYCIN / "data.csv")[person]
    for record, row in zip(records, rows, strict=True):
        record["EVID"], record["MDV"] = float(row["EVID"]), float(row["MDV"])
    fit = Person(vancomycin(carry), records).fit()
    printed = [float(row["IPRED"]) for row in rows]
    kept = [i for i, value in enumerate(printed) if value]
    return [float(fit.ipred[i]) for i in kept], [printed[i] for i in kept]


def last_digits(ours: list[float], printed: list[float]) -> list[float]:
    """Differences in units of the fifth significant digit, ours rounded to five first."""
    return [
        abs(float(f"{a:.4e}") - b) / 10.0 ** (math.floor(math.log10(b)) - 4)
        for a, b in zip(ours, printed, strict=True)
    ]


@pytest.mark.parametrize("person", range(10))
def test_vancomycin_forecasts_match_psn(person: int) -> None:
    for used in range(1, 6):
        # One unit of the last printed digit, with room for the binary rounding of decimals.
        assert max(last_digits(*forecast(person, used, "nocb"))) <= 1.0 + 1e-6


def test_carrying_the_last_covariate_forward_does_not_match_psn() -> None:
    # Person 1's covariates never change; everyone else's do.
    for person in range(1, 10):
        assert max(last_digits(*forecast(person, 1, "locf"))) > 100.0
