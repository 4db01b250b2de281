"""Where a pregnancy stands at a date: week, expected delivery, or how it ended."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Event, Plan, Pregnancy, Symptom
from openntz.definitions.terms import asserts

_WEEK = timedelta(weeks=1).days


class PregnancyState(StrEnum):
    """What the record says about a pregnancy at a date."""

    ONGOING = "ongoing"
    DELIVERED = "delivered"
    LOST = "ended without a newborn"
    UNCLEAR = "outcome not recorded"


class PregnancyLimits(Struct, frozen=True):
    """Conventions that date a pregnancy, in days, and words that record how it ended."""

    conception_after: int
    term: int
    longest: int
    loss_terms: tuple[str, ...]
    live_terms: tuple[str, ...]


class Gestation(Struct, frozen=True, kw_only=True):
    """One pregnancy at a date.

    ``last_period`` is two weeks before conception, or the due date less the length of a
    pregnancy where no conception is recorded; week 0 begins on it. ``expected`` is the due date
    (or the day of delivery where one is entered for the future).
    """

    pregnancy: Pregnancy
    as_of: date
    state: PregnancyState
    last_period: date
    conception: date
    expected: date

    @property
    def days(self) -> int:
        """Days since the last period."""
        return (self.as_of - self.last_period).days

    @property
    def weeks(self) -> int:
        """Completed weeks."""
        return self.days // _WEEK

    @property
    def age(self) -> str:
        """Gestational age as obstetrics writes it: '31+0'."""
        return f"{self.weeks}+{self.days % _WEEK}"

    def end_of_week(self, week: int) -> date:
        """The last day of a week of pregnancy: of week 30 the day 30+6."""
        return self.last_period + timedelta(days=(week + 1) * _WEEK - 1)


def _gestation(pregnancy: Pregnancy, as_of: date, limits: PregnancyLimits) -> Gestation:
    term, offset = timedelta(days=limits.term), timedelta(days=limits.conception_after)
    if pregnancy.conception is not None:
        last_period = pregnancy.conception - offset
    elif pregnancy.due is not None:
        last_period = pregnancy.due - term
    elif pregnancy.delivery is not None:
        last_period = pregnancy.delivery - term
    else:
        last_period = pregnancy.day - offset
    expected = pregnancy.due or last_period + term
    delivered = pregnancy.delivery is not None and pregnancy.delivery <= as_of
    live = asserts(pregnancy.outcome, limits.live_terms) is not None
    if not live and asserts(pregnancy.outcome, limits.loss_terms):
        state = PregnancyState.LOST
    elif delivered:
        state = PregnancyState.DELIVERED
    elif live or (as_of - last_period).days > limits.longest:
        state = PregnancyState.UNCLEAR
    else:
        state = PregnancyState.ONGOING
    return Gestation(
        pregnancy=pregnancy,
        as_of=as_of,
        state=state,
        last_period=last_period,
        conception=last_period + offset,
        expected=pregnancy.delivery if pregnancy.delivery and not delivered else expected,
    )


def gestations(
    course: Course, booked: tuple[Event, ...], as_of: date, limits: PregnancyLimits
) -> tuple[Gestation, ...]:
    """Pregnancies that have begun by a date, in the order of conception.

    A pregnancy known only by its due date stands after the as-of date in the course; it is
    taken from the bookings when, counted back, it has begun.
    """
    expected = (e for e in booked if isinstance(e, Pregnancy))
    found = (_gestation(p, as_of, limits) for p in (*course.pregnancies, *expected))
    return tuple(sorted((g for g in found if g.conception <= as_of), key=lambda g: g.conception))


def pregnancy_wish(course: Course, terms: tuple[str, ...]) -> Plan | Symptom | None:
    """The last plan or symptom that records a wish for pregnancy, or None."""
    found: list[Plan | Symptom] = [p for p in course.plans if asserts(p.reason, terms)]
    found += [s for s in course.symptoms if asserts(f"{s.symptom}, {s.comment}", terms)]
    return max(found, key=lambda e: e.at, default=None)


def newborn_count(pregnancy: Pregnancy, terms: tuple[str, ...], denials: tuple[str, ...]) -> str:
    """What the record says of a blood count of the newborn; empty when nothing.

    It may be said in the outcome or in any further column whose name says so; a column that
    holds only a denial ('no', 'not done') counts as nothing.
    """
    if asserts(pregnancy.outcome, terms):
        return pregnancy.outcome
    for name, value in pregnancy.extra.items():
        if asserts(name, terms) and value.strip() and value.strip().casefold() not in denials:
            return f"{name}: {value}"
    return ""
