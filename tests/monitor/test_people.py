"""Hand-made people: expected findings written from the source text, not from the rules.

Every person starts from one with nothing wrong, and differs in what they are about. The rules
named must say what the source rows in ``against`` ask for; all others must ask for nothing.
The forecast is a fixed, comfortable one (``people.case.comfortable``), never the real one.
"""

from __future__ import annotations

from functools import cache

import pytest

from openntz.monitor.finding import Finding
from openntz.monitor.rules.catalogue import RULES
from tests.build import findings
from tests.monitor.people import PEOPLE
from tests.monitor.people.case import SPEAKING, Case, comfortable

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
