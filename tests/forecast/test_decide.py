"""The latest date that keeps the rule: closed forms, counted draws, the calendar, calibration."""

from __future__ import annotations

from datetime import date, timedelta
from math import log

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import binom

from openntz.course import vocabulary
from openntz.forecast.decide import DecisionRule, decide, first_of_weeks, settle
from openntz.forecast.outlook import (
    Outlook,
    build_outlook,
    level_that_saturates,
    on_days,
    outlook_of,
)
from openntz.forecast.person import fit_person, forecast_person
from openntz.forecast.request import ForecastRequest, moments_of
from openntz.forecast.steady_interval import steady_troughs, summarise
from openntz.forecast.what_if import Future, levels_under
from openntz.models.residual import Residual
from openntz.models.saturation import load_saturation
from tests.build import doses_every, measurement
from tests.forecast.linear_people import K, after_infusions, linear_problem
from tests.forecast.people import FIRST, course, forecast, models

RULE = DecisionRule(
    target=10.0,
    chance=0.9,
    shortest=28,
    longest=56,
    weekdays=frozenset(range(5)),
    missed_weeks=(1, 2, 3, 4),
)
EVERY_DAY = replace(RULE, weekdays=frozenset(range(7)))
DAYS = np.arange(28, 85)
LAST = date(2024, 6, 3)  # a Monday
CARDS = (load_saturation("saturation_biib107"), load_saturation("saturation_natalizumab"))


def outlook(levels: np.ndarray, seed: int = 1) -> Outlook:
    return build_outlook(
        DAYS, levels, CARDS, (10.0, 5.0, 2.0, 1.0), (0.8, 0.5), (0.05, 0.95),
        np.random.default_rng(seed),
    )  # fmt: skip


def falling(at_28: float, half_life: float = 11.0, draws: int = 1) -> np.ndarray:
    return np.repeat(at_28 * 0.5 ** ((DAYS - 28) / half_life)[None, :], draws, axis=0)


# ── closed form


@pytest.mark.parametrize("at_28", [10.0, 12.0, 20.0, 30.0])
def test_without_uncertainty_the_date_matches_closed_form(at_28):
    """A half-life of 11 days from a known level: chances are 0 or 1, the last day is known."""
    found = decide(outlook(falling(at_28)), EVERY_DAY, LAST, LAST).longest_kept
    days = 28 + int(11.0 * log(at_28 / 10.0) / log(2.0) + 1e-9)
    assert found is not None
    assert found.after_days == days
    assert found.day == LAST + timedelta(days=days)
    assert found.infusions_a_year == pytest.approx(365.25 / days)
    made = decide(outlook(falling(at_28)), EVERY_DAY, LAST, LAST)
    assert [d.reaches[10.0] for d in made.dates] == [
        1.0 * (d.after_days <= days) for d in made.dates
    ]


def test_a_linear_person_without_variability_matches_closed_form():
    """From dose records through the solver to the date; 300 mg every 4 weeks, one compartment."""
    _, problem = linear_problem(doses=30)
    starts = 10 / 24 + 28.0 * np.arange(30)
    days = starts[-1] + DAYS
    solved = levels_under(problem, np.zeros((1, problem.size)), Future(), days)
    exact = after_infusions(starts, days)
    target = float(after_infusions(starts, np.array([starts[-1] + 40.5]))[0])
    rule = replace(EVERY_DAY, target=target)
    made = build_outlook(
        DAYS, solved, CARDS, (target,), (0.5,), (0.05, 0.95), np.random.default_rng(1)
    )
    found = decide(made, rule, LAST, LAST).longest_kept
    assert found is not None
    assert found.after_days == 40
    np.testing.assert_allclose(solved[0], exact, rtol=2e-3)
    # And once that interval is kept: the geometric sum of doses every 40 days.
    kept = steady_troughs(problem, np.zeros((1, problem.size)), [40])[0, 0]
    ratio = (np.exp(-K * 40) / (1 - np.exp(-K * 40))) / (np.exp(-K * 40) / (1 - np.exp(-K * 28)))
    assert kept == pytest.approx(exact[40 - 28] * ratio, rel=2e-3)


def test_nothing_is_chosen_when_no_date_keeps_the_rule():
    assert decide(outlook(falling(9.9)), EVERY_DAY, LAST, LAST).longest_kept is None


# ── counted draws


def test_chances_match_counting_the_draws():
    levels = falling(20.0, draws=400) * np.random.default_rng(2).lognormal(0, 0.5, (400, 1))
    made = outlook(levels, seed=9)
    eta = CARDS[0].ec50_sd * np.random.default_rng(9).standard_normal((400, 1))
    for at in (0, 14, 56):
        for x in (10.0, 5.0, 2.0, 1.0):
            assert made.reaches[x][at] == np.mean(levels[:, at] >= x)
        first = CARDS[0].saturation(levels, eta)[:, at]
        second = CARDS[1].saturation(levels)[:, at]
        for s in (0.8, 0.5):
            assert made.saturates[s][CARDS[0].id][at] == np.mean(first >= s)
            assert made.saturates[s][CARDS[1].id][at] == np.mean(second >= s)
        ends = np.quantile(np.stack([first, second]), [0.05, 0.95], axis=1)
        # Quantiles of the level, then saturation, against quantiles of saturation: between the
        # same two draws the curve is not straight.
        assert made.saturation.low[at] == pytest.approx(ends[0].min(), abs=0.01)
        assert made.saturation.high[at] == pytest.approx(ends[1].max(), abs=0.01)


def test_the_tail_of_a_missed_dose_matches_counting_the_draws():
    levels = falling(12.0, draws=300) * np.random.default_rng(3).lognormal(0, 0.6, (300, 1))
    found = decide(outlook(levels), EVERY_DAY, LAST, LAST).dates[14]
    assert found.after_days == 42
    assert [m.weeks for m in found.missed] == [1, 2, 3, 4]
    for m in found.missed:
        column = levels[:, 14 + 7 * m.weeks]
        assert m.below[2.0] == pytest.approx(np.mean(column < 2.0), abs=1e-12)
        assert m.below[1.0] == pytest.approx(np.mean(column < 1.0), abs=1e-12)
        assert m.level.median == pytest.approx(np.median(column))


def test_a_saturation_no_card_can_reach_or_that_is_there_without_drug():
    assert level_that_saturates(CARDS[0], 0.99) == np.inf  # its most is 95.2 %
    assert level_that_saturates(CARDS[0], 0.1) == 0.0  # it reads 17.7 % without drug
    half = level_that_saturates(CARDS[1], 0.5)
    assert float(CARDS[1].saturation(half)) == pytest.approx(0.5)


def test_days_between_solved_ones_match_the_exact_fall():
    solved = np.arange(0.0, 200.0, 2.0)
    exact = np.exp(-solved / 16.0) + 0.2 * np.exp(-solved / 40.0)
    days = np.arange(28.0, 85.0)
    found = on_days(solved, exact[None, :], days)[0]
    # h^2/8 = 1/2 of the curvature of the logarithm, at most (1/16 - 1/40)^2 / 4 a day squared.
    np.testing.assert_allclose(
        found, np.exp(-days / 16.0) + 0.2 * np.exp(-days / 40.0), rtol=1.8e-4
    )
    even = days[days % 2 == 0]
    assert (on_days(solved, exact[None, :], even)[0] == exact[(even / 2).astype(int)]).all()


# ── the calendar


def test_only_days_of_the_clinic_and_none_gone_by():
    made = decide(outlook(falling(100.0)), replace(RULE, weekdays=frozenset({1, 3})), LAST, LAST)
    assert {d.day.weekday() for d in made.dates} == {1, 3}
    as_of = LAST + timedelta(days=40)
    left = decide(outlook(falling(100.0)), RULE, LAST, as_of).dates
    assert all(d.day >= as_of for d in left)
    assert left[0].after_days == 42  # day 40 and 41 are a weekend
    assert decide(outlook(falling(100.0)), RULE, LAST, LAST + timedelta(days=57)).dates == ()


def test_the_first_open_day_of_every_week():
    made = decide(outlook(falling(100.0)), replace(RULE, weekdays=frozenset({3})), LAST, LAST)
    assert [d.after_days for d in first_of_weeks(made.dates)] == [31, 38, 45, 52]


# ── once the interval is kept


def test_halving_finds_what_asking_for_every_date_finds():
    """Brute force: the steady state of every date, and the longest that keeps the rule."""
    rng = np.random.default_rng(4)
    for at_28 in (11.0, 20.0, 40.0, 200.0):
        levels = falling(at_28, draws=200) * rng.lognormal(0, 0.3, (200, 1))
        kept = {int(d): levels[:, i] * 28.0 / d for i, d in enumerate(DAYS)}
        plain = outlook(levels)
        full = plain
        for d, trough in kept.items():
            full = full.with_steady(d, summarise(trough, (10.0,), (0.05, 0.95)))
        asked: list[int] = []

        def steady_of(day: int, kept=kept, asked=asked):
            asked.append(day)
            return summarise(kept[day], (10.0,), (0.05, 0.95))

        found = decide(settle(plain, RULE, LAST, LAST, steady_of), RULE, LAST, LAST).longest_kept
        every = decide(full, RULE, LAST, LAST).longest_kept
        assert (found and found.after_days) == (every and every.after_days)
        assert len(asked) <= 5
        if found is not None:
            assert found.steady is not None


# ── the forecast


def with_levels(*values: float):
    drawn = [
        measurement(
            vocabulary.NATALIZUMAB, f"{FIRST + timedelta(days=28 * k)}T09:00", v, unit="ug/mL"
        )
        for k, v in zip((3, 5), values, strict=True)
    ]
    return course(levels=drawn)


def test_the_outlook_is_the_forecast():
    as_of = FIRST + timedelta(days=150)
    found = forecast(with_levels(25.0, 28.0), as_of, planned=as_of)
    assert found.outlook is not None
    for day in (28, 35, 42, 49, 56, 70):
        at = found.outlook.column(day)
        assert at is not None
        assert found.outlook.level.at(at) == found.by_day[day][0]
        for x, p in found.probability_by_day[day].items():
            assert found.outlook.reaches[x][at] == p


def test_the_fit_is_made_of_the_draws_of_the_forecast():
    as_of = FIRST + timedelta(days=150)
    who = with_levels(25.0, 28.0)
    found = forecast(who, as_of, planned=as_of)
    request = ForecastRequest(
        course=who.until(as_of), as_of=as_of, planned=as_of, antibodies=None, seed=7
    )
    fit = fit_person(request, models())
    since = fit.day - fit.problem.history.day(fit.problem.history.last_dose)
    again = outlook_of(
        since, fit.concentration, models().saturation, models().settings, np.random.default_rng(1)
    )
    assert found.outlook is not None
    assert all((again.reaches[x] == found.outlook.reaches[x]).all() for x in again.reaches)


def test_chances_of_the_decision_are_calibrated_on_planted_people():
    """200 people drawn from the card, two troughs each with its error; the truth is known.

    Of all dates forecast, the number of troughs that do reach 5 ug/mL must lie within the
    binomial limits of the chances given, overall and for the doubtful ones.
    """
    rng = np.random.default_rng(11)
    fewer = replace(models(), settings=replace(models().settings, draws=300))
    residual: Residual = models().card.residual
    settings = models().settings
    as_of, people = FIRST + timedelta(days=150), 200
    chance, true = np.empty(people), np.empty(people, bool)
    doses = doses_every(FIRST, 6)
    root = np.linalg.cholesky(models().card.omega)
    base = forecast_problem(weight=70.0, doses=doses)
    days = 10 / 24 + np.array([84.0, 140.0, 140.0 + 63.0])
    theta = rng.standard_normal((people, len(root))) @ root.T
    planted = levels_under(base, theta, Future(), days)
    for i, (first, second, later) in enumerate(planted):
        values = [x + residual.sd(x) * rng.standard_normal() for x in (first, second)]
        who = with_levels(*(max(float(v), 0.05) for v in values))
        found = forecast_person(
            ForecastRequest(
                course=who.until(as_of), as_of=as_of, planned=None, antibodies=None, seed=i
            ),
            fewer,
        )
        assert found.outlook is not None
        at = found.outlook.column(63)
        assert at is not None
        chance[i], true[i] = found.outlook.reaches[5.0][at], later >= 5.0
    assert settings.draws >= fewer.settings.draws
    for chosen in (np.ones(people, bool), (chance > 0.1) & (chance < 0.9)):
        n = int(chosen.sum())
        assert n > 40
        # The sum of unequal chances varies less than a binomial of their mean, so that these
        # limits are wide enough; one run in a thousand would leave them.
        low, high = binom.interval(0.999, n, chance[chosen].mean())
        assert low <= true[chosen].sum() <= high


def forecast_problem(weight: float, doses):
    from openntz.forecast.density import Levels, build_problem
    from openntz.forecast.history import build_history, weights_of

    who = course(doses=doses, weight=weight)
    settings = models().settings
    history = build_history(who.doses, weights_of(who), None, settings.assumed)
    empty = Levels(np.empty(0), np.empty(0), np.empty(0, np.int64))
    return build_problem(models().card, history, empty, settings.priors)


def test_every_part_of_a_mixture_answers_as_the_forecast_does():
    """Levels that fall as antibodies do: each draw, asked anew, gives the level it had."""
    as_of = FIRST + timedelta(days=150)
    who = with_levels(25.0, 0.5)
    request = ForecastRequest(
        course=who.until(as_of), as_of=as_of, planned=as_of, antibodies=None, seed=7
    )
    found, fit = forecast_person(request, models()), fit_person(request, models())
    assert found.change is not None
    assert len(fit.parts) > 1
    again = fit.ask(lambda problem, theta: levels_under(problem, theta, Future(), fit.day))
    # The days asked for share the solver's steps with others the second time.
    np.testing.assert_allclose(again, fit.concentration, rtol=1e-2, atol=1e-2)
    assert found.planned is not None
    _, planned = moments_of(request, fit.problem.history)
    assert planned is not None
    at = fit.day == fit.problem.history.day(planned)
    assert float(np.median(again[:, at])) == pytest.approx(found.planned[0].median, rel=1e-3)
