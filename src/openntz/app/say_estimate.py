"""What `openntz estimate` prints when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from openntz import __version__
from openntz.records.problems import printable
from openntz.workflows.estimates import SET_ASIDE, USABLE

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.workflows.estimates import Estimates, PersonEstimate

NOT_A_DEVICE: Final = "Research and decision support, not a medical device: a human decides."
_PROBLEMS_SHOWN: Final = 12
_NOTES_SHOWN: Final = 5
_ORDER: Final = ("ok", "prior only", "not converged", "failed", "not computed", SET_ASIDE)
_MEANING: Final = {
    "ok": "estimated",
    "prior only": "no usable level: the population's values, shown as such",
    "not converged": "the search stopped early: the best values found",
    "failed": "the equations could not be solved",
    "not computed": "the card cannot take this person",
    SET_ASIDE: "a part of the record cannot be relied on",
}


def _plain_table(*columns: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i in right else "left", overflow="fold")
    return table


def _many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def say_estimate(console: Console, found: Estimates, out: Path) -> None:
    """People by status, effects with their shrinkage, what was not used, where the files are."""
    card, data = found.card, found.data
    console.print(
        Text.assemble(
            (f"OpenNTZ {__version__}", "bold"),
            f"  {card.title}",
            (f"  card {card.id} {card.short_hash}", "dim"),
        ),
        soft_wrap=True,
    )
    people = sum(found.statuses.values())
    levels = sum(person.readings for person in found.people)
    limits = sum(person.limits for person in found.people)
    comments = data.rows.comments
    passed = f" and {_many(comments, 'comment', 'comments')} passed over" if comments else ""
    beyond = f" ({limits} beyond a limit)" if limits else ""
    console.print(
        f"{_many(people, 'person', 'people')}, {_many(levels, 'level', 'levels')}{beyond}, "
        f"{_many(data.rows.read, 'row', 'rows')}{passed}"
    )
    console.print()
    _say_statuses(console, found)
    console.print()
    _say_effects(console, found)
    _say_problems(console, found)
    console.print()
    console.print(Text.assemble(("Results  ", "bold"), str(out)), soft_wrap=True)
    console.print(
        "etas.csv, individuals.csv, predictions.csv, covariance.csv; "
        "rejected.csv, notes.csv, run.json"
    )
    console.print(Text(NOT_A_DEVICE, style="dim"))


def _say_statuses(console: Console, found: Estimates) -> None:
    table = _plain_table("status", "people", "", right=(1,))
    counts = found.statuses
    for status in _ORDER:
        if counts.get(status):
            colour = "green" if status == "ok" else "cyan" if status in USABLE else "bold red"
            table.add_row(Text(status, style=colour), str(counts[status]), Text(_MEANING[status]))
    console.print(table)


def _say_effects(console: Console, found: Estimates) -> None:
    shrinkage = found.shrinkage()
    table = _plain_table("effect", "shrinkage", "people without information", right=(1,))
    for name in found.card.eta_names:
        share = shrinkage[name]
        silent = sum(
            eta.status == "prior" and eta.parameter == name
            for person in found.people
            for eta in person.etas
            if eta.occasion is None
        )
        shown = "-" if share is None else f"{100.0 * share:.0f} %"
        table.add_row(Text(name), shown, str(silent) if silent else "none")
    for name in found.card.kappa_names:
        table.add_row(Text(f"{name}, per occasion"), "", "")
    console.print(table)


def _say_problems(console: Console, found: Estimates) -> None:
    _listed(
        console,
        [_in_words(p.line, p.column, p.value, p.reason, p.remedy) for p in found.problems],
        "row, cell or person not used",
        "rows, cells or people not used",
        "rejected.csv",
    )
    _listed(
        console,
        [
            _of_person(p, f"{p.status}: {p.reason}")
            for p in found.people
            if p.status in ("failed", "not converged")
        ],
        "person without an estimate to rely on",
        "people without an estimate to rely on",
        "individuals.csv",
    )
    remarks: dict[str, list[PersonEstimate]] = {}
    for person in found.people:
        for note in person.notes:
            remarks.setdefault(note, []).append(person)
    _listed(
        console,
        [_of_people(people, note) for note, people in remarks.items()],
        *("remark", "remarks", "individuals.csv"),
        most=_NOTES_SHOWN,
    )
    if found.notes:
        console.print()
        number = _many(len(found.notes), "note", "notes")
        console.print(Text.assemble((f"{number} on how rows were read", "bold"), "  notes.csv"))


def _of_people(people: list[PersonEstimate], text: str) -> Text:
    if len(people) == 1:
        return _of_person(people[0], text)
    return Text.assemble((f"{len(people)} people", "bold"), f"  {text}")


def _of_person(person: PersonEstimate, text: str) -> Text:
    again = f" (block {person.rows.block})" if person.rows.block > 1 else ""
    return Text.assemble((f"ID {printable(person.rows.id)}{again}", "bold"), f"  {text}")


def _in_words(line: int, column: str, value: str, reason: str, remedy: str) -> Text:
    place = f"line {line}" if line else "file"
    cell = "  ".join(part for part in (column, f"'{value}'" if value else "") if part)
    return Text.assemble(
        (place, "bold"), f"  {cell}  " if cell else "  ", reason, (f"  {remedy}".rstrip(), "dim")
    )


def _listed(
    console: Console,
    lines: list[Text],
    one: str,
    more: str,
    file: str,
    *,
    most: int = _PROBLEMS_SHOWN,
) -> None:
    if not lines:
        return
    console.print()
    console.print(Text.assemble((_many(len(lines), one, more), "bold"), f"  {file}"))
    for line in lines[:most]:
        console.print(line, soft_wrap=True)
    if len(lines) > most:
        console.print(f"... and {len(lines) - most} more")
