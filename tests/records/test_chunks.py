"""Tables read some people at a time give what is read of them in one piece."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import InputError
from openntz.evidence.registry import registry
from openntz.records import chunks as module
from openntz.records.chunks import Chunks, OnePiece, divided
from openntz.records.csv import read_folder
from openntz.records.parquet import cell_text
from openntz.records.problems import Problem, order_of

AS_OF = date(2024, 6, 30)
# Rows out of order, unknown people, a contradiction, halves of a dose, and rows nobody can use.
TABLES = {
    "people": "SELECT * FROM (VALUES ('B ', DATE '1980-02-03', 'F', true), "
    "('A', DATE '1990-01-01', 'M', false), ('A', DATE '1991-01-01', 'M', NULL), "
    "('=cmd()', NULL, 'F', NULL), ('C', DATE '2023-01-01', '', NULL), (NULL, NULL, 'F', NULL))"
    " AS t(person, birth_date, sex, smoker)",
    "doses": "SELECT * FROM (VALUES ('A', TIMESTAMP '2020-01-29 10:00:00', 300, 'IV'), "
    "('Stranger', TIMESTAMP '2020-01-01 10:00:00', 150, 'SC'), "
    "('Stranger', TIMESTAMP '2020-01-01 10:00:00', 150, 'SC'), "
    "('B', TIMESTAMP '2020-01-01 10:00:00', 300, 'IV'), "
    "('A', TIMESTAMP '2020-01-01 10:00:00', 300, 'IV'), "
    "('A', TIMESTAMP '2020-02-26 10:00:00', 99999, 'IV'), "
    "('C', NULL, 300, 'IV'), ('C', TIMESTAMP '2024-12-01 10:00:00', 300, 'IV'), "
    "('C', TIMESTAMP '2020-12-01 00:00:00', 300, 'IV')) AS t(person, start, dose_mg, route)",
    "measurements": "SELECT person, taken, test, value, unit FROM (VALUES "
    "('A', DATE '2020-02-26', 'natalizumab', 31.25, 'ug/mL'), "
    "('B', DATE '2020-01-29', 'lymphocytes', 2.0, '10*9/L'), "
    "('B', DATE '2020-01-29', 'lymphocytes', 2.0, '10*9/L'), "
    "('A', DATE '2020-01-01', 'weight', 0.0001, 'kg'), "
    "('', DATE '2020-01-01', 'weight', 70, 'kg'), "
    "('A', DATE '2020-01-01', 'weight', 1e300, 'kg')) AS t(person, taken, test, value, unit)",
    "mri": "SELECT 'B' AS person, DATE '2020-06-01' AS date, 1.0::FLOAT AS gadolinium_lesions,"
    " 'NaN'::DOUBLE AS new_t2_lesions",
}


def _folder(base: Path, tables: dict[str, str]) -> Path:
    folder = base / "clinic"
    folder.mkdir()
    for name, query in tables.items():
        duckdb.execute(f"COPY ({query}) TO '{folder / name}.parquet' (FORMAT parquet)")
    return folder


def _divided(folder: Path, base: Path) -> Chunks:
    scratch = base / "scratch"
    scratch.mkdir()
    found = divided(folder, scratch, AS_OF, registry())
    assert isinstance(found, Chunks)
    return found


def _all(found: Chunks) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    read = [found.read(at) for at in range(found.count)]
    courses = {name: course for r in read for name, course in r.courses.items()}
    rejected = sorted((*found.rejected, *(p for r in read for p in r.rejected)), key=order_of)
    return courses, tuple(rejected)


@pytest.mark.parametrize("people", [1, 2, 1000])
def test_courses_and_problems_match_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    monkeypatch.setattr(module, "PEOPLE_A_CHUNK", people)
    folder = _folder(tmp_path, TABLES)
    found = _divided(folder, tmp_path)
    courses, rejected = _all(found)
    records = read_folder(folder, as_of=AS_OF)
    assert found.count == (1 if people == 1000 else -(-4 // people))
    assert courses == dict(records.courses)
    assert list(courses) == list(records.courses)
    assert rejected == records.rejected
    assert len(rejected) > 5


def test_a_table_without_a_needed_column_is_said_as_in_one_piece(tmp_path: Path) -> None:
    tables = {**TABLES, "edss": "SELECT 'A' AS person, DATE '2020-01-01' AS date"}
    folder = _folder(tmp_path, tables)
    found = _divided(folder, tmp_path)
    courses, rejected = _all(found)
    records = read_folder(folder, as_of=AS_OF)
    assert [p for p in rejected if p.kind == "file"] == [
        p for p in records.rejected if p.kind == "file"
    ]
    assert not any(c.has("edss") for c in courses.values())


def test_nobody_who_can_be_used_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"people": "SELECT '=a' AS person, 'F' AS sex"})
    found = _divided(folder, tmp_path)
    courses, rejected = _all(found)
    with pytest.raises(InputError, match="neither people nor doses"):
        found.check(len(courses), rejected)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (
            "SELECT 'A' AS person, TIMESTAMPTZ '2020-01-01 10:00:00+02' AS taken, 'weight' AS test,"
            " 70 AS value, 'kg' AS unit",
            "a column of the type TIMESTAMP WITH TIME ZONE",
        ),
        (
            "SELECT 'A' AS person, 'B' AS patient, DATE '2020-01-01' AS taken, 'weight' AS test,"
            " 70 AS value, 'kg' AS unit",
            "measurements: two columns of people, or two of one name",
        ),
    ],
    ids=["a moment with a zone", "two columns of people"],
)
def test_what_cannot_be_divided_is_left_to_one_piece(tmp_path: Path, query: str, why: str) -> None:
    folder = _folder(tmp_path, {**TABLES, "measurements": query})
    assert divided(folder, tmp_path, AS_OF, registry()) == OnePiece(why)


def test_csv_and_damaged_parquet_are_left_to_one_piece(tmp_path: Path) -> None:
    folder = _folder(tmp_path, TABLES)
    data = (folder / "doses.parquet").read_bytes()
    (folder / "doses.parquet").write_bytes(b"PAR1" + b"\0" * 30 + data[34:])
    assert divided(folder, tmp_path, AS_OF, registry()) == OnePiece(
        "a table cannot be read to its end"
    )
    (folder / "doses.parquet").unlink()
    (folder / "doses.csv").write_text("person,start,dose_mg,route\n", encoding="utf-8")
    assert divided(folder, tmp_path, AS_OF, registry()) == OnePiece("not Parquet: doses")


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_infinity=False))
def test_numbers_have_the_text_that_python_gives(value: float) -> None:
    query = f"SELECT {module._as_text('x', 'DOUBLE')} FROM (SELECT CAST(? AS DOUBLE) AS x)"
    found = duckdb.execute(query, [value]).fetchone()
    assert found is not None
    assert found[0] == cell_text(value) or float(found[0]) == value


def test_a_column_without_any_value_is_no_obstacle(tmp_path: Path) -> None:
    """OMOP tables without visits give doses whose setting has no type."""
    folder = _folder(tmp_path, {**TABLES, "mri": f"{TABLES['mri']}, NULL AS comment"})
    courses, rejected = _all(_divided(folder, tmp_path))
    records = read_folder(folder, as_of=AS_OF)
    assert courses == dict(records.courses)
    assert rejected == records.rejected
