"""Causes of a level that does not fit: planted errors, brute force, closed forms."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import lognorm, norm

from openntz.course import vocabulary
from openntz.forecast import cause_weights, causes
from openntz.forecast.cause_weights import Seen, weigh_causes
from openntz.forecast.causes import (
    NEXT_STEP,
    AsMeasured,
    AtAnotherMoment,
    OfAnother,
    Reading,
    Spread,
)
from openntz.forecast.cohort import Cohort
from openntz.forecast.density import Kind
from openntz.forecast.explain import with_causes
from openntz.forecast.history import AntibodyEffect, build_history, weights_of
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.person import forecast_person
from openntz.forecast.request import ForecastRequest
from openntz.forecast.triage import by_timing
from openntz.models.card import load_card
from tests.build import doses_every, level
from tests.forecast.calibration import Score, reliability
from tests.forecast.people import FIRST, course, forecast, models
from tests.forecast.planted_levels import explained as explained_level
from tests.forecast.planted_levels import planted_people

MORNING = datetime(2024, 1, 8, 9, 30)
SETTINGS = models().settings


def trough(cycle: int, value: float, line: int = 0, **more):
    at = MORNING + timedelta(days=28 * cycle)
    return level(at, value, line=line or cycle + 2, **more)


def untimed(cycle: int, value: float):
    return level((MORNING + timedelta(days=28 * cycle)).date(), value, line=cycle + 2)


def explained(*levels, doses=9, **more):
    """Verdicts of all levels, the last one asked about."""
    who = course(doses=doses_every(FIRST, doses), levels=levels)
    history = build_history(who.doses, weights_of(who), None, SETTINGS.assumed)
    verdicts = [by_timing(m, history, 24.0) for m in who.results(vocabulary.NATALIZUMAB)]
    verdicts[-1] = replace(verdicts[-1], unusual=True)
    readings = more.get("readings", ())
    generator = np.random.default_rng(3)
    return with_causes(verdicts, who, readings, history, models().card, SETTINGS, generator)


def first(*levels, **more) -> str:
    return explained(*levels, **more)[-1].causes[0][0]


USUAL = [trough(k, v) for k, v in ((2, 22.0), (3, 24.0), (4, 21.0), (5, 23.0))]


def test_planted_peak_without_time_is_found() -> None:
    assert first(*USUAL, untimed(6, 118.0)) == causes.PEAK


def test_planted_factor_of_a_thousand_is_found() -> None:
    assert first(*USUAL, trough(6, 22_000.0)) == causes.UNIT


def test_planted_lasting_loss_of_drug_is_antibodies() -> None:
    lost = [trough(k, 2.0, censor="<") for k in (6, 7, 8)]
    assert first(*USUAL, *lost) == causes.ANTIBODIES


def test_loss_that_comes_back_at_once_is_less_likely_antibodies() -> None:
    who = course(
        doses=doses_every(FIRST, 9),
        levels=[*USUAL, trough(6, 2.0, censor="<"), trough(7, 22.0), trough(8, 23.0)],
    )
    back = forecast(who, (FIRST + timedelta(days=28 * 8 + 1)))
    lasting = explained(*USUAL, *[trough(k, 2.0, censor="<") for k in (6, 7, 8)])
    found = {v.line: dict(v.causes) for v in back.levels}[8]
    assert found[causes.ANTIBODIES] < 0.5 < dict(lasting[-1].causes)[causes.ANTIBODIES]


def test_antibody_test_moves_the_probability_as_its_likelihood_ratio() -> None:
    """Odds of antibodies after a positive test over those after a negative one, by Bayes."""
    found, missed = SETTINGS.onset.test_positive["label"]
    at = MORNING + timedelta(days=28 * 6)
    odds = []
    for positive in (True, False):
        reading = AntibodyReading(at, positive, "label")
        p = dict(explained(*USUAL, trough(6, 5.0), readings=(reading,))[-1].causes)
        odds.append(p[causes.ANTIBODIES] / (1 - p[causes.ANTIBODIES]))
    ratio = (found / missed) / ((1 - found) / (1 - missed))
    # Exact but for passing antibodies that are gone on the day of the test, yet called so.
    assert odds[0] / odds[1] == pytest.approx(ratio, rel=0.35)


def test_fitting_levels_are_not_explained() -> None:
    as_of = FIRST + timedelta(days=28 * 5 + 1)
    assert all(not v.causes for v in forecast(course(levels=USUAL), as_of).levels)


def test_causes_change_no_number_of_the_forecast() -> None:
    """A stream of their own: with other settings of the causes the forecast is the same."""
    who = course(levels=[*USUAL[:3], untimed(5, 118.0)])
    as_of = FIRST + timedelta(days=28 * 5 + 1)
    request = ForecastRequest(course=who, as_of=as_of, planned=None, antibodies=None, seed=7)
    fewer = replace(SETTINGS, causes=replace(SETTINGS.causes, draws=100, first_draws=300))
    one = forecast_person(request, models())
    two = forecast_person(request, replace(models(), settings=fewer))
    assert one.levels[-1].causes != two.levels[-1].causes
    assert one.by_day == two.by_day


def test_probabilities_sum_to_one_in_order_and_each_has_a_next_step() -> None:
    verdict = explained(*USUAL, untimed(6, 70.0))[-1]
    chances = [p for _, p in verdict.causes]
    assert sum(chances) == pytest.approx(1.0)
    assert chances == sorted(chances, reverse=True)
    assert {name for name, _ in verdict.causes} <= set(NEXT_STEP)
    assert 1 <= verdict.causes_shown <= SETTINGS.causes.most_shown


def test_same_seed_same_causes() -> None:
    assert explained(*USUAL, untimed(6, 70.0)) == explained(*USUAL, untimed(6, 70.0))


# ── densities


CENSORED = [Kind.BELOW, Kind.ABOVE]
NOTHING = np.zeros((1, 1))


def test_densities_match_scipy() -> None:
    residual = models().card.residual
    c = np.array([12.0])
    sd = residual.proportional * 12.0
    number = Reading(9.0, Kind.QUANTIFIED)
    assert AsMeasured(residual).of(number, c, NOTHING) == pytest.approx(norm.logpdf(9, 12, sd))
    units = AsMeasured(residual, (10.0, 0.1)).of(Reading(90.0, Kind.QUANTIFIED), c, NOTHING)
    both = norm.pdf(90, 120, 10 * sd) / 2 + norm.pdf(90, 1.2, sd / 10) / 2
    assert units == pytest.approx(np.log(both))
    spread = Spread(0.7).of(number, c, NOTHING)
    assert spread == pytest.approx(lognorm.logpdf(9, 0.7, scale=12))
    others = OfAnother(residual, np.array([8.0, 30.0])).of(number, c, NOTHING)
    mixed = norm.pdf(9, 8, 0.219 * 8) / 2 + norm.pdf(9, 30, 0.219 * 30) / 2
    assert others == pytest.approx(np.log(mixed))
    moments = AtAnotherMoment(residual).of(number, c, np.array([[8.0, 30.0]]))
    assert moments == pytest.approx(others)


def test_limits_match_scipy() -> None:
    residual = models().card.residual
    c, sd = np.array([3.0]), residual.proportional * 3.0
    below, above = (Reading(2.0, kind) for kind in CENSORED)
    assert AsMeasured(residual).of(below, c, NOTHING) == pytest.approx(norm.logcdf(2, 3, sd))
    assert AsMeasured(residual).of(above, c, NOTHING) == pytest.approx(norm.logsf(2, 3, sd))
    assert Spread(0.7).of(below, c, NOTHING) == pytest.approx(lognorm.logcdf(2, 0.7, scale=3))


def test_chosen_draws_match_brute_force_over_the_prior() -> None:
    """Thirty times the draws, chosen from as many of the prior, give the same probabilities."""
    who = course(doses=doses_every(FIRST, 9), levels=[*USUAL, untimed(6, 44.0)])
    history = build_history(who.doses, weights_of(who), None, SETTINGS.assumed)
    measured = who.results(vocabulary.NATALIZUMAB)
    seen = Seen(
        day=np.array([history.day(by_timing(m, history, 24.0).at) for m in measured]),
        reading=tuple(Reading(m.value or 0.0, Kind.QUANTIFIED) for m in measured),
        dose=(2, 3, 4, 5, 6),
        timed=(True, True, True, True, False),
    )

    def weigh(seed: int, **draws: int):
        settings = replace(SETTINGS.causes, **draws)
        generator = np.random.default_rng(seed)
        found = weigh_causes(
            models().card, history, SETTINGS.priors, seen, np.zeros(1), [4], settings, generator
        )
        return dict(found[4])

    exact = weigh(1, first_draws=8_000, draws=8_000)
    runs = [weigh(seed) for seed in range(2, 12)]
    for name, chance in exact.items():
        mean = np.mean([run[name] for run in runs])
        # Ten runs with a scatter of up to 0.03 each: three standard errors of their mean.
        assert mean == pytest.approx(chance, abs=0.03)
        assert max(abs(run[name] - chance) for run in runs) < 0.12


def test_courses_given_up_leave_the_causes_as_all_courses_give_them(monkeypatch) -> None:
    """The same draws with every course solved for all of them: no probability moves by 0.002."""
    levels = [*USUAL, trough(6, 9.0), trough(7, 3.0)]
    solved = []
    predict = Cohort.predict

    def counted(self, theta, *args, **more):
        solved.append(theta.shape[0] * theta.shape[1])
        return predict(self, theta, *args, **more)

    monkeypatch.setattr(Cohort, "predict", counted)
    found = dict(explained(*levels)[-1].causes)
    fewer = sum(solved)
    solved.clear()
    monkeypatch.setattr(cause_weights, "_LEAST_SHARE", 0.0)
    every = dict(explained(*levels)[-1].causes)
    # What is left out has at most 1e-4 each, of some ten courses.
    assert {name for name, chance in every.items() if chance > 0.002} <= set(found)
    for name, chance in found.items():
        assert chance == pytest.approx(every[name], abs=0.002)
    assert fewer < sum(solved)


# ── calibration


@lru_cache(maxsize=1)
def scored() -> tuple[Score, int]:
    """One odd level of each virtual person who has one, and how many levels there were in all."""
    score, levels = Score(), 0
    card = models().card
    for j, who in enumerate(planted_people(card, SETTINGS, 240, seed=29)):
        levels += len(who.truth)
        found = explained_level(who, card, SETTINGS, np.random.default_rng([29, j]))
        if found is not None:
            verdict, truth = found
            score.add(verdict.causes, truth)
    return score, levels


def test_planted_errors_happen_as_often_as_said() -> None:
    score, levels = scored()
    assert levels >= 1_000
    assert score.count >= 100
    for row in reliability(score):
        assert row.least <= row.hits <= row.most, row


def test_log_score_beats_base_rates() -> None:
    score, _ = scored()
    assert score.log_score() < 0.8 * score.base_rates()


# ── odd people


@pytest.mark.parametrize("card", ["biib107", "label_linear", "rule_of_thumb_11_day"])
def test_causes_are_found_under_other_cards(card) -> None:
    who = course(levels=[*USUAL[:3], untimed(5, 118.0)])
    request = ForecastRequest(
        course=who, as_of=FIRST + timedelta(days=141), planned=None, antibodies=None, seed=7
    )
    found = forecast_person(request, replace(models(), card=load_card(card)))
    assert found.status == "ok"
    assert sum(p for _, p in found.levels[-1].causes) == pytest.approx(1.0)


@pytest.mark.parametrize("weight", [70.0, None])
@pytest.mark.parametrize("route", ["IV", "SC"])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_few_doses_other_routes_and_no_weight(weight, route, count) -> None:
    who = course(
        doses=doses_every(FIRST, count, route=route),
        levels=[level(MORNING + timedelta(days=27), 2.0, censor="<"), trough(2, 300.0, line=9)],
        weight=weight,
    )
    levels = forecast(who, FIRST + timedelta(days=60)).levels
    assert [v.use for v in levels] == ["fitted", "impossible"]
    assert levels[1].causes[0][0] == causes.UNIT
    for verdict in (v for v in levels if v.causes):
        assert sum(p for _, p in verdict.causes) == pytest.approx(1.0)
        assert (causes.WEIGHT_CHANGE in dict(verdict.causes)) == (weight is not None)


def test_recorded_antibodies_may_have_begun_before_their_first_positive_test() -> None:
    lost = [trough(k, 2.0, censor="<") for k in (3, 4, 5)]
    who = course(doses=doses_every(FIRST, 7), levels=[trough(1, 18.0), *lost])
    known = AntibodyEffect(MORNING + timedelta(days=28 * 5, hours=2))
    found = forecast(who, FIRST + timedelta(days=28 * 6), antibodies=known).levels
    explained_by = [v.causes[0][0] for v in found if v.causes]
    assert causes.ANTIBODIES in explained_by


def test_level_before_the_first_dose_has_no_cause_to_look_for() -> None:
    early = forecast(course(levels=[level("2023-12-01T09:00", 8.0)]), FIRST + timedelta(days=60))
    assert early.levels[0].use == "impossible"
    assert early.levels[0].causes == ()
