"""When the next dose is due, and whether it is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from openntz.definitions.therapy import Therapy, TherapyState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text


@dataclass(frozen=True, slots=True)
class LateDoseFacts:
    """The person's standing in therapy."""

    therapy: Therapy


def late_dose_facts(situation: Situation, profile: Profile) -> LateDoseFacts:
    """Facts of ``interval.late-dose``."""
    del profile
    return LateDoseFacts(situation.therapy)


def late_dose(facts: LateDoseFacts, profile: Profile) -> Verdict:
    """Is the next dose due, late, or so late that re-trafficking is a concern?"""
    t = facts.therapy
    last, days = t.last_dose, t.days_since_last
    if last is None or days is None:
        return Verdict(status=Status.UNKNOWN, message="No dose is recorded for this person.")
    evidence = tuple(r for r in (last.ref, t.interval_ref, t.stop_ref) if r is not None)
    if t.state is TherapyState.STOPPED:
        return Verdict(
            status=Status.OK,
            message=f"Therapy was stopped on {t.stopped_on}; no further dose is expected.",
            evidence=evidence,
        )
    if t.state is TherapyState.LEFT:
        return Verdict(
            status=Status.OK,
            message=f"No dose for {days_text(days)} and no stop recorded: assumed to have left "
            "treatment here. Record the stop.",
            evidence=evidence,
            keys=("late-dose.left-from",),
        )
    limit = profile.days("late-dose.act-after")
    planned = t.planned or last.day + timedelta(days=t.interval_days)
    interval = "" if t.interval_ref else " (label interval: no plan is recorded)"
    if days > limit:
        presumed = (
            " With no stop recorded the person is presumed to have stopped."
            if t.state is TherapyState.PRESUMED_STOPPED
            else ""
        )
        return Verdict(
            status=Status.ACT,
            message=f"Last dose {days_text(days)} ago on {last.day}, beyond "
            f"{days_text(limit)}.{presumed} Give the dose, or record the stop and what follows; "
            "check for new activity and, after a gap, the rules on re-exposure.",
            due=planned,
            evidence=evidence,
            keys=("late-dose.act-after", "late-dose.presumed-stopped-from"),
        )
    late = (t.as_of - planned).days
    keys = ("late-dose.act-after", "dosing.label-interval")
    if late > 0:
        return Verdict(
            status=Status.DUE,
            message=f"The dose planned for {planned} is {days_text(late)} late{interval}. Give it "
            f"as soon as possible; {days_text(limit)} after the last dose is "
            f"{last.day + timedelta(days=limit)}.",
            due=planned,
            evidence=evidence,
            keys=keys,
        )
    if -late <= profile.days("late-dose.watch-before"):
        when = "today" if late == 0 else f"in {days_text(-late)}"
        return Verdict(
            status=Status.WATCH,
            message=f"The next dose is planned for {planned}, {when}{interval}.",
            due=planned,
            evidence=evidence,
            keys=("late-dose.watch-before", "dosing.label-interval"),
        )
    return Verdict(
        status=Status.OK,
        message=f"On time; the next dose is planned for {planned}{interval}.",
        due=planned,
        evidence=evidence,
        keys=("dosing.label-interval",),
    )


LATE_DOSE = Rule(
    id="interval.late-dose",
    title="Next dose",
    question="Is the next dose late?",
    derive=late_dose_facts,
    decide=late_dose,
    sources=("eu-leaflet", "founding-s4"),
)
