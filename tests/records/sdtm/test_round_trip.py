"""Courses out as SDTM and in again are the same courses (planted truth)."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from openntz.course.course import TABLES, Course
from openntz.course.events import Assay, Ref
from openntz.evidence.registry import registry
from openntz.records.csv import read_folder
from openntz.records.datasets import Format, write_datasets
from openntz.records.sdtm.write import Submission, sdtm_datasets
from openntz.workflows.importing import import_sdtm

CLINIC = Path(__file__).parents[3] / "examples" / "clinic"
AS_OF = date(2030, 12, 31)


def _back(made: Submission, folder: Path, written_as: Format) -> dict[str, Course]:
    data, out = folder / "sdtm", folder / "tables"
    data.mkdir()
    write_datasets(made.datasets, data, written_as, AS_OF)
    found = import_sdtm(data, out, None)
    assert found.problems == ()
    assert found.unused == ()
    records = read_folder(out, as_of=AS_OF, evidence=registry())
    assert records.rejected == ()
    return dict(records.courses)


def _plain(event: Any) -> Any:
    """An event without where it was read and how it was spelt."""
    bare = replace(event, ref=Ref("", 0), extra={})
    return replace(bare, as_written="") if hasattr(event, "as_written") else bare


def _same(one: Course, other: Course) -> None:
    assert _plain(one.person) == _plain(other.person)
    for table in TABLES[1:]:
        before = sorted(repr(_plain(e)) for e in getattr(one, table))
        after = sorted(repr(_plain(e)) for e in getattr(other, table))
        assert before == after, table


@pytest.fixture(scope="module")
def clinic() -> dict[str, Course]:
    return dict(read_folder(CLINIC, as_of=AS_OF, evidence=registry()).courses)


def test_the_example_clinic_comes_back_the_same(clinic: dict[str, Course], tmp_path: Path) -> None:
    back = _back(sdtm_datasets(clinic.values()), tmp_path, "xpt")
    assert back.keys() == clinic.keys()
    for name, course in clinic.items():
        _same(course, back[name])


PLANTED = {
    "people": "person,birth_date,sex,ms_onset,diagnosis,conditions\n"
    "A,1980-01-01,F,2010-05-01,relapsing-remitting,asthma; psoriasis\nB,1990-01-01,M,,,none\n",
    "plans": "person,date,planned_interval_days,stopped,reason,consent,authorised\n"
    "A,2020-01-01,42,,longer interval,2020-01-01,2020-01-02\nA,2021-05-01,,2021-04-01,PML fear,,\n"
    "B,2021-05-01,,2021-05-01,,,\n",
    "doses": "person,start,end,dose_mg,route,product,batch,setting,premedication,discharged,"
    "follow_up_call,hotline\n"
    "A,2020-01-01T10:00,2020-01-01T11:02,300,IV,Tyruko,L1,home,cetirizine,2020-01-01T11:30,"
    "2020-01-02T09:00,rash asked\nA,2020-02-12,,150,SC,,,,,,,\n",
    "measurements": "person,taken,test,value,unit,lloq,threshold,assay,lab\n"
    "A,2020-01-01T09:00,natalizumab,<0.25,ug/mL,0.25,,ELISA,Lab 1\n"
    "A,2020-02-12,anti-natalizumab antibodies,positive (1:320),,,500 ng/mL,ELISA,\n"
    "A,2020-03-12,anti-natalizumab antibodies,<4,ng/mL,4,4 ng/mL,ECL,\n"
    "A,2020-04-12,anti-natalizumab antibodies,740,ng/mL,,500 ng/mL,ELISA,\n"
    "A,2020-05-12,anti-natalizumab antibodies,indeterminate,,,,,\n"
    "A,2020-06-12,jcv index,1.27,index,,,,\nA,2020-06-12,jcv dna in csf,negative,,,,,\n"
    "A,2020-06-12,a4-integrin saturation,83,%,,,flow,\nA,2020-06-13,lymphocytes,2050,cells/uL,,,,\n"
    "A,2020-06-13,natalizumab,>100,ug/mL,,,,\nA,2020-06-13,weight,70.3,kg,,,,\n",
    "reactions": "person,onset,term,grade,action\nA,2020-01-01T10:20,flushing,2,stopped\n"
    "A,2020-01-01T10:20,Rash,,\nA,2020-01-01T10:20,Rash,,\nA,2020-02-12,,1,\n",
    "mri": "person,date,gadolinium_lesions,new_t2_lesions,enlarging_t2_lesions,"
    "brain_volume_change_percent,comment\nA,2020-01-01,0,,,,baseline\nA,2021-01-01,1,2,0,-0.35,\n"
    "A,2022-01-01,,,,,not read yet\n",
    "relapses": "person,onset,severity,comment\nA,2020-07-01,mild,after a cold\n",
    "edss": "person,date,score\nA,2020-01-01,2.5\nA,2021-01-01,0\n",
    "symptoms": "person,date,symptom,comment\nA,2020-01-28,wearing-off,fatigue; two days\n",
    "treatments": "person,name,kind,start,end\nA,fingolimod,dmt,2012-03-01,2014-05-06\n"
    "A,vitamin D,,2015-01-01,\n",
    "pregnancies": "person,conception,due,delivery,outcome,breastfeeding\n"
    "A,2022-01-01,2022-10-01,2022-10-03,live birth,yes\nA,,2025-01-01,,,\n",
}


@pytest.mark.parametrize("written_as", ["csv", "json", "xpt"])
def test_planted_courses_come_back_the_same(written_as: Format, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name, text in PLANTED.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    records = read_folder(source, as_of=AS_OF, evidence=registry())
    assert records.rejected == ()
    back = _back(sdtm_datasets(records.courses.values()), tmp_path, written_as)
    for name, course in records.courses.items():
        _same(course, back[name])
    a = back["A"]
    assert [(m.value, m.censor, m.answer) for m in a.results("anti-natalizumab antibodies")] == [
        (320.0, "", "positive"), (4.0, "<", "negative"), (740.0, "", "positive"),
        (None, "", "indeterminate"),
    ]  # fmt: skip
    assert a.results("natalizumab")[0].assay == Assay("ELISA", "Lab 1", None, 0.25)
    assert a.doses[0].end == datetime(2020, 1, 1, 11, 2)


def test_what_cannot_be_carried_is_counted(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    tables = PLANTED | {
        "people": "person,shoe_size\nA,39\nB,\n",
        "mri": "person,date,gadolinium_lesions,scanner\nA,2020-01-01,0,3T\nA,2021-01-01,0,3T\n",
    }
    for name, text in tables.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    courses = read_folder(source, as_of=AS_OF, evidence=registry()).courses
    counted = {(t, what): n for t, what, n in sdtm_datasets(courses.values()).not_carried}
    assert counted["mri", "column scanner"] == 2
    assert counted["people", "column shoe_size"] == 1


def test_numbers_days_and_references_follow_the_implementation_guide(
    clinic: dict[str, Course],
) -> None:
    made = {d.name: d for d in sdtm_datasets(clinic.values()).datasets}
    start = {r["USUBJID"]: r["RFSTDTC"] for r in made["DM"].records()}
    for name in ("EX", "LB", "AE", "CE", "MO", "QS"):
        seen: dict[Any, int] = {}
        stem = "ST" if name in {"EX", "AE", "CE"} else ""
        for row in made[name].records():
            person = row["USUBJID"]
            seen[person] = seen.get(person, 0) + 1
            assert row[f"{name}SEQ"] == seen[person]
            if not start.get(person):
                continue
            reference = date.fromisoformat(str(start[person]))
            day = date.fromisoformat(str(row[f"{name}{stem}DTC"])[:10])
            since = (day - reference).days
            assert row[f"{name}{stem}DY"] == (since + 1 if since >= 0 else since)
    flagged = [r for r in made["LB"].records() if r.get("LBLOBXFL") == "Y"]
    assert flagged
    assert all(str(r["LBDTC"])[:10] <= str(start[r["USUBJID"]]) for r in flagged)


def test_transport_files_cut_long_texts_and_say_so(tmp_path: Path) -> None:
    from openntz.records.datasets import Dataset, Variable

    data = Dataset("XX", "Label", (Variable("A", "Text"),), (("x" * 201,), ("é" * 150,), ("y",)))
    assert write_datasets([data], tmp_path, "xpt", AS_OF) == 2


def test_people_of_a_trial_keep_arm_entry_exit_and_age(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    tables = {
        "people": "person,sex,arm,study_start,study_end,age\n"
        "A,F,Natalizumab,2020-01-01,2022-01-01,33\nB,M,Placebo,2020-02-01,2021-06-01,40\n"
        "C,M,Natalizumab,2020-02-01,,\n",
        "doses": "person,start,end,dose_mg,route\nA,2020-01-01,,300,IV\nC,2020-02-03,,300,IV\n",
        "relapses": "person,onset\nB,2020-07-01\n",
    }
    for name, text in tables.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    courses = read_folder(source, as_of=AS_OF, evidence=registry()).courses
    made = sdtm_datasets(courses.values())
    back = _back(made, tmp_path, "json")
    for name in "AB":
        extra = back[name].person.extra
        for column, text in courses[name].person.extra.items():
            assert extra[column] == text
        _same(courses[name], replace(back[name], person=courses[name].person))
    # Somebody dosed later than entry: the study's day 1 is the first dose, and that is said.
    assert [n for t, what, n in made.not_carried if what.startswith("day of entry")] == [1]
