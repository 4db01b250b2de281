"""Lines of a NONMEM-style data file: delimiters, comments, headers, rows that are broken.

NONMEM reads one record per physical line, so a quoted cell never runs over a line's end.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from openntz.records.nonmem_columns import is_reserved
from openntz.records.problems import CellError
from openntz.records.text import DELIMITERS, LONGEST_LINE, Broken, find_encoding

BLANKS: Final = " "
_COMMENT_SIGNS: Final = ("#", "@")

LineKind = Literal["row", "broken", "comment", "header"]


class Line(Struct, frozen=True):
    """One physical line that is not blank; ``cells`` of a broken or comment line are a guess."""

    number: int
    kind: LineKind
    cells: list[str]
    text: str = ""
    broken: Broken | None = None


class NonmemText:
    """A data file: its header, then its lines. Use as a context manager.

    Raises
    ------
    CellError
        When the file is empty, is no text, or no line names the columns.
    OSError
        When it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        encoding = find_encoding(path)
        self.notes = [encoding.note] if encoding.note else []
        self.names: list[str] = []
        self.header_line = 0
        self.before: list[Line] = []
        self._delimiter = ","
        self._number = 0
        self._held: tuple[int, str] | None = None
        self._binary = path.open("rb")
        try:
            self._text = io.TextIOWrapper(
                self._binary, encoding=encoding.name, errors=encoding.errors, newline=""
            )
            self._read_header()
        except BaseException:
            self._binary.close()
            raise

    def __enter__(self) -> NonmemText:
        return self

    def __exit__(self, *exception: object) -> None:
        self._binary.close()

    def _physical(self) -> Iterator[tuple[int, str]]:
        while line := self._text.readline(LONGEST_LINE):
            self._number += 1
            if len(line) >= LONGEST_LINE and line[-1] not in "\r\n":
                while (rest := self._text.readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
                    pass
                yield self._number, line
            elif line.strip():
                yield self._number, line.rstrip("\r\n")

    def _read_header(self) -> None:
        for number, line in self._physical():
            if not (line.lstrip().startswith(_COMMENT_SIGNS) or _is_table_title(line)):
                if self._take(number, line):
                    return
                if self._hidden():
                    self._held = (number, line)
                    return
                raise CellError(
                    "",
                    line,
                    "the first line does not name the columns.",
                    "Put a header there with at least ID, TIME and DV.",
                )
            self.before.append(Line(number, "comment", [], line.strip()))
        if not self._hidden():
            raise CellError("", "", "the file holds no header.", "Put one in its first line.")

    def _hidden(self) -> bool:
        """Take the last comment as the header: '#ID,TIME,...' hides it from IGNORE=#."""
        if not self.before or not self._take(
            self.before[-1].number, self.before[-1].text.lstrip("#@ ")
        ):
            return False
        self.before.pop()
        return True

    def _take(self, number: int, line: str) -> bool:
        """Take a line as the header if two of its cells are reserved names."""
        if len(line) >= LONGEST_LINE:
            raise CellError("", line, "the header is too long.", "Check the line ends of the file.")
        best, most = "", 0
        for sign in (*DELIMITERS, BLANKS):
            known = sum(map(is_reserved, _split(line, sign) or []))
            if known > most:
                best, most = sign, known
        if most < 2:
            return False
        self._delimiter, self.header_line = best, number
        self.names = [name.replace("\0", "") for name in _split(line, best) or []]
        return True

    def lines(self) -> Iterator[Line]:
        """Everything behind the header, in file order."""
        header = [name.strip().upper() for name in self.names]
        if self._held is not None:
            yield self._judge(*self._held, header)
        for number, line in self._physical():
            yield self._judge(number, line, header)

    def _judge(self, number: int, line: str, header: list[str]) -> Line:
        cells = _split(line, self._delimiter)
        start = (cells or [line.strip()])[0]
        if line.lstrip(' "').startswith(_COMMENT_SIGNS) or start.upper() == "C":
            return Line(number, "comment", cells or [], line.strip())
        if _is_table_title(line) or (
            start.upper() == header[0] and [cell.upper() for cell in cells or []] == header
        ):
            return Line(number, "header", [], line.strip())
        broken = _broken(line, cells, len(header), self._delimiter)
        if broken is not None:
            return Line(number, "broken", cells or [], line.strip(), broken)
        return Line(number, "row", (cells or [])[: len(header)], line)


def _is_table_title(line: str) -> bool:
    return line.lstrip().upper().startswith("TABLE NO.")


def _split(line: str, delimiter: str) -> list[str] | None:
    """Cells of a line without outer blanks; None where quotation marks do not close."""
    if delimiter == BLANKS:
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    return [cell.strip() for cell in cells]


def _broken(line: str, cells: list[str] | None, width: int, delimiter: str) -> Broken | None:
    first = line.strip().partition(delimiter)[0].strip(' "\0')
    if len(line) >= LONGEST_LINE:
        reason, remedy = "the line is too long.", "Check the line ends of the file."
    elif "\0" in line:
        reason, remedy = "the row holds a NUL byte.", "Export the table again."
    elif cells is None:
        reason, remedy = "a quotation mark is not closed.", "Close it."
    elif len(cells) < width:
        reason = f"the row has fewer cells ({len(cells)}) than the header ({width})."
        remedy = "Write a missing cell as '.'; the line may be cut off."
    elif len(cells) > width and any(cells[width:]):
        reason = f"the row has more cells ({len(cells)}) than the header ({width})."
        remedy = "Remove what is too much, or put quotation marks around cells with the delimiter."
    else:
        return None
    return Broken(line, reason, remedy, first)
