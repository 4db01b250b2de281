"""Etas, objectives, covariances and predictions against NONMEM, PsN and the oracle."""

from __future__ import annotations

import pytest

from tests.reference.parity import cases, rows

DERIVED = [name for name, case in cases().items() if case.kind == "derived"]


@pytest.mark.parametrize("quantity", ["etas", "objective", "covariance"])
def test_oral_case_matches_nonmem(quantity: str) -> None:
    # Tolerances are those stated with NONMEM's numbers: 1e-5, 1e-4, 1e-6.
    row = {r.quantity: r for r in rows("nonmem-oral-1cpt")}[quantity]
    assert row.passed, row
    assert row.numbers == {"etas": 24, "objective": 8, "covariance": 48}[quantity]


def test_censored_case_matches_nonmem() -> None:
    (row,) = rows("nonmem-m3-blq")
    assert row.passed, row
    assert row.numbers == 4


@pytest.mark.parametrize("column", ["PRED", "IPRED"])
def test_rolling_forecasts_match_psn(column: str) -> None:
    row = {r.quantity: r for r in rows("vancomycin-rolling-forecast")}[column]
    assert row.passed, row
    assert row.numbers == 350


def test_carrying_covariates_forward_does_not_match_psn() -> None:
    found = rows("vancomycin-rolling-forecast-locf")
    assert [r.quantity for r in found] == ["PRED, must differ", "IPRED, must differ"]
    # Off by per cents, not by digits: the check could not miss it.
    assert all(r.passed and r.apart is not None and r.apart > 1000.0 for r in found)


@pytest.mark.parametrize("name", DERIVED)
def test_derived_case_matches_the_oracle(name: str) -> None:
    found = rows(name)
    assert [r for r in found if not r.passed] == []
    assert {"etas", "PRED", "IPRED"} <= {r.quantity for r in found}


def test_all_derived_cases_are_there() -> None:
    assert len(DERIVED) == 14
