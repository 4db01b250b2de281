"""What is read before a further dose: forbidding first, then what questions it, nothing else."""

from __future__ import annotations

import pytest

from openntz.monitor.finding import Finding, Status
from openntz.monitor.rules.before_dose import AGAINST_A_DOSE, before_dose, forbids_dose
from openntz.monitor.rules.catalogue import RULES


def found(rule: str, status: Status = Status.ACT) -> Finding:
    return Finding(person="A", rule=rule, status=status, message="Why.", profile="eu")


def test_the_rules_named_are_rules():
    assert set(AGAINST_A_DOSE) <= {rule.id for rule in RULES}


@pytest.mark.parametrize(
    "rule",
    [
        *AGAINST_A_DOSE,
        "pregnancy.plan",
        "restart.active-disease",
        "antibody.persistent",
        "antibody.before-re-exposure",
    ],
)
def test_what_is_to_be_acted_on_comes_before_a_dose(rule):
    assert [f.rule for f in before_dose([found("review.due"), found(rule)])] == [rule]
    assert before_dose([found(rule, Status.OK)]) == ()


def test_a_contraindication_leads_even_where_it_is_only_watched():
    findings = [
        found("antibody.persistent", Status.WATCH),
        found("restart.active-disease"),
        found("hypersensitivity.contraindicated", Status.WATCH),
        found("stopping.no-successor"),
    ]
    assert [f.rule for f in before_dose(findings)] == [
        "hypersensitivity.contraindicated",
        "restart.active-disease",
        "antibody.persistent",
    ]


def test_only_what_stands_against_a_dose_forbids_it():
    assert forbids_dose([found("combination.contraindicated")])
    assert not forbids_dose([found("combination.contraindicated", Status.WATCH)])
    assert not forbids_dose([found("antibody.persistent")])
