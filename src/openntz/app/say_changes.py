"""What changed since an earlier review, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from openntz.app.tables import COLOUR, plain_table, told
from openntz.monitor.changes import KINDS, Changes, Said
from openntz.monitor.finding import Status

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN: Final = 12


def _status(said: Said | None) -> Text:
    return Text("none") if said is None else Text(said.status.value, style=COLOUR[said.status])


def say_changes(console: Console, changes: Changes) -> None:
    """Numbers, what bears on the comparison, and the most urgent of what is new or changed."""
    since = f"Since {changes.earlier}" if changes.earlier else "Since the earlier review"
    numbers = ", ".join(f"{len(changes.of(kind))} {kind}" for kind in KINDS)
    console.print(Text.assemble((since, "bold"), f"  {numbers}"))
    for remark in changes.remarks:
        console.print(Text(remark, style="yellow"), soft_wrap=True)
    for fact, old, new in changes.limits:
        console.print(told(f"limit {fact}: {old} -> {new}"), soft_wrap=True)
    if changes.not_compared:
        number, rules = sum(changes.not_compared.values()), ", ".join(changes.not_compared)
        console.print(
            told(f"not compared ({number} findings), unknown to the earlier file: {rules}"),
            soft_wrap=True,
        )
    urgent = [*changes.of("new"), *changes.of("changed")]
    urgent.sort(key=lambda c: (c.now.status if c.now is not None else Status.OK).urgency)
    if not urgent:
        return
    table = plain_table("person", "rule", "was", "is", "why")
    for change in urgent[:_SHOWN]:
        table.add_row(
            told(change.person),
            told(change.rule),
            _status(change.before),
            _status(change.now),
            told(" ".join(change.why)),
        )
    console.print(table)
    if len(urgent) > _SHOWN:
        console.print(f"and {len(urgent) - _SHOWN} more in changes.json")
