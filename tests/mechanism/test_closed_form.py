"""Without saturable elimination there are closed forms."""

from __future__ import annotations

import numpy as np

from openntz.mechanism.pharmacokinetics import simulate
from tests.mechanism.oracle import (
    linear_absorption,
    one_compartment_infusion,
    two_compartment_infusion,
)
from tests.mechanism.people import HOUR, drug, infusions, injections

CL, VC, Q, VP, KA, F, LAG = 0.164, 3.48, 0.40, 3.1, 0.288, 0.84, 0.125
TIMES = np.unique([0.0, HOUR / 2, HOUR, *np.linspace(0.1, 300.0, 90)])
# Tight steps leave about this much; the closed forms are exact to rounding.
TOLERANCE = 1e-9
TIGHT = {"rtol": 1e-12, "atol": 1e-13}


def test_one_compartment_infusion_matches_closed_form() -> None:
    parameters = drug(cl_l_per_day=CL, vc_l=VC, q_l_per_day=0.0, vmax_mg_per_day=0.0)
    found = simulate(parameters, infusions([0.0]), TIMES, **TIGHT).ug_per_ml[0]
    expected = one_compartment_infusion(CL, VC, 300.0, HOUR, TIMES)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


def test_one_compartment_bolus_matches_closed_form() -> None:
    parameters = drug(cl_l_per_day=CL, vc_l=VC, q_l_per_day=0.0, vmax_mg_per_day=0.0)
    found = simulate(parameters, infusions([0.0], hours=0.0), TIMES[1:], **TIGHT).ug_per_ml[0]
    expected = 300.0 / VC * np.exp(-CL / VC * TIMES[1:])
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


def test_two_compartment_infusion_matches_closed_form() -> None:
    parameters = drug(cl_l_per_day=CL, vc_l=VC, q_l_per_day=Q, vp_l=VP, vmax_mg_per_day=0.0)
    found = simulate(parameters, infusions([0.0]), TIMES, **TIGHT).ug_per_ml[0]
    expected = two_compartment_infusion(CL, VC, Q, VP, 300.0, HOUR, TIMES)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


def test_many_doses_match_superposed_closed_form() -> None:
    start = np.array([0.0, 28.0, 28.01, 75.0, 100.0])
    hours = np.array([1.0, 1.0, 2.0, 30.0, 0.25])
    amount = np.array([300.0, 150.0, 300.0, 300.0, 200.0])
    parameters = drug(cl_l_per_day=CL, vc_l=VC, q_l_per_day=Q, vp_l=VP, vmax_mg_per_day=0.0)
    doses = infusions(start, hours=hours, mg=amount)
    found = simulate(parameters, doses, TIMES, **TIGHT).ug_per_ml[0]
    expected = sum(
        two_compartment_infusion(CL, VC, Q, VP, a, h * HOUR, TIMES - s)
        for s, h, a in zip(start, hours, amount, strict=True)
    )
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


def test_subcutaneous_doses_match_matrix_exponential() -> None:
    start = np.array([0.0, 28.0, 35.0])
    parameters = drug(cl_l_per_day=CL, vc_l=VC, q_l_per_day=Q, vp_l=VP, vmax_mg_per_day=0.0)
    found = simulate(parameters, injections(start), TIMES, **TIGHT).ug_per_ml[0]
    expected = sum(
        linear_absorption(CL, VC, Q, VP, KA, 300.0 * F, TIMES - (s + LAG)) for s in start
    )
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=1e-12)


def test_default_tolerance_is_close_to_closed_form() -> None:
    start = 28.0 * np.arange(12)
    times = np.linspace(0.5, 400.0, 300)
    parameters = drug(cl_l_per_day=CL, vc_l=VC, q_l_per_day=Q, vp_l=VP, vmax_mg_per_day=0.0)
    found = simulate(parameters, infusions(start), times).ug_per_ml[0]
    expected = sum(two_compartment_infusion(CL, VC, Q, VP, 300.0, HOUR, times - s) for s in start)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_mass_is_conserved_when_nothing_is_eliminated() -> None:
    """With no elimination the drug spreads evenly: amount over both volumes."""
    parameters = drug(cl_l_per_day=0.0, vmax_mg_per_day=0.0, vc_l=VC, vp_l=VP, q_l_per_day=Q, f=1.0)
    found = simulate(parameters, injections([0.0, 10.0]), [1000.0], **TIGHT).ug_per_ml[0, 0]
    assert abs(found / (600.0 / (VC + VP)) - 1.0) < TOLERANCE


def test_amount_is_conserved_when_weight_changes_the_volume() -> None:
    """At the change the concentration jumps by the ratio of the volumes; before, it is the old."""
    change = 50.0
    parameters = drug(
        segment_day=[-np.inf, change],
        cl_l_per_day=0.0,
        vmax_mg_per_day=0.0,
        q_l_per_day=0.0,
        vc_l=[3.0, 4.0],
    )
    found = simulate(parameters, infusions([0.0]), [change, change + 1.0], **TIGHT).ug_per_ml[0]
    np.testing.assert_allclose(found, [100.0, 75.0], rtol=TOLERANCE)
