"""Diseases that forbid natalizumab: active cancer, a weakened immune system, PML ever."""

from __future__ import annotations

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Ref
from openntz.definitions.statements import (
    Note,
    Said,
    Statement,
    condition_notes,
    notes,
    said_of,
    standing,
)
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.notes import quotes, statement_words
from openntz.monitor.rules.standing import NEVER_DOSED, joined, off_text, standing_refs

_KEYS = (
    "contraindication.cancer-terms",
    "contraindication.cancer-excepted",
    "contraindication.cancer-treatments",
    "contraindication.immune-terms",
    "pml.terms",
)


class ConditionFacts(Struct, frozen=True, kw_only=True):
    """What is recorded of diseases that forbid natalizumab.

    ``forbidding`` are stated as present (PML: ever), ``unclear`` suspected, over, or meant by a
    treatment. ``recorded`` is whether other diseases of the person were recorded at all.
    """

    therapy: Therapy
    forbidding: tuple[Said, ...]
    unclear: tuple[Said, ...]
    recorded: bool
    ref: Ref | None


def _without_excepted(found: tuple[Note, ...], excepted: tuple[str, ...]) -> tuple[Note, ...]:
    """Notes with the parts taken out that name the cancer that does not forbid natalizumab."""
    kept = []
    for note in found:
        parts = note.text.replace(",", ";").split(";")
        left = [p for p in parts if not any(word in p.casefold() for word in excepted)]
        kept.append(Note(note.day, ";".join(left), note.ref) if len(left) < len(parts) else note)
    return tuple(kept)


def _treated(course: Course, situation: Situation, profile: Profile) -> tuple[Said, ...]:
    """Treatments going on that may stand for a cancer."""
    running = {t.ref for t in course.treatments if t.end is None or t.end >= situation.as_of}
    if not running:
        return ()
    words, terms = statement_words(profile), profile.words("contraindication.cancer-treatments")
    said = said_of((n for n in notes(course, "treatments") if n.ref in running), terms, words)
    return tuple(s for s in said if s.open)


class _Diseases(Struct, frozen=True):
    """What is said of cancer, the immune system and PML, and which of it forbids natalizumab."""

    cancer: tuple[Said, ...]
    immune: tuple[Said, ...]
    pml: tuple[Said, ...]
    forbidding: tuple[Said, ...]


def _diseases(course: Course, profile: Profile) -> _Diseases:
    words = statement_words(profile)
    told = (*condition_notes(course.person), *notes(course, "symptoms"))
    cancer = said_of(
        _without_excepted(told, profile.words("contraindication.cancer-excepted")),
        profile.words("contraindication.cancer-terms"),
        words,
    )
    immune = said_of(told, profile.words("contraindication.immune-terms"), words)
    # Suspicion among the symptoms is pml.suspected's; a disease on record, over or not, is here.
    pml = said_of(condition_notes(course.person), profile.words("pml.terms"), words)
    present = [s for found in (cancer, immune) for s in standing(found)]
    forbidding = [s for s in present if s.statement is Statement.STATED]
    forbidding += [s for s in pml if s.statement in {Statement.STATED, Statement.PAST}]
    return _Diseases(cancer, immune, pml, tuple(dict.fromkeys(forbidding)))


def forbidding_diseases(course: Course, profile: Profile) -> tuple[Said, ...]:
    """What is recorded of diseases that forbid natalizumab, stated as present (PML: ever)."""
    return course.derived(_diseases, profile).forbidding


def condition_facts(situation: Situation, profile: Profile) -> ConditionFacts:
    """Facts of ``contraindication.condition``.

    A scan or the reason of a stop is read by ``pml.suspected``, not here.
    """
    course = situation.course
    found = course.derived(_diseases, profile)
    present = [s for said in (found.cancer, found.immune) for s in standing(said)]
    unclear = [s for s in present if s.statement is Statement.SUSPECTED]
    unclear += [s for s in (*found.cancer, *found.immune) if s.statement is Statement.PAST]
    unclear += [s for s in found.pml if s.statement is Statement.SUSPECTED]
    unclear += _treated(course, situation, profile)
    return ConditionFacts(
        therapy=situation.therapy,
        forbidding=found.forbidding,
        unclear=tuple(s for s in dict.fromkeys(unclear) if s not in found.forbidding),
        recorded=bool(course.person.conditions) and course.person.ref is not None,
        ref=course.person.ref,
    )


def _forbidden(facts: ConditionFacts, evidence: tuple[Ref, ...]) -> Verdict:
    therapy = facts.therapy
    told = f"A disease that forbids natalizumab is recorded: {quotes(facts.forbidding)}."
    why = (
        "It is contraindicated in active cancer other than basal cell carcinoma, in a weakened "
        "immune system, and after PML."
    )
    if not therapy.expects_dose:
        return Verdict(
            status=Status.WATCH,
            message=joined(told, why, off_text(therapy), "Do not restart it while this stands."),
            evidence=evidence,
            keys=_KEYS,
        )
    return Verdict(
        status=Status.ACT,
        message=joined(
            told,
            why,
            "Give no further dose until this is settled; if the record is wrong or the "
            "disease is over, correct it.",
        ),
        evidence=evidence,
        keys=_KEYS,
    )


def condition(facts: ConditionFacts, profile: Profile) -> Verdict:
    """Is a disease recorded that forbids natalizumab?"""
    del profile
    therapy = facts.therapy
    if therapy.state is TherapyState.NEVER and not therapy.expects_dose:
        return NEVER_DOSED
    said = facts.forbidding or facts.unclear
    evidence = (*(s.note.ref for s in said), *standing_refs(therapy))
    if facts.forbidding:
        return _forbidden(facts, evidence)
    if facts.unclear:
        return Verdict(
            status=Status.WATCH,
            message=f"Recorded: {quotes(facts.unclear)}. Whether this is an active cancer, a "
            "weakened immune system or PML, which forbid natalizumab, is not clear from the "
            "record: settle it before the next dose.",
            evidence=evidence,
            keys=_KEYS,
        )
    refs = (facts.ref,) if facts.ref is not None else ()
    if not therapy.expects_dose:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Other diseases matter again before a restart.",
            evidence=standing_refs(therapy),
        )
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message="Other diseases are not recorded (people, column conditions; 'none' when there "
            "are none).",
            evidence=refs,
        )
    return Verdict(
        status=Status.OK,
        message="No recorded disease forbids natalizumab.",
        evidence=refs,
        keys=_KEYS,
    )


CONDITION = Rule(
    id="contraindication.condition",
    title="Diseases that forbid it",
    question="Is a disease recorded that forbids natalizumab?",
    derive=condition_facts,
    decide=condition,
    sources=("eu-leaflet",),
    silence=("symptoms", "treatments"),
)
