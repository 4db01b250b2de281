"""Disease activity on record within a window of days; what nobody looked at stays unknown."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Relapse, Scan


def either(*parts: bool | None) -> bool | None:
    """Three-valued 'or': yes if any is yes, else unknown if any is unknown, else no."""
    if any(part is True for part in parts):
        return True
    return None if any(part is None for part in parts) else False


def new_lesions(scan: Scan) -> bool | None:
    """Whether a scan showed new or enlarging T2 lesions."""
    counts = (scan.new_t2_lesions, scan.enlarging_t2_lesions)
    return either(*(None if n is None else n > 0 for n in counts))


def enhancing(scan: Scan) -> bool | None:
    """Whether a scan showed gadolinium-enhancing lesions."""
    return None if scan.gadolinium_lesions is None else scan.gadolinium_lesions > 0


def over_scans(found: tuple[bool | None, ...]) -> bool | None:
    """Yes if any scan says so, no if one that reported it says no, else unknown."""
    if any(f is True for f in found):
        return True
    return False if any(f is False for f in found) else None


class Activity(Struct, frozen=True, kw_only=True):
    """Relapses and scans between two days, both included.

    Each answer is yes, no, or None (unknown): without the table, or without a scan that
    reported the count, it is unknown. Definition of activity: a relapse, gadolinium-enhancing
    lesions, or new or enlarging T2 lesions (source ms-activity-definition).
    """

    first: date
    last: date
    relapses: tuple[Relapse, ...]
    scans: tuple[Scan, ...]
    relapses_recorded: bool
    scans_recorded: bool

    @property
    def relapse(self) -> bool | None:
        """Whether a relapse began in the window."""
        if self.relapses:
            return True
        return False if self.relapses_recorded else None

    @property
    def gadolinium_scans(self) -> tuple[Scan, ...]:
        """Scans with enhancing lesions."""
        return tuple(s for s in self.scans if enhancing(s))

    @property
    def gadolinium(self) -> bool | None:
        """Whether a scan showed enhancing lesions."""
        return over_scans(tuple(enhancing(s) for s in self.scans))

    @property
    def mri(self) -> bool | None:
        """Whether a scan showed enhancing, new or enlarging lesions.

        'No' needs one scan that reported all three counts.
        """
        return over_scans(tuple(either(enhancing(s), new_lesions(s)) for s in self.scans))

    @property
    def any(self) -> bool | None:
        """Whether there was any activity."""
        return either(self.relapse, self.mri)

    @property
    def inflammation(self) -> bool | None:
        """Whether there was a relapse or an enhancing lesion, which unlike T2 can be dated."""
        return either(self.relapse, self.gadolinium)


def activity(course: Course, first: date, last: date) -> Activity:
    """What a course says about activity from ``first`` to ``last``, both included."""
    return Activity(
        first=first,
        last=last,
        relapses=tuple(r for r in course.relapses if first <= r.day <= last),
        scans=tuple(s for s in course.mri if first <= s.day <= last),
        relapses_recorded=course.has("relapses"),
        scans_recorded=course.has("mri"),
    )
