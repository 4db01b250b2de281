"""Several models on one person: closed form, brute force, refusals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.optimize import brentq
from scipy.special import softmax
from scipy.stats import multivariate_normal, norm

from openntz.course.course import Course
from openntz.forecast.cohort import EXACT
from openntz.forecast.density import Levels, build_problem
from openntz.forecast.history import build_history, weights_of
from openntz.forecast.person import forecast_person
from openntz.forecast.request import ForecastModels, ForecastRequest
from openntz.forecast.weigh import (
    Candidate,
    Weighing,
    mixed_draws,
    posterior_weights,
    weigh_person,
)
from openntz.models.card import Card, load_card
from tests.build import doses_every, level
from tests.forecast.people import FIRST, course, models

AS_OF = date(2024, 6, 10)
MORNING = datetime(2024, 1, 8, 9, 30)
SHIPPED = ("van_den_berg_2025", "label_linear", "biib107", "rule_of_thumb_11_day")

# Level = (0.6 + eta) x what one unit of bioavailability gives: linear in eta, and so normal.
TOY = """
kind = "pharmacokinetics"
id = "toy_{name}"
title = "Linear in its one random effect"
drug = "none"
source = "invented"
rank = "read"

[[sources]]
id = "invented"
citation = "Invented for the tests"

[data]
time = "d"
dose = "mg"
concentration = "ug/mL"

[structure]
compartments = 1
elimination = "linear"
absorption = "first-order"

[theta]
cl = {{value = {cl}, unit = "L/d"}}
vc = {{value = 6, unit = "L"}}
ka = {{value = 0.3, unit = "1/d"}}
f = {{value = 0.6, unit = "1"}}

[random.f]
distribution = "normal"

[omega.f]
value = 0.05
unit = "1"
scale = "sd"

[residual]
form = "additive"
additive = {{value = 3, unit = "ug/mL", scale = "sd"}}
"""
OMEGA, SIGMA = 0.05, 3.0


@lru_cache
def candidate(name: str, prior: float = 1.0) -> Candidate:
    return Candidate(card=load_card(name), prior_weight=prior, why="a test")


def weigh(who: Course, candidates: list[Candidate], main: Card | None = None) -> Weighing:
    shipped = models()
    cards = ForecastModels(
        card=main or shipped.card, saturation=shipped.saturation, settings=shipped.settings
    )
    request = ForecastRequest(
        course=who.until(AS_OF), as_of=AS_OF, planned=None, antibodies=None, seed=7
    )
    return weigh_person(request, forecast_person(request, cards), candidates, shipped.settings)


def toys(folder: Path, **clearance: float) -> list[Candidate]:
    found = []
    for name, cl in clearance.items():
        path = folder / f"{name}.toml"
        path.write_text(TOY.format(name=name, cl=cl), "utf-8")
        found.append(candidate(str(path)))
    return found


TROUGHS = {2: 17.0, 4: 26.0, 5: 21.0}


def subcutaneous() -> Course:
    levels = [level(MORNING + timedelta(days=28 * k), v) for k, v in TROUGHS.items()]
    return course(doses=doses_every(FIRST, 6, route="SC"), levels=levels)


def response(card: Card, who: Course, days: np.ndarray) -> np.ndarray:
    """Level per unit of bioavailability on days from the first midnight."""
    history = build_history(who.doses, weights_of(who), None, models().settings.assumed)
    none = Levels(np.empty(0), np.empty(0), np.empty(0, np.int64))
    problem = build_problem(card, history, none, models().settings.priors)
    return problem.concentration(np.zeros((1, 1)), days, EXACT)[0] / 0.6


def exact(card: Card, who: Course) -> tuple[float, float, float]:
    """Log evidence, and posterior mean and SD of the level 42 days after the last dose."""
    at = np.array([28.0 * k + 9.5 / 24 for k in TROUGHS])
    a = response(card, who, at)
    y = np.array(list(TROUGHS.values()))
    evidence = multivariate_normal.logpdf(
        y, 0.6 * a, SIGMA**2 * np.eye(len(y)) + OMEGA**2 * np.outer(a, a)
    )
    precision = 1 / OMEGA**2 + a @ a / SIGMA**2
    eta = (a @ (y - 0.6 * a) / SIGMA**2) / precision
    later = response(card, who, np.array([140 + 10 / 24 + 42]))[0]
    return float(evidence), float((0.6 + eta) * later), float(later / np.sqrt(precision))


def test_evidence_weights_and_mixture_match_closed_form(tmp_path) -> None:
    """A linear model with normal errors: everything is a normal density."""
    who = subcutaneous()
    both = toys(tmp_path, slow=0.16, fast=0.19)
    found = weigh(who, both, main=both[0].card)
    assert found.levels == len(TROUGHS)
    wanted = [exact(c.card, who) for c in both]
    for opinion, (evidence, _, _) in zip(found.opinions, wanted, strict=True):
        # Some 800 effective of 1,000 weighted draws: standard error near 0.02.
        assert opinion.log_evidence == pytest.approx(evidence, abs=0.1)
    weight = softmax([evidence for evidence, _, _ in wanted])
    got = [o.weight for o in found.opinions]
    assert got == pytest.approx(weight, abs=0.025)
    assert min(weight) > 0.1  # both must matter for the mixture to be one
    assert found.mixed is not None
    q = found.mixed.by_day[42]
    for p, quantile in ((0.05, q.p05), (0.5, q.median), (0.95, q.p95)):

        def excess(x: float, p: float = p) -> float:
            parts = zip(weight, wanted, strict=True)
            return float(sum(w * norm.cdf(x, m, s) for w, (_, m, s) in parts)) - p

        spread = max(s for _, _, s in wanted)
        truth = brentq(excess, 0.0, 60.0)
        # 1,000 resampled draws of some 800 effective: tail quantiles are good to 0.1 SD.
        assert quantile == pytest.approx(truth, abs=0.25 * spread)


def test_mixture_quantiles_match_brute_force_weighting() -> None:
    rng = np.random.default_rng(3)
    tables = [rng.normal(m, s, (4000, 2)) for m, s in ((5, 1), (9, 3), (100, 1))]
    weight = np.array([0.3, 0.7, 0.0])
    rows = mixed_draws(tables, weight, 4000, rng)
    assert rows.shape == (4000, 2)
    assert rows.max() < 50  # nothing of the table without weight
    every = np.concatenate([t[:, 0] for t in tables])
    shares = np.repeat(weight / 4000, 4000)
    order = np.argsort(every)
    total = np.cumsum(shares[order])
    for p in (0.05, 0.5, 0.95):
        brute = every[order][np.searchsorted(total, p)]
        # Drawn from the same tables: at most the noise of choosing 4,000 of 8,000 rows.
        assert np.quantile(rows[:, 0], p) == pytest.approx(brute, abs=0.2)


def test_mixed_rows_are_in_proportion_to_the_row() -> None:
    tables = [np.full((10, 1), float(i)) for i in range(3)]
    for seed in range(20):
        rows = mixed_draws(tables, np.array([0.25, 0.0, 0.75]), 101, np.random.default_rng(seed))
        counts = [int((rows == i).sum()) for i in range(3)]
        assert sum(counts) == 101
        assert counts[1] == 0
        assert counts[0] in {25, 26}


def test_weights_match_closed_form_and_sum_to_one() -> None:
    found = posterior_weights(
        np.array([1.0, 0.25, 0.0, 1.0]), np.array([-3.0, -1.0, 50.0, -np.inf])
    )
    ratio = 0.25 * np.exp(2.0)
    assert found == pytest.approx([1 / (1 + ratio), ratio / (1 + ratio), 0.0, 0.0], rel=1e-14)
    # Densities that no floating-point number holds by themselves.
    far = posterior_weights(np.array([1.0, 1.0]), np.array([-9000.0, -9001.0]))
    assert far.sum() == pytest.approx(1.0, rel=1e-15)
    assert far[0] / far[1] == pytest.approx(np.e, rel=1e-12)
    none = posterior_weights(np.array([0.0, 1.0]), np.array([-1.0, -np.inf]))
    assert none.tolist() == [0.0, 0.0]


def shipped(who: Course) -> Weighing:
    priors = (1.0, 0.25, 0.0, 0.0)
    return weigh(who, [candidate(n, p) for n, p in zip(SHIPPED, priors, strict=True)])


def test_without_levels_the_weights_are_those_before_any() -> None:
    found = shipped(course())
    assert [o.status for o in found.opinions] == ["prior only"] * 4
    assert [o.weight for o in found.opinions] == pytest.approx([0.8, 0.2, 0.0, 0.0])
    assert found.mixed is not None


def test_refusals_name_their_reason_and_carry_no_weight() -> None:
    by_skin = shipped(course(doses=doses_every(FIRST, 6, route="SC")))
    assert [o.status for o in by_skin.opinions] == [*["prior only"] * 3, "refused"]
    assert "infusions only" in by_skin.opinions[3].reason
    assert by_skin.opinions[3].says is None
    unweighed = shipped(course(weight=None))
    assert unweighed.opinions[2].status == "refused"
    assert "Weight is not recorded" in unweighed.opinions[2].reason
    # The rule of thumb has no weight in it, and so misses none.
    assert not any("Weight" in note for note in unweighed.opinions[3].notes)
    child = shipped(course(birth=date(2010, 1, 1)))
    assert {o.status for o in child.opinions} == {"refused"}
    assert child.mixed is None
    assert sum(o.weight for o in child.opinions) == 0.0
    assert "No dose" in shipped(course(doses=())).reason


def test_every_model_is_given_the_levels_of_the_main_forecast() -> None:
    levels = [
        level(MORNING + timedelta(days=28), 15.0),
        level(MORNING + timedelta(days=56), 400.0),  # impossible under the main model
        level(MORNING + timedelta(days=84, hours=3), 90.0),  # a peak
    ]
    assert shipped(course(levels=levels)).levels == 1


def test_rule_of_thumb_matches_closed_form() -> None:
    """17 % left after 28 days and 7 % after 42: powers of one half every 11 days."""
    card = load_card("rule_of_thumb_11_day")
    who = course(doses=doses_every(FIRST, 1))
    history = build_history(who.doses, weights_of(who), None, models().settings.assumed)
    none = Levels(np.empty(0), np.empty(0), np.empty(0, np.int64))
    problem = build_problem(card, history, none, models().settings.priors)
    end = history.day(history.dose_ends[-1])
    level_at = problem.concentration(np.zeros((1, 2)), end + np.array([0.0, 28.0, 42.0]), EXACT)[0]
    # The card's clearance is written with six digits.
    assert level_at[1:] / level_at[0] == pytest.approx([2 ** (-28 / 11), 2 ** (-42 / 11)], rel=1e-5)
    assert [round(100 * x) for x in level_at[1:] / level_at[0]] == [17, 7]
    rule = shipped(who).opinions[3].says
    assert rule is not None
    # Median of 1,000 draws of a rate with a spread of 0.44: 2 % of the rate, 4 and 6 % here.
    assert rule.left[28] == pytest.approx(2 ** (-28 / 11), rel=0.1)
    assert rule.left[42] == pytest.approx(2 ** (-42 / 11), rel=0.15)


def test_main_model_keeps_the_numbers_of_the_forecast() -> None:
    who = course(levels=[level(MORNING + timedelta(days=84), 14.0)])
    request = ForecastRequest(
        course=who.until(AS_OF), as_of=AS_OF, planned=None, antibodies=None, seed=7
    )
    forecast = forecast_person(request, models())
    asked = [candidate(name) for name in SHIPPED[:2]]
    says = weigh_person(request, forecast, asked, models().settings).opinions[0].says
    assert says is not None
    assert forecast.now is not None
    assert says.now == forecast.now[0]
    assert says.by_day == {d: pair[0] for d, pair in forecast.by_day.items()}
    assert says.below == forecast.below


def test_levels_of_two_laboratories_leave_their_bias_open_in_every_model() -> None:
    """Levels that alternate 2-fold are likelier when two laboratories took turns."""

    def measured(*laboratories: str) -> Course:
        levels = []
        for k, laboratory in enumerate(laboratories, 1):
            one = level(MORNING + timedelta(days=28 * k), 12.0 if k % 2 else 24.0, line=k)
            assert one.assay is not None
            levels.append(replace(one, assay=replace(one.assay, laboratory=laboratory)))
        return course(levels=levels)

    two = shipped(measured("A", "B", "A", "B"))
    one = shipped(measured("A", "A", "A", "A"))
    assert two.levels == one.levels == 4
    for apart, together in zip(two.opinions[:2], one.opinions[:2], strict=True):
        assert apart.log_evidence is not None
        assert together.log_evidence is not None
        assert apart.log_evidence > together.log_evidence
