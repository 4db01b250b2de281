"""A course as the model sees it: dose schedule, weight and antibodies over time, level times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Dose, Measurement
from openntz.mechanism.regimen import Schedule

DAY: Final = timedelta(days=1)


class Assumed(Struct, frozen=True):
    """What stands in for a time that is not recorded.

    ``hour`` is the time of day of an event with a date only; ``infusion_minutes`` the length
    of an infusion without end.
    """

    hour: float
    infusion_minutes: float

    @property
    def clock(self) -> timedelta:
        """The assumed time of day, from midnight."""
        return timedelta(hours=self.hour)


class AntibodyEffect(Struct, frozen=True):
    """When antibodies that raise clearance were present; ``until`` None means they still are."""

    since: datetime
    until: datetime | None = None


class History(Struct, frozen=True):
    """Doses, weight and antibody state on one time axis in days from ``origin``.

    ``weight_kg`` and ``antibodies`` have one entry per covariate segment, carried forward from
    the segment's start (LOCF; the first weight also covers the time before it). ``weight_kg``
    is None when no weight is recorded.
    """

    origin: datetime
    schedule: Schedule
    segment_day: NDArray[np.float64]
    weight_kg: NDArray[np.float64] | None
    antibodies: NDArray[np.bool_]
    assumed: Assumed
    dose_starts: tuple[datetime, ...]
    dose_ends: tuple[datetime, ...]
    dose_time_known: tuple[bool, ...]

    def day(self, moment: datetime) -> float:
        """Days from the origin."""
        return (moment - self.origin) / DAY

    @property
    def last_dose(self) -> datetime:
        """Start of the last dose."""
        return self.dose_starts[-1]


def dose_interval(dose: Dose, assumed: Assumed) -> tuple[datetime, datetime]:
    """Start and end of a dose, with what is not recorded assumed.

    An injection ends when it starts.
    """
    start = dose.at if dose.time_known else dose.at + assumed.clock
    if dose.route == "SC":
        return start, start
    if dose.end is not None and dose.time_known:
        return start, dose.end
    return start, start + timedelta(minutes=assumed.infusion_minutes)


def build_history(
    doses: Iterable[Dose],
    weights: Iterable[Measurement],
    antibodies: AntibodyEffect | None,
    assumed: Assumed,
) -> History:
    """Put doses, weights and antibodies on one axis that starts at the first dose's midnight.

    Parameters
    ----------
    doses : iterable of Dose
        At least one, in time order.
    weights : iterable of Measurement
        Quantified weights in kg.
    """
    given = tuple(doses)
    spans = [dose_interval(d, assumed) for d in given]
    origin = spans[0][0].replace(hour=0, minute=0, second=0, microsecond=0)
    starts = np.array([(s - origin) / DAY for s, _ in spans])
    ends = np.array([(e - origin) / DAY for _, e in spans])
    schedule = Schedule(
        start_day=starts,
        duration_day=ends - starts,
        amount_mg=np.array([d.amount_mg for d in given]),
        subcutaneous=np.array([d.route == "SC" for d in given]),
    )
    measured = [(m.at, m.value) for m in weights if m.value is not None and not m.censor]
    moments = {at for at, _ in measured[1:]}
    if antibodies is not None:
        moments |= {t for t in (antibodies.since, antibodies.until) if t is not None}
    cuts = [origin - DAY, *sorted(m for m in moments if m > origin - DAY)]
    weight = None
    if measured:
        weight = np.array(
            [[v for at, v in measured if at <= cut or at == measured[0][0]][-1] for cut in cuts]
        )
    present = [
        antibodies is not None
        and antibodies.since <= cut
        and (antibodies.until is None or cut < antibodies.until)
        for cut in cuts
    ]
    return History(
        origin=origin,
        schedule=schedule,
        segment_day=np.array([(cut - origin) / DAY for cut in cuts]),
        weight_kg=weight,
        antibodies=np.array(present),
        assumed=assumed,
        dose_starts=tuple(s for s, _ in spans),
        dose_ends=tuple(e for _, e in spans),
        dose_time_known=tuple(d.time_known for d in given),
    )


def level_moment(level: Measurement, history: History) -> datetime:
    """When a level was drawn, as far as the record says.

    A level whose time of day is unknown counts as a trough: on a dose day it is put at the
    start of that dose, on another day at the assumed time. The same holds for a timed level on
    the day of an untimed dose, since their order is not recorded.
    """
    for start, known in zip(history.dose_starts, history.dose_time_known, strict=True):
        if start.date() == level.day and not (known and level.time_known):
            return start
    return level.at if level.time_known else level.at + history.assumed.clock


def weights_of(course: Course) -> tuple[Measurement, ...]:
    """Quantified body weights in time order."""
    return tuple(m for m in course.results(vocabulary.WEIGHT) if m.value is not None)
