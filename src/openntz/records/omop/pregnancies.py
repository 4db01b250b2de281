"""Pregnancies out of OMOP: conditions, observations, procedures and episodes that date one.

OMOP has no table of pregnancies, so the mapping file says which concept is which date, and records
that can be of one pregnancy become one row. A record that cannot be used is a problem with its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final, Literal

from msgspec import Struct

from openntz.evidence.registry import Registry
from openntz.records.omop.source import OmopFolder
from openntz.records.problems import Problem, printable

# What a concept of the mapping tells: one day of a pregnancy, or its first and last.
DateTold = Literal[
    "last period", "conception", "due", "delivery",
    "last period to delivery", "conception to delivery",
]  # fmt: skip
COLUMNS: Final = ("person", "conception", "due", "delivery", "outcome")

# By source table: its id, its concepts, the stems of its first and last day, and a column of text.
_SOURCES: Final[Mapping[str, tuple[str, tuple[str, ...], str, str, str]]] = {
    "condition_occurrence": (
        "condition_occurrence_id", ("condition_concept_id",), "condition_start", "condition_end",
        "",
    ),
    "observation": (
        "observation_id", ("observation_concept_id",), "observation", "", "value_as_string",
    ),
    "procedure_occurrence": (
        "procedure_occurrence_id", ("procedure_concept_id",), "procedure", "procedure_end", "",
    ),
    "episode": (
        "episode_id", ("episode_concept_id", "episode_object_concept_id"), "episode_start",
        "episode_end", "",
    ),
}  # fmt: skip
SOURCES: Final = frozenset(_SOURCES)


class PregnancyLimits(Struct, frozen=True):
    """How far apart the dates of one pregnancy may be."""

    period_to_conception: timedelta
    shortest_to_due: timedelta
    longest: timedelta

    @classmethod
    def of(cls, evidence: Registry) -> PregnancyLimits:
        """The registry's numbers, the same as when a table of pregnancies is read."""

        def days(name: str) -> timedelta:
            return timedelta(days=evidence.fact(name).number)

        return cls(
            period_to_conception=days("pregnancy.conception-after"),
            shortest_to_due=days("plausible.pregnancy.due-shortest"),
            longest=days("plausible.pregnancy.longest"),
        )


class _Told(Struct, frozen=True):
    """One date that a record tells, with the record's table and id."""

    day: date
    what: Literal["conception", "due", "delivery"]
    outcome: str
    table: str
    record: str


class _Pregnancy(Struct):
    """A row while it is put together."""

    conception: date | None = None
    due: date | None = None
    delivery: date | None = None
    outcome: str = ""


def pregnancies(
    source: OmopFolder, limits: PregnancyLimits
) -> tuple[list[tuple[str, ...]], list[Problem]]:
    """Rows of the table in the order of ``COLUMNS``, and the records that could not be used."""
    told: dict[int, list[_Told]] = {}
    problems: list[Problem] = []
    for name in sorted(SOURCES & set(source.tables)):
        for record in _records(source, name):
            found = _told(name, record, limits)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                told.setdefault(record[0], []).extend(found)
    rows = []
    for person in sorted(told):
        for p in _merged(person, told[person], limits, problems):
            days = (p.conception, p.due, p.delivery)
            rows.append((str(person), *("" if d is None else d.isoformat() for d in days),
                         p.outcome))  # fmt: skip
    return rows, problems


def _records(source: OmopFolder, name: str) -> Iterator[tuple[Any, ...]]:
    """Person, id, meaning, outcome, first and last day and text of the records that are mapped."""
    own, concepts, start, end, text = _SOURCES[name]

    def day(stem: str) -> str:
        written = (f"TRY_CAST({stem}_{kind} AS TIMESTAMP)" for kind in ("date", "datetime"))
        return f"CAST(coalesce({', '.join(written)}) AS DATE)" if stem else "NULL"

    ids = " UNION ALL ".join(
        f"SELECT rowid_, TRY_CAST({concept} AS BIGINT) AS id FROM r" for concept in concepts
    )
    yield from source.rows(
        f"WITH r AS (SELECT *, row_number() OVER () AS rowid_ FROM {name}),"
        f" c AS ({ids}) SELECT DISTINCT TRY_CAST(person_id AS BIGINT), {own}, d.what, o.what,"
        f" {day(start)}, {day(end)}, {text or 'NULL'} FROM r JOIN c USING (rowid_)"
        " LEFT JOIN m_pregnancies AS d ON d.id = c.id"
        " LEFT JOIN m_pregnancy_outcomes AS o ON o.id = c.id"
        " WHERE d.what IS NOT NULL OR o.what IS NOT NULL ORDER BY ALL"
    )


def _told(name: str, record: tuple[Any, ...], limits: PregnancyLimits) -> list[_Told] | Problem:
    """The dates of a record, or why it tells none."""
    person, own, what, outcome, first, last, text = record

    def problem(column: str, value: Any, reason: str, remedy: str) -> Problem:
        place = f"record {own}: " if own else ""
        return Problem(
            name, 0, column, printable(str(value or "")), f"{place}{reason}", remedy, "row",
            person="" if person is None else str(person),
        )  # fmt: skip

    stem, column = _SOURCES[name][2], _SOURCES[name][4]
    if person is None:
        return problem("person_id", "", "no number of a person.", "Correct it in the source.")
    if what == "due":
        day = _day(text)
        if day is None:
            at = column or f"{stem}_date"
            reason = "no expected day of delivery as text, 2024-06-30."
            return problem(at, text, reason, "Write it into value_as_string of an observation.")
        return [_Told(day, "due", "", name, str(own or ""))]
    if first is None:
        reason = "no date that can be read."
        return problem(f"{stem}_date", "", reason, "Correct it in the source.")
    if what is None:
        return [_Told(first, "delivery", outcome, name, str(own or ""))]
    start, _, end = what.partition(" to ")
    if start == "delivery":
        return [_Told(first, "delivery", outcome or "", name, str(own or ""))]
    conceived = first + limits.period_to_conception if start == "last period" else first
    found = [_Told(conceived, "conception", "", name, str(own or ""))]
    # An end on the first day is that of a record, not of a pregnancy; without one it goes on.
    if end and last is not None and last > conceived:
        found.append(_Told(last, "delivery", outcome or "", name, str(own or "")))
    return found


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _merged(
    person: int, told: list[_Told], limits: PregnancyLimits, problems: list[Problem]
) -> list[_Pregnancy]:
    """Pregnancies of a person: beginnings and ends in their order, then the due dates that fit."""
    found: list[_Pregnancy] = []
    in_order = sorted(
        told, key=lambda t: (t.what == "due", t.day, t.what != "conception", not t.outcome)
    )
    for t in in_order:
        own = next((p for p in reversed(found) if _same(p, t, limits)), None)
        if own is None:
            own = _Pregnancy()
            found.append(own)
        known = getattr(own, t.what)
        differs = "another outcome" if known == t.day else f"another day of {t.what}"
        if known not in (None, t.day) or (own.outcome and t.outcome not in ("", own.outcome)):
            problems.append(
                Problem(
                    t.table, 0, "", t.day.isoformat(),
                    f"record {t.record}: {differs} ({t.outcome or t.what}) of the pregnancy with"
                    f" {known}.", "Keep the right record.", "row", person=str(person),
                )
            )  # fmt: skip
            continue
        setattr(own, t.what, t.day)
        own.outcome = own.outcome or t.outcome
    return sorted(found, key=lambda p: p.conception or p.due or p.delivery or date.min)


def _same(p: _Pregnancy, told: _Told, limits: PregnancyLimits) -> bool:
    """Whether a date can be of a pregnancy."""
    if p.conception is None:
        # Of one known by its end alone: other ends of that time are of the same child or a twin.
        known = p.delivery or p.due
        near = known is not None and abs(told.day - known) < limits.shortest_to_due
        return near and told.what != "conception"
    if told.what == "conception":
        return p.delivery is None and told.day < p.conception + limits.shortest_to_due
    shortest = limits.shortest_to_due if told.what == "due" else timedelta(0)
    return p.conception + shortest <= told.day <= p.conception + limits.longest
