"""Files out: inert in a spreadsheet, the same bytes, whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.records import write
from openntz.records.write import csv_text, inert, write_csv, write_text_atomic

FORMULAS = ["=cmd()", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "  @x", "＝1"]
NUMBERS = ["-300", "+2", "-0.5", "1e-3", "-1.5E+10", "-.5"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_gets_an_apostrophe(cell):
    assert inert(cell) == "'" + cell


@pytest.mark.parametrize("cell", [*NUMBERS, "", "text", "a=b", "1-2", "2024-05-01", "'=x"])
def test_numbers_and_text_stay_as_they_are(cell):
    assert inert(cell) == cell


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (-300, "-300"), (0.1, "0.1"), (True, "True"), ("a\0b", "a\ufffdb")],
)
def test_other_kinds_of_cells_become_text(cell, text):
    assert inert(cell) == text


CELLS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=6))
def test_any_reader_reads_back_what_was_written(rows):
    text = csv_text(("a", "b"), rows)

    read = list(csv.reader(io.StringIO(text, newline="")))

    assert read == [["a", "b"], *([inert(c) for c in row] for row in rows)]


@given(cell=CELLS)
def test_no_written_cell_starts_like_a_formula(cell):
    text = inert(cell)
    start = text.lstrip()[:1]

    assert start not in {"=", "@", "＝", "＋", "－", "＠"} or not text
    if start in {"+", "-"}:
        float(text)


def test_bytes_are_the_same_and_end_in_plain_line_ends(tmp_path):
    rows = [("µ", 1.5), ("=1", None), ("two\r\nlines", "x,y")]
    for name in ("one.csv", "two.csv"):
        write_csv(tmp_path / name, ("naïve", "value"), rows)
    first, second = ((tmp_path / name).read_bytes() for name in ("one.csv", "two.csv"))

    assert first == second
    assert first == 'naïve,value\nµ,1.5\n\'=1,\n"two\r\nlines","x,y"\n'.encode()


def test_an_old_file_is_replaced_and_nothing_is_left_behind(tmp_path):
    path = tmp_path / "out.txt"
    write_text_atomic(path, "old")
    write_text_atomic(path, "new")

    assert path.read_text(encoding="utf-8") == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_a_failure_leaves_the_old_file_and_no_half_one(tmp_path, monkeypatch):
    path = tmp_path / "out.txt"
    write_text_atomic(path, "old")

    def fail(handle):
        raise OSError("disk full")

    monkeypatch.setattr(write.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_text_atomic(path, "new")

    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.txt"]


def test_a_killed_process_leaves_the_old_file(tmp_path):
    path = tmp_path / "out.txt"
    write_text_atomic(path, "old")
    code = (
        "import os; from pathlib import Path; from openntz.records import write;"
        "write.os.replace = lambda a, b: os.kill(os.getpid(), 9);"
        f"write.write_text_atomic(Path({str(path)!r}), 'new' * 100000)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)

    assert path.read_text(encoding="utf-8") == "old"


def test_a_written_file_can_be_read_by_whom_the_folder_allows(tmp_path):
    path = tmp_path / "out.txt"
    old = os.umask(0o022)
    try:
        write_text_atomic(path, "x")
    finally:
        os.umask(old)

    assert path.stat().st_mode & 0o777 == 0o644


def test_a_long_file_name_can_be_written(tmp_path):
    path = tmp_path / ("n" * 250 + ".csv")
    write_csv(path, ("a",), [("b",)])

    assert path.read_text(encoding="utf-8") == "a\nb\n"


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        write_text_atomic(tmp_path / "nowhere" / "out.txt", "x")
