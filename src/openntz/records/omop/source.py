"""A folder of OMOP tables as views of a database in memory; data are streamed, not held.

duckdb, of the extra for trials, is loaded only here.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from openntz.errors import InputError
from openntz.records.problems import Problem, printable

_SUFFIXES: Final = (".parquet", ".csv")
_FORMATS: Final = {
    ".parquet": "FORMAT parquet",
    ".csv": "FORMAT csv, HEADER true, DELIMITER ','",
}
# Columns that are used, by table (OMOP CDM 5.4); one that is not there is empty.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "person": (
        *("person_id", "gender_concept_id", "birth_datetime"),
        *("year_of_birth", "month_of_birth", "day_of_birth"),
    ),
    "drug_exposure": (
        *("person_id", "drug_concept_id", "route_concept_id", "quantity", "visit_occurrence_id"),
        *("drug_exposure_start_date", "drug_exposure_start_datetime", "drug_exposure_end_date"),
        *("drug_exposure_end_datetime", "dose_unit_source_value", "lot_number"),
    ),
    "measurement": (
        *("person_id", "measurement_concept_id", "measurement_date", "measurement_datetime"),
        *("operator_concept_id", "value_as_number", "value_as_concept_id"),
        *("unit_concept_id", "unit_source_value"),
    ),
    "observation": (
        *("person_id", "observation_concept_id", "observation_date", "observation_datetime"),
        *("value_as_number", "value_as_concept_id", "observation_id", "value_as_string"),
    ),
    "condition_occurrence": (
        *("person_id", "condition_concept_id", "condition_start_date", "condition_start_datetime"),
        *("condition_occurrence_id", "condition_end_date", "condition_end_datetime"),
    ),
    "procedure_occurrence": (
        *("person_id", "procedure_concept_id", "procedure_date", "procedure_datetime"),
        *("procedure_occurrence_id", "procedure_end_date", "procedure_end_datetime"),
    ),
    "episode": (
        *("person_id", "episode_id", "episode_concept_id", "episode_object_concept_id"),
        *("episode_start_date", "episode_start_datetime", "episode_end_date"),
        "episode_end_datetime",
    ),
    "visit_occurrence": ("visit_occurrence_id", "visit_concept_id"),
}

# Not FLOAT, whose 0.1 is another number than the text '0.1'.
_READ_AS_IT_IS: Final = frozenset({"BIGINT", "INTEGER", "DOUBLE", "DATE", "TIMESTAMP"})
# Columns that queries only ever read as a number or a time.
_NEVER_TEXT: Final = (
    *("person_id", "_concept_id", "_date", "_datetime", "value_as_number", "quantity"),
)


def _files(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = path.stem.casefold()
        suffix = path.suffix.casefold()
        if name not in COLUMNS or suffix not in _SUFFIXES or not path.is_file():
            continue
        # Parquet says what its columns are; a CSV beside it is its copy.
        if name not in found or suffix == ".parquet":
            found[name] = path
    return found


def looks_like_omop(folder: Path) -> bool:
    """Whether a folder holds people and exposures as OMOP names them."""
    return {"person", "drug_exposure"} <= set(_files(folder))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _parquet(path: Path) -> str:
    return f"read_parquet({_quoted(str(path))})"


def _csv(path: Path) -> str:
    """A CSV file with the columns of its own first line; nothing of its form is guessed.

    A line that does not fit is then an error, where guessing would pass over it.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader(stream), [])
    names = [name.strip() for name in header]
    if not names or len({n.casefold() for n in names}) < len(names) or not all(names):
        raise ValueError("its first line does not name each column once")
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({_quoted(str(path))}, auto_detect = false, header = true, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{columns}}})"
    )


def _column(name: str, kind: str | None) -> str:
    """A column of a view, NULL where the table has none.

    It keeps a type from which numbers and times are read as they would be from its text, which
    would have to be written and read again for every row.
    """
    if kind is None:
        return f"NULL::VARCHAR AS {name}"
    as_it_is = kind in _READ_AS_IT_IS and name.endswith(_NEVER_TEXT)
    return f'"{name}"' if as_it_is else f'CAST("{name}" AS VARCHAR) AS {name}'


class OmopFolder:
    """The tables of a folder as views of a database; a context manager.

    Every view has the columns of ``COLUMNS``, as text or in a type that reads alike. A file that
    cannot be read is a problem.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        try:
            import duckdb
        except ModuleNotFoundError as error:
            raise InputError(
                f"the package {error.name} is not installed.",
                where=str(folder),
                remedy="Install OpenNTZ with its extra for trials: pip install 'openntz[trial]'.",
            ) from None

        self.error: type[Exception] = duckdb.Error
        self.problems: list[Problem] = []
        self.tables: dict[str, str] = {}
        self._database: Any = duckdb.connect(":memory:")
        # Nothing is fetched, and what does not fit into memory goes to the folder of the results.
        for setting in (
            "SET autoinstall_known_extensions = false",
            "SET autoload_known_extensions = false",
            "SET memory_limit = '2GB'",
            # Two write the rows of a join in an order that changes from run to run, and with it
            # the lines that are named to the reader.
            "SET threads = 1",
            f"SET temp_directory = {_quoted(str(scratch))}",
        ):
            self._database.execute(setting)
        for name, path in _files(folder).items():
            self._open(name, path, folder)

    def __enter__(self) -> OmopFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def _open(self, name: str, path: Path, folder: Path) -> None:
        if path.resolve().parent != folder.resolve():
            self._whole(name, path, "this is a link out of the folder.", "Copy it.")
            return
        try:
            read = _parquet(path) if path.suffix.casefold() == ".parquet" else _csv(path)
            described = self._database.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()
            there = {str(row[0]).casefold(): str(row[1]) for row in described}
            columns = ", ".join(_column(c, there.get(c)) for c in COLUMNS[name])
            self._database.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {read}")
        except (self.error, OSError, ValueError) as error:
            reason = f"it cannot be read ({printable(str(error).splitlines()[0])})."
            self._whole(name, path, reason, "Write it again as CSV with commas, or Parquet.")
            return
        key = COLUMNS[name][0]
        if key not in there:
            self._whole(name, path, f"the column {key} is missing.", "Export the table with it.")
            return
        self.tables[name] = path.name

    def _whole(self, name: str, path: Path, reason: str, remedy: str) -> None:
        self.problems.append(Problem(name, 0, "", printable(path.name), reason, remedy, "file"))

    def meaning(self, name: str, rows: Iterable[tuple[int, str]]) -> None:
        """A small table ``name`` of (id, what) that queries join."""
        self._small(f"{name} (id BIGINT, what VARCHAR)", name, rows)

    def words(self, name: str, rows: Iterable[tuple[str, str]]) -> None:
        """A small table ``name`` of (word, what) that queries join."""
        self._small(f"{name} (word VARCHAR, what VARCHAR)", name, rows)

    def _small(self, made: str, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._database.execute(f"CREATE TABLE {made}")
        for row in rows:
            self._database.execute(f"INSERT INTO {name} VALUES (?, ?)", row)

    def few(self, name: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
        """A table of text made of rows that were put together outside of the database."""
        import pyarrow as pa

        names, cells = list(columns), list(zip(*rows, strict=True))
        listed = pa.table(
            {c: pa.array(cells[i] if cells else (), pa.string()) for i, c in enumerate(names)}
        )
        self._database.register("listed", listed)
        self._database.execute(f"CREATE TABLE {name} AS SELECT * FROM listed")
        self._database.unregister("listed")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The few rows of a query that counts.

        Raises
        ------
        InputError
            When a file turns out to be damaged.
        """
        try:
            return self._database.execute(query).fetchall()
        except self.error as error:
            raise self._damaged("the data", error) from None

    @staticmethod
    def _damaged(what: str, error: Exception) -> InputError:
        return InputError(
            f"the data cannot be read to their end ({printable(str(error).splitlines()[0])}).",
            where=what,
            remedy="Write the tables again as Parquet, or as CSV in UTF-8 with commas.",
        )

    def write(self, query: str, path: Path) -> int:
        """A query's rows as a CSV or Parquet file by its ending, streamed; returns how many.

        Raises
        ------
        InputError
            When a file turns out to be damaged or cannot be written.
        """
        part = path.with_name(f".part-{path.name}")
        try:
            target = _quoted(str(part))
            done = self._database.execute(
                f"COPY ({query}) TO {target} ({_FORMATS[path.suffix]})"
            ).fetchone()
            os.replace(part, path)
        except self.error as error:
            raise self._damaged(path.stem, error) from None
        finally:
            part.unlink(missing_ok=True)
        return int(done[0])
