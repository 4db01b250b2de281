"""After a reaction or with a disease that forbids it, no rule advises to give natalizumab again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from openntz.monitor.finding import Status
from tests.build import (
    antibody,
    course,
    days_before,
    doses_on,
    doses_until,
    finding,
    plan,
    pregnancy,
    reaction,
    relapse,
)
from tests.monitor.test_example_clinic import reviewed

REACTED = days_before(200)
RULES = ("pregnancy.plan", "restart.active-disease", "antibody.before-re-exposure")
OFF_THERAPY = (
    "antibody.confirm",
    "antibody.persistent",
    "eligibility.age",
    "observation.post-infusion",
    "pml.jcv-due",
)
RESTART = (
    "Where natalizumab is resumed",
    "Before a restart",
    "before any restart",
    "the restart after birth",
    "Test before the next dose",
    "Test, and wait",
    "whether to continue",
)


def told(rule: str, *, term: str = "hypersensitivity", reason: str = "", graded: int = 2):
    """Two doses, a reaction to the second, active disease and a birth after the stop."""
    rows = [reaction(REACTED, term, graded, line=7)] if term else []
    made = course(
        doses=doses_on([days_before(228), REACTED]),
        reactions=rows,
        plans=[plan(REACTED, stopped=REACTED, reason=reason, line=9)],
        relapses=[relapse(days_before(20))],
        pregnancies=[pregnancy(days_before(180), line=11)],
    )
    return finding(rule, made)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("given", "words", "row"),
    [
        ({"term": "hypersensitivity"}, f"after the reaction of {REACTED}", "reactions:7"),
        ({"term": "rigors", "graded": 3}, f"after the reaction of {REACTED}", "reactions:7"),
        ({"term": "", "reason": "anaphylaxis"}, f"it was stopped on {REACTED}", "plans:9"),
    ],
)
def test_a_forbidding_reaction_stands_in_place_of_advice_on_a_restart(rule, given, words, row):
    found = told(rule, **given)
    assert "is contraindicated after" in found.message
    assert words in found.message
    assert "plan another treatment" in found.message
    assert row in found.evidence
    assert not [text for text in RESTART if text in found.message]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "given",
    [
        {"term": "headache"},
        {"term": "", "reason": "patient choice"},
        {"term": "", "reason": "no hypersensitivity"},
    ],
)
def test_other_reactions_and_reasons_leave_the_advice(rule, given):
    found = told(rule, **given)
    assert "contraindicated" not in found.message
    assert [text for text in RESTART if text in found.message]


@pytest.mark.parametrize("rule", RULES)
def test_the_status_stays_by_the_contract(rule):
    assert told(rule).status is told(rule, term="headache").status


def _with_conditions(conditions: str, rule: str):
    made = course(
        doses=doses_on([days_before(228), REACTED]),
        plans=[plan(REACTED, stopped=REACTED, line=9)],
        relapses=[relapse(days_before(20))],
        pregnancies=[pregnancy(days_before(180), line=11)],
    )
    who = replace(made.person, conditions=conditions)
    return finding(rule, replace(made, person=who))


@pytest.mark.parametrize("rule", [*RULES, *OFF_THERAPY])
@pytest.mark.parametrize("disease", ["melanoma", "PML"])
def test_a_forbidding_disease_stands_in_place_of_advice_on_a_restart(rule, disease):
    found, free = _with_conditions(disease, rule), _with_conditions("none", rule)
    assert "Natalizumab is contraindicated" in found.message
    assert disease in found.message
    assert "people:2" in found.evidence
    assert not [text for text in RESTART if text in found.message]
    assert "contraindicated" not in free.message
    assert found.status is free.status


def test_the_gate_of_a_restart_names_the_rule_that_forbids_it():
    assert "See contraindication.condition." in _with_conditions("melanoma", "restart.gate").message


def test_the_person_of_the_example_clinic_reads_no_restart():
    for rule in ("pregnancy.plan", "restart.active-disease"):
        found = reviewed("N012", "eu")[rule]
        assert "contraindicated after the reaction of 2019-10-09" in found.message
        assert "resumed" not in found.message
        assert "restart:" not in found.message


def test_a_wish_for_pregnancy_is_answered_without_natalizumab():
    made = course(
        doses=doses_on([days_before(56), days_before(28)]),
        reactions=[reaction(days_before(28), "anaphylaxis", 4)],
        plans=[plan(days_before(10), 28, reason="pregnancy wish")],
    )
    found = finding("pregnancy.plan", made)
    assert found.status is Status.WATCH
    assert "continue, stop or bridge" not in found.message
    assert f"after the reaction of {days_before(28)}" in found.message


def off_therapy(rule: str, *, tests=(), **given):
    """Stopped, with or without antibody tests, after the reaction or the stop given."""
    rows = [reaction(REACTED, given["term"], 2, line=7)] if given.get("term") else []
    made = course(
        doses=doses_on([days_before(228), REACTED]),
        reactions=rows,
        measurements=tests,
        plans=[plan(REACTED, stopped=REACTED, reason=given.get("reason", ""), line=9)],
    )
    return finding(rule, made)


@pytest.mark.parametrize("rule", OFF_THERAPY)
@pytest.mark.parametrize("tests", [(), (antibody(REACTED, 900, threshold=500, line=30),)])
@pytest.mark.parametrize(
    ("given", "row"),
    [({"term": "anaphylaxis"}, "reactions:7"), ({"reason": "anaphylaxis"}, "plans:9")],
)
def test_off_therapy_nothing_speaks_of_a_restart(rule, tests, given, row):
    found = off_therapy(rule, tests=tests, **given)
    assert "restart" not in found.message
    assert "is contraindicated after" in found.message
    assert row in found.evidence
    allowed = off_therapy(rule, tests=tests, reason="patient choice")
    assert "restart" in allowed.message
    assert "contraindicated" not in allowed.message
    assert allowed.status is found.status


@pytest.mark.parametrize(("ago", "status"), [(40, Status.DUE), (100, Status.ACT)])
def test_a_late_dose_is_not_urged_after_a_reaction_that_forbids_it(ago, status):
    def late(*reactions):
        return finding(
            "interval.late-dose",
            course(doses=doses_until(days_before(ago), 6), reactions=reactions),
        )

    found = late(reaction(days_before(ago), "anaphylaxis", 4, line=7))
    assert found.status is status
    assert "Give" not in found.message
    assert f"contraindicated after the reaction of {days_before(ago)}" in found.message
    assert "reactions:7" in found.evidence
    assert "Give" in late().message
