"""Analysis datasets of a planted course: baseline, change, days, times to events by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from openntz.course.course import Course
from openntz.evidence.registry import registry
from openntz.records.adam.write import adam_datasets
from openntz.records.csv import read_folder
from openntz.records.datasets import write_datasets
from openntz.records.nonmem_write import COLUMNS, write_nonmem

CLINIC = Path(__file__).parents[3] / "examples" / "clinic"
AS_OF = date(2024, 6, 30)
TABLES = {
    "people": "person,birth_date,sex\nA,1980-01-01,F\nB,1990-01-01,M\n",
    "plans": "person,date,stopped,reason\nA,2020-06-02,2020-06-01,wish\n",
    "doses": "person,start,end,dose_mg,route\nA,2020-01-01T10:00,2020-01-01T11:00,300,IV\n"
    "A,2020-01-29T10:00,2020-01-29T11:00,300,IV\n",
    "measurements": "person,taken,test,value,unit,lloq,threshold,assay\n"
    "A,2019-12-01,lymphocytes,1.5,10*9/L,,,\nA,2020-01-01T09:00,lymphocytes,2.0,10*9/L,,,\n"
    "A,2020-03-25,lymphocytes,3.0,10*9/L,,,\nA,2020-04-25,platelets,200,10*9/L,,,\n"
    "A,2020-01-29T09:00,natalizumab,<2,ug/mL,2,,\nA,2020-01-30T10:00,natalizumab,80,ug/mL,2,,\n"
    "A,2020-03-25,anti-natalizumab antibodies,negative,,,500 ng/mL,ELISA\n"
    "A,2020-04-25,anti-natalizumab antibodies,900,ng/mL,,500 ng/mL,ELISA\n",
    "reactions": "person,onset,term,grade\nA,2020-01-29T10:30,flushing,2\n",
    "mri": "person,date,gadolinium_lesions,new_t2_lesions,enlarging_t2_lesions\n"
    "A,2019-12-01,2,,\nA,2020-05-01,0,0,0\nA,2020-06-01,,,\n",
    "relapses": "person,onset\nA,2019-10-01\n",
}


def _courses(folder: Path, tables: dict[str, str]) -> list[Course]:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return list(read_folder(folder, as_of=AS_OF).courses.values())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    courses = _courses(tmp_path_factory.mktemp("tables"), TABLES)
    datasets, _ = adam_datasets(courses, registry(), AS_OF)
    return {d.name: d.records() for d in datasets}


def test_subjects(made) -> None:
    a, b = made["ADSL"]
    assert (a["AGE"], a["TRTSDT"], a["TRTEDT"], a["TRTDURD"]) == (
        40, date(2020, 1, 1), date(2020, 1, 29), 29,
    )  # fmt: skip
    assert (a["EOTSTT"], a["EOTDT"], a["DCTREAS"]) == ("DISCONTINUED", date(2020, 6, 1), "wish")
    assert (b["SAFFL"], b["TRTSDT"], b["EOTSTT"], b["AGE"]) == ("N", None, None, None)


def test_baseline_is_the_last_before_the_first_dose_and_change_is_from_it(made) -> None:
    rows = {(r["PARAMCD"], r["ADT"]): r for r in made["ADLB"]}
    early, base, later = (
        rows["LYM", day] for day in (date(2019, 12, 1), date(2020, 1, 1), date(2020, 3, 25))
    )
    assert (early["ABLFL"], base["ABLFL"], later["ABLFL"]) == (None, "Y", None)
    assert (early["AVISIT"], base["AVISIT"], later["AVISIT"]) == (
        "Before treatment", "Baseline", "Week 12",
    )  # fmt: skip
    assert (early["CHG"], later["BASE"], later["CHG"], later["PCHG"]) == (None, 2.0, 1.0, 50.0)
    assert (early["ADY"], base["ADY"], later["ADY"]) == (-31, 1, 85)
    platelets = rows["PLAT", date(2020, 4, 25)]
    assert (platelets["BASE"], platelets["CHG"]) == (None, None)


def test_levels_below_the_limit_have_no_value_and_times_are_hours(made) -> None:
    trough, later = made["ADPC"]
    assert (trough["AVAL"], trough["AVALC"], trough["LLOQ"]) == (None, "<2", 2.0)
    assert (trough["ADOSEN"], trough["ARRLT"], later["ADOSEN"], later["ARRLT"]) == (1, 671, 2, 24)


def test_reactions_are_tied_to_their_dose(made) -> None:
    (row,) = made["ADAE"]
    assert (row["ASTDY"], row["ADOSEN"], row["LDRELTM"], row["TRTEMFL"]) == (29, 2, 0.5, "Y")
    assert row["LDOSEDTM"] == datetime(2020, 1, 29, 11)


def test_times_to_events_and_censoring_by_hand(made) -> None:
    rows = {r["PARAMCD"]: r for r in made["ADTTE"]}
    assert {r["USUBJID"] for r in made["ADTTE"]} == {"A"}
    found = {k: (r["CNSR"], r["ADT"], r["AVAL"], r["SRCDOM"]) for k, r in rows.items()}
    assert found == {
        # A relapse before the first dose is none of treatment; the plan is the last record.
        "TTRELAP": (1, date(2020, 6, 2), 154.0, "ALL"),
        # The last scan reports no count, so it does not say that nothing was there.
        "TTT2": (1, date(2020, 5, 1), 122.0, "MO"),
        "TTREAC": (0, date(2020, 1, 29), 29.0, "AE"),
        "TTADA": (0, date(2020, 4, 25), 116.0, "IS"),
    }


def test_nobody_is_followed_where_nobody_looked(tmp_path: Path) -> None:
    tables = {k: v for k, v in TABLES.items() if k not in {"relapses", "mri"}}
    datasets, _ = adam_datasets(_courses(tmp_path, tables), registry(), AS_OF)
    (adtte,) = (d for d in datasets if d.name == "ADTTE")
    assert {r["PARAMCD"] for r in adtte.records()} == {"TTREAC", "TTADA"}


def test_population_data_match_the_nonmem_export(tmp_path: Path) -> None:
    courses = list(read_folder(CLINIC, as_of=AS_OF).courses.values())
    courses = [course.until(AS_OF) for course in courses]
    datasets, _ = adam_datasets(courses, registry(), AS_OF)
    (ppk,) = (d for d in datasets if d.name == "ADPPK")
    write_nonmem(courses, tmp_path / "data.csv")
    lines = (tmp_path / "data.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) == len(ppk.rows)
    for line, row in zip(lines, ppk.records(), strict=True):
        cells = [None if c == "." else float(c) for c in line.split(",")]
        assert cells == [row.get(name) for name in COLUMNS]


def test_transport_files_keep_dates(tmp_path: Path) -> None:
    import pyreadstat

    datasets, _ = adam_datasets(_courses(tmp_path, TABLES), registry(), AS_OF)
    out = tmp_path / "adam"
    out.mkdir()
    assert write_datasets(datasets, out, "xpt", AS_OF) == 0
    frame = pyreadstat.read_xport(str(out / "adtte.xpt"))[0]
    assert next(iter(frame["ADT"])) == date(2020, 6, 2)
