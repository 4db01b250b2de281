"""Where a person stands in therapy: on time, late, stopped, presumed stopped, or gone."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Dose, Plan, Ref


class TherapyState(StrEnum):
    """The states of contracts: a stop record is believed, without one the gap decides."""

    NEVER = "never dosed"
    ON_TIME = "on time"
    LATE = "late"
    PRESUMED_STOPPED = "presumed stopped"
    LEFT = "left treatment"
    STOPPED = "stopped"

    @property
    def on_therapy(self) -> bool:
        """Whether the next dose is still expected."""
        return self in {TherapyState.ON_TIME, TherapyState.LATE}


class TherapyLimits(Struct, frozen=True):
    """Days that decide the state; all from the registry.

    ``label_interval`` stands in when no plan is recorded; ``presumed_stopped_from`` and
    ``left_from`` count days after the last dose without a stop record.
    """

    label_interval: int
    presumed_stopped_from: int
    left_from: int


class Therapy(Struct, frozen=True, kw_only=True):
    """A person's standing at a date.

    ``planned`` is the date of the next dose: a dose entered for the future if there is one,
    else last dose plus interval; None when no dose is expected. ``interval_ref`` is None when
    the interval is the label's because no plan is recorded. ``resumes`` is set when a plan
    with an interval was made after the last dose following a stop or a presumed stop. A stop
    planned for a later day is called off by a plan with an interval made before that day.
    """

    state: TherapyState
    as_of: date
    doses: tuple[Dose, ...]
    interval_days: int
    interval_ref: Ref | None
    planned: date | None
    planned_is_booked: bool = False
    days_since_last: int | None = None
    stopped_on: date | None = None
    stop_ref: Ref | None = None
    stop_reason: str = ""
    planned_stop: date | None = None
    resumes: Plan | None = None

    @property
    def first_dose(self) -> Dose | None:
        """The first recorded dose."""
        return self.doses[0] if self.doses else None

    @property
    def last_dose(self) -> Dose | None:
        """The last dose up to the as-of date."""
        return self.doses[-1] if self.doses else None

    @property
    def off_therapy(self) -> bool:
        """Stopped on record, presumed stopped or gone; False for somebody never dosed."""
        return self.state in {
            TherapyState.STOPPED,
            TherapyState.PRESUMED_STOPPED,
            TherapyState.LEFT,
        }

    @property
    def expects_dose(self) -> bool:
        """A next dose is expected: on therapy, or off it with a dose booked or a plan to resume."""
        return self.state.on_therapy or self.planned is not None or self.resumes is not None

    @property
    def not_stopped(self) -> bool:
        """A dose is expected, or only time says none is: a stop is presumed, not recorded.

        Time alone settles no question of safety, so rules about one stay open until then.
        """
        return self.expects_dose or self.state is TherapyState.PRESUMED_STOPPED

    def gaps(self) -> tuple[tuple[Dose, Dose, int], ...]:
        """Consecutive doses with the days between them."""
        return tuple(
            (a, b, (b.day - a.day).days) for a, b in zip(self.doses, self.doses[1:], strict=False)
        )


def _called_off(stop: Plan, plans: tuple[Plan, ...]) -> bool:
    """Whether a stop planned for a later day was followed, before that day, by a plan to go on."""
    return stop.stopped is not None and any(
        p.stopped is None
        and p.planned_interval_days is not None
        and stop.day < p.day < stop.stopped
        for p in plans
    )


def _stop(plans: tuple[Plan, ...], last_dose: date | None, as_of: date) -> Plan | None:
    """The stop record still in force: no dose was given after the date it names."""
    stops = [p for p in plans if p.stopped is not None and p.stopped <= as_of]
    stops = [p for p in stops if last_dose is None or last_dose <= (p.stopped or last_dose)]
    return stops[-1] if stops else None


def therapy(course: Course, as_of: date, limits: TherapyLimits) -> Therapy:
    """Derive the standing of a person at the end of ``as_of`` (contracts, 'Tables in').

    Parameters
    ----------
    course : Course
        The whole course; events after ``as_of`` count only as bookings.
    """
    known = course.until(as_of)
    doses = known.doses
    booked = next((d.day for d in course.doses if d.day > as_of), None)
    plans = known.plans
    timed = [p for p in plans if p.planned_interval_days is not None]
    interval, interval_ref = (
        (timed[-1].planned_interval_days or limits.label_interval, timed[-1].ref)
        if timed
        else (limits.label_interval, None)
    )
    last = doses[-1].day if doses else None
    in_force = tuple(p for p in plans if not _called_off(p, plans))
    stop = _stop(in_force, last, as_of)
    planned_stop = next(
        (p.stopped for p in reversed(in_force) if p.stopped is not None and p.stopped > as_of),
        None,
    )
    if last is None:
        return Therapy(
            state=TherapyState.NEVER,
            as_of=as_of,
            doses=(),
            interval_days=interval,
            interval_ref=interval_ref,
            planned=booked,
            planned_is_booked=booked is not None,
            planned_stop=planned_stop,
        )
    days = (as_of - last).days
    due = last + timedelta(days=interval)
    if stop is not None:
        state = TherapyState.STOPPED
    elif days >= limits.left_from:
        state = TherapyState.LEFT
    elif days >= limits.presumed_stopped_from and as_of > due:
        state = TherapyState.PRESUMED_STOPPED
    else:
        state = TherapyState.LATE if as_of > due else TherapyState.ON_TIME
    resumes = None
    if not state.on_therapy:
        since = (stop.stopped if stop is not None else last) or last
        resumes = next((p for p in reversed(timed) if p.day > since and p is not stop), None)
    return Therapy(
        state=state,
        as_of=as_of,
        doses=doses,
        interval_days=interval,
        interval_ref=interval_ref,
        planned=booked or (due if state.on_therapy else None),
        planned_is_booked=booked is not None,
        days_since_last=days,
        stopped_on=stop.stopped if stop is not None else None,
        stop_ref=stop.ref if stop is not None else None,
        stop_reason=stop.reason if stop is not None else "",
        planned_stop=planned_stop,
        resumes=resumes,
    )
