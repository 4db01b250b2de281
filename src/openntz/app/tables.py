"""How tables and statuses look in a terminal."""

from __future__ import annotations

from typing import Final

from rich.table import Table
from rich.text import Text

from openntz.monitor.finding import Status
from openntz.records.problems import printable

COLOUR: Final = {
    Status.ACT: "bold red",
    Status.DUE: "bold yellow",
    Status.WATCH: "cyan",
    Status.UNKNOWN: "magenta",
    Status.OK: "green",
}


def plain_table(*columns: str, right: tuple[int, ...] = ()) -> Table:
    """A table without lines; ``right`` are the columns of numbers."""
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i in right else "left", overflow="fold")
    return table


def told(*parts: str | tuple[str, str]) -> Text:
    """Text, or (text, style), one after the other; no sign of a record steers the terminal."""
    return Text.assemble(
        *(printable(p) if isinstance(p, str) else (printable(p[0]), p[1]) for p in parts)
    )
