"""The three readings of 'the first 12' in print: doses, weeks, and the last infusions.

The label counts the first 12 infusions. A comment on it reasoned about the first 12 weeks, and a
study of the question summarised it as the last 12 infusions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from msgspec import Struct


class Readings(Struct, frozen=True):
    """Whether each reading would let observation after the next infusion be left to judgement.

    ``weeks_end`` is the day the first weeks are over.
    """

    first_doses: bool
    first_weeks: bool
    last_infusions: bool
    weeks_end: date


def observation_readings(
    infusions: Sequence[date],
    reacted: Collection[date],
    next_day: date,
    *,
    doses: int,
    weeks_days: int,
) -> Readings | None:
    """The three readings for one person; None before the first infusion.

    Parameters
    ----------
    infusions : sequence of date
        Days of infusion that count, in order, each once.
    reacted : collection of date
        Days of those doses, of any route and any time, that a reaction followed. The first two
        readings ask that there be none; the third asks only about its own infusions.
    next_day : date
        Day of the next infusion.
    doses, weeks_days : int
        How many infusions, and how many days of the first weeks.
    """
    if not infusions:
        return None
    enough, clean = len(infusions) >= doses, not reacted
    weeks_end = infusions[0] + timedelta(days=weeks_days)
    return Readings(
        first_doses=enough and clean,
        first_weeks=next_day >= weeks_end and clean,
        last_infusions=enough and not set(infusions[-doses:]) & set(reacted),
        weeks_end=weeks_end,
    )
