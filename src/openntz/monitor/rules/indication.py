"""What natalizumab is for: relapsing multiple sclerosis, as recorded for the person."""

from __future__ import annotations

from msgspec import Struct

from openntz.course.events import Ref
from openntz.definitions.statements import Statement, statement
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.notes import quoted, statement_words

_KEYS = ("indication.relapsing-terms", "indication.other-terms")


class IndicationFacts(Struct, frozen=True, kw_only=True):
    """The recorded kind of disease and which kinds its words name; '' when not recorded."""

    therapy: Therapy
    diagnosis: str
    relapsing: bool
    other: bool
    ref: Ref | None


def indication_facts(situation: Situation, profile: Profile) -> IndicationFacts:
    """Facts of ``indication.relapsing-ms``."""
    person, words = situation.course.person, statement_words(profile)
    relapsing = statement(person.diagnosis, profile.words(_KEYS[0]), words)
    other = statement(person.diagnosis, profile.words(_KEYS[1]), words)
    denied = relapsing in {Statement.DENIED, Statement.EXCLUDED}
    return IndicationFacts(
        therapy=situation.therapy,
        diagnosis=person.diagnosis,
        relapsing=relapsing is Statement.STATED,
        other=denied or other is Statement.STATED,
        ref=person.ref,
    )


def indication(facts: IndicationFacts, profile: Profile) -> Verdict:
    """Is relapsing multiple sclerosis recorded, for which natalizumab is given?

    A record of both a relapsing and another kind ('SPMS with relapses') is unclear.
    """
    del profile
    off = no_next_dose(facts.therapy, "The indication matters again before a restart.")
    if off is not None:
        return off
    refs = (facts.ref,) if facts.ref is not None else ()
    if not facts.diagnosis:
        return Verdict(
            status=Status.UNKNOWN,
            message="The kind of multiple sclerosis is not recorded (people, column diagnosis).",
            evidence=refs,
        )
    told = quoted(facts.diagnosis)
    if facts.relapsing and not facts.other:
        return Verdict(
            status=Status.OK, message=f"Recorded as {told}.", evidence=refs, keys=_KEYS[:1]
        )
    if facts.other and not facts.relapsing:
        return Verdict(
            status=Status.DUE,
            message=f"Recorded as {told}: natalizumab is for relapsing multiple sclerosis. "
            "Reconsider the indication, or correct the record. (NICE TA127 recommends it for "
            "rapidly evolving severe relapsing-remitting disease only.)",
            evidence=refs,
            keys=_KEYS,
        )
    return Verdict(
        status=Status.WATCH,
        message=f"Recorded as {told}, which does not say plainly whether the disease is "
        "relapsing. Natalizumab is for relapsing multiple sclerosis: make the record clear.",
        evidence=refs,
        keys=_KEYS,
    )


INDICATION = Rule(
    id="indication.relapsing-ms",
    title="Indication",
    question="Is relapsing multiple sclerosis recorded, for which natalizumab is given?",
    derive=indication_facts,
    decide=indication,
    sources=("founding-s2", "nice-ta127"),
)
