"""Derivatives carried through the integration, against differences of independent solutions."""

from __future__ import annotations

import numpy as np
import pytest

from openntz.mechanism.events import Absorption
from openntz.mechanism.plan import Plan, Span
from openntz.mechanism.regimen import Schedule

SYMBOLS = ("cl", "vc", "q", "vp", "q2", "vp2", "vmax", "km", "ka", "duration", "f", "lag")
BASE = {
    "cl": 0.164, "vc": 3.48, "q": 0.4, "vp": 3.48, "q2": 0.1, "vp2": 2.0, "vmax": 2.86,
    "km": 0.875, "ka": 0.288, "duration": 2.0, "f": 0.84, "lag": 0.125,
}  # fmt: skip
START = np.array([0.0, 28.0, 56.0, 84.0])
TIMES = np.array([0.0, 0.5, 3.0, 27.9, 28.0, 28.3, 33.0, 60.0, 84.0, 84.2, 112.0, 200.0])
SEGMENTS = np.array([-np.inf, 40.0])
STEP = 1e-5
# Rounding of the difference (1e-12 / 1e-5) and its curvature (1e-10), relative to the largest.
CLOSE = 2e-7

CASES: dict[str, tuple[Absorption, list[bool], float]] = {
    "first-order and infusions": ("first-order", [False, True, True, False], 0.0),
    "zero-order and infusions": ("zero-order", [False, True, True, False], 0.0),
    "from a steady state": ("first-order", [True, True, True, False], 28.0),
    "infusions from a steady state": ("none", [False] * 4, 21.0),
}


def _values(**factor: float) -> dict[str, np.ndarray]:
    later = {"cl": np.array([[1.0, 1.1]]), "vc": np.array([[1.0, 1.2]])}
    return {s: BASE[s] * later.get(s, np.ones((1, 2))) * factor.get(s, 1.0) for s in SYMBOLS}


@pytest.mark.parametrize("name", CASES)
def test_matches_central_differences(name: str) -> None:
    absorption, skin, steady = CASES[name]
    doses = Schedule(
        START,
        np.where(skin, 0.0, 1.0 / 24.0),
        np.full(4, 300.0),
        np.array(skin),
        steady_interval_day=np.array([steady, 0.0, 0.0, 0.0]),
    )
    plan = Plan([Span(doses, SEGMENTS, TIMES)], absorption)
    slopes = {s: np.zeros((1, 2, len(SYMBOLS))) for s in SYMBOLS}
    for j, symbol in enumerate(SYMBOLS):
        slopes[symbol][..., j] = _values()[symbol]
    found = plan.solve(_values(), slopes, directions=len(SYMBOLS), rtol=1e-10, atol=1e-11)
    assert not found.status.any()
    for j, symbol in enumerate(SYMBOLS):
        up, down = (
            plan.solve(_values(**{symbol: np.exp(h)}), rtol=1e-12, atol=1e-13).concentration
            for h in (STEP, -STEP)
        )
        expected = (up - down) / (2.0 * STEP)
        size = max(np.abs(expected).max(), 1e-3)
        assert np.abs(found.tangent[:, :, j] - expected).max() < CLOSE * size, symbol


def test_values_with_and_without_derivatives_agree() -> None:
    """Steps differ, so agreement is that of the tolerance."""
    doses = Schedule(START, np.full(4, 1.0 / 24.0), np.full(4, 300.0), np.zeros(4, bool))
    plan = Plan([Span(doses, SEGMENTS, TIMES)])
    slopes = {"cl": _values()["cl"][..., None]}
    alone = plan.solve(_values(), rtol=1e-9, atol=1e-10).concentration
    together = plan.solve(_values(), slopes, directions=1, rtol=1e-9, atol=1e-10).concentration
    np.testing.assert_allclose(together, alone, rtol=1e-8, atol=1e-9)


def test_unusable_parameters_and_no_steady_state_are_statuses() -> None:
    doses = Schedule(
        START[:1], np.array([1.0 / 24.0]), np.array([300.0]), np.zeros(1, bool), np.array([28.0])
    )
    spans = [Span(doses, np.array([-np.inf]), TIMES)] * 3
    plan = Plan(spans, "none")
    values = {s: np.full((1, 3), BASE[s]) for s in SYMBOLS}
    values["vc"] = np.array([[3.48, -1.0, 3.48]])
    values["cl"] = np.array([[0.164, 0.164, 0.0]])
    values["vmax"] = np.array([[2.86, 2.86, 2.86]])  # 300 mg in 28 days is more
    found = plan.solve(values)
    assert found.status.tolist() == [[0, 3, 4]]
    assert np.isfinite(found.concentration[0, : len(TIMES)]).all()
    assert np.isnan(found.concentration[0, len(TIMES) :]).all()
