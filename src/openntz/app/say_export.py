"""What `openntz export` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.records.nonmem_write import NonmemExport


def say_export(console: Console, written: NonmemExport) -> None:
    """Where the files are, how much is in them, and what had to be assumed."""
    console.print(Text(f"{written.people} people, {written.rows} rows: {written.path}"))
    console.print(Text(f"Who is who: {written.key_path} (names people: keep it apart)"))
    for note in written.notes:
        console.print(Text(f"{note.table} {note.column}: {note.reason} {note.remedy}".strip()))
