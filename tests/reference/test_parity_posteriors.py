"""Posterior means and SDs against Monolix, with fewer draws than the conformance pack's 10,000.

With 1,000 draws the random error of a person's mean is up to 0.45 / sqrt(1000) = 0.014 and of
an SD 1 / sqrt(2 x 1000) = 2.2 %, of which the median over 20 people of the absolute value is
two thirds; both are added to the stated tolerances (0.02 and 5 %) in full.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openntz.forecast import posterior
from openntz.workflows import estimate_draws
from openntz.workflows.estimate import run_estimate
from openntz.workflows.estimate_draws import run_draws
from tests.reference.conformance.cases import MONOLIX_RUNS
from tests.reference.conformance.compare import compare
from tests.reference.conformance.results import methods, table
from tests.reference.parity import SEED, Quiet, cases, results, rows

DRAWS = 1000
MEAN, SPREAD = 0.02 + 0.014, 0.05 + 0.022
EFFECTS = {"001": 3, "003": 4, "101": 4, "201": 4, "207": 5}


@pytest.mark.parametrize("run", MONOLIX_RUNS)
def test_posterior_means_and_spreads_match_monolix(run: str) -> None:
    found = rows(f"monolix-{run}", DRAWS)
    assert len(found) == 2 * EFFECTS[run]
    for row in found:
        assert row.apart is not None
        assert row.apart <= (MEAN if row.quantity.startswith("mean") else SPREAD), row


def cl_spread(name: str, found: Path) -> float:
    """How far the clearance SD of a Monolix run is off, median over the people."""
    (row,) = (r for r in compare(cases()[name], found) if r.quantity == "SD of cl")
    assert row.apart is not None
    return row.apart


def alone(tmp_path: Path) -> Path:
    """Results of run 207 where no further points are proposed from."""
    case = cases()["monolix-207"]
    found = run_estimate(str(case.card), case.data, tmp_path, threads=1, progress=Quiet())
    run_draws(found, tmp_path, draws=DRAWS, seed=SEED, threads=1, progress=Quiet())
    return tmp_path


def test_laplace_proposal_alone_does_not_match_monolix_for_run_207(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posterior, "_POINTS", ())
    monkeypatch.setattr(posterior, "_TOO_FEW", 0.0)
    monkeypatch.setattr(estimate_draws, "_pareto_k_limit", lambda: np.inf)
    found = alone(tmp_path)
    assert set(methods(found).values()) == {"importance"}
    assert cl_spread("monolix-207", found) > SPREAD


def test_run_207_without_further_points_falls_back_to_chains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posterior, "_POINTS", ())
    found = alone(tmp_path)
    used = list(methods(found).values())
    # A Laplace proposal that is enough, with a fifth of the draws, is the exception.
    assert used.count("markov chain") > 10
    for row in table(found / "posterior.csv"):
        # Said per person: chains that do not agree are never passed off as a posterior.
        assert row["status"] == "ok" or float(row["r_hat"]) > 1.05


def test_every_person_of_run_207_has_draws_to_rely_on() -> None:
    for row in table(results("monolix-207", DRAWS) / "posterior.csv"):
        assert row["status"] == "ok"
        # A fifth of the draws asked for, or chains that agree.
        assert row["method"] == "markov chain" or float(row["effective"]) >= 0.2 * DRAWS
