"""Every rule for one person, one finding each, always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from openntz.errors import OpenNTZError
from openntz.monitor.consulted import Consulted
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.catalogue import RULES
from openntz.monitor.rules.died import died


def _doubted(rule: Rule, situation: Situation, verdict: Verdict) -> Verdict:
    """Take back an answer that rests on 'none recorded' where rows were set aside or lost."""
    lost = sorted(situation.incomplete.intersection(rule.silence))
    if not lost or verdict.status not in rule.reassuring:
        return verdict
    return replace(
        verdict,
        status=Status.UNKNOWN,
        message=f"Rows of this person in {' and '.join(lost)} were set aside or lost (rejected.csv "
        f"says which), so this is not known. Mend them and run again. What the rest says: "
        f"{verdict.message}",
    )


def verdict_of(rule: Rule, situation: Situation, profile: Profile) -> Verdict:
    """What a rule says; one that fails, or that rests on lost rows, does not know.

    Of somebody recorded as having died only rules about a child still ask.
    """
    try:
        if not rule.about_child and (ended := died(situation, profile)) is not None:
            return ended
        return _doubted(rule, situation, rule.decide(rule.derive(situation, profile), profile))
    except (OpenNTZError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"This rule could not be decided because of a fault in the software "
            f"({type(error).__name__}: {error}). Check this person by hand and report it.",
        )


def _by_when(verdict: Verdict, as_of: date) -> date | None:
    """What is to be done has a date: today where the rule names none."""
    if verdict.due is None and verdict.status in {Status.ACT, Status.DUE}:
        return as_of
    return verdict.due


def evaluate(
    situation: Situation,
    profile: Profile,
    others: Mapping[str, Profile],
    rules: Sequence[Rule] = RULES,
) -> tuple[Finding, ...]:
    """One finding per rule under ``profile``, with what ``others`` would say if they differ.

    A rule that fails is reported as ``unknown`` with the reason; it never stops the rest.
    """
    findings = []
    situation = replace(situation, profiles=others)
    for rule in rules:
        asked = Consulted.of(situation, profile)
        verdict = verdict_of(rule, asked.situation, asked.profile)
        differing = []
        for name, other in others.items():
            if name == profile.id or asked.same_under(other):
                continue
            theirs = verdict_of(rule, situation, other)
            if theirs.status is not verdict.status:
                differing.append((name, theirs.status, theirs.message))
        used = [profile.fact(key) for key in verdict.keys]
        sources = dict.fromkeys([*(s for f in used for s in f.sources), *rule.sources])
        findings.append(
            Finding(
                person=situation.course.person.id,
                rule=rule.id,
                status=verdict.status,
                message=verdict.message,
                due=_by_when(verdict, situation.as_of),
                evidence=tuple(dict.fromkeys(str(ref) for ref in verdict.evidence)),
                facts=tuple(dict.fromkeys(f.id for f in used)),
                profile=profile.id,
                sources=tuple(sources),
                others=tuple(differing),
                by_forecast=asked.situation.forecast_seen,
            )
        )
    return tuple(findings)
