"""Whether a rule about the next dose applies at all."""

from __future__ import annotations

from openntz.definitions.therapy import Therapy, TherapyState
from openntz.monitor.finding import Status
from openntz.monitor.rule import Verdict, days_text
from openntz.monitor.rules.standing import NEVER_DOSED, off_text, standing_refs


def no_next_dose(therapy: Therapy, then: str) -> Verdict | None:
    """The answer when no dose is expected: unknown if none was ever given, else not applicable.

    None when a dose is expected: on therapy, booked, or therapy is to resume. ``then`` is the
    sentence that says what follows for somebody off therapy.
    """
    if therapy.expects_dose:
        return None
    if therapy.state is TherapyState.NEVER:
        return NEVER_DOSED
    return Verdict(
        status=Status.OK,
        message=f"{off_text(therapy)} {then}".rstrip(),
        evidence=standing_refs(therapy),
    )


def next_dose_text(therapy: Therapy) -> str:
    """'the next dose (planned for 2024-07-14)' or 'the next dose'; says where it is late."""
    if therapy.planned is None:
        return "the next dose"
    late = (therapy.as_of - therapy.planned).days
    if late > 0:
        return f"the next dose (was planned for {therapy.planned}, now {days_text(late)} late)"
    verb = "booked" if therapy.planned_is_booked else "planned"
    return f"the next dose ({verb} for {therapy.planned})"
