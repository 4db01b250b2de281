"""Doses tolerated in a row: what home administration asks for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from openntz.course.events import Dose
from openntz.definitions.gaps import since_gap


def tolerated_in_a_row(
    doses: Sequence[Dose], reacted: Collection[date], next_day: date, gap_days: int | None
) -> int:
    """Days with a dose since the last reaction, counted up to a dose on ``next_day``.

    Two syringes of one day are one dose. A gap of at least ``gap_days`` between doses, or up to
    ``next_day``, starts the count anew; with None no gap does.
    """
    if not doses:
        return 0
    counted: Sequence[Dose] = doses
    if gap_days is not None:
        if (next_day - doses[-1].day).days >= gap_days:
            return 0
        counted = since_gap(doses, gap_days)
    count = 0
    for day in sorted({d.day for d in counted}, reverse=True):
        if day in reacted:
            break
        count += 1
    return count
