"""Platelets, and the routine blood count and liver tests."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Event, Measurement, Reaction, Symptom
from openntz.course.vocabulary import lost_results
from openntz.definitions.lymphocytes import own_baseline
from openntz.definitions.results import below, shown
from openntz.definitions.schedule import Check, recurring_check
from openntz.definitions.terms import asserts, mentions
from openntz.definitions.therapy import Therapy
from openntz.evidence.registry import Fact
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.liver import latest_number, no_result, too_old
from openntz.monitor.rules.scheduled import CHECK_STATUS, arrange, check_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    joined,
    not_in_export,
    off_text,
    past_watch,
    standing_refs,
)


class PlateletFacts(Struct, frozen=True, kw_only=True):
    """The latest platelet count, the person's own baseline, and recorded signs of low platelets.

    ``signs`` are those of late; a count on the day of the last one or later answers them.
    """

    therapy: Therapy
    last: Measurement | None
    recorded: bool
    baseline: Measurement | None = None
    signs: tuple[Event, ...] = ()
    symptoms_recorded: bool = True
    doses_recorded: bool = True


def platelet_facts(situation: Situation, profile: Profile) -> PlateletFacts:
    """Facts of ``platelets.low``."""
    course = situation.course
    terms = profile.words("platelets.sign-terms")
    exceptions = profile.words("platelets.sign-exceptions")
    since = situation.as_of - timedelta(days=profile.days("platelets.signs-within"))
    said = [(s, f"{s.symptom}, {s.comment}") for s in course.symptoms if s.day >= since]
    said += [(r, r.term) for r in course.reactions if r.day >= since]
    counts = course.results(vocabulary.PLATELETS)
    within = profile.days("rise.baseline-within")
    return PlateletFacts(
        therapy=situation.therapy,
        last=latest_number(course, vocabulary.PLATELETS),
        recorded=course.has("measurements"),
        baseline=own_baseline(counts, course.doses[0], within) if course.doses else None,
        signs=tuple(
            e for e, text in said if asserts(text, terms) and not mentions(text, exceptions)
        ),
        symptoms_recorded=course.has("symptoms"),
        doses_recorded=course.has("doses"),
    )


_UNIT = "×10⁹/L"


def _limit(fact: Fact) -> str:
    """A limit in the reader's unit, with the warning its rank asks for."""
    return fact.shown.replace(fact.unit, _UNIT, 1)


_STEPS = (
    (
        "platelets.act-below",
        Status.ACT,
        "Hold natalizumab and evaluate at once for immune thrombocytopenia; ask about bruising, "
        "petechiae and bleeding.",
    ),
    (
        "platelets.due-below",
        Status.DUE,
        "Repeat within days, look for the cause before the next dose, ask about bruising and "
        "bleeding.",
    ),
    ("platelets.watch-below", Status.WATCH, "Repeat before the next dose."),
)


def _signs_uncounted(facts: PlateletFacts, profile: Profile) -> Verdict | None:
    """Signs of low platelets without a count since: evaluated at once, as the leaflet asks."""
    therapy = facts.therapy
    # Without the table of doses the person may well be on natalizumab.
    if not facts.signs or (therapy.last_dose is None and facts.doses_recorded):
        return None
    if past_watch(therapy, profile.days("laboratory.after-last-dose"), "") is not None:
        return None
    newest = max(facts.signs, key=lambda e: e.at)
    if facts.last is not None and facts.last.day >= newest.day:
        return None
    listed = "; ".join(f"{_sign(e)} on {e.day}" for e in facts.signs)
    counted = (
        f"Last count {shown(facts.last, _UNIT)} on {facts.last.day}, before it."
        if facts.last is not None
        else "No platelet count is recorded."
        if facts.recorded
        else not_in_export("measurements", "whether platelets were counted is not known.")
    )
    return Verdict(
        status=Status.ACT,
        message=joined(
            f"Recorded: {listed}. {counted}",
            "Count platelets at once and hold natalizumab until the count is known: immune "
            "thrombocytopenia was reported.",
        ),
        evidence=(
            *(e.ref for e in facts.signs),
            *((facts.last.ref,) if facts.last is not None else ()),
            *standing_refs(therapy),
        ),
        keys=("platelets.sign-terms", "platelets.signs-within"),
    )


def _sign(event: Event) -> str:
    """How a sign was recorded."""
    if isinstance(event, Symptom):
        return event.symptom
    return event.term if isinstance(event, Reaction) else ""


def _own_baseline(facts: PlateletFacts) -> str:
    if facts.baseline is None or facts.baseline is facts.last:
        return ""
    return f"Before the first dose: {shown(facts.baseline, _UNIT)} on {facts.baseline.day}."


def platelets_low(facts: PlateletFacts, profile: Profile) -> Verdict:
    """Are the platelets low?"""
    if (signs := _signs_uncounted(facts, profile)) is not None:
        return signs
    therapy, last = facts.therapy, facts.last
    if last is None:
        if therapy.last_dose is None:
            return NEVER_DOSED
        return no_result("platelet count", therapy, facts.recorded, profile)
    count = f"Platelets {shown(last, _UNIT)} on {ago(last.day, therapy.as_of, profile)}"
    answers = []
    for key, status, todo in _STEPS:
        low = below(last, profile.number(key))
        answers.append(low)
        if low:
            return Verdict(
                status=status,
                message=joined(
                    f"{count}, below {_limit(profile.fact(key))}.", _own_baseline(facts), todo
                ),
                evidence=(last.ref,),
                keys=(key,),
            )
    keys = tuple(key for key, _, _ in _STEPS)
    if None in answers:
        status, tail = Status.UNKNOWN, "The result is only a limit and does not tell: repeat it."
    elif too_old(last, therapy, profile):
        status, tail = Status.UNKNOWN, "Normal then, but too old to count: repeat it."
        keys = (*keys, "result.counts-for")
    else:
        status, tail = Status.OK, "Not low."
        if not facts.symptoms_recorded:
            lost = not_in_export("symptoms", "signs of bleeding could not be looked for.")
            tail = joined(tail, lost)
    return Verdict(status=status, message=f"{count}. {tail}", evidence=(last.ref,), keys=keys)


class LaboratoryFacts(Struct, frozen=True, kw_only=True):
    """The last blood count (lymphocytes, neutrophils or platelets) and liver test (ALT or AST)."""

    therapy: Therapy
    blood: Measurement | None
    liver: Measurement | None
    recorded: bool


BLOOD_COUNT = (vocabulary.LYMPHOCYTES, vocabulary.NEUTROPHILS, vocabulary.PLATELETS)


def laboratory_facts(situation: Situation, profile: Profile) -> LaboratoryFacts:
    """Facts of ``laboratory.due``."""
    del profile
    blood = situation.course.results(*BLOOD_COUNT)
    liver = situation.course.results(vocabulary.ALT, vocabulary.AST)
    return LaboratoryFacts(
        therapy=situation.therapy,
        blood=blood[-1] if blood else None,
        liver=liver[-1] if liver else None,
        recorded=situation.course.has("measurements"),
    )


def laboratory_due(facts: LaboratoryFacts, profile: Profile) -> Verdict:
    """Are the routine blood count and liver tests in time?"""
    therapy, first = facts.therapy, facts.therapy.first_dose
    if first is None:
        return NEVER_DOSED
    if therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Routine blood tests for natalizumab are not asked for.",
            evidence=standing_refs(therapy),
        )
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "whether blood tests are due is not known."),
            evidence=standing_refs(therapy),
        )

    def check(last: Measurement | None) -> Check:
        return recurring_check(
            last=last.day if last is not None else None,
            started=first.day,
            interval_days=profile.days("laboratory.interval"),
            as_of=therapy.as_of,
            announce_days=profile.days("check.announce"),
            long_overdue_fraction=inf,
        )

    blood = check(facts.blood)
    parts: list[tuple[Status, date | None, str]] = [
        (CHECK_STATUS[blood.state], blood.due, check_text(blood, "blood count", profile))
    ]
    if facts.liver is not None:
        liver = check(facts.liver)
        parts.append(
            (CHECK_STATUS[liver.state], liver.due, check_text(liver, "liver test", profile))
        )
    else:
        never = "No liver test (ALT or AST) is recorded: whether they are done is not known."
        parts.append((Status.UNKNOWN, None, never))
    status = min((s for s, _, _ in parts), key=lambda s: s.urgency)
    last = [m.ref for m in (facts.blood, facts.liver) if m is not None]
    return Verdict(
        status=status,
        message=joined(*(text for _, _, text in parts), arrange(status, "blood test")),
        due=min((due for s, due, _ in parts if s is status and due), default=None),
        evidence=(*last, first.ref, *standing_refs(therapy)),
        keys=("laboratory.interval", "check.announce"),
    )


PLATELETS_LOW = Rule(
    id="platelets.low",
    title="Platelets",
    question="Are the platelets low?",
    derive=platelet_facts,
    decide=platelets_low,
    sources=("eu-leaflet", "compendium-26085"),
    silence=(lost_results(vocabulary.PLATELETS), "symptoms"),
)

LABORATORY_DUE = Rule(
    id="laboratory.due",
    title="Routine blood tests",
    question="Are the routine blood count and liver tests in time?",
    derive=laboratory_facts,
    decide=laboratory_due,
    sources=("founding-s2",),
)
