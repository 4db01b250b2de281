"""The example clinic: every hand-made person shows what they were made for, to the real reader.

P01 to P20 of examples/clinic were each made to show one situation at 2024-06-30; the table below
is that intent and the contract's status for it. The rest of the file is the opposite: people with
nothing wrong, for whom no rule may ask for anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement, Plan
from openntz.evidence.registry import registry
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import PROFILES
from openntz.monitor.rules.catalogue import RULES
from openntz.records.csv import read_folder
from openntz.records.problems import Records
from openntz.workflows.person import Practice, review_person
from tests.build import (
    AS_OF,
    antibody,
    course,
    doses_every,
    edss,
    findings,
    forecast,
    level,
    lymphocytes,
    measurement,
    person,
    plan,
    scan,
    verdict,
)

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"
ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
SILENT = {OK, WATCH}

# person, what they show, rule, status under eu, us, study, a row that must be cited
MADE_TO_SHOW = [
    (
        "P01",
        "dosed after severe reaction",
        "hypersensitivity.contraindicated",
        (ACT,) * 3,
        "reactions",
    ),
    ("P02", "no lymphocyte rise", "antibody.no-lymphocyte-rise", (DUE,) * 3, "measurements"),
    ("P03", "fourth infusion today", "observation.post-infusion", (DUE, DUE, WATCH), "doses"),
    ("P03", "fourth infusion today", "interval.late-dose", (WATCH,) * 3, "doses"),
    ("P04", "stopped, no successor", "stopping.no-successor", (ACT,) * 3, "plans:64"),
    ("P05", "gap after two doses", "antibody.before-re-exposure", (DUE,) * 3, "doses"),
    ("P06", "32nd infusion, 2 weeks late", "interval.late-dose", (DUE,) * 3, "doses"),
    ("P07", "high JCV index", "pml.stratum", (WATCH,) * 3, "measurements:1937"),
    ("P07", "MRI overdue", "pml.mri-due", (ACT,) * 3, "mri:230"),
    ("P08", "level after the infusion", "level.implausible", (DUE,) * 3, "measurements"),
    ("P09", "aged 17", "eligibility.age", (ACT,) * 3, "people"),
    ("P10", "fingolimod alongside", "combination.contraindicated", (ACT,) * 3, "treatments"),
    ("P11", "pregnant week 31", "pregnancy.plan", (ACT, ACT, DUE), "pregnancies:4"),
    ("P11", "due in nine weeks", "pregnancy.newborn-count", (DUE,) * 3, "pregnancies:4"),
    ("P12", "one positive antibody test", "antibody.confirm", (DUE,) * 3, "measurements"),
    ("P13", "light, high troughs", "interval.candidate", (WATCH,) * 3, "measurements"),
    ("P14", "heavy, low troughs", "level.low", (WATCH,) * 3, "measurements"),
    ("P15", "liver", "liver.injury", (ACT,) * 3, "measurements:1974"),
    ("P16", "platelets", "platelets.low", (ACT,) * 3, "measurements:1979"),
    ("P17", "active after stopping", "restart.active-disease", (WATCH,) * 3, "mri:242"),
    ("P17", "active after stopping", "stopping.rebound-window", (WATCH,) * 3, "mri:242"),
    ("P18", "wearing-off, good levels", "symptom.wearing-off", (WATCH,) * 3, "symptoms:75"),
    # Positive twice, ten weeks apart: the US label's retest is at three months.
    ("P19", "persistent antibodies", "antibody.persistent", (ACT, WATCH, ACT), "measurements"),
    ("P19", "persistent antibodies", "antibody.confirm", (OK, DUE, OK), "measurements"),
    ("P20", "gave birth", "pregnancy.newborn-count", (DUE,) * 3, "pregnancies:5"),
]


@cache
def clinic() -> Records:
    return read_folder(CLINIC, as_of=AS_OF)


@cache
def practice(profile: str) -> Practice:
    return Practice.create(registry=registry(), profile=profile, seed=20240630)


@cache
def reviewed(name: str, profile: str) -> dict[str, Finding]:
    """Findings of one person as `openntz review` makes them, forecast included."""
    result = review_person(clinic().courses[name], AS_OF, practice(profile))
    return {finding.rule: finding for finding in result.findings}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("name", "rule", "expected", "row"),
    [(n, r, e, row) for n, _, r, e, row in MADE_TO_SHOW],
    ids=[f"{n}-{r}" for n, _, r, _, _ in MADE_TO_SHOW],
)
def test_hand_made_person_shows_what_they_were_made_for(name, rule, expected, row, profile):
    found = reviewed(name, profile)[rule]
    assert found.status is expected[PROFILES.index(profile)], found.message
    assert any(ref.startswith(row) for ref in found.evidence), found.evidence
    assert found.sources


def test_every_hand_made_person_is_in_the_table():
    made = {name for name in clinic().courses if name.startswith("P")}
    assert {name for name, *_ in MADE_TO_SHOW} == made
    assert len(made) == 20


def test_everybody_gets_one_finding_per_rule_and_no_rule_fails():
    for name, made in clinic().courses.items():
        answers = findings(made, predicted=forecast())
        assert list(answers) == [rule.id for rule in RULES]
        faults = [f for f in answers.values() if "fault in the software" in f.message]
        assert not faults, (name, faults)


def test_evidence_names_rows_of_that_person():
    lines: dict[str, list[str]] = {}
    for name, made in clinic().courses.items():
        for rule, found in findings(made, predicted=forecast()).items():
            for ref in found.evidence:
                table, line = ref.split(":")
                if table not in lines:
                    text = (CLINIC / f"{table}.csv").read_text(encoding="utf-8")
                    lines[table] = text.splitlines()
                row = lines[table][int(line) - 1]
                assert row.startswith(f"{name},"), (name, rule, ref, row)


# ── nothing wrong: nothing asked for


def _permitted(day: date) -> Plan:
    """Consent renewed and treatment authorised again."""
    return replace(plan(day), consent=day, authorised=day)


def _uneventful(
    first: date,
    *,
    count: int,
    as_of: date,
    index: float = 0.12,
    sex: str = "F",
    birth: date = date(1985, 6, 15),
    lymphocyte_base: float = 1.9,
) -> Course:
    """On time, everything measured in time, nothing ever happened."""

    def every(days: int, start: int = -10) -> Iterator[date]:
        day = first + timedelta(days=start)
        while day <= as_of:
            yield day
            day += timedelta(days=days)

    doses = [
        replace(
            d,
            product="Tysabri",
            batch="B1",
            setting="clinic",
            discharged=d.at + timedelta(hours=2),
        )
        for d in doses_every(first, count)
    ]
    results: list[Measurement] = [
        measurement(vocabulary.WEIGHT, first, 70.0),
        lymphocytes(first - timedelta(days=3), lymphocyte_base),
        lymphocytes(first + timedelta(days=84), lymphocyte_base + 1.4),
    ]
    # The study profile asks for a test every 12 weeks.
    results += [antibody(day, "negative") for day in every(84, 84)]
    for dose in doses[4::4]:
        results.append(level(dose.at - timedelta(minutes=20), 26.0, line=dose.ref.line + 500))
    for day in every(120, 100):
        results += [lymphocytes(day, lymphocyte_base + 1.4)]
    for day in every(120):
        results += [
            measurement(vocabulary.PLATELETS, day, 240.0),
            measurement(vocabulary.NEUTROPHILS, day, 4.2),
            measurement(vocabulary.ALT, day, 22.0),
            measurement(vocabulary.AST, day, 21.0),
            measurement(vocabulary.BILIRUBIN, day, 9.0),
            measurement(vocabulary.JCV_INDEX, day, index),
        ]
    return course(
        who=replace(
            person(birth_date=birth, sex=sex),
            diagnosis="relapsing-remitting MS",
            conditions="none",
        ),
        doses=doses,
        plans=[plan(first, 28), *(_permitted(day) for day in every(120))],
        measurements=results,
        mri=[scan(day) for day in every(80)],
        edss=[edss(day) for day in every(60)],
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_person_with_nothing_wrong_is_left_in_peace(profile):
    made = _uneventful(AS_OF - timedelta(days=28 * 19 + 10), count=20, as_of=AS_OF)
    answers = review_person(made, AS_OF, practice(profile)).findings
    loud = {f.rule: (f.status, f.message) for f in answers if f.status not in SILENT}
    assert not loud


@given(
    count=st.integers(13, 60),
    since_last=st.integers(0, 20),
    as_of=st.dates(date(2018, 1, 1), date(2030, 12, 31)),
    index=st.sampled_from([0.05, 0.19, 0.3, 0.9, 1.5]),
    sex=st.sampled_from(["F", "M"]),
    age=st.integers(19, 64),
    profile=st.sampled_from(PROFILES),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_people_with_nothing_wrong_are_left_in_peace(
    count, since_last, as_of, index, sex, age, profile
):
    first = as_of - timedelta(days=28 * (count - 1) + since_last)
    made = _uneventful(
        first,
        count=count,
        as_of=as_of,
        index=index,
        sex=sex,
        birth=as_of - timedelta(days=366 * age),
    )
    levels = [m for m in made.results(vocabulary.NATALIZUMAB) if m.day <= as_of]
    predicted = forecast(levels=tuple(verdict(m) for m in levels))
    answers = findings(made, as_of=as_of, profile=profile, predicted=predicted)
    loud = {f.rule: (f.status, f.message) for f in answers.values() if f.status not in SILENT}
    assert not loud
