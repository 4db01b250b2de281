"""Rebound after natalizumab by four published definitions, kept side by side.

Each asks something else, and the share of people they find differs fourfold; none is made the
truth. A comparison with the time before the drug is unknown where that time is not on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import EdssScore, Ref, Relapse, Scan
from openntz.definitions.activity import either
from openntz.definitions.off_drug import OffDrug


class Rebound(StrEnum):
    """Named definitions: Sørensen 2014, Gueguen 2014, the steroid cohort, the EDSS cohort."""

    SORENSEN = "sorensen"
    GUEGUEN = "gueguen"
    IVMP = "ivmp"
    EDSS = "edss"


class Met(StrEnum):
    """Whether a definition is met; unknown stays unknown."""

    YES = "met"
    NO = "not met"
    UNKNOWN = "unknown"


_FROM_BOOL = {True: Met.YES, False: Met.NO, None: Met.UNKNOWN}


class ReboundLimits(Struct, frozen=True, kw_only=True):
    """Numbers of the definitions: days, enhancing lesions to be exceeded, EDSS steps.

    ``before_days`` is the time before the first dose over which relapses are counted,
    ``follow_days`` the longest time after the last dose, ``next_drug_days`` how far into the
    next drug the steroid cohort's definition reaches.
    """

    before_days: int
    follow_days: int
    gueguen_lesions: float
    ivmp_lesions: float
    next_drug_days: int
    edss_steps: int


class ReboundVerdict(Struct, frozen=True, kw_only=True):
    """One definition's answer: why, the rows it rests on, the day of the last sign.

    ``settles`` is the day on which an open answer is decided by itself.
    """

    definition: Rebound
    met: Met
    reason: str
    refs: tuple[Ref, ...] = ()
    last_sign: date | None = None
    settles: date | None = None


def every(*parts: bool | None) -> bool | None:
    """Three-valued 'and': no if any is no, else unknown if any is unknown, else yes."""
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def edss_step(score: float) -> int:
    """Steps from 0 on the EDSS grid 0, 1.0, 1.5 ... 10, which has no 0.5."""
    return max(0, round(2 * score) - 1)


def _relapses(course: Course, first: date, last: date) -> tuple[Relapse, ...]:
    return tuple(r for r in course.relapses if first <= r.day <= last)


def _within(off: OffDrug, end: date) -> tuple[date, date]:
    """The days after the last dose up to the end of the stretch or of the window."""
    return off.last_dose.day + timedelta(days=1), min(off.until, end)


def by_relapse_rate(course: Course, off: OffDrug, limits: ReboundLimits) -> ReboundVerdict:
    """Sørensen 2014: the person's own relapse rate is higher after the drug than before it.

    A short time off the drug makes any relapse a high rate, so the rate counts as higher when the
    relapses so far make it so over the whole follow-up, or once a restart has ended the time.
    """
    name = Rebound.SORENSEN
    if not course.has("relapses"):
        return ReboundVerdict(
            definition=name, met=Met.UNKNOWN, reason="relapses are not in the export"
        )
    closes = off.last_dose.day + timedelta(days=limits.follow_days)
    after = _relapses(course, *_within(off, closes))
    refs = tuple(r.ref for r in after)
    if not after:
        return ReboundVerdict(
            definition=name, met=Met.NO, reason="no relapse recorded since the last dose"
        )
    opens = off.first_dose - timedelta(days=limits.before_days)
    day_before = off.first_dose - timedelta(days=1)
    before, ever = (
        _relapses(course, opens, day_before),
        _relapses(course, date.min, day_before),
    )
    many = "1 relapse" if len(after) == 1 else f"{len(after)} relapses"
    days = max(1, (min(off.until, closes) - off.last_dose.day).days)
    told = f"{many} in {days} days since the last dose"
    if not ever:
        # A table that begins with the drug does not say that there was none before it.
        return ReboundVerdict(
            definition=name,
            met=Met.UNKNOWN,
            reason=f"{told}, and no relapse before the first dose is recorded to compare with",
            refs=refs,
            last_sign=after[-1].day,
        )
    told = f"{told}, {len(before)} in the {limits.before_days} days before the first dose"
    settled = len(after) * limits.before_days > len(before) * limits.follow_days
    higher = len(after) * limits.before_days > len(before) * days
    met = higher if settled or not higher or off.restart is not None else None
    return ReboundVerdict(
        definition=name,
        met=_FROM_BOOL[met],
        reason=told if met is not None else f"{told}: higher so far, open until {closes}",
        refs=(*refs, *(r.ref for r in before)),
        last_sign=after[-1].day,
        settles=closes if met is None else None,
    )


def _before_drug(course: Course, first_dose: date) -> Scan | None:
    """The last scan up to the first dose that counted enhancing lesions."""
    scans = [s for s in course.mri if s.day <= first_dose and s.gadolinium_lesions is not None]
    return scans[-1] if scans else None


def _more_than_before(scan: Scan, before: Scan | None, *, new_t2: bool) -> bool | None:
    """Whether a scan shows more enhancing (or, if asked, new T2) lesions than before the drug."""
    if before is None:
        return None
    pairs = [(scan.gadolinium_lesions, before.gadolinium_lesions)]
    if new_t2:
        pairs.append((scan.new_t2_lesions, before.new_t2_lesions))
    return either(*(None if a is None or b is None else a > b for a, b in pairs))


def _lesions(scan: Scan) -> int:
    return scan.gadolinium_lesions or 0


def _relapse_and_lesions(
    course: Course, off: OffDrug, end: date, *, definition: Rebound, limit: float
) -> ReboundVerdict:
    """A relapse, and a scan with more enhancing lesions than ``limit`` and than before the drug."""
    first, last = _within(off, end)
    relapses = _relapses(course, first, last)
    relapse = bool(relapses) if relapses or course.has("relapses") else None
    counted = [s for s in course.mri if first <= s.day <= last and s.gadolinium_lesions is not None]
    many = [s for s in counted if _lesions(s) > limit]
    lesions = None if not counted else bool(many)
    before = _before_drug(course, off.first_dose)
    new_t2 = definition is Rebound.IVMP
    more = either(*(_more_than_before(s, before, new_t2=new_t2) for s in many)) if many else None
    worst = max(many or counted, key=_lesions, default=None)
    parts = [
        f"relapse on {relapses[-1].day}"
        if relapses
        else "no relapse recorded since the last dose"
        if relapse is False
        else "relapses are not in the export",
        "no MRI since the last dose counts enhancing lesions"
        if worst is None
        else f"{_lesions(worst)} enhancing on the MRI of {worst.day}",
    ]
    if many:
        parts.append(
            "no MRI before the first dose to compare with"
            if before is None
            else f"{_lesions(before)} before the drug ({before.day})"
        )
    signs = (*relapses, *many)
    return ReboundVerdict(
        definition=definition,
        met=_FROM_BOOL[every(relapse, lesions, more)],
        reason=", ".join(parts),
        refs=(
            *(r.ref for r in relapses),
            *((worst.ref,) if worst is not None else ()),
            *((before.ref,) if before is not None and many else ()),
        ),
        last_sign=max((s.day for s in signs), default=None),
    )


def by_gadolinium(course: Course, off: OffDrug, limits: ReboundLimits) -> ReboundVerdict:
    """Gueguen 2014: a relapse, more than 5 enhancing lesions, and more than before the drug."""
    closes = off.last_dose.day + timedelta(days=limits.follow_days)
    return _relapse_and_lesions(
        course, off, closes, definition=Rebound.GUEGUEN, limit=limits.gueguen_lesions
    )


def by_new_lesions(
    course: Course, off: OffDrug, limits: ReboundLimits, next_drug: date | None
) -> ReboundVerdict:
    """Steroid cohort: as Gueguen, new T2 lesions counting too, up to 6 months into the next drug.

    Without a next drug the washout goes on; where treatments are not in the export, only the
    first ``next_drug_days`` certainly lie in the window.
    """
    reach = timedelta(days=limits.next_drug_days)
    surest = off.last_dose.day + reach

    def judged(end: date) -> ReboundVerdict:
        return _relapse_and_lesions(
            course, off, end, definition=Rebound.IVMP, limit=limits.ivmp_lesions
        )

    if next_drug is not None:
        return judged(max(next_drug + reach, surest))
    open_end = judged(off.until)
    if course.has("treatments") or open_end.met is judged(surest).met:
        return open_end
    return ReboundVerdict(
        definition=Rebound.IVMP,
        met=Met.UNKNOWN,
        reason=f"{open_end.reason}; when the next drug began is not in the export",
        refs=open_end.refs,
        last_sign=open_end.last_sign,
    )


def _worst(scores: Sequence[EdssScore]) -> EdssScore:
    return max(scores, key=lambda e: e.score)


def by_disability(course: Course, off: OffDrug, limits: ReboundLimits) -> ReboundVerdict:
    """EDSS cohort: worse by 2 steps or more than the last score up to the last dose."""
    name = Rebound.EDSS
    if not course.has("edss"):
        return ReboundVerdict(
            definition=name, met=Met.UNKNOWN, reason="EDSS scores are not in the export"
        )
    closes = off.last_dose.day + timedelta(days=limits.follow_days)
    first, last = _within(off, closes)
    base = [e for e in course.edss if e.day < first]
    after = [e for e in course.edss if first <= e.day <= last]
    if not base or not after:
        lacking = "before" if not base else "since"
        return ReboundVerdict(
            definition=name, met=Met.UNKNOWN, reason=f"no EDSS score {lacking} the last dose"
        )
    from_, to = base[-1], _worst(after)
    steps = edss_step(to.score) - edss_step(from_.score)
    return ReboundVerdict(
        definition=name,
        met=_FROM_BOOL[steps >= limits.edss_steps],
        reason=f"EDSS {from_.score:g} on {from_.day}, {to.score:g} on {to.day}",
        refs=(from_.ref, to.ref),
        last_sign=to.day,
    )


def rebound(
    course: Course, off: OffDrug, limits: ReboundLimits, next_drug: date | None
) -> tuple[ReboundVerdict, ...]:
    """Every definition's answer over one stretch off natalizumab.

    Parameters
    ----------
    course : Course
        As it was known at the as-of date.
    next_drug : date, optional
        Start of the treatment that follows natalizumab.
    """
    return (
        by_relapse_rate(course, off, limits),
        by_gadolinium(course, off, limits),
        by_new_lesions(course, off, limits, next_drug),
        by_disability(course, off, limits),
    )
