"""OMOP tables with planted people: CSV and Parquet give the same courses; hostile text does not."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from openntz.course.course import Course
from openntz.errors import InputError
from openntz.records.csv import read_folder
from openntz.records.omop.concepts import load_concepts
from openntz.records.omop.source import looks_like_omop
from openntz.workflows.importing import Imported, import_any

AS_OF = date(2024, 6, 30)
# Concept ids here are planted, not those of the vocabularies.
MAPPING = """
natalizumab = [100, 101]
mg_per_quantity = 20.0
edss = [500]
relapses = [600]
scan_procedures = [800]
[routes]
11 = "IV"
12 = "SC"
[settings]
21 = "clinic"
[tests]
200 = "lymphocytes"
201 = "natalizumab"
202 = "anti-natalizumab antibodies"
[units]
31 = "10*9/L"
[answers]
41 = "positive"
42 = "negative"
[operators]
51 = "<"
[sexes]
61 = "F"
62 = "M"
[scans]
700 = "gadolinium_lesions"
701 = "new_t2_lesions"
[reactions]
610 = "infusion related reaction"
[symptoms]
620 = "fatigue"
[treatments]
110 = "fingolimod"
[procedures]
810 = "plasma exchange"
[kinds]
fingolimod = "dmt"
"""
TABLES = {
    "person": "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,"
    "birth_datetime\n"
    "1,61,1980,2,3,\n2,62,1990,,,\n3,99,1985,5,6,1985-05-07 00:00:00\n",
    "visit_occurrence": "visit_occurrence_id,visit_concept_id\n7,21\n7,21\n",
    "drug_exposure": "person_id,drug_concept_id,route_concept_id,quantity,visit_occurrence_id,"
    "drug_exposure_start_date,drug_exposure_start_datetime,drug_exposure_end_date,"
    "drug_exposure_end_datetime,dose_unit_source_value,lot_number\n"
    "1,100,11,15,7,2020-01-01,2020-01-01 10:00:00,2020-01-01,2020-01-01 11:00:00,mL,L1\n"
    "1,101,12,300,,2020-01-29,,2020-02-26,,mg,=cmd()\n"
    "1,110,,1,,2015-03-01,,2016-03-01,,,\n"
    "1,999,,1,,2015-03-01,,2016-03-01,,,\n"
    "1,100,11,15,,someday,,,,,\n",
    "measurement": "person_id,measurement_concept_id,measurement_date,measurement_datetime,"
    "operator_concept_id,value_as_number,value_as_concept_id,unit_concept_id,unit_source_value\n"
    "1,200,2020-01-01,2020-01-01 09:00:00,,1.9,,31,x\n"
    "1,201,2020-01-29,,51,2,,,ug/mL\n"
    "1,201,2020-02-29,,,30,,,<script>\n"
    "1,202,2020-03-01,,,,41,,\n"
    "1,201,2020-04-01,,59,7,,,ug/mL\n"
    "1,202,2020-03-01,,,,,,\n"
    "1,700,2020-06-01,,,1,,,\n1,700,2020-06-01,,,3,,,\n1,701,2020-06-01,,,0,,,\n"
    "1,888,2020-06-01,,,1,,,\n1,888,2020-07-01,,,1,,,\n",
    "observation": "person_id,observation_concept_id,observation_date,value_as_number\n"
    "1,500,2020-01-01,2.5\n1,600,2020-08-01,\n1,620,2020-09-01,\n",
    "condition_occurrence": "person_id,condition_concept_id,condition_start_date,"
    "condition_start_datetime\n1,600,2020-05-01,\n1,610,2020-01-29,2020-01-29 10:20:00\n",
    "procedure_occurrence": "person_id,procedure_concept_id,procedure_date\n"
    "1,800,2021-01-01\n1,800,2020-06-01\n1,810,2021-05-01\n",
}


def _folder(base: Path, suffix: str) -> Path:
    folder = base / "omop"
    folder.mkdir()
    for name, text in TABLES.items():
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        if suffix.endswith(".parquet"):
            text = "true" if suffix.startswith("text") else "false"
            duckdb.execute(
                f"COPY (SELECT * FROM read_csv('{path}', all_varchar={text})) "
                f"TO '{folder / name}.parquet' (FORMAT parquet)"
            )
            path.unlink()
    return folder


def _import(base: Path, suffix: str) -> Imported:
    mapping = base / "concepts.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    folder = _folder(base, suffix)
    assert looks_like_omop(folder)
    return import_any(folder, base / "out", mapping)


@pytest.fixture(params=[".csv", ".parquet", "text.parquet"])
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Imported:
    return _import(tmp_path, request.param)


def _course(found: Imported) -> Course:
    return read_folder(found.out, as_of=AS_OF).courses["1"]


def test_planted_courses_are_read(found: Imported) -> None:
    course = _course(found)
    assert (course.person.birth_date, course.person.sex) == (date(1980, 2, 3), "F")
    first, second = course.doses
    assert (first.at, first.end, first.amount_mg, first.route, first.setting, first.batch) == (
        datetime(2020, 1, 1, 10), datetime(2020, 1, 1, 11), 300.0, "IV", "clinic", "L1",
    )  # fmt: skip
    # Days of supply are no infusion, and a batch that could be code is no batch.
    assert (second.end, second.amount_mg, second.route, second.batch) == (None, 300.0, "SC", "")
    assert [(m.test, m.value, m.censor, m.answer) for m in course.measurements] == [
        ("lymphocytes", 1.9, "", None),
        ("natalizumab", 2.0, "<", None),
        ("anti-natalizumab antibodies", None, "", "positive"),
    ]
    assert [e.score for e in course.edss] == [2.5]
    assert [r.day for r in course.relapses] == [date(2020, 5, 1), date(2020, 8, 1)]
    assert [(r.at, r.term) for r in course.reactions] == [
        (datetime(2020, 1, 29, 10, 20), "infusion related reaction")
    ]
    assert [s.symptom for s in course.symptoms] == ["fatigue"]
    assert [(s.day, s.gadolinium_lesions, s.new_t2_lesions) for s in course.mri] == [
        (date(2020, 6, 1), 3, 0), (date(2021, 1, 1), None, None),
    ]  # fmt: skip
    assert [(t.name, t.kind, t.end) for t in course.treatments] == [
        ("fingolimod", "dmt", date(2016, 3, 1)), ("plasma exchange", "", date(2021, 5, 1)),
    ]  # fmt: skip


def test_what_is_not_used_is_counted(found: Imported) -> None:
    unused = {(table, why): n for table, why, n in found.unused}
    assert unused["measurement", "concept 888, which the mapping does not name"] == 2
    assert unused["drug_exposure", "concept 999, which the mapping does not name"] == 1
    assert unused["measurement", "neither a number nor an answer that the mapping names"] == 1
    # A sign that nobody named could be 'less than': the result is not taken as a value.
    assert unused["measurement", "operator 59, which the mapping does not name: not used"] == 1
    assert unused["person", "gender 99, which the mapping does not name: unknown"] == 1
    said = {p.column: p.reason for p in found.problems}
    assert said["drug_exposure_start_date"].startswith("1 records")
    assert said["value_as_number"].startswith("1 counts of lesions")


def test_a_level_without_a_plain_unit_is_rejected_with_its_line(found: Imported) -> None:
    records = read_folder(found.out, as_of=AS_OF)
    (problem,) = records.rejected
    assert (problem.table, problem.column) == ("measurements", "unit")
    for file in found.out.glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "=cmd" not in text


def test_people_without_a_day_of_birth_have_none(found: Imported) -> None:
    with (found.out / "people.csv").open(encoding="utf-8", newline="") as stream:
        rows = {r["person"]: r for r in csv.DictReader(stream)}
    assert [rows[p]["birth_date"] for p in "123"] == ["1980-02-03", "", "1985-05-07"]
    assert rows["3"]["sex"] == ""


def test_tables_that_nothing_can_fill_stay_unrecorded(tmp_path: Path) -> None:
    mapping = tmp_path / "concepts.toml"
    mapping.write_text("natalizumab = [100]\n", encoding="utf-8")
    found = import_any(_folder(tmp_path, ".csv"), tmp_path / "out", mapping)
    assert set(found.written) == {"people", "doses"}


def test_damaged_and_linked_files_are_problems(tmp_path: Path) -> None:
    mapping = tmp_path / "concepts.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    folder = _folder(tmp_path, ".csv")
    (folder / "observation.csv").rename(tmp_path / "elsewhere.csv")
    (folder / "observation.csv").symlink_to(tmp_path / "elsewhere.csv")
    (folder / "measurement.parquet").write_bytes(b"PAR1 broken")
    (folder / "condition_occurrence.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    found = import_any(folder, tmp_path / "out", mapping)
    assert {p.table for p in found.problems if p.kind == "file"} == {
        "observation", "measurement", "condition_occurrence",
    }  # fmt: skip
    assert "measurements" not in found.written


def test_a_file_that_breaks_off_leaves_no_tables_behind(tmp_path: Path) -> None:
    mapping = tmp_path / "concepts.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    folder = _folder(tmp_path, ".csv")
    with (folder / "measurement.csv").open("a", encoding="utf-8") as stream:
        stream.write("1,200\n" * 30_000)
    with pytest.raises(InputError, match="cannot be read to their end"):
        import_any(folder, tmp_path / "out", mapping)
    assert list((tmp_path / "out").glob("*.csv")) == []


MAPPINGS = {
    "nothing said": "",
    "a word for an id": 'natalizumab = [1]\n[routes]\niv = "IV"\n',
    "an unknown test": 'natalizumab = [1]\n[tests]\n5 = "sodium"\n',
    "markup": 'natalizumab = [1]\n[reactions]\n5 = "<b>rash"\n',
    "a formula": 'natalizumab = [1]\n[reactions]\n5 = "=cmd()"\n',
}


def test_messages_about_mapping_files(tmp_path: Path, snapshot) -> None:
    said = {}
    for name, text in MAPPINGS.items():
        path = tmp_path / "concepts.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load_concepts(path)
        said[name] = str(caught.value).replace(str(tmp_path), "")
    with pytest.raises(InputError) as caught:
        load_concepts(None)
    said["no file"] = str(caught.value)
    assert said == snapshot


def test_the_lines_of_a_large_table_are_the_same_every_time(tmp_path: Path) -> None:
    """Several row groups, so that more than one thread would share them out."""
    mapping = tmp_path / "concepts.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    folder = _folder(tmp_path, ".parquet")
    duckdb.execute(
        "COPY (SELECT 1 + i % 50 AS person_id, 200 AS measurement_concept_id,"
        " DATE '2020-01-01' AS measurement_date, i / 1e6 AS value_as_number FROM range(400000)"
        f" AS t(i)) TO '{folder / 'measurement.parquet'}' (FORMAT parquet)"
    )
    written = []
    for name in ("one", "two"):
        import_any(folder, tmp_path / name, mapping, omop_as="parquet")
        written.append((tmp_path / name / "measurements.parquet").read_bytes())
    assert written[0] == written[1]
    values = duckdb.execute(
        f"SELECT CAST(value AS DOUBLE) FROM '{tmp_path / 'one' / 'measurements.parquet'}'"
    ).fetchall()
    assert [v for (v,) in values] == [i / 1e6 for i in range(400_000)]


def test_numbers_in_columns_of_text_are_read_as_text(tmp_path: Path) -> None:
    """Lots of digits alone and an episode without its object are typed so by what wrote them."""
    mapping = tmp_path / "concepts.toml"
    mapping.write_text(MAPPING + '[pregnancies]\n900 = "conception"\n', encoding="utf-8")
    folder = _folder(tmp_path, ".parquet")
    duckdb.execute(
        "COPY (SELECT 1 AS person_id, 100 AS drug_concept_id, DATE '2020-01-01' AS"
        " drug_exposure_start_date, 15.0 AS quantity, 11 AS route_concept_id,"
        " 12345 AS lot_number)"
        f" TO '{folder / 'drug_exposure.parquet'}' (FORMAT parquet)"
    )
    duckdb.execute(
        "COPY (SELECT 1 AS person_id, CAST(7 AS BIGINT) AS episode_id, CAST(901 AS BIGINT) AS"
        " episode_concept_id, DATE '2020-01-01' AS episode_start_date)"
        f" TO '{folder / 'episode.parquet'}' (FORMAT parquet)"
    )
    found = import_any(folder, tmp_path / "out", mapping)
    (dose,) = _course(found).doses
    assert dose.batch == "12345"
