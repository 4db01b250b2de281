"""Which file of a folder holds which table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openntz.course.tables import CONTRACT, plain_name
from openntz.errors import InputError
from openntz.records.mapping import Layout
from openntz.records.problems import CellError, Log, printable

ENDINGS: Final = (".csv", ".tsv", ".txt", ".parquet")


@dataclass(frozen=True, slots=True)
class Found:
    """The file of each table that has one, and the names of files that hold none."""

    tables: Mapping[str, Path]
    others: tuple[str, ...]


def find_tables(folder: Path, layout: Layout, log: Log) -> Found:
    """Match the files of a folder with the tables; names are compared without case.

    Raises
    ------
    InputError
        When there is no such folder, or it cannot be listed.
    """
    try:
        if not folder.is_dir():
            what = (
                "this is a file, not a folder." if folder.exists() else "there is no such folder."
            )
            raise InputError(what, where=str(folder), remedy="Give the folder with the tables.")
        files = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"the folder cannot be read ({error.strerror}).",
            where=str(folder),
            remedy="Check its permissions.",
        ) from None
    tables: dict[str, Path] = {}
    for name in CONTRACT:
        candidates = _candidates(name, files, layout, log)
        usable = [p for p in candidates if _inside(p, folder, name, log)]
        if usable:
            tables[name] = usable[0]
        for extra in usable[1:]:
            reason = f"{usable[0].name} is read for this table; this file is not."
            log.set_aside(
                "file", name, 0, CellError("", extra.name, reason, "Keep one of the two."), ""
            )
    read = set(tables.values())
    return Found(tables, tuple(printable(p.name) for p in files if p not in read))


def _candidates(name: str, files: list[Path], layout: Layout, log: Log) -> list[Path]:
    stated = layout.table(name).file
    if stated:
        chosen = [p for p in files if p.name == stated]
        if not chosen:
            reason = "the mapping file names this file, but the folder does not hold it."
            log.set_aside("file", name, 0, CellError("", stated, reason, "Check its name."), "")
        return chosen
    claimed = {entry.file for entry in layout.tables.values()}
    free = [p for p in files if p.suffix.casefold() in ENDINGS and p.name not in claimed]
    exact = [p for p in free if plain_name(p.stem) == name]
    if exact:
        return sorted(exact, key=lambda p: ENDINGS.index(p.suffix.casefold()))
    others = {plain_name(other) for other in CONTRACT[name].files}
    alike = [p for p in free if plain_name(p.stem) in others]
    for path in alike[:1]:
        reason = f"{path.name} is read as the table {name}."
        log.note("read as", name, "", path.name, reason).add(0)
    return alike


def _inside(path: Path, folder: Path, name: str, log: Log) -> bool:
    """Whether a file is one, and not a link out of the folder: an export must not read others."""
    if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
        return True
    reason = "this is not a file inside the folder."
    log.set_aside(
        "file", name, 0, CellError("", path.name, reason, "Copy the file into the folder."), ""
    )
    return False
