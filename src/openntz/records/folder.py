"""Which file of a folder holds which table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from openntz.course.columns import plain_name
from openntz.course.tables import CONTRACT
from openntz.errors import InputError
from openntz.records.mapping import Layout
from openntz.records.problems import CellError, Log, printable
from openntz.records.strays import ENDINGS, say_strays


class Found(Struct, frozen=True):
    """The file of each table that has one, and the names of files that are not read.

    ``unreadable`` are the tables that are there only as something that cannot be read: a
    spreadsheet, a folder, a link that leads nowhere.
    """

    tables: Mapping[str, Path]
    unreadable: Mapping[str, Path]
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
        everything = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"the folder cannot be read ({error.strerror}).",
            where=str(folder),
            remedy="Check its permissions.",
        ) from None
    files = [p for p in everything if not p.name.startswith(".")]
    tables: dict[str, Path] = {}
    unreadable: dict[str, Path] = {}
    said: set[Path] = set()
    for name in CONTRACT:
        candidates = _candidates(name, files, layout, log)
        said.update(candidates)
        usable = [p for p in candidates if _inside(p, folder, name, log)]
        if usable:
            tables[name] = usable[0]
            _say_synonym(name, usable[0], layout, log)
        elif candidates:
            unreadable[name] = candidates[0]
        for extra in usable[1:]:
            reason = f"{usable[0].name} is read for this table; this file is set aside whole."
            remedy = "Keep one of the two, or put their rows into one file."
            log.set_aside("file", name, 0, CellError("", extra.name, reason, remedy), "")
    said |= _say_outranked(set(files) - said, tables, layout, log)
    for name, path in say_strays([p for p in files if p not in said], tables, log).items():
        unreadable.setdefault(name, path)
    read = set(tables.values())
    return Found(tables, unreadable, tuple(printable(p.name) for p in everything if p not in read))


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
    names = {plain_name(other) for other in (name, *CONTRACT[name].files)}
    return sorted(
        (p for p in free if plain_name(p.stem) in names),
        # The contract's own name first, then its name in other letters, then another name.
        key=lambda p: (
            plain_name(p.stem) != name,
            p.stem != name,
            ENDINGS.index(p.suffix.casefold()),
            p.name != p.name.lower(),
            p.name,
        ),
    )


def _say_synonym(name: str, path: Path, layout: Layout, log: Log) -> None:
    if not layout.table(name).file and plain_name(path.stem) != name:
        reason = f"{path.name} is read as the table {name}."
        log.note("read as", name, "", path.name, reason).add(0)


def _say_outranked(
    unread: set[Path], tables: Mapping[str, Path], layout: Layout, log: Log
) -> set[Path]:
    """Files with the name of a table for which the mapping file names another."""
    said: set[Path] = set()
    for name, entry in layout.tables.items():
        names = {plain_name(other) for other in (name, *CONTRACT[name].files)}
        for path in sorted(unread):
            readable = path.suffix.casefold() in ENDINGS and plain_name(path.stem) in names
            if entry.file and readable and path.name != entry.file:
                reason = f"the mapping file names {entry.file} for this table; this is not read."
                remedy = "Change the mapping file if this is the right one."
                if name in tables:
                    log.note(
                        "information", name, "", path.name, reason, remedy, each=path.name
                    ).add(0)
                else:
                    log.set_aside("file", name, 0, CellError("", path.name, reason, remedy), "")
                said.add(path)
    return said


def _inside(path: Path, folder: Path, name: str, log: Log) -> bool:
    """Whether a file is one, and not a link out of the folder: an export must not read others."""
    try:
        reason = _obstacle(path, folder)
    except OSError as error:
        reason = f"this cannot be looked at ({error.strerror or type(error).__name__})."
    if reason:
        remedy = "Put the file itself into the folder."
        log.set_aside("file", name, 0, CellError("", path.name, reason, remedy), "")
    return not reason


def _obstacle(path: Path, folder: Path) -> str:
    """Why there is nothing to read under a name; '' when there is."""
    if path.is_symlink() and not path.exists():
        return "this is a broken link: what it points to is not there."
    if path.is_dir():
        return "this is a folder, not a file."
    if path.is_fifo():
        return "this is a pipe, not a file."
    if not path.is_file():
        return "this is a device or socket, not a file."
    if not path.resolve().is_relative_to(folder.resolve()):
        return "this is a link to a file outside the folder; it is not followed."
    return ""
