"""What a rule says about one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """How urgent a finding is, most urgent first; ``unknown`` never means ok."""

    ACT = "act"
    DUE = "due"
    WATCH = "watch"
    UNKNOWN = "unknown"
    OK = "ok"

    @property
    def urgency(self) -> int:
        """0 for the most urgent."""
        return _URGENCY[self]


_URGENCY: Final = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's answer for one person at one date, with what it rests on.

    ``evidence`` names the rows used as ``table:line``; ``facts`` the registry facts whose
    numbers decided; ``sources`` the registry sources; ``others`` what other profiles say where
    they differ, as (profile, status, message).
    """

    person: str
    rule: str
    status: Status
    message: str
    profile: str
    due: date | None = None
    evidence: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    others: tuple[tuple[str, Status, str], ...] = ()
