"""Rows of different tables that cannot both be right are named together, with the remedy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.records.summary import check_lines
from tests.records.build import AS_OF, dose_rows, only, read

PLANS = "person,date,planned_interval_days,stopped,reason\nA,2024-03-01,,2024-03-01,{}\n"
PREGNANT = "person,conception,due,delivery,outcome\nA,2024-03-01,,,\n"
MAN = "person,birth_date,sex,ms_onset\nB,1980-01-01,F,\nA,1980-01-01,M,2010-05-01\n"
DOSE = "A,{0}T10:00,{0}T11:00,300,IV,Tysabri,B1,clinic,"


def test_a_pregnancy_of_somebody_recorded_as_male_names_both_rows(tmp_path):
    records = read(tmp_path, people=MAN, pregnancies=PREGNANT)
    note = only(records.notes)
    assert (note.kind, note.table, note.line, note.column, note.value, note.person) == (
        *("assumed", "people", 3, "sex", "M", "A"),
    )
    assert "pregnancies line 2" in note.reason
    assert note.remedy
    assert len(records.courses["A"].pregnancies) == 1
    assert any(
        "people.csv:3" in line and "pregnancies line 2" in line for line in check_lines(records)
    )


@pytest.mark.parametrize("sex", ["F", ""])
def test_a_pregnancy_of_anybody_else_is_no_contradiction(tmp_path, sex):
    people = f"person,birth_date,sex,ms_onset\nA,1980-01-01,{sex},2010-05-01\n"
    assert not read(tmp_path, people=people, pregnancies=PREGNANT).notes


def test_a_dose_after_a_recorded_death_names_both_rows(tmp_path):
    doses = dose_rows(DOSE.format("2024-02-01"), DOSE.format("2024-03-02"))
    records = read(tmp_path, plans=PLANS.format("died"), doses=doses)
    note = only(records.notes)
    assert (note.table, note.line, note.column, note.value) == ("plans", 2, "reason", "died")
    assert "doses line 3" in note.reason
    assert "taken as alive" in note.reason
    assert note.remedy
    assert len(records.courses["A"].doses) == 2


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("mri", "person,date,gadolinium_lesions\nA,2024-13-45,0\n"),
        ("doses", dose_rows(DOSE.format("2024-02-01"), "A,last spring,,300,IV,,,,")),
    ],
)
def test_a_row_set_aside_speaks_against_a_recorded_death(tmp_path, table, rows):
    tables = {"doses": dose_rows(DOSE.format("2024-02-01")), table: rows}
    records = read(tmp_path, plans=PLANS.format("died"), **tables)
    note = only(records.notes)
    assert (note.table, note.line, note.column, note.value) == ("plans", 2, "reason", "died")
    assert f"rows of this person in {table} were set aside or lost" in note.reason
    assert "taken as alive" in note.reason
    assert records.incomplete == {"A": frozenset({table})}


@pytest.mark.parametrize(
    "reason", ["died; wife informed us", "verstorben (laut Ehefrau)", "death: husband"]
)
def test_a_death_beside_a_relative_is_said_not_to_be_known_whose(tmp_path, reason):
    doses = dose_rows(DOSE.format("2024-02-01"))
    note = only(read(tmp_path, plans=PLANS.format(reason), doses=doses).notes)
    assert (note.table, note.line, note.column, note.value) == ("plans", 2, "reason", reason)
    assert "taken as alive" in note.reason
    assert note.remedy


@pytest.mark.parametrize("reason", ["died", "husband wants it", "fear of death of her mother"])
def test_a_death_or_a_relative_alone_leaves_nothing_open(tmp_path, reason):
    doses = dose_rows(DOSE.format("2024-02-01"))
    assert not read(tmp_path, plans=PLANS.format(reason), doses=doses).notes


def test_a_result_set_aside_does_not(tmp_path):
    rows = "person,taken,test,value,unit\nA,2024-13-45,alt,20,U/L\n"
    doses = dose_rows(DOSE.format("2024-02-01"))
    records = read(tmp_path, plans=PLANS.format("died"), doses=doses, measurements=rows)
    assert "measurements" in records.incomplete["A"]
    assert not records.notes


def test_a_dose_booked_after_the_review_speaks_against_a_recorded_death(tmp_path):
    doses = dose_rows(DOSE.format("2024-02-01"), DOSE.format(AS_OF + timedelta(days=7)))
    notes = read(tmp_path, plans=PLANS.format("died"), doses=doses).notes
    note = only(tuple(n for n in notes if n.kind == "assumed"))
    assert (note.table, note.line, note.column) == ("plans", 2, "reason")
    assert "doses line 3" in note.reason


@pytest.mark.parametrize(("reason", "last"), [("died", "2024-03-01"), ("moved", "2024-03-02")])
def test_no_dose_after_a_death_and_another_reason_are_no_contradiction(tmp_path, reason, last):
    records = read(tmp_path, plans=PLANS.format(reason), doses=dose_rows(DOSE.format(last)))
    assert not records.notes
