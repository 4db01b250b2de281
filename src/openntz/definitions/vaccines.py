"""Which other treatments are vaccines, and whether a live one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct

from openntz.course.events import Treatment
from openntz.definitions.terms import mentions, plain

_PART = re.compile(r"[,;/+&]| and ")


class VaccineKind(StrEnum):
    """What a vaccine is by its name."""

    LIVE = "live"
    NOT_LIVE = "not live"
    UNKNOWN = "not known to be live or not"


class VaccineTerms(Struct, frozen=True):
    """Words that tell vaccines apart; from the registry.

    ``kinds`` name a vaccine as such, ``not_live`` say that one is not live whatever it is called
    ('varicella zoster, recombinant'), ``live`` and ``inactivated`` are names.
    """

    kinds: tuple[str, ...]
    live: tuple[str, ...]
    not_live: tuple[str, ...]
    inactivated: tuple[str, ...]


def is_vaccine(treatment: Treatment, terms: VaccineTerms) -> bool:
    """Whether a row records a vaccine.

    By its kind or its name; where no kind is recorded, the name of a live vaccine is enough.
    """
    if mentions(treatment.kind, terms.kinds) or mentions(treatment.name, terms.kinds):
        return True
    return not treatment.kind.strip() and mentions(treatment.name, terms.live) is not None


def _kind_of_part(name: str, terms: VaccineTerms) -> VaccineKind:
    if mentions(name, terms.not_live):
        return VaccineKind.NOT_LIVE
    if mentions(name, terms.live):
        return VaccineKind.LIVE
    return VaccineKind.NOT_LIVE if mentions(name, terms.inactivated) else VaccineKind.UNKNOWN


def _parts(name: str, terms: VaccineTerms) -> list[str]:
    """The vaccines of one entry; ', recombinant' says something of the one before it."""
    parts: list[str] = []
    for part in _PART.split(name):
        if parts and plain(part) in terms.not_live:
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts


def vaccine_kind(treatment: Treatment, terms: VaccineTerms) -> VaccineKind:
    """Whether a vaccine is live; of several in one entry, one live one is enough."""
    by_kind = mentions(treatment.kind, ("live",)) and not mentions(treatment.kind, terms.not_live)
    if by_kind:
        return VaccineKind.LIVE
    parts = {_kind_of_part(part, terms) for part in _parts(treatment.name, terms)}
    if VaccineKind.LIVE in parts:
        return VaccineKind.LIVE
    if parts == {VaccineKind.NOT_LIVE} or mentions(treatment.kind, terms.not_live):
        return VaccineKind.NOT_LIVE
    return VaccineKind.UNKNOWN


class Timing(StrEnum):
    """How a vaccine lies to natalizumab."""

    ON_DRUG = "while natalizumab acts"
    BEFORE_START = "shortly before the start"
    CLEAR = "clear of natalizumab"


class Placed(Struct, frozen=True):
    """A vaccine by its nearest dose: the last one before it, or the first one after it."""

    timing: Timing
    dose: date | None = None

    def distance(self, day: date) -> int:
        """Days between the vaccine and that dose."""
        return abs((day - self.dose).days) if self.dose is not None else 0


def placed(
    day: date, doses: Sequence[date], *, acts_for: int, before_start: int, goes_on: bool
) -> Placed:
    """Where a day lies to doses given and planned.

    Parameters
    ----------
    doses : sequence of date
        In time order, planned ones included.
    acts_for : int
        Days after a dose in which the drug acts.
    before_start : int
        Days before a dose that must be free of live vaccines.
    goes_on : bool
        Whether doses go on after the last one in the list.
    """
    earlier = [d for d in doses if d <= day]
    if earlier and ((day - earlier[-1]).days <= acts_for or (goes_on and earlier[-1] == doses[-1])):
        return Placed(Timing.ON_DRUG, earlier[-1])
    later = [d for d in doses if d > day]
    if later and (later[0] - day).days < before_start:
        return Placed(Timing.BEFORE_START, later[0])
    return Placed(Timing.CLEAR)
