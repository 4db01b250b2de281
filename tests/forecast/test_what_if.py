"""Supposed futures against closed forms, and against the same doses as if they had been given."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.errors import InputError
from openntz.forecast.density import Levels, build_problem
from openntz.forecast.history import build_history, weights_of
from openntz.forecast.steady_interval import steady_troughs, summarise
from openntz.forecast.what_if import Exchange, Future, FutureDose, levels_under
from openntz.mechanism.plan import Plan, Span
from openntz.mechanism.regimen import Schedule
from tests.build import dose, doses_every, measurement
from tests.forecast.linear_people import CARD, HOUR, K, after_infusions, linear_problem
from tests.forecast.people import FIRST, course, models

# The tolerance of draws: 1e-4 per step, a few steps between the doses.
CLOSE = 2e-3
START = 10 / 24


def nothing() -> Levels:
    return Levels(np.empty(0), np.empty(0), np.empty(0, np.int64))


def given(*days: float, subcutaneous: bool = False) -> Future:
    length = 0.0 if subcutaneous else HOUR
    return Future(doses=tuple(FutureDose(d, 300.0, length, subcutaneous) for d in days))


def recorded(n: int = 6) -> np.ndarray:
    return START + 28.0 * np.arange(n)


@pytest.mark.parametrize("late", [0.0, 9.0, 14.0, 28.0])
def test_a_later_dose_matches_closed_form(late):
    _, problem = linear_problem()
    new = recorded()[-1] + 28.0 + late
    times = np.array([new, new + 1.0, new + 28.0])
    found = levels_under(problem, np.zeros((1, problem.size)), given(new), times)[0]
    expected = after_infusions(np.append(recorded(), new), times)
    np.testing.assert_allclose(found, expected, rtol=CLOSE)


def test_no_further_dose_matches_closed_form():
    _, problem = linear_problem()
    times = recorded()[-1] + np.array([28.0, 56.0, 140.0])
    found = levels_under(problem, np.zeros((1, problem.size)), Future(), times)[0]
    np.testing.assert_allclose(found, after_infusions(recorded(), times), rtol=CLOSE)


@pytest.mark.parametrize("sessions", [1, 3])
def test_plasma_exchange_of_one_compartment_matches_closed_form(sessions):
    """Without tissues each session leaves 1 - f of what elimination leaves."""
    _, problem = linear_problem()
    begin, length, removed = recorded()[-1] + 20.0, 3 * HOUR, 0.63
    sittings = tuple(Exchange(begin + 2.0 * i, length, removed) for i in range(sessions))
    times = np.array([begin, begin + 2.0 * (sessions - 1) + length, begin + 30.0])
    found = levels_under(problem, np.zeros((1, problem.size)), Future(exchanges=sittings), times)[0]
    plain = after_infusions(recorded(), times)
    left = np.array([1.0, (1 - removed) ** sessions, (1 - removed) ** sessions])
    np.testing.assert_allclose(found, plain * left, rtol=CLOSE)


def test_plasma_exchange_rebounds_from_the_tissues_and_never_takes_more_than_it_removes():
    problem = _person()
    begin = recorded()[-1] + 20.0
    future = Future(exchanges=(Exchange(begin, 3 * HOUR, 0.63),))
    times = begin + np.array([0.0, 3 * HOUR, 2.0])
    before, after, later = levels_under(problem, np.zeros((1, problem.size)), future, times)[0]
    assert 0.37 * before * (1 - CLOSE) < after < 0.4 * before  # some came back meanwhile
    assert later > 1.1 * after


def _person(weight: float | None = 70.0, doses=None):
    who = course(doses=doses, weight=weight)
    settings = models().settings
    history = build_history(who.doses, weights_of(who), None, settings.assumed)
    return build_problem(models().card, history, nothing(), settings.priors)


@pytest.mark.parametrize("route", ["IV", "SC"])
def test_a_supposed_dose_matches_the_same_dose_given(route):
    """The oracle is the person to whom it happened: same card, doses in the record."""
    base = doses_every(FIRST, 6)
    later = [datetime.combine(FIRST, base[0].at.time()) + timedelta(days=d) for d in (182, 210)]
    real = (
        *base,
        *(
            dose(t, route=route, end=t + timedelta(hours=1) if route == "IV" else None)
            for t in later
        ),
    )
    happened, problem = _person(doses=real), _person()
    days = np.array([182 + START, 210 + START, 224.0, 250.0])
    theta = np.random.default_rng(3).normal(0, 0.2, (20, problem.size))
    found = levels_under(
        problem, theta, given(182 + START, 210 + START, subcutaneous=route == "SC"), days
    )
    true = levels_under(happened, theta, Future(), days)
    np.testing.assert_allclose(found, true, rtol=CLOSE)


def test_a_changed_weight_matches_the_weight_recorded_then():
    who = course(
        levels=[
            measurement(vocabulary.WEIGHT, f"{FIRST + timedelta(days=150)}T00:00", 95.0, unit="kg")
        ]
    )
    settings = models().settings
    history = build_history(who.doses, weights_of(who), None, settings.assumed)
    happened = build_problem(models().card, history, nothing(), settings.priors)
    problem = _person()
    future = replace(given(182 + START), weight_kg=95.0, weight_from=150.0)
    days = np.array([149.0, 160.0, 182 + START, 210.0])
    theta = np.random.default_rng(4).normal(0, 0.2, (20, problem.size))
    found = levels_under(problem, theta, future, days)
    true = levels_under(happened, theta, given(182 + START), days)
    np.testing.assert_allclose(found, true, rtol=CLOSE)


def test_a_weight_that_was_never_recorded_cannot_change():
    problem = _person(weight=None)
    with pytest.raises(InputError, match="no recorded weight"):
        levels_under(
            problem, np.zeros((1, problem.size)), Future(weight_kg=90.0), np.array([200.0])
        )


# ── an interval kept for long


@pytest.mark.parametrize("interval", [28, 37, 56])
def test_the_trough_of_an_interval_kept_for_long_matches_closed_form(interval):
    _, problem = linear_problem()
    found = steady_troughs(problem, np.zeros((1, problem.size)), [interval])[0, 0]
    one = 300.0 / HOUR / CARD.typical["cl"] * (1 - np.exp(-K * HOUR)) * np.exp(K * HOUR)
    part = np.exp(-K * interval)
    assert found == pytest.approx(one * part / (1 - part), rel=CLOSE)


def test_the_trough_of_an_interval_kept_for_long_matches_the_steady_state_of_the_mechanism():
    """Saturable elimination: the exact steady state that NONMEM's SS asks for."""
    problem = _person()
    theta = np.random.default_rng(5).normal(0, 0.2, (50, problem.size))
    values = {name: v[:, -1:] for name, v in problem.values(theta).items()}
    one = np.ones(1)
    for interval in (28.0, 42.0):
        start = Schedule(0 * one, HOUR * one, 300.0 * one, one < 0, interval)
        span = Span(start, -one, 0 * one)
        exact = Plan([span]).solve(values).concentration[:, 0]
        found = steady_troughs(problem, theta, [interval])[:, 0]
        # Solved to 3e-4 a step; what is left of the way is extrapolated.
        np.testing.assert_allclose(found, exact, rtol=1e-3)


def test_the_first_longer_interval_flatters():
    problem = _person()
    theta = np.zeros((1, problem.size))
    first = levels_under(problem, theta, Future(), np.array([recorded()[-1] + 42.0]))[0, 0]
    kept = steady_troughs(problem, theta, [42.0])[0, 0]
    assert kept < 0.8 * first


def test_the_summary_of_troughs_counts_draws():
    found = summarise(np.arange(1.0, 101.0), (10.0, 5.0), (0.05, 0.95))
    assert found.reaches == {10.0: 0.91, 5.0: 0.96}
    assert found.median == pytest.approx(50.5)
