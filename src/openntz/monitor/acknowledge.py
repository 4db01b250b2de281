"""Which acknowledgement of a finding is in force, and why another no longer is.

An acknowledgement never changes a status. It holds from the day it was given to its last day,
for as long as the finding is no more urgent than it was; without a note of what it was, only
'act' counts as more urgent than what somebody had in mind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec.structs import replace

from openntz.monitor.finding import Acknowledgement, Finding, Status

Acknowledged = Mapping[tuple[str, str], Acknowledgement]


def _lapse(given: Acknowledgement, finding: Finding, as_of: date) -> str:
    """Why an acknowledgement is not in force, empty where it is."""
    by = f"Acknowledged by {given.who} on {given.when} until {given.until}"
    if as_of > given.until:
        return f"{by}; that day has passed."
    if given.status is not None and finding.status.urgency < given.status.urgency:
        return f"{by} when it was '{given.status}'; it is '{finding.status}' now."
    if given.status is None and finding.status is Status.ACT:
        return f"{by} without a note of its status; 'act' is acknowledged only as 'act'."
    return ""


def acknowledge(
    findings: Iterable[Finding], given: Acknowledged, as_of: date
) -> tuple[Finding, ...]:
    """Findings with who has taken them on; those that ask for nothing stay as they are."""

    def one(finding: Finding) -> Finding:
        entry = given.get((finding.person, finding.rule))
        if entry is None or finding.status is Status.OK:
            return finding
        lapse = _lapse(entry, finding, as_of)
        return replace(finding, lapsed=lapse) if lapse else replace(finding, acknowledged=entry)

    return tuple(one(f) for f in findings)
