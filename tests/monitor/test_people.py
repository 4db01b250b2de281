"""Hand-made people: expected findings written from the source text, not from the rules.

Every person starts from one with nothing wrong, and differs in what they are about. The rules
named must say what the source rows in ``against`` ask for; all others must ask for nothing.
The forecast is a fixed, comfortable one (``people.case.comfortable``), never the real one.
"""

from __future__ import annotations

from functools import cache

import pytest

from openntz.monitor.finding import Finding, Status
from openntz.monitor.rules.catalogue import RULES
from tests.build import findings
from tests.monitor.people import PEOPLE
from tests.monitor.people.case import SPEAKING, Case, comfortable
from tests.monitor.people.quiet import quiet

CASES = [pytest.param(c, p, id=f"{c.name}-{p}") for c in PEOPLE for p in c.profiles]


@cache
def _found(place: int, profile: str) -> dict[str, Finding]:
    case = PEOPLE[place]
    predicted = case.predicted or comfortable(case.course, case.as_of)
    return findings(case.course, as_of=case.as_of, profile=profile, predicted=predicted)


def _of(case: Case, profile: str) -> dict[str, Finding]:
    return _found(PEOPLE.index(case), profile)


@pytest.mark.parametrize(("case", "profile"), CASES)
def test_findings_match_the_source_text(case, profile):
    found = _of(case, profile)
    for rule, expected in case.expected(profile).items():
        finding = found[rule]
        told = f"{rule} {finding.status} {finding.due}: {finding.message}"
        assert finding.status in expected.statuses, told
        assert expected.due is None or finding.due == expected.due, told
        for word in expected.words:
            assert word.lower() in finding.message.lower(), f"no {word!r} in {told}"


@pytest.mark.parametrize(("case", "profile"), CASES)
def test_no_other_rule_asks_for_anything(case, profile):
    known = {*case.expected(profile), *case.beside}
    loud = [f for f in _of(case, profile).values() if f.status in SPEAKING and f.rule not in known]
    assert not loud, [f"{f.rule} {f.status} {f.due}: {f.message}" for f in loud]


def test_names_are_their_own_and_rules_exist():
    names = [case.name for case in PEOPLE]
    assert len(set(names)) == len(names)
    ids = {rule.id for rule in RULES}
    for case in PEOPLE:
        named = {*case.finds, *case.eu, *case.us, *case.study, *case.beside}
        assert named <= ids, case.name
        assert case.against, case.name


# What each rule cannot know without a table of the export, by what the rule asks.
NEEDS = {
    "reactions": ("hypersensitivity.contraindicated", "observation.post-infusion"),
    "treatments": ("combination.contraindicated", "vaccination.live"),
    "mri": ("pml.mri-due", "activity.neda", "activity.on-therapy", "pml.suspected"),
    "relapses": ("activity.neda", "activity.on-therapy"),
    "edss": ("activity.neda", "review.due"),
    "symptoms": (
        *("symptom.wearing-off", "safety.mood-gallstones", "infection.serious"),
        *("infection.before-dose", "pml.suspected"),
    ),
    "pregnancies": (
        *("pregnancy.plan", "pregnancy.newborn-count", "newborn.vaccines"),
        "pregnancy.lactation",
    ),
    "measurements": (
        *("antibody.no-lymphocyte-rise", "lymphocytes.response", "antibody.test-due"),
        *("antibody.confirm", "antibody.persistent", "antibody.assay", "level.implausible"),
        *("pml.stratum", "pml.jcv-due", "pml.suspected", "liver.injury", "platelets.low"),
        *("neutrophils.change", "laboratory.due"),
    ),
    "doses": tuple(
        rule.id
        for rule in RULES
        # What they ask is answered by results and words alone, or not asked at all.
        if rule.id
        not in {
            *("antibody.confirm", "antibody.assay", "liver.injury", "platelets.low"),
            "review.re-authorisation",
        }
    ),
}
LACKING = [(table, rule) for table, rules in NEEDS.items() for rule in rules]


@cache
def _without(table: str) -> dict[str, Finding]:
    made = quiet().course(lacking=[table])
    return findings(made, predicted=comfortable(made))


@pytest.mark.parametrize(("table", "rule"), LACKING)
def test_a_table_that_is_not_exported_is_unknown_never_ok(table, rule):
    found = _without(table)[rule]
    assert found.status is Status.UNKNOWN, f"{found.status}: {found.message}"
