"""What `openntz forecast --decide` and `--what-if` print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from openntz.app.say import NOT_A_DEVICE
from openntz.definitions import amounts
from openntz.forecast.decide import first_of_weeks
from openntz.monitor.finding import Status
from openntz.report.words import chance, level_between, percent_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from openntz.forecast.decide import Decision, Missed, NextDate
    from openntz.forecast.result import TimeBelow
    from openntz.forecast.scenarios import Scenario
    from openntz.workflows.next_dose import NextDoseAnswer, Worth

# Levels whose chance is shown when a dose is missed: where engagement is lost.
_LOW: Final = 2.0


def _table(*columns: str, right: int = 0) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for i, name in enumerate(columns):
        table.add_column(
            name, justify="right" if i < right else "left", overflow="fold", no_wrap=True
        )
    return table


def _by_card(chances: dict[str, float]) -> str:
    """The chances under the saturation cards, which disagree: '97 %', '2 to 97 %'."""
    low, high = chance(min(chances.values())), chance(max(chances.values()))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def say_next_dose(console: Console, answer: NextDoseAnswer) -> None:
    """The open dates with the rule's answer, the worth of a level, then the what-ifs."""
    forecast, stands = answer.forecast, answer.therapy
    console.print(
        Text.assemble(
            (answer.course.person.id, "bold"),
            f"  {stands.state.value}, {len(stands.doses)} doses as of {stands.as_of}",
        )
    )
    _say_before(console, answer)
    if not forecast.computed:
        console.print(Text(f"{forecast.status}: {forecast.reason}", style="bold yellow"))
    for note in forecast.notes:
        console.print(Text(f"note: {note}", style="yellow"), soft_wrap=True)
    if answer.decision is not None:
        _say_decision(console, answer, answer.decision)
    elif not answer.scenarios:
        console.print(Text(answer.finding.message), soft_wrap=True)
    if answer.worth is not None:
        _say_worth(console, answer, answer.worth)
    for scenario in answer.scenarios:
        _say_scenario(console, scenario)
    console.print()
    console.print(
        Text(
            f"model {forecast.model}, card {forecast.card_hash[:12]}, seed {answer.seed}; "
            "intervals are 90 %, levels without assay error; saturation spans two cards that "
            "disagree, a chance such as '2 to 97 %' is one under each",
            style="dim",
        ),
        soft_wrap=True,
    )
    console.print(Text(NOT_A_DEVICE, style="dim"))


def _say_before(console: Console, answer: NextDoseAnswer) -> None:
    """What forbids a further dose or questions it, before any number about one."""
    for finding in answer.before:
        style = "bold red" if finding.status is Status.ACT else "bold yellow"
        head = (f"{finding.status.value} {finding.rule}: ", style)
        console.print(Text.assemble(head, finding.message), soft_wrap=True)


def _say_decision(console: Console, answer: NextDoseAnswer, decision: Decision) -> None:
    rule, offered = decision.rule, answer.offered
    console.print()
    console.print(
        Text(
            f"Rule: the longest interval with a chance of {amounts.percent(rule.chance)} or more "
            f"of a trough of {rule.target:g} µg/mL or more, at the next dose and once it is kept.",
            style="bold",
        ),
        soft_wrap=True,
    )
    if offered is not None:
        console.print(
            Text(f"Offered: {offered.day:%A} {offered.day}, day {offered.after_days}"),
            style="green",
        )
    console.print(Text(answer.finding.message), soft_wrap=True)
    if not decision.dates:
        return
    console.print()
    targets = tuple(
        answer.profile.number(f"candidate.{name}")
        for name in ("target", "second-target", "third-target")
    )
    shares = sorted(decision.dates[0].saturates, reverse=True)
    head = f"≥ {' / '.join(f'{t:g}' for t in targets)}"
    table = _table(
        "day",
        "next dose",
        "trough µg/mL",
        head,
        *(f"sat ≥{100 * s:.0f} %" for s in shares),
        "once kept",
        head,
        "a year",
        "rule",
        right=1,
    )
    for d in decision.dates:
        mark = "offered" if offered is not None and d.day == offered.day else ""
        mark = mark or ("keeps" if d.keeps else "")
        table.add_row(
            str(d.after_days),
            f"{d.day:%a} {d.day}",
            level_between(d.level),
            _chances(d.reaches, targets),
            *(_by_card(dict(d.saturates[s])) for s in shares),
            *_steady(d, targets),
            f"{d.infusions_a_year:.1f}",
            Text(mark, style="bold green" if mark == "offered" else "green"),
        )
    console.print(table)
    _say_missed(console, decision, offered)


def _chances(reaches: Mapping[float, float], levels: tuple[float, ...]) -> str:
    """'91 / >99 / >99 %'."""
    return f"{' / '.join(chance(reaches[x]).removesuffix(' %') for x in levels)} %"


def _steady(d: NextDate, levels: tuple[float, ...]) -> tuple[str, str]:
    if d.steady is None:
        return "", ""
    ends = amounts.level_range(d.steady.p05, d.steady.p95, "–")
    return f"{amounts.level(d.steady.median)} ({ends})", _chances(d.steady.reaches, levels)


def _missed_cell(found: Missed) -> str:
    """'72 % / 31 %, sat 35 %': chances below 2 and 1 µg/mL, and saturation."""
    low = [chance(p) for x, p in sorted(found.below.items(), reverse=True) if x <= _LOW]
    return f"{' / '.join(low)}, {percent_between(found.saturation)}"


def _one_a_week(dates: tuple[NextDate, ...], besides: NextDate | None) -> tuple[NextDate, ...]:
    """The first open date of each week after the last dose, and the one that is offered."""
    kept = {d.after_days for d in first_of_weeks(dates)} | (
        {besides.after_days} if besides else set()
    )
    return tuple(d for d in dates if d.after_days in kept)


def _say_missed(console: Console, decision: Decision, offered: NextDate | None) -> None:
    weeks = [m.weeks for m in decision.dates[0].missed]
    if not weeks:
        return
    below = [x for x in sorted(decision.dates[0].missed[0].below, reverse=True) if x <= _LOW]
    levels = " / ".join(f"{x:g}" for x in below)
    console.print()
    console.print(
        Text(f"If that dose is then missed: chance below {levels} µg/mL, and saturation", "bold")
    )
    table = _table("day", "next dose", *(f"{w} week{'s' * (w > 1)} late" for w in weeks), right=1)
    for d in _one_a_week(decision.dates, offered):
        cells = {m.weeks: _missed_cell(m) for m in d.missed}
        table.add_row(str(d.after_days), f"{d.day:%a} {d.day}", *(cells.get(w, "") for w in weeks))
    console.print(table)


def _say_worth(console: Console, answer: NextDoseAnswer, worth: Worth) -> None:
    console.print()
    console.print(Text("One more level", style="bold"))
    if worth.reason:
        console.print(Text(f"Not computed: {worth.reason}."), soft_wrap=True)
        return
    moved = answer.profile.days("decide.level-changes-from")
    best = max(worth.days, key=lambda d: (d.changes, -d.after_days))
    if worth.most is None:
        console.print(
            Text(
                "No level up to the next dose would change the decision: the chance that the "
                f"interval moves by {moved} days or more is {_at_most(best.changes)}."
            ),
            soft_wrap=True,
        )
        return
    last = answer.therapy.last_dose
    table = _table("day", "level drawn", "changes", "longer", "shorter", right=1)
    for d in worth.days:
        day = "" if last is None else f"{last.day.fromordinal(last.day.toordinal() + d.after_days)}"
        mark = "bold green" if d is worth.most else ""
        row = (chance(d.changes), chance(d.longer), chance(d.shorter))
        table.add_row(Text(str(d.after_days), style=mark), Text(day, style=mark), *row)
    console.print(
        Text(
            f"A level is worth most on day {worth.most.after_days}: chance of "
            f"{chance(worth.most.changes)} that the interval moves by {moved} days or more."
        ),
        soft_wrap=True,
    )
    console.print(table)


def _at_most(probability: float) -> str:
    """'at most 4 %', 'below 1 %'."""
    text = chance(probability)
    return f"below {text[1:]}" if text.startswith("<") else f"at most {text}"


def _say_scenario(console: Console, scenario: Scenario) -> None:
    console.print()
    console.print(Text(f"{scenario.name}: {scenario.title}", style="bold"), soft_wrap=True)
    for note in scenario.notes:
        console.print(Text(f"  {note}", style="yellow"), soft_wrap=True)
    if scenario.moments:
        levels = list(scenario.moments[0].reaches)
        table = _table("date", "", "level µg/mL", "saturation", *(f"≥{x:g}" for x in levels))
        for m in scenario.moments:
            chances = (chance(m.reaches[x]) for x in levels)
            table.add_row(
                str(m.day), m.label, level_between(m.level), percent_between(m.saturation), *chances
            )
        console.print(table)
    below = ", ".join(
        f"below {x:g}: {q.median:.0f} ({q.p05:.0f}–{q.p95:.0f})"
        for x, q in scenario.days_below.items()
    )
    console.print(Text(f"days of the next {scenario.span_days} {below} µg/mL"), soft_wrap=True)
    for fall in scenario.falls:
        console.print(Text(f"for good below {fall.threshold_ug_per_ml:g} µg/mL: {_when(fall)}"))


def _when(fall: TimeBelow) -> str:
    if fall.median is None:
        return "not within the time computed"
    ends = ["later" if x is None else f"{x:.0f}" for x in (fall.p05, fall.p95)]
    return f"{fall.median:.0f} days ({ends[0]}–{ends[1]}) after the last dose"


def as_text(answer: NextDoseAnswer) -> str:
    """The whole answer as JSON."""
    from openntz.report.next_dose_json import next_dose_json

    worth = answer.worth
    return next_dose_json(
        forecast=answer.forecast,
        finding=answer.finding,
        before=answer.before,
        decision=answer.decision,
        offered=answer.offered,
        worth=() if worth is None else worth.days,
        worth_most=None if worth is None else worth.most,
        worth_reason="" if worth is None else worth.reason,
        scenarios=answer.scenarios,
    )
