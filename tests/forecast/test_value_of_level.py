"""What a level is worth: against the likelihood, brute-force re-fits, and cases that are plain."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy.special import softmax

from openntz.course import vocabulary
from openntz.forecast.decide import DecisionRule
from openntz.forecast.fit import Fit
from openntz.forecast.likelihood import Kind, terms
from openntz.forecast.outlook import on_days
from openntz.forecast.person import fit_person
from openntz.forecast.request import ForecastRequest
from openntz.forecast.steady_interval import steady_troughs
from openntz.forecast.value_of_level import (
    Choices,
    LevelWorth,
    simulated,
    value_of_level,
    weights_after,
    worth_most,
)
from openntz.models.residual import Residual
from tests.build import doses_every, measurement
from tests.forecast.people import FIRST, course, models

PROPORTIONAL = Residual("proportional", 0.219, 0.0)
COMBINED = Residual("combined variances", 0.2, 0.5)
LOGARITHMIC = Residual("log-additive", 0.0, 0.2)
RULE = DecisionRule(
    target=10.0,
    chance=0.9,
    shortest=28,
    longest=56,
    weekdays=frozenset(range(7)),
    missed_weeks=(),
)
DAYS = (28, 35, 42, 49, 56)


@pytest.mark.parametrize("residual", [PROPORTIONAL, COMBINED, LOGARITHMIC])
def test_weights_match_the_likelihood_of_the_fit(residual):
    rng = np.random.default_rng(1)
    level, reading = rng.lognormal(2.5, 0.5, 200), rng.lognormal(2.5, 0.5, 7)
    kind = np.full(7, Kind.QUANTIFIED)
    exact = terms(residual, np.repeat(level[:, None], 7, axis=1), reading, kind).log_likelihood
    np.testing.assert_allclose(
        weights_after(level, reading, residual), softmax(exact, axis=0), rtol=1e-9
    )


@pytest.mark.parametrize("residual", [PROPORTIONAL, LOGARITHMIC])
def test_simulated_readings_have_the_error_of_the_card(residual):
    found = simulated(np.full(50, 20.0), residual, 40_000, np.random.default_rng(2))
    spread = np.log(found) if residual.on_log_scale else found / 20.0
    # Standard error of a standard deviation of 40,000: 0.35 %.
    assert spread.std() == pytest.approx(residual.sd(np.array(20.0)) / (
        1.0 if residual.on_log_scale else 20.0
    ), rel=0.015)  # fmt: skip


def test_on_average_weighting_leaves_the_chance_as_it_is():
    """The law of total probability: chances after a level average to the chance before it."""
    rng = np.random.default_rng(3)
    level = rng.lognormal(2.5, 0.4, 1000)
    reading = simulated(level, PROPORTIONAL, 1000, rng)
    after = (level >= 12.0).astype(float) @ weights_after(level, reading, PROPORTIONAL)
    # Each simulated reading is of another draw, so that what is left is the error's noise.
    assert after.mean() == pytest.approx(np.mean(level >= 12.0), abs=0.02)


def choices(level: np.ndarray, *, kept: float = 1.0) -> Choices:
    """Troughs that fall by a half-life of 14 days from a level on day 28."""
    first = level[:, None] * 0.5 ** ((np.array(DAYS) - 28.0) / 14.0)
    return Choices(DAYS, first, kept * first)


def worth(made: Choices, level: np.ndarray, residual: Residual = PROPORTIONAL):
    return value_of_level(
        made, RULE, level[:, None], [28], residual,
        readings=400, changes_from=7, generator=np.random.default_rng(5),
    )[0]  # fmt: skip


def test_somebody_who_is_known_gains_nothing():
    level = np.full(500, 25.0)
    found = worth(choices(level), level)
    assert (found.longer, found.shorter) == (0.0, 0.0)
    assert worth_most((found,), 0.1) is None


def test_a_perfect_test_matches_closed_form():
    """With hardly any error the level decides: 28 days from 10, 42 from 20, 56 from 40 on.

    Half the people have 15 (28 or 35 days) and half 60: now the rule must hold for both.
    """
    rng = np.random.default_rng(6)
    level = np.concatenate([rng.uniform(14.9, 15.1, 500), rng.uniform(59, 61, 500)])
    made = choices(level)
    now = made.chosen(RULE, np.full((1000, 1), 1e-3))[0]
    assert now == 35  # 15 falls to 10 after 8.2 days
    found = worth(made, level, Residual("proportional", 0.01, 0.0))
    assert found.longer == pytest.approx(0.5, abs=0.06)  # binomial, 400 readings, 2.4 sigma
    assert found.shorter == 0.0


def test_being_offered_no_interval_any_more_counts():
    rng = np.random.default_rng(7)
    level = np.concatenate([rng.uniform(9.3, 9.5, 80), rng.uniform(10.5, 10.9, 920)])
    made = choices(level)
    assert made.chosen(RULE, np.full((1000, 1), 1e-3))[0] == 28
    found = worth(made, level, Residual("proportional", 0.005, 0.0))
    assert found.shorter == pytest.approx(0.08, abs=0.04)
    assert found.longer == 0.0


def test_the_steady_state_counts_too():
    level = np.full(100, 25.0)
    even = np.full((100, 1), 0.01)
    assert choices(level).chosen(RULE, even)[0] == 42  # 25 halves once by day 42
    assert choices(level, kept=0.5).chosen(RULE, even)[0] == 28


def test_the_earliest_of_the_best_days_is_named():
    days = (LevelWorth(20, 0.1, 0.1), LevelWorth(24, 0.2, 0.2), LevelWorth(28, 0.4, 0.0))
    best = worth_most(days, 0.1)
    assert best is not None
    assert best.after_days == 24
    assert worth_most(days, 0.5) is None
    assert worth_most((), 0.1) is None


# ── one person, re-fitted


def _fit(levels: list[tuple[datetime, float]], as_of) -> Fit:
    drawn = [measurement(vocabulary.NATALIZUMAB, t, v, unit="ug/mL") for t, v in levels]
    who = course(doses=doses_every(FIRST, 12), levels=drawn)
    request = ForecastRequest(
        course=who.until(as_of), as_of=as_of, planned=None, antibodies=None, seed=7
    )
    return fit_person(request, models())


def _troughs(fit: Fit, days: tuple[int, ...]) -> np.ndarray:
    history = fit.problem.history
    since = fit.day - history.day(history.last_dose)
    return on_days(since[since >= 0], fit.concentration[:, since >= 0], np.array(days, float))


def _kept(fit: Fit) -> np.ndarray:
    return fit.ask(lambda problem, theta: steady_troughs(problem, theta, DAYS))


def test_chances_after_a_level_match_fitting_it():
    """Brute force: the level is drawn on day 25 after the last dose and the person fitted anew."""
    last = FIRST + timedelta(days=28 * 11)
    as_of = last + timedelta(days=25)
    moment = datetime.combine(as_of, datetime.min.time()) + timedelta(hours=10)
    known = [
        (
            datetime.combine(FIRST + timedelta(days=28 * 9), datetime.min.time())
            + timedelta(hours=9),
            24.0,
        )
    ]
    fit = _fit(known, as_of)
    made = Choices(DAYS, _troughs(fit, DAYS), _kept(fit))
    at = _troughs(fit, (25,))[:, 0]
    residual = models().card.residual
    for reading in (0.75 * np.median(at), np.median(at), 1.3 * np.median(at)):
        weight = weights_after(at, np.array([reading]), residual)
        effective = 1 / (weight**2).sum()
        assert effective > 250
        first, kept = made.chances(RULE.target, weight)
        again = _fit([*known, (moment, float(reading))], as_of)
        # Three standard errors of two sets of draws, that of the weighted one at its worst.
        close = 3 * 0.5 * (1 / effective + 1 / len(again.concentration)) ** 0.5
        np.testing.assert_allclose(
            first[:, 0], (_troughs(again, DAYS) >= RULE.target).mean(axis=0), atol=close
        )
        np.testing.assert_allclose(
            kept[:, 0],
            (_kept(again) >= RULE.target).mean(axis=0),
            atol=close,
        )


def test_unequal_troughs_are_refused():
    with pytest.raises(ValueError, match="shapes"):
        Choices(DAYS, np.ones((3, 5)), np.ones((3, 4)))
