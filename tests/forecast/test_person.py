"""One person's forecast: planted truth, brute force, published population, and its promises."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import binom, norm

from openntz.forecast.density import Kind
from openntz.forecast.history import AntibodyEffect, Assumed, build_history, weights_of
from openntz.forecast.person import forecast_person
from openntz.forecast.predict import curve_days
from openntz.forecast.triage import Limit, against_fit, by_timing, predictive_quantile
from openntz.mechanism.pharmacokinetics import simulate
from openntz.mechanism.regimen import PkParameters, Schedule
from openntz.models.card import load_card
from tests.build import dose, doses_every, level
from tests.forecast.people import FIRST, course, forecast, models
from tests.models.by_weight import individual_by_weight

AS_OF = date(2024, 6, 10)
MORNING = datetime(2024, 1, 8, 9, 30)


def trough(cycle: int, value: float, **more: object):
    return level(MORNING + timedelta(days=28 * cycle), value, line=cycle + 2, **more)  # type: ignore[arg-type]


def population(n: int, weight: np.ndarray, schedule: Schedule, days: np.ndarray, seed: int):
    """n virtual people drawn from the card; returns concentrations (n, T)."""
    card = load_card("van_den_berg_2025")
    rng = np.random.default_rng(seed)
    eta = rng.standard_normal((n, 3)) @ np.linalg.cholesky(card.omega).T
    v = individual_by_weight(card, eta, weight[:, None])
    parameters = PkParameters(
        segment_day=np.array([-1.0]),
        cl_l_per_day=v["cl"],
        vc_l=v["vc"],
        q_l_per_day=v["q"],
        vp_l=v["vp"],
        vmax_mg_per_day=v["vmax"],
        km_mg_per_l=v["km"],
        ka_per_day=v["ka"],
        f=v["f"],
        lag_day=v["lag"],
    )
    return simulate(parameters, schedule, days).ug_per_ml, rng


def q4w(count: int) -> Schedule:
    return Schedule(
        start_day=28.0 * np.arange(count) + 10 / 24,
        duration_day=np.full(count, 1 / 24),
        amount_mg=np.full(count, 300.0),
        subcutaneous=np.zeros(count, bool),
    )


def test_population_troughs_match_derived_table() -> None:
    """Evidence table: mean 25.2 (SD 13.5), >= 10 in 0.91, >= 5 in 0.98, >= 2 in 1.00 at Q4W."""
    n = 4000
    rng = np.random.default_rng(2)
    sd = np.sqrt(np.log1p(0.21**2))
    weight = 74 * np.exp(sd * rng.standard_normal(n))
    conc, more = population(n, weight, q4w(14), np.array([14 * 28.0 + 10 / 24]), 5)
    measured = conc[:, 0] * (1 + 0.219 * more.standard_normal(n))
    # Printed to 0.1 and 0.01 from 600 to some thousand people: three standard errors each.
    assert measured.mean() == pytest.approx(25.2, abs=1.2)
    assert measured.std() == pytest.approx(13.5, abs=1.2)
    assert (measured >= 10).mean() == pytest.approx(0.91, abs=0.025)
    assert (measured >= 5).mean() == pytest.approx(0.98, abs=0.012)
    assert (measured >= 2).mean() == pytest.approx(1.00, abs=0.006)


def test_prior_alone_matches_simulated_population() -> None:
    found = forecast(course(), AS_OF)
    conc, _ = population(
        4000, np.full(4000, 70.0), q4w(6), 5 * 28 + 10 / 24 + np.array([28.0, 42.0]), 11
    )
    assert found.status == "prior only"
    for i, day in enumerate((28, 42)):
        got = found.by_day[day][0]
        low, mid, high = np.quantile(conc[:, i], [0.05, 0.5, 0.95])
        # 1,000 draws against 4,000: standard error of these quantiles is below 4 % of the spread.
        tolerance = 0.12 * (high - low)
        assert (got.p05, got.median, got.p95) == pytest.approx((low, mid, high), abs=tolerance)


def test_posterior_matches_brute_force_weighting_of_the_prior() -> None:
    values = {1: 6.0, 3: 9.5}
    who = course(levels=[trough(k, v) for k, v in values.items()])
    found = forecast(who, AS_OF)
    days = np.array([28.0 + 10 / 24, 84.0 + 10 / 24, 140 + 10 / 24 + 28, 140 + 10 / 24 + 42])
    conc, _ = population(60_000, np.full(60_000, 70.0), q4w(6), days, 3)
    weight = np.prod(
        [norm.pdf(v, conc[:, i], 0.219 * conc[:, i]) for i, v in enumerate(values.values())], axis=0
    )
    for column, day in ((2, 28), (3, 42)):
        order = np.argsort(conc[:, column])
        share = np.cumsum(weight[order]) / weight.sum()
        exact = [conc[order, column][np.searchsorted(share, p)] for p in (0.05, 0.5, 0.95)]
        got = found.by_day[day][0]
        # About 650 effective draws: quantile error below 6 % of the 90 % width, doubled for safety.
        width = exact[2] - exact[0]
        assert (got.p05, got.median, got.p95) == pytest.approx(tuple(exact), abs=0.12 * width)
    assert found.pareto_k is not None
    assert found.pareto_k < 0.7


def test_intervals_cover_planted_truth() -> None:
    n = 120
    rng = np.random.default_rng(17)
    weight = np.clip(74 * np.exp(0.2 * rng.standard_normal(n)), 45, 135)
    days = np.array([28.0, 84.0, 140.0, 140 + 28.0, 140 + 42.0]) + 10 / 24
    conc, more = population(n, weight, q4w(6), days, 23)
    inside = np.zeros(2)
    for i in range(n):
        seen = conc[i, :3] * (1 + 0.219 * more.standard_normal(3))
        levels = [
            trough(cycle, max(value, 0.01)) for cycle, value in zip((1, 3, 5), seen, strict=True)
        ]
        who = course(levels=levels, weight=float(weight[i]), name=f"V{i}")
        found = forecast(who, AS_OF, seed=1)
        for j, day in enumerate((28, 42)):
            q = found.by_day[day][0]
            inside[j] += q.p05 <= conc[i, 3 + j] <= q.p95
    low, high = binom.interval(0.999, n, 0.90)
    # A 90 % interval covers between these counts in 999 of 1,000 such studies.
    assert ((low <= inside) & (inside <= high)).all()


def test_antibodies_are_not_forecast_from_the_population() -> None:
    plain = forecast(course(), AS_OF)
    raised = forecast(course(), AS_OF, antibodies=AntibodyEffect(datetime(2024, 3, 1)))
    assert raised.by_day[28][0].median < 0.4 * plain.by_day[28][0].median
    assert any("antibodies" in note.casefold() for note in raised.notes)
    over = forecast(
        course(),
        AS_OF,
        antibodies=AntibodyEffect(datetime(2024, 1, 9), datetime(2024, 1, 10)),
    )
    # One day of raised clearance five months ago has washed out.
    assert over.by_day[28][0].median == pytest.approx(plain.by_day[28][0].median, rel=0.1)


def test_levels_below_the_limit_lower_the_forecast() -> None:
    plain = forecast(course(), AS_OF)
    low = forecast(course(levels=[trough(k, 2.0, censor="<") for k in (2, 4)]), AS_OF)
    assert low.by_day[28][0].p95 < plain.by_day[28][0].p05
    assert [v.use for v in low.levels] == ["fitted", "fitted"]
    assert all(v.unusual for v in low.levels)


DAY_AND_INFUSION = 60 + 24 * 60


@pytest.mark.parametrize(
    ("minutes", "use"),
    [
        (-1, "fitted"),
        (0, "not a trough"),
        (1, "not a trough"),
        (60, "not a trough"),
        (DAY_AND_INFUSION, "not a trough"),
        (DAY_AND_INFUSION + 1, "fitted"),
    ],
)
def test_level_window_around_an_infusion_matches_contract(minutes: int, use: str) -> None:
    """From infusion start to 24 h after its end a level cannot be a trough."""
    at = datetime(2024, 3, 4, 10, 0) + timedelta(minutes=minutes)
    who = course(levels=[level(at, 30.0)])
    history = build_history(who.doses, weights_of(who), None, Assumed(12, 60))
    verdict = by_timing(who.results("natalizumab")[0], history, 24.0)
    assert verdict.use == use


def test_untimed_level_on_a_dose_day_counts_as_trough() -> None:
    who = course(levels=[level("2024-03-04", 12.0)])
    found = forecast(who, AS_OF)
    assert found.levels[0].use == "fitted"
    assert found.levels[0].at == datetime(2024, 3, 4, 10, 0)


def test_level_that_no_dose_explains_is_kept_but_not_fitted() -> None:
    absurd = forecast(course(levels=[trough(3, 400.0)]), AS_OF)
    assert absurd.levels[0].use == "impossible"
    assert "400" in absurd.levels[0].reason
    assert absurd.status == "prior only"
    early = forecast(course(levels=[level("2023-12-01T09:00", 8.0)]), AS_OF)
    assert early.levels[0].use == "impossible"


def test_zero_without_limit_is_not_usable() -> None:
    found = forecast(course(levels=[trough(3, 0.0, lloq=None)]), AS_OF)
    assert found.levels[0].use == "not usable"
    assert found.status == "prior only"


@pytest.mark.parametrize(
    ("birth", "weight", "computed"),
    [
        (date(2006, 6, 10), 70.0, True),
        (date(2006, 6, 11), 70.0, False),
        (date(1985, 1, 1), 40.0, True),
        (date(1985, 1, 1), 39.9, False),
        (date(1985, 1, 1), 140.0, True),
        (date(1985, 1, 1), 140.1, False),
        (None, 70.0, True),
    ],
)
def test_domain_is_checked_before_any_number(birth, weight, computed) -> None:
    found = forecast(course(birth=birth, weight=weight), AS_OF)
    assert found.computed is computed
    assert bool(found.by_day) is computed
    assert computed or (found.status == "outside domain" and found.reason)


def test_unknown_weight_widens_the_interval_and_is_said() -> None:
    known, unknown = forecast(course(), AS_OF), forecast(course(weight=None), AS_OF)
    width = [f.by_day[28][0].p95 - f.by_day[28][0].p05 for f in (known, unknown)]
    # A spread of 21 % in weight, to the power 0.6 in clearance, adds about a tenth.
    assert 1.04 * width[0] < width[1] < 1.25 * width[0]
    assert any("Weight is not recorded" in note for note in unknown.notes)


def test_no_dose_is_said_and_nothing_is_computed() -> None:
    found = forecast(course(doses=()), AS_OF)
    assert (found.status, found.computed, found.now) == ("no dose", False, None)


def test_same_seed_same_numbers_and_other_people_do_not_matter() -> None:
    one = forecast(course(levels=[trough(3, 12.0)]), AS_OF)
    forecast(course(name="somebody else"), AS_OF)
    two = forecast(course(levels=[trough(3, 12.0)]), AS_OF)
    assert one.by_day == two.by_day
    assert forecast(course(levels=[trough(3, 12.0)]), AS_OF, seed=8).by_day != one.by_day


def test_events_after_the_as_of_date_change_nothing() -> None:
    now = forecast(course(levels=[trough(3, 12.0)]), AS_OF)
    later = course(
        doses=[*doses_every(FIRST, 6), dose("2024-08-01T10:00")],
        levels=[trough(3, 12.0), level("2024-07-01T09:00", 3.0)],
    )
    assert forecast(later, AS_OF).by_day == now.by_day


def test_level_at_the_planned_dose_equals_that_day_of_the_table() -> None:
    found = forecast(course(levels=[trough(3, 12.0)]), AS_OF, planned=FIRST + timedelta(days=168))
    assert found.planned == found.by_day[28]
    assert dict(found.probability_at_planned) == dict(found.probability_by_day[28])


def test_bands_are_ordered_and_fall_after_the_last_dose() -> None:
    found = forecast(course(levels=[trough(3, 12.0)]), AS_OF)
    medians = [found.by_day[d][0].median for d in (28, 35, 42, 49, 56, 70)]
    assert medians == sorted(medians, reverse=True)
    for level_band, saturation in found.by_day.values():
        assert 0 <= level_band.p05 <= level_band.median <= level_band.p95
        assert 0 <= saturation.p05 <= saturation.median <= saturation.p95 <= 1
    times = [b.median for b in found.below]
    assert all(a is not None and b is not None and a < b for a, b in itertools.pairwise(times))


def test_subcutaneous_doses_are_computed_with_a_reservation() -> None:
    found = forecast(course(doses=doses_every(FIRST, 6, route="SC")), AS_OF)
    assert found.computed
    assert any("sister antibody" in note for note in found.notes)


def test_predictive_quantile_matches_normal_closed_form() -> None:
    residual = models().card.residual
    found = predictive_quantile(np.array([20.0]), residual, 0.99)
    assert found == pytest.approx(20 * (1 + 0.219 * norm.ppf(0.99)), rel=1e-9)
    # The normal error reaches below zero, a level does not.
    assert predictive_quantile(np.array([20.0]), residual, 1e-9) == 0.0


def test_curve_covers_its_window_and_every_dose_in_it() -> None:
    who = course()
    history = build_history(who.doses, (), None, Assumed(12, 60))
    days = curve_days(history, 30.0, 200.0)
    assert days[0] == 30.0
    assert days[-1] == 200.0
    inside = history.schedule.start_day[history.schedule.start_day >= 30]
    assert set(inside) <= set(days)
    assert (np.diff(days) > 0).all()


def test_forecast_never_raises_for_contradictory_levels() -> None:
    who = course(levels=[trough(1, 60.0), trough(2, 2.0, censor="<"), trough(3, 55.0)])
    found = forecast(who, AS_OF)
    assert found.status in {"ok", "failed"}
    assert np.isfinite([q[0].median for q in found.by_day.values()]).all()
    assert callable(forecast_person)


def test_recent_loss_of_drug_is_not_hidden_by_earlier_levels() -> None:
    """Three good troughs, then '<2': raised clearance is suspected and the forecast is low."""
    good = [trough(k, v) for k, v in ((1, 25.0), (2, 24.0), (3, 26.0))]
    lost = forecast(course(levels=[*good, trough(5, 2.0, censor="<")]), AS_OF)
    assert lost.change is not None
    assert lost.change.suspected
    assert lost.change.probability_now > 0.95
    assert "test antibodies" in lost.notes[0]
    kept = forecast(course(levels=[*good, trough(5, 22.0)]), AS_OF)
    assert lost.by_day[28][0].median < 0.2 * kept.by_day[28][0].median
    assert kept.contradiction == ""
    assert kept.change is None
    assert not any(v.misfit for v in kept.levels)


def test_levels_that_nothing_explains_are_said() -> None:
    """Up, down and up again within weeks: neither a person's clearance nor antibodies do that."""
    odd = [trough(k, v) for k, v in ((1, 60.0), (2, 3.0), (3, 60.0), (4, 3.0), (5, 60.0))]
    found = forecast(course(levels=odd), AS_OF)
    assert "do not agree" in found.contradiction or "does not agree" in found.contradiction
    assert found.notes[0] == found.contradiction


def test_two_early_low_levels_are_antibodies_that_went_away() -> None:
    odd = [trough(1, 3.0), trough(2, 2.6)]
    usual = [trough(k, 34.0) for k in (3, 4, 5)]
    found = forecast(course(levels=[*odd, *usual]), AS_OF)
    assert found.change is not None
    assert found.change.probability_ever > 0.95
    assert found.change.probability_now < 0.05
    assert found.change.end is not None
    # Troughs of cycles 2 and 3, on 4 March and 1 April, enclose the end.
    assert date(2024, 2, 5) <= found.change.end.middle <= date(2024, 4, 1)
    assert found.change.suspected


def test_misfit_chance_matches_normal_closed_form() -> None:
    """One draw at 20: sd 4.38; a level is a misfit beyond the 0.5 % points of that normal."""
    residual = models().card.residual
    who = course(levels=[trough(3, 12.0)])
    verdict = forecast(who, AS_OF).levels
    for value, misfit in ((20 - 2.57 * 4.38, False), (20 - 2.58 * 4.38, True)):
        for side in (value, 40 - value):
            limit = Limit(side, Kind.QUANTIFIED)
            got = against_fit(verdict, [limit], np.array([[20.0]]), residual, tail=0.005)
            assert got[0].misfit is misfit


def test_a_limit_above_nothing_left_is_certain_in_closed_form() -> None:
    """No drug: below any limit for sure, a number far off; the error there is not divided by 0."""
    residual = models().card.residual
    verdict = forecast(course(levels=[trough(3, 12.0)]), AS_OF).levels
    for kind, misfit in ((Kind.BELOW, False), (Kind.ABOVE, True), (Kind.QUANTIFIED, True)):
        for left in (0.0, 1e-200):
            drawn = np.array([[left]])
            got = against_fit(verdict, [Limit(2.0, kind)], drawn, residual, tail=0.005)
            assert got[0].misfit is misfit
    assert predictive_quantile(np.zeros(3), residual, 0.95) < 1e-30


def test_doses_on_one_day_are_no_interval_of_the_domain() -> None:
    doubled = [*doses_every(FIRST, 6), dose("2024-05-27T15:00")]
    assert not any(
        "interval" in note.casefold() for note in forecast(course(doses=doubled), AS_OF).notes
    )


def test_overdue_dose_is_never_before_now() -> None:
    found = forecast(course(), AS_OF, planned=AS_OF)
    assert found.now == found.planned
