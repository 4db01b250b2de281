"""A folder as clinics send it: files missing, misnamed, broken; and what cannot be used at all."""

from __future__ import annotations

import os
from datetime import date

import pytest

from openntz.course import vocabulary
from openntz.course.course import TABLES
from openntz.errors import InputError
from openntz.records.csv import read_folder
from tests.records.build import AS_OF, PEOPLE, dose_rows, only, read, result_rows, write

DOSES = dose_rows("A,2024-01-01T10:00,2024-01-01T11:00,300,IV,Tysabri,B1,clinic,")


def refuse(folder, **options):
    with pytest.raises(InputError) as caught:
        read_folder(folder, as_of=AS_OF, **options)
    assert caught.value.where
    assert caught.value.remedy
    return caught.value


def test_no_such_folder(tmp_path):
    assert "no such folder" in refuse(tmp_path / "nowhere").what


def test_a_file_is_no_folder(tmp_path):
    write(tmp_path)

    assert "not a folder" in refuse(tmp_path / "people.csv").what


def test_an_empty_folder(tmp_path):
    assert "neither people nor doses" in refuse(tmp_path).what


def test_measurements_alone_are_not_enough(tmp_path):
    (tmp_path / "measurements.csv").write_text(
        "person,taken,test,value,unit\nA,2024-05-01,weight,70,kg\n", encoding="utf-8"
    )

    assert "neither people nor doses" in refuse(tmp_path).what


def test_people_of_whom_no_row_can_be_used_say_why(tmp_path):
    write(tmp_path, people="person,birth_date\n=cmd(),1980-01-01\n")

    assert "looks like a formula" in refuse(tmp_path).what


def test_people_with_a_header_only_are_nobody(tmp_path):
    write(tmp_path, people="person,birth_date\n")

    refuse(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "the file is empty"),
        (b"start,end,dose_mg,route\n2024-01-01,,300,IV\n", "'person' is missing"),
        (b"person,end,dose_mg,route\nA,,300,IV\n", "'start' is missing"),
        (b"person,start,dose_mg\nA,2024-01-01,300\n", "'route' is missing"),
        (b"A,2024-01-01T10:00,,300,IV\n", "is missing"),  # no header at all
        (b"PK\x03\x04 a workbook", "a spreadsheet or zip archive"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_and_the_rest_runs(tmp_path, text, reason):
    records = read(tmp_path, doses=text)
    problem = only(records.rejected)

    assert (problem.kind, problem.table, problem.line) == ("file", "doses", 0)
    assert reason in problem.reason
    assert problem.remedy
    assert not records.tables["doses"].usable
    assert records.unreadable == ("doses",)
    assert "doses" not in records.missing
    assert not records.courses["A"].has("doses")
    assert list(records.courses) == ["A"]


def test_a_missing_column_names_those_that_were_found(tmp_path):
    problem = only(read(tmp_path, doses="person,begin,mg,via\n").rejected)

    assert "Columns found: person, begin, mg, via" in problem.remedy
    assert "start_time" in problem.remedy


@pytest.mark.parametrize(
    "name", ["DOSES.CSV", "Doses.csv", "infusions.csv", "doses.tsv", "doses.txt"]
)
def test_a_file_is_found_whatever_its_case_and_usual_names(tmp_path, name):
    write(tmp_path)
    (tmp_path / name).write_text(DOSES, encoding="utf-8")

    assert len(read_folder(tmp_path, as_of=AS_OF).courses["A"].doses) == 1


def test_a_usual_name_is_said(tmp_path):
    write(tmp_path)
    (tmp_path / "infusions.csv").write_text(DOSES, encoding="utf-8")

    note = only(read_folder(tmp_path, as_of=AS_OF).notes)

    assert (note.kind, note.value) == ("read as", "infusions.csv")


def test_two_files_of_one_table_are_not_mixed(tmp_path):
    write(tmp_path, doses=DOSES)
    (tmp_path / "doses.tsv").write_text(DOSES.replace(",", "\t"), encoding="utf-8")
    records = read_folder(tmp_path, as_of=AS_OF)

    assert len(records.courses["A"].doses) == 1
    assert only(records.rejected).value == "doses.tsv"
    assert "doses.tsv" in records.other_files


def test_files_that_are_no_table_are_left_alone_and_named(tmp_path):
    write(tmp_path)
    (tmp_path / "letter.docx").write_bytes(b"x")

    assert read_folder(tmp_path, as_of=AS_OF).other_files == ("letter.docx",)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    secret = tmp_path / "secret.csv"
    secret.write_text(DOSES, encoding="utf-8")
    write(folder)
    os.symlink(secret, folder / "doses.csv")
    records = read_folder(folder, as_of=AS_OF)

    assert "a link to a file outside the folder" in only(records.rejected).reason
    assert records.courses["A"].doses == ()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "a folder, not a file"),
        (os.mkfifo, "a pipe, not a file"),
        (lambda path: path.symlink_to(path.with_name("gone.csv")), "a broken link"),
        (lambda path: path.symlink_to(path), "a broken link"),
    ],
    ids=["folder", "pipe", "broken link", "link to itself"],
)
def test_what_stands_in_place_of_a_file_is_said(tmp_path, make, reason):
    write(tmp_path)
    make(tmp_path / "doses.csv")
    records = read_folder(tmp_path, as_of=AS_OF)

    assert reason in only(records.rejected).reason
    assert only(records.rejected).table == "doses"
    assert records.unreadable == ("doses",)
    assert not records.courses["A"].has("doses")


def test_columns_in_another_order_case_and_language_of_signs(tmp_path):
    text = "Route; Dose (mg) ;START TIME;Patient-ID;Lot Number\nIV;300;2024-01-01T10:00;A;B7\n"
    dose = only(read(tmp_path, doses=text).courses["A"].doses)

    assert (dose.amount_mg, dose.batch, dose.route) == (300.0, "B7", "IV")


def test_a_synonym_beside_the_exact_name_must_not_contradict_it(tmp_path):
    text = "person,date,start,dose_mg,route\nA,1999-01-01,2024-01-01T10:00,300,IV\n"
    records = read(tmp_path, doses=text)
    problem = only(records.rejected)

    assert records.courses["A"].doses == ()
    assert (problem.line, problem.value) == (2, "2024-01-01T10:00 / 1999-01-01")
    assert "two columns stand for start and say different things" in problem.reason


def test_a_mapping_file_settles_which_of_two_columns_is_meant(tmp_path):
    text = "person,date,start,dose_mg,route\nA,1999-01-01,2024-01-01T10:00,300,IV\n"
    mapping = '[doses.columns]\nstart = "start"\n'
    records = read(tmp_path, mapping=mapping, doses=text)

    assert only(records.courses["A"].doses).at.year == 2024
    assert dict(only(records.courses["A"].doses).extra) == {"date": "1999-01-01"}


@pytest.mark.parametrize(
    ("header", "row", "kept"),
    [
        ("date,taken,test,value,unit", "2024-05-02,2024-05-01T10:30,weight,70,kg", False),
        ("date,taken,test,value,unit", "2024-05-01,2024-05-01T10:30,weight,70,kg", True),
        ("date,taken,test,value,unit", ",2024-05-01T10:30,weight,70,kg", True),
        ("date,taken,test,value,unit", "2024-05-01T10:30,n/a,weight,70,kg", True),
        ("taken,test,value,result,unit", "2024-05-01T10:30,weight,70,71,kg", False),
        ("taken,test,result,value,unit", "2024-05-01T10:30,weight,70,70.0,kg", True),
        ("taken,test,analyte,value,unit", "2024-05-01T10:30,weight,Weight,70,kg", True),
        ("taken,test,analyte,value,unit", "2024-05-01T10:30,weight,height,70,kg", False),
    ],
)
def test_two_columns_of_one_field_agree_by_what_they_mean(tmp_path, header, row, kept):
    records = read(tmp_path, measurements=f"person,{header}\nA,{row}\n")

    if kept:
        result = only(records.courses["A"].measurements)
        assert (result.value, result.at.isoformat()) == (70.0, "2024-05-01T10:30:00")
        assert records.rejected == ()
    else:
        assert "say different things" in only(records.rejected).reason


def test_of_free_text_the_exact_name_is_used_and_the_synonym_kept(tmp_path):
    text = "person,start,dose_mg,route,drug,product\nA,2024-01-01,300,IV,natalizumab,Tysabri\n"
    dose = only(read(tmp_path, doses=text).courses["A"].doses)

    assert (dose.product, dict(dose.extra)) == ("Tysabri", {"drug": "natalizumab"})


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [("300", "300", 300.0), ("300", "", 300.0), ("", "300", 300.0), ("300", "150", None)],
)
def test_two_columns_of_one_name_must_agree(tmp_path, first, second, kept):
    text = f"person,start,dose_mg,dose_mg,route\nA,2024-01-01T10:00,{first},{second},IV\n"
    records = read(tmp_path, doses=text)

    if kept is None:
        assert "say different things" in only(records.rejected).reason
    else:
        assert only(records.courses["A"].doses).amount_mg == kept


def test_two_columns_of_persons_must_agree(tmp_path):
    rows = "person,person,start,dose_mg,route\nA,B,2024-01-01,300,IV\nA,A,2024-02-01,300,IV\n"
    records = read(tmp_path, doses=rows)

    assert [d.ref.line for d in records.courses["A"].doses] == [3]
    assert only(records.rejected).value == "A / B"


def test_unknown_columns_of_one_name_are_told_apart(tmp_path):
    text = "person,date,room,room,,\nA,2024-01-01,1,2,3,4\n"
    scan = only(read(tmp_path, mri=text).courses["A"].mri)

    assert dict(scan.extra) == {
        "room": "1",
        "room (column 4)": "2",
        "(column 5)": "3",
        "(column 6)": "4",
    }


@pytest.mark.parametrize(
    ("header", "cell", "unit_column", "amount"),
    [
        ("dose_mg", "300", None, 300.0),
        ("dose_g", "0.3", None, 300.0),
        ("dose", "300", None, 300.0),
        ("dose", "0.3", "g", 300.0),
        ("dose_mg", "300", "mg", 300.0),
        ("dose_mg", "0.3", "g", None),  # header and row disagree
        ("dose", "300", "mL", None),
    ],
)
def test_amount_is_read_in_the_unit_of_header_or_row(tmp_path, header, cell, unit_column, amount):
    names = f"person,start,{header},route" + (",unit" if unit_column else "")
    row = f"A,2024-01-01T10:00,{cell},IV" + (f",{unit_column}" if unit_column else "")
    records = read(tmp_path, doses=f"{names}\n{row}\n")

    assert [d.amount_mg for d in records.courses["A"].doses] == ([amount] if amount else [])
    assumed = [n for n in records.notes if n.column == "dose_mg"]
    assert bool(assumed) == (header == "dose" and unit_column is None)


def test_progress_tells_bytes_and_ends_complete(tmp_path):
    write(tmp_path, doses=DOSES)
    steps = []
    read_folder(tmp_path, as_of=AS_OF, progress=lambda done, total: steps.append((done, total)))

    assert steps[-1][0] == steps[-1][1] == sum(p.stat().st_size for p in tmp_path.iterdir())
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_without_a_day_the_review_is_of_today(tmp_path):
    write(tmp_path)

    assert read_folder(tmp_path).as_of == date.today()


@pytest.mark.parametrize("as_of", [date.min, date(1900, 1, 1), date(9900, 1, 1)])
def test_a_review_in_a_strange_year_sets_aside_what_is_too_far_from_it(tmp_path, as_of):
    pregnancies = "person,conception,due\nA,9901-12-20,9903-12-30\nA,,0001-02-30\nA,0001-01-02,\n"
    records = read(tmp_path, as_of=as_of, doses=DOSES, pregnancies=pregnancies)

    assert records.as_of == as_of
    assert records.rejected


def test_a_review_at_the_end_of_the_calendar_is_refused(tmp_path):
    write(tmp_path)
    with pytest.raises(InputError, match="end of the calendar"):
        read_folder(tmp_path, as_of=date.max)


def test_every_table_is_read_in_the_order_of_the_contract(tmp_path):
    write(tmp_path, doses=DOSES, edss="person,date,score\nA,2024-01-01,1\n")

    names = list(read_folder(tmp_path, as_of=AS_OF).tables)

    assert names == [name for name in TABLES if name in names]


def test_equal_input_gives_equal_records(tmp_path):
    write(tmp_path, people=PEOPLE * 2, doses=DOSES + "A,03/04/2024,,300,IV,,,,\n")

    assert read_folder(tmp_path, as_of=AS_OF) == read_folder(tmp_path, as_of=AS_OF)


TWO = "person,birth_date,sex,ms_onset\nA,1980-01-01,F,2010-05-01\nB,1981-01-01,M,2011-05-01\n"


@pytest.mark.parametrize(
    "last", ["A,2024-02-0", 'A,2024-02-01,"', 'A,"2024'], ids=["cell", "opening mark", "in quotes"]
)
def test_a_file_cut_off_in_its_last_line_leaves_nobody_whole(tmp_path, last):
    text = f"person,date,gadolinium_lesions,comment\nA,2024-01-01,0,\n{last}"
    records = read(tmp_path, people=TWO, mri=text)

    assert [(p.kind, p.line) for p in records.rejected] == [("file", 0), ("row", 3)]
    assert "breaks off after line 2" in records.rejected[0].reason
    assert records.broken_off == ("mri",)
    assert records.incomplete == {"A": {"mri"}, "B": {"mri"}}
    assert records.courses["A"].has("mri")
    assert not records.courses["B"].has("mri")


@pytest.mark.parametrize(
    "rows",
    [
        "A,2024-01-01,0,",  # no line end is no fault by itself
        "A,2024-01-01,0,a,b",  # an unquoted delimiter
        "A,2024-01-01\nA,2024-02-01,0,\n",  # a short line in the middle
        "A,2024-01-01,0,\nA,2024-02-01\n",  # a short last line that ends
    ],
)
def test_other_faults_do_not_cut_a_file_off(tmp_path, rows):
    text = f"person,date,gadolinium_lesions,comment\n{rows}"
    records = read(tmp_path, people=TWO, mri=text)

    assert records.broken_off == ()
    assert "B" not in records.incomplete
    assert records.courses["B"].has("mri")


def test_people_cut_off_leaves_those_without_a_row_unsure(tmp_path):
    records = read(tmp_path, people=TWO + "C,19", edss="person,date,edss\nC,2024-01-01,2\n")

    assert records.broken_off == ("people",)
    assert records.incomplete == {"C": {"people"}}


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        ("A,2024-01-01,platelets,many,10*9/L,,,,", {vocabulary.PLATELETS}),
        ("A,2024-01-01,PLT,200,kg,,,,", {vocabulary.PLATELETS}),
        ("A,2024-13-01,ALT,30,U/L,,,,", {vocabulary.ALT}),
        ("A,2024-01-01,cholesterol,5,mmol/L,,,,", set()),
        ("A,2024-01-01,ALT,30,5,U/L,,,,,", set(vocabulary.CANONICAL_UNITS)),
    ],
    ids=["value", "unit", "date", "another test", "shifted cells"],
)
def test_of_a_measurement_set_aside_the_test_is_remembered(tmp_path, row, lost):
    good = "A,2024-01-01,weight,70,kg,,,,"
    records = read(tmp_path, measurements=result_rows(good, row))

    assert records.incomplete == {"A": {"measurements", *map(vocabulary.lost_results, lost)}}


def test_of_measurements_that_break_off_every_test_may_be_lost(tmp_path):
    good = "A,2024-01-01,weight,70,kg,,,,"
    records = read(tmp_path, measurements=result_rows(good, "A,2024-0").rstrip("\n"))

    assert records.incomplete == {"A": {"measurements", *vocabulary.ALL_LOST_RESULTS}}
