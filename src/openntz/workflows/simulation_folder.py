"""The folder of a simulation while it grows, so that one that was ended is continued.

    OUT/.running                      which process works here, while it does
    OUT/.unfinished/manifest.json     which simulation this is
    OUT/.unfinished/chunk-000012      rows of a finished chunk
    OUT/.unfinished/trajectories/     states of the finished chunks
    OUT/*.csv, OUT/trajectories/      named when every chunk is there
    OUT/simulation.json               written last: with it, the simulation is finished

Every file is written beside its place and renamed, so it is whole or not there; a chunk counts
as finished when its rows are there, and its states are written before them.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

from msgspec import Struct

from openntz.errors import InputError
from openntz.records.write import csv_text, write_bytes_atomic, write_text_atomic
from openntz.workflows.folder_lock import LOCK
from openntz.workflows.simulated_chunks import ROWS, MadeChunk, TableFormat, arrow_schema
from openntz.workflows.simulated_rows import HEADERS

TRAJECTORIES: Final = "trajectories"
SIMULATION: Final = "simulation.json"
_UNFINISHED: Final = ".unfinished"
_MANIFEST: Final = "manifest.json"
_TABLES: Final = "tables"
# Rows of a Parquet table written together; chunks alone would make thousands of small groups.
_GROUP_ROWS: Final = 100_000

Identity = Mapping[str, str | int | bool]


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise InputError(
            "this file is damaged.", where=str(file), remedy="Choose a new or empty folder."
        ) from None


def _refuse_another(out: Path, state: str, there: Any, here: Identity) -> None:
    found = there if isinstance(there, dict) else {}
    apart = [
        f"{key} ({found.get(key, 'not stated')!s:.40} there, {value!s:.40} here)"
        for key, value in here.items()
        if found.get(key) != value
    ]
    if apart:
        raise InputError(
            f"the folder holds {state} simulation that differs in {', '.join(apart)}.",
            where=str(out),
            remedy="Choose another folder, or go on with the scenario, seed, version and "
            "options it was begun with.",
        )


class SimulationFolder(Struct, frozen=True):
    """A folder recognised as this simulation's, finished or not."""

    out: Path
    identity: Identity
    tables: TableFormat

    @classmethod
    def opened(cls, out: Path, identity: Identity, tables: TableFormat) -> SimulationFolder:
        """The folder, begun when empty and continued when it holds the same simulation.

        Raises
        ------
        InputError
            When it holds anything else: another simulation, or other files.
        OSError
            When it cannot be read or written.
        """
        out.mkdir(parents=True, exist_ok=True)
        folder = cls(out, identity, tables)
        names = {file.name for file in out.iterdir()} - {LOCK}
        about, begun = _read(out / SIMULATION), _read(folder._work / _MANIFEST)
        if about is not None:
            there = about.get("run") if isinstance(about, dict) else None
            _refuse_another(out, "a finished", there, identity)
        elif begun is not None:
            _refuse_another(out, "an unfinished", begun, identity)
        strangers = names - {SIMULATION, _UNFINISHED, TRAJECTORIES, *folder._files()}
        # Rows of an older study left beside the new ones would be read as one clinic.
        if strangers or (about is None and begun is None and names - {_UNFINISHED}):
            raise InputError(
                "the folder is not empty.", where=str(out), remedy="Choose a new or empty folder."
            )
        if about is None:
            folder._begin()
        return folder

    @property
    def _work(self) -> Path:
        return self.out / _UNFINISHED

    def _files(self) -> list[str]:
        return [f"{table}.{self.tables}" for table in HEADERS]

    def _begin(self) -> None:
        (self._work / TRAJECTORIES).mkdir(parents=True, exist_ok=True)
        # Left by a process that was ended while it wrote.
        for file in [*self._work.glob(".part-*"), *(self._work / TRAJECTORIES).glob(".part-*")]:
            file.unlink()
        if not (self._work / _MANIFEST).exists():
            write_text_atomic(self._work / _MANIFEST, _json(dict(self.identity)))

    def result(self) -> dict[str, int] | None:
        """Rows by table when the simulation is finished; None when something is left to do.

        Raises
        ------
        InputError
            When a table of a finished simulation is gone.
        """
        about = _read(self.out / SIMULATION)
        if about is None:
            return None
        gone = [name for name in self._files() if not (self.out / name).exists()]
        if gone:
            raise InputError(
                f"the simulation is finished, but {', '.join(gone)} is no longer there.",
                where=str(self.out),
                remedy="Choose a new or empty folder.",
            )
        shutil.rmtree(self._work, ignore_errors=True)
        return about["rows"]

    def _chunk(self, number: int) -> Path:
        return self._work / f"chunk-{number:06d}"

    def has(self, number: int) -> bool:
        """Whether a chunk is finished and whole."""
        try:
            with zipfile.ZipFile(self._chunk(number)) as archive:
                return archive.testzip() is None
        except (FileNotFoundError, zipfile.BadZipFile):
            return False

    def keep(self, made: MadeChunk) -> None:
        """Store a finished chunk."""
        if made.states is not None:
            states = self._work / TRAJECTORIES / f"states-{made.number:06d}.parquet"
            write_bytes_atomic(states, made.states)
        write_bytes_atomic(self._chunk(made.number), made.tables)

    def finish(self, chunks: Iterable[int], about: Mapping[str, Any]) -> dict[str, int]:
        """Put the tables together, name everything, and drop the chunks; rows by table."""
        ready = self._work / _TABLES
        shutil.rmtree(ready, ignore_errors=True)
        ready.mkdir()
        counts = dict.fromkeys(HEADERS, 0)
        with _WRITERS[self.tables](ready) as tables:
            for number in chunks:
                with zipfile.ZipFile(self._chunk(number)) as archive:
                    for table, rows in json.loads(archive.read(ROWS)).items():
                        counts[table] += rows
                        tables.add(table, archive.read(table))
        for name in self._files():
            os.replace(ready / name, self.out / name)
        states = self._work / TRAJECTORIES
        if any(states.iterdir()):
            os.replace(states, self.out / TRAJECTORIES)
        stated = {**about, "rows": counts, "run": dict(self.identity)}
        # Written among the unfinished: whatever a kill leaves half written is swept up there.
        write_text_atomic(self._work / SIMULATION, _json(stated))
        os.replace(self._work / SIMULATION, self.out / SIMULATION)
        shutil.rmtree(self._work)
        return counts


class _CsvTables:
    """The eleven tables as CSV while they grow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> _CsvTables:
        for table, header in HEADERS.items():
            stream = self._open.enter_context((self._folder / f"{table}.csv").open("wb"))
            stream.write(csv_text(header, []).encode("utf-8"))
            self._files[table] = stream
        return self

    def add(self, table: str, rows: bytes) -> None:
        """Append the rows of a chunk."""
        self._files[table].write(rows)

    def __exit__(self, *error: object) -> None:
        with self._open:
            for stream in self._files.values():
                stream.flush()
                os.fsync(stream.fileno())


class _ParquetTables:
    """The eleven tables as Parquet while they grow, in groups of rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._writers: dict[str, Any] = {}
        self._waiting: dict[str, list[Any]] = {table: [] for table in HEADERS}

    def __enter__(self) -> _ParquetTables:
        import pyarrow.parquet as pq

        for table in HEADERS:
            stream = self._open.enter_context((self._folder / f"{table}.parquet").open("wb"))
            self._open.callback(os.fsync, stream.fileno())
            writer = pq.ParquetWriter(stream, arrow_schema(table), compression="zstd")
            self._writers[table] = self._open.enter_context(writer)
        return self

    def add(self, table: str, rows: bytes) -> None:
        """Append the rows of a chunk."""
        import pyarrow as pa

        waiting = self._waiting[table]
        waiting.append(pa.ipc.open_stream(io.BytesIO(rows)).read_all())
        if sum(len(one) for one in waiting) >= _GROUP_ROWS:
            self._write(table)

    def _write(self, table: str) -> None:
        import pyarrow as pa

        if self._waiting[table]:
            rows = pa.concat_tables(self._waiting[table])
            self._writers[table].write_table(rows, row_group_size=len(rows) or None)
            self._waiting[table].clear()

    def __exit__(self, *error: object) -> None:
        with self._open:
            for table in HEADERS:
                self._write(table)


_WRITERS: Final[Mapping[TableFormat, type[_CsvTables] | type[_ParquetTables]]] = {
    "csv": _CsvTables,
    "parquet": _ParquetTables,
}


def missing(folder: SimulationFolder, chunks: int) -> Iterator[int]:
    """Numbers of the chunks that are still to be worked out."""
    return (number for number in range(chunks) if not folder.has(number))
