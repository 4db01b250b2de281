"""The oracle's walk through the records, held to closed forms and plain integration."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import lambertw

from tests.oracle.cases import all_cases
from tests.oracle.designs import Case, Design, dose, level, row
from tests.oracle.kinetics import concentrations
from tests.oracle.nonmem_like import Person, read_people
from tests.oracle.parameters import ABSENT
from tests.oracle.reference_models import REFERENCE, oral

DERIVED = REFERENCE / "derived"
# Matrix exponentials are good to a few ulp; DOP853 runs at rtol 1e-12.
EXACT, INTEGRATED = 1e-11, 1e-9


def walked(design: Design, absorption: str = "none", **parameters: float) -> np.ndarray:
    """Levels of one set of parameters held throughout."""
    own = {**ABSENT, **parameters}
    return concentrations(design, [dict(own) for _ in design], absorption, "nocb").real


def oral_for_ever(t: np.ndarray, amount: float, every: float) -> np.ndarray:
    """CL 3, V 20, ka 0.8: level at t since an arrival, doses every ``every`` since ever."""
    k, ka = 3.0 / 20.0, 0.8
    terms = np.exp(-k * t) / -np.expm1(-k * every) - np.exp(-ka * t) / -np.expm1(-ka * every)
    return amount * ka / (20.0 * (ka - k)) * terms


def test_oral_steady_state_matches_closed_form() -> None:
    times = np.array([0.5, 3.0, 11.0, 12.0, 40.0])
    design = [dose(0.0, 100.0, ss=1, ii=12.0), *(level(t) for t in times)]
    found = walked(design, "first-order", cl=3.0, vc=20.0, ka=0.8)
    np.testing.assert_allclose(found[1:], oral_for_ever(times, 100.0, 12.0), rtol=EXACT)


def test_steady_state_with_lag_matches_closed_form() -> None:
    # Before the record's own dose arrives the level is that of the dose one interval earlier.
    times = np.array([0.25, 1.0, 2.0, 9.0])
    design = [dose(0.0, 100.0, ss=1, ii=12.0), *(level(t) for t in times)]
    found = walked(design, "first-order", cl=3.0, vc=20.0, ka=0.8, lag=1.5, f=0.5)
    since = np.where(times < 1.5, times - 1.5 + 12.0, times - 1.5)
    np.testing.assert_allclose(found[1:], oral_for_ever(since, 50.0, 12.0), rtol=EXACT)


def one_compartment_infused(t: np.ndarray, rate: float, length: float) -> np.ndarray:
    """CL 3, V 20: level at t since the start of one infusion."""
    k = 3.0 / 20.0
    inside, after = np.clip(t, 0.0, length), np.maximum(t - length, 0.0)
    return rate / 3.0 * -np.expm1(-k * inside) * np.exp(-k * after)


def test_infusions_at_steady_state_match_closed_form() -> None:
    times = np.array([1.0, 4.0, 10.0, 23.0])
    design = [dose(0.0, 120.0, rate=40.0, ss=1, ii=24.0), *(level(t) for t in times)]
    # Level of one infusion, summed over all before it (0.15/h x 24 h: 40 terms are plenty).
    expected = sum(one_compartment_infused(times + 24.0 * k, 40.0, 3.0) for k in range(40))
    np.testing.assert_allclose(walked(design, cl=3.0, vc=20.0)[1:], expected, rtol=EXACT)


def test_overlapping_infusions_at_steady_state_match_closed_form() -> None:
    times = np.array([1.0, 4.0, 10.0, 30.0])
    design = [dose(0.0, 800.0, rate=40.0, ss=1, ii=12.0), *(level(t) for t in times)]
    expected = sum(one_compartment_infused(times + 12.0 * k, 40.0, 20.0) for k in range(80))
    np.testing.assert_allclose(walked(design, cl=3.0, vc=20.0)[1:], expected, rtol=EXACT)


def test_constant_infusion_that_ends_matches_closed_form() -> None:
    design = [dose(0.0, 0.0, rate=12.0, ss=1), level(0.0), level(5.0)]
    found = walked(design, cl=3.0, vc=20.0)
    np.testing.assert_allclose(found[1:], 4.0 * np.exp([0.0, -0.75]), rtol=EXACT)


def test_modelled_duration_matches_closed_form() -> None:
    times = np.array([0.2, 1.0, 2.4, 6.0])
    design = [dose(0.0, 100.0, rate=-2.0), *(level(t) for t in times)]
    found = walked(design, "zero-order", cl=3.0, vc=20.0, duration=2.0, f=0.7, lag=0.3)
    expected = one_compartment_infused(times - 0.3, 35.0, 2.0)
    np.testing.assert_allclose(found[1:], expected, rtol=EXACT, atol=1e-15)


def test_saturable_elimination_matches_closed_form() -> None:
    times = np.array([0.5, 4.0, 12.0, 30.0])
    design = [dose(0.0, 100.0), *(level(t) for t in times)]
    start, km = 100.0 / 20.0, 1.5
    expected = km * lambertw(start / km * np.exp((start - 6.0 * times / 20.0) / km)).real
    found = walked(design, vc=20.0, vmax=6.0, km=km)
    np.testing.assert_allclose(found[1:], expected, rtol=INTEGRATED)


def test_saturable_steady_state_matches_a_hundred_doses() -> None:
    parameters = {"cl": 0.15, "vc": 3.3, "q": 0.5, "vp": 2.7, "vmax": 6.0, "km": 2.5}
    ask = [level(t) for t in (2.0, 27.0)]
    steady = [dose(0.0, 300.0, rate=7200.0, ss=1, ii=28.0), *ask]
    long = [dose(0.0, 300.0, rate=7200.0, addl=100, ii=28.0)]
    long += [level(2800.0 + r["TIME"]) for r in ask]
    np.testing.assert_allclose(
        walked(steady, **parameters)[1:], walked(long, **parameters)[1:], rtol=INTEGRATED
    )


def test_three_compartments_match_scipy() -> None:
    cl, vc, q, vp, q2, vp2, ka = 6.0, 20.0, 8.0, 35.0, 1.5, 90.0, 0.9

    def change(_: float, a: np.ndarray) -> list[float]:
        c, c2, c3 = a[1] / vc, a[2] / vp, a[3] / vp2
        return [
            -ka * a[0],
            ka * a[0] - cl * c - q * (c - c2) - q2 * (c - c3),
            q * (c - c2),
            q2 * (c - c3),
        ]

    times = np.array([0.5, 3.0, 20.0, 100.0])
    solved = solve_ivp(
        change, (0.0, 100.0), [60.0, 0.0, 0.0, 0.0], "LSODA", times, rtol=1e-11, atol=1e-13
    )
    design = [dose(0.0, 100.0), *(level(t) for t in times)]
    parameters = {"cl": cl, "vc": vc, "q": q, "vp": vp, "q2": q2, "vp2": vp2, "ka": ka, "f": 0.6}
    found = walked(design, "first-order", **parameters)
    np.testing.assert_allclose(found[1:], solved.y[1] / vc, rtol=1e-8)


def test_a_reset_empties_and_stops_the_infusion() -> None:
    design = [dose(0.0, 100.0, rate=10.0), level(5.0), row(6.0, 3), level(7.0), level(12.0)]
    found = walked(design, cl=3.0, vc=20.0)
    assert found[1] > 0.0
    np.testing.assert_array_equal(found[2:], 0.0)


def test_record_order_decides_at_one_time() -> None:
    before = walked([dose(0.0, 20.0), level(5.0), dose(5.0, 20.0)], cl=3.0, vc=20.0)
    after = walked([dose(0.0, 20.0), dose(5.0, 20.0), level(5.0)], cl=3.0, vc=20.0)
    assert after[2] - before[1] == pytest.approx(1.0, rel=EXACT)


def test_complex_steps_match_central_differences() -> None:
    person = Person(oral(), read_people(REFERENCE / "nonmem-oral-1cpt/data.csv")[4])
    eta = np.array([-0.3, 0.2, 0.1])
    gradient = person.levels_and_gradient(eta)[1]
    for k in range(3):
        h = 1e-5 * np.eye(3)[k]
        difference = (person.levels(eta + h) - person.levels(eta - h)).real / 2e-5
        # Central differences: h^2 times the third derivative plus rounding over h.
        np.testing.assert_allclose(gradient[:, k], difference, rtol=1e-7, atol=1e-5)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_stored_modes_are_stationary_points_of_the_oracle(case: Case) -> None:
    stored = json.loads((DERIVED / case.name / "expected.json").read_text())
    people = read_people(DERIVED / case.name / "data.csv")
    assert stored["model"] == json.loads(json.dumps(case.model))
    assert len(people) == len(stored["individuals"])
    # With saturable elimination a person costs seconds; the first stands for the rest.
    kept = 1 if "vmax" in stored["model"]["parameters"] else len(people)
    for records, expected in list(zip(people, stored["individuals"], strict=True))[:kept]:
        person = Person(stored["model"], records)
        random = np.array(
            [
                expected["kappa"][str(occasion)][name] if occasion else expected["eta"][name]
                for name, occasion in person.layout
            ]
        )
        value, slope, _ = person.parts(random)
        assert value == pytest.approx(expected["minus_two_log"], abs=1e-8)
        scale = np.sqrt(np.diag(person.omega))
        np.testing.assert_allclose(slope * scale, 0.0, atol=1e-6)
        levels = person.levels(random).real
        np.testing.assert_allclose(levels, expected["IPRED"], rtol=1e-8, atol=1e-10)
