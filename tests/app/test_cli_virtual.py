"""`simulate` and `validate` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from openntz.app.cli import app
from openntz.evidence.published import published

SCENARIO = """
title = "one"
start = 2021-01-04
days = 60
[[arm]]
name = "drug"
people = 2
doses = [{ every_week = 4, count = 3 }]
"""


def test_simulate_writes_tables_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    out = tmp_path / "out"
    result = CliRunner().invoke(
        app, ["simulate", str(file), "--out", str(out), "--trajectories", "--seed", "3"]
    )
    assert result.exit_code == 0, result.output
    assert "2 virtual people, seed 3" in result.output
    assert len(list(out.glob("*.csv"))) == 11
    assert json.loads((out / "simulation.json").read_text("utf-8"))["seed"] == 3


def test_simulate_refuses_a_bad_scenario_with_its_path(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(SCENARIO.replace("people = 2", "people = -2"), encoding="utf-8")
    result = CliRunner().invoke(app, ["simulate", str(file), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "arm[1].people" in result.stderr


def test_validate_writes_every_result_and_says_how_many_agree(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["validate", "--out", str(tmp_path), "--people", "50"])
    assert result.exit_code == 0, result.output
    counted = sum(p.counted for p in published())
    assert f"of {counted} counted results agree" in result.output
    told = json.loads((tmp_path / "validate.json").read_text("utf-8"))
    assert len(told) == len(published())
    failed = [one for one in told if one["pass"] is False]
    differ = sum(one["counted"] for one in failed)
    assert failed
    last = " ".join(result.output.splitlines()[-2:])
    assert last.endswith(
        f"{differ} of {counted} counted results do not agree, and {len(failed) - differ} of those "
        "not counted."
    )
