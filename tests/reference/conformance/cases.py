"""The cases of the conformance pack: model card, data file, and where the expected numbers are.

The data files of two cases are made here from the reference: NONMEM's M3 case is published as
a list of levels, and PsN's rolling forecasts are one file of 50 people (ID = 10 x person +
number of levels used).
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

REFERENCE = Path(__file__).parents[1]
CARDS = REFERENCE / "cards"
MONOLIX_RUNS = ("001", "003", "101", "201", "207")
VANCOMYCIN = REFERENCE / "vancomycin-rolling-forecast"
Kind = Literal["nonmem", "m3", "psn", "psn, locf", "derived", "monolix"]


@dataclass(frozen=True)
class Case:
    """One data file under one card; ``where`` holds the expected numbers."""

    name: str
    kind: Kind
    card: Path
    data: Path
    where: Path

    @property
    def draws(self) -> bool:
        """Whether posterior draws are compared, not modes."""
        return self.kind == "monolix"


def all_cases(inputs: Path) -> list[Case]:
    """Every case; data and cards that have to be made are written to ``inputs``."""
    inputs.mkdir(parents=True, exist_ok=True)
    oral = REFERENCE / "nonmem-oral-1cpt"
    m3 = REFERENCE / "nonmem-m3-blq"
    thomson = CARDS / "vancomycin_thomson_2009.toml"
    rolling = rolling_data(inputs / "vancomycin-rolling.csv")
    cases = [
        Case(oral.name, "nonmem", CARDS / "nonmem_oral_1cpt.toml", oral / "data.csv", oral),
        Case(m3.name, "m3", CARDS / "nonmem_m3_2cpt.toml", m3_data(m3, inputs / "m3.csv"), m3),
        Case(VANCOMYCIN.name, "psn", thomson, rolling, VANCOMYCIN),
        Case(
            f"{VANCOMYCIN.name}-locf",
            "psn, locf",
            carried_forward(thomson, inputs / "vancomycin_locf.toml"),
            rolling,
            VANCOMYCIN,
        ),
    ]
    for where in sorted((REFERENCE / "derived").glob("*/")):
        if (where / "expected.json").exists():
            card = CARDS / "derived" / f"{where.name}.toml"
            cases.append(Case(where.name, "derived", card, where / "data.csv", where))
    monolix = REFERENCE / "monolix-posteriors"
    for run in MONOLIX_RUNS:
        data = monolix / f"run{run}_data.csv"
        card = CARDS / f"monolix_{run}.toml"
        cases.append(Case(f"monolix-{run}", "monolix", card, data, monolix))
    return cases


def m3_data(where: Path, path: Path) -> Path:
    """NONMEM-style file of the M3 case: CENS 1 and DV the limit where a level is below it."""
    expected = json.loads((where / "expected.json").read_text())
    rows: list[list[object]] = []
    for person in expected["people"]:
        rows.append([person["id"], 0, 1, 1, 100, 1200, 1, ".", 0])
        for time, value in zip(person["time"], person["value"], strict=True):
            below = isinstance(value, str)
            level = expected["lloq"] if below else value
            rows.append([person["id"], time, 0, 0, ".", ".", 1, level, int(below)])
    return _write(path, ["ID", "TIME", "EVID", "MDV", "AMT", "RATE", "CMT", "DV", "CENS"], rows)


def psn_rows() -> list[dict[str, str]]:
    """PsN's table, in its order."""
    with (VANCOMYCIN / "psn_proseval.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def rolling_id(row: dict[str, str]) -> str:
    """ID in the rolling file: ten times the person plus the number of levels used."""
    return str(10 * round(float(row["ID"])) + int(row["OBS"]))


def rolling_data(path: Path) -> Path:
    """All of PsN's runs as people of one file, levels held out marked as PsN marks them."""
    with (VANCOMYCIN / "data.csv").open(newline="") as stream:
        data = list(csv.DictReader(stream))
    by_person: dict[str, list[dict[str, str]]] = {}
    for row in data:
        by_person.setdefault(row["ID"], []).append(row)
    seen: dict[str, int] = {}
    rows = []
    for row in psn_rows():
        identity = rolling_id(row)
        k = seen.get(identity, 0)
        seen[identity] = k + 1
        source = by_person[str(round(float(row["ID"])))][k]
        marks = {"ID": identity, "EVID": f"{float(row['EVID']):g}", "MDV": f"{float(row['MDV']):g}"}
        rows.append([{**source, **marks}[name] for name in source])
    return _write(path, list(data[0]), rows)


def carried_forward(card: Path, path: Path) -> Path:
    """The same card with its covariates carried forward (LOCF), which must not match PsN."""
    text = card.read_text()
    assert 'carry = "nocb"' in text
    path.write_text(text.replace('carry = "nocb"', 'carry = "locf"'))
    return path


def _write(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return path
