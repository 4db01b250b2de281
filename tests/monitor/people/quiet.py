"""A person with whom nothing is wrong: every check in time, every value normal.

Hand-made people start from this one and differ in the one thing they are about, so that every
other rule has to stay silent about them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from openntz.course import vocabulary as v
from openntz.course.course import TABLES, Course
from openntz.course.events import Dose, Measurement, Person
from tests.build import (
    AS_OF,
    antibody,
    dose,
    edss,
    level,
    measurement,
    person,
    plan,
    relapse,
    scan,
)

WEEK = timedelta(weeks=1)
EVERY_12_WEEKS = 12 * WEEK
EVERY_24_WEEKS = 24 * WEEK


def days(number: int) -> timedelta:
    """So many days."""
    return timedelta(days=number)


def given(day: date, number: int = 2, *, route: Any = "IV", **recorded: Any) -> Dose:
    """One dose at ten, an hour long if infused, with product, batch and place on record."""
    start = datetime.combine(day, time(10))
    end = start + timedelta(hours=1) if route == "IV" else None
    known = {"product": "Tysabri", "batch": f"B{number}", "setting": "clinic", **recorded}
    return dose(start, end=end, route=route, line=number, **known)


def blood(day: date, *, risen: bool = True, **other: float | None) -> tuple[Measurement, ...]:
    """A blood count with liver tests; ``risen``: as it is while the drug works.

    ``other`` replaces a value by test name with underscores; None leaves that test out.
    """
    usual: dict[str, float | None] = {
        v.LYMPHOCYTES: 3.4 if risen else 2.0,
        v.CD19: 420.0 if risen else 210.0,
        v.NEUTROPHILS: 4.1,
        v.MONOCYTES: 0.5,
        v.EOSINOPHILS: 0.2,
        v.PLATELETS: 240.0,
        v.HAEMOGLOBIN: 138.0,
        v.ALT: 22.0,
        v.AST: 20.0,
        v.BILIRUBIN: 9.0,
    }
    values = {**usual, **other}
    return tuple(
        measurement(test, day, value, line=2 + at)
        for at, (test, value) in enumerate(values.items())
        if value is not None
    )


class Quiet(Struct, frozen=True):
    """The tables of such a person, to be changed table by table."""

    first: date
    last: date
    who: Person
    tables: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def with_(self, who: Person | None = None, **more: Iterable[Any]) -> Quiet:
        """The same with more rows."""
        added = {name: (*self.tables.get(name, ()), *rows) for name, rows in more.items()}
        return replace(self, who=who or self.who, tables={**self.tables, **added})

    def instead(self, **tables: Iterable[Any]) -> Quiet:
        """The same with other tables."""
        return replace(
            self, tables={**self.tables, **{name: tuple(rows) for name, rows in tables.items()}}
        )

    def no_test(self, *tests: str) -> Quiet:
        """The same without any result of these tests."""
        kept = (m for m in self.tables["measurements"] if m.test not in tests)
        return self.instead(measurements=kept)

    def no_test_from(self, day: date, *tests: str) -> Quiet:
        """The same without any result of these tests from a day on."""
        kept = (m for m in self.tables["measurements"] if m.test not in tests or m.day < day)
        return self.instead(measurements=kept)

    def course(self, *, lacking: Iterable[str] = ()) -> Course:
        """The course, of an export that lacks the tables named."""
        held = tuple(t for t in TABLES if t not in set(lacking))
        rows = {name: r for name, r in self.tables.items() if name in held}
        return Course.create(self.who, recorded=held, **rows)


def _checks(first: date, until: date, jcv_index: float, trough: float) -> list[Measurement]:
    made: list[Measurement] = [
        *blood(first - days(3), risen=False),
        antibody(first - days(3), "negative", line=12),
        measurement(v.JCV_INDEX, first - days(3), jcv_index, line=13),
        measurement(v.WEIGHT, first - days(3), 70.0, line=14),
    ]
    day, line = first + EVERY_12_WEEKS, 20
    while day <= until:
        made += blood(day)
        made.append(antibody(datetime.combine(day, time(9)), "negative", line=line))
        made.append(measurement(v.JCV_INDEX, day, jcv_index, line=line + 2))
        if (day - first) % EVERY_24_WEEKS == timedelta(0):
            made.append(level(datetime.combine(day, time(9)), trough, line=line + 1))
        day, line = day + EVERY_12_WEEKS, line + 20
    return made


def quiet(
    count: int = 20,
    since_last: int = 10,
    *,
    as_of: date = AS_OF,
    interval: int = 28,
    route: Any = "IV",
    jcv_index: float = 0.1,
    trough: float = 28.0,
) -> Quiet:
    """A woman of 39 years with relapsing MS, ``count`` doses, the last ``since_last`` days ago."""
    last = as_of - days(since_last)
    first = last - days(interval) * (count - 1)
    visits = [first - days(3)]
    visits += [first + EVERY_12_WEEKS * i for i in range(1, (as_of - first) // EVERY_12_WEEKS + 1)]
    talks = [first - days(3), first + days(720)]
    return Quiet(
        first,
        last,
        replace(person(), diagnosis="RRMS", conditions="none"),
        {
            "doses": tuple(
                given(first + days(interval) * i, 2 + i, route=route) for i in range(count)
            ),
            "plans": (
                plan(first - days(3), interval),
                *(replace(plan(t, line=3), consent=t) for t in talks if t <= as_of),
                *(
                    replace(plan(t, line=4), authorised=t)
                    for t in visits
                    if (t - first) % EVERY_24_WEEKS == timedelta(0)
                ),
            ),
            "measurements": tuple(_checks(first, as_of, jcv_index, trough)),
            "mri": (
                scan(first - days(30)),
                *(scan(t, line=3) for t in visits[1:]),
            ),
            "edss": tuple(edss(t, 2.0) for t in visits),
            "relapses": (relapse(first - days(200)),),
        },
    )
