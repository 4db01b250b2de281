"""Files out: atomic, the same bytes for the same content, and inert in a spreadsheet."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL_STARTS: Final = ("\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NEEDS_QUOTES: Final = re.compile(r'[,"\r\n]')


def write_text_atomic(path: Path, text: str) -> None:
    """Write UTF-8 text so that the file is either the old one or the whole new one.

    Raises
    ------
    OSError
        When the folder cannot be written to; nothing is left behind.
    """
    write_bytes_atomic(path, text.encode("utf-8"))


def write_bytes_atomic(path: Path, content: bytes) -> None:
    """Write bytes so that the file is either the old one or the whole new one.

    Raises
    ------
    OSError
        When the folder cannot be written to; nothing is left behind.
    """
    handle, temporary = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    try:
        with open(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes the file private; a report is to be read by whom the folder allows.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def inert(cell: object) -> str:
    """A cell as text that no spreadsheet runs.

    Text that starts like a formula gets a leading apostrophe, unless it is a plain number;
    None is empty; NUL bytes, which no CSV reader agrees on, become U+FFFD.
    """
    if cell is None:
        return ""
    text = str(cell).replace("\0", "\ufffd")
    risky = text.startswith(_CONTROL_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return "'" + text if risky and not _NUMBER.fullmatch(text) else text


def _quoted(cell: object) -> str:
    text = inert(cell)
    # csv.writer leaves a lone carriage return bare when lines end in \n, and readers split there.
    if _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV text: UTF-8 characters, ``\\n`` line ends, cells made inert."""
    table = (header, *rows)
    return "".join(",".join(_quoted(cell) for cell in row) + "\n" for row in table)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV, atomically and inert; see ``csv_text``.

    Raises
    ------
    OSError
        When the folder cannot be written to; nothing is left behind.
    """
    write_text_atomic(path, csv_text(header, rows))
