"""After a reaction that forbids natalizumab no rule advises how to give it again."""

from __future__ import annotations

import pytest

from openntz.monitor.finding import Status
from tests.build import (
    course,
    days_before,
    doses_on,
    finding,
    plan,
    pregnancy,
    reaction,
    relapse,
)
from tests.monitor.test_example_clinic import reviewed

REACTED = days_before(200)
RULES = ("pregnancy.plan", "restart.active-disease", "antibody.before-re-exposure")
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
