"""The four limits on a gap between doses, each from a source of its own.

No source sets one limit for everybody: the leaflet only says what to do about a missed dose, the
founding case report names a delay that is fine, the labels a gap after a short first exposure, and
the EU text a gap after which doses are counted anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct


class GapLimit(StrEnum):
    """Named limits on the time between two doses."""

    MISSED = "later than planned"
    DELAY = "longer than a short delay"
    RE_EXPOSURE = "re-exposure after a short first exposure"
    RECOUNT = "doses to be observed counted anew"


class GapLimits(Struct, frozen=True, kw_only=True):
    """Days between two doses; all from the registry.

    The dose is missed the day after ``planned_days``, and delayed longer than is fine the day
    after ``delay_days``. The other two are crossed on the day itself, as their sources say 'at
    least': ``re_exposure_days`` only after no more than ``short_doses`` doses ever given.
    """

    planned_days: int
    delay_days: int
    short_doses: int
    re_exposure_days: int
    recount_days: int


class Crossing(Struct, frozen=True):
    """A limit, and the first day after the last dose on which a gap crosses it."""

    limit: GapLimit
    from_day: int


def gap_crossings(limits: GapLimits, doses_before: int) -> tuple[Crossing, ...]:
    """Every limit that can be crossed after so many doses, the earliest first."""
    found = [
        Crossing(GapLimit.MISSED, limits.planned_days + 1),
        Crossing(GapLimit.DELAY, limits.delay_days + 1),
        Crossing(GapLimit.RECOUNT, limits.recount_days),
    ]
    if 0 < doses_before <= limits.short_doses:
        found.append(Crossing(GapLimit.RE_EXPOSURE, limits.re_exposure_days))
    return tuple(sorted(found, key=lambda c: c.from_day))


def crossed(crossings: Sequence[Crossing], days: int) -> tuple[Crossing, ...]:
    """The limits that a gap of ``days`` crosses."""
    return tuple(c for c in crossings if days >= c.from_day)


def next_crossing(crossings: Sequence[Crossing], days: int) -> Crossing | None:
    """The limit that a gap of ``days`` would cross next, None when all are crossed."""
    return next((c for c in crossings if days < c.from_day), None)
