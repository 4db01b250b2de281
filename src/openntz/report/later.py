"""What would change a finding, and who has taken it on, in words."""

from __future__ import annotations

from msgspec import Struct

from openntz.monitor.finding import Finding, Status
from openntz.report import words


class LaterLine(Struct, frozen=True):
    """One line on what would change a finding: a sentence, and the status it would take, if any.

    ``says`` is the rule's own first sentence on that day.
    """

    text: str
    status: Status | None = None
    says: str = ""


def acknowledged(finding: Finding) -> str:
    """'Acknowledged by Nurse B on 2024-06-01 until 2024-07-31 (then due): booked', or nothing."""
    given = finding.acknowledged
    if given is None:
        return ""
    was = f" (then '{given.status}')" if given.status is not None else ""
    why = f": {given.reason}" if given.reason else ""
    return f"Acknowledged by {given.who} on {given.when} until {given.until}{was}{why}"


def later_lines(finding: Finding) -> tuple[LaterLine, ...]:
    """What time alone would change, and how far it was looked for."""
    later = finding.later
    if finding.status is Status.UNKNOWN and later is None:
        return (LaterLine("Recording what the message names; rows set aside, once mended."),)
    if later is None:
        return ()
    lines = [
        LaterLine(f"From {t.day}, if nothing more is recorded:", t.status, _says(t.message))
        for t in later.turns
    ]
    if later.by_forecast:
        until = f" after {later.until}" if later.every_day else ""
        lines.append(
            LaterLine(
                f"Another forecast: the rule reads it, and it is not made anew for days{until} to "
                "come. A new level, dose or weight changes it."
            )
        )
    elif not later.turns:
        lines.append(
            LaterLine(f"{_same(later.every_day)} {later.until} if nothing more is recorded.")
        )
    return tuple(lines)


def _says(message: str) -> str:
    return words.first_sentence(message)


def _same(every_day: bool) -> str:
    return "The same every day up to" if every_day else "Still the same on"
