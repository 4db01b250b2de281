"""How tables and statuses look in a terminal."""

from __future__ import annotations

from typing import Final

from rich.table import Table

from openntz.monitor.finding import Status

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
