"""Files of an export that are not read: each is named, with the reason and the remedy."""

from __future__ import annotations

import pytest

from openntz.records.csv import read_folder
from openntz.records.summary import check_lines
from tests.records.build import AS_OF, PEOPLE, dose_rows, only, result_rows, write

DOSES = dose_rows("A,2024-01-01T10:00,2024-01-01T11:00,300,IV,Tysabri,B1,clinic,")
WEIGHT = result_rows("A,2024-05-01,weight,70,kg,,,,")


def with_files(folder, *names, **tables):
    write(folder, **tables)
    for name in names:
        (folder / name).write_text(DOSES, encoding="utf-8")
    return read_folder(folder, as_of=AS_OF)


@pytest.mark.parametrize(
    "name", ["dosess.csv", "dosis.tsv", "Doses_2024.csv", "old infusions.parquet", "doeses.txt"]
)
def test_a_misspelt_name_is_asked_about(tmp_path, name):
    records = with_files(tmp_path, name)
    problem = only(records.rejected)

    assert (problem.kind, problem.table, problem.value) == ("file", "doses", name)
    assert "did you mean doses.csv?" in problem.reason
    assert "doses" in records.missing
    assert not records.courses["A"].has("doses")


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods", "csv.gz", "gz", "zip", "json", "csv.bak"])
@pytest.mark.parametrize("stem", ["measurements", "Labs"])
def test_a_table_in_a_file_of_another_kind_is_there_but_unreadable(tmp_path, stem, ending):
    records = with_files(tmp_path, f"{stem}.{ending}")
    problem = only(records.rejected)

    assert (problem.kind, problem.table) == ("file", "measurements")
    assert problem.value == f"{stem}.{ending}"
    assert "is not read" in problem.reason
    assert "as CSV or Parquet" in problem.remedy
    assert records.unreadable == ("measurements",)
    assert "measurements" not in records.missing
    assert not records.courses["A"].has("measurements")


@pytest.mark.parametrize("name", ["measurements.xlsx", "measurments.csv"])
def test_beside_the_table_itself_a_file_that_is_not_read_is_a_remark(tmp_path, name):
    records = with_files(tmp_path, name, measurements=WEIGHT)
    note = only(records.notes)

    assert (note.kind, note.table, note.value) == ("information", "measurements", name)
    assert note.remedy
    assert records.rejected == ()
    assert records.unreadable == ()


@pytest.mark.parametrize(
    ("other", "table"), [("labs.csv", "measurements"), ("RESULTS.tsv", "measurements")]
)
def test_a_second_file_through_a_synonym_is_set_aside_whole(tmp_path, other, table):
    records = with_files(tmp_path, other, measurements=WEIGHT)
    problem = only(records.rejected)

    assert (problem.kind, problem.table, problem.value) == ("file", table, other)
    assert "measurements.csv is read" in problem.reason
    assert len(records.courses["A"].measurements) == 1
    assert records.unreadable == ()


@pytest.mark.parametrize("other", ["People.CSV", "PEOPLE.csv", "people.CSV", "people.tsv"])
def test_the_lower_case_name_of_the_contract_is_preferred(tmp_path, other):
    write(tmp_path)
    if (tmp_path / other).exists():
        pytest.skip("this file system does not tell case apart")
    (tmp_path / other).write_text(PEOPLE.replace("1980", "1970"), encoding="utf-8")
    records = read_folder(tmp_path, as_of=AS_OF)

    assert records.tables["people"].path.name == "people.csv"
    assert records.courses["A"].person.birth_date.year == 1980
    assert only(records.rejected).value == other


def test_a_file_the_mapping_file_passes_over_is_said(tmp_path):
    write(tmp_path, doses=DOSES)
    (tmp_path / "given.csv").write_text(DOSES, encoding="utf-8")
    mapping = tmp_path.parent / f"{tmp_path.name}.toml"
    mapping.write_text('[doses]\nfile = "given.csv"\n', encoding="utf-8")
    note = only(read_folder(tmp_path, as_of=AS_OF, mapping=mapping).notes)

    assert (note.kind, note.value) == ("information", "doses.csv")
    assert "names given.csv" in note.reason


def test_data_without_the_name_of_a_table_are_named(tmp_path):
    records = with_files(tmp_path, "zebra.csv", "archive.zip")

    assert [(n.kind, n.value) for n in records.notes] == [
        ("information", "archive.zip"),
        ("information", "zebra.csv"),
    ]


def test_what_nobody_takes_for_a_table_is_left_alone(tmp_path):
    names = (".DS_Store", "README.md", "letter.docx", "notes.txt")
    records = with_files(tmp_path, *names)

    assert records.other_files == names
    assert (records.rejected, records.notes) == ((), ())


def test_the_check_tells_a_missing_table_from_one_that_cannot_be_read(tmp_path):
    lines = check_lines(with_files(tmp_path, "measurements.xlsx", doses="person,start\nA,2024\n"))
    missing = only(tuple(line for line in lines if line.startswith("Not in this export")))

    assert "There, but cannot be read: doses, measurements." in lines
    assert "doses" not in missing
    assert "measurements" not in missing
    assert "plans" in missing


def test_a_damaged_parquet_file_is_unreadable_not_missing(tmp_path):
    write(tmp_path)
    (tmp_path / "doses.parquet").write_bytes(b"PAR1 and nothing else")
    records = read_folder(tmp_path, as_of=AS_OF)

    assert records.unreadable == ("doses",)
    assert "doses" not in records.missing
    assert not records.courses["A"].has("doses")
    # What it holds of this person is lost, which is more than never having been exported.
    assert records.incomplete["A"] == {"doses"}
