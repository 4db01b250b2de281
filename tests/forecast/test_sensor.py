"""The blood sensor against closed forms, planted truth, and what must hold for anybody."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy.integrate import simpson, solve_ivp
from scipy.special import expit
from scipy.stats import multivariate_normal, norm

from openntz.course import vocabulary
from openntz.errors import EvidenceError, ModelError
from openntz.evidence.registry import Registry, registry
from openntz.forecast.sensor import (
    BloodCount,
    Pool,
    SensorSettings,
    histories,
    log_likelihood,
    neutralised,
    usable,
)
from openntz.forecast.sensor_histories import Histories, deciding, shipped_histories
from openntz.forecast.sensor_settings import CELLS, sensor_settings
from openntz.mechanism.virtual.blood import reported
from openntz.mechanism.virtual.exposure import Regimen
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.parameters import Parameters, shipped_parameters
from openntz.mechanism.virtual.people import draw_people

L = vocabulary.LYMPHOCYTES
SETTINGS = sensor_settings(registry(), shipped_parameters())
ONLY_LYMPHOCYTES = replace(SETTINGS, pools={L: SETTINGS.pools[L]})
ONE = np.ones(1)

levels = st.floats(0.3, 12.0)
days = st.integers(1, 400)


def counts(*rows: tuple[float, float], cell: str = L) -> list[BloodCount]:
    return [BloodCount(cell, day, value) for day, value in rows]


def exact(gain: float, noise: float, spread: float, rate: float = 0.1) -> Pool:
    """A pool whose rise and noise are known, so that only the baseline is to be integrated."""
    return Pool(
        before=2.0,
        before_log_sd=spread,
        gain=np.array([gain]),
        gain_weight=ONE,
        rate_per_day=rate,
        noise=noise,
    )


def two_ways(day: float, onset: float) -> Histories:
    """Undisturbed, or without any drug from an onset on."""
    mean = np.array([[1.0, 1.0], [1.0, 0.0]])
    return Histories(np.array([0.0, onset, day + 1]), mean, np.array([0.9, 0.1]))


# ── histories


@pytest.mark.parametrize("day", [150.0, 700.0])
def test_pool_under_each_history_matches_scipy(day: float) -> None:
    ways = histories(day, SETTINGS)
    at = np.array([0.0, 10.0, 84.0, 130.0, day, 760.0])
    held = ways.held(at, 0.08)
    # Some of every kind: undisturbed, disturbed early, and the last, which may be a late onset.
    for way in (0, 1, 5, len(ways.chance) // 2, len(ways.chance) - 1):
        h, found = 0.0, []
        last_until = max(ways.edge[-1], 761.0)
        for first, last, share in zip(
            ways.edge, [*ways.edge[1:-1], last_until], ways.mean[way], strict=False
        ):
            solved = solve_ivp(
                lambda _, x, c=share: 0.08 * (c - x),
                (first, last),
                [h],
                method="DOP853",
                rtol=1e-10,
                atol=1e-12,
                dense_output=True,
            )
            inside = at[(at >= first) & (at < last)]
            found += [float(solved.sol(x)[0]) for x in inside]
            h = float(solved.y[0, -1])
        # 1e-7: the dense output interpolates between steps of an error of 1e-10.
        np.testing.assert_allclose(held[way], found, atol=1e-7)


def test_mean_blockade_matches_closed_form() -> None:
    ways = Histories(np.array([0.0, 100.0, 114.0]), np.array([[1.0, 0.25]]), ONE)
    # 14 of the last 28 days at a quarter; after the last edge its mean holds on.
    assert ways.blockade(114.0, 28.0) == pytest.approx((14 + 14 * 0.25) / 28)
    assert ways.blockade(100.0, 28.0) == pytest.approx(1.0)
    assert ways.blockade(200.0, 28.0) == pytest.approx(0.25)
    # Ten days after the first dose there are only ten days to average.
    early = Histories(np.array([0.0, 5.0, 11.0]), np.array([[1.0, 0.0]]), ONE)
    assert early.blockade(10.0, 28.0) == pytest.approx(0.5)


@given(day=st.floats(1.0, 4000.0))
@settings(max_examples=60, deadline=None)
def test_chances_of_histories_sum_to_one_and_late_ones_to_their_share(day: float) -> None:
    ways, early = histories(day, SETTINGS), SETTINGS.early
    assert ways.chance.min() >= 0.0
    assert ways.chance.sum() == pytest.approx(1.0, abs=1e-12)
    late = SETTINGS.late_share * early.chance[1:].sum() if day > SETTINGS.appeared_by else 0.0
    assert ways.chance[len(early.chance) :].sum() == pytest.approx(late, abs=1e-12)
    assert (np.diff(ways.edge) > 0).all()
    # Early histories are as they were, whatever intervals a late onset adds.
    at = np.array([20.0, 90.0, 400.0, 800.0])
    same = ways.held(at, 0.1)[: len(early.chance)]
    np.testing.assert_allclose(same, early.held(at, 0.1), atol=1e-12)


def test_histories_match_other_virtual_people() -> None:
    """Their neutralised share by week, simulated with a seed the table was not made with."""
    p, n = shipped_parameters(), 3000
    regimen = Regimen.of(np.arange(0.0, 197.0, 28.0))
    shut = 1 - Fates(draw_people(17, range(n)), p, regimen, np.arange(197.0)).opened
    for week in (4, 8, 12, 24, 28):
        day = 7 * week
        truth = float((shut[:, day - 27 : day + 1].mean(axis=1) < 0.5).mean())
        prior = float(SETTINGS.early.chance[SETTINGS.early.blockade(day, 28.0) < 0.5].sum())
        # Three standard errors of both samples, and 0.3 % for the clusters' means.
        error = math.sqrt(truth * (1 - truth) * (1 / n + 1 / 20_000))
        assert prior == pytest.approx(truth, abs=3 * error + 3e-3)


def test_histories_of_other_parameters_are_refused() -> None:
    p = shipped_parameters()
    other = p.replaced({"antibodies.peak.median": 90.0})
    assert deciding(other) != deciding(p)
    with pytest.raises(ModelError, match="other parameters") as caught:
        shipped_histories(other)
    assert "calibration/sensor_histories.py" in caught.value.remedy
    cells = p.replaced({"blood.lymphocytes.gain": 0.6})
    assert shipped_histories(cells) is SETTINGS.early


# ── likelihood


def test_density_of_counts_matches_scipy_multivariate_normal() -> None:
    pool, ways = exact(0.7, 0.15, 0.3), two_ways(90.0, 20.0)
    rows = counts((-5, 1.9), (28, 3.1), (56, 3.0), (84, 2.4))
    found = log_likelihood(rows, pool, ways)
    y = np.log([c.value for c in rows])
    covariance: Any = 0.15**2 * np.eye(4) + 0.3**2
    for way in range(2):
        h = ways.held(np.array([c.day for c in rows]), 0.1)[way]
        mean = math.log(2.0) + np.log1p(0.7 * h) - 0.15**2 / 2
        right = multivariate_normal(mean, covariance).logpdf(y)
        # Constants of the normal density are left out: they are the same for every history.
        assert found[way] == pytest.approx(right + 2 * math.log(2 * math.pi), abs=1e-10)


def test_two_histories_of_known_rise_match_closed_form_bayes_factor() -> None:
    """One baseline, one count long after, flat prior of the baseline: a normal ratio."""
    gain, noise = 0.7, 0.15
    # A spread of e^50 makes the baseline's prior flat; by day 900 every pool is at rest.
    pool, ways = exact(gain, noise, 50.0), two_ways(1000.0, 1.0)
    rows = counts((0, 2.0), (900, 2.6))
    found = log_likelihood(rows, pool, ways)
    difference, sd = math.log(2.6 / 2.0), noise * math.sqrt(2)
    right = norm.logpdf(difference, 0.0, sd) - norm.logpdf(difference, math.log1p(gain), sd)
    # 1e-3: what is left of the flat prior (noise^2 / spread^2) and of the one day of drug.
    assert found[1] - found[0] == pytest.approx(right, abs=1e-3)


def test_grid_over_rise_matches_scipy_integral() -> None:
    p, pool, ways = shipped_parameters(), SETTINGS.pools[L], two_ways(90.0, 20.0)
    rows = counts((-5, 2.1), (28, 2.9), (84, 2.5))
    y = np.log([c.value for c in rows])
    held = ways.held(np.array([c.day for c in rows]), pool.rate_per_day)
    score = np.linspace(-6.0, 6.0, 601)
    gain = p["blood.lymphocytes.gain"] * np.exp(p["blood.lymphocytes.gain.log-sd"] * score)
    covariance: Any = pool.noise**2 * np.eye(3) + pool.before_log_sd**2
    right = []
    for way in range(2):
        rise = np.log1p(np.multiply.outer(gain, held[way]))
        residual = y - math.log(pool.before) - rise + pool.noise**2 / 2
        density = multivariate_normal(np.zeros(3), covariance).pdf(residual)
        right.append(simpson(density * norm.pdf(score), x=score))
    found = log_likelihood(rows, pool, ways)
    # 0.02 in the log Bayes factor moves a chance by at most 0.005; 9 points are to be enough.
    assert found[1] - found[0] == pytest.approx(math.log(right[1] / right[0]), abs=0.02)


# ── the answer


def test_no_counts_leave_the_prior() -> None:
    for day in (28.0, 84.0, 700.0):
        found = neutralised([], day, SETTINGS)
        assert found.probability == found.prior
        assert found.bayes_factor == pytest.approx(1.0)


def test_in_the_first_days_nobody_has_lost_the_drug() -> None:
    found = neutralised(counts((-1, 2.0), (3, 1.0)), 3.0, SETTINGS)
    assert (found.probability, found.prior, found.bayes_factor) == (0.0, 0.0, 1.0)


def test_a_baseline_alone_changes_nothing() -> None:
    prior = neutralised([], 84.0, SETTINGS).prior
    assert neutralised(counts((-3, 4.0)), 84.0, SETTINGS).probability == prior


def test_a_count_without_a_baseline_matches_scipy_over_the_population() -> None:
    """Two histories, one count, a known rise: normal densities around people without treatment."""
    pool, ways = exact(0.7, 0.15, 0.3), two_ways(900.0, 1.0)
    found = log_likelihood(counts((800, 2.4)), pool, ways)
    sd = math.hypot(0.15, 0.3)
    shifted = math.log(2.4 / 2.0) + 0.15**2 / 2
    right = norm.logpdf(shifted, 0.0, sd) - norm.logpdf(shifted, math.log1p(0.7), sd)
    # By day 800 every pool is at rest.
    assert found[1] - found[0] == pytest.approx(right, abs=1e-9)
    low, high = (
        neutralised(counts((84, value)), 84.0, SETTINGS).probability for value in (0.9, 5.0)
    )
    assert high < neutralised([], 84.0, SETTINGS).prior < low


def test_counts_after_the_day_zeros_and_other_cells_are_left_out() -> None:
    rows = counts((-3, 2.0), (28, 3.0), (85, 1.0), (56, 0.0))
    rows += counts((-3, 4.0), (28, 4.0), cell=vocabulary.NEUTROPHILS)
    assert [c.day for c in usable(rows, 84.0, SETTINGS)] == [-3, 28]


def test_only_the_latest_counts_are_weighed() -> None:
    rows = counts((-3, 2.0), *((28.0 * i, 3.0) for i in range(1, 20)))
    kept = usable(rows, 600.0, SETTINGS)
    assert len(kept) == 1 + SETTINGS.most_counts
    assert kept[-1].day == 28 * 19


def test_noise_free_full_rise_gives_a_low_chance_and_its_absence_a_high_one() -> None:
    pool = SETTINGS.pools[L]
    typical = float(pool.gain[len(pool.gain) // 2])
    seen = (28.0, 56.0, 84.0)
    full = [2.0 * (1 + typical * -math.expm1(-pool.rate_per_day * d)) for d in seen]
    risen = counts((-3, 2.0), *zip(seen, full, strict=True))
    flat = counts((-3, 2.0), *((d, 2.0) for d in seen))
    prior = neutralised([], 84.0, SETTINGS).prior
    assert neutralised(risen, 84.0, SETTINGS).probability < prior / 5
    assert neutralised(flat, 84.0, SETTINGS).probability > 5 * prior


def test_a_rise_that_is_lost_raises_the_chance() -> None:
    kept = counts((-3, 2.0), (28, 3.4), (56, 3.4), (84, 3.4))
    lost = counts((-3, 2.0), (28, 3.4), (56, 2.3), (84, 2.0))
    assert neutralised(kept, 84.0, SETTINGS).probability < 0.01
    assert neutralised(lost, 84.0, SETTINGS).probability > 0.5


@given(base=levels, first=levels, more=st.floats(1.0, 3.0), day=days)
@settings(max_examples=80, deadline=None)
def test_more_rise_never_raises_the_chance(
    base: float, first: float, more: float, day: int
) -> None:
    def chance(value: float) -> float:
        rows = counts((0, base), (day, value))
        return neutralised(rows, float(day), ONLY_LYMPHOCYTES).probability

    # Rounding.
    assert chance(first * more) <= chance(first) + 1e-9


@given(order=st.permutations(range(6)), values=st.lists(levels, min_size=6, max_size=6), on=days)
@settings(max_examples=40, deadline=None)
def test_order_of_counts_does_not_matter(order: list[int], values: list[float], on: int) -> None:
    at = (-3, 28, 56, 84, 112, 140)
    rows = counts(*zip(at, values, strict=True))
    first = neutralised(rows, 140.0 + on, SETTINGS)
    again = neutralised([rows[i] for i in order], 140.0 + on, SETTINGS)
    assert again.probability == pytest.approx(first.probability, abs=1e-12)


@given(
    values=st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=12),
    cell=st.sampled_from(CELLS),
    day=st.floats(1.0, 5000.0),
)
@settings(max_examples=60, deadline=None)
def test_chance_is_a_probability_whatever_is_counted(
    values: list[float], cell: str, day: float
) -> None:
    at = [-1.0, *np.linspace(1.0, day, len(values) - 1)]
    found = neutralised(counts(*zip(at, values, strict=True), cell=cell), day, SETTINGS)
    assert 0.0 <= found.probability <= 1.0


# ── planted truth


def test_people_of_a_two_way_world_match_their_planted_share() -> None:
    """Own generator: half are never blocked. Mean chance and calibration against the truth."""
    rng = np.random.default_rng(5)
    n, pool = 1500, SETTINGS.pools[L]
    truth = rng.random(n) < 0.5
    noise = pool.noise
    middle = float(pool.gain[len(pool.gain) // 2])
    log_gain = np.log(pool.gain / middle)
    sd = float(math.sqrt(pool.gain_weight @ log_gain**2))
    gain = middle * np.exp(sd * rng.standard_normal(n))
    base = pool.before * np.exp(pool.before_log_sd * rng.standard_normal(n))
    mean = np.array([[1.0], [0.0]])
    ways = Histories(np.array([0.0, 85.0]), mean, np.full(2, 0.5))
    at = np.array([0.0, 28.0, 84.0])
    held = np.where(truth[:, None], 0.0, ways.held(at, pool.rate_per_day)[0])
    true = base[:, None] * (1 + gain[:, None] * held)
    seen = true * np.exp(noise * rng.standard_normal(true.shape) - noise**2 / 2)
    chance = np.empty(n)
    for i in range(n):
        log = log_likelihood(counts(*zip(at, seen[i], strict=True)), pool, ways)
        chance[i] = expit(log[1] - log[0])
    # Three standard errors of a mean of n residuals.
    for low, high in ((0.0, 0.2), (0.2, 0.8), (0.8, 1.01)):
        inside = (chance >= low) & (chance < high)
        error = math.sqrt(float((chance * (1 - chance))[inside].sum())) / inside.sum()
        assert abs(chance[inside].mean() - truth[inside].mean()) < 3 * error + 0.01


def test_virtual_people_with_planted_antibodies_are_told_apart() -> None:
    p, n = shipped_parameters(), 300
    crowd = draw_people(3, range(n))
    fates = Fates(crowd, p, Regimen.of(np.arange(0.0, 85.0, 28.0)), np.arange(85.0))
    at = [0, 28, 56, 84]
    seen = reported(fates.cells(L)[:, at], crowd.visits(1, 4)[:, 0], p, L)
    lost = (1 - fates.opened[:, 57:]).mean(axis=1) < SETTINGS.neutralised_below
    chance = np.array(
        [
            neutralised(counts(*zip(at, row, strict=True)), 84.0, SETTINGS).probability
            for row in seen
        ]
    )
    assert lost.sum() > 5
    assert np.median(chance[lost]) > 10 * np.median(chance[~lost])


def test_chances_of_virtual_people_are_true_at_every_week() -> None:
    """Planted truth, other people than the histories': the residual by third of the chances."""
    p, n = shipped_parameters(), 1500
    crowd = draw_people(4, range(n))
    fates = Fates(crowd, p, Regimen.of(np.arange(0.0, 85.0, 28.0)), np.arange(85.0))
    at = np.array([0, 28, 56, 84])
    seen = reported(fates.cells(L)[:, at], crowd.visits(1, 4)[:, 0], p, L)
    for visits in (2, 3, 4):
        day = int(at[visits - 1])
        truth = (1 - fates.opened[:, day - 27 : day + 1]).mean(axis=1) < 0.5
        chance = np.array(
            [
                neutralised(
                    counts(*zip(at[:visits], row[:visits], strict=True)), float(day), SETTINGS
                ).probability
                for row in seen
            ]
        )
        for low, high in ((0.0, 0.05), (0.05, 0.3), (0.3, 1.0)):
            inside = (chance >= low) & (chance < high)
            error = math.sqrt(float((chance * (1 - chance))[inside].sum())) / inside.sum()
            # Three standard errors: nine comparisons of one seed.
            assert abs(chance[inside].mean() - truth[inside].mean()) < 3 * error


# ── settings


def test_pools_are_those_of_virtual_people() -> None:
    p = shipped_parameters()
    for cell, pool in SETTINGS.pools.items():
        assert pool.rate_per_day == p[f"blood.{cell}.rate"]
        assert np.median(pool.gain) == pytest.approx(p[f"blood.{cell}.gain"])
        assert pool.noise == p[f"blood.{cell}.noise"]
        assert pool.gain_weight.sum() == pytest.approx(1.0)


def _with(name: str, value: str) -> Registry:
    known = registry()
    return replace(known, facts={**known.facts, name: replace(known.fact(name), value=value)})


def test_facts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(EvidenceError, match=r"sensor\.late-onset-edges"):
        sensor_settings(_with("sensor.late-onset-edges", "168 none"), shipped_parameters())


def test_a_pool_in_another_unit_is_refused() -> None:
    p = shipped_parameters()
    name = "blood.cd19.before"
    other = Parameters({**p.entries, name: replace(p.entries[name], unit="10*9/L")})
    with pytest.raises(ModelError, match="cells/uL"):
        sensor_settings(registry(), other)


def test_settings_are_compared_by_identity() -> None:
    """They key the cache of histories, so two that differ must never share one."""
    other: SensorSettings = replace(SETTINGS, late_share=0.5)
    assert histories(400.0, other) is not histories(400.0, SETTINGS)
