"""Visits: when the next evaluation is due."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

from msgspec import Struct

from openntz.course.events import EdssScore
from openntz.definitions.schedule import check_due
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.scheduled import CHECK_STATUS, arrange, check_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    months_text,
    not_in_export,
    off_text,
    past_watch,
    standing_refs,
)


class ReviewFacts(Struct, frozen=True, kw_only=True):
    """The last visit, which an EDSS score stands for, and one booked."""

    therapy: Therapy
    last: EdssScore | None
    booked: date | None
    recorded: bool


def review_facts(situation: Situation, profile: Profile) -> ReviewFacts:
    """Facts of ``review.due``."""
    del profile
    visits = situation.course.edss
    return ReviewFacts(
        therapy=situation.therapy,
        last=visits[-1] if visits else None,
        booked=min((e.day for e in situation.booked if isinstance(e, EdssScore)), default=None),
        recorded=situation.course.has("edss"),
    )


def next_review(last: date | None, first: date, profile: Profile) -> date:
    """When the next evaluation falls due: at 3 and 6 months, then every 6 (TOUCH).

    A visit a little before the 3- or 6-month point counts as that evaluation; one before
    treatment does not.
    """
    early = timedelta(days=profile.days("review.early"))
    for key in ("review.first", "review.second"):
        point = first + timedelta(days=profile.days(key))
        if last is None or last < point - early:
            return point
    return last + timedelta(days=profile.days("review.interval"))


def review_due(facts: ReviewFacts, profile: Profile) -> Verdict:
    """Is the next evaluation in time?"""
    therapy, first = facts.therapy, facts.therapy.first_dose
    if first is None:
        return NEVER_DOSED
    days = profile.days("review.after-last-dose")
    if (ended := past_watch(therapy, days, "Evaluations went on until")) is not None:
        return ended
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("edss", "whether a visit is due is not known."),
            evidence=standing_refs(therapy),
        )
    last = facts.last.day if facts.last is not None else None
    check = check_due(
        last=last,
        due=next_review(last, first.day, profile),
        as_of=therapy.as_of,
        announce_days=profile.days("check.announce"),
        long_overdue_days=inf,
    )
    status = CHECK_STATUS[check.state]
    after = months_text(days, profile)
    refs = (facts.last.ref if facts.last is not None else None, first.ref, *standing_refs(therapy))
    return Verdict(
        status=status,
        message=joined(
            check_text(check, "visit with an EDSS score", profile),
            f"{off_text(therapy)} Evaluations go on for {after} after the last dose."
            if therapy.off_therapy
            else "",
            f"A visit is entered for {facts.booked}." if facts.booked else "",
            arrange(status, "visit"),
        ),
        due=check.due,
        evidence=tuple(r for r in refs if r is not None),
        keys=("review.first", "review.second", "review.interval", "check.announce"),
    )


REVIEW_DUE = Rule(
    id="review.due",
    title="Evaluation",
    question="Is the next evaluation in time?",
    derive=review_facts,
    decide=review_due,
    sources=("touch-program",),
)
