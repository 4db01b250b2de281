"""Input the solver cannot use, and integrations that fail: named, with a remedy, never NaN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from openntz.errors import SolverError
from openntz.mechanism import solver
from openntz.mechanism.pharmacokinetics import Concentration, Schedule, simulate
from tests.mechanism.people import drug, infusions

ONE = np.array([0.0])
IV = np.array([False])

BAD: dict[str, tuple[Callable[[], object], str]] = {
    "negative amount": (lambda: infusions([0.0, 1.0], mg=[300.0, -300.0]), "dose 2"),
    "no amount": (lambda: infusions([0.0], mg=0.0), "amount"),
    "infinite start": (lambda: infusions([np.inf]), "start"),
    "negative duration": (lambda: infusions([0.0], hours=-1.0), "duration"),
    "duration under the skin": (
        lambda: Schedule(ONE, ONE + 1.0, ONE + 300.0, ~IV),
        "duration",
    ),
    "arrays of two lengths": (lambda: Schedule(ONE, np.zeros(2), ONE, IV), "length"),
    "no volume": (lambda: drug(vc_l=0.0), "vc_l, lane 0, segment 0"),
    "negative clearance": (lambda: drug(cl_l_per_day=-0.1), "cl_l_per_day"),
    "parameter not a number": (lambda: drug(lanes=2, km_mg_per_l=np.nan), "km_mg_per_l"),
    "bioavailability above one": (lambda: drug(f=1.2), "f, lane 0"),
    "segments out of order": (
        lambda: drug(segment_day=[0.0, 50.0, 20.0]),
        "segment_day",
    ),
    "segments that coincide": (lambda: drug(segment_day=[0.0, 0.0]), "segment_day"),
    "first segment after the dose": (
        lambda: simulate(drug(segment_day=[10.0]), infusions([0.0]), [20.0]),
        "segment_day",
    ),
    "time not a number": (lambda: simulate(drug(), infusions([0.0]), [np.nan]), "time_day"),
    "times in a table": (lambda: simulate(drug(), infusions([0.0]), [[1.0]]), "time_day"),
    "tolerance zero": (
        lambda: simulate(drug(), infusions([0.0]), [1.0], rtol=0.0),
        "tolerances",
    ),
    "tolerance not a number": (
        lambda: simulate(drug(), infusions([0.0]), [1.0], atol=np.nan),
        "tolerances",
    ),
    "no threads": (lambda: simulate(drug(), infusions([0.0]), [1.0], threads=0), "threads"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused_with_place_and_remedy(name: str) -> None:
    make, says = BAD[name]
    with pytest.raises(SolverError) as caught:
        make()
    assert says in str(caught.value)
    assert caught.value.remedy


def test_too_many_steps_is_a_named_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "MOST_STEPS", 20.0)
    parameters = drug(lanes=3)
    result = simulate(parameters, infusions(28.0 * np.arange(5)), [1.0, 140.0])
    assert {solver.STATUS_NAME[int(s)] for s in result.status} == {"too many steps"}
    with pytest.raises(SolverError, match=r"too many steps \(3 of 3 lanes\)") as caught:
        _ = result.ug_per_ml
    assert caught.value.remedy
    assert len(result.of_lanes_ok()[0]) == 0


def test_a_step_that_cannot_be_short_enough_is_a_named_failure() -> None:
    """So fast a drug, so late: the step it needs is below the resolution of time."""
    wild = drug(cl_l_per_day=1e17, q_l_per_day=0.0, vmax_mg_per_day=0.0)
    result = simulate(wild, infusions([1e6], hours=1e6), [1e6 + 1.0])
    assert solver.STATUS_NAME[int(result.status[0])] == "step size underflow"
    with pytest.raises(SolverError, match="step size underflow"):
        result.require_ok()


def test_rates_beyond_any_number_are_a_named_failure() -> None:
    result = simulate(drug(vp_l=1e-305, q_l_per_day=1e10), infusions([0.0]), [1.0])
    with pytest.raises(SolverError, match="step size underflow"):
        _ = result.ug_per_ml


def test_one_failure_leaves_the_others_readable() -> None:
    values = np.array([[0.164], [1e17], [0.2]])
    mixed = drug(lanes=3, cl_l_per_day=values)
    result = simulate(mixed, infusions([1e6], hours=1e6), [1e6 + 1.0])
    assert result.status.tolist() == [0, 1, 0]
    good, level = result.of_lanes_ok()
    assert good.tolist() == [0, 2]
    alone = simulate(drug(cl_l_per_day=0.2), infusions([1e6], hours=1e6), [1e6 + 1.0])
    assert level[1] == alone.ug_per_ml[0]
    assert np.isfinite(level).all()
    with pytest.raises(SolverError, match="lane 1"):
        _ = result.ug_per_ml


def test_every_status_has_a_name_and_a_remedy() -> None:
    assert set(solver.STATUS_NAME) == set(solver.REMEDY)
    for code, name in solver.STATUS_NAME.items():
        assert name
        assert bool(solver.REMEDY[code]) == (code != 0)


def test_concentration_says_when_it_is_fine() -> None:
    result = simulate(drug(), infusions([0.0]), [1.0])
    assert isinstance(result, Concentration)
    result.require_ok()
