"""The section 'Next dose: what each date means' of a person's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from openntz.definitions import amounts
from openntz.forecast.decide import Decision, NextDate, first_of_weeks
from openntz.monitor.finding import Status
from openntz.report import words
from openntz.report.person import PersonReview

RULE_ID: Final = "interval.candidate"


class DateRow(Struct, frozen=True):
    """One open date; empty texts where a number was not computed."""

    day: int
    date: str
    trough: str
    chances: tuple[str, ...]
    saturation: tuple[str, ...]
    kept: str
    kept_chance: str
    a_year: str
    missed: str
    mark: str


class NextDoseView(Struct, frozen=True):
    """The open dates, one a week and the one offered, the rule, and what stops it."""

    rule: str
    offer: str
    reason: str
    levels: tuple[str, ...]
    saturations: tuple[str, ...]
    missed: str
    any_kept: bool
    target: str
    rows: tuple[DateRow, ...]


def _both(chances: Mapping[str, float]) -> str:
    """One chance under each saturation card: '97 %', '2 to 97 %'."""
    low, high = words.chance(min(chances.values())), words.chance(max(chances.values()))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def _missed(d: NextDate) -> str:
    """The worst tail shown: chances below the two lowest levels after the longest delay."""
    if not d.missed:
        return ""
    last = max(d.missed, key=lambda m: m.weeks)
    lowest = sorted(last.below)[1::-1]
    chances = " / ".join(words.chance(last.below[x]) for x in lowest)
    return f"{chances}, {words.percent_between(last.saturation)}"


def _row(d: NextDate, target: float, levels: list[float], mark: str) -> DateRow:
    steady = d.steady
    return DateRow(
        day=d.after_days,
        date=f"{d.day:%a} {d.day}",
        trough=words.level_between(d.level),
        chances=tuple(words.chance(d.reaches[x]) for x in levels),
        saturation=tuple(_both(d.saturates[s]) for s in sorted(d.saturates, reverse=True)),
        kept=""
        if steady is None
        else f"{amounts.level(steady.median)} ({amounts.level_range(steady.p05, steady.p95, '–')})",
        kept_chance="" if steady is None else words.chance(steady.reaches[target]),
        a_year=f"{d.infusions_a_year:.1f}",
        missed=_missed(d),
        mark=mark,
    )


def _shown(decision: Decision, offered: NextDate | None) -> tuple[NextDate, ...]:
    """The first open date of each week after the last dose, and the one that is offered."""
    kept = {d.after_days for d in first_of_weeks(decision.dates)} | (
        {offered.after_days} if offered else set()
    )
    return tuple(d for d in decision.dates if d.after_days in kept)


def _missed_heading(dates: tuple[NextDate, ...]) -> str:
    tails = [m for d in dates for m in d.missed]
    if not tails:
        return ""
    longest = max(tails, key=lambda m: m.weeks)
    lowest = sorted(longest.below)[1::-1]
    levels = " / ".join(f"{x:g}" for x in lowest)
    return f"Missed by {words.count(longest.weeks, 'week')}: below {levels} µg/mL, saturation"


def next_dose(person: PersonReview) -> NextDoseView | None:
    """What each date means; None where no dose is expected or nothing was forecast."""
    decision = person.decision
    if decision is None or not decision.dates:
        return None
    finding = next((f for f in person.findings if f.rule == RULE_ID), None)
    offered = decision.longest_kept if finding and finding.status is Status.WATCH else None
    rule = decision.rule
    # Four chances tell a reader no more than three; the lowest level has its own column.
    levels = sorted(decision.dates[0].reaches, reverse=True)[:-1]
    dates = _shown(decision, offered)
    return NextDoseView(
        rule=f"the longest interval with a chance of {amounts.percent(rule.chance)} or more of a "
        f"trough of {rule.target:g} µg/mL or more, at the next dose and once it is kept",
        offer="" if offered is None else f"{offered.day:%A} {offered.day}, {_after(offered)}",
        reason="" if finding is None or offered is not None else finding.message,
        levels=tuple(words.number(x) for x in levels),
        saturations=tuple(f"{100 * s:.0f} %" for s in sorted(dates[0].saturates, reverse=True)),
        missed=_missed_heading(dates),
        any_kept=any(d.steady is not None for d in dates),
        target=f"{rule.target:g}",
        rows=tuple(_row(d, rule.target, levels, _mark(d, offered)) for d in dates),
    )


def _after(d: NextDate) -> str:
    return f"{words.days(d.after_days)} after the last dose"


def _mark(d: NextDate, offered: NextDate | None) -> str:
    return "offered" if offered is not None and d.day == offered.day else ""
