"""NONMEM-style data in: a delimited file of events, one individual after the other.

Nothing is dropped in silence: each row is used, rejected with its reason, or belongs to a
person who is set aside with the reason; what is assumed is noted. Units are those of the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct, field

from openntz.errors import InputError
from openntz.records.identifiers import read_identifier
from openntz.records.nonmem_cells import Cells, is_missing, to_number
from openntz.records.nonmem_columns import Columns, bind
from openntz.records.nonmem_data import NonmemData, NonmemSubject, RowCount, SetAside
from openntz.records.nonmem_people import Block, check, subject
from openntz.records.nonmem_rows import read_record
from openntz.records.nonmem_text import Line, NonmemText
from openntz.records.problems import CellError, Log, Problem, ReadingError, printable, shown

__all__ = ["NonmemData", "NonmemSubject", "SetAside", "read_nonmem"]

_INTEGER: Final = re.compile(r"[+-]?\d{1,100}", re.ASCII)
_PERSON: Final = "The person is set aside."


class _Reading(Struct):
    """Everything one call of ``read_nonmem`` collects."""

    cells: Cells
    log: Log
    blocks: list[Block] = field(default_factory=list)
    seen: dict[float | int | str, int] = field(default_factory=dict)
    key: float | int | str | None = None
    read: int = 0
    rejected: int = 0
    comments: int = 0

    def block(self, text: str, line: int) -> Block:
        """The block a row with this ID belongs to; a new one where the ID changes."""
        key = _key(text)
        if key != self.key or not self.blocks:
            self.key = key
            number = self.seen[key] = self.seen.get(key, 0) + 1
            if number > 1:
                self.cells.log.note(
                    "assumed",
                    self.cells.table,
                    "ID",
                    text,
                    "The ID is back after another one: as in NONMEM, its rows here are another"
                    " individual.",
                    "Sort the file by ID if it is the same person.",
                ).add(line)
            self.blocks.append(Block(text, number, line))
        return self.blocks[-1]

    def reject(self, line: int, error: CellError, person: str = "") -> None:
        """A row that is not used, while the person's other rows are."""
        self.log.set_aside("row", self.cells.table, line, error, person)


def read_nonmem(
    path: Path | str,
    *,
    drop: Collection[str] = (),
    levels: Literal["natural", "ln"] = "natural",
) -> NonmemData:
    """Read a NONMEM-style data file.

    Parameters
    ----------
    path : path
        Text with a header, delimited by comma, semicolon, tab, bar or blanks. Lines that start
        with ``#``, ``@`` or a cell ``C`` are comments.
    drop : collection of str
        Columns to leave out, as ``=DROP`` does in NM-TRAN.
    levels : 'natural' or 'ln'
        What DV holds; LNDV always holds logarithms, and LLOQ and LIMIT never do.

    Returns
    -------
    NonmemData
        People as arrays in the units of the file; ADDL and SS are not expanded.

    Raises
    ------
    InputError
        When the file cannot be read, lacks ID, TIME or DV, or has no person to be used.
    """
    path = Path(path)
    table = printable(path.name)
    log = Log()
    try:
        with NonmemText(path) as text:
            columns = bind(text.names, drop)
            reading = _Reading(Cells(table, columns, log, levels), log)
            for said in text.notes:
                log.note("assumed", table, "", "", said, "Write the file in UTF-8.").add(1)
            for header, said in columns.unused:
                log.note("information", table, header, "", f"The column {said}").add(
                    text.header_line
                )
            _rows([*text.before, *text.lines()], columns, reading)
    except CellError as error:
        where = f"{path}, {printable(error.column)}" if error.column else str(path)
        value = f" ({shown(error.value)!r})" if error.value else ""
        raise InputError(error.reason + value, where=where, remedy=error.remedy) from None
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror or type(error).__name__})."
        raise InputError(reason, where=str(path), remedy="Check the path.") from None
    return _finish(path, columns, reading)


def _finish(path: Path, columns: Columns, reading: _Reading) -> NonmemData:
    log, table = reading.log, reading.cells.table
    names = tuple(columns.covariates)
    subjects, faulty = [], []
    for block in reading.blocks:
        check(block)
        for line, said in block.notes:
            log.note("assumed", table, said.column, said.value, said.reason, said.remedy).add(line)
        for record in block.records:
            for flaw in record.flaws:
                log.set_aside("cell", table, record.line, flaw, block.id)
        if block.faults:
            faulty.append(block)
        else:
            subjects.append(subject(block, names))
    _note_kinds(subjects, log, table)
    problems = {id(block): _faults(block, reading) for block in faulty}
    rejected, notes = log.finish()
    aside = sum(len(block.lines) for block in faulty)
    data = NonmemData(
        path=path,
        subjects=tuple(subjects),
        covariate_names=names,
        set_aside=tuple(
            SetAside(block.id, block.number, tuple(block.lines), problems[id(block)])
            for block in faulty
        ),
        rejected=rejected,
        notes=notes,
        rows=RowCount(
            read=reading.read,
            used=sum(s.line.size for s in subjects),
            rejected=reading.rejected,
            set_aside=aside,
            comments=reading.comments,
        ),
        has_occasions="OCC" in columns.index,
        clock_times=any(r.clock for b in reading.blocks for r in b.records),
    )
    if not subjects:
        raise _nobody(path, rejected, reading)
    return data


def _nobody(path: Path, rejected: tuple[Problem, ...], reading: _Reading) -> InputError:
    """What to say of a file without a person to be used."""
    if rejected:
        reason = f"no person whose rows can be used. First problem: {rejected[0]}"
        return InputError(reason, where=str(path), remedy="Mend the rows that are named.")
    if reading.comments:
        reason = f"no rows but {reading.comments} that are comments or headers."
        remedy = "Lines that start with #, @ or C are comments; give IDs that do not."
        return InputError(reason, where=str(path), remedy=remedy)
    reason = "no rows behind the header."
    return InputError(reason, where=str(path), remedy="Export the table again, with its rows.")


def _faults(block: Block, reading: _Reading) -> tuple[Problem, ...]:
    found = []
    for line, fault in block.faults:
        error = CellError(fault.column, fault.value, f"{fault.reason} {_PERSON}", fault.remedy)
        reading.log.set_aside("row", reading.cells.table, line, error, block.id)
        found.append(
            Problem(
                *(reading.cells.table, line, printable(error.column), shown(error.value)),
                *(printable(error.reason), printable(error.remedy), "row", block.id),
            )
        )
    return tuple(found)


def _note_kinds(subjects: list[NonmemSubject], log: Log, table: str) -> None:
    """Say so where different people were observed in different compartments."""
    kinds: dict[int, NonmemSubject] = {}
    for person in subjects:
        for cmt in person.cmt[person.mdv == 0]:
            if cmt:
                kinds.setdefault(int(cmt), person)
    if len(kinds) > 1:
        names = ", ".join(f"{cmt} (ID {person.id})" for cmt, person in kinds.items())
        reason = f"People are observed in different compartments: {names}. All are taken as levels."
        log.note("assumed", table, "CMT", "", reason, "Keep the rows of one kind of level.").add(1)


def _key(text: str) -> float | int | str:
    """What tells people apart: 1, 01 and 1.0E+00 are one person."""
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        value, _ = to_number(text)
    except ReadingError:
        return text
    return int(value) if value.is_integer() else value


def _is_numeric(text: str) -> bool:
    return not isinstance(_key(text), str)


def _rows(lines: list[Line], columns: Columns, reading: _Reading) -> None:
    at = columns.index["ID"]
    flag = columns.index.get("C")
    numeric = any(line.kind == "row" and _is_numeric(line.cells[at]) for line in lines)
    for line in lines:
        if line.kind == "comment" or (
            flag is not None and line.kind == "row" and line.cells[flag].upper() == "C"
        ):
            _comment(line, "Comment rows are passed over.", reading)
        elif line.kind == "header":
            _comment(line, "Headers and titles between the rows are passed over.", reading)
        elif numeric and at == 0 and line.text.lstrip(' "')[:1].isalpha():
            _alphabetic(line, columns, reading)
        else:
            reading.read += 1
            _row(line, at, reading)


def _comment(line: Line, reason: str, reading: _Reading) -> None:
    reading.comments += 1
    table = reading.cells.table
    reading.log.note("information", table, "", line.text, reason).add(line.number)


def _alphabetic(line: Line, columns: Columns, reading: _Reading) -> None:
    """A row that begins with a letter where IDs are numbers: NONMEM's IGNORE=@ passes it over.

    One that has a time looks like a person's, so it is rejected rather than called a comment.
    """
    time = line.cells[columns.index["TIME"]] if line.kind == "row" else ""
    if is_missing(time) or not _is_numeric(time):
        _comment(line, "Rows that begin with a letter are comments (IGNORE=@).", reading)
        return
    reading.read += 1
    reading.rejected += 1
    reason = "begins with a letter where the other IDs are numbers; IGNORE=@ passes it over."
    error = CellError("ID", line.cells[columns.index["ID"]], reason, "Give it a number.")
    reading.reject(line.number, error)


def _row(line: Line, at: int, reading: _Reading) -> None:
    cells = reading.cells
    broken = line.broken
    try:
        # The first cell of a broken row can be told, the others may have moved.
        text = (broken.first if at == 0 else "") if broken else line.cells[at]
        if is_missing(text):
            if broken:
                raise CellError("", broken.value, broken.reason, broken.remedy)
            raise CellError("ID", text, "the row names nobody.", "Give the ID.")
        block = reading.block(_identifier(text), line.number)
    except CellError as error:
        reading.rejected += 1
        reading.reject(line.number, error)
        return
    if broken:
        block.lines.append(line.number)
        # What was lost may have been a dose.
        error = CellError("", broken.value, broken.reason, broken.remedy)
        block.faults.append((line.number, error))
        return
    cells.move(line.number, line.cells)
    try:
        block.records.append(read_record(cells))
    except CellError as error:
        reading.rejected += 1
        reading.reject(line.number, error, block.id)
    else:
        block.lines.append(line.number)


def _identifier(text: str) -> str:
    """A number as it is, or text that nothing downstream can take for code."""
    if _is_numeric(text):
        return text
    try:
        return read_identifier(text)
    except CellError as error:
        raise CellError("ID", text, error.reason, error.remedy) from None
