"""What `openntz export` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from openntz.report.words import count

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.records.nonmem_write import NonmemExport
    from openntz.workflows.export_datasets import ExportedDatasets


def say_export(console: Console, written: NonmemExport) -> None:
    """Where the files are, how much is in them, and what had to be assumed."""
    console.print(Text(f"{written.people} people, {written.rows} rows: {written.path}"))
    console.print(Text(f"Who is who: {written.key_path} (names people: keep it apart)"))
    for note in written.notes:
        console.print(Text(f"{note.table} {note.column}: {note.reason} {note.remedy}".strip()))


def say_datasets(console: Console, written: ExportedDatasets) -> None:
    """Records by dataset, and what could not be carried."""
    console.print(Text(f"{count(written.people, 'person', 'people')}: {written.out}"))
    for name, rows in written.written:
        console.print(Text(f"  {name:8} {count(rows, 'record')}"))
    for table, what, times in written.not_carried:
        console.print(Text(f"not carried  {table}: {what} ({times})", style="dim"))
    console.print(Text("The datasets name people: keep them as you keep the clinic's tables."))
