"""Before a stop: what follows is settled first, and what a stop would mean."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from openntz.course.events import Treatment
from openntz.definitions.therapy import Therapy
from openntz.definitions.treatments import TreatmentKind, kind_of
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.pml import treatment_names
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    standing_refs,
)

_WHAT_IF: Final = (
    "`openntz forecast DIR --person ID --what-if stopped` shows what a stop would mean."
)


class StopPlanFacts(Struct, frozen=True):
    """Standing in therapy, the treatments planned to follow, and which tables there are."""

    therapy: Therapy
    planned: tuple[Treatment, ...]
    plans_recorded: bool
    treatments_recorded: bool


def stop_plan_facts(situation: Situation, profile: Profile) -> StopPlanFacts:
    """Facts of ``stopping.plan``."""
    wanted = {TreatmentKind.DMT, TreatmentKind.IMMUNOSUPPRESSANT}
    names = treatment_names(profile)
    course = situation.course
    return StopPlanFacts(
        therapy=situation.therapy,
        planned=tuple(
            e
            for e in sorted(situation.booked, key=lambda e: e.at)
            if isinstance(e, Treatment) and kind_of(e, names) in wanted
        ),
        plans_recorded=course.has("plans"),
        treatments_recorded=course.has("treatments"),
    )


def _stop_ahead(facts: StopPlanFacts) -> Verdict:
    """The answer where a stop is planned for a later day."""
    therapy = facts.therapy
    stop, last = therapy.planned_stop, therapy.last_dose
    head = f"A stop is planned for {stop}."
    if facts.planned and last is not None:
        following = facts.planned[0]
        days = days_text(max(0, (following.day - last.day).days))
        return Verdict(
            status=Status.OK,
            message=f"{head} {following.name} is planned from {following.day}, {days} after the "
            "last dose so far; stopping.washout holds that to what was studied once stopped.",
            evidence=(*standing_refs(therapy), following.ref),
        )
    if not facts.treatments_recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=joined(head, not_in_export("treatments", "what follows is not known.")),
            evidence=standing_refs(therapy),
        )
    return Verdict(
        status=Status.DUE,
        message=f"{head} No other treatment is planned to follow: do not stop without one "
        f"(founding case report). {_WHAT_IF}",
        due=stop,
        evidence=standing_refs(therapy),
    )


def stop_plan(facts: StopPlanFacts, profile: Profile) -> Verdict:
    """Is a stop planned, and what follows it?"""
    del profile
    therapy = facts.therapy
    if therapy.last_dose is None:
        return NEVER_DOSED
    if therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message=joined(off_text(therapy), "What follows: stopping.no-successor."),
            evidence=standing_refs(therapy),
        )
    if not facts.plans_recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("plans", "whether a stop is planned is not known."),
            evidence=standing_refs(therapy),
        )
    if therapy.planned_stop is not None:
        return _stop_ahead(facts)
    return Verdict(
        status=Status.OK,
        message=f"No stop is planned. {_WHAT_IF}",
        evidence=standing_refs(therapy),
    )


STOP_PLAN = Rule(
    id="stopping.plan",
    title="Plan for a stop",
    question="Is a stop planned, and what follows it?",
    derive=stop_plan_facts,
    decide=stop_plan,
    sources=("founding-s4",),
    silence=("plans",),
)
