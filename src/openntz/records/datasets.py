"""Datasets as submissions carry them: CSV, Dataset-JSON 1.1 and SAS transport files version 5.

pandas and pyreadstat, of the extra for trials, are loaded only to write transport files.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from openntz import __version__
from openntz.errors import InputError
from openntz.records.write import write_csv, write_text_atomic

Format = Literal["csv", "json", "xpt"]
FORMATS: Final = ("csv", "json", "xpt")
# What a transport file of version 5 can hold: bytes of a text, letters of a name and of a label.
LONGEST_TEXT: Final = 200
LONGEST_NAME: Final = 8
LONGEST_LABEL: Final = 40

Cell = str | int | float | date | datetime | None


class Variable(Struct, frozen=True):
    """One variable: its name, its label, and what its cells are.

    ``date`` and ``datetime`` are the numeric dates of analysis datasets; SDTM's are text.
    """

    name: str
    label: str
    kind: Literal["text", "integer", "number", "date", "datetime"] = "text"


class Dataset(Struct, frozen=True):
    """A dataset: each row has a cell per variable, None where there is nothing."""

    name: str
    label: str
    variables: tuple[Variable, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(v.name for v in self.variables)

    def records(self) -> list[dict[str, Cell]]:
        """Rows as mappings, for whoever looks a value up by name."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def dataset(
    name: str, label: str, variables: Sequence[Variable], rows: Iterable[Mapping[str, Cell]]
) -> Dataset:
    """A dataset of mappings, with the variables that are used in at least one row or needed."""
    found = list(rows)
    used = {key for row in found for key, value in row.items() if value is not None}
    unknown = used - {v.name for v in variables}
    if unknown:
        raise KeyError(f"{name} has no variable {sorted(unknown)[0]}")
    kept = tuple(v for v in variables if not found or v.name in used)
    return Dataset(name, label, kept, tuple(tuple(row.get(v.name) for v in kept) for row in found))


def text_of(cell: Cell) -> str:
    """A cell as CSV has it; numbers in full, so that reading gives the same number."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="minutes" if not cell.second else "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)


def _write_csv(data: Dataset, out: Path, as_of: date) -> int:
    del as_of
    rows = ([text_of(cell) for cell in row] for row in data.rows)
    write_csv(out / f"{data.name.lower()}.csv", data.names, rows)
    return 0


_JSON_TYPES: Final = {
    "text": "string",
    "integer": "integer",
    "number": "double",
    "date": "date",
    "datetime": "datetime",
}


def _json_column(data: Dataset, at: int) -> dict[str, Any]:
    variable = data.variables[at]
    column: dict[str, Any] = {
        "itemOID": f"IT.{data.name}.{variable.name}",
        "name": variable.name,
        "label": variable.label,
        "dataType": _JSON_TYPES[variable.kind],
    }
    if variable.kind in {"date", "datetime"}:
        # ISO text here, and a number in the dataset it stands for.
        column["targetDataType"] = "integer"
    if variable.kind == "text":
        column["length"] = max((len(str(row[at] or "")) for row in data.rows), default=0) or 1
    return column


def _write_json(data: Dataset, out: Path, as_of: date) -> int:
    """CDISC Dataset-JSON 1.1; its time of creation is the cut-off, so that bytes repeat."""
    head = {
        "datasetJSONCreationDateTime": f"{as_of.isoformat()}T00:00:00",
        "datasetJSONVersion": "1.1.0",
        "sourceSystem": {"name": "OpenNTZ", "version": __version__},
        "itemGroupOID": f"IG.{data.name}",
        "records": len(data.rows),
        "name": data.name,
        "label": data.label,
        "columns": [_json_column(data, at) for at in range(len(data.variables))],
        "rows": [
            [c.isoformat() if isinstance(c, date) else c for c in row] for row in data.rows
        ],
    }  # fmt: skip
    text = json.dumps(head, ensure_ascii=False, allow_nan=False, indent=None)
    write_text_atomic(out / f"{data.name.lower()}.json", text + "\n")
    return 0


def _write_xpt(data: Dataset, out: Path, as_of: date) -> int:
    """A SAS transport file; returns how many texts were too long for it and were cut."""
    del as_of
    import pandas
    import pyreadstat

    cut = 0
    columns: dict[str, Any] = {}
    for at, variable in enumerate(data.variables):
        cells: list[Any] = [row[at] for row in data.rows]
        if variable.kind == "text":
            whole = ["" if c is None else str(c) for c in cells]
            cells = [_cut(c) for c in whole]
            cut += sum(a != b for a, b in zip(whole, cells, strict=True))
            columns[variable.name] = pandas.Series(cells, dtype="object")
        elif variable.kind in {"date", "datetime"}:
            columns[variable.name] = pandas.Series(cells, dtype="object")
        else:
            columns[variable.name] = pandas.Series(cells, dtype="float64")
    name = f"{data.name.lower()}.xpt"
    # In a folder of its own until it is whole: a file is the old one or the whole new one.
    with tempfile.TemporaryDirectory(prefix=".part-", dir=out) as part:
        # pyreadstat's stubs name pandas' class by another path.
        frame: Any = pandas.DataFrame(columns)
        pyreadstat.write_xport(
            frame,
            str(Path(part) / name),
            file_label=data.label[:LONGEST_LABEL],
            column_labels=[v.label[:LONGEST_LABEL] for v in data.variables],
            table_name=data.name,
            file_format_version=5,
        )
        os.replace(Path(part) / name, out / name)
    return cut


def _cut(text: str) -> str:
    return text.encode()[:LONGEST_TEXT].decode(errors="ignore")


_WRITERS: Final[Mapping[str, Callable[[Dataset, Path, date], int]]] = {
    "csv": _write_csv,
    "json": _write_json,
    "xpt": _write_xpt,
}


def write_datasets(datasets: Iterable[Dataset], out: Path, written_as: Format, as_of: date) -> int:
    """Write each dataset as a file of its name; returns how many texts had to be cut.

    Raises
    ------
    InputError
        When a file cannot be written, or the packages for transport files are not installed.
    """
    try:
        return sum(_WRITERS[written_as](data, out, as_of) for data in datasets)
    except ModuleNotFoundError as error:
        raise InputError(
            f"the package {error.name} is not installed.",
            where="--format xpt",
            remedy="Install OpenNTZ with its extra for trials: pip install 'openntz[trial]'.",
        ) from None
    except OSError as error:
        raise InputError(
            f"{error.filename or out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Check the free space and the rights of the folder, and run again.",
        ) from None
