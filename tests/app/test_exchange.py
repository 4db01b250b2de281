"""`import` and `export` as commands: layouts in, layouts out, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from openntz.app.cli import app

TABLES = {
    "people": "person,birth_date,sex\nA,1980-01-01,F\n",
    "doses": "person,start,end,dose_mg,route\nA,2020-01-01T10:00,2020-01-01T11:00,300,IV\n",
}


def _run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    folder = tmp_path / "clinic"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("layout", ["sdtm", "adam"])
@pytest.mark.parametrize("written_as", ["csv", "json", "xpt"])
def test_datasets_go_out_and_come_in(
    layout: str, written_as: str, clinic: Path, tmp_path: Path
) -> None:
    data, back = tmp_path / "data", tmp_path / "back"
    out = _run("export", clinic, "--to", layout, "--format", written_as, "--out", data,
               "--as-of", "2024-06-30")  # fmt: skip
    assert out.exit_code == 0, out.output
    assert (data / "not-carried.csv").exists()
    done = _run("import", data, "--out", back)
    assert done.exit_code == 0, done.output
    assert "2020-01-01T10:00,2020-01-01T11:00,300" in (back / "doses.csv").read_text("utf-8")
    again = _run("export", clinic, "--to", layout, "--out", data)
    assert again.exit_code == 2


def test_nonmem_stays_the_default_and_is_always_a_table_of_text(
    clinic: Path, tmp_path: Path
) -> None:
    assert _run("export", clinic, "--out", tmp_path / "d.csv").exit_code == 0
    assert (tmp_path / "d-key.csv").exists()
    refused = _run("export", clinic, "--out", tmp_path / "e.csv", "--format", "xpt")
    assert refused.exit_code == 2
    assert "--to sdtm or adam" in refused.output


def test_omop_without_a_mapping_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    folder = tmp_path / "omop"
    folder.mkdir()
    (folder / "person.csv").write_text("person_id\n1\n", encoding="utf-8")
    (folder / "drug_exposure.csv").write_text("person_id\n1\n", encoding="utf-8")
    refused = _run("import", folder, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert "mapping file" in refused.output
