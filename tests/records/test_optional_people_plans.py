"""Diagnosis and other diseases of people, consent and authorisation of plans, virus in CSF."""

from __future__ import annotations

from datetime import date

import pytest

from openntz.course import vocabulary
from tests.records.build import AS_OF, read

PLANS = "person,date,planned_interval_days,stopped,reason,{header}\n{row}\n"
PEOPLE = "person,birth_date,{header}\nA,1985-06-15,{row}\n"


@pytest.mark.parametrize("header", ["diagnosis", "MS type", "ms_course", "Phenotype"])
def test_diagnosis_is_read_as_written(tmp_path, header):
    records = read(tmp_path, people=PEOPLE.format(header=header, row="RRMS"))
    person = records.courses["A"].person
    assert person.diagnosis == "RRMS"
    assert not person.extra


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("asthma; history of melanoma", "asthma; history of melanoma"),
        ("none", "none"),
        ("n/a", ""),
        ("", ""),
    ],
)
def test_conditions_are_kept_as_one_text_and_a_blank_is_not_none(tmp_path, cell, kept):
    text = PEOPLE.format(header="comorbidities", row=cell)
    assert read(tmp_path, people=text).courses["A"].person.conditions == kept


@pytest.mark.parametrize(
    ("header", "cell", "day"),
    [
        ("consent", "2024-03-02", date(2024, 3, 2)),
        ("consent", "yes", date(2024, 3, 5)),
        ("consent", "no", None),
        ("consent", "", None),
        ("authorized", "2024-03-02", date(2024, 3, 2)),
        ("authorisation", "x", date(2024, 3, 5)),
    ],
)
def test_consent_and_authorisation_are_days(tmp_path, header, cell, day):
    text = PLANS.format(header=header, row=f"A,2024-03-05,28,,,{cell}")
    (plan,) = read(tmp_path, plans=text).courses["A"].plans
    found = plan.consent if header == "consent" else plan.authorised
    assert found == day
    assert plan.planned_interval_days == 28


def test_plan_may_say_only_that_consent_was_given(tmp_path):
    text = PLANS.format(header="consent", row="A,2024-03-05,,,,2024-03-05")
    records = read(tmp_path, plans=text)
    (plan,) = records.courses["A"].plans
    assert plan.consent == date(2024, 3, 5)
    assert plan.planned_interval_days is None
    assert not records.rejected


def test_consent_after_the_day_of_the_review_is_not_given_yet(tmp_path):
    later = AS_OF.replace(year=AS_OF.year + 1)
    text = PLANS.format(header="consent", row=f"A,2024-03-05,28,,,{later}")
    (plan,) = read(tmp_path, plans=text).courses["A"].plans
    assert plan.consent is None


@pytest.mark.parametrize(
    ("value", "unit", "answer", "number"),
    [
        ("positive", "", "positive", None),
        ("not detected", "", "negative", None),
        ("25", "copies/mL", None, 25.0),
    ],
)
def test_virus_in_csf_is_an_answer_or_copies(tmp_path, value, unit, answer, number):
    text = f"person,taken,test,value,unit,lloq\nA,2024-03-05,CSF JCV PCR,{value},{unit},\n"
    records = read(tmp_path, measurements=text)
    assert not records.rejected
    (found,) = records.courses["A"].results(vocabulary.JCV_DNA)
    assert found.answer == answer
    assert found.value == number
