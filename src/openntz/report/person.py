"""One person as the report sees them."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Final

from msgspec import Struct

from openntz.course.course import Course
from openntz.definitions.therapy import Therapy
from openntz.forecast.decide import Decision
from openntz.forecast.result import PersonForecast
from openntz.forecast.sensor import CountsAlone
from openntz.monitor.finding import Finding, Status

# In place of the level and saturation of somebody who may not have lived to the day.
DIED: Final = "recorded as having died"


class PersonReview(Struct, frozen=True, kw_only=True, dict=True):
    """Everything the report knows about one person.

    ``course`` is the whole course, bookings after the as-of date included, ``known`` the same
    up to the as-of date; ``findings`` has one entry per rule; ``decision`` holds the dates open
    for the next dose, None where no dose is expected or nothing was forecast; ``counts_alone``
    what blood counts say of the drug, None where nothing is asked of them.
    """

    course: Course
    therapy: Therapy
    forecast: PersonForecast
    findings: tuple[Finding, ...]
    decision: Decision | None = None
    counts_alone: CountsAlone | None = None

    @cached_property
    def known(self) -> Course:
        """The course up to the as-of date; some dozen panels and sentences ask for it."""
        return self.course.until(self.as_of)

    @property
    def id(self) -> str:
        """The person's identifier as exported."""
        return self.course.person.id

    @property
    def as_of(self) -> date:
        """The day the review looks from."""
        return self.therapy.as_of

    @property
    def death(self) -> str:
        """What the rules say of somebody recorded as having died; empty of the living."""
        return next((f.message for f in self.findings if "death.begin" in f.facts), "")

    def with_status(self, status: Status) -> tuple[Finding, ...]:
        """The findings of one status in catalogue order."""
        return tuple(f for f in self.findings if f.status is status)

    def pending(self, status: Status) -> tuple[Finding, ...]:
        """The findings of one status that nobody has taken on, and everything to act on."""
        return tuple(f for f in self.with_status(status) if not f.set_apart)

    @property
    def set_apart(self) -> tuple[Finding, ...]:
        """The findings somebody has taken on, most urgent first."""
        return tuple(
            sorted((f for f in self.findings if f.set_apart), key=lambda f: f.status.urgency)
        )
