"""indication.relapsing-ms and contraindication.condition, by the leaflet's and guide's words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.course.events import Ref
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.conditions import CONDITION
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_until,
    finding,
    person,
    plan,
    situation,
    symptom,
    treatment,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
INDICATION, DISEASES = "indication.relapsing-ms", "contraindication.condition"
STOP = plan(days_before(30), stopped=days_before(30), reason="choice", line=8)


def treated(diagnosis: str = "", conditions: str = "", *, off: bool = False, **events) -> Course:
    """On therapy since a year, or stopped a month ago."""
    who = replace(person(), diagnosis=diagnosis, conditions=conditions)
    given = doses_until(days_before(30 if off else 7), 13)
    plans = [STOP] if off else []
    return course(who=who, doses=given, plans=plans, **events)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [
        ("RRMS", OK),
        ("relapsing-remitting MS", OK),
        ("Relapsing MS", OK),
        ("PPMS", DUE),
        ("primary progressive MS", DUE),
        ("SPMS", DUE),
        ("NMOSD, AQP4 positive", DUE),
        ("non-relapsing SPMS", DUE),
        ("no relapses", DUE),
        ("SPMS with relapses", WATCH),
        ("possible PPMS", WATCH),
        ("multiple sclerosis", WATCH),
        ("", UNKNOWN),
    ],
)
def test_indication_is_relapsing_ms_by_the_guide(diagnosis, expected, profile):
    found = finding(INDICATION, treated(diagnosis), profile=profile)
    assert found.status is expected
    assert found.evidence == ("people:2",)
    assert "founding-s2" in found.sources


def test_indication_not_recorded_takes_one_sentence():
    message = finding(INDICATION, treated()).message
    assert message == ("The kind of multiple sclerosis is not recorded (people, column diagnosis).")


def test_indication_is_not_asked_off_therapy_but_before_a_first_dose():
    assert finding(INDICATION, treated("PPMS", off=True)).status is OK
    nobody = course(who=replace(person(), diagnosis="PPMS"))
    assert finding(INDICATION, nobody).status is UNKNOWN
    booked = course(who=nobody.person, doses=[dose(AS_OF + timedelta(days=9))])
    assert finding(INDICATION, booked).status is DUE


# ── contraindication.condition


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("conditions", "on", "off"),
    [
        ("breast cancer", ACT, WATCH),
        ("asthma; malignant melanoma 2024", ACT, WATCH),
        ("HIV infection", ACT, WATCH),
        ("kidney transplant", ACT, WATCH),
        ("PML 2012", ACT, WATCH),
        ("history of PML", ACT, WATCH),
        ("history of breast cancer", WATCH, WATCH),
        ("lymphoma in remission", WATCH, WATCH),
        ("suspected lymphoma", WATCH, WATCH),
        ("?PML", WATCH, WATCH),
        ("basal cell carcinoma", OK, OK),
        ("BCC 2019; hypertension", OK, OK),
        ("basal cell carcinoma; colon cancer", ACT, WATCH),
        ("mother with breast cancer", OK, OK),
        ("HIV negative", OK, OK),
        ("hives; hearing aids", OK, OK),
        ("no cancer", OK, OK),
        ("benign tumour of the breast", OK, OK),
        ("none", OK, OK),
        ("", UNKNOWN, OK),
    ],
)
def test_diseases_that_forbid_it_by_the_leaflet(conditions, on, off, profile):
    assert finding(DISEASES, treated("RRMS", conditions), profile=profile).status is on
    stopped = treated("RRMS", conditions, off=True)
    assert finding(DISEASES, stopped, profile=profile).status is off


def test_disease_among_the_symptoms_counts_until_it_is_excluded():
    seen = symptom(days_before(20), "cervical carcinoma", line=5)
    found = finding(DISEASES, treated(conditions="none", symptoms=[seen]))
    assert found.status is ACT
    assert found.evidence[0] == "symptoms:5"
    answer = symptom(days_before(3), "carcinoma excluded", line=6)
    cleared = treated(conditions="none", symptoms=[seen, answer])
    assert finding(DISEASES, cleared).status is OK


@pytest.mark.parametrize(
    ("end", "expected"),
    [(None, WATCH), (AS_OF, WATCH), (AS_OF - timedelta(days=1), OK)],
)
def test_chemotherapy_going_on_may_stand_for_a_cancer(end: date | None, expected):
    given = treatment(days_before(40), "chemotherapy", "other", end=end, line=9)
    assert finding(DISEASES, treated(conditions="none", treatments=[given])).status is expected


def test_disease_forbids_a_first_dose_and_nobody_else_who_was_never_dosed():
    ill = replace(person(), conditions="leukaemia")
    assert finding(DISEASES, course(who=ill)).status is UNKNOWN
    booked = course(who=ill, doses=[dose(AS_OF + timedelta(days=9))])
    assert finding(DISEASES, booked).status is ACT


def test_lost_rows_of_symptoms_are_not_read_as_none():
    profile = load_profile("eu")
    made = situation(treated("RRMS", "none"))
    made = replace(made, incomplete=frozenset({"symptoms"}))
    (found,) = evaluate(made, profile, {"eu": profile}, (CONDITION,))
    assert found.status is UNKNOWN
    assert Ref("people", 2) in [Ref(*_split(e)) for e in found.evidence]


def _split(text: str) -> tuple[str, int]:
    table, line = text.split(":")
    return table, int(line)
