"""Why a person has a finding, and what would change it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.definitions.therapy import Therapy
from openntz.errors import InputError
from openntz.evidence.conflicts import Conflict, conflicts_by_rule
from openntz.evidence.registry import Registry, near_misses
from openntz.monitor.acknowledge import acknowledge
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Finding
from openntz.monitor.in_words import rules_in_words
from openntz.monitor.other_records import OtherRecords, Supposition
from openntz.monitor.rules.catalogue import RULES
from openntz.records.acknowledged import read_acknowledged
from openntz.report import words
from openntz.report.finding_view import FindingView, finding_view, rows_of
from openntz.report.rules import rule_names
from openntz.workflows.forecast import find_course
from openntz.workflows.person import Practice, later_days, situation_of, standing
from openntz.workflows.read import read_tables, registry_for


class ExplainQuestion(Struct, frozen=True, kw_only=True):
    """Whose findings, of which rule (None: all), and what they are made with."""

    folder: Path
    person: str
    rule: str | None
    as_of: date
    profile: str
    site: Path | None
    mapping: Path | None
    seed: int
    acknowledged: Path | None = None


class Explained(Struct, frozen=True, kw_only=True):
    """One finding and, where it was asked for by its rule, what another record would change."""

    finding: Finding
    view: FindingView
    conflicts: tuple[Conflict, ...] = ()
    without: tuple[Supposition, ...] = ()
    added: tuple[Supposition, ...] = ()


class Explanation(Struct, frozen=True, kw_only=True):
    """Findings of one person; ``set_aside`` says that rows of the export were not used."""

    person: str
    as_of: date
    profile_title: str
    whole: bool
    findings: tuple[Explained, ...]
    set_aside: bool


def _known_rule(rule: str) -> None:
    ids = [r.id for r in RULES]
    if rule not in ids:
        remedy = near_misses(rule, ids).partition("`openntz evidence")[0]
        raise InputError(
            f"no rule {rule!r}.",
            where="--rule",
            remedy=f"{remedy}Without --rule all findings of the person are listed.",
        )


def _view(finding: Finding, course: Course, practice: Practice) -> FindingView:
    spoken = rules_in_words(practice.profile, words.fact)
    return finding_view(finding, rows_of(course), rule_names([finding]), practice.registry, spoken)


def _disputes(registry: Registry, finding: Finding) -> tuple[Conflict, ...]:
    return conflicts_by_rule(registry).get(finding.rule, ())


def run_explain(question: ExplainQuestion) -> Explanation:
    """Judge one person and say why; for one rule, ask every later day and other records too.

    Raises
    ------
    OpenNTZError
        When the input, the person, the rule, a profile or a site file cannot be used.
    """
    if question.rule is not None:
        _known_rule(question.rule)
    practice = Practice.create(
        registry=registry_for(question.site), profile=question.profile, seed=question.seed
    )
    records = read_tables(question.folder, question.as_of, question.mapping, practice.registry)
    course = find_course(dict(records.courses), question.person)
    lost = records.incomplete.get(course.person.id, frozenset())
    situation = situation_of(course, question.as_of, practice, lost)
    situation = replace(situation, profiles=practice.others)
    findings = evaluate(situation, practice.profile, practice.others)
    rejected = bool(records.rejected)
    if question.acknowledged is not None:
        rules = [r.id for r in RULES]
        file = read_acknowledged(question.acknowledged, records.courses, rules, question.as_of)
        findings = acknowledge(findings, file.entries, question.as_of)
        rejected = rejected or bool(file.rejected)

    def stands(known: Course) -> Therapy:
        # Bookings stay what they are; only the past is supposed to be another.
        booked = {e.ref.table for e in situation.booked}
        whole = {t: (*getattr(known, t), *_later(course, t, question.as_of)) for t in booked}
        return standing(replace(known, **whole), question.as_of, practice.profile)

    explained = []
    for rule, found in zip(RULES, findings, strict=True):
        if question.rule is None:
            view = _view(found, course, practice)
            explained.append(Explained(finding=found, view=view))
        elif rule.id == question.rule:
            days = later_days(course, situation, practice, whole=True)
            finding = replace(found, later=days.every_turn(rule, found))
            others = OtherRecords(situation, practice.profile, stands)
            explained.append(
                Explained(
                    finding=finding,
                    view=_view(finding, course, practice),
                    conflicts=_disputes(practice.registry, finding),
                    without=others.without(rule, finding),
                    added=others.added(rule, finding),
                )
            )
    return Explanation(
        person=course.person.id,
        as_of=question.as_of,
        profile_title=practice.profile.title,
        whole=question.rule is None,
        findings=tuple(sorted(explained, key=lambda e: e.finding.status.urgency)),
        set_aside=rejected,
    )


def _later(course: Course, table: str, as_of: date) -> tuple:
    return tuple(e for e in getattr(course, table) if e.day > as_of)
