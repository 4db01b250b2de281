"""Readouts, assay bias, flattened priors, and levels that say nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.differentiate import derivative
from scipy.stats import norm

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Assay, Measurement
from openntz.errors import InputError
from openntz.evidence.registry import registry
from openntz.forecast.assay_bias import factors, named
from openntz.forecast.cohort import EXACT, SPREAD
from openntz.forecast.density import Kind, Levels, build_problem
from openntz.forecast.history import Assumed, build_history
from openntz.forecast.map_estimate import find_modes
from openntz.forecast.options import Options
from openntz.forecast.person import forecast_person
from openntz.forecast.readouts import LymphocyteRise, natalizumab_card, with_readouts
from openntz.forecast.request import ForecastRequest
from openntz.forecast.result import PersonForecast
from openntz.forecast.saturation_readout import MeasuredSaturation
from tests.build import doses_every, level, measurement
from tests.forecast.people import FIRST, course, forecast, models

MORNING = datetime(2024, 1, 8, 9, 30)
AS_OF = datetime(2024, 6, 10).date()
CARD = natalizumab_card(models().saturation)
SETTINGS = models().settings


def at(cycle: int) -> datetime:
    return MORNING + timedelta(days=28 * cycle)


def trough(cycle: int, value: float, laboratory: str = "", **more: Any) -> Measurement:
    made = level(at(cycle), value, line=cycle + 2, **more)
    return replace(made, assay=Assay(laboratory=laboratory)) if laboratory else made


def with_options(who: Course, options: Options, seed: int = 7) -> PersonForecast:
    changed = replace(models(), settings=options.applied(SETTINGS))
    asked = ForecastRequest(
        course=who.until(AS_OF), as_of=AS_OF, planned=None, antibodies=None, seed=seed
    )
    return forecast_person(asked, changed)


@pytest.mark.parametrize(
    "readout", [MeasuredSaturation(CARD, 0.158), LymphocyteRise(CARD, 1.4, 0.9)]
)
def test_slopes_match_scipy_differences(readout: MeasuredSaturation | LymphocyteRise) -> None:
    for c in (0.05, 0.7, 4.4, 30.0):
        _, slope = readout.of(np.array([c]))
        numeric = derivative(lambda x: readout.of(np.asarray(x))[0], c, initial_step=c / 10)
        assert slope[0] == pytest.approx(float(numeric.df), rel=1e-7)


def test_lymphocyte_rise_matches_closed_form_at_half_saturation() -> None:
    """At EC50 the rise is half of the full one, without drug it is none."""
    rise = LymphocyteRise(CARD, 1.4, 0.9)
    found, _ = rise.of(np.array([0.0, CARD.ec50, 1e9]))
    # At 1e9 ug/mL a Hill exponent of 0.63 leaves some millionths of the curve to go.
    assert found == pytest.approx([0.0, 0.7, 1.4], abs=1e-5)


def readings(**measured: list[tuple[int, float]]) -> Course:
    tests = {"saturation": vocabulary.SATURATION, "lymphocytes": vocabulary.LYMPHOCYTES}
    made = [
        measurement(tests[name], FIRST + timedelta(days=day), value, line=50 + 10 * k + i)
        for k, (name, rows) in enumerate(measured.items())
        for i, (day, value) in enumerate(rows)
    ]
    return course(levels=made)


def test_readouts_are_off_unless_asked_for() -> None:
    who = readings(saturation=[(84, 0.2)], lymphocytes=[(-5, 2.0), (84, 2.0)])
    plain, bare = forecast(who, AS_OF), forecast(course(), AS_OF)
    assert plain.by_day == bare.by_day
    asked = with_options(who, Options(readouts=("saturation",)))
    assert asked.by_day[28][0].median < plain.by_day[28][0].median
    assert asked.status == "prior only"
    assert any("1 reading of saturation" in note for note in asked.notes)


def test_only_counts_with_a_baseline_and_on_the_drug_enter() -> None:
    """Of counts on days 14 (early), 84, 168 (56 days after no dose) one is used, as a rise."""
    who = readings(lymphocytes=[(-5, 2.0), (14, 3.0), (84, 3.1), (230, 2.2)])
    history = build_history(who.doses, (), None, Assumed(12, 60))
    none = Levels(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    found, readouts = with_readouts(
        none, ("lymphocytes",), who, history, models().saturation, SETTINGS.readout
    )
    assert len(readouts) == 1
    assert found.value_ug_per_ml == pytest.approx([1.1])
    lone = readings(lymphocytes=[(84, 3.1)])
    assert with_readouts(
        none, ("lymphocytes",), lone, history, models().saturation, SETTINGS.readout
    ) == (none, ())


def test_saturation_posterior_matches_brute_force_weighting_of_the_prior() -> None:
    who = readings(saturation=[(84, 0.25)])
    asked = with_options(who, Options(readouts=("saturation",)))
    history = build_history(who.doses, who.results(vocabulary.WEIGHT), None, SETTINGS.assumed)
    none = Levels(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    free = build_problem(models().card, history, none, SETTINGS.priors)
    rng = np.random.default_rng(4)
    theta = rng.standard_normal((30_000, free.size)) @ np.linalg.cholesky(free.prior_covariance).T
    last = history.day(history.last_dose)

    # The trough of cycle 3 is at the start of its dose, because the reading has no time.
    conc = free.concentration(theta, np.array([84 + 10 / 24, last + 28]), SPREAD)
    weight = norm.pdf(0.25, CARD.saturation(conc[:, 0]), 0.158)
    order = np.argsort(conc[:, 1])
    share = np.cumsum(weight[order]) / weight.sum()
    exact = [conc[order, 1][np.searchsorted(share, p)] for p in (0.05, 0.5, 0.95)]
    got = asked.by_day[28][0]
    # Some hundred effective draws: quantile error below 6 % of the width, doubled.
    assert (got.p05, got.median, got.p95) == pytest.approx(
        tuple(exact), abs=0.12 * (exact[2] - exact[0])
    )


def test_bias_matches_planted_ratio_of_two_laboratories() -> None:
    """One laboratory reads 1.4 times the other, on five troughs each of one person."""
    history = build_history(doses_every(FIRST, 12), (), None, Assumed(12, 60))
    days = np.array([28.0 * k + 10 / 24 for k in range(2, 12)])
    flat = Levels(days, np.ones(10), np.full(10, int(Kind.QUANTIFIED)))
    free = build_problem(models().card, history, flat, SETTINGS.priors)

    truth = free.concentration(np.zeros((1, free.size)), days, EXACT)[0]
    names = ("A", "B") * 5
    values = truth * np.array([1.0, 1.4] * 5)
    kind = np.full(10, int(Kind.QUANTIFIED))
    problem = build_problem(
        models().card, history, Levels(days, values, kind, names), SETTINGS.priors
    )
    modes = find_modes(problem.cohort)
    factor = factors(problem.levels, problem.names, modes.theta)[0]
    ratio = factor[1] / factor[0]
    # Closed form: the log ratio is shrunk by v / (v + s), with v = 2 x 0.23^2 its prior
    # variance and s = 2 x 0.219^2 / 5 that of the difference of two means of five.
    v, s = 2 * SETTINGS.assay_log_sd**2, 2 * 0.219**2 / 5
    assert np.log(ratio) == pytest.approx(np.log(1.4) * v / (v + s), abs=0.04)


def test_bias_is_estimated_from_two_named_laboratories_on() -> None:
    one = forecast(course(levels=[trough(2, 24.0, "A"), trough(4, 26.0, "A")]), AS_OF)
    assert not any("bias" in name for name in one.parameters)
    two = forecast(course(levels=[trough(2, 18.0, "A"), trough(4, 36.0, "B")]), AS_OF)
    a, b = (two.parameters[f"assay bias of laboratory {x}"][0] for x in "AB")
    assert a < 1 < b
    assert any("each laboratory (A, B)" in note for note in two.notes)
    bare = forecast(course(levels=[trough(2, 24.0), trough(4, 26.0)]), AS_OF)
    assert one.by_day == bare.by_day


def test_levels_keep_their_laboratory_through_the_verdicts() -> None:
    levels = Levels(np.array([56.0]), np.array([20.0]), np.array([0]))
    verdicts = forecast(course(levels=[trough(2, 20.0, "A")]), AS_OF).levels
    got = named(levels, verdicts, [trough(2, 20.0, "A")], 1)
    assert got.laboratory == ("A",)


def test_flattened_priors_follow_the_levels_more() -> None:
    who = course(levels=[trough(k, 9.0) for k in (2, 3, 4)])
    plain, wide = forecast(who, AS_OF), with_options(who, Options(flatten=4.0))
    none = forecast(course(), AS_OF)
    assert wide.by_day[28][0].median < plain.by_day[28][0].median < none.by_day[28][0].median
    assert any("multiplied by 4" in note for note in wide.notes)


@pytest.mark.parametrize("given", [{"readouts": ["blood"]}, {"flatten": 0.5}, {"flatten": 1e9}])
def test_options_out_of_range_are_refused_with_a_remedy(given: dict[str, Any]) -> None:
    with pytest.raises(InputError) as found:
        Options.of(**given)
    assert found.value.remedy


def test_levels_that_say_nothing_leave_the_prior_shown_as_prior() -> None:
    """A level known to be under 500 ug/mL is true of everybody."""
    nothing = replace(trough(3, 500.0, censor="<"))
    found = forecast(course(levels=[nothing]), AS_OF)
    assert found.status == "prior only"
    assert "next to nothing" in found.reason
    bare = forecast(course(), AS_OF)
    # Two samples of 1,000 draws of one distribution.
    assert found.by_day[28][0].median == pytest.approx(bare.by_day[28][0].median, rel=0.08)


def test_levels_that_are_all_limits_are_said() -> None:
    found = forecast(course(levels=[trough(k, 10.0, censor="<") for k in (3, 5)]), AS_OF)
    assert found.status == "ok"
    assert any("All 2 levels are limits" in note for note in found.notes)


def test_facts_of_assay_bias_match_their_derivation() -> None:
    known = registry()
    fact = known.fact("trough.assay-bias")
    assert fact.low is not None
    assert fact.high is not None
    derived = np.log(fact.high / fact.low) / (norm.ppf(0.95) - norm.ppf(0.05))
    assert SETTINGS.assay_log_sd == pytest.approx(derived, abs=0.005)
    rise = known.fact("lymphocytes.on-treatment").number - known.fact("lymphocytes.before").number
    assert SETTINGS.readout.rise_at_saturation == pytest.approx(rise, abs=1e-9)
