"""A clinic's tables as NONMEM-style data: what comes out can be read and estimated again."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from typer.testing import CliRunner

from openntz.app.cli import app
from openntz.records.nonmem import read_nonmem

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"


def _export(out: Path):
    words = ["export", str(CLINIC), "--as-of", "2024-06-30", "--out", str(out)]
    return CliRunner().invoke(app, words)


def test_exported_data_match_the_tables(tmp_path: Path) -> None:
    out = tmp_path / "new" / "data.csv"
    done = _export(out)
    assert done.exit_code == 0
    assert "keep it apart" in done.stdout
    with (CLINIC / "doses.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    day = next(c for c in rows[0] if c in {"date", "start", "datetime"})
    given = [r for r in rows if date.fromisoformat(r[day][:10]) <= date(2024, 6, 30)]
    data = read_nonmem(out)
    assert sum(int((s.evid == 1).sum()) for s in data.subjects) == len(given)
    assert not data.rejected


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", "utf-8")
    assert _export(blocked / "data.csv").exit_code == 2
