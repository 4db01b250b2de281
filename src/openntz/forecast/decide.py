"""The next dose: what each date would mean, and the latest that keeps the rule.

The rule is a profile's: the longest interval at whose end the trough reaches a target with a
chance, both at the next dose and once the interval has been kept for long. The first longer
interval flatters, because the level before it was that of the shorter one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.errors import ProfileError
from openntz.evidence.registry import Fact
from openntz.forecast.outlook import DAYS_A_WEEK, Outlook, SteadyTrough
from openntz.forecast.result import Quantiles

_WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_DAYS_A_YEAR: Final = 365.25


class DecisionRule(Struct, frozen=True, kw_only=True):
    """What a next date must keep: P(trough >= target) >= chance; days after the last dose.

    ``weekdays`` are those of ``datetime.date.weekday`` on which the clinic gives the drug.
    """

    target: float
    chance: float
    shortest: int
    longest: int
    weekdays: frozenset[int]
    missed_weeks: tuple[int, ...]


def weekdays_of(fact: Fact) -> frozenset[int]:
    """The weekdays a fact lists with commas between.

    Raises
    ------
    ProfileError
        When it names none, or something that is no weekday.
    """
    words = [w.strip() for w in str(fact.value).split(",") if w.strip()]
    unknown = [w for w in words if w.casefold() not in _WEEKDAYS]
    if unknown or not words:
        raise ProfileError(
            f"{unknown[0]!r} is no weekday." if unknown else "no weekday is given.",
            where=fact.id,
            remedy="List English weekdays with commas between: 'Monday, Thursday'.",
        )
    return frozenset(_WEEKDAYS.index(w.casefold()) for w in words)


class Missed(Struct, frozen=True):
    """The level and saturation if a dose is that many weeks late."""

    weeks: int
    level: Quantiles
    saturation: Quantiles
    below: Mapping[float, float]


class NextDate(Struct, frozen=True, kw_only=True):
    """One possible date of the next dose, with what it would mean.

    ``reaches`` maps a level (ug/mL) to the chance that the trough reaches it; ``saturates`` a
    saturation to the chances under each saturation card. ``steady`` is the trough once the
    interval has been kept for long, None while it is not computed.
    """

    day: date
    after_days: int
    level: Quantiles
    saturation: Quantiles
    reaches: Mapping[float, float]
    saturates: Mapping[float, Mapping[str, float]]
    infusions_a_year: float
    missed: tuple[Missed, ...]
    steady: SteadyTrough | None
    keeps: bool


class Decision(Struct, frozen=True):
    """The dates still open, earliest first, and the latest that keeps the rule, if any."""

    rule: DecisionRule
    dates: tuple[NextDate, ...]

    @property
    def longest_kept(self) -> NextDate | None:
        """The latest date that keeps the rule as far as it is computed."""
        return next((d for d in reversed(self.dates) if d.keeps), None)

    @property
    def without_keeping(self) -> Decision:
        """The same dates for somebody whom a dose is forbidden: none of them keeps the rule."""
        return replace(self, dates=tuple(replace(d, keeps=False) for d in self.dates))


class _Columns(Struct, frozen=True):
    """An outlook read column by column: plain numbers, for each is asked for several times."""

    place: Mapping[int, int]
    level: tuple[Quantiles, ...]
    saturation: tuple[Quantiles, ...]
    reaches: Mapping[float, list[float]]
    saturates: Mapping[float, Mapping[str, list[float]]]
    steady: Mapping[int, SteadyTrough]

    @classmethod
    def of(cls, outlook: Outlook) -> _Columns:
        return cls(
            place={day: at for at, day in enumerate(outlook.day.tolist())},
            level=outlook.level.columns(),
            saturation=outlook.saturation.columns(),
            reaches={level: chance.tolist() for level, chance in outlook.reaches.items()},
            saturates={
                s: {card: chance.tolist() for card, chance in cards.items()}
                for s, cards in outlook.saturates.items()
            },
            steady=outlook.steady,
        )


def _missed(columns: _Columns, after: int, weeks: int) -> Missed | None:
    at = columns.place.get(after + weeks * DAYS_A_WEEK)
    if at is None:
        return None
    return Missed(
        weeks,
        columns.level[at],
        columns.saturation[at],
        {level: 1.0 - chance[at] for level, chance in columns.reaches.items()},
    )


def _date(columns: _Columns, rule: DecisionRule, day: date, after: int, at: int) -> NextDate:
    reaches = {level: chance[at] for level, chance in columns.reaches.items()}
    steady = columns.steady.get(after)
    lost = (d for d, s in columns.steady.items() if s.reaches.get(rule.target, 0.0) < rule.chance)
    # What a shorter interval does not keep for long, a longer one does not either.
    keeps = reaches.get(rule.target, 0.0) >= rule.chance and after < min(lost, default=after + 1)
    tail = (_missed(columns, after, weeks) for weeks in rule.missed_weeks)
    return NextDate(
        day=day,
        after_days=after,
        level=columns.level[at],
        saturation=columns.saturation[at],
        reaches=reaches,
        saturates={
            s: {card: chance[at] for card, chance in cards.items()}
            for s, cards in columns.saturates.items()
        },
        infusions_a_year=_DAYS_A_YEAR / after,
        missed=tuple(m for m in tail if m is not None),
        steady=steady,
        keeps=keeps,
    )


# Rules, profiles and pages ask about the same person one after another.
@lru_cache(maxsize=8)
def decide(outlook: Outlook, rule: DecisionRule, last_dose: date, as_of: date) -> Decision:
    """The dates from ``as_of`` on that the clinic's weekdays and the rule's interval leave."""
    dates = []
    columns = _Columns.of(outlook)
    for after in range(rule.shortest, rule.longest + 1):
        day = last_dose + timedelta(days=after)
        at = columns.place.get(after)
        if at is not None and day >= as_of and day.weekday() in rule.weekdays:
            dates.append(_date(columns, rule, day, after, at))
    return Decision(rule, tuple(dates))


def first_of_weeks(dates: Sequence[NextDate]) -> tuple[NextDate, ...]:
    """The first open date of each week after the last dose."""
    first: dict[int, NextDate] = {}
    for d in dates:
        first.setdefault(d.after_days // DAYS_A_WEEK, d)
    return tuple(first.values())


def settle(
    outlook: Outlook,
    rule: DecisionRule,
    last_dose: date,
    as_of: date,
    steady_of: Callable[[int], SteadyTrough],
) -> Outlook:
    """The outlook with the steady states that settle which date the rule arrives at.

    The chance at steady state falls with the interval, so that halving the dates that keep the
    rule at first finds the latest that keeps it for long.
    """
    dates = decide(outlook, rule, last_dose, as_of).dates
    open_days = [d.after_days for d in dates if d.keeps]
    low, high = 0, len(open_days)
    while low < high:
        middle = (low + high) // 2
        trough = outlook.steady.get(open_days[middle]) or steady_of(open_days[middle])
        outlook = outlook.with_steady(open_days[middle], trough)
        if trough.reaches.get(rule.target, 0.0) >= rule.chance:
            low = middle + 1
        else:
            high = middle
    return outlook
