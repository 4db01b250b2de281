"""How a recurring check becomes a status and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openntz.definitions.schedule import Check, CheckState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rules.standing import ago

CHECK_STATUS: Final[Mapping[CheckState, Status]] = MappingProxyType(
    {
        CheckState.LONG_OVERDUE: Status.ACT,
        CheckState.DUE: Status.DUE,
        CheckState.SOON: Status.WATCH,
        CheckState.NEVER_DONE: Status.UNKNOWN,
        CheckState.IN_TIME: Status.OK,
    }
)


def check_text(check: Check, what: str, profile: Profile) -> str:
    """What is on record and when the next is due: two short sentences."""
    as_of = check.as_of
    recorded = (
        f"No {what} is recorded."
        if check.last is None
        else f"Last {what}: {ago(check.last, as_of, profile)}."
    )
    if check.overdue_days > 0:
        long = ": long overdue" if check.state is CheckState.LONG_OVERDUE else ""
        return f"{recorded} It was due on {ago(check.due, as_of, profile)}{long}."
    if check.overdue_days == 0:
        return f"{recorded} It is due today."
    order = "first" if check.last is None else "next"
    return f"{recorded} The {order} is due on {ago(check.due, as_of, profile)}."


def arrange(status: Status, what: str) -> str:
    """What to do about a check, empty when nothing is to be done yet."""
    if status is Status.ACT:
        return f"Arrange the {what} now."
    return f"Arrange the {what}." if status is Status.DUE else ""
