"""Files of an export that are not read: which table each was probably meant to be, and why not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from openntz.course.columns import plain_name
from openntz.course.tables import CONTRACT
from openntz.records.problems import CellError, Log, printable

ENDINGS: Final = (".csv", ".tsv", ".txt", ".parquet")

# Endings under which tables travel but are not read; and those of text that may be a letter.
_SHEETS: Final = frozenset({".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"})
_PACKED: Final = frozenset({".gz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz"})
_DATA: Final = frozenset({*ENDINGS, *_SHEETS, *_PACKED}) - {".txt"}
# What `openntz import` writes beside the tables.
_OWN: Final = frozenset({"import-rejected.csv", "import-unused.csv"})
_CLOSE: Final = 0.8  # share of equal letters from which a name counts as misspelt
_NAMES: Final[Mapping[str, str]] = {
    plain_name(word): table.name
    for table in CONTRACT.values()
    for word in (*table.files, table.name)
}


def say_strays(unread: Iterable[Path], tables: Mapping[str, Path], log: Log) -> dict[str, Path]:
    """Say of each file that could hold a table why it is not read.

    It is set aside ('file') when the table it seems to be has no other file, so that rows are
    lost; else it is a remark. What nobody would take for a table, a letter or a picture, is
    left alone.

    Returns
    -------
    dict
        Tables that are there, by name, but only in a file of a kind that is not read.
    """
    only_there: dict[str, Path] = {}
    for path in unread:
        if path.name in _OWN:
            continue
        name = _NAMES.get(plain_name(_base(path)), "")
        if name and path.suffix.casefold() not in ENDINGS:
            remedy = f"Export it as CSV or Parquet: {name}.csv or {name}.parquet."
            _say(path, name, name in tables, f"{_kind(path)} is not read.", remedy, log)
            if name not in tables:
                only_there.setdefault(name, path)
            continue
        meant = name or _meant(path)
        if meant and path.suffix.casefold() in {*_DATA, ".txt"}:
            wanted = f"{meant}.csv"
            reason = f"no table has this name, so it is not read; did you mean {wanted}?"
            remedy = f"Rename it to {wanted} if it is, or name it in a mapping file."
            _say(path, meant, meant in tables, reason, remedy, log)
        elif path.suffix.casefold() in _DATA:
            remedy = f"If it is one, name it after its table ({', '.join(CONTRACT)}), as CSV."
            _say(path, "", True, "no table has this name, so it is not read.", remedy, log)
    return only_there


def _base(path: Path) -> str:
    """The name without its ending, nor the ending under it: ``labs`` of ``labs.csv.gz``."""
    path = path.with_suffix("")
    while path.suffix.casefold() in {*_DATA, ".txt"}:
        path = path.with_suffix("")
    return path.name


def _meant(path: Path) -> str:
    """The table a name resembles, '' for none: one slip, or the right word among others."""
    base = _base(path)
    for word in re.split(r"[\W_]+", base):
        if found := _NAMES.get(plain_name(word)):
            return found
    close = difflib.get_close_matches(plain_name(base), _NAMES, n=1, cutoff=_CLOSE)
    return _NAMES[close[0]] if close else ""


def _kind(path: Path) -> str:
    ending = path.suffix.casefold()
    if ending in _SHEETS:
        return "a spreadsheet"
    if ending in _PACKED:
        return "a packed file"
    return f"a file with the ending {printable(path.suffix)}" if ending else "a file without ending"


def _say(path: Path, name: str, has_other: bool, reason: str, remedy: str, log: Log) -> None:
    table = name or printable(path.name)
    if has_other:
        log.note("information", table, "", path.name, reason, remedy, each=path.name).add(0)
    else:
        log.set_aside("file", table, 0, CellError("", path.name, reason, remedy), "")
