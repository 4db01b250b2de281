"""Every converter on records whose meaning the SDTM implementation guide states (planted)."""

from __future__ import annotations

import pytest

from openntz.records.sdtm.codes import StudyCodes
from tests.records.sdtm.build import rows, tables

EX = "USUBJID,EXTRT,EXDOSE,EXDOSU,EXROUTE,EXSTDTC,EXENDTC,EXDOSFRQ,EXLOT"


def test_demographics_become_people() -> None:
    (person,) = rows(
        "people",
        dm="""USUBJID,BRTHDTC,SEX,ARM,ACTARM,RFSTDTC,RFENDTC,AGE,AGEU
        S1,1980-02-03,F,Drug,Placebo,2020-01-01T10:00,2022-01-01,39,YEARS""",
    )
    assert person == {
        "person": "S1", "birth_date": "1980-02-03", "sex": "F", "arm": "Placebo",
        "study_start": "2020-01-01", "study_end": "2022-01-01", "age": "39",
    }  # fmt: skip


@pytest.mark.parametrize(("age", "unit"), [("-3", "YEARS"), ("x", "YEARS"), ("400", "MONTHS")])
def test_an_age_that_is_none_is_struck_and_the_person_kept(age: str, unit: str) -> None:
    found = tables(dm=f"USUBJID,SEX,AGE,AGEU\nS1,U,{age},{unit}")
    assert found.rows["people"] == [{"person": "S1"}]
    (problem,) = found.problems
    assert (problem.column, problem.value, problem.kind, problem.line) == ("AGE", age, "cell", 2)


def test_partial_birth_dates_are_not_completed() -> None:
    assert rows("people", dm="USUBJID,BRTHDTC\nS1,1980-02") == [{"person": "S1"}]


def test_history_gives_onset_and_other_diseases() -> None:
    (person,) = rows(
        "people",
        mh="""USUBJID,MHDECOD,MHTERM,MHSTDTC,MHOCCUR
        S1,Multiple sclerosis,MS,2010-05,
        S1,ASTHMA,asthma,,
        S1,MALARIA,malaria,,N
        S2,ASTHMA,asthma,,""",
        dm="USUBJID,SEX\nS1,F",
    )
    assert person == {"person": "S1", "sex": "F", "ms_onset": "2010-05", "conditions": "asthma"}


def test_infusions_keep_times_amounts_and_lots() -> None:
    found = tables(
        ex=f"""{EX}
        S1,Natalizumab,300,mg,INTRAVENOUS,2020-01-01T10:00:00,2020-01-01T11:02:30,Q4W,L1
        S1,TYSABRI,300,mg,SUBCUTANEOUS,2020-01-29,2020-01-29,ONCE,
        S1,PLACEBO,0,mg,INTRAVENOUS,2020-02-29,,ONCE,
        S1,NATALIZUMAB,0,mg,INTRAVENOUS,2020-03-29,,ONCE,""",
    )
    assert found.rows["doses"] == [
        {"person": "S1", "start": "2020-01-01T10:00", "end": "2020-01-01T11:02", "dose_mg": "300",
         "dose_unit": "mg", "route": "IV", "batch": "L1"},
        {"person": "S1", "start": "2020-01-29", "dose_mg": "300", "dose_unit": "mg", "route": "SC",
         "product": "Tysabri"},
    ]  # fmt: skip
    assert dict(found.unused) == {
        ("ex", "treatment PLACEBO, not natalizumab"): 1,
        ("ex", "dose of nothing"): 1,
    }


def test_a_record_of_weeks_is_one_dose_and_remarked_on() -> None:
    found = tables(ex=f"{EX}\nS1,TYSABRI,300,mg,IV,2020-01-01,2020-03-01,,")
    assert found.rows["doses"][0].get("end") is None
    assert sum(found.unused.values()) == 1


def test_an_unknown_route_is_rejected_with_the_remedy() -> None:
    found = tables(ex=f"{EX}\nS1,TYSABRI,300,mg,ORAL,2020-01-01,,,")
    assert found.rows["doses"] == []
    assert found.problems[0].value == "ORAL"
    assert "[routes]" in found.problems[0].remedy
    mapped = tables(
        StudyCodes(routes={"oral": "IV"}), ex=f"{EX}\nS1,TYSABRI,300,,ORAL,2020-01-01,,,"
    )
    assert mapped.rows["doses"][0]["route"] == "IV"


def test_exposure_stands_for_collected_exposure_only_where_it_can_be_used() -> None:
    ec = "USUBJID,ECTRT,ECDOSE,ECSTDTC,ECROUTE,ECOCCUR,ECMOOD\n" + "\n".join(
        (
            "S1,TYSABRI,300,2020-01-01,IV,Y,PERFORMED",
            "S1,TYSABRI,300,2020-02-01,IV,N,PERFORMED",
            "S1,TYSABRI,300,2020-03-01,IV,,SCHEDULED",
        )
    )
    assert [r["start"] for r in rows("doses", ec=ec)] == ["2020-01-01"]
    both = tables(ec=ec, ex=f"{EX}\nS1,TYSABRI,300,mg,IV,2020-05-01,,,")
    assert [r["start"] for r in both.rows["doses"]] == ["2020-05-01"]
    assert both.unused["ec", "EX is there and stands for it"] == 3
    broken = tables(ec=ec, ex="USUBJID,EXTRT\nS1,TYSABRI")
    assert [r["start"] for r in broken.rows["doses"]] == ["2020-01-01"]
    assert broken.problems[0].column == "EXSTDTC"


def test_laboratory_counts_of_blood_only() -> None:
    found = tables(
        lb="""USUBJID,LBTESTCD,LBORRES,LBORRESU,LBDTC,LBSPEC,LBSTAT,LBNAM
        S1,LYM,1.9,GI/L,2020-01-01T08:00,BLOOD,,Lab
        S1,LYM,3,/uL,2020-01-01,CEREBROSPINAL FLUID,,
        S1,LYM,,,2020-01-02,BLOOD,NOT DONE,
        S1,GLUC,5,mmol/L,2020-01-01,BLOOD,,""",
        vs="USUBJID,VSTESTCD,VSORRES,VSORRESU,VSDTC\nS1,WEIGHT,70,kg,2020-01-01",
    )
    assert found.rows["measurements"] == [
        {"person": "S1", "taken": "2020-01-01T08:00", "test": "lymphocytes", "value": "1.9",
         "unit": "10*9/L", "lab": "Lab"},
        {"person": "S1", "taken": "2020-01-01", "test": "weight", "value": "70", "unit": "kg"},
    ]  # fmt: skip
    assert set(found.unused) == {
        ("lb", "lymphocytes in cerebrospinal fluid"),
        ("lb", "lymphocytes without a result"),
        ("lb", "test GLUC"),
    }


def test_levels_below_the_limit_are_limits() -> None:
    found = tables(
        pc="""USUBJID,PCTESTCD,PCORRES,PCORRESU,PCDTC,PCLLOQ
        S1,NATALIZU,BLQ,ug/mL,2020-01-01,0.25
        S1,NATALIZU,12.5,ug/mL,2020-02-01,0.25
        S1,NATALIZU,BLQ,ug/mL,2020-03-01,
        S1,OTHER,1,ug/mL,2020-03-01,""",
    )
    assert [r["value"] for r in found.rows["measurements"]] == ["<0.25", "12.5"]
    assert found.unused["pc", "level without a result or a limit"] == 1


IS = "USUBJID,ISTESTCD,ISBDAGNT,ISORRES,ISORRESU,ISDTC,ISTHRESH,ISANSWER"


@pytest.mark.parametrize(
    ("result", "unit", "answer", "value"),
    [
        ("NEGATIVE", "", "", "negative"),
        ("POSITIVE", "", "", "positive"),
        ("<1.40", "titer", "", "positive"),
        ("<4", "ng/mL", "", "<4"),
        ("1:320", "titer", "POSITIVE", "positive (1:320)"),
        ("740", "ng/mL", "", "740"),
    ],
)
def test_antibody_results_by_unit(result: str, unit: str, answer: str, value: str) -> None:
    (row,) = rows(
        "measurements",
        **{"is": f"{IS}\nS1,ADA_BAB,Natalizumab,{result},{unit},2020-01-01,500 ng/mL,{answer}"},
    )
    assert row["value"] == value
    assert row["threshold"] == "500 ng/mL"
    assert row.get("unit", "") == ("ng/mL" if unit == "ng/mL" else "")


def test_antibodies_against_another_drug_are_left() -> None:
    found = tables(**{"is": f"{IS}\nS1,ADA_BAB,INFLIXIMAB,NEGATIVE,,2020-01-01,,"})
    assert found.rows["measurements"] == []
    assert found.unused["is", "test ADA_BAB INFLIXIMAB"] == 1


def test_neutralising_antibodies_stand_beside_their_test() -> None:
    text = f"""{IS}
        S1,ADA_NAB,,POSITIVE,,2020-01-01,,
        S1,ADA_BAB,,POSITIVE,,2020-01-01,,
        S1,ADA_NAB,,,,2020-02-01,,
        S1,ADA_BAB,,POSITIVE,,2020-02-01,,
        S1,ADA_NAB,,POSITIVE,,2020-03-01,,"""
    found = tables(**{"is": text})
    assert [r["neutralising"] for r in found.rows["measurements"]] == ["positive", "no result"]
    assert sum(found.unused.values()) == 3


def test_titres_are_logarithms_only_where_the_mapping_says_so() -> None:
    text = f"{IS}\nS1,ADA_BAB,,1.49,titer,2020-01-01,,"
    assert rows("measurements", **{"is": text})[0]["titre"] == "1.49"
    codes = StudyCodes(titres="log10")
    assert rows("measurements", codes, **{"is": text})[0]["titre_log10"] == "1.49"


AE = "USUBJID,AETERM,AEDECOD,AECAT,AESPID,AESTDTC,AESEV,AETOXGR,AEACN"


def test_adverse_events_are_reactions_or_symptoms() -> None:
    found = tables(
        ae=f"""{AE}
        S1,flush,Infusion related reaction,,1,2020-01-01T10:20,MODERATE,,DRUG INTERRUPTED
        S1,headache,HEADACHE,INFUSION REACTION,2,2020-02-01,,1,
        S1,headache,HEADACHE,,3,2020-03-01,MILD,,""",
    )
    assert found.rows["reactions"] == [
        {"person": "S1", "onset": "2020-01-01T10:20", "term": "Infusion related reaction",
         "grade": "2", "action": "drug interrupted"},
        {"person": "S1", "onset": "2020-02-01", "term": "headache", "grade": "1"},
    ]  # fmt: skip
    assert found.rows["symptoms"] == [
        {"person": "S1", "date": "2020-03-01", "symptom": "headache", "comment": "mild"}
    ]


def test_records_of_one_event_are_one_event_with_its_highest_grade() -> None:
    found = tables(
        ae=f"""{AE}
        S1,rash,URTICARIA,,E1,2020-01-02,MILD,,
        S1,rash,URTICARIA,,E1,2020-01-01,MILD,Grade 3,
        S1,rash,URTICARIA,,E2,2020-05-01,MILD,,
        S2,rash,URTICARIA,,E1,2020-01-01,MILD,,
        S1,ache,ACHE,,,2020-01-01,SEVERE,,
        S1,ache,ACHE,,,2020-01-01,MILD,,""",
    )
    assert [(r["onset"], r["grade"]) for r in found.rows["reactions"]] == [
        ("2020-01-01", "3"), ("2020-05-01", "1"), ("2020-01-01", "1"),
    ]  # fmt: skip
    assert [r["comment"] for r in found.rows["symptoms"]] == ["severe"]
    assert sum(found.unused.values()) == 2


def test_relapses_that_did_not_occur_are_no_relapses() -> None:
    found = tables(
        ce="""USUBJID,CETERM,CEDECOD,CECAT,CEOCCUR,CESTDTC,CESEV
        S1,RELAPSE,,,Y,2020-01-01,MILD
        S1,RELAPSE,,,N,2020-02-01,
        S1,FALL,,,Y,2020-01-01,
        S1,wearing-off,,SYMPTOM,,2020-03-01,""",
    )
    assert found.rows["relapses"] == [{"person": "S1", "onset": "2020-01-01", "severity": "mild"}]
    assert found.rows["symptoms"][0]["symptom"] == "wearing-off"
    assert found.unused["ce", "asked for and did not occur"] == 1


@pytest.mark.parametrize("name", ["qs", "rs", "ft"])
def test_disability_scores_from_each_domain(name: str) -> None:
    p = name.upper()
    found = tables(
        **{
            name: f"""USUBJID,{p}TESTCD,{p}STRESN,{p}ORRES,{p}DTC
            S1,EDSS,2.5,2.5,2020-01-01
            S1,EDSS,,,2020-02-01
            S1,T25FW,5,5,2020-01-01"""
        }
    )
    assert found.rows["edss"] == [{"person": "S1", "date": "2020-01-01", "score": "2.5"}]
    assert sum(found.unused.values()) == 2


@pytest.mark.parametrize("name", ["mo", "nv", "mi"])
def test_counts_of_a_day_are_one_scan(name: str) -> None:
    p = name.upper()
    found = tables(
        **{
            name: f"""USUBJID,{p}TESTCD,{p}ORRES,{p}DTC,{p}LOC
            S1,GDLES,1,2020-01-01,BRAIN
            S1,NEWT2,0,2020-01-01,BRAIN
            S1,NEWT2,4,2020-01-01,BRAIN
            S1,GDLES,9,2020-01-01,SPINAL CORD
            S1,MRIBRAIN,Y,2020-06-01,BRAIN"""
        }
    )
    assert found.rows["mri"] == [
        {"person": "S1", "date": "2020-01-01", "gadolinium_lesions": "1", "new_t2_lesions": "0"},
        {"person": "S1", "date": "2020-06-01"},
    ]
    assert found.problems[0].value == "4"
    assert "says 0" in found.problems[0].reason


def test_treatments_keep_rough_dates_and_no_kind_is_invented() -> None:
    found = tables(
        StudyCodes(treatments={"MITOXANTRONE": "immunosuppressant"}),
        cm="""USUBJID,CMTRT,CMDECOD,CMSTDTC,CMENDTC,CMOCCUR
        S1,mito,MITOXANTRONE,2010,2011-05,
        S1,x,PARACETAMOL,,2012,
        S1,x,IBUPROFEN,,,
        S1,x,ASPIRIN,2010,,N""",
    )
    assert found.rows["treatments"] == [
        {"person": "S1", "name": "mitoxantrone", "kind": "immunosuppressant", "start": "2010",
         "end": "2011-05"},
        {"person": "S1", "name": "paracetamol", "end": "2012"},
    ]  # fmt: skip
    assert sum(found.unused.values()) == 2


def test_dispositions_before_the_time_end_therapy() -> None:
    found = tables(
        ds="""USUBJID,DSCAT,DSDECOD,DSTERM,DSSTDTC
        S1,DISPOSITION EVENT,ADVERSE EVENT,ADVERSE EVENT,2020-05-01
        S2,DISPOSITION EVENT,COMPLETED,COMPLETED,2020-05-01
        S3,PROTOCOL MILESTONE,RANDOMIZED,RANDOMIZED,2020-05-01""",
    )
    assert found.rows["plans"] == [
        {"person": "S1", "date": "2020-05-01", "stopped": "2020-05-01", "reason": "adverse event"}
    ]


def test_pregnancies_are_told_apart_by_group() -> None:
    found = tables(
        rp="""USUBJID,RPTESTCD,RPGRPID,RPORRES
        S1,EDD,1,2020-05-01
        S1,DELDT,1,2020-05-03
        S1,EDD,2,2022-05-01
        S1,EDD,2,2022-07-01
        S2,EDD,,2021""",
    )
    assert found.rows["pregnancies"] == [
        {"person": "S1", "due": "2020-05-01", "delivery": "2020-05-03"},
        {"person": "S1", "due": "2022-05-01"},
    ]
    assert [p.value for p in found.problems] == ["2022-07-01", "2021"]


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("2020", "complete"), ("2020-01", "complete"), ("2020-13-01", "no such day"),
        ("2020-01-01T25:00", "no such day"), ("", "no date"), ("yesterday", "complete"),
    ],
)  # fmt: skip
def test_days_that_are_none_are_named(when: str, reason: str) -> None:
    found = tables(qs=f"USUBJID,QSTESTCD,QSORRES,QSDTC\nS1,EDSS,2,{when}")
    assert "edss" not in found.rows
    (problem,) = found.problems
    assert reason in problem.reason
    assert (problem.column, problem.value, problem.line) == ("QSDTC", when, 2)


@pytest.mark.parametrize("when", ["2020-01-01T10:30:00Z", "2020-01-01T10:30+02:00"])
def test_clock_times_are_kept_without_their_zone(when: str) -> None:
    (row,) = rows("measurements", vs=f"USUBJID,VSTESTCD,VSORRES,VSDTC\nS1,WEIGHT,70,{when}")
    assert row["taken"] == "2020-01-01T10:30"


@pytest.mark.parametrize(
    ("name", "text", "lacks"),
    [
        ("lb", "USUBJID,LBTESTCD,LBORRES\nS1,LYM,1", "LBDTC"),
        ("dm", "SUBJID,SEX\n1,F", "USUBJID"),
        ("ae", "USUBJID,AESTDTC\nS1,2020-01-01", "AEDECOD or AETERM"),
        ("is", "USUBJID,ISTESTCD,ISDTC\nS1,ADA_BAB,2020-01-01", "ISORRES or ISSTRESC or ISSTRESN"),
    ],
)
def test_a_domain_without_a_needed_variable_leaves_its_table_unrecorded(
    name: str, text: str, lacks: str
) -> None:
    found = tables(**{name: text})
    assert found.rows == {}
    (problem,) = found.problems
    assert (problem.column, problem.kind, problem.table) == (lacks, "file", name)


def test_a_record_of_nobody_is_rejected() -> None:
    found = tables(vs="USUBJID,VSTESTCD,VSORRES,VSDTC\n,WEIGHT,70,2020-01-01")
    assert found.rows["measurements"] == []
    assert found.problems[0].column == "USUBJID"
