"""Posterior draws of `openntz estimate`: the same for the same seed, and honest without levels."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from openntz.workflows.estimate import run_estimate
from openntz.workflows.estimate_draws import run_draws
from tests.reference.conformance.cases import CARDS
from tests.reference.parity import Quiet

CARD = CARDS / "nonmem_oral_1cpt.toml"
HEAD = "ID,TIME,EVID,AMT,CMT,MDV,DV\n"
ONE = "1,0,1,10000,1,1,.\n1,4,0,0,2,0,110\n1,24,0,0,2,0,20\n"
NOBODY = "2,0,1,10000,1,1,.\n"


def drawn(folder: Path, rows: str, seed: int = 1) -> list[dict[str, str]]:
    folder.mkdir()
    (folder / "data.csv").write_text(HEAD + rows)
    found = run_estimate(str(CARD), folder / "data.csv", folder, threads=1, progress=Quiet())
    run_draws(found, folder, draws=2000, seed=seed, threads=1, progress=Quiet())
    with (folder / "posterior.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_same_seed_same_bytes_another_seed_other_draws(tmp_path: Path) -> None:
    first, again = drawn(tmp_path / "a", ONE), drawn(tmp_path / "b", ONE)
    assert first == again
    assert drawn(tmp_path / "c", ONE, seed=2) != first


def test_somebody_else_changes_nobody(tmp_path: Path) -> None:
    both = drawn(tmp_path / "both", NOBODY + ONE)
    assert [r for r in both if r["ID"] == "1"] == drawn(tmp_path / "alone", ONE)


def test_without_levels_the_prior_is_shown_as_prior(tmp_path: Path) -> None:
    rows = drawn(tmp_path / "a", NOBODY)
    assert {row["parameter"] for row in rows} == {"cl", "vc", "ka"}
    for row in rows:
        assert (row["status"], row["method"]) == ("prior only", "prior")
        assert row["pareto_k"] == row["r_hat"] == ""
        # Variance 0.2; 2,000 draws give the mean to 0.01 and the SD to 1.6 %: four of them.
        assert float(row["mean"]) == pytest.approx(0.0, abs=0.04)
        assert float(row["sd"]) == pytest.approx(0.2**0.5, rel=0.065)
