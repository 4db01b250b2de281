"""Delimited text, streamed: encodings, delimiters, physical lines, rows that are broken.

Memory does not grow with the file: one chunk, one row and at most ``LONGEST_RECORD`` lines of
a quoted cell are held. A quotation mark that is never closed costs its own line and no other.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.records.problems import CellError

LONGEST_LINE: Final = 1_000_000  # characters
LONGEST_RECORD: Final = 200  # physical lines of one quoted cell
DELIMITERS: Final = ",;\t|"
_CHUNK: Final = 1 << 20
_HEAD: Final = 4096

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT: Final = (
    (b"PK\x03\x04", "a spreadsheet or zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"PAR1", "a Parquet file with another ending"),
    (b"SQLite format 3", "a database"),
)
_FALLBACK: Final = "openntz-windows-1252"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8, one by one, as Windows-1252 wrote them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return bad.decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _as_windows)


class Encoding(Struct, frozen=True):
    """How a file is decoded, and what has to be said about it ('' for plain UTF-8)."""

    name: str
    errors: str = "replace"
    note: str = ""


class Broken(Struct, frozen=True):
    """A record whose cells cannot be told apart, with the one that surely can: the first."""

    value: str
    reason: str
    remedy: str
    first: str = ""


def find_encoding(path: Path) -> Encoding:
    """The encoding of a text file: a byte order mark, UTF-8, or Windows-1252 where it is not.

    Raises
    ------
    CellError
        When the file is empty or is no text.
    OSError
        When it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        if not head:
            raise CellError(
                "", "", "the file is empty.", "Export the table again, with its header."
            )
        for mark, name in _BOMS:
            if head.startswith(mark):
                return Encoding(name)
        name = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
        for magic, what in _NOT_TEXT:
            if head.startswith(magic):
                raise CellError("", "", f"this is {what}, not CSV.", "Export the table as CSV.")
        if guessed := _wide(head):
            return guessed
        stream.seek(0)
        return _utf8_or_windows(iter(lambda: stream.read(_CHUNK), b""), name)


def _wide(head: bytes) -> Encoding | None:
    """UTF-16 without a mark, told by every second byte being NUL."""
    pairs = len(head) // 2
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if pairs and max(even, odd) > 0.8 * pairs and min(even, odd) < 0.1 * pairs:
        name = "utf-16-le" if odd > even else "utf-16-be"
        return Encoding(name, note="UTF-16 without a byte order mark; read by its zero bytes.")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\0" for byte in head)
    if controls > 0.1 * len(head):
        raise CellError("", "", "this is not text.", "Export the table as CSV in UTF-8.")
    return None


def _utf8_or_windows(chunks: Iterator[bytes], name: str) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    try:
        for chunk in chunks:
            decoder.decode(chunk)
            lines += chunk.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n")
        note = f"Not UTF-8 (first in line {line}): such bytes are read as Windows-1252."
        return Encoding(name, _FALLBACK, note)
    return Encoding(name)


def choose_delimiter(line: str, known: Callable[[str], bool]) -> str:
    """The sign that splits a header into most known names, then into most names."""

    def score(sign: str) -> tuple[int, int]:
        names = next(csv.reader([line[:_HEAD]], delimiter=sign), [])
        return sum(known(name) for name in names), len(names)

    return max(DELIMITERS, key=score)


class TextTable:
    """One delimited file: its header, then its records with their physical line.

    Use as a context manager. ``names`` are the header's cells, ``header_line`` where it stands,
    ``notes`` what was assumed about the file.
    """

    def __init__(self, path: Path, known: Callable[[str], bool], delimiter: str = "") -> None:
        encoding = find_encoding(path)
        self.notes = [encoding.note] if encoding.note else []
        self.names: list[str] = []
        self.header_line = 1
        self.file = path.name
        # Whether the last record is broken and the file ends without a line end.
        self.cut_off = False
        self._binary = path.open("rb")
        try:
            self._text = io.TextIOWrapper(
                self._binary, encoding=encoding.name, errors=encoding.errors, newline=""
            )
            self._pushed: deque[str] = deque()
            self._buffer: list[str] = []
            self._line = 0
            self._overlong = False
            self._trailing: int | None = None
            self._delimiter = delimiter
            self._read_header(known)
        except BaseException:
            self._binary.close()
            raise

    def __enter__(self) -> TextTable:
        return self

    def __exit__(self, *exception: object) -> None:
        self._binary.close()

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._binary.tell()

    def _read_header(self, known: Callable[[str], bool]) -> None:
        first = ""
        for line in self._lines():
            self._buffer.clear()
            stated = re.fullmatch(rf"sep=([{re.escape(DELIMITERS)}])\s*", line, re.IGNORECASE)
            if stated:
                self._delimiter = self._delimiter or stated[1]
            elif line.strip("\0 \t\r\n"):
                first = line
                break
        if not first:
            raise CellError(
                "", "", "the file holds no header.", "Export it again, with its header."
            )
        if self._overlong:
            raise CellError("", first, "the header is too long.", _TOO_LONG.remedy)
        self._delimiter = self._delimiter or choose_delimiter(first, known)
        self.header_line = self._line
        try:
            cells = next(csv.reader([first], delimiter=self._delimiter, strict=True))
        except csv.Error:
            remedy = "Keep the header in one line; close every quotation mark."
            raise CellError("", first.strip(), "the header cannot be split.", remedy) from None
        self.names = [cell.replace("\0", "").strip() for cell in cells]
        if "\0" in first:
            self.notes.append("NUL bytes in the header are left out.")

    def _lines(self) -> Iterator[str]:
        readline, pushed = self._text.readline, self._pushed
        while True:
            line = pushed.popleft() if pushed else readline(LONGEST_LINE)
            if not line:
                return
            self._line += 1
            if len(line) >= LONGEST_LINE and line[-1] not in "\r\n":
                self._overlong = True
                while (rest := readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
                    pass
                line = line[:80].replace('"', "'") + "\n"
            self._buffer.append(line)
            if len(self._buffer) > LONGEST_RECORD:
                self._overlong = True
                return
            yield line

    def _push_back(self, lines: list[str]) -> None:
        self._pushed.extendleft(reversed(lines))
        self._line -= len(lines)

    def records(self) -> Iterator[tuple[int, list[str] | Broken]]:
        """Each record with the physical line it starts on; blank lines are passed over."""
        width, buffer = len(self.names), self._buffer
        reader = csv.reader(self._lines(), delimiter=self._delimiter)
        while True:
            buffer.clear()
            start = self._line + 1
            try:
                cells = next(reader)
                broken = None
                odd = buffer[0].count('"') % 2
                if len(buffer) > 1 or odd or self._overlong or len(cells) != width:
                    broken = self._judge(cells, width)
            except StopIteration:
                # An unclosed quotation mark that ran over its allowance ends the reader, not us.
                if not buffer:
                    return
                cells, broken = [], _UNCLOSED
            except csv.Error:
                cells, broken = [], _UNCLOSED if len(buffer) > 1 else _LONG_CELL
            unfinished = broken is _UNCLOSED or len(cells) < width
            self.cut_off = unfinished and broken is not None and self._ends_without_line_end()
            if broken is not None:
                named = self._named(broken)
                if broken is _UNCLOSED:
                    self._push_back(buffer[1:])
                self._overlong = False
                reader = csv.reader(self._lines(), delimiter=self._delimiter)
                yield start, named
            elif cells:
                if self._trailing is None:
                    self._trailing = 0
                if "\0" in buffer[0] or (len(buffer) > 1 and "\0" in "".join(buffer)):
                    yield start, self._named(_NUL)
                else:
                    yield start, cells

    def _ends_without_line_end(self) -> bool:
        return bool(self._buffer) and not self._buffer[-1].endswith(("\r", "\n"))

    def _named(self, broken: Broken) -> Broken:
        line = self._buffer[0].rstrip("\r\n")
        first = line.partition(self._delimiter)[0].strip(' "')
        return replace(broken, value=line, first=first)

    def _judge(self, cells: list[str], width: int) -> Broken | None:
        """What is wrong with a record that is not one plain line, if anything."""
        several = len(self._buffer) > 1
        if self._overlong and not several:
            return _TOO_LONG
        if self._overlong or (several and len(cells) != width) or self._swallows(width):
            return _UNCLOSED
        extra = len(cells) - width
        if extra == 0:
            return None
        if not any(cell.strip() for cell in cells):
            cells.clear()
            return None
        if self._trailing is None:
            # Where every line ends in delimiters the first does; a later one has been shifted.
            self._trailing = extra if not any(cell.strip() for cell in cells[width:]) else 0
        if 0 < extra <= self._trailing and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
            return None
        what = "more" if extra > 0 else "fewer"
        remedy = (
            "Put quotation marks around cells that hold the delimiter or a decimal comma."
            if extra > 0
            else "The line may be cut off, or a cell is missing: export it again."
        )
        return Broken(
            "", f"the row has {what} cells ({len(cells)}) than the header ({width}).", remedy
        )

    def _swallows(self, width: int) -> bool:
        """Whether a quotation mark was not closed, so that the rest of the file is a cell."""
        if '"' not in "".join(self._buffer):
            return False
        try:
            list(csv.reader(self._buffer, delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            # Text behind a closing mark is untidy; only in several lines it tells of lost rows.
            return len(self._buffer) > 1 or "end of data" in str(error)
        # A whole row inside a quoted cell: a comment rarely has exactly the header's delimiters.
        return width > 3 and any(
            line.count(self._delimiter) == width - 1 for line in self._buffer[1:]
        )


_UNCLOSED: Final = Broken(
    "", "a quotation mark opens here and is not closed.", "Close it, or double it inside a cell."
)
_TOO_LONG: Final = Broken(
    "",
    f"the line is longer than {LONGEST_LINE} characters.",
    "Check that the file has line ends; export it again.",
)
_LONG_CELL: Final = Broken(
    "", f"a cell is longer than {csv.field_size_limit()} characters.", "Shorten it."
)
_NUL: Final = Broken(
    "", "the row holds a NUL byte, so part of it may be lost.", "Export the table again."
)
