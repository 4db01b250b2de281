"""Infection: those for which natalizumab is stopped, those to follow, and one before a dose."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Ref
from openntz.definitions.statements import Said, Statement, notes, said_of, standing, statement
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.next_dose import next_dose_text, no_next_dose
from openntz.monitor.rules.notes import missing_tables, quotes, statement_words
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    off_text,
    past_watch,
    standing_refs,
)

# A disease of the brain or an opportunist is no less a reason to stop because it healed.
_ANSWERED = frozenset({Statement.EXCLUDED})
_OVER = frozenset({Statement.EXCLUDED, Statement.PAST})
_MENTION = "infection.stop-terms"


class InfectionFacts(Struct, frozen=True, kw_only=True):
    """Recorded infections since the first dose.

    ``stopping`` are those for which natalizumab is stopped, ``earlier`` the same before
    treatment or as past history, ``serious`` recent others to follow up.
    """

    therapy: Therapy
    stopping: tuple[Said, ...]
    earlier: tuple[Said, ...]
    serious: tuple[Said, ...]
    since_dose: int | None
    missing: str


def _days_since_dose(course: Course, day: date | None) -> int | None:
    """Days from the last dose given up to a day to that day."""
    before = [d.day for d in course.doses if day is not None and d.day <= day]
    return (day - before[-1]).days if before and day is not None else None


def infection_facts(situation: Situation, profile: Profile) -> InfectionFacts:
    """Facts of ``infection.serious``."""
    course, words = situation.course, statement_words(profile)
    first = situation.therapy.first_dose
    since = situation.as_of - timedelta(days=profile.days("infection.recent"))
    found = notes(course, "symptoms", "reactions")
    mentioned = said_of(found, profile.words(_MENTION), words)
    stops = standing(mentioned, _ANSWERED)
    stopping = tuple(s for s in stops if first and s.note.day and s.note.day >= first.day)
    earlier = [s for s in stops if s not in stopping]
    earlier += [s for s in mentioned if s.statement is Statement.PAST]
    others = standing(said_of(found, profile.words("infection.serious-terms"), words), _OVER)
    serious = tuple(s for s in others if s.note.day and s.note.day >= since and s not in stopping)
    latest = (*stopping, *serious)
    return InfectionFacts(
        therapy=situation.therapy,
        stopping=stopping,
        earlier=tuple(dict.fromkeys(earlier)),
        serious=serious,
        since_dose=_days_since_dose(course, latest[-1].note.day) if latest else None,
        missing=missing_tables(
            course, "symptoms", then="whether an infection was reported is not known."
        ),
    )


def _since_text(days: int | None) -> str:
    return "" if days is None else f"That was {days_text(days)} after a dose."


def _stop(facts: InfectionFacts, evidence: tuple[Ref, ...]) -> Verdict:
    """What an infection of the brain, an opportunist or retinal necrosis asks for."""
    therapy = facts.therapy
    told = f"An infection to stop natalizumab for is recorded: {quotes(facts.stopping)}."
    why = (
        "It is stopped in opportunistic infection, in herpes encephalitis or meningitis "
        "and in acute retinal necrosis."
    )
    if not therapy.expects_dose:
        todo = joined(off_text(therapy), "See it treated, and settle it before any restart.")
        status = Status.WATCH
    else:
        todo = (
            "Give no further dose, clarify and treat it now; where it was something else, record "
            "that it is excluded."
        )
        status = Status.ACT
    return Verdict(
        status=status,
        message=joined(told, _since_text(facts.since_dose), why, todo),
        evidence=evidence,
        keys=(_MENTION,),
    )


def infection(facts: InfectionFacts, profile: Profile) -> Verdict:
    """Is an infection recorded for which natalizumab is stopped, or one to follow up?"""
    therapy = facts.therapy
    if therapy.last_dose is None:
        return NEVER_DOSED
    said = facts.stopping or facts.serious or facts.earlier
    evidence = (*(s.note.ref for s in said), *standing_refs(therapy))
    if facts.stopping:
        return _stop(facts, evidence)
    recent = profile.days("infection.recent")
    if facts.serious:
        return Verdict(
            status=Status.WATCH,
            message=joined(
                f"Recorded within {days_text(recent)}: {quotes(facts.serious)}.",
                _since_text(facts.since_dose),
                "See that it is treated. New confusion, headache with fever or loss of sight "
                "needs clarifying at once; record when it has healed.",
            ),
            evidence=evidence,
            keys=("infection.serious-terms", "infection.recent"),
        )
    if facts.earlier and therapy.expects_dose:
        return Verdict(
            status=Status.WATCH,
            message=f"Recorded as past or before treatment: {quotes(facts.earlier)}. Weigh it at "
            "each review: under natalizumab such an infection is a reason to stop.",
            evidence=evidence,
            keys=(_MENTION,),
        )
    if (past := past_watch(therapy, recent, "Infection was asked about until")) is not None:
        return past
    if facts.missing:
        return Verdict(
            status=Status.UNKNOWN, message=facts.missing, evidence=standing_refs(therapy)
        )
    return Verdict(
        status=Status.OK,
        message=f"No serious infection is recorded within {days_text(recent)}, and none for which "
        "natalizumab is stopped.",
        evidence=standing_refs(therapy),
        keys=("infection.recent",),
    )


INFECTION = Rule(
    id="infection.serious",
    title="Serious infection",
    question="Is an infection recorded for which natalizumab is stopped, or one to follow up?",
    derive=infection_facts,
    decide=infection,
    sources=("mims", "compendium-10295", "founding-s2"),
    silence=("symptoms", "reactions"),
)

# ── before the next dose


class BeforeDoseFacts(Struct, frozen=True, kw_only=True):
    """Infections recorded shortly before the next dose; ``delaying`` those a centre waits for."""

    therapy: Therapy
    on: date | None
    found: tuple[Said, ...]
    delaying: tuple[Said, ...]
    since_dose: int | None
    missing: str


def before_dose_facts(situation: Situation, profile: Profile) -> BeforeDoseFacts:
    """Facts of ``infection.before-dose``; a dose that is late could be given today."""
    course, words, therapy = situation.course, statement_words(profile), situation.therapy
    on = None if therapy.planned is None else max(therapy.planned, situation.as_of)
    since = (on or situation.as_of) - timedelta(days=profile.days("infection.before-dose"))
    keys = ("infection.ordinary-terms", "infection.serious-terms", "infection.delaying-terms")
    terms = tuple(term for key in keys for term in profile.words(key))
    said = standing(said_of(notes(course, "symptoms", "reactions"), terms, words), _OVER)
    found = tuple(s for s in said if s.note.day and s.note.day >= since)
    waited_for = profile.words("infection.delaying-terms")
    return BeforeDoseFacts(
        therapy=therapy,
        on=on,
        found=found,
        delaying=tuple(s for s in found if statement(s.note.text, waited_for, words) is not None),
        since_dose=_days_since_dose(course, found[-1].note.day) if found else None,
        missing=missing_tables(
            course, "symptoms", then="whether an infection was reported is not known."
        ),
    )


def before_dose(facts: BeforeDoseFacts, profile: Profile) -> Verdict:
    """Is an infection recorded shortly before the next dose?"""
    therapy = facts.therapy
    off = no_next_dose(therapy, "No dose is expected, so none is held up by an infection.")
    if off is not None:
        return off
    within = days_text(profile.days("infection.before-dose"))
    if facts.found:
        todo = (
            "It is listed among infections of the brain and very contagious ones, for which the "
            "dose is put off until it is over."
            if facts.delaying
            else "An ordinary infection is no reason to delay; one of the brain, or a very "
            "contagious one, is."
        )
        delay = days_text(profile.days("late-dose.act-after"))
        return Verdict(
            status=Status.WATCH,
            message=joined(
                f"Recorded within {within} before {next_dose_text(therapy)}: "
                f"{quotes(facts.found)}.",
                _since_text(facts.since_dose),
                f"{todo} (Practice of one centre.)",
                f"Keep the time since the last dose below {delay}." if facts.delaying else "",
                "Ask before the infusion whether it is over.",
            ),
            due=facts.on,
            evidence=(*(s.note.ref for s in facts.found), *standing_refs(therapy)),
            keys=("infection.before-dose", "infection.delaying-terms", "late-dose.act-after"),
        )
    if facts.missing:
        return Verdict(
            status=Status.UNKNOWN, message=facts.missing, evidence=standing_refs(therapy)
        )
    return Verdict(
        status=Status.OK,
        message=f"No infection is recorded within {within} before {next_dose_text(therapy)}.",
        evidence=standing_refs(therapy),
        keys=("infection.before-dose",),
    )


BEFORE_DOSE = Rule(
    id="infection.before-dose",
    title="Infection before a dose",
    question="Is an infection recorded shortly before the next dose?",
    derive=before_dose_facts,
    decide=before_dose,
    sources=("founding-s4", "founding-s3"),
    silence=("symptoms", "reactions"),
)
