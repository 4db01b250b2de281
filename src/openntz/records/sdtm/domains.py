"""Domains of a submission as rows of text, from XPT, CSV or Dataset-JSON 1.1."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from openntz.errors import InputError
from openntz.records.problems import Problem, printable

# Domains that become course tables, or part of one.
KNOWN: Final = (
    *("DM", "EX", "EC", "LB", "VS", "IS", "PC", "AE", "CE", "QS", "RS", "FT"),
    *("MO", "NV", "MI", "CM", "DS", "RP"),
)
_REMEDY: Final = "Write it again from the source, as XPT version 5, CSV in UTF-8 or Dataset-JSON."


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its line in the file (XPT and JSON: its number) and its values as text."""

    line: int
    values: Mapping[str, str]

    def get(self, *names: str) -> str:
        """The first of some variables that has a value, without blanks around it; else ''."""
        for name in names:
            text = self.values.get(name, "").strip()
            if text:
                return text
        return ""


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain and the file it was read from."""

    name: str
    file: str
    rows: tuple[Row, ...]


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        header = [name.strip().upper() for name in next(reader, [])]
        for cells in reader:
            if any(cells):
                yield Row(reader.line_num, dict(zip(header, cells, strict=False)))


def _xpt(path: Path) -> Iterator[Row]:
    import pyreadstat

    frame: Any = pyreadstat.read_xport(str(path))[0]
    names = [str(name).upper() for name in frame.columns]
    for i, cells in enumerate(frame.itertuples(index=False, name=None), start=1):
        yield Row(i, {n: _text(v) for n, v in zip(names, cells, strict=True)})


def _json_rows(columns: Sequence[Mapping[str, Any]], rows: Sequence[Any]) -> Iterator[Row]:
    names = [str(column["name"]).upper() for column in columns]
    for i, cells in enumerate(rows, start=1):
        yield Row(i, {n: _text(v) for n, v in zip(names, cells, strict=True)})


def _dataset_json(path: Path) -> Iterator[Row]:
    data = json.loads(path.read_text(encoding="utf-8"))
    yield from _json_rows(data["columns"], data.get("rows", []))


def _dataset_ndjson(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as stream:
        head = json.loads(stream.readline())
        yield from _json_rows(
            head["columns"], [json.loads(line) for line in stream if line.strip()]
        )


_READERS: Final[Mapping[str, Callable[[Path], Iterator[Row]]]] = {
    ".xpt": _xpt,
    ".csv": _csv,
    ".json": _dataset_json,
    ".ndjson": _dataset_ndjson,
}


def domain_name(path: Path, files: Mapping[str, str]) -> str:
    """The domain a file holds: as the mapping says, else by its name; '' when by neither."""
    for domain, file in files.items():
        if file == path.name:
            return domain.upper()
    stem = path.stem.upper()
    return stem if stem in KNOWN else ""


def looks_like_sdtm(folder: Path) -> bool:
    """Whether a folder holds demographics and exposure as SDTM names them."""
    if not folder.is_dir():
        return False
    stems = {p.stem.upper() for p in folder.iterdir() if p.suffix.casefold() in _READERS}
    return {"DM", "EX"} <= stems


def read_domains(
    folder: Path, files: Mapping[str, str]
) -> tuple[dict[str, Domain], tuple[Problem, ...]]:
    """Every known domain of a folder, and what could not be read.

    Parameters
    ----------
    files : mapping
        File name of a domain, where it is not called by its two letters.

    Raises
    ------
    InputError
        When there is no such folder or it holds no domain.
    """
    if not folder.is_dir():
        raise InputError(
            "there is no such folder.", where=str(folder), remedy="Give the folder with the data."
        )
    found: dict[str, Domain] = {}
    problems: list[Problem] = []
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        name, reader = domain_name(path, files), _READERS.get(path.suffix.casefold())
        if not name or reader is None:
            continue
        if path.resolve().parent != folder.resolve():
            problems.append(_whole(path, name, "this is a link out of the folder.", "Copy it."))
        elif name in found:
            reason = f"{found[name].file} is read for this domain; this file is set aside whole."
            problems.append(_whole(path, name, reason, "Keep one of the two."))
        else:
            try:
                found[name] = Domain(name, path.name, tuple(reader(path)))
            except Exception as error:
                # Outside files fail in as many ways as there are readers; each is one problem.
                reason = f"it cannot be read ({type(error).__name__}: {printable(str(error))})."
                problems.append(_whole(path, name, reason, _REMEDY))
    if not found and not problems:
        raise InputError(
            "no SDTM domain is in it.",
            where=str(folder),
            remedy="Name files by their domain (dm.xpt, lb.csv, is.json), or say in the mapping "
            "file which is which.",
        )
    return found, tuple(problems)


def _whole(path: Path, name: str, reason: str, remedy: str) -> Problem:
    return Problem(name.lower(), 0, "", printable(path.name), reason, remedy, "file")
