"""ADAB on the imported pharmaverse data against what admiral derived for all 254 people."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from openntz.evidence.registry import registry
from openntz.reanalyse.limits import antibody_limits
from openntz.records.adam.antibodies import adab
from openntz.records.adam.common import Frame
from openntz.records.csv import read_folder
from openntz.records.datasets import Cell
from openntz.workflows.importing import import_sdtm

DATA = Path(__file__).parents[2] / "reference" / "sdtm"
LATER = date(2015, 12, 31)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Cell]]:
    out = tmp_path_factory.mktemp("tables")
    import_sdtm(DATA, out, DATA / "xanomeline.toml")
    courses = read_folder(out, as_of=LATER).courses.values()
    rise = registry().fact("definition.antibodies.boosted.log10-rise").number
    made = adab(courses, Frame("S", LATER, 4), antibody_limits(registry()), rise)
    return {
        (str(r["USUBJID"]), str(r["PARAMCD"])): r
        for r in made.records()
        if r["PARAMCD"] != "RESULT1"
    }


def _expected(code: str) -> dict[str, dict[str, str]]:
    with (DATA / "pharmaverse_adab_expected.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["PARAMCD"] == code]
    return {row["USUBJID"]: row for row in rows}


@pytest.mark.parametrize(
    "code", ["INDUCD1", "PERSADA1", "TRANADA1", "ENHANC1", "BFLAG1", "ADASTAT1"]
)
def test_answers_match_admiral_for_all_254_people(code: str, found) -> None:
    expected = {person: row["AVALC"] for person, row in _expected(code).items()}
    assert len(expected) == 254
    assert {p: found[p, code]["AVALC"] or "" for p in expected} == expected


def test_neutralising_antibodies_match_admiral_for_all_145_people_tested(found) -> None:
    expected = {person: row["AVALC"] for person, row in _expected("NABSTAT1").items()}
    assert len(expected) == 145
    made = {p: row["AVALC"] for (p, code), row in found.items() if code == "NABSTAT1"}
    assert made == expected


@pytest.mark.parametrize("code", ["TIMADA1", "ADADUR1"])
def test_weeks_match_admiral_for_all_254_people(code: str, found) -> None:
    expected = _expected(code)
    assert len(expected) == 254
    for person, row in expected.items():
        value = found[person, code]["AVAL"]
        # The reference is printed with four decimals.
        wanted = pytest.approx(float(row["AVAL"]), abs=5.1e-5) if row["AVAL"] else None
        assert value == wanted, person
