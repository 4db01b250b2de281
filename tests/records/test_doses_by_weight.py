"""Doses in mg/kg: the weight of the day, an earlier one, none, and one that cannot be right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from openntz.records.csv import read_folder
from openntz.records.problems import Records

AS_OF = date(2024, 6, 30)
WEIGHTS = "A,2020-01-29,weight,80,kg\nA,2020-01-01,weight,70,kg\nA,2020-02-10,weight,200,kg\n"


def _read(base: Path, doses: str, weights: str = WEIGHTS) -> Records:
    (base / "people.csv").write_text("person\nA\n", encoding="utf-8")
    (base / "doses.csv").write_text(doses, encoding="utf-8")
    (base / "measurements.csv").write_text(
        f"person,taken,test,value,unit\n{weights}", encoding="utf-8"
    )
    return read_folder(base, as_of=AS_OF)


@pytest.mark.parametrize("header", ["dose,dose_unit", "dose_mg,dose_unit"])
@pytest.mark.parametrize(("amount", "unit"), [("3", "mg/kg"), ("3.0", "MG / KG"), ("3 mg/kg", "")])
def test_the_nearest_earlier_weight_is_used_and_said(
    tmp_path: Path, header: str, amount: str, unit: str
) -> None:
    rows = "".join(f"A,{day},{amount},{unit},IV\n" for day in ("2020-01-20", "2020-01-29"))
    records = _read(tmp_path, f"person,start,{header},route\n{rows}")
    # 3 mg/kg of 70 kg (1 January) and of 80 kg (that very day).
    assert [d.amount_mg for d in records.courses["A"].doses] == [210.0, 240.0]
    (note,) = [n for n in records.notes if "mg/kg" in n.reason]
    assert (note.kind, note.count, note.lines) == ("assumed", 2, (2, 3))


def test_without_an_earlier_weight_the_dose_is_set_aside(tmp_path: Path) -> None:
    text = "person,start,dose,dose_unit,route\nA,2019-12-30,3,mg/kg,IV\nA,2020-03-01,300,mg,IV\n"
    records = _read(tmp_path, text)
    assert [d.amount_mg for d in records.courses["A"].doses] == [300.0]
    (problem,) = records.rejected
    assert (problem.line, problem.value) == (2, "3 mg/kg")
    assert "no weight is known on or before" in problem.reason
    assert records.tables["doses"].rejected == 1


@pytest.mark.parametrize("amount", ["300", "0.001"])
def test_an_amount_that_cannot_be_right_is_set_aside(tmp_path: Path, amount: str) -> None:
    text = f"person,start,dose,dose_unit,route\nA,2020-01-20,{amount},mg/kg,IV\n"
    (problem,) = _read(tmp_path, text).rejected
    assert "with 70 kg of 2020-01-01 this is" in problem.reason


@pytest.mark.parametrize("amount", ["-3", "0", "much", "3 or 4"])
def test_what_is_no_amount_is_set_aside(tmp_path: Path, amount: str) -> None:
    text = f"person,start,dose,dose_unit,route\nA,2020-01-20,{amount},mg/kg,IV\n"
    records = _read(tmp_path, text)
    assert not records.courses["A"].doses
    assert len(records.rejected) == 1
