"""What was read, in numbers and sentences: the content of `openntz check`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from openntz.course.course import TABLES
from openntz.course.vocabulary import NATALIZUMAB
from openntz.records.problems import Problem, ProblemKind, Records, TableSummary

# In the order a reader wants them: what is lost first, what merely was said last.
HEADINGS: dict[ProblemKind, str] = {
    "file": "Files set aside",
    "row": "Rows set aside",
    "cell": "Cells set aside (the row is used)",
    "duplicate": "Repeated rows (set aside; nothing is lost)",
    "assumed": "Assumptions",
    "later": "Kept as planned, not used",
    "read as": "How spellings were read",
    "information": "Remarks",
}


class Overview(Struct, frozen=True):
    """The numbers at the top: what there is, from when to when.

    ``first`` and ``last`` bound the events up to the as-of day, None when there are none.
    """

    people: int
    doses: int
    levels: int
    first: date | None
    last: date | None
    tables: tuple[TableSummary, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]
    broken_off: tuple[str, ...]
    set_aside: int
    notes: int


def overview(records: Records) -> Overview:
    """Count what the courses hold up to the as-of day."""
    known = [course.until(records.as_of) for course in records.courses.values()]
    days = [event.day for c in known for table in TABLES[1:] for event in getattr(c, table)]
    return Overview(
        people=len(known),
        doses=sum(len(course.doses) for course in known),
        levels=sum(len(course.results(NATALIZUMAB)) for course in known),
        first=min(days, default=None),
        last=max(days, default=None),
        tables=tuple(records.tables.values()),
        missing=records.missing,
        unreadable=records.unreadable,
        broken_off=records.broken_off,
        set_aside=len(records.rejected),
        notes=len(records.notes),
    )


def sentence(records: Records, problem: Problem) -> str:
    """One problem on one line: where, which column, which value, why, and the remedy."""
    parts = [records.place(problem)]
    if problem.column:
        parts.append(problem.column)
    if problem.value:
        parts.append(f"'{problem.value}'")
    parts.append(problem.reason)
    if problem.remedy:
        parts.append(f"Remedy: {problem.remedy}")
    return "  ".join(parts)


def by_kind(records: Records) -> dict[ProblemKind, tuple[Problem, ...]]:
    """Everything that has to be said, by kind, in the order of ``HEADINGS``; none is empty."""
    said = (*records.rejected, *records.notes)
    groups: dict[ProblemKind, tuple[Problem, ...]] = {}
    for kind in HEADINGS:
        if problems := tuple(p for p in said if p.kind == kind):
            groups[kind] = problems
    return groups


def check_lines(records: Records) -> tuple[str, ...]:
    """The whole of `openntz check` as plain lines, without markup."""
    seen = overview(records)
    lines = [_count(seen)]
    if seen.first and seen.last:
        lines.append(f"Events from {seen.first} to {seen.last}; as of {records.as_of}.")
    lines += ["", *_table_lines(seen)]
    if seen.missing:
        lines.append(f"Not in this export: {', '.join(seen.missing)}.")
    if seen.unreadable:
        lines.append(f"There, but cannot be read: {', '.join(seen.unreadable)}.")
    if seen.broken_off:
        lines.append(f"Read only in part: {', '.join(seen.broken_off)}.")
    if records.other_files:
        lines.append(f"Files that are not read: {', '.join(records.other_files)}.")
    for kind, problems in by_kind(records).items():
        lines += ["", f"{HEADINGS[kind]}: {len(problems)}"]
        lines += [f"  {sentence(records, problem)}" for problem in problems]
    return tuple(lines)


def _count(seen: Overview) -> str:
    return (
        f"{_many(seen.people, 'person', 'people')}, {_many(seen.doses, 'dose')},"
        f" {_many(seen.levels, 'natalizumab level')}."
    )


def _many(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"


def _table_lines(seen: Overview) -> Sequence[str]:
    lines = [f"{'table':<14}{'read':>9}{'used':>9}{'set aside':>11}{'repeated':>10}  file"]
    for t in seen.tables:
        file = t.path.name if t.usable else f"{t.path.name} (cannot be read)"
        lines.append(
            f"{t.table:<14}{t.read:>9}{t.used:>9}{t.rejected:>11}{t.duplicate:>10}  {file}"
        )
        if t.unknown_columns:
            lines.append(f"{'':<14}columns kept without being used: {', '.join(t.unknown_columns)}")
    return lines
