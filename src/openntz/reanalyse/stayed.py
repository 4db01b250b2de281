"""People who stayed on the drug, on the clock of those who stopped.

Somebody who stays has no last dose to count from. Their clock starts at the dose they got when
those who stopped had theirs: the last one within the median time on the drug of those stretches.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from statistics import median

from msgspec import Struct

from openntz.course.course import Course
from openntz.definitions.activity import either, enhancing, new_lesions


class Stayed(Struct, frozen=True, kw_only=True):
    """Days since the first dose of the doses, and of the scans that tell with their answers."""

    arm: str
    doses: tuple[int, ...]
    scans: tuple[tuple[int, bool], ...]


def stayed(course: Course, arm: str) -> Stayed:
    """Somebody never off the drug."""
    first = course.doses[0].day
    told = (
        ((scan.day - first).days, either(enhancing(scan), new_lesions(scan))) for scan in course.mri
    )
    return Stayed(
        arm=arm,
        doses=tuple((d.day - first).days for d in course.doses),
        scans=tuple((day, active) for day, active in told if active is not None),
    )


def on_their_clock(people: Sequence[Stayed], times: Sequence[int]) -> list[tuple[float, float]]:
    """Days between which the first active scan lies, from the dose that stands for a last one.

    Parameters
    ----------
    times : sequence of int
        Days from the first to the last dose of each stretch of those who stopped.

    Returns
    -------
    list of (float, float)
        After the last quiet scan, up to the first active one (inf for none); people not on the
        drug for so long, or not scanned since, are left out.
    """
    if not times:
        return []
    long, found = median(times), []
    for p in people:
        if p.doses[-1] < long:
            continue
        start = max(d for d in p.doses if d <= long)
        since = [(float(day - start), active) for day, active in p.scans if day > start]
        if since:
            first = min((day for day, active in since if active), default=inf)
            found.append((max((day for day, _ in since if day < first), default=0.0), first))
    return found
