"""What must hold for any drug and schedule."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openntz.mechanism import solver
from openntz.mechanism.pharmacokinetics import (
    PkParameters,
    Schedule,
    simulate,
    simulate_people,
)
from tests.mechanism.people import both, drug, infusions, injections

# Off the round days that hypothesis likes, where a level jumps.
TIMES = np.linspace(-5.0123, 260.0321, 54)

# Steps are chosen anew when something changes; twice the tolerance per step covers both runs.
SLACK = 1e-6


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any mix of infusions and injections, doses within 200 days, in any order."""
    size = draw(st.integers(1, 6))
    start = draw(st.lists(st.floats(0.0, 200.0), min_size=size, max_size=size))
    skin = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    hours = np.array(draw(st.lists(st.floats(0.0, 60.0), min_size=size, max_size=size)))
    mg = draw(st.lists(st.floats(1.0, 900.0), min_size=size, max_size=size))
    return Schedule(np.array(start), np.where(skin, 0.0, hours / 24.0), np.array(mg), skin)


@st.composite
def drugs(draw: st.DrawFn) -> PkParameters:
    """Plausible to extreme drugs, with up to three covariate segments."""
    later = draw(st.lists(st.floats(1.0, 200.0), max_size=2, unique=True))
    day = np.array([-np.inf, *sorted(later)])

    def values(low: float, high: float) -> NDArray[np.float64]:
        logs = st.floats(np.log(low), np.log(high))
        return np.exp(draw(st.lists(logs, min_size=len(day), max_size=len(day))))

    return drug(
        segment_day=day,
        cl_l_per_day=values(0.02, 2.0),
        vc_l=values(1.5, 8.0),
        q_l_per_day=values(0.02, 3.0),
        vp_l=values(0.5, 10.0),
        vmax_mg_per_day=values(0.05, 30.0),
        km_mg_per_l=values(0.02, 20.0),
        ka_per_day=values(0.05, 4.0),
        f=np.minimum(values(0.2, 1.0), 1.0),
        lag_day=values(0.001, 2.0),
    )


@given(drugs(), schedules())
@settings(max_examples=60, deadline=None)
def test_never_negative_and_nothing_before_the_first_dose(
    parameters: PkParameters, doses: Schedule
) -> None:
    found = simulate(parameters, doses, TIMES).ug_per_ml
    assert (found >= 0.0).all()
    assert np.isfinite(found).all()
    assert (found[:, doses.start_day[0] >= TIMES] == 0.0).all()


@given(drugs(), schedules(), st.floats(1.05, 3.0))
@settings(max_examples=40, deadline=None)
def test_more_drug_never_gives_less_concentration(
    parameters: PkParameters, doses: Schedule, factor: float
) -> None:
    more = Schedule(
        doses.start_day, doses.duration_day, doses.amount_mg * factor, doses.subcutaneous
    )
    less = simulate(parameters, doses, TIMES).ug_per_ml
    assert (simulate(parameters, more, TIMES).ug_per_ml >= less * (1 - SLACK) - 1e-7).all()


def _integral(of: NDArray[np.float64], panels: NDArray[np.float64]) -> float:
    """Gauss and Legendre on four points a panel, at the times of ``_points``."""
    weight = np.polynomial.legendre.leggauss(4)[1]
    half = np.diff(panels)[:, None] / 2.0
    return float((of.reshape(-1, 4) * weight * half).sum())


def _points(panels: NDArray[np.float64]) -> NDArray[np.float64]:
    node = np.polynomial.legendre.leggauss(4)[0]
    half, middle = np.diff(panels) / 2.0, (panels[1:] + panels[:-1]) / 2.0
    return (middle[:, None] + half[:, None] * node).ravel()


@given(
    schedules(),
    st.floats(0.1, 1.0),
    st.floats(2.0, 5.0),
    st.floats(0.0, 10.0),
    st.floats(0.1, 5.0),
    st.floats(0.3, 1.0),
)
@settings(max_examples=25, deadline=None)
def test_what_is_eliminated_in_the_end_is_what_was_given(
    doses: Schedule, cl: float, vc: float, vmax: float, km: float, f: float
) -> None:
    lag = 0.1
    parameters = drug(
        cl_l_per_day=cl, vc_l=vc, q_l_per_day=0.5, vp_l=3.0, vmax_mg_per_day=vmax, km_mg_per_l=km,
        ka_per_day=0.3, f=f, lag_day=lag,
    )  # fmt: skip
    jumps = [*doses.start_day, *(doses.start_day + doses.duration_day), *(doses.start_day + lag)]
    # The slowest loss here, 0.017 a day, leaves nothing to speak of after 1,000 days.
    panels = np.unique(np.concatenate([np.arange(0.0, 1200.0, 0.5), jumps]))
    level = simulate(parameters, doses, _points(panels)).ug_per_ml[0]
    lost = _integral(cl * level + vmax * level / (km + level), panels)
    given_mg = float((doses.amount_mg * np.where(doses.subcutaneous, f, 1.0)).sum())
    # Saturable elimination ends within less than a panel, which costs less than a thousandth.
    assert abs(lost / given_mg - 1.0) < 1e-3


@given(drugs(), schedules(), schedules())
@settings(max_examples=40, deadline=None)
def test_linear_elimination_superposes(
    parameters: PkParameters, one: Schedule, other: Schedule
) -> None:
    linear = drug(
        segment_day=parameters.segment_day,
        **{
            name: getattr(parameters, name)[0]
            for name in ("cl_l_per_day", "vc_l", "q_l_per_day", "vp_l", "ka_per_day", "f")
        },
        vmax_mg_per_day=0.0,
    )
    together, first, second = (
        simulate(linear, doses, TIMES, rtol=1e-10, atol=1e-12).ug_per_ml
        for doses in (both(one, other), one, other)
    )
    np.testing.assert_allclose(together, first + second, rtol=1e-8, atol=1e-9)


@given(drugs(), schedules(), st.floats(-3000.0, 3000.0))
@settings(max_examples=40, deadline=None)
def test_shifting_all_times_changes_nothing(
    parameters: PkParameters, doses: Schedule, days: float
) -> None:
    later = Schedule(
        doses.start_day + days, doses.duration_day, doses.amount_mg, doses.subcutaneous
    )
    moved = drug(
        segment_day=parameters.segment_day + days,
        **{
            name: getattr(parameters, name)[0]
            for name in PkParameters.__struct_fields__
            if name != "segment_day"
        },
    )
    before = simulate(parameters, doses, TIMES).ug_per_ml
    after = simulate(moved, later, TIMES + days).ug_per_ml
    # The shift itself rounds the times; close to an injection the level rises steeply.
    np.testing.assert_allclose(after, before, rtol=SLACK, atol=1e-6)


@given(drugs(), schedules(), st.permutations(range(len(TIMES))))
@settings(max_examples=20, deadline=None)
def test_order_of_times_and_of_doses_changes_nothing(
    parameters: PkParameters, doses: Schedule, order: list[int]
) -> None:
    turned = Schedule(
        doses.start_day[::-1],
        doses.duration_day[::-1],
        doses.amount_mg[::-1],
        doses.subcutaneous[::-1],
    )
    straight = simulate(parameters, doses, TIMES)
    mixed = simulate(parameters, doses, TIMES[order])
    assert (mixed.time_day == TIMES[order]).all()
    assert (mixed.ug_per_ml == straight.ug_per_ml[:, order]).all()
    # Doses that coincide may be summed in another order, which rounds differently.
    np.testing.assert_allclose(
        simulate(parameters, turned, TIMES).ug_per_ml, straight.ug_per_ml, rtol=SLACK, atol=1e-7
    )


def _crowd(n: int) -> list[tuple[PkParameters, Schedule, NDArray[np.float64]]]:
    """People with schedules, routes, lanes and times of their own."""
    rng = np.random.Generator(np.random.PCG64(7))
    crowd = []
    for i in range(n):
        start = np.cumsum(rng.uniform(10.0, 60.0, int(rng.integers(1, 12))))
        doses = infusions(start) if i % 3 else injections(start)
        weight = np.exp(0.2 * rng.standard_normal(2))
        parameters = drug(
            lanes=1 + i % 4,
            spread=0.3,
            segment_day=[-np.inf, 90.0],
            cl_l_per_day=0.164 * weight,
            vc_l=3.48 * weight,
        )
        crowd.append((parameters, doses, rng.uniform(0.0, 400.0, int(rng.integers(0, 30)))))
    return crowd


def test_neighbours_change_nothing_to_the_last_bit() -> None:
    crowd = _crowd(60)
    together = simulate_people(crowd)
    backwards = simulate_people(crowd[::-1])[::-1]
    for person, found, again in zip(crowd, together, backwards, strict=True):
        alone = simulate(*person)
        assert found.ug_per_ml.tobytes() == alone.ug_per_ml.tobytes()
        assert found.ug_per_ml.tobytes() == again.ug_per_ml.tobytes()
        assert (found.steps == alone.steps).all()


def test_permutation_of_lanes_changes_nothing_to_the_last_bit() -> None:
    parameters = drug(lanes=41, spread=0.3)
    order = np.random.Generator(np.random.PCG64(1)).permutation(41)
    turned = PkParameters(
        parameters.segment_day,
        *(
            getattr(parameters, name)[order]
            for name in PkParameters.__struct_fields__
            if name != "segment_day"
        ),
    )
    doses = infusions(28.0 * np.arange(10))
    straight = simulate(parameters, doses, TIMES).ug_per_ml
    assert (simulate(turned, doses, TIMES).ug_per_ml == straight[order]).all()


def test_threads_give_the_bytes_of_one_thread() -> None:
    people = 7 * solver.LEAST_BLOCK + 17
    assert len(solver.blocks(people, 3)) > 3
    parameters = drug(lanes=people, spread=0.3)
    doses = infusions(28.0 * np.arange(6))
    one = simulate(parameters, doses, TIMES)
    three = simulate(parameters, doses, TIMES, threads=3)
    assert one.ug_per_ml.tobytes() == three.ug_per_ml.tobytes()
    assert (one.steps == three.steps).all()


def test_two_runs_give_the_same_bytes() -> None:
    crowd = _crowd(12)
    first, second = simulate_people(crowd), simulate_people(crowd)
    for a, b in zip(first, second, strict=True):
        assert a.ug_per_ml.tobytes() == b.ug_per_ml.tobytes()


def test_a_value_at_the_start_of_a_dose_is_the_trough() -> None:
    doses = infusions([0.0, 28.0])
    found = simulate(drug(), doses, [28.0, np.nextafter(28.0, 0.0), 28.0 + 1e-6]).ug_per_ml[0]
    assert abs(found[0] / found[1] - 1.0) < 1e-9
    assert found[2] > found[0]


def test_no_dose_means_no_drug() -> None:
    nothing = Schedule(np.empty(0), np.empty(0), np.empty(0), np.empty(0, bool))
    assert (simulate(drug(lanes=3), nothing, TIMES).ug_per_ml == 0.0).all()
    late = drug(segment_day=[1000.0, 2000.0])
    assert (simulate(late, nothing, TIMES).ug_per_ml == 0.0).all()


def test_no_times_give_an_empty_row_each() -> None:
    assert simulate(drug(lanes=3), infusions([0.0]), []).ug_per_ml.shape == (3, 0)


def test_nobody_gives_nothing() -> None:
    assert simulate_people([]) == ()


@given(st.integers(0, 3_000), st.integers(1, 9))
def test_blocks_of_threads_hold_everybody_once(people: int, threads: int) -> None:
    blocks = solver.blocks(people, threads)
    assert [i for first, last in blocks for i in range(first, last)] == list(range(people))
    assert all(last > first for first, last in blocks)
    assert threads > 1 or len(blocks) <= 1
