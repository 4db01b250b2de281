"""symptom.wearing-off: every status, each limit a day either side, and no causal words."""

from __future__ import annotations

import pytest

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import (
    NO_FORECAST,
    course,
    days_before,
    doses_on,
    finding,
    forecast,
    level,
    measurement,
    plan,
    symptom,
    verdict,
    without,
)

DUE, WATCH, UNKNOWN, OK = Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "symptom.wearing-off"
ON = doses_on([days_before(400), days_before(10)])


def on(*symptoms, **events) -> Course:
    return course(doses=ON, symptoms=symptoms, **events)


def saturation(value: float):
    return measurement(vocabulary.SATURATION, days_before(30), value, line=71)


@pytest.mark.parametrize("ago", [0, 364, 365])
def test_recorded_without_a_check_is_due(ago):
    found = finding(RULE, on(symptom(days_before(ago), line=60)))
    assert found.status is DUE
    assert "symptoms:60" in found.evidence
    assert "Neither level nor saturation was ever checked" in found.message


def test_recorded_longer_ago_is_not_present():
    found = finding(RULE, on(symptom(days_before(366), line=60)))
    assert found.status is OK
    assert str(days_before(366)) in found.message


@pytest.mark.parametrize(
    "result",
    [level(days_before(700), 24.0, line=70), saturation(0.83)],
    ids=["level", "saturation"],
)
def test_recorded_with_a_check_is_watch(result):
    found = finding(RULE, on(symptom(days_before(20)), measurements=[result]))
    assert found.status is WATCH


def test_level_saturation_and_forecast_are_shown():
    made = on(
        symptom(days_before(20)), measurements=[level(days_before(40), 24.0), saturation(0.83)]
    )
    found = finding(RULE, made, predicted=forecast())
    for part in ("level 24 µg/mL", "saturation 83 %", "Forecast at the planned dose: level 25"):
        assert part in found.message
    alone = finding(RULE, made, predicted=forecast(status="prior only"))
    assert "no level fitted" in alone.message
    assert "Forecast" not in finding(RULE, made, predicted=forecast(**NO_FORECAST)).message


def test_level_that_could_not_be_used_is_no_check():
    taken = level(days_before(40), 185.0, line=70)
    made = on(symptom(days_before(20)), measurements=[taken])
    predicted = forecast(levels=(verdict(taken, "not a trough"),))
    found = finding(RULE, made, predicted=predicted)
    assert found.status is DUE
    assert "could not be used" in found.message
    assert finding(RULE, made, predicted=forecast(levels=(verdict(taken),))).status is WATCH


@pytest.mark.parametrize(
    "name", ["wearing-off", "Wearing off", "wearing_off", "WEARING-OFF effect"]
)
def test_spellings(name):
    assert finding(RULE, on(symptom(days_before(9), name))).status is DUE


def test_other_and_denied_symptoms_do_not_count():
    assert finding(RULE, on(symptom(days_before(9), "fatigue"))).status is OK
    denied = symptom(days_before(9), "fatigue", comment="no wearing-off")
    assert finding(RULE, on(denied)).status is OK


def test_says_that_studies_disagree_and_claims_no_cause():
    found = finding(RULE, on(symptom(days_before(9))))
    for part in ("Studies disagree", "Bringeland 2020", "van Kempen 2019", "39 %", "19 %"):
        assert part in found.message
    for word in ("because", "due to", "caused"):
        assert word not in found.message
    assert {"bringeland-2020", "van-kempen-2019"} <= set(found.sources)


def test_none_recorded_is_ok_and_missing_table_unknown():
    assert finding(RULE, on()).status is OK
    found = finding(RULE, course(recorded=without("symptoms"), doses=ON))
    assert found.status is UNKNOWN
    assert "symptoms is not in the export" in found.message


def test_missing_measurements_leave_the_check_unknown():
    made = course(recorded=without("measurements"), doses=ON, symptoms=[symptom(days_before(9))])
    found = finding(RULE, made)
    assert found.status is WATCH
    assert "measurements is not in the export" in found.message


def test_off_therapy_and_never_dosed():
    stop = plan(days_before(30), stopped=days_before(30))
    off = course(
        doses=doses_on([days_before(400), days_before(30)]),
        plans=[stop],
        symptoms=[symptom(days_before(40))],
    )
    assert finding(RULE, off).status is OK
    assert finding(RULE, course(symptoms=[symptom(days_before(40))])).status is UNKNOWN
