"""No evidence of disease activity over a period; what nobody looked at is never 'no activity'.

NEDA-3: no relapse, no confirmed EDSS worsening, no new or enlarging T2 and no enhancing lesion.
NEDA-4: besides, loss of brain volume below a limit (sources neda-4-ectrims-2015, neda-helani).
Counted anew from some months after the first dose: what comes earlier may have begun before the
drug worked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import EdssScore, Relapse, Scan
from openntz.definitions.activity import either, enhancing, new_lesions, over_scans
from openntz.definitions.edss_worsening import Worsening, WorseningRule, confirmed_worsening
from openntz.definitions.relapses import distinct_relapses


class NedaLimits(Struct, frozen=True, kw_only=True):
    """Days, points and per cent that decide; ``conventions`` are those of EDSS worsening by name.

    ``baseline`` counts days from the first dose to the day from which activity counts.
    """

    baseline: int
    relapse_apart: int
    volume_loss_percent: float
    conventions: Mapping[str, WorseningRule]


class Neda(Struct, frozen=True, kw_only=True):
    """The components over a period; each is yes (activity), no, or None (not known).

    ``undated`` are scans whose new or enlarging T2 lesions may be older than the day from which
    activity counts, because the scan before them is: they are no evidence either way.
    """

    first: date
    last: date
    relapses: tuple[Relapse, ...]
    relapse: bool | None
    scans: tuple[Scan, ...]
    active_scans: tuple[Scan, ...]
    undated: tuple[Scan, ...]
    mri: bool | None
    scores: tuple[EdssScore, ...]
    worsening: Mapping[str, Worsening]
    volume_scan: Scan | None
    volume_loss: bool | None

    def active(self, convention: str) -> bool | None:
        """Whether NEDA-3 is lost: True, False, or None where a component is not known."""
        return either(self.relapse, self.mri, self.worsening[convention].confirmed)

    def neda3(self, convention: str) -> bool | None:
        """Whether there was no evidence of activity by three components."""
        active = self.active(convention)
        return None if active is None else not active

    def neda4(self, convention: str) -> bool | None:
        """NEDA-3 and no loss of brain volume beyond the limit."""
        lost = either(self.active(convention), self.volume_loss)
        return None if lost is None else not lost


def _lesions_by_scan(course: Course, since: date) -> list[bool | None]:
    """New or enlarging T2 lesions per scan, None where they may have begun before ``since``."""
    found, earlier = [], None
    for scan in course.mri:
        lesions = new_lesions(scan)
        dated = earlier is not None and earlier >= since
        found.append(lesions if dated or not lesions else None)
        earlier = scan.day
    return found


def neda(course: Course, started: date, first: date, last: date, limits: NedaLimits) -> Neda:
    """The components from ``first`` to ``last``, both included.

    Parameters
    ----------
    started : date
        First dose of the treatment that is judged; nothing before ``limits.baseline`` days after
        it counts, and the period begins there where it would begin earlier.
    """
    since = started + timedelta(days=limits.baseline)
    first = max(first, since)
    distinct = distinct_relapses(course.relapses, limits.relapse_apart)
    relapses = tuple(r for r in distinct if first <= r.day <= last)
    lesions = _lesions_by_scan(course, since)
    inside = [(i, s) for i, s in enumerate(course.mri) if first <= s.day <= last]
    answers = [(s, either(enhancing(s), lesions[i])) for i, s in inside]
    measured = [s for _, s in inside if s.brain_volume_change_percent is not None]
    change = measured[-1].brain_volume_change_percent if measured else None
    return Neda(
        first=first,
        last=last,
        relapses=relapses,
        relapse=True if relapses else (False if course.has("relapses") else None),
        scans=tuple(s for _, s in inside),
        active_scans=tuple(s for s, active in answers if active),
        undated=tuple(s for i, s in inside if new_lesions(s) and lesions[i] is None),
        mri=over_scans(tuple(active for _, active in answers)),
        scores=tuple(s for s in course.edss if first <= s.day <= last),
        worsening={
            name: confirmed_worsening(
                course.edss, course.relapses, earliest=since, first=first, last=last, rule=rule
            )
            for name, rule in limits.conventions.items()
        },
        volume_scan=measured[-1] if measured else None,
        volume_loss=None if change is None else -change >= limits.volume_loss_percent,
    )
