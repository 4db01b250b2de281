"""What a rule says about one person."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct


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


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """Somebody has seen a finding and takes it on until a day, both days included.

    ``status`` is what the finding was at the time, None where that was not written down.
    """

    person: str
    rule: str
    who: str
    when: date
    until: date
    status: Status | None = None
    reason: str = ""


class Turn(Struct, frozen=True):
    """A later day from which a rule answers otherwise."""

    day: date
    status: Status
    message: str


class Later(Struct, frozen=True):
    """How an answer changes with time alone, up to ``until``: the same records, a later day.

    ``by_forecast``: not known, because the rule reads the forecast, which is not made anew for
    later days. ``every_day`` says that each day was asked; otherwise the turn is a true one, and
    an answer that goes and comes back in between may have been passed over.
    """

    until: date
    turns: tuple[Turn, ...] = ()
    by_forecast: bool = False
    every_day: bool = False


class Finding(Struct, frozen=True, kw_only=True):
    """One rule's answer for one person at one date, with what it rests on.

    ``evidence`` names the rows used as ``table:line``; ``facts`` the registry facts whose
    numbers decided; ``sources`` the registry sources; ``others`` what other profiles say where
    they differ, as (profile, status, message). ``acknowledged`` is who has taken it on, while
    that is in force; ``lapsed`` says why an acknowledgement no longer is.
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
    acknowledged: Acknowledgement | None = None
    lapsed: str = ""
    later: Later | None = None
    by_forecast: bool = False

    @property
    def set_apart(self) -> bool:
        """Whether it is shown apart from what needs somebody: 'act' never is."""
        return self.acknowledged is not None and self.status is not Status.ACT
