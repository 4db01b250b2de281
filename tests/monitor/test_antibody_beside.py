"""C10: level and activity part by antibodies, so neither message stands without their status."""

from __future__ import annotations

import pytest

from openntz.monitor.finding import Status
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.antibody_beside import antibody_status
from tests.build import (
    antibody,
    course,
    days_before,
    doses_until,
    finding,
    forecast,
    level,
    symptom,
    verdict,
    without,
)

ON = doses_until(days_before(10), 30)
POSITIVE_TWICE = (
    antibody(days_before(200), "positive", line=80),
    antibody(days_before(100), "positive", line=81),
)


@pytest.mark.parametrize(
    ("tests", "profile", "words"),
    [
        ((), "eu", "Antibodies were never tested."),
        ((antibody(days_before(9), "negative"),), "eu", "not persistent by the EU label"),
        (POSITIVE_TWICE, "eu", "Antibodies: persistent by the EU label"),
        (POSITIVE_TWICE, "study", "Antibodies: persistent by the AFFIRM trial"),
        (POSITIVE_TWICE[:1], "eu", "not known to be persistent or not by the EU label"),
    ],
)
def test_status_in_words(tests, profile, words):
    made = course(doses=ON, measurements=tests)
    found = antibody_status(made, load_profile(profile))
    assert words in found.text
    assert {r.line for r in found.refs} == {t.ref.line for t in tests}


def test_without_the_table_the_status_is_not_known():
    found = antibody_status(course(recorded=without("measurements")), load_profile("eu"))
    assert "not in the export" in found.text


def _low(value: float, *tests):
    drawn = level(days_before(10), value, line=70)
    made = course(doses=ON, measurements=[drawn, *tests])
    return finding("level.low", made, predicted=forecast(levels=(verdict(drawn),)))


@pytest.mark.parametrize(
    ("value", "status", "studies"),
    [
        (0.9, Status.ACT, True),
        (1.9, Status.DUE, True),
        (4.9, Status.WATCH, False),
        (20.0, Status.OK, False),
    ],
)
def test_a_low_level_stands_beside_the_antibodies(value, status, studies):
    found = _low(value, *POSITIVE_TWICE)
    assert found.status is status
    told = status is not Status.OK
    assert ("Antibodies: persistent" in found.message) is told
    assert ("measurements:81" in found.evidence) is told
    # Activity is named only with antibodies, and both studies with it.
    for words in ("van Kempen 2017", "Vennegoor 2013", "part by antibodies"):
        assert (words in found.message) is studies


def test_wearing_off_stands_beside_the_antibodies_and_names_no_cause():
    made = course(
        doses=ON,
        symptoms=[symptom(days_before(20))],
        measurements=[level(days_before(30), 24.0), *POSITIVE_TWICE],
    )
    found = finding("symptom.wearing-off", made)
    assert "Antibodies: persistent by the EU label" in found.message
    assert "not as a sign of too little drug" in found.message
    for words in ("because", "due to", "caused by", "explains"):
        assert words not in found.message
