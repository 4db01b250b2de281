"""What is compiled beforehand is what runs: nothing is compiled again."""

from __future__ import annotations

import numpy as np
import pytest

from openntz.mechanism import solver
from openntz.mechanism.plan import Plan, Span
from openntz.mechanism.warm_up import compile_shape, shapes_of
from tests.mechanism.people import drug, infusions, injections

SHAPES = shapes_of(2, "linear and michaelis-menten", "first-order")


def test_a_two_compartment_model_needs_three_solvers() -> None:
    assert [(s.peripherals, s.depot, s.saturable, s.tangents) for s in SHAPES] == [
        (1, True, True, 3),
        (1, True, True, 0),
        (1, False, True, 0),
    ]
    assert len(shapes_of(1, "linear", "none")) == 2


@pytest.mark.parametrize("lanes", [1, 40])
@pytest.mark.parametrize("skin", [False, True])
@pytest.mark.parametrize("directions", [0, 2, 4])
def test_real_problems_need_nothing_more(lanes: int, skin: bool, directions: int) -> None:
    for shape in SHAPES:
        compile_shape(shape)
    doses = injections([0.0, 28.0]) if skin else infusions([0.0, 28.0])
    before = solver.compile_system.cache_info().misses
    values = drug(lanes=lanes, spread=0.2).values
    slopes = {
        name: np.repeat(values[name][..., None], max(directions, 1), axis=2) for name in ("cl", "f")
    }
    plan = Plan([Span(doses, np.array([-np.inf]), np.array([14.0, 56.0]))])
    found = plan.solve(values, slopes if directions else None, directions=directions)
    assert not found.status.any()
    assert solver.compile_system.cache_info().misses == before
