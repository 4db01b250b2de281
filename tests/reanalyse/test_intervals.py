"""Extended intervals: definitions at their limits, the printed difference, planted hazards."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from openntz.course.course import Course
from openntz.reanalyse.intervals import (
    EXTENDED_INTERVAL,
    Exposure,
    by_any_period,
    by_doses_a_year,
    by_last_window,
    time_rows,
)
from openntz.reanalyse.statistics import rate_difference
from tests import build
from tests.reanalyse.studies import day, person, row, rows, run, study

EXPOSURE = Exposure(mean_interval=35, window=548, period=183, doses_a_year=10)


def _days(*gaps: int) -> list[date]:
    found = [day(0)]
    for gap in gaps:
        found.append(found[-1] + timedelta(days=gap))
    return found


@pytest.mark.parametrize(("gap", "extended"), [(34, False), (35, True), (36, True)])
def test_primary_definition_at_a_mean_of_35_days(gap: int, extended: bool) -> None:
    assert by_last_window(_days(*[gap] * 17), EXPOSURE) is extended


@pytest.mark.parametrize(("length", "known"), [(547, False), (548, True)])
def test_primary_definition_asks_for_18_months_on_the_drug(length: int, known: bool) -> None:
    doses = _days(*[28] * 19, length - 19 * 28)
    assert (by_last_window(doses, EXPOSURE) is not None) is known


def test_primary_definition_looks_at_the_last_18_months_only() -> None:
    long_then_short, short_then_long = [42] * 13 + [28] * 20, [28] * 20 + [42] * 14
    assert by_last_window(_days(*long_then_short), EXPOSURE) is False
    assert by_last_window(_days(*short_then_long), EXPOSURE) is True


def test_secondary_definition_finds_half_a_year_at_any_time() -> None:
    # Five intervals of 37 days are 185 days; of 36 they are 180, and with a sixth of 28 the mean
    # is 34.7; so the former counts and the latter does not.
    assert by_any_period(_days(*[28] * 6, *[37] * 5, *[28] * 6), EXPOSURE) is True
    assert by_any_period(_days(*[28] * 6, *[36] * 5, *[28] * 6), EXPOSURE) is False
    assert by_any_period(_days(*[28] * 6), EXPOSURE) is None
    assert by_any_period(_days(*[28] * 7), EXPOSURE) is False


@pytest.mark.parametrize(
    ("gaps", "extended"),
    # 13 doses a year at 28 days; exactly 10 a year are not fewer than 10.
    [([28] * 14, False), ([36] * 11, False), ([37] * 11, True), ([28] * 12, None)],
)
def test_tertiary_definition_at_ten_doses_a_year(gaps: list[int], extended: bool | None) -> None:
    assert by_doses_a_year(_days(*gaps), EXPOSURE) is extended


def test_definitions_differ_for_the_same_person() -> None:
    once = person("A", doses=build.doses_on(_days(*[28] * 6, *[42] * 5, *[28] * 20)))
    found = run(EXTENDED_INTERVAL, study([once]))
    told = {r["group"]: r["count"] for r in rows(found, "people on an extended interval")}
    assert told == {"last 18 months": 0, "any 6 months": 1, "fewer than 10 doses a year": 0}


@pytest.mark.parametrize(
    ("events", "years", "level"),
    [((8, 5), (323.5, 500.5), 0.95), ((5, 7), (202.1, 699.2), 0.90)],
)
def test_14_7_from_minus_4_5_to_34_0_follows_from_counts_that_the_papers_do_not_give(
    events: tuple[int, int], years: tuple[float, float], level: float
) -> None:
    # Of all counts up to 29 with rates that round to 24.7 and 10.0, six pairs give the printed
    # interval: (7, 11), (8, 5), (13, 2) at 95 % and (5, 7), (7, 2), (16, 1) at 90 %. Which were
    # counted is not known.
    found = rate_difference(events, years, level)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    printed = [round(1000 * x, 1) for x in (found.value, found.low, found.high)]
    assert printed == [14.7, -4.5, 34.0]
    assert round(1000 * events[0] / years[0], 1) == 24.7
    assert round(1000 * events[1] / years[1], 1) == 10.0


def _cohort(seed: int, people: int, extended: float, base: float = 1 / 800) -> list[Course]:
    """People who change to six weeks half way; hazard ``base`` a day, times ``extended`` then."""
    generator = np.random.default_rng(seed)
    made = []
    for i in range(people):
        change = int(generator.integers(4, 14))
        doses = _days(*[28] * change, *[42] * 12)
        turn = (doses[change] - doses[0]).days
        need, at = generator.exponential(), None
        before = base * turn
        at = need / base if need < before else turn + (need - before) / (base * extended)
        last = (doses[-1] - doses[0]).days
        made.append(
            person(
                f"P{i}",
                doses=build.doses_on(doses),
                relapses=[build.relapse(day(max(1, at)))] if at < last else [],
            )
        )
    return made


@pytest.mark.parametrize("ratio", [1.0, 2.5])
def test_cox_covers_a_planted_ratio_of_hazards(ratio: float) -> None:
    found = run(EXTENDED_INTERVAL, study(_cohort(5, 500, ratio)))
    told = row(found, "hazard ratio of first activity")
    assert told["low"] < ratio < told["high"]


def test_time_rows_end_at_the_first_activity_and_at_the_cut_off() -> None:
    hit = person("A", doses=build.doses_on(_days(28, 42, 28)), relapses=[build.relapse(day(50))])
    frame = time_rows(study([hit]), EXPOSURE)
    assert frame[["start", "stop", "extended", "event"]].values.tolist() == [
        [0.0, 28.0, 0.0, False],
        [28.0, 50.0, 1.0, True],
    ]
    free = person("B", doses=build.doses_on(_days(28, 42)))
    frame = time_rows(study([free], as_of=day(80)), EXPOSURE)
    assert frame["stop"].tolist() == [28.0, 70.0, 80.0]
    assert frame["event"].tolist() == [False] * 3


def test_cox_of_people_who_never_change_matches_lifelines_without_time_variation() -> None:
    generator = np.random.default_rng(8)
    people, flat = [], []
    for i in range(150):
        gap = 28 if i % 2 else 42
        doses = _days(*[gap] * 10)
        at = int(generator.exponential(300 if gap == 28 else 150)) + 1
        last = gap * 11
        people.append(
            person(f"P{i}", doses=build.doses_on(doses),
                   relapses=[build.relapse(day(at))] if at <= last else [])
        )  # fmt: skip
        flat.append((min(at, last), at <= last, float(gap == 42)))
    told = row(run(EXTENDED_INTERVAL, study(people)), "hazard ratio of first activity")
    table = pd.DataFrame(flat, columns=pd.Index(["time", "event", "extended"]))
    fit = CoxPHFitter().fit(table, "time", "event")
    # Ties are handled by Efron's method in both.
    assert np.log(told["value"]) == pytest.approx(float(fit.params_["extended"]), abs=1e-3)


def test_people_with_one_dose_are_set_aside_and_counted() -> None:
    found = run(EXTENDED_INTERVAL, study([person("A", doses=build.doses_every(day(0), 1))]))
    assert found.flow[-1].left == (("fewer than two doses", 1),)
    assert not rows(found, "hazard ratio")
