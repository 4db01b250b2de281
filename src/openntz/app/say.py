"""What the commands print: plain in a pipe, a little colour on a terminal.

Outside text is printed as literal text, never as markup.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from openntz import __version__
from openntz.app.say_changes import say_changes
from openntz.app.tables import COLOUR, plain_table, told
from openntz.monitor.finding import Finding, Status
from openntz.report.words import chance, level_between, percent_between
from openntz.report.worklist import gravest_first, ordered

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.evidence.show import Answer
    from openntz.forecast.result import PersonForecast, Quantiles
    from openntz.records.problems import Problem, Records
    from openntz.workflows.forecast import ForecastAnswer
    from openntz.workflows.review import ReviewOutcome

NOT_A_DEVICE: Final = "Research and decision support, not a medical device: a human decides."
_PROBLEMS_SHOWN: Final = 200
_FINDINGS_SHOWN: Final = 12


def say_review(console: Console, outcome: ReviewOutcome) -> None:
    """Counts, the most urgent findings, and where the worklist is."""
    review = outcome.review
    people = ordered(review.people)
    findings = [f for person in people for f in person.findings]
    console.print(
        Text.assemble(
            (f"OpenNTZ {__version__}", "bold"),
            f"  {_many(len(people), 'person', 'people')} as of {review.as_of}, "
            f"{review.profile_title}",
        )
    )
    _say_counts(console, findings)
    if review.changes is not None:
        console.print()
        say_changes(console, review.changes)
    urgent = [f for person in people for f in gravest_first(person) if f.status is Status.ACT]
    if urgent:
        table = plain_table("person", "rule", "why")
        for f in urgent[:_FINDINGS_SHOWN]:
            table.add_row(told(f.person), Text(f.rule), told(_first_sentence(f.message)))
        console.print()
        console.print(table)
        if len(urgent) > _FINDINGS_SHOWN:
            console.print(f"and {len(urgent) - _FINDINGS_SHOWN} more to act on in the worklist")
    console.print()
    for problem in review.rejected:
        if not problem.line:
            console.print(
                Text.assemble(
                    (f"{problem.table} {review.fault(problem.table)}: ", "bold red"), problem.reason
                ),
                soft_wrap=True,
            )
    folder = outcome.index.parent
    if review.rejected:
        number = _many(len(review.rejected), "row or cell", "rows and cells")
        console.print(Text(f"{number} set aside: {folder / 'rejected.csv'}"))
    if review.notes:
        number = _many(len(review.notes), "note", "notes")
        console.print(Text(f"{number} on how entries were read: {folder / 'notes.csv'}"))
    console.print(Text.assemble(("Worklist  ", "bold"), str(outcome.index)))
    console.print(Text(NOT_A_DEVICE, style="dim"))


def _say_counts(console: Console, findings: list[Finding]) -> None:
    people = {
        status: len({f.person for f in findings if f.status is status})
        for status in (Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN)
    }
    number = Counter(f.status for f in findings)
    taken = Counter(f.status for f in findings if f.acknowledged is not None)
    heads = ("", "findings", "people with any", *(("taken on",) if taken else ()))
    table = plain_table(*heads, right=(1, 2, 3))
    for status, count in people.items():
        cells = (str(number[status]), str(count), *((str(taken[status]),) if taken else ()))
        table.add_row(Text(status.value, style=COLOUR[status]), *cells)
    console.print(table)


def _many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _first_sentence(text: str) -> str:
    head, stop, rest = text.partition(". ")
    return f"{head}." if stop and rest else text


def say_check(console: Console, records: Records) -> None:
    """Tables, totals, then every problem by kind with its place and remedy."""
    from openntz.records.summary import HEADINGS, by_kind, overview

    seen = overview(records)
    table = plain_table("table", "rows", "used", "set aside", "repeated", right=(1, 2, 3, 4))
    for summary in seen.tables:
        if summary.usable:
            counts = (summary.read, summary.used, summary.rejected, summary.duplicate)
            table.add_row(Text(summary.table), *(str(n) for n in counts))
        else:
            table.add_row(Text(f"{summary.table} (cannot be read)"), "", "", "", "")
    console.print(table)
    for summary in seen.tables:
        if summary.unknown_columns:
            columns = ", ".join(summary.unknown_columns)
            console.print(Text(f"{summary.table}: columns kept without being used: {columns}"))
    if seen.missing:
        console.print(f"not in this export: {', '.join(seen.missing)}")
    if seen.unreadable:
        names = ", ".join(seen.unreadable)
        console.print(Text(f"there, but cannot be read: {names}", style="bold red"))
    if seen.broken_off:
        names = ", ".join(seen.broken_off)
        console.print(Text(f"read only in part: {names}", style="bold red"))
    if records.other_files:
        console.print(Text(f"files not read: {', '.join(records.other_files)}"))
    span = f", {seen.first} to {seen.last}" if seen.first and seen.last else ""
    console.print(
        f"{seen.people} people, {seen.doses} doses, {seen.levels} natalizumab levels{span}; "
        f"as of {records.as_of}"
    )
    for kind, problems in by_kind(records).items():
        lost = kind in {"file", "row", "cell"}
        console.print()
        console.print(
            Text(f"{HEADINGS[kind]}: {len(problems)}", style="bold red" if lost else "bold")
        )
        for problem in problems[:_PROBLEMS_SHOWN]:
            _say_problem(console, records, problem)
        if len(problems) > _PROBLEMS_SHOWN:
            console.print(f"... and {len(problems) - _PROBLEMS_SHOWN} more")
    if not records.rejected and not records.notes:
        console.print(Text("every row was used as it is", style="green"))


def _say_problem(console: Console, records: Records, problem: Problem) -> None:
    parts = (problem.column, f"'{problem.value}'" if problem.value else "", problem.reason)
    rest = "".join(f"  {part}" for part in parts if part)
    console.print(Text.assemble((records.place(problem), "bold"), rest), soft_wrap=True)
    if problem.remedy:
        console.print(Text(f"    {problem.remedy}", style="dim"), soft_wrap=True)


def _level(q: Quantiles) -> str:
    return level_between(q)


def _share(q: Quantiles) -> str:
    return percent_between(q)


def say_forecast(console: Console, answer: ForecastAnswer) -> None:
    """The level now, at the next dose and as it falls; then the supposed dose, if any."""
    forecast, stands = answer.forecast, answer.therapy
    console.print(
        Text.assemble(
            (answer.course.person.id, "bold"),
            f"  {stands.state.value}, {len(stands.doses)} doses as of {stands.as_of}",
        )
    )
    if not forecast.computed:
        console.print(Text(f"{forecast.status}: {forecast.reason}", style="bold yellow"))
        return
    console.print(Text(f"{forecast.status}  {forecast.reason}".rstrip()))
    for note in forecast.notes:
        console.print(Text(f"note: {note}", style="yellow"))
    _say_moments(console, answer)
    console.print()
    _say_days(console, forecast, "days after the last dose, if no further dose is given")
    if answer.after_dose is not None and answer.after_dose.computed:
        console.print()
        _say_days(
            console,
            answer.after_dose,
            f"days after a dose on {answer.next_dose}, if none follows that one",
        )
    _say_below(console, forecast)
    console.print(
        Text(
            f"model {forecast.model}, card {forecast.card_hash[:12]}, seed {forecast.seed}; "
            "intervals are 90 %, levels without assay error",
            style="dim",
        )
    )
    console.print(Text(NOT_A_DEVICE, style="dim"))


def _say_moments(console: Console, answer: ForecastAnswer) -> None:
    forecast = answer.forecast
    table = plain_table("", "level µg/mL", "saturation", *_chance_heads(forecast))

    def row(label: str, at: tuple[Quantiles, Quantiles], chances: list[str]) -> None:
        table.add_row(Text(label), _level(at[0]), _share(at[1]), *chances)

    if forecast.now is not None:
        row(f"now, {forecast.as_of:%Y-%m-%d}", forecast.now, [])
    if forecast.planned is not None and forecast.planned_dose is not None:
        planned = answer.therapy.planned
        late = planned is not None and planned < answer.therapy.as_of
        row(
            f"before a dose today, that of {planned} having passed"
            if late
            else f"before the next dose, {forecast.planned_dose:%Y-%m-%d}",
            forecast.planned,
            [chance(p) for p in forecast.probability_at_planned.values()],
        )
    supposed = answer.until_dose
    if supposed is not None and supposed.planned is not None:
        row(
            f"before a dose on {answer.next_dose}",
            supposed.planned,
            [chance(p) for p in supposed.probability_at_planned.values()],
        )
    console.print(table)


def _chance_heads(forecast: PersonForecast) -> tuple[str, ...]:
    targets = next(iter(forecast.probability_by_day.values()), {})
    return tuple(f"P(>={target:g})" for target in targets)


def _say_days(console: Console, forecast: PersonForecast, title: str) -> None:
    table = plain_table("day", "level µg/mL", "saturation", *_chance_heads(forecast), right=(0,))
    for day, (level, saturation) in forecast.by_day.items():
        chances = [chance(p) for p in forecast.probability_by_day[day].values()]
        table.add_row(str(day), _level(level), _share(saturation), *chances)
    console.print(Text(title, style="bold"))
    console.print(table)


def _say_below(console: Console, forecast: PersonForecast) -> None:
    console.print()
    for below in forecast.below:
        if below.median is None:
            when = "not within the time computed"
        else:
            ends = ["later" if x is None else f"{x:.0f}" for x in (below.p05, below.p95)]
            when = f"{below.median:.0f} days ({ends[0]}-{ends[1]}) after the last dose"
        console.print(f"below {below.threshold_ug_per_ml:g} µg/mL: {when}")


def say_evidence(console: Console, answer: Answer) -> None:
    """One entry in full, or a line for each that was found."""
    if not answer.exact:
        console.print(f"{len(answer.entries)} found for {answer.query!r}")
    for entry in answer.entries:
        console.print(Text.assemble((entry.id, "bold"), f"  {entry.head}"), soft_wrap=True)
        if answer.exact:
            for line in entry.lines:
                style = "yellow" if line.warning else ""
                console.print(
                    Text.assemble((f"  {line.label}: ", "dim"), (line.text, style)), soft_wrap=True
                )
