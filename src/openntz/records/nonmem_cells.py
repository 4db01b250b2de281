"""Cells of a NONMEM-style row as numbers; '.' and blanks are missing and never 0."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

from openntz.course.spellings import BLANK
from openntz.records.nonmem_columns import Columns
from openntz.records.problems import CellError, Log, ProblemKind, ReadingError
from openntz.records.values import read_number

_NUMBER: Final = re.compile(
    r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eEdD][+-]?\d{1,3})?", re.ASCII
)
_CLOCK: Final = re.compile(r"(\d{1,6}):([0-5]?\d)(?::([0-5]?\d(?:\.\d{0,9})?))?", re.ASCII)
_LARGEST_CODE: Final = 2**53  # whole numbers up to here are exact
_REMEDY: Final = "Give a number, or '.' where there is none."


def is_missing(text: str) -> bool:
    """Whether a cell says nothing."""
    return text.casefold() in BLANK


@lru_cache(maxsize=65536)
def to_number(text: str) -> tuple[float, str]:
    """A cell as a finite number, with what was assumed to read it ('' for nothing).

    Fortran's exponents (1.0D+02) are read.

    Raises
    ------
    ReadingError
        When it is no number, or could be two.
    """
    if _NUMBER.fullmatch(text):
        value = float(text.replace("D", "e").replace("d", "e"))
        if not math.isfinite(value):
            raise ReadingError("a number out of all bounds.", _REMEDY)
        return value, ""
    try:
        readings = read_number(text)
    except ReadingError as error:
        raise ReadingError(error.reason, _REMEDY) from None
    if len(readings) != 1:
        remedy = "Write decimals with a point and no thousands sign."
        raise ReadingError("a comma that can mean decimals or thousands.", remedy)
    return readings[0]


@lru_cache(maxsize=65536)
def _plain_number(text: str) -> float | None:
    """A cell that is a number without any assumption; NaN where missing, None for the rest."""
    if is_missing(text):
        return math.nan
    try:
        value, assumed = to_number(text)
    except ReadingError:
        return None
    return None if assumed else value


def to_time(text: str) -> tuple[float, bool]:
    """A time as number, and whether it was a clock time (hh:mm, then in hours).

    Raises
    ------
    ReadingError
        When it is neither a number nor hh:mm.
    """
    clock = _CLOCK.fullmatch(text)
    if clock:
        seconds = float(clock[3] or 0)
        return int(clock[1]) + int(clock[2]) / 60 + seconds / 3600, True
    return to_number(text)[0], False


class Cells:
    """The row at hand, read by item name. One object is moved from row to row."""

    def __init__(
        self,
        table: str,
        columns: Columns,
        log: Log,
        levels: Literal["natural", "ln"] = "natural",
    ) -> None:
        self.table, self.columns, self.log = table, columns, log
        self.logarithms = levels == "ln" or "LNDV" in columns.index
        self.line = 0
        self._at = dict(columns.index)
        self._row: Sequence[str] = ()

    def move(self, line: int, row: Sequence[str]) -> None:
        """Take another row."""
        self.line, self._row = line, row

    def has(self, item: str) -> bool:
        """Whether the file has a column for an item."""
        return item in self._at

    def text(self, item: str) -> str:
        """A cell as text; '' where missing, and where there is no such column."""
        at = self._at.get(item)
        if at is None or is_missing(self._row[at]):
            return ""
        return self._row[at]

    def number(self, item: str) -> float | None:
        """A number; None where missing.

        Raises
        ------
        CellError
            When the cell is no number.
        """
        at = self._at.get(item)
        if at is None:
            return None
        value = _plain_number(self._row[at])
        if value is None:
            return self._read(self.columns.header(item), self._row[at])
        return None if math.isnan(value) else value

    def code(self, item: str) -> int | None:
        """A whole number; None where missing.

        Raises
        ------
        CellError
            When the cell is no whole number.
        """
        value = self.number(item)
        if value is None:
            return None
        if not value.is_integer() or abs(value) > _LARGEST_CODE:
            raise self.error(item, "not a whole number.", "Give a whole number.")
        return int(value)

    def covariates(self) -> list[float]:
        """All covariates in column order, NaN where missing or no number; either is noted."""
        values = []
        for name, at in self.columns.covariates.items():
            value = _plain_number(self._row[at])
            if value is None or math.isnan(value):
                value = self._unknown(name, self._row[at])
            values.append(value)
        return values

    def _unknown(self, name: str, text: str) -> float:
        if is_missing(text):
            self.note(
                "assumed",
                name,
                text,
                "The covariate is missing here and stays unknown; NONMEM would read 0.",
                "Fill it in, or choose a model that does not need it.",
            )
            return math.nan
        try:
            return self._read(name, text)
        except CellError as error:
            reason = "The covariate is not a number here and stays unknown."
            self.note("cell", name, text, reason, error.remedy)
            return math.nan

    def error(self, item: str, reason: str, remedy: str) -> CellError:
        """What is wrong with a cell."""
        return CellError(self.columns.header(item), self.text(item), reason, remedy)

    def note(
        self, kind: ProblemKind, column: str, value: str, reason: str, remedy: str = ""
    ) -> None:
        """Say something about this row; rows with the same note share it."""
        self.log.note(kind, self.table, column, value, reason, remedy).add(self.line)

    def _read(self, header: str, text: str) -> float:
        try:
            value, assumed = to_number(text)
        except ReadingError as error:
            raise CellError(header, text, error.reason, error.remedy) from None
        if assumed:
            self.note("read as", header, text, assumed)
        return value
