"""Time off natalizumab after doses: the stretch somebody is in, or the one a restart ended."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Dose, Treatment
from openntz.definitions.therapy import Therapy
from openntz.definitions.treatments import TreatmentKind, TreatmentNames, kind_of


class OffDrug(Struct, frozen=True):
    """A stretch without doses: ``until`` is the as-of date, or the day of the ``restart``."""

    first_dose: date
    last_dose: Dose
    until: date
    restart: Dose | None = None


def recent_restart(
    course: Course, therapy: Therapy, gap_days: int, recent_days: int
) -> tuple[Dose, Dose] | None:
    """The dose before the latest restart and the restart, if that is not older than asked.

    A restart is a dose at least ``gap_days`` after the one before, or any after a recorded stop.
    """
    stops = [p.stopped for p in course.plans if p.stopped is not None]
    oldest = therapy.as_of - timedelta(days=recent_days)
    doses = therapy.doses
    for before, dose in zip(reversed(doses[:-1]), reversed(doses[1:]), strict=True):
        from_, to = before.day, dose.day
        if to < oldest:
            return None
        if (to - from_).days >= gap_days or any(from_ <= s < to for s in stops):
            return before, dose
    return None


def off_drug(course: Course, therapy: Therapy, gap_days: int, recent_days: int) -> OffDrug | None:
    """The stretch off the drug that matters now: the open one, else one ended by a new restart."""
    first, last = therapy.first_dose, therapy.last_dose
    if first is None or last is None:
        return None
    if therapy.off_therapy:
        return OffDrug(first.day, last, therapy.as_of)
    found = recent_restart(course, therapy, gap_days, recent_days)
    return None if found is None else OffDrug(first.day, found[0], found[1].day, found[1])


def successors(
    treatments: tuple[Treatment, ...], off: OffDrug, names: TreatmentNames, overlap_days: int
) -> tuple[Treatment, ...]:
    """Disease-modifying or immunosuppressive treatments that follow natalizumab, earliest first.

    Those begun no earlier than ``overlap_days`` before the last dose, or during natalizumab and
    not over by then; all before any restart.
    """
    last = off.last_dose.day
    about = last - timedelta(days=overlap_days)
    wanted = {TreatmentKind.DMT, TreatmentKind.IMMUNOSUPPRESSANT}
    return tuple(
        t
        for t in sorted(treatments, key=lambda t: t.at)
        if (t.day >= about or (t.day > off.first_dose and (t.end is None or t.end > last)))
        and (off.restart is None or t.day < off.restart.day)
        and kind_of(t, names) in wanted
    )
