"""The command line as others script against it: exit codes, streams, help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openntz import __version__
from openntz.app.cli import app
from tests.workflows.test_review import CLINIC, MESSY, small_clinic

runner = CliRunner()
DAY = ["--as-of", "2024-06-30"]
HYPERSENSITIVITY = "hypersensitivity.contraindicated"


def test_version_and_help() -> None:
    assert runner.invoke(app, ["--version"]).output == f"openntz {__version__}\n"
    text = runner.invoke(app, ["--help"]).output
    for verb in ("review", "check", "forecast", "evidence"):
        assert verb in text


def test_help_loads_nothing_heavy() -> None:
    """Numba, scipy and pint would cost a second before the first word."""
    code = (
        "import sys\n"
        "from openntz.app.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numba', 'numpy', 'scipy', 'pint', 'pyarrow', 'jinja2', 'pydantic'}\n"
        "loaded = ','.join(sorted(heavy & set(sys.modules)))\n"
        "sys.exit(loaded or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_review_exits_0_when_clean_and_names_the_worklist(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P01", "P13"})
    done = runner.invoke(app, ["review", str(folder), *DAY, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert str(tmp_path / "out" / "index.html") in done.output
    assert "hypersensitivity.contraindicated" in done.output
    assert "a human decides" in done.output


def test_review_exits_1_with_rejected_rows(tmp_path: Path) -> None:
    done = runner.invoke(app, ["review", str(MESSY), *DAY, "--out", str(tmp_path / "out")])
    assert done.exit_code == 1, done.output
    assert "rejected.csv" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["review", "no-such-folder", "--out", "OUT"],
        ["check", "no-such-folder"],
        ["forecast", str(CLINIC), *DAY, "--person", "nobody"],
        ["forecast", str(CLINIC), *DAY, "--person", "N037", "--if-next-dose", "2020-01-01"],
        ["forecast", str(CLINIC), *DAY, "--person", "N037", "--profile", "mars"],
        ["evidence", "no-such-thing-anywhere"],
        ["evidence", "trough", "--site", "no-such-file.toml"],
        ["review", str(CLINIC), "--out", "OUT", "--as-of", "30/06/2024"],
        ["review", str(CLINIC), "--out", "OUT", "--compare", "no-such-file.json"],
        ["review", str(CLINIC), "--out", "OUT", "--acknowledged", "no-such-file.csv"],
        ["explain", str(CLINIC), *DAY, "--person", "nobody"],
        ["explain", str(CLINIC), *DAY, "--person", "N037", "--rule", "no.rule"],
        ["explain", str(CLINIC), *DAY, "--person", "N037", "--acknowledged", "no-such.csv"],
        ["explain", "no-such-folder", "--person", "N037"],
        ["review", str(CLINIC)],
    ],
)
def test_unusable_input_exits_2_with_a_remedy_and_no_traceback(
    words: list[str], tmp_path: Path
) -> None:
    words = [str(tmp_path / "out") if w == "OUT" else w for w in words]
    done = runner.invoke(app, words)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert done.output.strip()


def test_check_names_every_fault_with_its_line() -> None:
    done = runner.invoke(app, ["check", str(MESSY), *DAY])
    assert done.exit_code == 1
    for place in ("doses.csv:3", "measurements.csv:8", "people.csv:4", "mri.csv:4"):
        assert place in done.output, place


def test_forecast_answers_what_if() -> None:
    done = runner.invoke(
        app,
        ["forecast", str(CLINIC), *DAY, "--person", "N037", "--if-next-dose", "2024-08-01"],
    )
    assert done.exit_code == 0, done.output
    assert "before a dose on 2024-08-01" in done.output
    assert "days after a dose on 2024-08-01" in done.output


def test_forecast_outside_the_domain_says_why() -> None:
    done = runner.invoke(app, ["forecast", str(CLINIC), *DAY, "--person", "P09"])
    assert done.exit_code == 0
    assert "under 18" in done.output


def test_evidence_prints_value_source_and_how_well_read() -> None:
    done = runner.invoke(app, ["evidence", "late-dose.act-after"])
    assert done.exit_code == 0
    for word in ("8", "wk", "founding"):
        assert word in done.output


def test_most_urgent_people_are_printed_first(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"N010", "P01", "P16"})
    done = runner.invoke(app, ["review", str(folder), *DAY, "--out", str(tmp_path / "out")])
    first = [line for line in done.output.splitlines() if line.startswith(("N010", "P01", "P16"))]
    assert first[0].startswith("P01")
    assert "hypersensitivity.contraindicated" in first[0]


def test_unreadable_table_is_named_in_the_terminal(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P13"})
    text = (folder / "doses.csv").read_text(encoding="utf-8").replace("route", "way", 1)
    (folder / "doses.csv").write_text(text, encoding="utf-8")
    done = runner.invoke(app, ["review", str(folder), *DAY, "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "doses could not be read" in done.output


def test_a_closed_pipe_is_no_exit_code_of_ours() -> None:
    check = f"{sys.executable} -m openntz check {CLINIC} --as-of 2024-06-30"
    command = f"{check} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode not in {1, 2}
    assert "Traceback" not in done.stderr


def test_explain_lists_the_findings_of_a_person_most_urgent_first() -> None:
    done = runner.invoke(app, ["explain", str(CLINIC), *DAY, "--person", "P16"])
    assert done.exit_code == 0, done.output
    statuses = [line.split()[0] for line in done.output.splitlines() if line.strip()]
    assert statuses.index("act") < statuses.index("due") < statuses.index("ok")
    assert "--rule RULE" in done.output


def test_explain_says_why_in_full() -> None:
    asked = ["explain", str(CLINIC), *DAY, "--person", "P16", "--rule", "platelets.low"]
    done = runner.invoke(app, asked)
    assert done.exit_code == 0, done.output
    for part in (
        "measurements:",
        "> act: below 50",
        "(project default)",
        "what would change it",
        "without measurements:",
        "unknown. No platelet count is recorded",
        "eu-leaflet",
        "a human decides",
    ):
        assert part in done.output, part


def test_explain_as_json_is_json_and_nothing_else() -> None:
    asked = ["explain", str(CLINIC), *DAY, "--person", "P16", "--rule", "review.due", "--json"]
    done = runner.invoke(app, asked)
    found = json.loads(done.output)
    assert (found["person"], found["as_of"]) == ("P16", "2024-06-30")
    assert found["findings"][0]["rule"] == "review.due"


def test_explain_exits_1_where_rows_were_set_aside() -> None:
    person = (MESSY / "people.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    done = runner.invoke(app, ["explain", str(MESSY), *DAY, "--person", person])
    assert done.exit_code == 1, done.output


def test_a_review_tells_changes_and_acknowledgements(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P16"})
    out = tmp_path / "out"
    words = ["review", str(folder), "--out", str(out)]
    first = runner.invoke(app, [*words, "--as-of", "2024-05-31"])
    assert first.exit_code == 0, first.output
    file = tmp_path / "acknowledged.csv"
    file.write_text(
        "person,rule,who,when,until\nP16,review.due,[red]B[/red],2024-06-01,2024-07-31\n"
        "P16,review.dew,B,2024-06-01,2024-07-31\n"
    )
    old = str(out / "findings.json")
    done = runner.invoke(app, [*words, *DAY, "--compare", old, "--acknowledged", str(file)])
    assert done.exit_code == 1, done.output
    assert "Since 2024-05-31" in done.output
    assert "taken on" in done.output
    assert "1 row or cell set aside" in done.output
    assert (out / "changes.json").exists()


def test_signs_in_a_record_never_steer_the_terminal(tmp_path: Path) -> None:
    folder = small_clinic(tmp_path / "few", {"P16"})
    with (folder / "reactions.csv").open("a", encoding="utf-8") as stream:
        stream.write("P16,2024-06-21,hyper\x1b[31msensitivity [red]x[/red],3,\n")
    for words in (
        ["explain", str(folder), *DAY, "--person", "P16"],
        ["explain", str(folder), *DAY, "--person", "P16", "--rule", HYPERSENSITIVITY],
        ["explain", str(folder), *DAY, "--person", "P16", "--rule", HYPERSENSITIVITY, "--json"],
        ["review", str(folder), *DAY, "--out", str(tmp_path / "out")],
    ):
        done = runner.invoke(app, words)
        assert "\x1b" not in done.output
        assert "hyper" in done.output
        assert "[red]x" in done.output or "--rule" not in words
