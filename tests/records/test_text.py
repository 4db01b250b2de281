"""Delimited text as it comes: encodings, delimiters, broken lines, physical line numbers."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.course.tables import CONTRACT
from openntz.records.problems import CellError
from openntz.records.text import LONGEST_LINE, LONGEST_RECORD, Broken, TextTable

MRI = CONTRACT["mri"]


def known(header):
    return MRI.find(header) is not None


def table(tmp_path, data, delimiter=""):
    path = tmp_path / "mri.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return TextTable(path, known, delimiter)


def records(tmp_path, data, delimiter=""):
    with table(tmp_path, data, delimiter) as source:
        return source.names, list(source.records()), source.notes


def cells(found):
    return [(line, got) for line, got in found if not isinstance(got, Broken)]


def broken(found):
    return [(line, got.reason) for line, got in found if isinstance(got, Broken)]


TEXT = "person,date,comment\nA,2024-01-01,µ café\nB,2024-01-02,ok\n"
ROWS = [(2, ["A", "2024-01-01", "µ café"]), (3, ["B", "2024-01-02", "ok"])]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TEXT.encode("utf-8"), ""),
        (TEXT.encode("utf-8-sig"), ""),
        (TEXT.encode("utf-16"), ""),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), ""),
        (TEXT.encode("utf-32"), ""),
        (TEXT.encode("cp1252"), "first in line 2): such bytes are read as Windows-1252"),
        (b"\xef\xbb\xbf" + TEXT.encode("cp1252"), "Windows-1252"),
        (TEXT.encode("utf-16-le"), "without a byte order mark"),
        (TEXT.encode("utf-16-be"), "without a byte order mark"),
        (TEXT.replace("\n", "\r\n").encode("utf-8"), ""),
        (TEXT.replace("\n", "\r").encode("utf-8"), ""),
        (TEXT.rstrip("\n").encode("utf-8"), ""),
    ],
)
def test_encodings_and_line_ends_give_the_same_rows(tmp_path, data, said):
    names, found, notes = records(tmp_path, data)

    assert names == ["person", "date", "comment"]
    assert found == ROWS
    assert bool(notes) == bool(said)
    assert said in " ".join(notes)


def test_mixed_encodings_are_read_byte_by_byte(tmp_path):
    data = b"person,date,comment\nA,2024-01-01,caf\xc3\xa9\nB,2024-01-02,caf\xe9\n"

    assert [row[2] for _, row in records(tmp_path, data)[1]] == ["café", "café"]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiter_is_found_from_the_header(tmp_path, sign):
    data = sign.join(("person", "date", "comment")) + "\n" + sign.join(("A", "2024-01-01", "x"))

    assert records(tmp_path, data)[1] == [(2, ["A", "2024-01-01", "x"])]


def test_delimiter_that_gives_known_names_beats_the_more_frequent_one(tmp_path):
    data = "person;date;comment,with,many,commas\nA;2024-01-01;x\n"

    assert records(tmp_path, data)[0] == ["person", "date", "comment,with,many,commas"]


def test_a_spreadsheet_s_sep_line_is_obeyed_and_counted(tmp_path):
    names, found, _ = records(tmp_path, "sep=;\r\nperson;date;comment\r\nA;2024-01-01;a,b\r\n")

    assert names == ["person", "date", "comment"]
    assert found == [(3, ["A", "2024-01-01", "a,b"])]


def test_quoted_line_ends_keep_the_physical_line_of_the_record(tmp_path):
    data = (
        'person,date,comment\nA,2024-01-01,"one\ntwo\n\nfour"\nB,2024-01-02,x\n\nC,2024-01-03,y\n'
    )

    found = records(tmp_path, data)[1]

    assert [line for line, _ in found] == [2, 6, 8]
    assert found[0][1][2] == "one\ntwo\n\nfour"


def test_an_unclosed_quotation_mark_costs_its_own_line_only(tmp_path):
    data = (
        "person,date,gadolinium_lesions,comment\n"
        'A,2024-01-01,0,"never closed\n'
        "B,2024-01-02,1,x\n"
        'C,2024-01-03,2,"closed, with, commas"\n'
        "D,2024-01-04,3,y\n"
    )

    found = records(tmp_path, data)[1]

    assert broken(found) == [(2, "a quotation mark opens here and is not closed.")]
    assert [row[0] for _, row in cells(found)] == ["B", "C", "D"]
    assert [line for line, _ in cells(found)] == [3, 4, 5]


@pytest.mark.parametrize("end", ["", "\n"])
def test_an_unclosed_quotation_mark_in_the_last_line_is_named(tmp_path, end):
    found = records(tmp_path, 'person,date,comment\nA,2024-01-01,x\nB,2024-01-02,"y' + end)[1]

    assert broken(found) == [(3, "a quotation mark opens here and is not closed.")]
    assert [row[0] for _, row in cells(found)] == ["A"]


def test_a_quotation_mark_inside_a_cell_is_text(tmp_path):
    found = records(tmp_path, 'person,date,comment\nA,2024-01-01,5" needle\nB,2024-01-02,y\n')[1]

    assert found == [(2, ["A", "2024-01-01", '5" needle']), (3, ["B", "2024-01-02", "y"])]


def test_an_unclosed_quotation_mark_before_many_lines_does_not_swallow_them(tmp_path):
    lines = [f"P{i},2024-01-01,x" for i in range(3 * LONGEST_RECORD)]
    data = "person,date,comment\n" + 'A,2024-01-01,"open\n' + "\n".join(lines) + "\n"

    found = records(tmp_path, data)[1]

    assert [line for line, _ in broken(found)] == [2]
    assert len(cells(found)) == len(lines)
    assert [line for line, _ in cells(found)] == list(range(3, 3 + len(lines)))


@pytest.mark.parametrize("lines", [LONGEST_RECORD - 1, LONGEST_RECORD, LONGEST_RECORD + 1])
def test_a_cell_of_many_lines_is_read_or_named_and_what_follows_is_read(tmp_path, lines):
    cell = "\n".join(["x"] * lines)
    found = records(tmp_path, f'person,date,comment\nA,2024-01-01,"{cell}"\nB,2024-01-02,y\n')[1]

    assert cells(found)[-1] == (2 + lines, ["B", "2024-01-02", "y"])
    if lines <= LONGEST_RECORD:
        assert found[0] == (2, ["A", "2024-01-01", cell])
    else:
        assert broken(found)[0] == (2, "a quotation mark opens here and is not closed.")
        assert len(broken(found)) == lines


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,2024-01-01", "the row has fewer cells (2) than the header (3)."),
        ("A,2024-01-01,x,y", "the row has more cells (4) than the header (3)."),
        ("A,2024-01-01,x,", "the row has more cells (4) than the header (3)."),
        ("A,2024-01-01,\0", "the row holds a NUL byte, so part of it may be lost."),
    ],
)
def test_a_row_of_another_width_is_named(tmp_path, row, reason):
    found = records(tmp_path, f"person,date,comment\nZ,2024-01-01,z\n{row}\nB,2024-01-02,x\n")[1]

    assert broken(found) == [(3, reason)]
    assert [r[0] for _, r in cells(found)] == ["Z", "B"]


def test_delimiters_that_end_every_line_lose_nothing(tmp_path):
    found = records(tmp_path, "person,date,comment\nA,2024-01-01,x,,\nB,2024-01-02,y,\n")[1]

    assert found == [(2, ["A", "2024-01-01", "x"]), (3, ["B", "2024-01-02", "y"])]


def test_a_line_without_end_is_named_and_the_rest_is_read(tmp_path):
    long = "A,2024-01-01," + "x" * (2 * LONGEST_LINE)
    found = records(tmp_path, f"person,date,comment\n{long}\nB,2024-01-02,y\n")[1]

    assert broken(found) == [(2, f"the line is longer than {LONGEST_LINE} characters.")]
    assert cells(found) == [(3, ["B", "2024-01-02", "y"])]


def test_a_cell_beyond_the_parser_s_limit_is_named(tmp_path):
    long = "A,2024-01-01," + "x" * (csv.field_size_limit() + 10)
    found = records(tmp_path, f"person,date,comment\n{long}\nB,2024-01-02,y\n")[1]

    assert "a cell is longer than" in broken(found)[0][1]
    assert cells(found) == [(3, ["B", "2024-01-02", "y"])]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "no header"),
        (b"\xef\xbb\xbf", "no header"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(1, 32)) * 20, "not text"),
        (b'person,date,"comment\nA,2024-01-01,x\n', "header cannot be split"),
        (b"person," + b"x" * LONGEST_LINE, "header is too long"),
    ],
)
def test_a_file_without_a_header_is_refused_with_a_remedy(tmp_path, data, why):
    with pytest.raises(CellError) as caught:
        table(tmp_path, data)

    assert why in caught.value.reason
    assert caught.value.remedy


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "mri.csv"
    row = "A,2024-01-01,0123456789012345678901234567890123456789\n"
    path.write_text("person,date,comment\n" + row * 60_000, encoding="utf-8")
    tracemalloc.start()
    with TextTable(path, known) as source:
        count = sum(1 for _ in source.records())
        peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 60_000
    # The file is 3.3 MB; the 1 MB chunks in which the encoding is found are the most held.
    assert peak < 2.5e6


# A file a tenth of which is control characters counts as no text, on purpose.
CONTROLS = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n")
CELLS = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters=CONTROLS + "\ufeff"),
    max_size=12,
)


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8), sign=st.sampled_from(",;\t|"))
@settings(deadline=None)
def test_what_python_writes_is_read_back(tmp_path_factory, rows, sign):
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=sign, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("person", "date", "comment"), *rows])
    found = records(tmp_path_factory.mktemp("text"), buffer.getvalue(), sign)[1]

    assert not broken(found)
    assert [tuple(row) for _, row in found] == rows


@given(data=st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_records_or_a_named_refusal(tmp_path_factory, data):
    try:
        names, found, _ = records(tmp_path_factory.mktemp("text"), data)
    except CellError:
        return
    for line, got in found:
        assert line >= 1
        assert isinstance(got, Broken) or len(got) == len(names)


@given(body=st.text("ab\",\n\r;'", max_size=200))
@settings(deadline=None)
def test_no_line_is_lost_or_read_twice_however_quotation_marks_fall(tmp_path_factory, body):
    data = "person,date,gadolinium_lesions,comment\n" + body
    found = records(tmp_path_factory.mktemp("text"), data)[1]
    lines = [line for line, _ in found]

    assert lines == sorted(set(lines))
    physical = io.StringIO(data, newline="").readlines()
    for number, text in enumerate(physical, start=1):
        if text.strip(', \r\n"') and number not in lines and number > 1:
            # Inside a quoted cell of the record before it.
            before = max((n for n in lines if n < number), default=0)
            assert before
            assert '"' in physical[before - 1]
