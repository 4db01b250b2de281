"""The clinic's own list of findings somebody has taken on: ``acknowledged.csv``.

One row per finding: person, rule, who, when, until, and if known the status at the time and a
reason. A row that cannot be used is a problem with its place and remedy; the others hold.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from msgspec import Struct

from openntz.errors import InputError
from openntz.monitor.acknowledge import Acknowledged
from openntz.monitor.finding import Acknowledgement, Status
from openntz.records.dates import read_moment
from openntz.records.problems import (
    CellError,
    Problem,
    ProblemKind,
    ReadingError,
    printable,
    shown,
)
from openntz.records.text import Broken, TextTable

REQUIRED: Final = ("person", "rule", "who", "when", "until")
COLUMNS: Final = (*REQUIRED, "status", "reason")
_HEADER: Final = f"The first line names the columns: {','.join(COLUMNS)}."


class AcknowledgedFile(Struct, frozen=True):
    """The entries by person and rule, what was set aside, and what is said about the rest."""

    entries: Acknowledged
    rejected: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def _unusable(path: Path, reason: str, remedy: str) -> InputError:
    return InputError(f"{printable(str(path))}: {reason}", where="--acknowledged", remedy=remedy)


class _Reading:
    """One file on its way to entries and problems."""

    def __init__(
        self, path: Path, people: Collection[str], rules: Collection[str], as_of: date
    ) -> None:
        self.table = printable(path.name)
        self.people, self.rules, self.as_of = people, rules, as_of
        self.entries: dict[tuple[str, str], tuple[int, Acknowledgement]] = {}
        self.rejected: list[Problem] = []
        self.notes: list[Problem] = []

    def problem(self, line: int, error: CellError, kind: ProblemKind = "row") -> None:
        texts = (error.column, error.value, error.reason, error.remedy)
        column, value, reason, remedy = (printable(text) for text in texts)
        found = Problem(self.table, line, column, shown(value), reason, remedy, kind)
        (self.rejected if kind == "row" else self.notes).append(found)

    def day(self, cells: Mapping[str, str], column: str, line: int) -> date:
        text = cells[column]
        try:
            moment = read_moment(text)
        except ReadingError as error:
            remedy = "Write the day as 2024-06-30."
            raise CellError(column, text, error.reason, remedy) from None
        if moment.note:
            self.problem(line, CellError(column, text, moment.note, ""), "assumed")
        return moment.at.date()

    def named(self, cells: Mapping[str, str], column: str, known: Collection[str]) -> str:
        text = cells[column]
        if text in known:
            return text
        near = difflib.get_close_matches(text, known, n=3)
        what = "nobody in this export" if column == "person" else "no rule"
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        raise CellError(
            column,
            text,
            f"{what} is called this.",
            f"{hint}findings.json has the identifiers; take the row out if it is done with.",
        )

    def status(self, cells: Mapping[str, str]) -> Status | None:
        text = cells.get("status", "").casefold()
        if not text:
            return None
        if text not in set(Status):
            raise CellError(
                "status",
                cells["status"],
                "no status is called this.",
                f"Write {', '.join(Status)}, or leave it empty.",
            )
        return Status(text)

    def entry(self, cells: Mapping[str, str], line: int) -> Acknowledgement:
        for column in REQUIRED:
            if not cells[column]:
                raise CellError(column, "", "the cell is empty.", "Fill it in.")
        given = Acknowledgement(
            person=self.named(cells, "person", self.people),
            rule=self.named(cells, "rule", self.rules),
            who=printable(cells["who"]),
            when=self.day(cells, "when", line),
            until=self.day(cells, "until", line),
            status=self.status(cells),
            reason=printable(cells.get("reason", "")),
        )
        if given.until < given.when:
            raise CellError(
                "until",
                cells["until"],
                f"it lies before the day it was given ({given.when}).",
                "Correct one of the two days.",
            )
        return given

    def add(self, given: Acknowledgement, line: int) -> None:
        if given.when > self.as_of:
            what = f"given after {self.as_of}, the day judged from: not used."
            self.problem(line, CellError("when", given.when.isoformat(), what, ""), "later")
            return
        key = (given.person, given.rule)
        earlier = self.entries.get(key)
        if earlier is not None:
            # The one given last stands; of one day, the one written last.
            keep = earlier[1].when > given.when
            old, new = (line, earlier[0]) if keep else (earlier[0], line)
            what = f"a later entry for the same finding, in line {new}, stands instead."
            self.problem(old, CellError("", "", what, "Take out the older row."), "duplicate")
            if keep:
                return
        self.entries[key] = (line, given)


def _cells(names: list[str], row: list[str] | Broken) -> dict[str, str]:
    if isinstance(row, Broken):
        raise CellError("", row.value, row.reason, row.remedy)
    found = dict(zip(names, (cell.strip() for cell in row), strict=True))
    return {name: found.get(name, "") for name in COLUMNS}


def _header(path: Path, table: TextTable) -> list[str]:
    names = [name.casefold() for name in table.names]
    for column in REQUIRED:
        if column not in names:
            raise _unusable(path, f"there is no column {column!r}.", _HEADER)
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise _unusable(path, f"the column {twice[0]!r} is there twice.", _HEADER)
    return names


def read_acknowledged(
    path: Path, people: Collection[str], rules: Collection[str], as_of: date
) -> AcknowledgedFile:
    """Read what the clinic has acknowledged.

    Parameters
    ----------
    path : Path
        CSV with the columns of ``COLUMNS``, in any order; the last two may be missing.
    people, rules : Collection[str]
        The identifiers an entry may name.
    as_of : date
        Entries given later are noted and not used.

    Raises
    ------
    InputError
        When the file cannot be read, or lacks a column.
    """
    reading = _Reading(path, people, rules, as_of)
    try:
        with TextTable(path, lambda name: name.strip().casefold() in COLUMNS) as table:
            names = _header(path, table)
            for note in table.notes:
                reading.problem(0, CellError("", "", note, ""), "assumed")
            for name in table.names:
                if name and name.casefold() not in COLUMNS:
                    what = "a column without a meaning here; it is not used."
                    reading.problem(1, CellError(name, "", what, _HEADER), "information")
            for line, row in table.records():
                try:
                    reading.add(reading.entry(_cells(names, row), line), line)
                except CellError as error:
                    reading.problem(line, error)
    except CellError as error:
        raise _unusable(path, error.reason, error.remedy) from None
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        raise _unusable(path, f"cannot be read ({what}).", "Check the path.") from None
    return AcknowledgedFile(
        entries={key: given for key, (_, given) in reading.entries.items()},
        rejected=tuple(reading.rejected),
        notes=tuple(reading.notes),
    )
