"""The repeated study: its parts against brute force, and equal numbers for equal seeds."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from openntz.evidence.registry import registry
from openntz.forecast.saturation_readout import MeasuredSaturation
from openntz.forecast.virtual import Design, virtual_people
from openntz.forecast.virtual_study import PERFECT, Study, arms, choose
from openntz.models.card import load_card
from openntz.models.saturation import load_saturation
from openntz.report.evaluate_exports import study_json
from openntz.report.evaluate_page import beside, study_page
from openntz.workflows.person import DEFAULT_CARD
from openntz.workflows.virtual_study import practice_of_study, repeat_study


def _design() -> Design:
    return Design.from_registry(registry())


def _readout() -> MeasuredSaturation:
    return MeasuredSaturation(load_saturation("saturation_natalizumab"), 0.05)


@lru_cache(maxsize=1)
def _study() -> Study:
    return repeat_study(practice_of_study(registry(), 5), people=120, card=DEFAULT_CARD)


def test_choice_matches_a_search_by_hand() -> None:
    by_week = np.array([[30.0, 12.0, 6.0], [9.0, 4.0, 1.0], [40.0, 30.0, 20.0], [30.0, 10.0, 9.0]])
    assert choose(by_week, 10.0).tolist() == [1, 0, 2, 1]


def test_saturation_slope_matches_differences() -> None:
    readout = _readout()
    level = np.array([[0.01, 0.5, 2.0, 15.0, 60.0]])
    step = 1e-6 * level
    up, down = readout.of(level + step)[0], readout.of(level - step)[0]
    assert readout.of(level)[1] == pytest.approx((up - down) / (2.0 * step), rel=1e-6)
    assert readout.of(level)[0] == pytest.approx(readout.card.saturation(level), rel=1e-12)


def test_people_have_the_spread_of_the_card() -> None:
    card, design = load_card("van_den_berg_2025"), _design()
    people = virtual_people(card, design, 400, np.random.default_rng(2), _readout())
    sd = np.sqrt(np.diag(card.omega))
    assert people.theta.std(axis=0) == pytest.approx(sd, rel=0.15)  # 4 SE of 400 people
    assert people.weight_kg.min() >= design.lightest_kg
    assert people.weight_kg.max() <= design.heaviest_kg
    off = people.measured / people.trough - 1.0
    assert off.std() == pytest.approx(card.residual.proportional, rel=0.08)
    assert (np.diff(people.true_by_week, axis=1) < 0.0).all()


def test_the_true_parameters_leave_no_error() -> None:
    for target in _design().targets:
        found = _study().of(PERFECT, target)
        assert found.errors.rmse == 0.0
        assert found.missed.value == 0.0


def test_each_further_trough_lowers_the_error() -> None:
    plain = [a for a in arms(_design()) if not a.saturations]
    for target in _design().targets:
        rmse = [_study().of(a, target).errors.rmse for a in plain]
        assert all(r is not None for r in rmse)
        assert rmse[0] > rmse[2] > rmse[4]  # type: ignore[operator]


def test_posterior_at_the_chosen_interval_is_calibrated() -> None:
    for c in _study().calibrations:
        n = _study().people
        low, high = stats.binom.ppf((0.001, 0.999), n, c.interval) / n
        assert low <= c.covered.value <= high
        assert c.found.low - 0.06 <= c.forecast <= c.found.high + 0.06


def test_equal_seeds_give_equal_numbers_and_others_do_not() -> None:
    practice = practice_of_study(registry(), 8)
    one, two = (repeat_study(practice, people=12, card=DEFAULT_CARD, workers=w) for w in (1, 2))
    other = repeat_study(practice_of_study(registry(), 9), people=12, card=DEFAULT_CARD)
    assert one == two
    assert one != other


def test_published_numbers_stand_beside_ours_with_their_source() -> None:
    design = _design()
    rows = beside(_study(), design, registry())
    assert [r.published for r in rows] == ["4.8", "2.3", "4.8", "1.5", "7", "40"]
    heading = dict.fromkeys(("model", "model_title", "card_hash", "seed", "version"), "x")
    page = study_page(_study(), design, registry(), heading=heading)
    assert "10.1002/psp4.70014" in page
    written = json.loads(study_json(_study(), design, registry(), model="m", card_hash="h", seed=5))
    assert {tuple(p["sources"]) for p in written["published"]} == {("van-den-berg-2025",)}
    assert written["definitions"]["RMSE"]
