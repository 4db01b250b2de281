"""Gaps between doses: where a course of treatment starts anew, and short first exposures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Dose


class Gap(Struct, frozen=True):
    """Time without a dose; ``after`` is None while it is still open."""

    before: Dose
    after: Dose | None
    days: int
    doses_before: int


def gaps(doses: Sequence[Dose], until: date) -> tuple[Gap, ...]:
    """Every gap between consecutive doses, and the open one from the last dose to ``until``."""
    closed = [
        Gap(a, b, (b.day - a.day).days, number)
        for number, (a, b) in enumerate(pairwise(doses), start=1)
    ]
    if not doses:
        return ()
    return (*closed, Gap(doses[-1], None, (until - doses[-1].day).days, len(doses)))


def since_gap(doses: Sequence[Dose], gap_days: int) -> tuple[Dose, ...]:
    """The doses since the last gap of at least ``gap_days`` between two doses."""
    start = 0
    for number, (a, b) in enumerate(pairwise(doses), start=1):
        if (b.day - a.day).days >= gap_days:
            start = number
    return tuple(doses[start:])


def doses_since_gap(course: Course, gap_days: int) -> tuple[Dose, ...]:
    """``since_gap`` of a person's doses, for ``Course.derived``."""
    return since_gap(course.doses, gap_days)


def short_exposures(
    doses: Sequence[Dose], until: date, *, most_doses: int, gap_days: int
) -> tuple[Gap, ...]:
    """Gaps of at least ``gap_days`` that follow no more than ``most_doses`` doses ever given.

    The open gap counts up to ``until``: the as-of date, or the day of a dose already booked.
    """
    # Later doses cannot follow so few.
    first = doses[: most_doses + 1]
    return tuple(
        g for g in gaps(first, until) if g.doses_before <= most_doses and g.days >= gap_days
    )
