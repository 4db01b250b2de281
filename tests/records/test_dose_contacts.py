"""Discharge, follow-up call and hotline of a dose: optional, and never guessed."""

from __future__ import annotations

from datetime import datetime

import pytest

from openntz.course.events import Contact
from tests.records.build import only, read

HEADER = "person,start,end,dose_mg,route,discharged,follow_up_call,hotline"


def dose(folder, discharged="", call="", hotline="", start="2024-05-01T10:00"):
    row = f"A,{start},2024-05-01T11:00,300,IV,{discharged},{call},{hotline}"
    records = read(folder, doses=f"{HEADER}\n{row}\n")
    (given,) = records.courses["A"].doses
    return given, records


def test_moments_are_read_as_moments(tmp_path):
    given, records = dose(tmp_path, "2024-05-01T11:20", "2024-05-01T12:20", "2024-05-02T08:00")
    assert given.discharged == datetime(2024, 5, 1, 11, 20)
    assert given.follow_up_call == Contact(datetime(2024, 5, 1, 12, 20), True, "")
    assert given.hotline == Contact(datetime(2024, 5, 2, 8), True, "")
    assert not records.rejected
    assert not records.notes


def test_words_are_kept_as_words(tmp_path):
    given, records = dose(tmp_path, call="well; spoke to her", hotline="rash since the evening")
    assert given.follow_up_call == Contact(None, False, "well; spoke to her")
    assert given.hotline == Contact(None, False, "rash since the evening")
    assert not records.rejected


def test_empty_cells_and_absent_columns_are_not_recorded(tmp_path):
    given, records = dose(tmp_path)
    assert (given.discharged, given.follow_up_call, given.hotline) == (None, None, None)
    assert not records.rejected


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("discharged", "2024-05-01T09:59"),
        ("discharged", "2024-05-01T10:00"),
        ("call", "2024-05-01T09:59"),
        ("call", "2024-04-30"),
        ("hotline", "2024-04-30T23:00"),
        ("call", "2024-05-32"),
        ("hotline", "11:45"),
    ],
)
def test_what_cannot_be_is_rejected_and_the_dose_kept(tmp_path, column, value):
    given, records = dose(tmp_path, **{column: value})
    problem = only(records.rejected)
    name = "follow_up_call" if column == "call" else column
    assert (problem.table, problem.line, problem.column) == ("doses", 2, name)
    assert problem.value == value
    assert problem.remedy
    assert getattr(given, name) is None


def test_a_discharge_without_time_of_day_is_set_aside_and_said(tmp_path):
    given, records = dose(tmp_path, "2024-05-01")
    assert given.discharged is None
    assert "no time of day" in only(records.notes).reason


def test_a_call_on_the_day_without_time_of_day_is_kept(tmp_path):
    given, _ = dose(tmp_path, call="2024-05-01")
    assert given.follow_up_call == Contact(datetime(2024, 5, 1), False, "")
