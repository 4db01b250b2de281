"""The call after an early discharge, and hotline calls that wait for an answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from openntz.course.events import Contact, Dose, Reaction
from openntz.definitions.reactions import link_reaction
from openntz.definitions.terms import mentions
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.observation import Answer, ObservationFacts, answer
from openntz.monitor.rules.standing import NEVER_DOSED, joined, off_text, standing_refs


class FollowUpFacts(Struct, frozen=True, kw_only=True):
    """The last dose, what is recorded of the time after it, and what was advised before it.

    ``stayed`` bounds the minutes between the end of the dose and the discharge from below and
    above; None where no discharge is recorded. ``before`` is what the profile said of leaving
    observation out after this dose, None where it asks for no call. ``reactions`` are those on
    or after its day.
    """

    therapy: Therapy
    dose: Dose | None
    stayed: tuple[float, float] | None = None
    call: Contact | None = None
    hotline: Contact | None = None
    before: Answer | None = None
    reactions: tuple[Reaction, ...] = ()


def follow_up_facts(situation: Situation, profile: Profile) -> FollowUpFacts:
    """Facts of ``reaction.follow-up-call``."""
    course, t = situation.course, situation.therapy
    dose = t.last_dose
    if dose is None:
        return FollowUpFacts(therapy=t, dose=None)
    end_of_day = datetime.combine(situation.as_of, datetime.min.time()) + timedelta(days=1)
    return FollowUpFacts(
        therapy=t,
        dose=dose,
        stayed=_stayed(dose),
        call=_made(dose.follow_up_call, end_of_day),
        hotline=_made(dose.hotline, end_of_day),
        before=_advised(situation, dose, profile) if _asks_for_a_call(profile) else None,
        reactions=tuple(r for r in course.reactions if r.day >= dose.day),
    )


def _asks_for_a_call(profile: Profile) -> bool:
    return profile.chosen("observation.criterion") == "study"


def _advised(situation: Situation, dose: Dose, profile: Profile) -> Answer:
    """What the profile said of leaving observation out, by what was known before a dose."""
    course = situation.course
    before = tuple(d for d in course.doses if d.day < dose.day)
    facts = ObservationFacts(
        therapy=situation.therapy,
        recorded=course.has("reactions"),
        doses=before,
        reactions=tuple(
            link_reaction(r, before, profile.days("reaction.linked-within"))
            for r in course.reactions
            if r.day < dose.day
        ),
        route=dose.route,
        next_day=dose.day,
    )
    return answer(facts, profile)


def _made(contact: Contact | None, end_of_day: datetime) -> Contact | None:
    """A call that was made by the end of a day; one entered for later was not."""
    if contact is None or (contact.at is not None and contact.at >= end_of_day):
        return None
    return contact


def _stayed(dose: Dose) -> tuple[float, float] | None:
    """Least and most minutes from the end of a dose to the discharge.

    Where the end of an infusion is not recorded, it lies between its start and the discharge.
    """
    left = dose.discharged
    if left is None or not dose.time_known:
        return None
    since_start = (left - dose.at) / timedelta(minutes=1)
    if dose.route == "SC":
        return since_start, since_start
    if dose.end is None:
        return 0.0, since_start
    stayed = (left - dose.end) / timedelta(minutes=1)
    return stayed, stayed


def _called(contact: Contact | None, profile: Profile) -> bool:
    """Whether somebody was reached; words that say otherwise are no call."""
    if contact is None:
        return False
    return contact.at is not None or not mentions(
        contact.note, profile.words("follow-up-call.denials")
    )


def _hotline_open(facts: FollowUpFacts, profile: Profile) -> bool:
    """A call to the hotline of which only the time is recorded, and nothing that came of it."""
    hotline, call = facts.hotline, facts.call
    if hotline is None or hotline.at is None:
        return False
    if any(r.day >= hotline.at.date() for r in facts.reactions):
        return False
    answered = _called(call, profile) and (
        call is None or call.at is None or call.at.date() >= hotline.at.date()
    )
    return not answered


def _hotline(facts: FollowUpFacts, dose: Dose) -> Verdict:
    t = facts.therapy
    on = facts.hotline.at.date() if facts.hotline and facts.hotline.at else dose.day
    overdue = "It is overdue." if t.as_of > on else ""
    return Verdict(
        status=Status.DUE,
        message=joined(
            f"A call to the hotline on {on}, after the dose of {dose.day}, is on record, and "
            "nothing that came of it.",
            "Call back, and record a reaction or that there was none.",
            overdue,
        ),
        due=on,
        evidence=(dose.ref,),
    )


def _call_due(facts: FollowUpFacts, dose: Dose, minutes: str, profile: Profile) -> Verdict:
    """Somebody left early and no call is recorded."""
    t = facts.therapy
    keys = ("observation.minutes", "follow-up-call.after", "follow-up-call.lapses-after")
    days = (t.as_of - dose.day).days
    why = "discharged before the observation was over"
    if facts.stayed is not None and facts.stayed[0] == facts.stayed[1]:
        why = f"discharged {facts.stayed[1]:.0f} minutes after the dose, before {minutes} were over"
    tried = ""
    if facts.call is not None:
        tried = f'The record of the call says "{facts.call.note}".'
    after = profile.fact("follow-up-call.after").shown
    if days > profile.days("follow-up-call.lapses-after"):
        return Verdict(
            status=Status.WATCH,
            message=joined(
                f"After the dose of {dose.day}, {why}, no follow-up call is recorded.",
                tried,
                "It is too late for it now; call after the next early discharge.",
            ),
            evidence=(dose.ref,),
            keys=keys,
        )
    overdue = "It is overdue." if days > 0 else ""
    return Verdict(
        status=Status.DUE,
        message=joined(
            f"Call: {why}, on {dose.day}.",
            f"The study phoned {after} after the dose, by the same physician; no call is recorded.",
            tried,
            overdue,
        ),
        due=dose.day,
        evidence=(dose.ref,),
        keys=keys,
    )


def _no_discharge(facts: FollowUpFacts, dose: Dose, profile: Profile) -> Verdict:
    """Asked about only where observation could be left out, while a call would still help."""
    days = (facts.therapy.as_of - dose.day).days
    waived = facts.before is not None and facts.before.may
    if waived and days <= profile.days("follow-up-call.lapses-after"):
        return Verdict(
            status=Status.UNKNOWN,
            message=f"Observation after the dose of {dose.day} could be left out by this profile, "
            "and no discharge is recorded: whether a call is due is not known.",
            evidence=(dose.ref,),
            keys=("observation.clean-infusions", "follow-up-call.lapses-after"),
        )
    return _ok(facts, f"No early discharge is recorded after the dose of {dose.day}.")


def follow_up_call(facts: FollowUpFacts, profile: Profile) -> Verdict:
    """Was somebody who left early called, and every hotline call answered?"""
    t, dose = facts.therapy, facts.dose
    if dose is None:
        return NEVER_DOSED
    if not t.expects_dose:
        return _ok(facts, f"{off_text(t)} No call is asked for.")
    if _hotline_open(facts, profile):
        return _hotline(facts, dose)
    minutes = f"{profile.number('observation.minutes'):g} minutes"
    limit = profile.number("observation.minutes")
    if not _asks_for_a_call(profile):
        if facts.stayed is not None and facts.stayed[1] < limit:
            return _ok(
                facts,
                f"Discharged after the dose of {dose.day} before {minutes} were over; only the "
                "study proposal asks for a call.",
            )
        return _ok(facts, "This profile asks for no call after a dose.")
    if facts.stayed is None:
        return _no_discharge(facts, dose, profile)
    if facts.stayed[0] >= limit:
        return _ok(facts, f"Observed for {minutes} after the dose of {dose.day}: no call asked.")
    if _called(facts.call, profile):
        return _ok(facts, f"A follow-up call is recorded after the dose of {dose.day}.")
    if facts.stayed[1] >= limit:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"When the infusion of {dose.day} ended is not recorded, so whether the "
            "discharge was early, and a call due, is not known.",
            evidence=(dose.ref,),
            keys=("observation.minutes",),
        )
    return _call_due(facts, dose, minutes, profile)


def _ok(facts: FollowUpFacts, message: str) -> Verdict:
    return Verdict(status=Status.OK, message=message, evidence=standing_refs(facts.therapy))


FOLLOW_UP_CALL = Rule(
    id="reaction.follow-up-call",
    title="Call after an early discharge",
    question="Was somebody who left early called, and every hotline call answered?",
    derive=follow_up_facts,
    decide=follow_up_call,
    sources=("bafrani-observation", "founding-s0"),
    silence=("doses",),
)
