"""People solved together with own doses against the same people solved alone, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import SolverError
from openntz.mechanism.crowd import CrowdDoses, simulate_crowd
from openntz.mechanism.pharmacokinetics import PkParameters, Schedule, simulate
from openntz.mechanism.regimen import SYMBOLS, Floats

EDGES = np.array([-1e6, 20.0, 33.5, 100.0])
DAYS = np.arange(-3.0, 150.0)


def _parameters(people: int, seed: int) -> PkParameters:
    rng = np.random.default_rng(seed)
    typical = {
        "cl": 0.15, "vc": 4.0, "q": 0.5, "vp": 2.0, "vmax": 6.0, "km": 2.0, "ka": 0.3,
        "f": 0.8, "lag": 0.2,
    }  # fmt: skip
    drawn = {
        name: np.minimum(value * rng.lognormal(0.0, 0.3, (people, len(EDGES))), 0.99)
        if name == "f"
        else value * rng.lognormal(0.0, 0.3, (people, len(EDGES)))
        for name, value in typical.items()
    }
    # Some have neither saturable elimination nor a peripheral compartment.
    drawn["vmax"][::3] = 0.0
    drawn["q"][::4] = 0.0
    return PkParameters(EDGES, **{f: drawn[s] for f, s in SYMBOLS.items() if s in drawn})


def _doses(people: int, seed: int) -> CrowdDoses:
    rng = np.random.default_rng(seed)
    start = np.cumsum(rng.integers(1, 40, (people, 6)), axis=1).astype(float)
    start[rng.random(start.shape) < 0.3] = np.inf
    start[:, 0] = rng.integers(0, 30, people)
    skin = rng.random(start.shape) < 0.3
    skin[::2] = False
    length = np.where(skin | (rng.random(start.shape) < 0.2), 0.0, 1.0 / 24.0)
    return CrowdDoses(start, length, rng.uniform(50.0, 500.0, start.shape), skin)


def _alone(parameters: PkParameters, doses: CrowdDoses, i: int) -> Floats:
    there = np.isfinite(doses.start_day[i])
    schedule = Schedule(
        doses.start_day[i][there],
        doses.duration_day[i][there],
        doses.amount_mg[i][there],
        doses.subcutaneous[i][there],
    )
    own = {f: parameters.values[s][i : i + 1] for f, s in SYMBOLS.items()}
    return simulate(PkParameters(EDGES, **own), schedule, DAYS).ug_per_ml[0]


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_everybody_matches_the_same_person_solved_alone(seed: int) -> None:
    parameters, doses = _parameters(19, seed), _doses(19, seed)
    together = simulate_crowd(parameters, doses, DAYS).ug_per_ml
    # Equal to the last bit: what a lane computes does not depend on its neighbours.
    for i in range(19):
        assert np.array_equal(together[i], _alone(parameters, doses, i))


def test_one_compartment_bolus_matches_closed_form() -> None:
    one = np.ones((2, 1))
    parameters = PkParameters(
        np.array([-1.0]), 0.2 * one, 4.0 * one, 0.0 * one, one, 0.0 * one, one, one, one, 0.0 * one
    )
    nothing = np.zeros((2, 1), bool)
    doses = CrowdDoses(np.array([[0.0], [5.0]]), 0.0 * one, 300.0 * one, nothing)
    time = np.array([0.0, 5.0, 12.0, 40.0])
    found = simulate_crowd(parameters, doses, time, rtol=1e-9, atol=1e-9).ug_per_ml
    for row, start in enumerate((0.0, 5.0)):
        exact = np.where(time > start, 75.0 * np.exp(-0.05 * (time - start)), 0.0)
        # The solver's own tolerance, over some twenty steps.
        assert np.allclose(found[row], exact, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"start_day": np.full((3, 2), np.inf)}, "person 1"),
        ({"amount_mg": np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]])}, "person 2"),
        ({"start_day": np.array([[0.0, 1.0], [0.0, 1.0], [np.nan, 1.0]])}, "person 3"),
        ({"duration_day": np.full((3, 2), -1.0)}, "cannot be used"),
        ({"subcutaneous": np.ones((3, 2), bool)}, "cannot be used"),
        ({"amount_mg": np.ones((3, 1))}, "differ in shape"),
    ],
)
def test_doses_that_cannot_be_used_are_refused(change: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {
        "start_day": np.tile([0.0, 28.0], (3, 1)),
        "duration_day": np.full((3, 2), 0.04),
        "amount_mg": np.full((3, 2), 300.0),
        "subcutaneous": np.zeros((3, 2), bool),
    }
    with pytest.raises(SolverError, match=words):
        CrowdDoses(**(good | change))


def test_times_out_of_order_and_strangers_are_refused() -> None:
    parameters, doses = _parameters(4, 1), _doses(4, 1)
    with pytest.raises(SolverError, match="ascending"):
        simulate_crowd(parameters, doses, [3.0, 1.0])
    with pytest.raises(SolverError, match="not those of these doses"):
        simulate_crowd(_parameters(5, 1), doses, [3.0])
