"""Density and mode against scipy: its integrator, its distributions, its simplex search."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

from openntz.forecast.cohort import EXACT, SMOOTH, Cohort
from openntz.forecast.density import ANTIBODY, WEIGHT, Levels, Problem, build_problem
from openntz.forecast.history import AntibodyEffect, History, build_history, weights_of
from openntz.forecast.map_estimate import curvature, find_modes
from openntz.forecast.subject import Observations, Subject
from openntz.forecast.triage import as_limit, by_timing, fitted_levels
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import load_card
from tests.build import doses_every, level
from tests.forecast.people import FIRST, course, models

CARDS = Path(__file__).parents[1] / "reference" / "cards"
TROUGH = datetime(2024, 1, 8, 9, 30)


def problem_of(levels: tuple = (), antibodies: AntibodyEffect | None = None, weight=82.0):
    who = course(doses=doses_every(FIRST, 5), levels=levels, weight=weight)
    settings = models().settings
    history = build_history(who.doses, weights_of(who), antibodies, settings.assumed)
    measured = who.results("natalizumab")
    verdicts = [by_timing(m, history, settings.not_a_trough_hours) for m in measured]
    return build_problem(
        models().card,
        history,
        fitted_levels(verdicts, [as_limit(m) for m in measured], history),
        settings.priors,
    )


def scipy_concentration(history: History, theta: np.ndarray, days: np.ndarray) -> np.ndarray:
    """The card's equations typed again and solved by DOP853, restarted at every event."""
    w = 82.0 / 70.0
    cl, vc = 0.164 * w**0.60 * np.exp(theta[0]), 3.48 * w**0.26
    vp, vmax = 3.48 * w**0.26 * np.exp(theta[1]), 2.86 * np.exp(theta[2])
    q, km = 0.40, 0.875

    def rhs(_t: float, y: np.ndarray, rate: float) -> list[float]:
        c, cp = y[0] / vc, y[1] / vp
        out = cl * c + vmax * c / (km + c) + q * (c - cp)
        return [rate - out, q * (c - cp)]

    starts = history.schedule.start_day
    ends = starts + history.schedule.duration_day
    stops = np.unique(np.concatenate([starts, ends, days]))
    y, found = np.zeros(2), {}
    for left, right in itertools.pairwise(stops):
        found[left] = y[0] / vc
        on = (starts <= left) & (right <= ends)
        rate = float((history.schedule.amount_mg / history.schedule.duration_day)[on].sum())
        y = solve_ivp(rhs, (left, right), y, "DOP853", args=(rate,), rtol=1e-10, atol=1e-12).y[
            :, -1
        ]
    found[stops[-1]] = y[0] / vc
    return np.array([found[d] for d in days])


def test_log_likelihood_matches_scipy_distributions() -> None:
    levels = (
        level(TROUGH + timedelta(days=28), 11.0),
        level(TROUGH + timedelta(days=56), 2.0, censor="<"),
        level(TROUGH + timedelta(days=84), 100.0, censor=">"),
        level(TROUGH + timedelta(days=112), 1.2, lloq=2.0),
    )
    problem = problem_of(levels)
    f = np.array([[9.0, 3.0, 60.0, 2.5]])
    sd = 0.219 * f[0]
    expected = (
        norm.logpdf(11.0, 9.0, sd[0])
        + norm.logcdf(2.0, 3.0, sd[1])
        + norm.logsf(100.0, 60.0, sd[2])
        + norm.logcdf(2.0, 2.5, sd[3])
    )
    # Same closed forms, only summation order differs.
    assert problem.log_likelihood(np.zeros((1, 3)), f)[0] == pytest.approx(expected, rel=1e-12)


def test_log_prior_matches_scipy_multivariate_normal() -> None:
    problem = problem_of()
    theta = np.array([[0.1, -0.2, 0.3]])
    expected = multivariate_normal(cov=models().card.omega).logpdf(theta[0])  # type: ignore[arg-type]
    assert problem.log_prior(theta)[0] == pytest.approx(expected, rel=1e-12)


def test_map_matches_scipy_simplex_on_scipy_solution() -> None:
    values = (7.0, 10.5, 16.0)
    days = (28, 56, 112)
    problem = problem_of(
        tuple(level(TROUGH + timedelta(days=d), v) for d, v in zip(days, values, strict=True))
    )
    omega = models().card.omega

    def objective(theta: np.ndarray) -> float:
        f = scipy_concentration(problem.history, theta, problem.levels.time_day)
        return -float(
            norm.logpdf(values, f, 0.219 * f).sum() + multivariate_normal(cov=omega).logpdf(theta)  # type: ignore[arg-type]
        )

    found = find_modes(problem.cohort, accuracy=EXACT, tolerance=1e-8)
    mode = found.theta[0]
    simplex = minimize(
        objective,
        mode + 0.05,
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-9, "maxiter": 250},
    )
    assert found.status == ("ok",)
    # The simplex stops within 1e-5 of the mode of an objective that is flat to 1e-9 there.
    assert mode == pytest.approx(simplex.x, abs=5e-4)
    density = problem.negative_log_posterior(mode[None], EXACT)[0]
    assert density == pytest.approx(simplex.fun, abs=1e-6)


def test_hessian_matches_closed_form_when_there_are_no_levels() -> None:
    problem = problem_of()
    found = find_modes(problem.cohort)
    assert found.status == ("prior only",)
    # Without levels the negative log density is the quadratic of the prior.
    assert found.theta[0] == pytest.approx(np.zeros(3), abs=1e-8)
    precision = np.linalg.inv(models().card.omega)
    assert found.information[0] == pytest.approx(precision, rel=1e-10, abs=1e-10)
    assert curvature(problem.cohort, np.zeros(3)) == pytest.approx(precision, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("weight", [82.0, None])
@pytest.mark.parametrize("antibodies", [None, AntibodyEffect(since=datetime(2024, 3, 1))])
def test_gradient_matches_central_differences(weight, antibodies) -> None:
    levels = (
        level(TROUGH + timedelta(days=28), 11.0),
        level(TROUGH + timedelta(days=56), 2.0, censor="<"),
        level(TROUGH + timedelta(days=84), 100.0, censor=">"),
    )
    problem = problem_of(levels, antibodies, weight)
    rng = np.random.default_rng(3)
    theta = 0.2 * rng.standard_normal(problem.size)
    at = theta[None, None, :]
    cohort = problem.cohort
    exact = cohort.linearise(at, cohort.differentiate(at, EXACT)).gradient[0, 0]
    step = 1e-4
    points = np.vstack([theta + step * np.eye(problem.size), theta - step * np.eye(problem.size)])
    values = problem.negative_log_posterior(points, EXACT)
    differences = (values[: problem.size] - values[problem.size :]) / (2 * step)
    # Differences of values good to 1e-8 over 2e-4, and their own curvature error of 1e-8.
    assert exact == pytest.approx(differences, rel=1e-4, abs=2e-4)


def test_unknown_weight_and_antibodies_become_unknowns() -> None:
    effect = AntibodyEffect(since=datetime(2024, 2, 1))
    problem = problem_of((), effect, weight=None)
    assert problem.names == ("cl", "vp", "vmax", ANTIBODY, WEIGHT)
    theta = np.zeros((1, 5))
    drawn = problem.values(theta)
    # Label factor 2.45 from February on, typed here; before it the card's clearance at 74 kg.
    assert drawn["cl"][0] == pytest.approx(
        np.array([0.164, 0.164 * 2.45]) * (74 / 70) ** 0.60, rel=1e-12
    )


def test_problem_without_levels_has_prior_density_alone() -> None:
    problem: Problem = problem_of()
    assert isinstance(problem.levels, Levels)
    assert problem.levels.count == 0
    theta = np.array([[0.3, 0.1, -0.1], [0.0, 0.0, 0.0]])
    assert problem.negative_log_posterior(theta, SMOOTH) == pytest.approx(
        -problem.log_prior(theta), rel=1e-14
    )


def test_a_level_within_the_typical_lag_matches_a_scan_of_the_lag() -> None:
    """Where the search starts the level has no slope: the dose has not arrived yet."""
    lagged = load_card(CARDS / "monolix_003.toml")
    day = lagged.data_units.day_per_time
    amount = np.array([100.0 * lagged.data_units.mg_per_dose])
    oral = Schedule(np.zeros(1), np.zeros(1), amount, np.ones(1, bool))
    times = np.array([0.95, 5.0]) * day

    def person(values: np.ndarray) -> Cohort:
        span = Span(oral, np.array([-np.inf]), times)
        seen = Observations.levels(np.arange(2), values)
        return Cohort(lagged, [Subject("1", (span,), {}, np.zeros(1, int), np.zeros(1), seen)])

    column = person(np.ones(2)).names.index("lag")
    truth = np.zeros((1, 1, 4))
    truth[..., column] = -0.3
    values = person(np.ones(2)).predict(truth, EXACT).concentration[0]
    cohort = person(values)
    found = find_modes(cohort, accuracy=EXACT, tolerance=1e-8)
    assert found.status == ("ok",)
    grid = np.zeros((400, 1, 4))
    grid[:, 0] = found.theta[0]
    grid[:, 0, column] = np.linspace(-1.5, 1.0, 400)
    solved = cohort.predict(grid, EXACT).concentration
    height = cohort.log_likelihood(grid, solved)[:, 0] - cohort.penalty(grid)[:, 0]
    # The scan's step is 0.006; the mode must be its highest point.
    assert found.theta[0, column] == pytest.approx(grid[height.argmax(), 0, column], abs=0.007)
    assert -found.value[0] >= height.max() - 1e-9
