"""A check that recurs: when it falls due, and how long it has been overdue."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct


class CheckState(StrEnum):
    """Where a recurring check stands, most urgent first."""

    LONG_OVERDUE = "long overdue"
    DUE = "due"
    SOON = "soon"
    NEVER_DONE = "never done, first one not yet due"
    IN_TIME = "in time"


class Check(Struct, frozen=True):
    """One recurring check of one person.

    ``last`` is None when the check is not on record; ``due`` is then one interval after the
    treatment began.
    """

    last: date | None
    due: date
    as_of: date
    state: CheckState

    @property
    def overdue_days(self) -> int:
        """Days since the due date; 0 on it, negative before."""
        return (self.as_of - self.due).days


def check_due(
    *, last: date | None, due: date, as_of: date, announce_days: int, long_overdue_days: float
) -> Check:
    """The state of a check with a known due date.

    It is due on the due date itself, announced for ``announce_days`` before it, and long
    overdue when more than ``long_overdue_days`` late.
    """
    late = (as_of - due).days
    if late > long_overdue_days:
        state = CheckState.LONG_OVERDUE
    elif late >= 0:
        state = CheckState.DUE
    elif -late <= announce_days:
        state = CheckState.SOON
    else:
        state = CheckState.IN_TIME if last is not None else CheckState.NEVER_DONE
    return Check(last, due, as_of, state)


def recurring_check(
    *,
    last: date | None,
    started: date,
    interval_days: int,
    as_of: date,
    announce_days: int,
    long_overdue_fraction: float,
) -> Check:
    """A check every ``interval_days``, counted from the last one or from the start of treatment.

    Parameters
    ----------
    started : date
        First dose; a check never done falls due one interval after it.
    long_overdue_fraction : float
        Share of the interval beyond which a late check is long overdue.
    """
    return check_due(
        last=last,
        due=(last or started) + timedelta(days=interval_days),
        as_of=as_of,
        announce_days=announce_days,
        long_overdue_days=interval_days * long_overdue_fraction,
    )
