"""Parquet says the same as CSV."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from openntz.records import parquet
from openntz.records.csv import read_folder
from tests.records.build import AS_OF, only, write

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"


def put(folder, name, **columns):
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def test_the_example_clinic_as_parquet_gives_the_same_courses(tmp_path):
    for file in CLINIC.glob("*.csv"):
        table = pyarrow.csv.read_csv(
            file, convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True)
        )
        pq.write_table(table, tmp_path / f"{file.stem}.parquet")
    from_csv, from_parquet = (read_folder(f, as_of=AS_OF) for f in (CLINIC, tmp_path))

    assert dict(from_parquet.courses).keys() == dict(from_csv.courses).keys()
    for name, course in from_csv.courses.items():
        other = from_parquet.courses[name]
        assert other.doses == course.doses
        assert [
            (m.at, m.test, m.value, m.censor, m.answer, m.assay) for m in other.measurements
        ] == [(m.at, m.test, m.value, m.censor, m.answer, m.assay) for m in course.measurements]
        assert (other.mri, other.plans, other.reactions, other.edss) == (
            *(course.mri, course.plans, course.reactions, course.edss),
        )
    assert not from_parquet.rejected


def test_typed_cells_are_read_like_text(tmp_path):
    write(tmp_path)
    put(
        tmp_path,
        "doses",
        person=["A", "A", "A"],
        start=pa.array([datetime(2024, 1, 1, 10), datetime(2024, 2, 1), None], pa.timestamp("ns")),
        end=pa.array([datetime(2024, 1, 1, 11), None, None], pa.timestamp("ms")),
        dose_mg=pa.array([Decimal("300.00"), Decimal("300"), Decimal("300")]),
        route=pa.array(["IV", "SC", "IV"]).dictionary_encode(),
    )
    records = read_folder(tmp_path, as_of=AS_OF)
    first, second = records.courses["A"].doses

    assert (first.at, first.end, first.amount_mg) == (
        *(datetime(2024, 1, 1, 10), datetime(2024, 1, 1, 11), 300.0),
    )
    assert not second.time_known
    assert (only(records.rejected).line, only(records.rejected).column) == (4, "start")


def test_a_time_zone_is_said_and_local_clock_time_is_kept(tmp_path):
    write(tmp_path)
    at = datetime(2024, 1, 1, 9, tzinfo=UTC)
    put(
        tmp_path,
        "doses",
        person=["A"],
        start=pa.array([at], pa.timestamp("us", tz="+02:00")),
        dose_mg=[300.0],
        route=["SC"],
    )
    records = read_folder(tmp_path, as_of=AS_OF)

    assert only(records.courses["A"].doses).at == datetime(2024, 1, 1, 11)
    assert "+02:00" in only(records.notes).reason


def test_dates_floats_and_missing_values(tmp_path):
    write(tmp_path)
    put(
        tmp_path,
        "mri",
        person=["A", "A"],
        date=[date(2024, 1, 1), date(2024, 2, 1)],
        gadolinium_lesions=[2.0, float("nan")],
        seen=[True, False],
    )
    first, second = read_folder(tmp_path, as_of=AS_OF).courses["A"].mri

    assert (first.gadolinium_lesions, second.gadolinium_lesions) == (2, None)
    assert dict(first.extra) == {"seen": "yes"}


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", b"no parquet"])
def test_a_damaged_file_is_named_and_the_rest_runs(tmp_path, data):
    write(tmp_path)
    (tmp_path / "doses.parquet").write_bytes(data)
    problem = only(read_folder(tmp_path, as_of=AS_OF).rejected)

    assert (problem.kind, problem.table) == ("file", "doses")
    assert problem.remedy


def test_a_cut_off_file_is_named(tmp_path):
    write(tmp_path)
    put(tmp_path, "doses", person=["A"] * 100, start=["2024-01-01"] * 100, route=["IV"] * 100)
    path = tmp_path / "doses.parquet"
    path.write_bytes(path.read_bytes()[:-20])

    assert "cannot be read" in only(read_folder(tmp_path, as_of=AS_OF).rejected).reason


def test_a_file_damaged_midway_leaves_nobody_whole(tmp_path, monkeypatch):
    write(tmp_path, people="person,birth_date,sex,ms_onset\nA,1980-01-01,F,\nB,1981-01-01,F,\n")
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 10)
    starts = [f"2024-01-{day:02}" for day in range(1, 21)]
    table = pa.table({"person": ["A"] * 10 + ["B"] * 10, "start": starts, "route": ["SC"] * 20})
    table = table.append_column("dose_mg", pa.array([300] * 20))
    path = tmp_path / "doses.parquet"
    pq.write_table(table, path, row_group_size=10, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    second = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data[second : second + 12] = b"\xff" * 12
    path.write_bytes(bytes(data))
    records = read_folder(tmp_path, as_of=AS_OF)
    problem = only(records.rejected)

    assert (problem.kind, problem.table, problem.line) == ("file", "doses", 0)
    assert "breaks off after line 11" in problem.reason
    assert (records.broken_off, records.unreadable) == (("doses",), ())
    assert len(records.courses["A"].doses) == 10
    assert not records.courses["B"].has("doses")
    assert records.incomplete == {"A": {"doses"}, "B": {"doses"}}


def test_pyarrow_is_loaded_only_for_parquet(tmp_path):
    write(tmp_path)
    code = (
        "import sys; from pathlib import Path; from openntz.records.csv import read_folder;"
        f"read_folder(Path({str(tmp_path)!r}));"
        "sys.exit(any(m in sys.modules for m in ('pyarrow', 'pandas', 'pydantic', 'pint')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
