"""The command line of `openntz evaluate`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from openntz.app.cli import app


@pytest.mark.parametrize("arguments", [["examples/clinic", "--virtual"], []])
def test_folder_or_virtual_and_not_both(arguments: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", *arguments, "--out", str(tmp_path / "o")])
    assert done.exit_code == 2
    assert not (tmp_path / "o").exists()


def test_virtual_people_are_worked_out_on_the_cluster_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("openntz.compute.cluster._PATIENCE_SECONDS", 1)
    asked = ["--virtual", "--scheduler", "tcp://127.0.0.1:9", "--out", str(tmp_path / "o")]
    done = CliRunner().invoke(app, ["evaluate", *asked])
    assert done.exit_code == 2
    assert "no cluster answers at tcp://127.0.0.1:9" in done.stderr
    assert not (tmp_path / "o").exists()


def test_summary_names_scores_definitions_and_page(tmp_path: Path) -> None:
    out = tmp_path / "o"
    done = CliRunner().invoke(
        app,
        ["evaluate", "examples/clinic", "--as-of", "2019-09-30", "--out", str(out)],
    )
    assert done.exit_code in {0, 1}
    for words in ("MAPE: Mean of", "perfect forecast", "drift, bridging ELISA", "index.html"):
        assert words in done.output
    assert {p.name for p in out.iterdir()} == {"index.html", "evaluate.json", "predictions.csv"}


def test_unknown_card_is_refused_with_a_remedy(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["evaluate", "--virtual", "--card", "no_such_card", "--out", str(tmp_path / "o")]
    )
    assert done.exit_code == 2
