"""Real SDTM files: the CDISC pilot and pharmaverse's test data, with what an R pipeline derived."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from openntz.course.course import Course
from openntz.definitions.antibodies import Definition, antibody_history
from openntz.definitions.antibody_classes import AntibodyClass, ClassRow, Origin, class_row
from openntz.evidence.registry import registry
from openntz.reanalyse.limits import antibody_limits
from openntz.reanalyse.study import Study
from openntz.workflows.importing import Imported, import_sdtm
from openntz.workflows.read import read_tables

DATA = Path(__file__).parents[2] / "reference" / "sdtm"
LATER = date(2015, 12, 31)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return import_sdtm(DATA, tmp_path_factory.mktemp("tables"), DATA / "xanomeline.toml")


@pytest.fixture(scope="module")
def study(imported: Imported) -> Study:
    records = read_tables(imported.out, LATER, None, registry())
    return Study.of(records.courses, LATER)


def _expected(parameter: str) -> dict[str, str]:
    with (DATA / "pharmaverse_adab_expected.csv").open(encoding="utf-8") as stream:
        return {
            row["USUBJID"]: row["AVALC"]
            for row in csv.DictReader(stream)
            if row["PARAMCD"] == parameter
        }


@pytest.fixture(scope="module")
def classes(study: Study) -> dict[str, ClassRow]:
    limits = antibody_limits(registry())
    rise = registry().fact("definition.antibodies.boosted.log10-rise").number

    def row(course: Course) -> ClassRow:
        history = antibody_history(course, limits, entered=study.start_of(course))
        return class_row(course.person.id, history, rise)

    return {course.person.id: row(course) for course in study}


def test_treatment_induced_antibodies_match_admiral_for_all_254_people(
    classes: dict[str, ClassRow],
) -> None:
    expected = _expected("INDUCD1")
    assert len(expected) == 254
    found = {p: "Y" if classes[p].origin is Origin.INDUCED else "N" for p in expected}
    assert found == expected


@pytest.mark.parametrize(
    ("parameter", "name"),
    [("PERSADA1", AntibodyClass.PERSISTENT), ("TRANADA1", AntibodyClass.TRANSIENT)],
)
def test_persistent_and_transient_antibodies_match_admiral_for_all_254_people(
    classes: dict[str, ClassRow], parameter: str, name: AntibodyClass
) -> None:
    expected = _expected(parameter)
    assert len(expected) == 254
    found = {p: "Y" if classes[p].by[Definition.SHANKAR] is name else "N" for p in expected}
    assert found == expected


def test_every_record_of_a_real_study_is_used_set_aside_or_counted(imported: Imported) -> None:
    counted = dict.fromkeys(("dm", "ex", "ae", "pc", "lb", "is"), 0)
    for domain in counted:
        file = DATA / ("pharmaverse_is_ada.csv" if domain == "is" else f"pharmaverse_{domain}.csv")
        with file.open(encoding="utf-8", newline="") as stream:
            counted[domain] = sum(1 for _ in csv.reader(stream)) - 1
    aside = {d: sum(p.table == d for p in imported.problems) for d in counted}
    # Records of repeated doses are used and remarked on.
    left = {
        d: sum(n for domain, why, n in imported.unused if domain == d and "repeated" not in why)
        for d in counted
    }
    assert imported.written["people"] == counted["dm"]
    assert imported.written["doses"] == counted["ex"] - aside["ex"] - left["ex"]
    events = imported.written["reactions"] + imported.written["symptoms"]
    assert events == counted["ae"] - aside["ae"] - left["ae"]
    measured = sum(counted[d] - aside[d] - left[d] for d in ("pc", "lb", "is"))
    assert imported.written["measurements"] == measured


def test_records_of_one_event_match_the_numbers_of_the_sponsor(imported: Imported) -> None:
    with (DATA / "pharmaverse_ae.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    whole = {(r["USUBJID"], r["AESPID"]) for r in rows if len(r["AESTDTC"]) >= 10}
    assert len(whole) < len(rows)
    assert imported.written["reactions"] + imported.written["symptoms"] == len(whole)


def test_partial_dates_are_named_and_never_completed(imported: Imported) -> None:
    partial = [p for p in imported.problems if p.column == "AESTDTC"]
    assert partial
    assert all(len(p.value) < 10 and p.line > 1 and p.remedy for p in partial)


def test_transport_files_of_the_pilot_are_read(tmp_path: Path) -> None:
    found = import_sdtm(DATA / "cdisc-pilot", tmp_path / "out", DATA / "pilot.toml")
    assert found.domains == ("DM", "DS", "EX")
    assert found.written["people"] == 306
    assert found.written["plans"] > 0
    assert found.problems == ()
