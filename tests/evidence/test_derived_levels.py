"""Derived facts on levels, computed again from the model card with the solver and closed forms."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from openntz.evidence.registry import registry
from openntz.mechanism.pharmacokinetics import PkParameters, simulate
from openntz.models.card import load_card
from tests.mechanism.people import drug, infusions

CARD = load_card("van_den_berg_2025")
WEEKS = (4, 5, 6, 7, 8, 12)
# Printed to one decimal.
ROUNDING = 0.051
DOSES = 40  # three years: the rest of the way to the steady state is far below a rounding


def value(name: str) -> float:
    return registry().fact(name).number


@cache
def typical(kg: float) -> dict[str, float]:
    found = CARD.individual(np.zeros(3), {"weight": [kg]})
    return {name: float(np.ravel(v)[0]) for name, v in found.values.items()}


def parameters(kg: float) -> PkParameters:
    v = typical(kg)
    return drug(
        cl_l_per_day=v["cl"],
        vc_l=v["vc"],
        q_l_per_day=v["q"],
        vp_l=v["vp"],
        vmax_mg_per_day=v["vmax"],
        km_mg_per_l=v["km"],
    )


@pytest.mark.parametrize("kg", [50, 70, 80, 100, 120])
def test_typical_troughs_match_the_solver(kg: int) -> None:
    printed = str(registry().fact(f"derived.trough.{kg}-kg").value).split(", ")
    for weeks, text in zip(WEEKS, printed, strict=True):
        starts = 7.0 * weeks * np.arange(DOSES)
        found = simulate(parameters(kg), infusions(starts), [starts[-1] + 7.0 * weeks])
        assert float(text) == pytest.approx(found.ug_per_ml[0, -1], abs=ROUNDING)


def interval(doses: int) -> tuple[float, float, np.ndarray]:
    """Half-life over days 14 to 28 of the last interval, area over it, and the levels."""
    days = np.linspace(0.0, 28.0, 2801)
    starts = 28.0 * np.arange(doses)
    levels = simulate(parameters(70), infusions(starts), starts[-1] + days).ug_per_ml[0]
    half_life = 14 * np.log(2) / np.log(levels[1400] / levels[2800])
    return half_life, float(np.trapezoid(levels, days)), levels


def test_first_interval_matches_non_compartmental_analysis() -> None:
    half_life, area, levels = interval(1)
    assert value("derived.half-life.first-interval") == pytest.approx(half_life, abs=ROUNDING)
    extrapolated = area + levels[-1] * half_life / np.log(2)
    clearance = 300 / extrapolated * 1000 / 24
    assert value("derived.clearance.first-interval") == pytest.approx(clearance, abs=ROUNDING)


def test_steady_state_matches_non_compartmental_analysis() -> None:
    half_life, area, levels = interval(DOSES)
    assert value("derived.half-life.steady-state") == pytest.approx(half_life, abs=ROUNDING)
    clearance = 300 / area * 1000 / 24
    assert value("derived.clearance.steady-state") == pytest.approx(clearance, abs=ROUNDING)
    assert value("derived.cmax.steady-state") == pytest.approx(levels.max(), abs=0.5)


def test_linear_half_life_matches_closed_form() -> None:
    v = typical(70)
    out, there, back = v["cl"] / v["vc"], v["q"] / v["vc"], v["q"] / v["vp"]
    total = out + there + back
    slow = (total - np.sqrt(total**2 - 4 * out * back)) / 2
    assert value("derived.half-life.linear") == pytest.approx(np.log(2) / slow, abs=ROUNDING)


def test_typical_trough_every_4_weeks_lies_where_the_label_says() -> None:
    label = registry().fact("trough.q4w.label")
    at_4_weeks = float(str(registry().fact("derived.trough.70-kg").value).split(", ")[0])
    assert label.low is not None
    assert label.high is not None
    assert label.low <= at_4_weeks <= label.high
