"""Where a model may be used: its validity domain, checked before any number is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from openntz.evidence.registry import Rank
from openntz.models.number import Sources, Strict

Action = Literal["refuse", "warn"]
Variable = Literal["age_year", "weight_kg", "route", "dose_mg", "interval_week", "antibodies"]
Value = float | str | bool


class DomainLimit(Strict):
    """One limit: a range or a list of allowed values, and what to do outside of it."""

    variable: Variable
    low: float | None = None
    high: float | None = None
    allowed: tuple[bool | float | str, ...] = ()
    action: Action
    text: str
    source: Sources
    rank: Rank

    def holds(self, value: Value) -> bool:
        """Whether a value lies inside; the ends of a range belong to it."""
        if self.allowed:
            return value in self.allowed
        if isinstance(value, str):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, slots=True)
class DomainVerdict:
    """A limit that a person lies outside of."""

    variable: str
    action: Action
    text: str


def check(
    limits: Iterable[DomainLimit], values: dict[str, Value | Iterable[Value]]
) -> tuple[DomainVerdict, ...]:
    """The limits that the given values break; a variable not given is not judged."""
    broken = []
    for limit in limits:
        if limit.variable not in values:
            continue
        given = values[limit.variable]
        each = (given,) if isinstance(given, (bool, int, float, str)) else tuple(given)
        if not all(limit.holds(v) for v in each):
            broken.append(DomainVerdict(limit.variable, limit.action, limit.text))
    return tuple(broken)
