"""The kernel at its default tolerance against scipy's DOP853 at 1e-10."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from openntz.mechanism.pharmacokinetics import PkParameters, Schedule, simulate
from tests.mechanism.oracle import scipy_concentration
from tests.mechanism.people import HOUR, both, drug, infusions, injections

# The goal of the forecast: no reader can see a part in a million.
TOLERANCE = 1e-6
# Below this no assay reads anything, and relative error loses its meaning.
LEAST_UG_PER_ML = 0.01

EVERY_4_WEEKS = 28.0 * np.arange(8)
LATE = np.array([0.0, 28, 56, 126, 154, 163, 182, 210])

Case = tuple[PkParameters, Schedule, NDArray[np.float64]]


def _times(doses: Schedule, until: float) -> NDArray[np.float64]:
    """Troughs, ends of infusion, and days that are neither."""
    ends = doses.start_day + doses.duration_day
    return np.unique([*doses.start_day, *ends, *np.linspace(0.3, until, 24)])


def _case(doses: Schedule, until: float, **parameters: object) -> Case:
    return drug(lanes=2, spread=0.25, **parameters), doses, _times(doses, until)  # type: ignore[arg-type]


def _changing_weight() -> Case:
    weight = np.array([82.0, 82.0, 71.0, 64.0, 90.0]) / 70.0
    return _case(
        infusions(EVERY_4_WEEKS),
        250.0,
        segment_day=[-np.inf, 30.0, 56.0, 100.5, 170.0],
        cl_l_per_day=0.164 * weight**0.6,
        vc_l=3.48 * weight**0.26,
        vp_l=3.48 * weight**0.26,
    )


def _antibodies() -> Case:
    return _case(
        infusions(EVERY_4_WEEKS),
        250.0,
        segment_day=[-10.0, 40.0, 140.0],
        cl_l_per_day=[0.164, 2.45 * 0.164, 0.164],
    )


def _overlapping() -> Case:
    start = np.array([0.0, 28.0, 28.0, 28.02, 56.0, 84.0, 84.0])
    hours = np.array([1.0, 24.0, 0.5, 2.0, 0.0, 1.0, 1.0])
    return _case(infusions(start, hours=hours, mg=[300, 300, 150, 300, 300, 300, 300]), 120.0)


CASES: dict[str, Callable[[], Case]] = {
    "infusions": lambda: _case(infusions(EVERY_4_WEEKS), 230.0),
    "subcutaneous": lambda: _case(injections(EVERY_4_WEEKS), 230.0),
    "missed, late and early doses": lambda: _case(infusions(LATE), 240.0),
    "overlapping and coinciding doses": _overlapping,
    "both routes, close together": lambda: _case(
        both(infusions([0.0, 28.0, 84.0]), injections([28.0, 30.0, 56.0, 84.01])), 130.0
    ),
    "weight over time": _changing_weight,
    "weight over time, subcutaneous": lambda: _case(
        injections(EVERY_4_WEEKS),
        230.0,
        segment_day=[-1.0, 28.05, 60.0],
        vc_l=[3.48, 4.2, 3.0],
        f=[0.84, 0.6, 0.84],
        lag_day=[0.125, 0.3, 0.125],
    ),
    "antibodies come and go": _antibodies,
    "infusion of four days, slow and fast": lambda: _case(
        infusions([0.0, 28.0], hours=[96.0, 0.05]), 60.0
    ),
    "very small Km, as the sister antibody": lambda: _case(
        infusions(EVERY_4_WEEKS[:4]), 120.0, km_mg_per_l=0.0435
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_matches_scipy(name: str) -> None:
    parameters, doses, times = CASES[name]()
    found = simulate(parameters, doses, times).ug_per_ml
    for lane in range(parameters.lanes):
        expected = scipy_concentration(parameters, lane, doses, times)
        seen = expected > LEAST_UG_PER_ML
        assert seen.sum() > len(times) / 2
        np.testing.assert_allclose(found[lane][seen], expected[seen], rtol=TOLERANCE)
        np.testing.assert_allclose(found[lane][~seen], expected[~seen], atol=1e-6)


def test_wash_out_to_a_hundredth_matches_scipy() -> None:
    parameters = drug(lanes=4, spread=0.3)
    doses = infusions(EVERY_4_WEEKS)
    times = np.linspace(196.0 + HOUR, 196.0 + 250.0, 120)
    found = simulate(parameters, doses, times).ug_per_ml
    for lane in range(4):
        expected = scipy_concentration(parameters, lane, doses, times)
        seen = expected > LEAST_UG_PER_ML
        assert not seen.all()  # it really washes out
        assert expected[seen].min() < 0.2
        np.testing.assert_allclose(found[lane][seen], expected[seen], rtol=TOLERANCE)


def test_tighter_tolerance_comes_closer_to_scipy() -> None:
    parameters, doses, times = CASES["infusions"]()
    expected = scipy_concentration(parameters, 0, doses, times)
    seen = expected > LEAST_UG_PER_ML

    def worst(rtol: float) -> float:
        found = simulate(parameters, doses, times, rtol=rtol, atol=rtol * 0.01).ug_per_ml[0]
        return float(np.abs(found[seen] / expected[seen] - 1.0).max())

    errors = [worst(rtol) for rtol in (1e-4, 1e-6, 1e-8)]
    # A fifth-order method with error control: two decades of tolerance gain at least one.
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
    assert errors[2] < 2e-8
