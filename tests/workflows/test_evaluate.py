"""`openntz evaluate`: planted truths, hindsight, and what is written."""

from __future__ import annotations

import csv
import json
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import stats

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.errors import InputError
from openntz.forecast.likelihood import Kind
from openntz.forecast.scoreboard import Evaluation
from openntz.report.evaluate_exports import PREDICTION_HEADER, evaluation_json, prediction_rows
from openntz.report.evaluate_page import evaluation_page
from openntz.workflows.evaluate import EvaluateRequest, evaluate_courses, run_evaluate
from tests.build import dose, doses_every, measurement, person
from tests.workflows.simulated_clinic import AS_OF, FIRST, clinic, practice


def _evaluate(courses: list[Course]) -> Evaluation:
    return evaluate_courses(courses, AS_OF, practice())


@lru_cache(maxsize=1)
def _true_model() -> Evaluation:
    return _evaluate(clinic(60))


def test_coverage_is_nominal_for_people_from_the_model() -> None:
    found = _true_model()
    n = len(found.scored)
    assert n == 240
    for interval, share in ((0.5, found.groups[0].inner), (0.9, found.groups[0].outer)):
        assert share is not None
        low, high = stats.binom.ppf((0.001, 0.999), n, interval) / n
        assert low <= share.value <= high


def test_transforms_are_uniform_for_people_from_the_model() -> None:
    u = [r.pit[0] for r in _true_model().scored]
    assert stats.kstest(u, "uniform").pvalue > 0.001


def test_no_bias_and_no_drift_for_people_from_the_model() -> None:
    found = _true_model()
    everybody = found.groups[0].bias
    assert everybody is not None
    assert abs(everybody.mean) < 3.3 / np.sqrt(everybody.count)
    assert not found.alarms


def test_more_levels_make_smaller_errors() -> None:
    by_used = {g.name: g for g in _true_model().groups if g.by == "levels used"}
    assert set(by_used) == {"0", "1", "2", "3"}
    first, last = by_used["0"].errors.rmse, by_used["3"].errors.rmse
    assert first is not None
    assert last is not None
    assert last < first


def test_a_planted_bias_is_detected() -> None:
    found = _evaluate(clinic(25, factor=lambda _: 1.35))
    first = next(g for g in found.groups if g.by == "levels used" and g.name == "0")
    everybody = found.groups[0]
    assert everybody.bias is not None
    assert everybody.bias.low > 0.0
    assert first.errors.mpe is not None
    # Forecasts from the population are right for the true level, so 1/1.35 of the measured.
    assert first.errors.mpe < 0.0


def test_a_planted_drift_raises_the_alarm_after_it_began() -> None:
    turn = date(2023, 1, 15)
    found = _evaluate(
        clinic(60, levels=(3, 6, 9), factor=lambda day: 1.7 if day >= turn else 1.0, seed=4)
    )
    (alarm,) = found.alarms
    assert alarm.drift.direction == "higher"
    assert alarm.drift.alarm is not None
    assert alarm.rows[alarm.drift.alarm].day >= turn
    assert alarm.ratio is not None
    assert alarm.ratio > 1.1
    assert "ALARM" in evaluation_page(found)


def test_a_forecast_knows_nothing_of_its_own_day_or_later() -> None:
    (course,) = clinic(1)
    levels = course.results(vocabulary.NATALIZUMAB)
    changed = replace(
        course,
        measurements=tuple(
            replace(m, value=2.0 * (m.value or 0.0)) if m is levels[2] else m
            for m in course.measurements
        ),
    )
    before, after = _evaluate([course]).rows, _evaluate([changed]).rows
    assert [r.used for r in before] == [0, 1, 2, 3]
    for i in range(3):
        assert before[i].quantiles == after[i].quantiles
    assert before[3].quantiles != after[3].quantiles


def test_limits_are_counted_by_their_probability() -> None:
    found = _evaluate(clinic(25, lloq=20.0, seed=9))
    everybody = found.groups[0]
    limits = [r for r in found.scored if r.kind is Kind.BELOW]
    assert everybody.limits == len(limits) == everybody.below_found > 10
    assert everybody.errors.count == len(found.scored) - len(limits)
    probability = np.array([r.below_limit for r in found.scored], float)
    assert everybody.below_forecast == pytest.approx(probability.sum())
    # The number found is a sum of events with these probabilities.
    spread = np.sqrt((probability * (1.0 - probability)).sum())
    assert abs(everybody.below_found - everybody.below_forecast) < 3.5 * spread


def _odd() -> Course:
    """One usable level, one drawn on the drip, one without number, one before any dose."""
    doses = doses_every(FIRST, 8)
    return Course.create(
        person("<b>odd</b>", date(1980, 5, 5)),
        doses=doses,
        measurements=[
            measurement(vocabulary.WEIGHT, FIRST, 70.0, unit="kg"),
            measurement(vocabulary.NATALIZUMAB, "2021-06-01", 5.0, line=3),
            measurement(vocabulary.NATALIZUMAB, doses[3].day, 25.0, line=4),
            measurement(vocabulary.NATALIZUMAB, f"{doses[5].day}T10:30", 90.0, line=5),
            measurement(vocabulary.NATALIZUMAB, doses[6].day, None, line=6),
        ],
    )


def test_no_level_is_dropped_in_silence() -> None:
    found = _evaluate([_odd()])
    assert len(found.rows) == 4
    assert len(found.scored) == 1
    assert sum(n for _, n in found.reasons) == 3
    assert all(r.reason for r in found.rows if not r.scored)


def test_people_without_dose_or_outside_the_domain_say_so() -> None:
    level = measurement(vocabulary.NATALIZUMAB, "2023-03-01", 20.0, line=3)
    undosed = Course.create(person("U", None), doses=(), measurements=[level])
    child = Course.create(
        person("C", date(2012, 1, 1)),
        doses=[dose("2023-01-02T10:00"), dose("2023-02-01T10:00")],
        measurements=[level],
    )
    rows = _evaluate([undosed, child]).rows
    assert "no dose" in rows[0].reason
    assert "outside domain" in rows[1].reason


def test_outside_text_is_no_markup_on_the_page() -> None:
    course = _odd()
    named = tuple(
        replace(m, assay=replace(m.assay, name="<script>x</script>") if m.assay else None)
        for m in course.measurements
    )
    lab = measurement(
        vocabulary.NATALIZUMAB, course.doses[4].day, 20.0, assay="<script>x</script>", line=9
    )
    page = evaluation_page(_evaluate([replace(course, measurements=(*named, lab))]))
    assert "<script" not in page
    assert "<b>odd" not in page
    assert "&lt;script&gt;" in page


def test_numbers_written_are_those_found() -> None:
    found = _true_model()
    rows = [dict(zip(PREDICTION_HEADER, row, strict=True)) for row in prediction_rows(found)]
    assert len(rows) == len(found.rows)
    assert float(rows[0]["median"]) == pytest.approx(found.rows[0].predicted, rel=1e-5)
    written = json.loads(evaluation_json(found))
    assert written["scored"] == len(found.scored)
    assert written["groups"][0]["errors"]["mpe"] == found.groups[0].errors.mpe
    assert set(written["definitions"]) >= {"MPE", "MAPE", "RMSE", "coverage", "drift", "pcVPC"}
    page = evaluation_page(found)
    assert all(
        meaning.split(".")[0][:40] in page for meaning in ("Mean of (predicted - measured)",)
    )


def test_same_seed_same_bytes_whatever_the_workers() -> None:
    courses = clinic(22)
    one, two = (evaluate_courses(courses, AS_OF, practice(), workers=w) for w in (1, 2))
    assert list(prediction_rows(one)) == list(prediction_rows(two))
    assert evaluation_json(one) == evaluation_json(two)


def test_files_of_the_example_clinic(tmp_path: Path) -> None:
    out = tmp_path / "out"
    request = EvaluateRequest(
        folder=Path("examples/clinic"), out=out, as_of=date(2019, 12, 31), seed=1
    )
    outcome = run_evaluate(request)
    assert outcome.index.read_text("utf-8").startswith("<!doctype html>")
    with (out / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(outcome.evaluation.rows) > 0
    assert {r["status"] for r in rows} <= {"scored", "not scored"}


def test_no_level_at_all_is_refused(tmp_path: Path) -> None:
    request = EvaluateRequest(
        folder=Path("examples/clinic"), out=tmp_path / "o", as_of=date(2010, 1, 1), seed=1
    )
    with pytest.raises(InputError, match="no natalizumab level"):
        run_evaluate(request)
