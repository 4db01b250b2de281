"""What a user of `openntz estimate` reads: every bad input, its place and its remedy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openntz import __version__
from openntz.app.cli import app

EXAMPLE = Path(__file__).parents[2] / "examples" / "estimate"
CARD = (EXAMPLE / "card.toml").read_text("utf-8")
HEAD = "ID,TIME,EVID,AMT,RATE,DV,MDV,WT,SEX\n"
ONE = (
    "1,0,1,300,7200,.,1,70,0\n"
    "1,27.9,0,0,0,21,0,70,0\n"
    "1,28,1,300,7200,.,1,70,0\n"
    "1,55.9,0,0,0,26,0,70,0\n"
)
TWO = ONE.replace("1,", "2,", 1).replace("\n1,", "\n2,")
SEX = '[covariate.sex]\nunit = "code"\ncarry = "locf"\n\n'
EFFECT = (
    '[[effect]]\nparameter = "cl"\ncovariate = "sex"\nform = "category"\n'
    'factors = {0 = {value = 1, unit = "1"}, 1 = {value = 0.9, unit = "1"}}\n\n'
)
WITH_SEX = CARD.replace("[[effect]]", SEX + EFFECT + "[[effect]]", 1)
CIRCLE = (
    '[derived.a]\nunit = "1"\nproduct = {b = 1}\n[derived.b]\nunit = "1"\nproduct = {a = 1}\n\n'
)


def first(old: str, new: str) -> str:
    """Both people, with one change in the rows of the first."""
    assert old in ONE
    return HEAD + ONE.replace(old, new, 1) + TWO


FILES: dict[str, str | bytes] = {
    "empty": "",
    "binary": bytes(range(256)) * 20,
    "zip archive": b"PK\x03\x04" + bytes(200),
    "header only": HEAD,
    "no header": ONE,
    "no column ID": (HEAD + ONE).replace("ID,", "PERSON,", 1),
    "no column DV": (HEAD + ONE).replace(",DV,", ",LEVEL,", 1),
    "calendar date": "DATE," + HEAD + "2024-01-01," + ONE.partition("\n")[0] + "\n",
    "no covariate column": (HEAD + ONE).replace(",WT", ",WEIGHT"),
    "only unusable people": first("300,7200", "-300,7200").removesuffix(TWO),
    "formula as ID": first("1,27.9", "=1+1,27.9"),
    "escape codes in ID": first("1,27.9", "\x1b[31m1,27.9"),
    "text as DV": first(",21,", ",low,"),
    "markup as DV": first(",21,", ",[bold]21[/],"),
    "DV missing": first(",21,", ",.,"),
    "negative amount": first("300,7200", "-300,7200"),
    "unreadable amount": first("300,7200", "lots,7200"),
    "modelled rate": first("300,7200", "300,-1"),
    "modelled duration": first("300,7200", "300,-2"),
    "unknown EVID": first("1,28,1", "1,28,9"),
    "unknown CMT": HEAD.replace("WT", "CMT,WT")
    + ONE.replace(",70,", ",1,70,").replace(",1,70,", ",7,70,", 1)
    + TWO.replace(",70,", ",1,70,"),
    "time goes back": first("1,55.9", "1,5.9"),
    "time missing at a dose": first("1,28,1", "1,.,1"),
    "row cut off": (HEAD + TWO + ONE)[:-14] + "\n",
    "quotation mark": first("1,28,", '1,"28,'),
    "NUL byte": first("27.9", "27\0.9"),
    "covariate missing": first(ONE, ONE.replace(",70,", ",.,")),
    "covariate missing in the middle": first("21,0,70", "21,0,."),
    "covariate as text": first("21,0,70", "21,0,heavy"),
    "covariate zero": first("21,0,70", "21,0,0"),
    "level before any dose": first("1,0,1", "1,-1,0,0,0,4,0,70,0\n1,0,1"),
    "time without end": first("1,55.9", "1,1e12"),
}


def said(card: Path | str, data: Path, tmp_path: Path, out: str = "out") -> str:
    """Exit code and all that is printed, without names of this machine."""
    words = ["estimate", str(card), str(data), "--out", str(tmp_path / out)]
    done = CliRunner().invoke(app, words)
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    text = done.output.replace(str(tmp_path), "FOLDER")
    text = text.replace(f"OpenNTZ {__version__}", "OpenNTZ VERSION")
    return f"exit {done.exit_code}\n" + "\n".join(line.rstrip() for line in text.splitlines())


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", FILES)
def test_data(case: str, tmp_path: Path, snapshot) -> None:
    card, data = put(tmp_path, "card.toml", CARD), put(tmp_path, "data.csv", FILES[case])
    assert said(card, data, tmp_path) == snapshot


CARDS = {
    "no card": "ID,TIME\n1,0\n",
    "no unit": CARD.replace('{value = 0.25, unit = "L/d"}', "{value = 0.25}"),
    "wrong unit": CARD.replace('0.25, unit = "L/d"', '0.25, unit = "kg"'),
    "negative clearance": CARD.replace("0.25", "-0.25"),
    "singular Omega": CARD.replace("correlations = [0.4]", "correlations = [1]"),
    "circular covariate": CARD.replace("[[effect]]", CIRCLE + "[[effect]]", 1),
    "covariate that is not defined": CARD.replace(
        'covariate = "weight"', 'covariate = "height"', 1
    ),
    "unknown key": CARD.replace("compartments = 2", "compartment = 2"),
}


@pytest.mark.parametrize("case", CARDS)
def test_card(case: str, tmp_path: Path, snapshot) -> None:
    card, data = put(tmp_path, "card.toml", CARDS[case]), put(tmp_path, "data.csv", HEAD + ONE)
    assert said(card, data, tmp_path) == snapshot
    assert not (tmp_path / "out").exists()


def test_unknown_code_of_a_category(tmp_path: Path, snapshot) -> None:
    card = put(tmp_path, "card.toml", WITH_SEX)
    data = put(tmp_path, "data.csv", first("21,0,70,0", "21,0,70,7"))
    assert said(card, data, tmp_path) == snapshot


def test_cards_by_name(tmp_path: Path, snapshot) -> None:
    data = put(tmp_path, "data.csv", HEAD + ONE)
    names = ("van_den_berg", "saturation_natalizumab", tmp_path / "nowhere.toml")
    assert [said(name, data, tmp_path) for name in names] == snapshot


def test_outside_the_domain_of_a_shipped_card(tmp_path: Path, snapshot) -> None:
    rows = (HEAD + ONE + TWO).replace("SEX", "AGE").replace(",70,0\n", ",70,40\n")
    data = put(tmp_path, "data.csv", rows.replace(",70,40\n", ",250,12\n", 4))
    assert said("label_linear", data, tmp_path) == snapshot


def test_folders_that_cannot_be_used(tmp_path: Path, snapshot) -> None:
    card, data = put(tmp_path, "card.toml", CARD), put(tmp_path, "etas.csv", HEAD + ONE)
    found = [
        said(card, data, tmp_path, out="."),
        said(card, data, tmp_path, out="card.toml"),
        said(card, tmp_path / "nowhere.csv", tmp_path),
        said(card, tmp_path, tmp_path),
    ]
    assert found == snapshot
    assert data.read_text() == HEAD + ONE


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_the_right_to_write(tmp_path: Path, snapshot) -> None:
    card, data = put(tmp_path, "card.toml", CARD), put(tmp_path, "data.csv", HEAD + ONE)
    (tmp_path / "out").mkdir(mode=0o500)
    assert said(card, data, tmp_path) == snapshot


def test_example(tmp_path: Path, snapshot) -> None:
    """What docs/how-to/estimate.md shows."""
    for name in ("card.toml", "data.csv"):
        shutil.copy(EXAMPLE / name, tmp_path)
    assert said(tmp_path / "card.toml", tmp_path / "data.csv", tmp_path) == snapshot


def test_is_quiet_in_a_pipe(tmp_path: Path) -> None:
    """No bar and no control codes, on either stream."""
    words = ["estimate", str(EXAMPLE / "card.toml"), str(EXAMPLE / "data.csv")]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path)])
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
