"""Analysis datasets in: what was planted comes back as far as it carries dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from openntz.course.course import Course
from openntz.evidence.registry import registry
from openntz.records.adam.read import convert_adam, looks_like_adam
from openntz.records.adam.write import adam_datasets
from openntz.records.csv import read_folder
from openntz.records.datasets import Format, write_datasets
from openntz.records.sdtm.codes import StudyCodes
from openntz.workflows.importing import import_adam
from tests.records.adam.test_datasets import TABLES
from tests.records.sdtm.build import domain

AS_OF = date(2024, 6, 30)


def _planted(folder: Path) -> list[Course]:
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return list(read_folder(folder, as_of=AS_OF).courses.values())


def _results(course: Course) -> list[tuple[object, ...]]:
    found = ((m.at, m.test, m.value, m.censor, m.answer) for m in course.measurements)
    return sorted(found, key=repr)


@pytest.mark.parametrize("written_as", ["csv", "json", "xpt"])
def test_what_was_written_comes_back(written_as: Format, tmp_path: Path) -> None:
    (source := tmp_path / "source").mkdir()
    (data := tmp_path / "adam").mkdir()
    a, b = _planted(source)
    datasets, _ = adam_datasets([a, b], registry(), AS_OF)
    write_datasets(datasets, data, written_as, AS_OF)
    assert looks_like_adam(data)
    found = import_adam(data, tmp_path / "out", None)
    assert found.problems == ()
    back = read_folder(tmp_path / "out", as_of=AS_OF).courses
    again = back["A"]
    assert [(d.at, d.amount_mg, d.route, d.end) for d in again.doses] == [
        (d.at, d.amount_mg, d.route, d.end) for d in a.doses
    ]
    assert _results(again) == _results(a)
    assert [(r.at, r.term, r.grade) for r in again.reactions] == [
        (r.at, r.term, r.grade) for r in a.reactions
    ]
    assert again.plans[0].stopped == date(2020, 6, 1)
    assert (again.person.birth_date, again.person.sex) == (date(1980, 1, 1), "F")
    assert back["B"].doses == ()


def test_sas_numbers_are_days_and_seconds_since_1960() -> None:
    tables = convert_adam(
        {
            # 21915 days and 21915 * 86400 + 36000 seconds after 1960-01-01: 2020-01-01T10:00.
            "ADSL": domain("ADSL", "USUBJID,TRTSDT,TRT01A\nA,21915,Drug"),
            "ADLB": domain(
                "ADLB",
                "USUBJID,PARAMCD,PARAM,AVAL,ADT,ADTM,DTYPE\n"
                "A,LYM,Lymphocytes (GI/L),1.9,21915,1893492000,\n"
                "A,LYM,Lymphocytes (GI/L),2.2,21915,,AVERAGE",
            ),
        },
        StudyCodes(),
    )
    assert tables.rows["people"][0]["study_start"] == "2020-01-01"
    (row,) = tables.rows["measurements"]
    assert (row["taken"], row["value"], row["unit"]) == ("2020-01-01T10:00", "1.9", "10*9/L")
    assert sum(tables.unused.values()) == 1


def test_first_relapses_come_with_a_warning() -> None:
    text = "USUBJID,PARAMCD,ADT,CNSR\nA,TTRELAP,2020-02-01,0\nB,TTRELAP,2021-02-01,1"
    tables = convert_adam({"ADTTE": domain("ADTTE", text)}, StudyCodes())
    (row,) = tables.rows["relapses"]
    assert (row["person"], row["onset"]) == ("A", "2020-02-01")
    assert "later ones" in row["comment"]
    assert any("first relapses only" in why for _, why in tables.unused)
