"""A folder of tables in, courses out: the one way into the package for a clinic's export.

Nothing is dropped in silence: each row read is used, a duplicate or set aside with its reason,
and every assumption under which a row is used is a note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from msgspec import Struct, field

from openntz.course.columns import plain_name
from openntz.course.course import TABLES, Course
from openntz.course.events import Event
from openntz.course.tables import CONTRACT
from openntz.course.vocabulary import ALL_LOST_RESULTS
from openntz.errors import InputError
from openntz.evidence.registry import Registry, registry
from openntz.records.assemble import Assembler, PersonRows
from openntz.records.binding import bind
from openntz.records.doses import read_dose
from openntz.records.events import READERS
from openntz.records.folder import find_tables
from openntz.records.identifiers import read_identifier
from openntz.records.limits import Limits
from openntz.records.mapping import Layout, read_mapping
from openntz.records.measurements import MeasurementReader
from openntz.records.parquet import ParquetTable
from openntz.records.people import contradiction, merged, read_person
from openntz.records.problems import CellError, Log, Problem, Records, TableSummary, printable
from openntz.records.rows import Row
from openntz.records.text import Broken, TextTable

__all__ = ["Problem", "Progress", "Records", "TableSummary", "read_folder"]

# Called now and then with how many bytes have been read, and how many there are.
Progress = Callable[[int, int], None]

_ROWS_PER_STEP: Final = 4096


class Source(Protocol):
    """A table as records of text cells, each with its line."""

    names: list[str]
    notes: list[str]
    header_line: int
    file: str

    @property
    def position(self) -> int:
        """Bytes read so far."""
        ...

    @property
    def cut_off(self) -> bool:
        """Whether the last line is not whole."""
        ...

    def __enter__(self) -> Source: ...

    def __exit__(self, *exception: object) -> None: ...

    def records(self) -> Iterator[tuple[int, list[str] | Broken]]:
        """Each row with its line."""
        ...


class Reading(Struct):
    """Everything that is collected while the tables of some people are read."""

    limits: Limits
    layout: Layout
    log: Log
    progress: Progress | None
    total: int
    done: int = 0
    last_line: int = 0
    people: dict[str, PersonRows] = field(default_factory=lambda: defaultdict(PersonRows))
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    duplicate: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)

    def identifier(self, cell: str) -> str:
        """The identifier in a cell; checked once per spelling."""
        known = self.identifiers.get(cell)
        if known is None:
            known = self.identifiers[cell] = read_identifier(cell)
        return known

    def step(self, position: int) -> None:
        """Tell the watcher how far the current file has been read."""
        if self.progress is not None:
            self.progress(self.done + position, self.total)


def read_folder(
    path: Path,
    *,
    as_of: date | None = None,
    mapping: Path | None = None,
    progress: Progress | None = None,
    evidence: Registry | None = None,
) -> Records:
    """Read the tables of a clinic's export.

    Parameters
    ----------
    path : Path
        Folder with a CSV or Parquet file per table; missing tables are 'not recorded'.
    as_of : date, optional
        Day of the review, today when left out. Later rows are kept in the courses and noted.
    mapping : Path, optional
        Mapping file for another layout; see ``records/mapping.py``.
    progress : callable, optional
        Called with bytes read and bytes in all.
    evidence : Registry, optional
        Registry whose facts bound what is possible; that of the package when left out.

    Raises
    ------
    InputError
        When the folder, the mapping file or both people and doses cannot be used.
    EvidenceError
        When a fact that bounds a value is missing.
    """
    day = as_of or date.today()
    layout = Layout() if mapping is None else read_mapping(mapping)
    log = Log()
    found = find_tables(path, layout, log)
    reading = Reading(
        limits=Limits.create(evidence or registry(), day),
        layout=layout,
        log=log,
        progress=progress,
        total=sum(_size(file) for file in found.tables.values()),
    )
    usable = {
        name
        for name in TABLES
        if name in found.tables and _table(name, found.tables[name], reading)
    }
    _say_alike(reading)
    files = {**found.unreadable, **found.tables}
    _say_lost(reading, [name for name in files if name not in usable])
    courses, assembler = courses_of(reading, usable)
    rejected, notes = log.finish()
    tables = {
        name: _summary(name, files[name], name in usable, reading, assembler)
        for name in TABLES
        if name in files
    }
    if not courses or not usable & {"people", "doses"}:
        raise nothing_usable(path, rejected)
    return Records(
        courses=MappingProxyType(courses),
        rejected=rejected,
        notes=notes,
        tables=MappingProxyType(tables),
        as_of=day,
        folder=path,
        other_files=found.others,
        incomplete=MappingProxyType(
            {name: frozenset(lost) for name, lost in log.incomplete.items() if name in courses}
        ),
    )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def nothing_usable(path: Path, rejected: tuple[Problem, ...]) -> InputError:
    """What to say of a folder without anybody that can be used."""
    first = next((p for p in rejected if p.table in {"people", "doses"}), None) or next(
        iter(rejected), None
    )
    why = f" First problem: {first}" if first else ""
    return InputError(
        f"neither people nor doses with a row that can be used.{why}",
        where=str(path),
        remedy="The folder needs people.csv or doses.csv; other names go into a mapping file.",
    )


def courses_of(reading: Reading, usable: set[str]) -> tuple[dict[str, Course], Assembler]:
    """The courses of the people read, and what became of every row."""
    assembler = Assembler(reading.limits, reading.log, usable)
    courses: dict[str, Course] = {}
    # Rows become courses one person at a time, and the rows of each are let go at once.
    for name in list(reading.people):
        courses[name] = assembler.course(name, reading.people.pop(name))
    return courses, assembler


def _summary(
    name: str, file: Path, usable: bool, reading: Reading, assembler: Assembler
) -> TableSummary:
    count = assembler.counts[name]
    people = name == "people"
    rejected = reading.rejected[name] + count.rejected
    duplicate = reading.duplicate[name] + count.duplicate
    return TableSummary(
        table=name,
        path=file,
        usable=usable,
        whole=name not in reading.log.broken_off,
        read=reading.read[name],
        used=reading.read[name] - rejected - duplicate if people else count.used,
        rejected=rejected,
        duplicate=duplicate,
        later=count.later,
        unknown_columns=reading.unknown.get(name, ()),
    )


def _table(name: str, file: Path, reading: Reading) -> bool:
    """Read one table; False when the file cannot be used at all, which is said."""
    table, mapping = CONTRACT[name], reading.layout.table(name)
    try:
        if file.suffix.casefold() == ".parquet":
            source: Source = ParquetTable(file)
        else:
            source = TextTable(
                file, lambda header: table.find(header) is not None, mapping.delimiter
            )
        with source:
            binding = bind(table, source.names, mapping)
            reading.unknown[name] = tuple(printable(header) for _, header in binding.unknown)
            row = Row(table, binding, mapping, reading.layout, reading.limits, reading.log)
            for said in source.notes:
                reading.log.note(
                    "assumed", name, "", file.name, said, "Export the table in UTF-8."
                ).add(source.header_line)
            read_rows(name, source, row, reading)
    except CellError as error:
        return _ended_early(name, file, error, reading)
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror or type(error).__name__})."
        problem = CellError("", file.name, reason, "Check the file and its permissions.")
        return _ended_early(name, file, problem, reading)
    finally:
        reading.done += _size(file)
        reading.step(0)
    if not reading.read[name]:
        reason = "The table has a header and no rows: nothing is recorded in it."
        reading.log.note("information", name, "", file.name, reason).add(source.header_line)
    return True


def _ended_early(name: str, file: Path, error: CellError, reading: Reading) -> bool:
    """Say why a file could not be read on; True when some of its rows were read."""
    if not reading.read[name]:
        reading.log.set_aside("file", name, 0, error, "")
        return False
    reading.log.break_off(name, file.name, reading.last_line, error.reason)
    return True


def _say_lost(reading: Reading, unreadable: Sequence[str]) -> None:
    """Of tables that break off or cannot be read, anybody's rows may be among those lost."""
    for table in (*reading.log.broken_off, *unreadable):
        for name, rows in reading.people.items():
            if table != "people" or rows.person is None:
                reading.log.incomplete.setdefault(name, set()).update({table}, _whatever(table))


def read_rows(name: str, source: Source, row: Row, reading: Reading) -> None:
    """Pass every record of a file on, and count it."""
    log = reading.log
    read_row, lost = _row_reader(name, row, reading)
    person_at = row.binding.index.get("person")
    changed = "person" in row.binding.rivals or "person" in row.mapping.values
    read = 0
    for line, cells in source.records():
        read += 1
        if not read % _ROWS_PER_STEP:
            reading.step(source.position)
        person = ""
        try:
            if isinstance(cells, Broken):
                # Whose row it was matters even when its cells are lost.
                person = cells.first if person_at == 0 and cells.first in reading.people else ""
                raise CellError("", cells.value, cells.reason, cells.remedy)
            row.cells, row.line = cells, line
            cell = cells[person_at] if person_at is not None else ""
            if not cell and not any(map(str.strip, cells)):
                reason = "Rows without any content are passed over."
                log.note("information", name, "", "", reason).add(line)
                read -= 1
                continue
            person = reading.identifier(row.text("person") if changed or not cell else cell)
            if read_row(person) and (row.notes or row.errors):
                _keep_what_was_said(row, person)
        except CellError as error:
            reading.rejected[name] += 1
            log.set_aside("row", name, line, error, person)
            if person:
                log.incomplete[person].update(_whatever(name) if row.cells is not cells else lost())
        if row.notes or row.errors:
            row.notes.clear()
            row.errors.clear()
        # Kept up to date, so that a file that breaks off still accounts for its rows.
        reading.read[name], reading.last_line = read, line
    reading.read[name] = read
    if source.cut_off:
        reason = "its last line is not whole and has no line end."
        log.break_off(name, source.file, reading.last_line - 1, reason)


def _keep_what_was_said(row: Row, person: str) -> None:
    for note in set(row.notes):
        note.add(row.line)
    for error in row.errors:
        row.log.set_aside("cell", row.table.name, row.line, error, person)


def _whatever(table: str) -> frozenset[str]:
    """What may be missing when it cannot be told what a row of a table was about."""
    return ALL_LOST_RESULTS if table == "measurements" else frozenset()


def _row_reader(
    name: str, row: Row, reading: Reading
) -> tuple[Callable[[str], bool], Callable[[], frozenset[str]]]:
    """What to do with the row that is set, True when it is used; and what is lost if it is not."""
    if name == "people":
        return lambda person: _add_person(row, person, reading), frozenset
    read_event: Callable[[], Event]
    lost: Callable[[], frozenset[str]] = frozenset
    if name == "measurements":
        read_event = measurement = MeasurementReader(row)
        lost = measurement.lost
    else:
        read_event = partial(read_dose if name == "doses" else READERS[name], row)
    people = reading.people

    def add(person: str) -> bool:
        event = read_event()
        people[person].events[name].append(event)
        return True

    return add, lost


def _add_person(row: Row, person: str, reading: Reading) -> bool:
    new = read_person(row, person)
    known = reading.people.get(person)
    if known is None or known.person is None:
        reading.people[person].person = new
        return True
    first = known.person
    line = first.ref.line if first.ref else 0
    if differs := contradiction(first, new):
        raise CellError(
            differs,
            row.text(differs) if differs in row.binding.index else new.extra.get(differs, ""),
            f"the person is already there with another {differs}: line {line}, which is used.",
            "Keep the right row.",
        )
    known.person = merged(first, new)
    reason = f"The person is already there and the rows agree: line {line}; this one is set aside."
    reading.log.note(
        "duplicate", "people", "person", person, reason, "Keep one row.", each=str(row.line)
    ).add(row.line)
    reading.duplicate["people"] += 1
    return False


def _say_alike(reading: Reading) -> None:
    """Identifiers that differ only in case or punctuation are probably one person's."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in reading.people:
        alike[plain_name(name)].append(name)
    for names in alike.values():
        if len(names) > 1:
            person = reading.people[names[-1]].person
            reading.log.note(
                "assumed",
                "people",
                "person",
                names[-1],
                f"Identifiers that differ only in case or signs: {', '.join(names)}."
                " They are taken as different people.",
                "Write each person's identifier in one way.",
                each=names[0],
            ).add(person.ref.line if person and person.ref else 0)
