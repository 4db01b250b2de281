"""Files as they arrive: three formats say the same, bad ones are named, nothing runs."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pandas
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import InputError
from openntz.records.csv import read_folder
from openntz.records.sdtm.codes import load_codes
from openntz.records.sdtm.domains import looks_like_sdtm, read_domains
from openntz.workflows.importing import import_sdtm

NAMES = ("USUBJID", "VSSEQ", "VSTESTCD", "VSORRES", "VSORRESU", "VSDTC")
ROWS = (("S1", 1, "WEIGHT", "70.5", "kg", "2020-01-01"), ("S2", 2, "WEIGHT", "", "", "2020-01-02"))
DM = "USUBJID,SEX,BRTHDTC\nS1,F,1980-01-01\n"
EX = "USUBJID,EXTRT,EXDOSE,EXDOSU,EXROUTE,EXSTDTC\nS1,NATALIZUMAB,300,mg,IV,2020-01-01\n"


def _csv(folder: Path) -> None:
    lines = [",".join(map(str, row)) for row in (NAMES, *ROWS)]
    (folder / "vs.csv").write_text("\n".join(lines), encoding="utf-8")


def _xpt(folder: Path) -> None:
    frame = pandas.DataFrame(ROWS, columns=list(NAMES))
    path = str(folder / "vs.xpt")
    pyreadstat.write_xport(frame, path, table_name="VS", file_format_version=5)


def _json(folder: Path) -> None:
    data = {"datasetJSONVersion": "1.1.0", "name": "VS", "columns": _columns(), "rows": ROWS}
    (folder / "vs.json").write_text(json.dumps(data), encoding="utf-8")


def _ndjson(folder: Path) -> None:
    head = {"datasetJSONVersion": "1.1.0", "name": "VS", "columns": _columns()}
    lines = [json.dumps(head), *(json.dumps(row) for row in ROWS)]
    (folder / "vs.ndjson").write_text("\n".join(lines), encoding="utf-8")


def _columns() -> list[dict[str, str]]:
    return [{"itemOID": f"IT.{n}", "name": n, "label": n, "dataType": "string"} for n in NAMES]


@pytest.mark.parametrize("write", [_csv, _xpt, _json, _ndjson])
def test_each_format_says_the_same(write, tmp_path: Path) -> None:
    write(tmp_path)
    found, problems = read_domains(tmp_path, {})
    assert problems == ()
    assert [[row.get(n) for n in NAMES] for row in found["VS"].rows] == [
        [str(cell) for cell in row] for row in ROWS
    ]


def test_supplemental_qualifiers_stand_beside_their_records(tmp_path: Path) -> None:
    _csv(tmp_path)
    (tmp_path / "suppvs.csv").write_text(
        "RDOMAIN,USUBJID,IDVAR,IDVARVAL,QNAM,QVAL\n"
        "VS,S1,VSSEQ,1.0,VSNOTE,standing\nVS,S1,VSSEQ,1,VSORRES,99\nVS,S1,VSSEQ,7,VSNOTE,lost\n",
        encoding="utf-8",
    )
    found, problems = read_domains(tmp_path, {})
    assert set(found) == {"VS"}
    first = found["VS"].rows[0]
    assert (first.get("VSNOTE"), first.get("VSORRES")) == ("standing", "70.5")
    (problem,) = problems
    assert (problem.table, problem.line, problem.value) == ("suppvs", 4, "7")


BAD = {
    "no transport file": ("vs.xpt", b"HEADER RECORD not at all"),
    "no JSON": ("vs.json", b"{"),
    "JSON without columns": ("vs.json", b"{}"),
    "not UTF-8": ("vs.csv", b"USUBJID\n\xff\xfe\n"),
    "a variable twice": ("vs.csv", b"USUBJID,USUBJID\nS1,S1\n"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_one_problem(name: str, tmp_path: Path) -> None:
    file, data = BAD[name]
    (tmp_path / file).write_bytes(data)
    (tmp_path / "dm.csv").write_text(DM, encoding="utf-8")
    found, problems = read_domains(tmp_path, {})
    assert set(found) == {"DM"}
    (problem,) = problems
    assert (problem.table, problem.value, problem.kind) == ("vs", file, "file")
    assert problem.remedy


def test_transport_files_in_windows_letters_are_read_and_said(tmp_path: Path) -> None:
    _xpt(tmp_path)
    path = tmp_path / "vs.xpt"
    path.write_bytes(path.read_bytes().replace(b"kg", b"\xe9g"))
    found, problems = read_domains(tmp_path, {})
    assert found["VS"].rows[0].get("VSORRESU") == "\u00e9g"
    assert "Windows-1252" in problems[0].reason


@pytest.mark.parametrize(
    ("files", "mapped", "known"),
    [
        (("dm.csv", "ex.xpt"), {}, True),
        (("DM.json", "ec.csv"), {}, True),
        (("dm.csv", "lb.csv"), {}, False),
        (("a.csv", "b.csv"), {"DM": "a.csv", "EX": "b.csv"}, True),
    ],
)
def test_a_folder_of_sdtm_is_known_by_its_files(
    files: tuple[str, ...], mapped: dict[str, str], known: bool, tmp_path: Path
) -> None:
    for file in files:
        (tmp_path / file).write_text("", encoding="utf-8")
    assert looks_like_sdtm(tmp_path, mapped) is known


def test_lines_with_other_numbers_of_cells_are_rejected_by_line(tmp_path: Path) -> None:
    text = "USUBJID,SEX\nS1,F\nS2\nS3,M,extra\nS4,M\n"
    (tmp_path / "dm.csv").write_text(text, encoding="utf-8")
    found, problems = read_domains(tmp_path, {})
    assert [row.get("USUBJID") for row in found["DM"].rows] == ["S1", "S4"]
    assert [p.line for p in problems] == [3, 4]


def test_a_domain_that_is_there_twice_is_read_once_and_said(tmp_path: Path) -> None:
    _csv(tmp_path)
    _json(tmp_path)
    found, problems = read_domains(tmp_path, {})
    assert found["VS"].file == "vs.csv"
    assert problems[0].value == "vs.json"


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "secret.csv", tmp_path / "data"
    folder.mkdir()
    outside.write_text(DM, encoding="utf-8")
    (folder / "dm.csv").symlink_to(outside)
    found, problems = read_domains(folder, {})
    assert found == {}
    assert "link" in problems[0].reason


def test_a_folder_without_a_domain_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a\n", encoding="utf-8")
    with pytest.raises(InputError, match="no SDTM domain"):
        read_domains(tmp_path, {})
    assert not looks_like_sdtm(tmp_path)


HOSTILE = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "+1+1", "@SUM(1)", "a\x00b", '"x')


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_cells_stay_text(text: str, tmp_path: Path) -> None:
    folder, out = tmp_path / "data", tmp_path / "out"
    folder.mkdir()
    (folder / "dm.csv").write_text(DM, encoding="utf-8")
    with (folder / "cm.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([("USUBJID", "CMTRT", "CMSTDTC"), ("S1", text, "2020-01-01")])
    import_sdtm(folder, out, None)
    with (out / "treatments.csv").open(encoding="utf-8", newline="") as stream:
        name = next(csv.DictReader(stream))["name"]
    assert not name.startswith(("=", "+", "@"))
    assert "\x00" not in name


def test_an_imported_folder_is_a_course(tmp_path: Path) -> None:
    folder, out = tmp_path / "data", tmp_path / "out"
    folder.mkdir()
    (folder / "dm.csv").write_text(DM, encoding="utf-8")
    (folder / "ex.csv").write_text(EX, encoding="utf-8")
    assert looks_like_sdtm(folder)
    found = import_sdtm(folder, out, None)
    assert found.problems == ()
    course = read_folder(out, as_of=date(2021, 1, 1)).courses["S1"]
    assert (course.doses[0].amount_mg, course.doses[0].route) == (300.0, "IV")
    with pytest.raises(InputError, match="already"):
        import_sdtm(folder, out, None)
    with pytest.raises(InputError, match="holds the data"):
        import_sdtm(folder, folder, None)


MAPPINGS = {
    "unknown key": "colour = 1\n",
    "wrong kind": 'drug = "X"\n[routes]\nORAL = 3\n',
    "no TOML": "drug = [\n",
    "titres": 'titres = "log2"\n',
}


def test_messages_about_mapping_files(tmp_path: Path, snapshot) -> None:
    said = {}
    for name, text in MAPPINGS.items():
        path = tmp_path / "codes.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load_codes(path)
        said[name] = str(caught.value).replace(str(tmp_path), "")
    with pytest.raises(InputError) as caught:
        load_codes(tmp_path / "none.toml")
    said["no file"] = str(caught.value).replace(str(tmp_path), "")
    assert said == snapshot


_CELL = st.text(max_size=20)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(
        ["dm", "ex", "lb", "vs", "is", "pc", "ae", "ce", "qs", "mo", "cm", "ds", "rp", "mh"]
    ),
    rows=st.lists(st.lists(_CELL, min_size=8, max_size=8), max_size=4),
)
def test_any_text_is_used_rejected_or_counted(name: str, rows: list[list[str]]) -> None:
    from openntz.records.sdtm.codes import StudyCodes
    from openntz.records.sdtm.convert import convert
    from openntz.records.sdtm.domains import Domain, Row

    p = name.upper()
    columns = {
        "ex": ("USUBJID", "EXTRT", "EXDOSE", "EXROUTE", "EXSTDTC", "EXENDTC", "EXDOSU", "EXDOSFRQ"),
        "ae": ("USUBJID", "AETERM", "AEDECOD", "AESTDTC", "AESEV", "AETOXGR", "AESPID", "AECAT"),
        "cm": ("USUBJID", "CMTRT", "CMSTDTC", "CMENDTC", "CMCAT", "CMOCCUR", "CMDECOD", "CMSTAT"),
        "ce": ("USUBJID", "CETERM", "CEDECOD", "CESTDTC", "CEOCCUR", "CESEV", "CECAT", "CECOM"),
        "ds": ("USUBJID", "DSTERM", "DSDECOD", "DSSTDTC", "DSCAT", "DSINTV", "DSDECID", "DSCONS"),
        "dm": ("USUBJID", "SEX", "AGE", "AGEU", "BRTHDTC", "ARM", "RFSTDTC", "RFENDTC"),
        "mh": ("USUBJID", "MHTERM", "MHDECOD", "MHSTDTC", "MHOCCUR", "MHCAT", "MHSTAT", "MHSEQ"),
    }.get(
        name,
        ("USUBJID", f"{p}TESTCD", f"{p}ORRES", f"{p}ORRESU", f"{p}DTC", f"{p}LOC", f"{p}LLOQ",
         f"{p}STAT"),
    )  # fmt: skip
    records = tuple(
        Row(i, dict(zip(columns, row, strict=True))) for i, row in enumerate(rows, start=2)
    )
    found = convert([Domain(name.upper(), "f.csv", records, frozenset(columns))], StudyCodes())
    written = sum(len(r) for r in found.rows.values())
    aside = sum(p.kind == "row" for p in found.problems)
    remarks = sum(n for (_, why), n in found.unused.items() if "repeated" not in why)
    assert written + aside + remarks == len(rows)
