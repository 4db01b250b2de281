"""What several models say of one person, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from openntz.report.models_view import DAYS, LEVELS, view
from openntz.report.words import number

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.workflows.models import ModelsAnswer


def say_models(console: Console, answer: ModelsAnswer) -> None:
    """The table, where the models disagree, which refuse and why, and where the page is."""
    console.print()
    if answer.weighing.reason:
        console.print(Text(answer.weighing.reason))
        return
    shown = view(answer.weighing, answer.person, answer.registry)
    table = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title="What other models say: level in µg/mL, days after the last dose",
        title_justify="left",
    )
    heads = ("weight", "now", "planned dose", *(f"day {d}" for d in DAYS))
    table.add_column("model", overflow="fold")
    for head in (*heads, *(f"below {number(level)}, days" for level in LEVELS)):
        table.add_column(head, overflow="fold")
    for r in shown.rows:
        texts = (r.name, r.weight, r.now, r.planned, *r.days, *r.below)
        table.add_row(*(Text(t) for t in texts))
    console.print(table)
    for c in shown.cards:
        if c.refused:
            console.print(
                Text(f"{c.name}, {c.status}: {c.refused}", style="yellow"), soft_wrap=True
            )
    console.print()
    for sentence in (*shown.notes, *shown.sentences):
        console.print(Text(sentence), soft_wrap=True)
    console.print(Text.assemble(("Page  ", "bold"), str(answer.page)), soft_wrap=True)
