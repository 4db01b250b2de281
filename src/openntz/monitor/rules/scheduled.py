"""How a recurring check becomes a status and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from openntz.definitions.schedule import Check, CheckState
from openntz.monitor.finding import Status
from openntz.monitor.rule import days_text
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


def check_text(check: Check, what: str) -> str:
    """What is on record and when the next is due: two short sentences."""
    recorded = (
        f"No {what} is recorded."
        if check.last is None
        else f"Last {what}: {ago(check.last, check.as_of)}."
    )
    late = check.overdue_days
    if late > 0:
        long = ", long overdue" if check.state is CheckState.LONG_OVERDUE else ""
        return f"{recorded} It was due on {check.due}: {days_text(late)} overdue{long}."
    if late == 0:
        return f"{recorded} It is due today."
    order = "first" if check.last is None else "next"
    return f"{recorded} The {order} is due on {check.due}, in {days_text(-late)}."


def arrange(status: Status, what: str) -> str:
    """What to do about a check, empty when nothing is to be done yet."""
    if status is Status.ACT:
        return f"Arrange the {what} now."
    return f"Arrange the {what}." if status is Status.DUE else ""
