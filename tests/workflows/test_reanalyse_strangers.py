"""Rows of somebody who is not in the table of people: set aside, listed, and in the flow."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openntz.errors import InputError
from openntz.workflows.reanalyse import Reanalysis, ReanalysisRequest, run_reanalysis
from tests.workflows.quiet import QUIET

AS_OF = date(2021, 6, 1)
IDS = [f"T-{i:02}" for i in range(12)]
STRANGER = "T-99"


def _lines(head: str, rows: list[str]) -> str:
    return "\n".join((head, *rows)) + "\n"


def _sdtm(folder: Path, given: list[str]) -> Path:
    folder.mkdir()
    dm = [f"S,DM,{i},F,1985-01-02,A" for i in IDS]
    (folder / "dm.csv").write_text(_lines("STUDYID,DOMAIN,USUBJID,SEX,BRTHDTC,ARM", dm))
    ex = [f"S,EX,{i},NATALIZUMAB,300,mg,INTRAVENOUS,2021-0{m}-04" for i in given for m in (1, 2, 3)]
    head = "STUDYID,DOMAIN,USUBJID,EXTRT,EXDOSE,EXDOSU,EXROUTE,EXSTDTC"
    (folder / "ex.csv").write_text(_lines(head, ex))
    pc = [
        f"S,PC,{i},NTZ,Natalizumab,{v},ug/mL,{v},ug/mL,2021-0{m}-03"
        for i in given
        for m, v in ((2, 11), (3, 15))
    ]
    head = "STUDYID,DOMAIN,USUBJID,PCTESTCD,PCTEST,PCORRES,PCORRESU,PCSTRESN,PCSTRESU,PCDTC"
    (folder / "pc.csv").write_text(_lines(head, pc))
    return folder


def _tables(folder: Path, given: list[str], *, people: bool = True) -> Path:
    folder.mkdir()
    if people:
        rows = [f"{i},1985-01-02,F,A" for i in IDS]
        (folder / "people.csv").write_text(_lines("person,birth_date,sex,arm", rows))
    doses = [f"{i},2021-0{m}-04,300,IV" for i in given for m in (1, 2, 3)]
    (folder / "doses.csv").write_text(_lines("person,start,dose_mg,route", doses))
    levels = [
        f"{i},2021-0{m}-03,natalizumab,{v},ug/mL" for i in given for m, v in ((2, 11), (3, 15))
    ]
    (folder / "measurements.csv").write_text(_lines("person,taken,test,value,unit", levels))
    return folder


def _run(data: Path, out: Path, **more: Any) -> tuple[Reanalysis, dict[str, Any]]:
    request = ReanalysisRequest(folder=data, out=out, as_of=AS_OF, names=("troughs",), **more)
    found = run_reanalysis(request, QUIET)
    return found, json.loads((out / "results.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("layout", [_sdtm, _tables])
def test_somebody_not_in_dm_is_set_aside_listed_and_counted(layout, tmp_path):
    usual, before = _run(layout(tmp_path / "usual", IDS), tmp_path / "a")
    found, after = _run(layout(tmp_path / "data", [*IDS, STRANGER]), tmp_path / "b")
    assert usual.people == found.people == 12
    assert after["troughs"]["summary"] == before["troughs"]["summary"]
    assert after["table-1"]["summary"] == before["table-1"]["summary"]
    first, second, *_ = after["table-1"]["flow"]
    assert (first["people"], second["people"]) == (13, 12)
    assert second["left"] == {"not in the table people (DM)": 1}
    assert before["table-1"]["flow"][0]["people"] == 12
    with (tmp_path / "b" / "rejected.csv").open(encoding="utf-8") as stream:
        told = [row for row in csv.DictReader(stream) if row["value"] == STRANGER]
    assert len(told) == 1
    assert told[0]["table"] == "doses"
    assert "not in the table people (DM of SDTM" in told[0]["reason"]
    assert told[0]["remedy"]
    assert STRANGER in (tmp_path / "b" / "set-aside.csv").read_text(encoding="utf-8")


def test_without_a_table_of_people_nobody_is_missing_from_it(tmp_path):
    found, told = _run(_tables(tmp_path / "data", IDS, people=False), tmp_path / "out")
    assert found.people == 12
    assert told["table-1"]["flow"][0]["people"] == 12
    assert not found.rejected


def test_a_single_stranger_is_not_told_from_aggregates(tmp_path):
    data = _tables(tmp_path / "data", [*IDS, STRANGER])
    _, told = _run(data, tmp_path / "out", aggregate_only=True)
    steps = told["table-1"]["flow"]
    assert not any(left == 1 for step in steps for left in step["left"].values())
    assert not (steps[0]["people"] == 13 and steps[1]["people"] == 12)


def test_the_page_counts_who_is_analysed(tmp_path):
    found, _ = _run(_tables(tmp_path / "data", [*IDS, STRANGER]), tmp_path / "out")
    page = found.page.read_text(encoding="utf-8")
    assert "12 people" in page
    assert "13 people" not in page


@pytest.mark.parametrize("layout", [_sdtm, _tables])
def test_identifiers_that_are_written_differently_are_remarked(layout, tmp_path):
    found, told = _run(layout(tmp_path / "data", [f"0{i}" for i in [*IDS, "X"]]), tmp_path / "out")
    assert told["table-1"]["flow"][0]["people"] == 25
    assert any("write identifiers alike" in note for note in found.notes)


def test_a_table_of_people_without_anybody_is_refused_with_its_first_problem(tmp_path):
    data = _tables(tmp_path / "data", IDS)
    (data / "people.csv").write_text("person,birth_date,sex,arm\n")
    with pytest.raises(InputError, match="not in the table people"):
        _run(data, tmp_path / "out")
