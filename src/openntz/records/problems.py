"""What went wrong, what was assumed and how many rows of each table were used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct, field

from openntz.course.course import TABLES, Course

# Set aside: a whole file, a row, or one cell of a row that is used otherwise.
# Said beside what is used: a row seen before, an assumption, a spelling, a later date, a remark.
ProblemKind = Literal[
    "file", "row", "cell", "duplicate", "assumed", "read as", "later", "information"
]

LONGEST_VALUE: Final = 80  # characters of a cell that are shown
LINES_LISTED: Final = 12  # lines named in a note that speaks of many rows


class Problem(Struct, frozen=True):
    """One thing the reader of an export should know, with what to do about it.

    ``line`` is the 1-based physical line in the file (header: line 1), 0 when the whole file is
    meant; ``value`` the cell as exported, with unprintable characters spelled out. A note may
    speak of ``count`` rows, of which ``lines`` names the first.
    """

    table: str
    line: int
    column: str
    value: str
    reason: str
    remedy: str
    kind: ProblemKind
    person: str = ""
    count: int = 1
    lines: tuple[int, ...] = ()

    def __str__(self) -> str:
        place = f"{self.table}:{self.line}" if self.line else self.table
        parts = [place, self.column, f"'{self.value}'" if self.value else "", self.reason]
        text = "  ".join(part for part in parts if part)
        return f"{text}  Remedy: {self.remedy}" if self.remedy else text


class ReadingError(Exception):
    """Why a text cannot be read as what it should be, and what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(reason, remedy)


class CellError(Exception):
    """A cell that cannot be used, on its way to the row or the log that knows its place."""

    def __init__(self, column: str, value: str, reason: str, remedy: str) -> None:
        self.column, self.value, self.reason, self.remedy = column, value, reason, remedy
        super().__init__(column, value, reason, remedy)


class TableSummary(Struct, frozen=True):
    """How one table was read: ``read`` is always ``used + rejected + duplicate``.

    ``used`` rows are in a course, ``later`` of them dated after the as-of day. A table that is
    not ``usable`` is there and could not be read at all; its ``read`` is 0. One that is not
    ``whole`` breaks off: what followed is lost, and may be anybody's.
    """

    table: str
    path: Path
    usable: bool = True
    whole: bool = True
    read: int = 0
    used: int = 0
    rejected: int = 0
    duplicate: int = 0
    later: int = 0
    unknown_columns: tuple[str, ...] = ()


_NOBODY: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


class Records(Struct, frozen=True):
    """All courses of an export, in file order, and everything that has to be said about it.

    ``rejected`` holds what was set aside (kinds file, row, cell); ``notes`` what is used under
    a stated assumption, seen before, or kept and not used (all other kinds). ``incomplete``
    names, per person, the tables of which a row was set aside or which break off or cannot be
    read, and of measurements also which results (``vocabulary.lost_results``): there 'none' may
    mean 'lost'.
    """

    courses: Mapping[str, Course]
    rejected: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    tables: Mapping[str, TableSummary]
    as_of: date
    folder: Path
    other_files: tuple[str, ...] = ()
    incomplete: Mapping[str, frozenset[str]] = field(default_factory=lambda: _NOBODY)

    @property
    def missing(self) -> tuple[str, ...]:
        """Tables the export does not contain."""
        return tuple(t for t in TABLES if t not in self.tables)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Tables that are there and could not be read: to the courses, not recorded either."""
        return tuple(t for t, summary in self.tables.items() if not summary.usable)

    @property
    def broken_off(self) -> tuple[str, ...]:
        """Tables of which only a beginning could be read."""
        return tuple(t for t, summary in self.tables.items() if not summary.whole)

    @property
    def not_in_courses(self) -> tuple[Problem, ...]:
        """Everything a page of rejected rows lists: what was set aside, and repeated rows."""
        repeated = tuple(p for p in self.notes if p.kind == "duplicate")
        return tuple(sorted((*self.rejected, *repeated), key=order_of))

    def place(self, problem: Problem) -> str:
        """File name and line of a problem, ``doses.csv:4``."""
        summary = self.tables.get(problem.table)
        name = printable(summary.path.name) if summary else problem.table
        return f"{name}:{problem.line}" if problem.line else name


def order_of(problem: Problem) -> tuple[int, str, int, str, str]:
    """Tables in their order, then lines: the order in which problems are listed."""
    known = TABLES.index(problem.table) if problem.table in TABLES else len(TABLES)
    return known, problem.table, problem.line, problem.column, problem.reason


def printable(text: str) -> str:
    """Text from outside with unprintable characters spelled out: nothing may steer a terminal."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def shown(value: str) -> str:
    """A cell for a message: printable, long text cut."""
    value = printable(value)
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"


class Note(Struct, eq=False):
    """A note in the making; ``add`` counts one more row."""

    table: str
    column: str
    value: str
    reason: str
    remedy: str
    kind: ProblemKind
    person: str = ""
    count: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count one more row."""
        self.count += 1
        if self.count <= LINES_LISTED:
            self.lines.append(line)

    def problem(self) -> Problem:
        """The finished note; says how many rows it speaks of, and which."""
        reason = self.reason
        if self.count > 1:
            named = ", ".join(str(n) for n in sorted(self.lines))
            more = " and more" if self.count > len(self.lines) else ""
            reason = f"{reason} {self.count} rows: lines {named}{more}."
        first = min(self.lines) if self.lines else 0
        return Problem(
            table=self.table,
            line=first,
            column=self.column,
            value=self.value,
            reason=reason,
            remedy=self.remedy,
            kind=self.kind,
            person=self.person,
            count=max(self.count, 1),
            lines=tuple(sorted(self.lines)),
        )


_WHOLE: Final = "Export the table again, whole."


class Log:
    """Collects problems and counts rows; ``finish`` gives both in table and line order."""

    def __init__(self) -> None:
        self._rejected: list[Problem] = []
        self._notes: dict[tuple[str, ...], Note] = {}
        self.incomplete: dict[str, set[str]] = {}
        self.broken_off: set[str] = set()

    def set_aside(
        self,
        kind: Literal["file", "row", "cell"],
        table: str,
        line: int,
        error: CellError,
        person: str,
    ) -> None:
        """A file, row or cell that is not used. Each is listed, however many there are."""
        self._rejected.append(
            Problem(
                table=table,
                line=line,
                column=printable(error.column),
                value=shown(error.value),
                reason=printable(error.reason),
                remedy=printable(error.remedy),
                kind=kind,
                person=person,
            )
        )
        if kind == "row" and person:
            self.incomplete.setdefault(person, set()).add(table)

    def break_off(self, table: str, file: str, line: int, reason: str) -> None:
        """A file that ends before its end: the rows after ``line`` are lost, whosever they were."""
        self.broken_off.add(table)
        what = f"the file breaks off after line {line}, and what followed is lost: {reason}"
        self.set_aside("file", table, 0, CellError("", file, what, _WHOLE), "")

    def note(
        self,
        kind: ProblemKind,
        table: str,
        column: str,
        value: str,
        reason: str,
        remedy: str = "",
        *,
        each: str = "",
        person: str = "",
    ) -> Note:
        """The note to which rows of this kind are added.

        Rows with equal column, kind, reason and ``each`` share one note, whose value is that of
        the first: an export with a million decimal commas is one message, not a million.
        """
        key = (table, column, kind, reason, each, person)
        note = self._notes.get(key)
        if note is None:
            note = Note(
                *(table, printable(column), shown(value), printable(reason)),
                *(printable(remedy), kind, person),
            )
            self._notes[key] = note
        return note

    def finish(self) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
        """What was set aside, and the notes."""
        notes = (n.problem() for n in self._notes.values() if n.count)
        return tuple(sorted(self._rejected, key=order_of)), tuple(sorted(notes, key=order_of))
