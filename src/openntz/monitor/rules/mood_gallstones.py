"""Mood and gallstones: what the monitoring guide asks to keep an eye on beside infection."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from openntz.definitions.statements import (
    Note,
    Said,
    Statement,
    notes,
    said_of,
    standing,
)
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.notes import missing_tables, quotes, statement_words
from openntz.monitor.rules.standing import NEVER_DOSED, joined, past_watch, standing_refs

_OVER = frozenset({Statement.EXCLUDED, Statement.PAST})


class MoodFacts(Struct, frozen=True, kw_only=True):
    """Recent notes on suicide or self-harm, depression and gallstones; ``missing`` says why
    nothing else is known."""

    therapy: Therapy
    suicidal: tuple[Said, ...]
    depressed: tuple[Said, ...]
    gallstones: tuple[Said, ...]
    missing: str


def mood_facts(situation: Situation, profile: Profile) -> MoodFacts:
    """Facts of ``safety.mood-gallstones``."""
    course, words = situation.course, statement_words(profile)
    since = situation.as_of - timedelta(days=profile.days("mood.recent"))
    found = notes(course, "symptoms", "reactions")

    def recent(note: Note) -> bool:
        return note.day is not None and note.day >= since

    def of(key: str) -> tuple[Said, ...]:
        said = said_of(found, profile.words(key), words)
        return tuple(s for s in standing(said, _OVER) if recent(s.note))

    return MoodFacts(
        therapy=situation.therapy,
        suicidal=of("mood.suicidal-terms"),
        depressed=of("mood.depression-terms"),
        gallstones=of("gallstone.terms"),
        missing=missing_tables(
            course, "symptoms", then="whether mood or gallstones were reported is not known."
        ),
    )


def mood_gallstones(facts: MoodFacts, profile: Profile) -> Verdict:
    """Are thoughts of suicide, depression or gallstones recorded of late?"""
    therapy, keys = facts.therapy, ("mood.recent",)
    if therapy.last_dose is None:
        return NEVER_DOSED
    days = profile.days("mood.recent")
    said = (*facts.suicidal, *facts.depressed, *facts.gallstones)
    evidence = (*(s.note.ref for s in said), *standing_refs(therapy))
    others = joined(
        f"Depression: {quotes(facts.depressed)}. Ask about mood and about thoughts of suicide, "
        "and see that it is treated."
        if facts.depressed
        else "",
        f"Gallstones: {quotes(facts.gallstones)}. Think of them when there is pain or when liver "
        "values rise."
        if facts.gallstones
        else "",
    )
    if facts.suicidal:
        return Verdict(
            status=Status.ACT,
            message=joined(
                f"Thoughts of suicide or self-harm are recorded: {quotes(facts.suicidal)}. Speak "
                "to the person today and arrange help.",
                others,
            ),
            evidence=evidence,
            keys=(*keys, "mood.suicidal-terms"),
        )
    if (
        past := past_watch(therapy, days, "Mood and gallstones were asked about until")
    ) is not None:
        return past
    if said:
        return Verdict(
            status=Status.WATCH,
            message=others,
            evidence=evidence,
            keys=(*keys, "mood.depression-terms", "gallstone.terms"),
        )
    if facts.missing:
        return Verdict(
            status=Status.UNKNOWN, message=facts.missing, evidence=standing_refs(therapy)
        )
    return Verdict(
        status=Status.OK,
        message=f"No depression and no gallstones are recorded within {days_text(days)}.",
        evidence=standing_refs(therapy),
        keys=keys,
    )


MOOD_GALLSTONES = Rule(
    id="safety.mood-gallstones",
    title="Mood, gallstones",
    question="Are thoughts of suicide, depression or gallstones recorded of late?",
    derive=mood_facts,
    decide=mood_gallstones,
    sources=("founding-s2",),
    silence=("symptoms", "reactions"),
)
