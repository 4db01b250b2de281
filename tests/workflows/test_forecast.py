"""What-if against the model itself: a supposed dose is a dose like any other."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from openntz.errors import InputError
from openntz.records.csv import read_folder
from openntz.workflows.forecast import ForecastQuestion, run_forecast, suppose_dose
from openntz.workflows.person import Practice, forecast_course
from openntz.workflows.read import registry_for
from tests.workflows.test_review import AS_OF, CLINIC

QUESTION = ForecastQuestion(
    folder=CLINIC,
    person="N037",
    as_of=AS_OF,
    next_dose=date(2024, 8, 1),
    profile="eu",
    site=None,
    mapping=None,
    seed=3,
)


@pytest.fixture(scope="module")
def answer():
    return run_forecast(QUESTION)


def test_trough_before_the_supposed_dose_matches_the_fall_without_it(answer) -> None:
    """On day 43 after the last dose the level lies between days 42 and 49 of the table."""
    assert answer.until_dose is not None
    assert answer.until_dose.planned is not None
    assert (date(2024, 8, 1) - answer.therapy.last_dose.day).days == 43
    q42, q49 = answer.forecast.by_day[42][0], answer.forecast.by_day[49][0]
    found = answer.until_dose.planned[0]
    for end in ("p05", "median", "p95"):
        assert getattr(q49, end) < getattr(found, end) < getattr(q42, end)


def test_after_the_supposed_dose_matches_a_recorded_one(answer) -> None:
    """The same dose written into the record gives the same numbers."""
    practice = Practice.create(registry=registry_for(None), profile="eu", seed=3)
    course = read_folder(CLINIC, as_of=AS_OF).courses["N037"].until(AS_OF)
    dosed = suppose_dose(course, date(2024, 8, 1))
    recorded = replace(dosed.doses[-1], end=dosed.doses[-1].at + timedelta(hours=1))
    same = replace(dosed, doses=(*dosed.doses[:-1], recorded))
    expected = forecast_course(same, date(2024, 8, 1), practice, planned=None)
    assert answer.after_dose is not None
    for day, (level, _) in expected.by_day.items():
        assert answer.after_dose.by_day[day][0].median == pytest.approx(level.median, rel=1e-9)


def test_a_dose_in_the_past_is_refused() -> None:
    with pytest.raises(InputError, match="before the as-of day"):
        run_forecast(replace(QUESTION, next_dose=date(2024, 6, 29)))


def test_a_dose_on_the_day_of_the_last_is_refused() -> None:
    with pytest.raises(InputError, match="not after the last dose"):
        run_forecast(replace(QUESTION, as_of=date(2024, 6, 19), next_dose=date(2024, 6, 19)))


def test_unknown_person_gets_near_names() -> None:
    with pytest.raises(InputError, match="N03"):
        run_forecast(replace(QUESTION, person="N03"))


def test_no_question_no_supposition() -> None:
    plain = run_forecast(replace(QUESTION, next_dose=None))
    assert plain.until_dose is None
    assert plain.after_dose is None
    assert Path(CLINIC).is_dir()
