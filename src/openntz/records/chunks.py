"""Parquet tables divided by person, so that a registry is read some people at a time.

People come in the order in which they first appear, and the rows of each with the line they
have in their file: what is read of them is what ``read_folder`` reads. duckdb, of the extra for
trials, is loaded only here and for OMOP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from openntz.course.course import TABLES, Course
from openntz.course.tables import CONTRACT
from openntz.evidence.registry import Registry
from openntz.records.binding import bind
from openntz.records.csv import Reading, courses_of, nothing_usable, read_rows
from openntz.records.folder import Found, find_tables
from openntz.records.identifiers import read_identifier
from openntz.records.limits import Limits
from openntz.records.mapping import Layout
from openntz.records.parquet import ParquetTable, cell_text
from openntz.records.problems import CellError, Log, Problem
from openntz.records.rows import Row

PEOPLE_A_CHUNK: Final = 1000
_MEMORY: Final = "2GB"
_ROW_GROUP: Final = 20_000
_INTEGERS: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_TIMES: Final = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})


class Read(Struct, frozen=True):
    """What was read of a chunk: its courses in order, and what was set aside."""

    courses: Mapping[str, Course]
    rejected: tuple[Problem, ...]


class OnePiece(Struct, frozen=True):
    """Tables that cannot be divided, and why: 'the tables doses, people are not Parquet'."""

    why: str


class Chunks(Struct, frozen=True):
    """Tables divided by person; ``rejected`` is what concerns whole files."""

    folder: Path
    scratch: Path
    tables: Mapping[str, tuple[str, ...]]
    count: int
    rejected: tuple[Problem, ...]
    limits: Limits

    def read(self, at: int) -> Read:
        """The courses of one chunk, as ``read_folder`` would make them.

        Raises
        ------
        InputError
            When a file of the scratch folder was changed or removed meanwhile.
        """
        log = Log()
        reading = Reading(self.limits, Layout(), log, None, 0)
        for name, columns in self.tables.items():
            mapping = reading.layout.table(name)
            binding = bind(CONTRACT[name], columns, mapping)
            row = Row(CONTRACT[name], binding, mapping, reading.layout, self.limits, log)
            read_rows(name, _Slice(self.scratch / f"{name}.parquet", columns, at), row, reading)
        courses, _ = courses_of(reading, set(self.tables))
        return Read(courses, log.finish()[0])

    def check(self, people: int, rejected: tuple[Problem, ...]) -> None:
        """Refuse a folder in which nobody can be used.

        Raises
        ------
        InputError
            When there is no course, or neither people nor doses could be read.
        """
        if not people or not self.tables.keys() & {"people", "doses"}:
            raise nothing_usable(self.folder, rejected)


class _Slice:
    """The rows of one chunk of one table, with the face of ``ParquetTable``."""

    header_line = 1
    position = 0
    cut_off = False

    def __init__(self, path: Path, columns: tuple[str, ...], at: int) -> None:
        self.names = list(columns)
        self.notes: list[str] = []
        self.file = path.name
        self._path, self._at = path, at

    def __enter__(self) -> _Slice:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def records(self) -> Iterator[tuple[int, list[str]]]:
        import pyarrow.parquet as pq

        found = pq.read_table(self._path, filters=[("chunk", "=", self._at)], use_threads=False)
        columns = [column.to_pylist() for column in found.columns[1:]]
        for line, *cells in zip(*columns, strict=True):
            yield line, cells


def divided(folder: Path, scratch: Path, as_of: date, evidence: Registry) -> Chunks | OnePiece:
    """The tables of a folder by person, or why they must be read in one piece.

    That is so of tables that are not Parquet, hold types without a plain text, or cannot be read
    to their end: ``read_folder`` says more of such.

    Parameters
    ----------
    folder : Path
        A folder with course tables.
    scratch : Path
        A folder of one's own, as large as the data.
    as_of : date
        Day of the review.

    Raises
    ------
    InputError
        When the folder cannot be listed.
    """
    log = Log()
    found = find_tables(folder, Layout(), log)
    other = sorted(n for n, p in found.tables.items() if p.suffix.casefold() != ".parquet")
    if other or not found.tables:
        return OnePiece(f"not Parquet: {', '.join(other) or 'no table'}")
    try:
        import duckdb
    except ModuleNotFoundError:
        return OnePiece("the package duckdb, of the extra for trials, is not installed")
    base: Any = duckdb.connect(":memory:")
    try:
        for setting in (
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false",
            f"SET memory_limit = '{_MEMORY}'",
            "SET threads = 2",
            "SET preserve_insertion_order = false",
            f"SET temp_directory = {_quoted(scratch / 'spill')}",
        ):
            base.execute(setting)
        columns = _columns(found, log)
        people = _keys(base, found, columns)
        for name in columns:
            _scatter(base, found.tables[name], columns[name], name, scratch)
    except _InOnePieceError as error:
        return OnePiece(str(error))
    except duckdb.Error:
        return OnePiece("a table cannot be read to its end")
    finally:
        base.close()
    return Chunks(
        folder=folder,
        scratch=scratch,
        tables=columns,
        count=max(1, -(-people // PEOPLE_A_CHUNK)),
        rejected=log.finish()[0],
        limits=Limits.create(evidence, as_of),
    )


class _InOnePieceError(Exception):
    """The tables cannot be divided."""


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _columns(found: Found, log: Log) -> dict[str, tuple[str, ...]]:
    """The columns of each table that can be used; a file that cannot is said."""
    columns: dict[str, tuple[str, ...]] = {}
    for name in TABLES:
        if name not in found.tables:
            continue
        file = found.tables[name]
        if set("*?[]{}") & set(str(file)):
            # The database takes them for a pattern of names.
            raise _InOnePieceError(f"{name}: its path has one of * ? [ ] {{ }}")
        try:
            with ParquetTable(file) as table:
                names = tuple(table.names)
            binding = bind(CONTRACT[name], names, Layout().table(name))
        except CellError as error:
            log.set_aside("file", name, 0, error, "")
            continue
        if "person" in binding.rivals or len({n.casefold() for n in names}) < len(names):
            raise _InOnePieceError(f"{name}: two columns of people, or two of one name")
        columns[name] = names
    return columns


def _named(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _rows_of(file: Path) -> str:
    return f"read_parquet({_quoted(file)}, file_row_number = true)"


def _keys(base: Any, found: Found, columns: Mapping[str, tuple[str, ...]]) -> int:
    """A table ``k_NAME`` from a cell that names a person to their chunk; returns the people."""
    ranks: dict[str, int] = {}
    for name, names in columns.items():
        at = bind(CONTRACT[name], names, Layout().table(name)).index["person"]
        base.execute(
            f"CREATE TABLE f_{name} AS SELECT {_named(names[at])} AS cell,"
            f" min(file_row_number) AS first FROM {_rows_of(found.tables[name])} GROUP BY 1"
        )
        chunks: list[tuple[int, int]] = []
        for cell, first in base.execute(f"SELECT * FROM f_{name} ORDER BY first").fetchall():
            try:
                who = read_identifier(cell_text(cell))
            except CellError:
                # Whoever cannot be named is said with the first people.
                chunks.append((first, 0))
                continue
            chunks.append((first, ranks.setdefault(who, len(ranks)) // PEOPLE_A_CHUNK))
        _small(base, f"c_{name}", chunks)
        base.execute(f"CREATE TABLE k_{name} AS SELECT cell, chunk FROM f_{name} JOIN c_{name}"
                     " USING (first)")  # fmt: skip
    return len(ranks)


def _small(base: Any, name: str, rows: list[tuple[int, int]]) -> None:
    import pyarrow as pa

    listed = pa.table(
        {
            "first": pa.array([first for first, _ in rows], pa.int64()),
            "chunk": pa.array([chunk for _, chunk in rows], pa.int32()),
        }
    )
    base.register("listed", listed)
    base.execute(f"CREATE TABLE {name} AS SELECT * FROM listed")
    base.unregister("listed")


def _scatter(base: Any, file: Path, names: tuple[str, ...], name: str, scratch: Path) -> None:
    """Write a table as text cells, in the order of chunk and line."""
    kinds = {
        row[0]: row[1]
        for row in base.execute(f"DESCRIBE SELECT * FROM read_parquet({_quoted(file)})").fetchall()
    }
    at = bind(CONTRACT[name], names, Layout().table(name)).index["person"]
    cells = ", ".join(
        f"{_as_text('r.' + _named(n), kinds[n])} AS c{i}" for i, n in enumerate(names)
    )
    base.execute(
        f"COPY (SELECT k.chunk AS chunk, r.file_row_number + 2 AS line, {cells}"
        f" FROM {_rows_of(file)} AS r JOIN k_{name} AS k"
        f" ON r.{_named(names[at])} IS NOT DISTINCT FROM k.cell ORDER BY chunk, line)"
        f" TO {_quoted(scratch / f'{name}.parquet')}"
        f" (FORMAT parquet, ROW_GROUP_SIZE {_ROW_GROUP}, COMPRESSION lz4_raw)"
    )


def _as_text(cell: str, kind: str) -> str:
    """SQL for the text that ``cell_text`` makes of a cell.

    Raises
    ------
    _InOnePieceError
        When the type has no text that both make alike.
    """
    if kind in {"VARCHAR", '"NULL"', "NULL"}:
        # A column without any value has no type of its own.
        text = f"CAST({cell} AS VARCHAR)"
    elif kind in _INTEGERS or kind.startswith("DECIMAL") or kind == "DATE":
        text = f"CAST({cell} AS VARCHAR)"
    elif kind in {"FLOAT", "DOUBLE"}:
        wide = f"CAST({cell} AS DOUBLE)"
        text = (
            f"CASE WHEN isnan({wide}) THEN '' WHEN abs({wide}) < 1e15 AND {wide} = trunc({wide})"
            f" THEN CAST(CAST({wide} AS BIGINT) AS VARCHAR) ELSE CAST({wide} AS VARCHAR) END"
        )
    elif kind in _TIMES:
        text = f"strftime(CAST({cell} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')"
    elif kind == "BOOLEAN":
        text = f"CASE WHEN {cell} THEN 'yes' WHEN NOT {cell} THEN 'no' END"
    else:
        raise _InOnePieceError(f"a column of the type {kind[:40]}")
    return f"coalesce({text}, '')"
