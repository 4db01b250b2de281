"""The published table is that of the last run, and the last run is of this reference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reference.conformance.__main__ import compared, recorded
from tests.reference.conformance.cases import all_cases
from tests.reference.conformance.compare import Row, fingerprint
from tests.reference.conformance.page import PAGE, RECORD, page
from tests.reference.parity import cases, results, rows

RECORDED = json.loads(RECORD.read_text())


def test_page_is_written_from_the_record() -> None:
    assert PAGE.read_text() == page(RECORDED)


def test_record_is_of_this_reference() -> None:
    assert RECORDED["reference"] == fingerprint(), "run `make conformance`"


def test_record_has_all_cases() -> None:
    assert {row["case"] for row in RECORDED["rows"]} == set(cases())


@pytest.mark.parametrize("name", ["nonmem-oral-1cpt", "nonmem-m3-blq"])
def test_cheap_rerun_gives_the_recorded_numbers(name: str) -> None:
    recorded = [Row(**row) for row in RECORDED["rows"] if row["case"] == name]
    for old, new in zip(recorded, rows(name), strict=True):
        assert (old.quantity, old.numbers, old.passed) == (new.quantity, new.numbers, new.passed)
        # Integration to 1e-9: another machine's last digits may differ by that much.
        assert new.apart == pytest.approx(old.apart, abs=1e-7)


def test_what_a_run_records_makes_the_page() -> None:
    kept = [Row(**row) for row in RECORDED["rows"]]
    assert json.loads(json.dumps(recorded(kept, RECORDED["draws"]))) == RECORDED


def test_missing_results_fail_and_are_said(tmp_path: Path) -> None:
    case = all_cases(tmp_path / "inputs")[0]
    (row,) = compared([case], tmp_path)
    assert not row.passed
    assert "no usable results" in row.quantity


def test_wrong_eta_fails(tmp_path: Path) -> None:
    case = cases()["nonmem-m3-blq"]
    text = (results(case.name, 0) / "etas.csv").read_text()
    lines = text.splitlines()
    cells = lines[1].split(",")
    # Twice the stated tolerance.
    cells[3] = repr(float(cells[3]) + 2e-4)
    folder = tmp_path / case.name
    folder.mkdir()
    (folder / "etas.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n")
    (row,) = compared([case], tmp_path)
    assert not row.passed
    assert row.numbers == 4
