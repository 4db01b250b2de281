"""The clinic's list of acknowledged findings: every fault with its place, the rest holds."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from openntz.errors import InputError
from openntz.monitor.finding import Status
from openntz.records.acknowledged import COLUMNS, read_acknowledged

PEOPLE = ("N001", "N002")
RULES = ("review.due", "level.low")
AS_OF = date(2024, 6, 30)
HEAD = "person,rule,who,when,until,status,reason\n"


def read(path: Path, text: str | bytes):
    file = path / "acknowledged.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_acknowledged(file, PEOPLE, RULES, AS_OF)


def test_a_row_becomes_an_entry(tmp_path):
    done = read(tmp_path, HEAD + "N001,review.due,Nurse B,2024-06-01,2024-07-31,due,booked\n")
    (entry,) = done.entries.values()
    assert (entry.who, entry.when, entry.until) == ("Nurse B", date(2024, 6, 1), date(2024, 7, 31))
    assert (entry.status, entry.reason) == (Status.DUE, "booked")
    assert done.rejected == done.notes == ()


def test_columns_in_any_order_with_semicolons_and_without_the_optional_ones(tmp_path):
    text = "until;Person;RULE;when;who\n31.07.2024;N001;level.low;13.06.2024;Ärztin\n"
    done = read(tmp_path, text.encode("cp1252"))
    (entry,) = done.entries.values()
    assert (entry.who, entry.until, entry.status) == ("Ärztin", date(2024, 7, 31), None)
    assert any("Windows-1252" in note.reason for note in done.notes)


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("N009,review.due,B,2024-06-01,2024-07-01,,", "person", "N009", "nobody in this export"),
        ("N001,reviw.due,B,2024-06-01,2024-07-01,,", "rule", "reviw.due", "no rule"),
        ("N001,review.due,,2024-06-01,2024-07-01,,", "who", "", "empty"),
        ("N001,review.due,B,2024-06-31,2024-07-01,,", "when", "2024-06-31", "no such day"),
        ("N001,review.due,B,2024-06-01,soon,,", "until", "soon", "not a date"),
        ("N001,review.due,B,2024-06-01,2024-05-31,,", "until", "2024-05-31", "before the day"),
        ("N001,review.due,B,2024-06-01,2024-07-01,bad,", "status", "bad", "no status"),
        ("N001,review.due,B,2024-06-01", "", "N001,review.due,B,2024-06-01", "fewer cells"),
    ],
)
def test_a_fault_names_line_column_value_and_remedy_and_the_rest_holds(
    tmp_path, row, column, value, reason
):
    good = "N002,level.low,A,2024-06-01,2024-07-01,watch,\n"
    done = read(tmp_path, HEAD + row + "\n" + good)
    (problem,) = done.rejected
    assert (problem.table, problem.line, problem.column) == ("acknowledged.csv", 2, column)
    assert problem.value == value
    assert reason in problem.reason
    assert problem.remedy
    assert list(done.entries) == [("N002", "level.low")]


def test_a_near_miss_is_offered(tmp_path):
    done = read(tmp_path, HEAD + "N001,reviw.due,B,2024-06-01,2024-07-01,,\n")
    assert "Did you mean review.due?" in done.rejected[0].remedy


@pytest.mark.parametrize(
    ("first", "second", "who", "line"),
    [
        ("2024-05-01", "2024-06-01", "Second", 2),
        ("2024-06-01", "2024-05-01", "First", 3),
        ("2024-06-01", "2024-06-01", "Second", 2),
    ],
)
def test_of_two_entries_the_later_one_stands_and_the_other_is_named(
    tmp_path, first, second, who, line
):
    rows = [
        f"N001,review.due,{name},{when},2024-07-01,,\n"
        for name, when in (("First", first), ("Second", second))
    ]
    done = read(tmp_path, HEAD + "".join(rows))
    assert [e.who for e in done.entries.values()] == [who]
    (note,) = done.notes
    assert (note.line, note.kind) == (line, "duplicate")


def test_an_entry_given_after_the_as_of_day_is_noted_and_not_used(tmp_path):
    done = read(tmp_path, HEAD + "N001,review.due,B,2024-07-01,2024-08-01,,\n")
    assert not done.entries
    assert "after 2024-06-30" in done.notes[0].reason


def test_an_unknown_column_is_noted(tmp_path):
    text = "person,rule,who,when,until,ward\nN001,review.due,B,2024-06-01,2024-07-01,4\n"
    done = read(tmp_path, text)
    assert len(done.entries) == 1
    assert done.notes[0].column == "ward"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"person,rule,who,when\nN001,review.due,B,2024-06-01\n",
        b"person,person,rule,who,when,until\n",
        b"PK\x03\x04zip",
        bytes(range(32)) * 20,
    ],
    ids=["empty", "a column missing", "a column twice", "a zip", "not text"],
)
def test_a_file_that_cannot_be_used_is_an_error_with_a_remedy(tmp_path, text):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert caught.value.where == "--acknowledged"
    assert caught.value.remedy
    assert "acknowledged.csv" in caught.value.what


@pytest.mark.parametrize("name", ["missing.csv", ".", "a\0b"])
def test_a_path_that_cannot_be_read_is_an_error(tmp_path, name):
    with pytest.raises(InputError, match="cannot be read"):
        read_acknowledged(tmp_path / name, PEOPLE, RULES, AS_OF)


def test_control_signs_are_spelled_out(tmp_path):
    done = read(tmp_path, HEAD + "N001,review.due,B\x1b[2J,2024-06-01,2024-07-01,,x\x07\n")
    (entry,) = done.entries.values()
    assert entry.who.isprintable()
    assert entry.reason.isprintable()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_rows_become_entries_or_problems_and_never_an_exception(tmp_path, rows):
    text = HEAD + "\n".join(rows) + "\n"
    # A file of control characters is refused as a whole: it is not text.
    assume(sum(ord(c) < 32 and c not in "\t\n\r\f\0" for c in text) < 0.05 * len(text))
    done = read(tmp_path, text)
    assert set(done.entries) <= {(p, r) for p in PEOPLE for r in RULES}
    assert all(p.reason for p in (*done.rejected, *done.notes))
    assert len(COLUMNS) == 7
