"""Planted pregnancies in OMOP records; whatever cannot be one is listed with its record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from openntz.course.events import Pregnancy
from openntz.records.csv import read_folder
from openntz.workflows.importing import Imported, import_any

AS_OF = date(2024, 6, 30)
MAPPING = """
natalizumab = [100]
[pregnancies]
30 = "conception"
31 = "due"
32 = "delivery"
33 = "last period"
34 = "last period to delivery"
[pregnancy_outcomes]
40 = "live birth"
41 = "miscarriage"
"""
TABLES = {
    "person": "person_id,gender_concept_id\n1,8532\n2,8532\n3,8532\n4,8532\n5,8532\n",
    "drug_exposure": "person_id,drug_concept_id,drug_exposure_start_date\n1,100,2020-01-01\n",
    # Person 1: a miscarriage, and soon after it another pregnancy, due and born.
    "condition_occurrence": "condition_occurrence_id,person_id,condition_concept_id,"
    "condition_start_date,condition_end_date\n"
    "11,1,30,2020-01-10,\n12,1,41,2020-03-01,\n13,1,30,2020-04-01,\n"
    "14,2,33,2021-01-01,\n15,2,30,2021-03-01,\n16,3,30,someday,\n17,,30,2020-01-01,\n"
    "18,1,999,2020-01-01,\n",
    "observation": "observation_id,person_id,observation_concept_id,observation_date,"
    "value_as_string\n"
    "21,1,31,2020-05-01,2020-12-23\n22,3,31,2020-05-01,<b>soon</b>\n23,5,31,2022-05-01,2022-12-01\n",
    "procedure_occurrence": "procedure_occurrence_id,person_id,procedure_concept_id,"
    "procedure_date\n31,1,32,2020-12-20\n32,1,40,2020-12-20\n33,1,32,2020-12-24\n"
    "34,3,40,2019-06-01\n",
    "episode": "episode_id,person_id,episode_concept_id,episode_object_concept_id,"
    "episode_start_date,episode_end_date\n41,4,32533,34,2021-01-01,2021-10-01\n"
    "42,4,34,0,2023-01-01,\n43,4,32533,998,2021-01-01,\n",
}


@pytest.fixture
def found(tmp_path: Path) -> Imported:
    folder = tmp_path / "omop"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    mapping = tmp_path / "concepts.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    return import_any(folder, tmp_path / "out", mapping)


def _of(found: Imported, person: str) -> list[tuple[date | None, date | None, date | None, str]]:
    course = read_folder(found.out, as_of=AS_OF).courses[person]

    def told(p: Pregnancy) -> tuple[date | None, date | None, date | None, str]:
        return (p.conception, p.due, p.delivery, p.outcome)

    return [told(p) for p in course.pregnancies]


def test_records_of_one_pregnancy_are_one_row(found: Imported) -> None:
    assert _of(found, "1") == [
        (date(2020, 1, 10), None, date(2020, 3, 1), "miscarriage"),
        (date(2020, 4, 1), date(2020, 12, 23), date(2020, 12, 20), "live birth"),
    ]


def test_an_episode_dates_both_ends_and_one_without_an_end_goes_on(found: Imported) -> None:
    # Two weeks from the last period to conception.
    assert _of(found, "4") == [
        (date(2021, 1, 15), None, date(2021, 10, 1), ""),
        (date(2023, 1, 15), None, None, ""),
    ]


def test_an_end_or_a_due_date_alone_is_a_pregnancy(found: Imported) -> None:
    assert _of(found, "3") == [(None, None, date(2019, 6, 1), "live birth")]
    assert _of(found, "5") == [(None, date(2022, 12, 1), None, "")]


def test_what_cannot_be_used_is_listed_with_its_record(found: Imported) -> None:
    said = {(p.table, p.column, p.value): p for p in found.problems}
    assert {key: said[key].reason.split(":")[0] for key in said} == {
        ("condition_occurrence", "condition_start_date", ""): "record 16",
        ("condition_occurrence", "person_id", ""): "record 17",
        ("condition_occurrence", "", "2021-03-01"): "record 15",
        ("observation", "value_as_string", "<b>soon</b>"): "record 22",
        ("procedure_occurrence", "", "2020-12-24"): "record 33",
    }
    assert all(p.remedy for p in found.problems)
    # Another conception while the first goes on is a contradiction; the first one stays.
    assert _of(found, "2") == [(date(2021, 1, 15), None, None, "")]
    assert "another day of conception" in said["condition_occurrence", "", "2021-03-01"].reason


def test_every_record_is_used_listed_or_counted(found: Imported) -> None:
    unused = {(table, why): n for table, why, n in found.unused}
    assert unused["condition_occurrence", "concept 999, which the mapping does not name"] == 1
    assert unused["episode", "concept 998, which the mapping does not name"] == 1
    assert sum(unused.values()) == 2 + sum(n for (t, _), n in unused.items() if t == "person")


def test_without_concepts_the_table_stays_unrecorded(tmp_path: Path, found: Imported) -> None:
    mapping = tmp_path / "none.toml"
    mapping.write_text("natalizumab = [100]\n", encoding="utf-8")
    bare = import_any(tmp_path / "omop", tmp_path / "bare", mapping)
    assert "pregnancies" in found.written
    assert "pregnancies" not in bare.written
