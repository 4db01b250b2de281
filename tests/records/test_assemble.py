"""From rows to courses: repeated rows, contradictions, orders, people."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.records.build import AS_OF, PEOPLE, dose_rows, only, read, result_rows


def doses(tmp_path, *rows, **others):
    records = read(tmp_path, doses=dose_rows(*rows), **others)
    return records.courses["A"].doses, records


def iv(start, end="", mg="300", batch="B1", route="IV"):
    return f"A,{start},{end},{mg},{route},Tysabri,{batch},clinic,"


def test_out_of_order_rows_come_out_in_order(tmp_path):
    found, records = doses(
        tmp_path,
        iv("2024-03-01T10:00", "2024-03-01T11:00"),
        iv("2024-01-01T10:00", "2024-01-01T11:00"),
        iv("2024-02-01T10:00", "2024-02-01T11:00"),
    )

    assert [d.ref.line for d in found] == [3, 4, 2]
    assert not records.rejected
    assert not records.notes


def test_an_exact_duplicate_is_set_aside_and_named(tmp_path):
    row = iv("2024-01-01T10:00", "2024-01-01T11:00")
    found, records = doses(tmp_path, row, iv("2024-02-01T10:00", "2024-02-01T11:00"), row)
    note = only(records.notes)

    assert [d.ref.line for d in found] == [2, 3]
    assert (note.kind, note.table, note.line) == ("duplicate", "doses", 4)
    assert "line 2" in note.reason
    assert not records.rejected
    assert records.not_in_courses == (note,)


def test_equal_meaning_is_a_duplicate_whatever_the_spelling(tmp_path):
    found, records = doses(
        tmp_path,
        iv("2024-01-01T10:00", "2024-01-01T11:00"),
        iv("2024-01-01 10:00:00", "2024-01-01T11:00", mg="300.0", route="intravenous"),
    )

    assert len(found) == 1
    assert records.tables["doses"].duplicate == 1


def test_a_row_that_differs_in_a_column_outside_the_contract_is_no_duplicate(tmp_path):
    row = "A,2024-05-01,weight,70,kg,{}\n"
    text = f"person,taken,test,value,unit,sample\n{row}{row}"

    assert len(read(tmp_path, measurements=text.format(1, 2)).courses["A"].measurements) == 2
    assert len(read(tmp_path, measurements=text.format(1, 1)).courses["A"].measurements) == 1


@pytest.mark.parametrize(
    "second",
    [
        iv("2024-01-01T10:00", "2024-01-01T11:05"),
        iv("2024-01-01T10:00", "2024-01-01T11:00", mg="150"),
        iv("2024-01-01T10:00", "2024-01-01T11:00", batch="B2"),
        iv("2024-01-01T10:00", "2024-01-01T11:00", route="SC"),
        iv("2024-01-01"),  # the same day without a time may be the same dose
    ],
)
def test_a_second_dose_at_the_same_start_is_set_aside(tmp_path, second):
    found, records = doses(tmp_path, iv("2024-01-01T10:00", "2024-01-01T11:00"), second)
    problem = only(records.rejected)

    assert len(found) == 1
    assert problem.column == "start"
    assert "which is used" in problem.reason
    assert problem.person == "A"
    assert records.incomplete == {"A": frozenset({"doses"})}


def test_overlapping_infusions_are_used_and_said(tmp_path):
    found, records = doses(
        tmp_path,
        iv("2024-01-01T10:00", "2024-01-01T11:00"),
        iv("2024-01-01T10:59", "2024-01-01T12:00"),
    )

    assert len(found) == 2
    assert "before the one before it has ended" in only(records.notes).reason


def test_infusions_that_touch_do_not_overlap_but_share_a_day(tmp_path):
    _, records = doses(
        tmp_path,
        iv("2024-01-01T10:00", "2024-01-01T11:00"),
        iv("2024-01-01T11:00", "2024-01-01T12:00"),
    )

    assert "same day" in only(records.notes).reason


def test_two_syringes_are_one_dose(tmp_path):
    half = iv("2024-01-01T10:00", mg="150", route="SC")
    found, records = doses(tmp_path, half, half)

    assert only(found).amount_mg == 300.0
    assert only(found).batch == "B1"
    assert records.tables["doses"].used == 2
    assert "one dose of 300 mg" in only(records.notes).reason


def test_two_syringes_keep_both_batches(tmp_path):
    found, _ = doses(
        tmp_path,
        iv("2024-01-01T10:00", mg="150", route="SC", batch="B1"),
        iv("2024-01-01T10:05", mg="150", route="SC", batch="B2"),
    )

    assert only(found).batch == "B1 + B2"


def test_a_third_syringe_is_set_aside(tmp_path):
    half = iv("2024-01-01T10:00", mg="150", route="SC")
    found, records = doses(tmp_path, half, half, half)

    assert only(found).amount_mg == 300.0
    assert only(records.rejected).line == 4


def test_half_doses_of_an_infusion_are_not_joined(tmp_path):
    half = iv("2024-01-01T10:00", "2024-01-01T11:00", mg="150")
    found, records = doses(tmp_path, half, half)

    assert only(found).amount_mg == 150.0
    assert only(records.notes).kind == "duplicate"


@pytest.mark.parametrize(
    ("end", "kept"),
    [
        ("2024-01-01T11:00", datetime(2024, 1, 1, 11)),
        ("2024-01-02T10:00", datetime(2024, 1, 2, 10)),  # 24 hours
        ("2024-01-02T10:01", None),
        ("2024-01-01T10:00", None),
        ("2024-01-01T09:59", None),
    ],
)
def test_an_end_is_kept_when_it_can_be_right(tmp_path, end, kept):
    found, records = doses(tmp_path, iv("2024-01-01T10:00", end))

    assert only(found).end == kept
    assert len(records.rejected) == (kept is None)


def test_without_a_start_time_an_end_says_no_duration(tmp_path):
    found, records = doses(tmp_path, iv("2024-01-01", "2024-01-01T11:00"))

    assert only(found).end is None
    assert "no time of day" in only(records.notes).reason


def test_midnight_is_an_unknown_time(tmp_path):
    found, _ = doses(tmp_path, iv("2024-01-01T00:00"))

    assert not only(found).time_known


def test_an_injection_needs_no_end(tmp_path):
    assert not doses(tmp_path, iv("2024-01-01T10:00", route="SC"))[1].notes


def test_rows_after_the_day_of_the_review_are_kept_and_said(tmp_path):
    found, records = doses(
        tmp_path,
        iv("2024-06-30T23:59", "2024-07-01T00:30"),
        iv("2024-07-01T10:00", "2024-07-01T11:00"),
    )
    course = records.courses["A"]

    assert len(found) == 2
    assert [d.ref.line for d in course.until(AS_OF).doses] == [2]
    assert (only(records.notes).kind, only(records.notes).line) == ("later", 3)
    assert records.tables["doses"].later == 1


@pytest.mark.parametrize(("day", "kept"), [("2029-06-30", True), ("2029-07-01", False)])
def test_five_years_ahead_is_the_last_day_that_is_kept(tmp_path, day, kept):
    found, records = doses(tmp_path, iv(f"{day}T10:00", f"{day}T11:00"))

    assert bool(found) == kept
    assert bool(records.rejected) != kept


def test_a_person_in_no_list_is_made_with_everything_unknown_and_said(tmp_path):
    records = read(tmp_path, doses=dose_rows(iv("2024-01-01T10:00").replace("A,", "Z,", 1)))
    person = records.courses["Z"].person

    assert (person.birth_date, person.sex, person.ms_onset) == (None, "", None)
    assert list(records.courses) == ["A", "Z"]
    assert any(n.person == "Z" and "Not in the table people" in n.reason for n in records.notes)


def test_without_people_the_doses_make_the_courses(tmp_path):
    records = read(tmp_path, people=b"", doses=dose_rows(iv("2024-01-01T10:00")))

    assert list(records.courses) == ["A"]
    assert records.unreadable == ("people",)
    assert "people" not in records.missing
    assert not records.courses["A"].has("people")


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ("A,1980-01-01,Female,2010-05-01", "duplicate"),
        ("A,1980-01-01,,", "duplicate"),
        ("A,1981-01-01,F,2010-05-01", "row"),
        ("A,1980-01-01,M,2010-05-01", "row"),
        ("A,1980-01-01,F,2011-05-01", "row"),
    ],
)
def test_a_second_row_of_a_person_agrees_or_is_set_aside(tmp_path, second, kind):
    records = read(tmp_path, people=PEOPLE + second + "\n")
    (problem,) = (p for p in (*records.rejected, *records.notes) if p.kind in {"duplicate", "row"})

    assert (problem.kind, problem.line) == (kind, 3)
    assert records.courses["A"].person.birth_date == date(1980, 1, 1)
    assert records.courses["A"].person.sex == "F"


def test_a_second_row_of_a_person_fills_what_the_first_left_open(tmp_path):
    header = "person,birth_date,sex,ms_onset\n"
    records = read(tmp_path, people=header + "A,03/04/1980,,\nA,1980-04-03,F,2010-01-01\n")

    assert records.courses["A"].person.birth_date == date(1980, 4, 3)
    assert records.courses["A"].person.ms_onset == date(2010, 1, 1)


def test_one_row_before_birth_is_the_row_s_fault(tmp_path):
    found, records = doses(
        tmp_path,
        iv("2001-01-01T10:00", "2001-01-01T11:00"),
        iv("2024-01-01T10:00", "2024-01-01T11:00"),
        people="person,birth_date\nA,2001-01-02\n",
    )

    assert [d.ref.line for d in found] == [3]
    assert "before the birth date 2001-01-02" in only(records.rejected).reason


def test_most_rows_before_birth_are_the_birth_date_s_fault(tmp_path):
    found, records = doses(
        tmp_path,
        iv("2023-01-01T10:00", "2023-01-01T11:00"),
        iv("2023-02-01T10:00", "2023-02-01T11:00"),
        people="person,birth_date\nA,2023-03-01\n",
    )

    assert len(found) == 2
    assert only(records.rejected).column == "birth_date"
    assert records.courses["A"].person.birth_date is None


def test_a_row_on_the_day_of_birth_is_possible(tmp_path):
    text = "person,name,start\nA,vaccine,1980-01-01\n"

    assert only(read(tmp_path, treatments=text).courses["A"].treatments)


def test_a_table_that_is_not_there_is_not_recorded(tmp_path):
    course = read(tmp_path).courses["A"]

    assert course.has("people")
    assert not course.has("reactions")


def test_a_table_with_only_a_header_says_that_nothing_is_recorded(tmp_path):
    records = read(tmp_path, reactions="person,onset,term\n")

    assert records.courses["A"].has("reactions")
    assert "no rows" in only(records.notes).reason


def test_identifiers_that_differ_in_case_are_two_people_and_said(tmp_path):
    records = read(tmp_path, people=PEOPLE + "a,1990-01-01,F,\n")

    assert list(records.courses) == ["A", "a"]
    assert "differ only in case" in only(records.notes).reason


def test_the_note_on_identifiers_that_differ_in_signs_names_all_of_them(tmp_path):
    names = ["P-1", "P1", "p1", "P.1", "P 1", "p-1", "P/1"]
    people = "person,birth_date\n" + "".join(f"{name},1990-01-01\n" for name in names)
    note = only(read(tmp_path, people=people).notes)

    assert f": {', '.join(names)}. They" in note.reason


def test_outer_blanks_of_an_identifier_do_not_make_another_person(tmp_path):
    rows = result_rows("A ,2024-05-01,weight,70,kg,,,,", " A,2024-06-01,weight,71,kg,,,,")

    assert len(read(tmp_path, measurements=rows).courses["A"].measurements) == 2


def test_a_course_is_made_once_for_thousands_of_equal_moments(tmp_path):
    # A quadratic comparison of rows at one moment would not come back.
    rows = [f"A,2024-05-01,weight,{60 + i / 1000},kg,,,," for i in range(20_000)]

    assert len(read(tmp_path, measurements=result_rows(*rows)).courses["A"].measurements) == 20_000
