"""When a reaction began: the windows that sources report, which overlap.

One reaction can lie in several. Where a time of day or the end of an infusion is not recorded,
a window that this leaves open is None, not False.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from openntz.course.events import Dose, Reaction
from openntz.definitions.reactions import ReactionLink

_DAY = timedelta(days=1)
_BEFORE = timedelta(microseconds=-1)


class OnsetWindow(StrEnum):
    """The windows, earliest first."""

    MINUTES = "within minutes of the start"
    DURING = "during the dose"
    HOUR_AFTER = "in the hour after the end"
    FROM_START = "within two hours of the start"
    LATE = "hours after the end"
    DAYS = "days later"


class WindowLimits(Struct, frozen=True, kw_only=True):
    """Bounds of the windows.

    ``minutes`` and ``from_start`` count from the start of the dose, ``hour_after`` and ``late``
    from its end, ``days_from`` and ``days_until`` are calendar days from the dose.
    ``longest_dose`` bounds the end of an infusion where none is recorded.
    """

    minutes: timedelta
    from_start: timedelta
    hour_after: timedelta
    late: timedelta
    days_from: int
    days_until: int
    longest_dose: timedelta = _DAY


class _Between(Struct, frozen=True):
    """A moment known to lie between two."""

    low: datetime
    high: datetime

    def since(self, other: _Between) -> tuple[timedelta, timedelta]:
        return self.low - other.high, self.high - other.low


def _moment(event: Dose | Reaction) -> _Between:
    if event.time_known:
        return _Between(event.at, event.at)
    return _Between(event.at, event.at + _DAY - timedelta(minutes=1))


def _end(dose: Dose, start: _Between, longest: timedelta) -> _Between:
    if dose.end is not None:
        return _Between(dose.end, dose.end)
    # An injection has no duration.
    return start if dose.route == "SC" else _Between(start.low, start.high + longest)


def _inside(
    span: tuple[timedelta, timedelta], above: timedelta, upto: timedelta | None
) -> bool | None:
    low, high = span
    if low > above and (upto is None or high <= upto):
        return True
    if high <= above or (upto is not None and low > upto):
        return False
    return None


def onset_windows(
    link: ReactionLink, limits: WindowLimits
) -> Mapping[OnsetWindow, bool | None] | None:
    """Each window with whether the reaction lies in it; None without a dose before it.

    A bound belongs to the window it ends: a reaction exactly two hours after the start is within
    two hours, one exactly at the end of the dose is during it.
    """
    dose = link.dose
    if dose is None:
        return None
    onset, start = _moment(link.reaction), _moment(dose)
    end = _end(dose, start, limits.longest_dose)
    from_start, from_end = onset.since(start), onset.since(end)
    # The reaction was laid to this dose, so that it did not begin before it.
    from_start = (max(from_start[0], timedelta()), from_start[1])
    days = (link.reaction.day - dose.day).days
    during = None
    if dose.route == "SC":
        during = False
    elif from_end[1] <= timedelta():
        during = True
    elif from_end[0] > timedelta():
        during = False
    return {
        OnsetWindow.MINUTES: _inside(from_start, _BEFORE, limits.minutes),
        OnsetWindow.DURING: during,
        OnsetWindow.HOUR_AFTER: _inside(
            from_end, _BEFORE if dose.route == "SC" else timedelta(), limits.hour_after
        ),
        OnsetWindow.FROM_START: _inside(from_start, _BEFORE, limits.from_start),
        OnsetWindow.LATE: _inside(from_end, limits.late, None),
        OnsetWindow.DAYS: limits.days_from <= days <= limits.days_until,
    }
