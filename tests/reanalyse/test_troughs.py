"""Troughs: published share, cuts, censoring, planted effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.reanalyse.troughs import TROUGHS, _fitted
from tests import build
from tests.reanalyse.studies import day, person, row, run, study


def _person(name: str, *levels: float, weight: float = 70.0, interval: int = 28) -> Course:
    doses = build.doses_every(day(0), len(levels) + 1, interval)
    measured = [
        build.level(f"{day(interval * (i + 1))}T09:00", value) for i, value in enumerate(levels)
    ]
    kg = build.measurement(vocabulary.WEIGHT, day(-1), weight)
    return person(name, doses=doses, measurements=(*measured, kg))


def test_share_of_high_troughs_matches_75_of_80() -> None:
    people = [_person(f"P{i}", 25.0 if i < 75 else 6.0) for i in range(80)]
    found = row(run(TROUGHS, study(people)), "at least 10", "people")
    assert (found["count"], found["n"]) == (75, 80)
    assert round(100 * found["value"]) == 94
    assert (round(100 * found["low"]), round(100 * found["high"])) == (86, 97)


@pytest.mark.parametrize(("level", "counted"), [(9.99, 0), (10.0, 1), (10.01, 1)])
def test_ten_counts_as_high(level: float, counted: int) -> None:
    assert row(run(TROUGHS, study([_person("A", level)])), "at least 10", "tro")["count"] == counted


def test_a_level_below_its_limit_is_below_the_cut_at_the_limit_and_unknown_below_it() -> None:
    low = build.level(f"{day(28)}T09:00", 5.0, censor="<", lloq=5.0)
    someone = person("A", doses=build.doses_every(day(0), 2), measurements=(low,))
    found = run(TROUGHS, study([someone]))
    assert (row(found, "at least 5", "tro")["count"], row(found, "at least 5", "tro")["n"]) == (
        0,
        1,
    )
    assert row(found, "at least 2", "tro")["n"] == 0


def test_a_level_after_an_infusion_is_no_trough_and_is_counted_as_left_out() -> None:
    after = build.level(f"{day(0)}T12:00", 110.0)
    someone = person("A", doses=build.doses_every(day(0), 2), measurements=(after,))
    found = run(TROUGHS, study([someone]))
    assert found.flow[-1].people == 0
    assert found.flow[-1].left == (("level during or soon after a dose", 1),)


def test_planted_effects_of_weight_and_interval_are_found() -> None:
    generator = np.random.default_rng(7)
    people = []
    for i in range(400):
        weight, interval = generator.normal(75, 12), int(generator.choice([28, 35, 42]))
        # 10 kg more: a fifth lower; a week longer: a third lower; people differ by 30 %.
        centre = 3.4 + np.log(0.8) * (weight - 75) / 10 + np.log(2 / 3) * (interval - 28) / 7
        own = centre + generator.normal(0, 0.3)
        levels = np.exp(own + generator.normal(0, 0.15, 3))
        people.append(_person(f"P{i}", *levels, weight=weight, interval=interval))
    found = run(TROUGHS, study(people))
    for group, truth in (("10 kg", 0.8), ("1 week", 2 / 3)):
        told = row(found, "ratio of troughs", group)
        assert told["low"] < truth < told["high"]
        # 400 people with an SD of 0.3 leave 1.3 % per 10 kg and 1.8 % per week.
        assert told["value"] == pytest.approx(truth, rel=0.05)
    told = row(found, "within-person coefficient")
    # sqrt(exp(0.15^2) - 1) = 0.151; 800 degrees of freedom leave 2.5 %.
    assert told["value"] == pytest.approx(0.151, rel=0.08)


def test_activity_is_compared_within_antibody_groups_only() -> None:
    generator = np.random.default_rng(1)
    people = []
    for i in range(24):
        tests = tuple(
            build.antibody(day(d), "positive" if i % 2 else "negative") for d in (84, 168)
        )
        base = _person(f"P{i}", float(np.exp(generator.normal(3, 0.4))))
        people.append(
            person(
                f"P{i}",
                doses=base.doses,
                measurements=(*base.measurements, *tests),
                relapses=[build.relapse(day(100))] if i % 3 else [],
            )
        )
    found = run(TROUGHS, study(people))
    groups = [r["group"] for r in found.rows if r["measure"].startswith("rank correlation")]
    assert sorted(groups) == ["no antibodies found", "persistent antibodies"]


def test_few_people_have_the_variance_of_mancl_and_derouen() -> None:
    """The formula of their paper, written out: residuals over one minus the own leverage."""
    generator = np.random.default_rng(9)
    people = pd.Series(np.repeat(np.arange(15), 3))
    design = pd.DataFrame({"const": 1.0, "weight": generator.normal(70, 10, 45)})
    spread = np.repeat(generator.normal(0, 0.5, 15), 3)
    log_level = pd.Series(generator.normal(3, 0.4, 45) + spread)
    found = _fitted(log_level, design, people)
    x, y = design.to_numpy(), log_level.to_numpy()
    inverse = np.linalg.inv(x.T @ x)
    left = y - x @ (inverse @ x.T @ y)
    middle = np.zeros((2, 2))
    for one in range(15):
        own = np.flatnonzero(people == one)
        leverage = x[own] @ inverse @ x[own].T
        score = x[own].T @ np.linalg.solve(np.eye(3) - leverage, left[own])
        middle += np.outer(score, score)
    expected = inverse @ middle @ inverse
    np.testing.assert_allclose(np.asarray(found.cov_params()), expected, rtol=1e-8)
