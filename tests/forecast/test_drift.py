"""The drift alarm: its false alarms, its power, and what it does not mind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from openntz.forecast.drift import alarm_limit, drift, self_started

ALLOWANCE, FALSE = 0.5, 0.05


def _judge(errors: np.ndarray):
    return drift(errors, allowance=ALLOWANCE, false_alarm=FALSE)


def test_self_started_scores_match_scipy_t_by_hand() -> None:
    x = np.array([0.3, -0.4, 1.1, 2.0])
    found = self_started(x)
    for i, n in enumerate((3, 4)):
        before = x[: n - 1]
        t = np.sqrt((n - 1) / n) * (x[n - 1] - before.mean()) / before.std(ddof=1)
        expected = stats.norm.ppf(stats.t.cdf(t, n - 2))
        assert found[i] == pytest.approx(expected, rel=1e-9)


def test_self_started_scores_are_standard_normal_whatever_bias_and_spread() -> None:
    generator = np.random.default_rng(1)
    scores = np.concatenate([self_started(generator.normal(3.0, 0.2, 60)) for _ in range(200)])
    # 11,600 scores that should be independent and standard normal.
    assert stats.kstest(scores, "norm").pvalue > 0.001


def test_limit_matches_simulation_of_plain_sums() -> None:
    count, runs = 150, 4000
    limit = alarm_limit(count, ALLOWANCE, FALSE)
    scores = np.random.default_rng(7).standard_normal((runs, count))
    up = down = np.zeros(runs)
    alarmed = np.zeros(runs, bool)
    for i in range(count):
        up = np.maximum(0.0, up + scores[:, i] - ALLOWANCE)
        down = np.maximum(0.0, down - scores[:, i] - ALLOWANCE)
        alarmed |= (up > limit) | (down > limit)
    # Both sides together: at most 5 %; the binomial SE of 4,000 runs is 0.34 points.
    assert alarmed.mean() == pytest.approx(FALSE, abs=0.011)


def test_no_drift_raises_the_alarm_at_the_stated_rate() -> None:
    generator = np.random.default_rng(11)
    runs = 400
    alarms = sum(_judge(generator.normal(0.8, 1.3, 80)).alarm is not None for _ in range(runs))
    low, high = stats.binom.ppf((0.001, 0.999), runs, FALSE)
    assert low <= alarms <= high


def test_a_constant_bias_is_no_drift_and_a_planted_step_is() -> None:
    generator = np.random.default_rng(5)
    found = [
        _judge(np.concatenate([generator.normal(0, 1, 80), generator.normal(1.2, 1, 60)]))
        for _ in range(40)
    ]
    right = [d for d in found if d.alarm is not None and d.alarm >= 80]
    assert len(right) >= 34  # a step of 1.2 SD is found nearly always, and after it happened
    assert all(d.direction == "higher" for d in right)
    assert abs(np.median([d.since for d in right if d.since is not None]) - 80) <= 10


def test_a_step_down_is_called_lower() -> None:
    generator = np.random.default_rng(6)
    d = _judge(np.concatenate([generator.normal(0, 1, 100), generator.normal(-2, 1, 40)]))
    assert d.alarm is not None
    assert d.direction == "lower"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_levels_are_not_judged(n: int) -> None:
    d = _judge(np.zeros(n))
    assert not d.judged
    assert d.alarm is None


def test_equal_errors_do_not_break_it() -> None:
    assert _judge(np.zeros(30)).alarm is None
