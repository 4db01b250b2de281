"""Relapses told apart: a new deficit soon after a relapse belongs to it."""

from __future__ import annotations

from collections.abc import Sequence

from openntz.course.events import Relapse


def distinct_relapses(relapses: Sequence[Relapse], apart_days: int) -> tuple[Relapse, ...]:
    """The onsets that are relapses of their own, in time order.

    An onset less than ``apart_days`` after the last one that counted belongs to that relapse
    (source relapse-definition).
    """
    found: list[Relapse] = []
    for relapse in sorted(relapses, key=lambda r: r.at):
        if not found or (relapse.day - found[-1].day).days >= apart_days:
            found.append(relapse)
    return tuple(found)
