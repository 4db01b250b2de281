"""From the rows of one person to a course: repeated rows, contradictions, impossible orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from openntz.course.course import TABLES, Course
from openntz.course.events import Dose, Event, Measurement, Person
from openntz.records.at_odds import say_at_odds
from openntz.records.doses_by_weight import DosePerKg, in_mg
from openntz.records.limits import Limits
from openntz.records.problems import CellError, Log

# Of these, two different rows at one moment are unusual enough to be said.
_ONE_AT_A_TIME: Final = frozenset({"mri", "edss"})
# The column that says when.
_MOMENT: Final = {
    **dict.fromkeys(("plans", "mri", "edss", "symptoms"), "date"),
    **dict.fromkeys(("doses", "treatments"), "start"),
    **dict.fromkeys(("reactions", "relapses"), "onset"),
    "measurements": "taken",
    "pregnancies": "conception",
}
_TIMELESS: Final = frozenset({"ref", "extra", "as_written"})


class PersonRows(Struct):
    """What the tables hold about one person; ``person`` is None without a row in people."""

    person: Person | None = None
    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))


class Count(Struct):
    """Rows of one table by what became of them."""

    read: int = 0
    used: int = 0
    rejected: int = 0
    duplicate: int = 0
    later: int = 0


def _sameness(kind: type[Event]) -> Callable[[Any], tuple[Any, ...]]:
    """What makes two events of a kind the same, apart from columns outside the contract."""
    return attrgetter(*(f for f in kind.__struct_fields__ if f not in _TIMELESS))


class Assembler:
    """Turns the rows of each person into a course, counting what becomes of every row."""

    def __init__(self, limits: Limits, log: Log, recorded: Iterable[str]) -> None:
        self._limits = limits
        self._log = log
        self._recorded = frozenset(recorded)
        self._same: dict[type[Event], Callable[[Any], tuple[Any, ...]]] = {}
        self.counts: dict[str, Count] = {name: Count() for name in TABLES}
        self._cut = datetime.combine(limits.as_of, datetime.max.time())

    def course(self, name: str, rows: PersonRows) -> Course:
        """The course of one person."""
        person = rows.person or self._stranger(name, rows)
        person = self._checked_birth(person, rows)
        kept = {table: self._kept(table, name, events) for table, events in rows.events.items()}
        if person.birth_date is not None:
            kept = {
                table: self._after_birth(table, person, events) for table, events in kept.items()
            }
        if "doses" in kept:
            given = self._in_mg(name, kept["doses"], kept.get("measurements", []))
            kept["doses"] = self._doses(name, given)
        for table, events in kept.items():
            self._count_used(table, events)
        lost = self._log.incomplete.get(name, set())
        # An empty list of a recorded table says 'none recorded'; here there was something.
        unknown = {table for table in lost if not kept.get(table)}
        if rows.person is not None:
            unknown.discard("people")
        course = Course.create(person, recorded=self._recorded - unknown, **kept)
        say_at_odds(course, self._limits.as_of, self._limits.death, lost, self._log)
        return course

    def _stranger(self, name: str, rows: PersonRows) -> Person:
        first = min(
            (event for events in rows.events.values() for event in events),
            key=lambda e: (TABLES.index(e.ref.table), e.ref.line),
        )
        self._log.note(
            "assumed",
            first.ref.table,
            "person",
            name,
            "Not in the table people; used with birth date, sex and onset unknown.",
            "Add the person to people, or mend the identifier.",
            person=name,
        ).add(first.ref.line)
        return Person(id=name, ref=first.ref)

    def _checked_birth(self, person: Person, rows: PersonRows) -> Person:
        """The person without a birth date that most of their events precede."""
        birth = person.birth_date
        if birth is None:
            return person
        days = [event.at.date() for events in rows.events.values() for event in events]
        before = sum(day < birth for day in days)
        if person.ref is None or 2 * before <= len(days):
            return person
        self._log.set_aside(
            "cell",
            "people",
            person.ref.line,
            CellError(
                "birth_date",
                birth.isoformat(),
                f"{before} of {len(days)} dated rows of this person lie before it; it is taken as"
                " unknown.",
                "Check the birth date.",
            ),
            person.id,
        )
        return replace(person, birth_date=None)

    def _after_birth(self, table: str, person: Person, events: list[Event]) -> list[Event]:
        birth = person.birth_date
        if birth is None or not events or min(e.at for e in events).date() >= birth:
            return events
        for event in events:
            if event.at.date() < birth:
                error = CellError(
                    _MOMENT[table],
                    str(event.at.date()),
                    f"before the birth date {birth}.",
                    "Check the date here and the birth date in people.",
                )
                self._reject(table, event, error, person.id)
        return [event for event in events if event.at.date() >= birth]

    def _reject(self, table: str, event: Event, error: CellError, person: str) -> None:
        self._log.set_aside("row", table, event.ref.line, error, person)
        self.counts[table].rejected += 1

    def _kept(self, table: str, name: str, events: list[Event]) -> list[Event]:
        """The events without rows that say exactly what another row says."""
        events.sort(key=attrgetter("at"))
        kept: list[Event] = []
        moment: datetime | None = None
        seen: dict[str, Event | dict[Hashable, Event]] = {}
        for event in events:
            if event.at != moment:
                moment = event.at
                seen = {}
            subject = event.test if isinstance(event, Measurement) else table
            others = seen.setdefault(subject, event)
            if others is not event:
                # Nearly every event is the only one of its moment, and is never compared.
                if isinstance(others, Event):
                    others = seen[subject] = {self._identity(others): others}
                key = self._identity(event)
                twin = others.get(key)
                if twin is not None and not self._is_half_dose(event):
                    self._duplicate(table, name, twin, event)
                    continue
                if _contradicts(table, next(iter(others.values())), event):
                    self._say_rival(table, name, event)
                others[key] = event
            kept.append(event)
        return kept

    def _identity(self, event: Event) -> Hashable:
        same = self._same.get(type(event))
        if same is None:
            same = self._same[type(event)] = _sameness(type(event))
        return same(event), tuple(event.extra.items())

    def _is_half_dose(self, event: Event) -> bool:
        """Two syringes make one subcutaneous dose, so equal rows need not be one row twice."""
        return (
            isinstance(event, Dose)
            and event.route == "SC"
            and event.amount_mg == self._limits.sc_injection_mg
        )

    def _duplicate(self, table: str, name: str, twin: Event, event: Event) -> None:
        first, second = sorted((twin.ref.line, event.ref.line))
        self._log.note(
            "duplicate",
            table,
            "person",
            name,
            f"The row says what line {first} says; it is set aside.",
            "Export each row once.",
            each=str(second),
        ).add(second)
        self.counts[table].duplicate += 1

    def _say_rival(self, table: str, name: str, event: Event) -> None:
        reason = (
            "Another row of this person says something else for the same moment; both are used."
        )
        remedy = "Check which of the two is right."
        self._log.note("assumed", table, "person", name, reason, remedy).add(event.ref.line)

    def _in_mg(self, name: str, doses: list[Event], measured: list[Event]) -> list[Event]:
        """The doses, those written in mg/kg with the weight of their day."""
        if not any(isinstance(dose, DosePerKg) for dose in doses):
            return doses
        kept: list[Event] = []
        for dose in doses:
            try:
                by_weight = isinstance(dose, DosePerKg)
                kept.append(in_mg(dose, measured, self._limits, self._log) if by_weight else dose)
            except CellError as error:
                self._reject("doses", dose, error, name)
        return kept

    def _doses(self, name: str, doses: list[Event]) -> list[Event]:
        """One dose at a time: halves joined, rivals set aside, overlaps said."""
        kept: list[Dose] = []
        for dose in doses:
            if not isinstance(dose, Dose):
                raise TypeError(type(dose))
            last = kept[-1] if kept else None
            if last is None or last.at.date() != dose.at.date():
                pass
            elif joined := self._joined(last, dose):
                kept[-1] = joined
                continue
            elif dose.at == last.at or not (dose.time_known and last.time_known):
                self._reject_rival(name, last, dose)
                continue
            self._say_overlap(name, last, dose)
            kept.append(dose)
        return list(kept)

    def _joined(self, one: Dose, other: Dose) -> Dose | None:
        """Two injections of half a dose on one day as one dose, or None."""
        half, whole = self._limits.sc_injection_mg, self._limits.dose_label_mg
        if not (one.route == other.route == "SC" and one.amount_mg == other.amount_mg == half):
            return None
        amount = one.amount_mg + other.amount_mg
        if amount > whole:
            return None
        self._log.note(
            "assumed",
            "doses",
            "dose_mg",
            f"{other.amount_mg:g}",
            f"Two injections of {half:g} mg on one day are taken as one dose of {amount:g} mg.",
        ).add(other.ref.line)
        self.counts["doses"].used += 1
        batches = dict.fromkeys(batch for batch in (one.batch, other.batch) if batch)
        return replace(one, amount_mg=amount, batch=" + ".join(batches))

    def _reject_rival(self, name: str, kept: Dose, dose: Dose) -> None:
        same = "start" if dose.at == kept.at else "day, one of them without a time,"
        error = CellError(
            "start",
            dose.at.isoformat(timespec="minutes") if dose.time_known else str(dose.day),
            f"another dose of this person has the same {same} but differs otherwise: line"
            f" {kept.ref.line}, which is used.",
            "Keep the right one.",
        )
        self._reject("doses", dose, error, name)

    def _say_overlap(self, name: str, last: Dose | None, dose: Dose) -> None:
        if last is None:
            return
        if last.end is not None and last.end > dose.at:
            reason = "The infusion starts before the one before it has ended; both are used."
        elif last.at.date() == dose.at.date():
            reason = "Another dose is recorded on the same day; both are used."
        else:
            return
        self._log.note(
            "assumed",
            "doses",
            "start",
            dose.at.isoformat(timespec="minutes"),
            reason,
            f"Check both: lines {last.ref.line} and {dose.ref.line}.",
            each=str(dose.ref.line),
            person=name,
        ).add(dose.ref.line)

    def _count_used(self, table: str, events: list[Event]) -> None:
        count = self.counts[table]
        count.used += len(events)
        if not events or max(event.at for event in events) <= self._cut:
            return
        as_of = self._limits.as_of
        reason = f"Dated after {as_of}, the day of the review: kept as planned, not used."
        for event in events:
            if event.at > self._cut:
                value = str(event.at.date())
                self._log.note("later", table, _MOMENT[table], value, reason).add(event.ref.line)
                count.later += 1


def _contradicts(table: str, one: Event, other: Event) -> bool:
    """Whether two different rows of one moment cannot both be meant."""
    if isinstance(one, Measurement) and isinstance(other, Measurement):
        return one.test == other.test and (
            (one.value, one.censor, one.answer) != (other.value, other.censor, other.answer)
            and one.unit == other.unit
            and one.assay == other.assay
        )
    return table in _ONE_AT_A_TIME
