"""Domains of a submission as rows of text, from XPT, CSV or Dataset-JSON 1.1."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.errors import InputError
from openntz.records.problems import Problem, ProblemKind, printable

# Domains that become course tables, or part of one.
KNOWN: Final = (
    *("DM", "EX", "EC", "LB", "VS", "IS", "PC", "AE", "CE", "QS", "RS", "FT"),
    *("MO", "NV", "MI", "CM", "DS", "RP", "MH"),
)
_SUPP: Final = "SUPP"
_REMEDY: Final = "Write it again from the source, as XPT version 5, CSV in UTF-8 or Dataset-JSON."


class Row(Struct, frozen=True):
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


class Domain(Struct, frozen=True):
    """A domain and the file it was read from."""

    name: str
    file: str
    rows: tuple[Row, ...]
    columns: frozenset[str] = frozenset()


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class _Read(Struct, frozen=True):
    """What a reader found: names of variables in capitals, records, and lines it cannot use."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    bad: tuple[tuple[int, str], ...] = ()
    said: str = ""


def _table(names: Sequence[str], records: Iterable[tuple[int, Sequence[Any]]]) -> _Read:
    columns = tuple(str(name).strip().upper() for name in names)
    if len(set(columns)) < len(columns):
        raise ValueError("a variable is there twice")
    rows: list[Row] = []
    bad: list[tuple[int, str]] = []
    for line, cells in records:
        listed = isinstance(cells, Sequence) and not isinstance(cells, str)
        if not listed or len(cells) != len(columns):
            size = len(cells) if listed else 0
            bad.append((line, f"{size} cells under {len(columns)} variables."))
        else:
            texts = (_text(v).replace("\0", "\ufffd") for v in cells)
            rows.append(Row(line, dict(zip(columns, texts, strict=True))))
    return _Read(columns, tuple(rows), tuple(bad))


def _csv(path: Path) -> _Read:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        header = next(reader, [])
        return _table(header, ((reader.line_num, cells) for cells in reader if any(cells)))


def _xpt(path: Path) -> _Read:
    import pyreadstat

    said = ""
    try:
        frame: Any = pyreadstat.read_xport(str(path))[0]
    except UnicodeDecodeError:
        # A transport file does not say how its letters are written.
        frame = pyreadstat.read_xport(str(path), encoding="WINDOWS-1252")[0]
        said = "its text is not UTF-8; it is read as Windows-1252."
    records = enumerate(frame.itertuples(index=False, name=None), start=1)
    return replace(_table(list(frame.columns), records), said=said)


def _dataset_json(path: Path) -> _Read:
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    names = [column["name"] for column in data["columns"]]
    return _table(names, enumerate(data.get("rows", []), start=1))


def _dataset_ndjson(path: Path) -> _Read:
    with path.open(encoding="utf-8-sig") as stream:
        names = [column["name"] for column in json.loads(stream.readline())["columns"]]
        lines = (json.loads(line) for line in stream if line.strip())
        return _table(names, enumerate(lines, start=1))


_READERS: Final[Mapping[str, Callable[[Path], _Read]]] = {
    ".xpt": _xpt,
    ".csv": _csv,
    ".json": _dataset_json,
    ".ndjson": _dataset_ndjson,
}


def domain_name(path: Path, files: Mapping[str, str], known: Sequence[str] = KNOWN) -> str:
    """The domain a file holds: as the mapping says, else by its name; '' when by neither."""
    for domain, file in files.items():
        if file == path.name:
            return domain.upper()
    stem = path.stem.upper()
    return stem if stem.removeprefix(_SUPP) in known else ""


def looks_like_sdtm(folder: Path, files: Mapping[str, str] | None = None) -> bool:
    """Whether a folder holds demographics and exposure as SDTM, or a mapping, names them."""
    if not folder.is_dir():
        return False
    names = {
        domain_name(p, files or {})
        for p in folder.iterdir()
        if p.is_file() and p.suffix.casefold() in _READERS
    }
    return "DM" in names and bool(names & {"EX", "EC"})


def read_domains(
    folder: Path, files: Mapping[str, str], known: Sequence[str] = KNOWN
) -> tuple[dict[str, Domain], tuple[Problem, ...]]:
    """Every known domain of a folder, and what could not be read.

    Parameters
    ----------
    files : mapping
        File name of a domain, where it is not called by its two letters.
    known : sequence of str
        Names to look for: SDTM's domains, or those of analysis datasets.

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
        name, reader = domain_name(path, files, known), _READERS.get(path.suffix.casefold())
        if not name or reader is None:
            continue
        if path.resolve().parent != folder.resolve():
            problems.append(_whole(path, name, "this is a link out of the folder.", "Copy it."))
        elif name in found:
            reason = f"{found[name].file} is read for this domain; this file is set aside whole."
            problems.append(_whole(path, name, reason, "Keep one of the two."))
        else:
            try:
                read = reader(path)
                found[name] = Domain(name, path.name, read.rows, frozenset(read.columns))
                problems.extend(_lines(name, read.bad))
                if read.said:
                    remedy = "Compare names with accents in the tables with the source."
                    problems.append(_whole(path, name, read.said, remedy, "assumed"))
            except ModuleNotFoundError as error:
                remedy = "Install OpenNTZ with its extra for trials: pip install 'openntz[trial]'."
                reason = f"the package {error.name} is not installed."
                problems.append(_whole(path, name, reason, remedy))
            except Exception as error:
                # Outside files fail in as many ways as there are readers; each is one problem.
                reason = f"it cannot be read ({type(error).__name__}: {printable(str(error))})."
                problems.append(_whole(path, name, reason, _REMEDY))
    if not found and not problems:
        raise InputError(
            "no SDTM domain is in it." if known is KNOWN else "no analysis dataset is in it.",
            where=str(folder),
            remedy="Name files by what they hold (dm.xpt, lb.csv, is.json; adsl.xpt), or say in "
            "the mapping file which is which.",
        )
    return with_supplements(found, problems), tuple(problems)


def _lines(name: str, bad: Iterable[tuple[int, str]]) -> Iterator[Problem]:
    remedy = "Quote cells that hold a comma, and export the file again."
    for line, reason in bad:
        yield Problem(name.lower(), line, "", "", reason, remedy, "row")


def _plain(number: str) -> str:
    """A sequence number as one spelling: what a table made a decimal of is whole again."""
    whole, _, rest = number.partition(".")
    return whole if not rest.strip("0") else number


def with_supplements(found: Mapping[str, Domain], problems: list[Problem]) -> dict[str, Domain]:
    """The domains with the variables of their SUPP-- domain put beside their own."""
    domains = {name: d for name, d in found.items() if not name.startswith(_SUPP)}
    for name, supplement in found.items():
        parent = domains.get(name.removeprefix(_SUPP))
        if name in domains:
            continue
        added: dict[tuple[str, str, str], dict[str, str]] = {}
        lines: dict[tuple[str, str, str], int] = {}
        for row in supplement.rows:
            key = (row.get("USUBJID"), row.get("IDVAR").upper(), _plain(row.get("IDVARVAL")))
            added.setdefault(key, {})[row.get("QNAM").upper()] = row.get("QVAL")
            lines.setdefault(key, row.line)
        if parent is not None:
            domains[parent.name] = _beside(parent, added)
        for key, line in lines.items():
            if key in added:
                reason = "no record of the domain has this person, IDVAR and IDVARVAL."
                problems.append(
                    Problem(
                        name.lower(), line, key[1], key[2], reason, "Export both together.", "row",
                        person=key[0],
                    )
                )  # fmt: skip
    return domains


def _beside(parent: Domain, added: dict[tuple[str, str, str], dict[str, str]]) -> Domain:
    """Rows with what is added to them; what found its row is taken out of ``added``."""
    by = {variable for _, variable, _ in added}
    rows, used = [], set()
    for row in parent.rows:
        extra: dict[str, str] = {}
        for variable in by:
            key = (row.get("USUBJID"), variable, _plain(row.get(variable)) if variable else "")
            if key in added:
                extra |= added[key]
                used.add(key)
        # What a domain says itself counts.
        rows.append(Row(row.line, extra | dict(row.values)) if extra else row)
    columns = parent.columns | {q for key in used for q in added[key]}
    for key in used:
        del added[key]
    return Domain(parent.name, parent.file, tuple(rows), columns)


def _whole(path: Path, name: str, reason: str, remedy: str, kind: ProblemKind = "file") -> Problem:
    return Problem(name.lower(), 0, "", printable(path.name), reason, remedy, kind)
