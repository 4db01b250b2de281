"""A person's treatment as one immutable, ordered record."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.events import (
    Dose,
    EdssScore,
    Event,
    Measurement,
    Person,
    Plan,
    Pregnancy,
    Reaction,
    Relapse,
    Scan,
    Symptom,
    Treatment,
)
from openntz.errors import InputError

TABLES = (
    "people",
    "plans",
    "doses",
    "measurements",
    "reactions",
    "mri",
    "relapses",
    "edss",
    "symptoms",
    "treatments",
    "pregnancies",
)
# The tables whose rows are events, in the order of the fields of a course.
EVENT_TABLES: Final = TABLES[1:]

Found = TypeVar("Found")


def age_on(birth_date: date, day: date) -> int:
    """Completed years of age on a day; a 29 February birthday counts from 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


class Course(Struct, frozen=True, kw_only=True, dict=True):
    """Everything recorded about one person's treatment, each list in time order.

    ``recorded`` names the tables the export contained: an empty list of a recorded table means
    'none recorded for this person', of a missing table 'nobody looked'.
    """

    person: Person
    recorded: frozenset[str]
    plans: tuple[Plan, ...] = ()
    doses: tuple[Dose, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    mri: tuple[Scan, ...] = ()
    relapses: tuple[Relapse, ...] = ()
    edss: tuple[EdssScore, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    pregnancies: tuple[Pregnancy, ...] = ()

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        """What was worked out about it; no part of the course, so never copied or sent."""
        return {}

    @classmethod
    def create(
        cls, person: Person, *, recorded: Iterable[str] = TABLES, **events: Iterable[Event]
    ) -> Course:
        """Sort and check the events of one person.

        Raises
        ------
        InputError
            When a table name is unknown, an identifier is empty, or a dose is not positive.
        """
        tables = frozenset(recorded)
        unknown = (tables | set(events)) - set(TABLES)
        if unknown:
            raise InputError(
                f"unknown table {sorted(unknown)[0]!r}.", remedy=f"Tables are {', '.join(TABLES)}."
            )
        if not person.id:
            raise InputError("a person without identifier.", remedy="Give every row a person.")
        ordered = {
            name: tuple(sorted(rows, key=lambda e: (e.at, e.ref.line)))
            for name, rows in events.items()
        }
        course = cls(person=person, recorded=tables, **ordered)  # type: ignore[arg-type]
        for dose in course.doses:
            if not dose.amount_mg > 0:
                raise InputError(
                    f"dose of {dose.amount_mg} mg.",
                    where=str(dose.ref),
                    remedy="A dose is a positive amount in mg.",
                )
            if dose.end is not None and dose.end <= dose.at:
                raise InputError(
                    "the infusion ends before it starts.",
                    where=str(dose.ref),
                    remedy="Leave the end empty when it is not known.",
                )
        return course

    def until(self, as_of: date) -> Course:
        """The course as it was known at the end of a day: later events are left out.

        Where there are none it is this very course, with what was worked out about it.
        """
        limit = datetime.combine(as_of, time.min) + timedelta(days=1)
        kept = {}
        for name in EVENT_TABLES:
            events = getattr(self, name)
            if any(e.at >= limit for e in events):
                kept[name] = tuple(e for e in events if e.at < limit)
        return replace(self, **kept) if kept else self

    def after(self, as_of: date) -> tuple[Event, ...]:
        """Events dated after a day: kept and shown, not used as history."""
        limit = datetime.combine(as_of, time.min) + timedelta(days=1)
        return tuple(e for name in EVENT_TABLES for e in getattr(self, name) if e.at >= limit)

    def has(self, table: str) -> bool:
        """Whether the export contained this table at all."""
        return table in self.recorded

    def results(self, *tests: str) -> tuple[Measurement, ...]:
        """Measurements of the named tests (canonical names) in time order."""
        # Asked for a dozen times a person, of a hundred results or more.
        if tests not in self._kept:
            self._kept[tests] = tuple(m for m in self.measurements if m.test in tests)
        return cast("tuple[Measurement, ...]", self._kept[tests])

    def derived(self, what: Callable[..., Found], *limits: Hashable) -> Found:
        """``what(course, *limits)``, worked out once: many rules ask the same of a person.

        Parameters
        ----------
        what : callable
            A function of a module that depends on the course and ``limits`` alone and answers
            with something that nobody changes.
        """
        asked = (what, limits)
        if asked not in self._kept:
            self._kept[asked] = what(self, *limits)
        return cast(Found, self._kept[asked])
