"""Talks and permissions that recur: consent renewed at two years, re-authorisation in the US."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import EdssScore, Plan, Ref
from openntz.definitions.schedule import check_due
from openntz.definitions.terms import asserts
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.scheduled import CHECK_STATUS, check_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    joined,
    months_text,
    not_in_export,
    standing_refs,
)


class ConsentFacts(Struct, frozen=True, kw_only=True):
    """The last renewed consent on record and the last visit, which an EDSS score stands for."""

    therapy: Therapy
    consent: date | None
    ref: Ref | None
    visit: EdssScore | None
    recorded: bool


def _consents(course: Course, as_of: date, profile: Profile) -> list[tuple[date, Ref]]:
    """Days of consent: the column of plans, or a plan whose reason says so."""
    terms = profile.words("consent.terms")

    def day(plan: Plan) -> date | None:
        return plan.consent or (plan.day if asserts(plan.reason, terms) else None)

    found = [(d, plan.ref) for plan in course.plans if (d := day(plan)) is not None]
    return sorted((f for f in found if f[0] <= as_of), key=lambda f: (f[0], f[1].line))


def consent_facts(situation: Situation, profile: Profile) -> ConsentFacts:
    """Facts of ``consent.re-inform``."""
    course = situation.course
    found = _consents(course, situation.as_of, profile)
    return ConsentFacts(
        therapy=situation.therapy,
        consent=found[-1][0] if found else None,
        ref=found[-1][1] if found else None,
        visit=course.edss[-1] if course.edss else None,
        recorded=course.has("plans"),
    )


def re_inform(facts: ConsentFacts, profile: Profile) -> Verdict:
    """Was the person informed again, and risk and benefit weighed anew, at two years?

    Where nobody records consents, a visit after the date leaves it unknown rather than due.
    """
    therapy, first = facts.therapy, facts.therapy.first_dose
    if first is None:
        return NEVER_DOSED
    off = no_next_dose(therapy, "Consent is asked for again before a restart.")
    if off is not None:
        return off
    point = first.day + timedelta(days=profile.days("review.reconsent"))
    early = point - timedelta(days=profile.days("consent.early"))
    at = f"{months_text(profile.days('review.reconsent'), profile)} of treatment"
    keys = ("review.reconsent", "consent.early", "check.announce")
    refs = (*((facts.ref,) if facts.ref else ()), first.ref)
    as_of = therapy.as_of
    if facts.consent is not None and facts.consent >= early:
        return Verdict(
            status=Status.OK,
            message=f"Consent was renewed on {ago(facts.consent, as_of, profile)}.",
            evidence=refs,
            keys=keys,
        )
    if as_of < point - timedelta(days=profile.days("check.announce")):
        return Verdict(
            status=Status.OK,
            message=f"Consent is renewed at {at}: {ago(point, as_of, profile)}.",
            evidence=refs,
            keys=keys,
        )
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("plans", "whether consent was renewed is not known."),
            evidence=refs,
        )
    ask = "Inform the person again about PML, weigh benefit and risk anew, and record the consent"
    visit = facts.visit
    if as_of >= point and facts.consent is None and visit is not None and visit.day >= early:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"Whether consent was renewed at {at} ({point}) is not recorded (plans, column "
            "consent).",
            evidence=(*refs, visit.ref),
            keys=keys,
        )
    return Verdict(
        status=Status.DUE if as_of >= point else Status.WATCH,
        message=f"No consent is recorded since {at}, reached {ago(point, as_of, profile)}. {ask}."
        if as_of >= point
        else f"{at[:1].upper()}{at[1:]} are reached on {ago(point, as_of, profile)}. {ask}.",
        due=point,
        evidence=refs,
        keys=keys,
    )


RE_INFORM = Rule(
    id="consent.re-inform",
    title="Renewed consent",
    question="Was the person informed again, and risk and benefit weighed anew, at two years?",
    derive=consent_facts,
    decide=re_inform,
    sources=("swiss-label", "founding-s0"),
)


class AuthorisationFacts(Struct, frozen=True, kw_only=True):
    """The last authorisation on record."""

    therapy: Therapy
    last: date | None
    ref: Ref | None
    recorded: bool


def authorisation_facts(situation: Situation, profile: Profile) -> AuthorisationFacts:
    """Facts of ``review.re-authorisation``."""
    del profile
    found = sorted(
        (
            (p.authorised, p.ref)
            for p in situation.course.plans
            if p.authorised is not None and p.authorised <= situation.as_of
        ),
        key=lambda f: (f[0], f[1].line),
    )
    return AuthorisationFacts(
        therapy=situation.therapy,
        last=found[-1][0] if found else None,
        ref=found[-1][1] if found else None,
        recorded=situation.course.has("plans"),
    )


def re_authorisation(facts: AuthorisationFacts, profile: Profile) -> Verdict:
    """Is the six-monthly re-authorisation of the US programme in time?"""
    therapy = facts.therapy
    if profile.chosen("review.authorisation") != "touch":
        return Verdict(status=Status.OK, message="Not asked for under this profile.")
    off = no_next_dose(therapy, "No authorisation is needed while no dose is expected.")
    if off is not None:
        return off
    keys = ("authorisation.interval", "check.announce")
    every = months_text(profile.days("authorisation.interval"), profile)
    refs = (*((facts.ref,) if facts.ref else ()), *standing_refs(therapy))
    if not facts.recorded or facts.last is None:
        told = (
            f"No re-authorisation is recorded (plans, column authorised); the US programme asks "
            f"for one every {every}."
            if facts.recorded
            else not_in_export("plans", "whether treatment was authorised again is not known.")
        )
        return Verdict(status=Status.UNKNOWN, message=told, evidence=refs, keys=keys)
    check = check_due(
        last=facts.last,
        due=facts.last + timedelta(days=profile.days("authorisation.interval")),
        as_of=therapy.as_of,
        announce_days=profile.days("check.announce"),
        long_overdue_days=inf,
    )
    status = CHECK_STATUS[check.state]
    return Verdict(
        status=status,
        message=joined(
            check_text(check, "authorisation", profile),
            f"The US programme asks for one every {every}.",
            "Renew it with the evaluation." if status is Status.DUE else "",
        ),
        due=check.due,
        evidence=refs,
        keys=keys,
    )


RE_AUTHORISATION = Rule(
    id="review.re-authorisation",
    title="Re-authorisation (US)",
    question="Is the six-monthly re-authorisation of the US programme in time?",
    derive=authorisation_facts,
    decide=re_authorisation,
    sources=("touch-program",),
)
