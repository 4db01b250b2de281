"""Where a model may be used: its validity domain, checked before any number is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from msgspec import Struct

from openntz.errors import ModelError
from openntz.evidence.registry import Rank
from openntz.models.numbers import sources_of
from openntz.models.schema import DomainEntry, Variable

Value = float | int | str | bool


class DomainVerdict(Struct, frozen=True):
    """A value outside the domain the model was made for, and what follows.

    ``text`` is for the reader; 'refuse' means that nothing may be computed.
    """

    variable: str
    value: Value
    action: Literal["refuse", "warn"]
    text: str
    sources: tuple[str, ...]
    rank: Rank


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.4g}"


def _text(entry: DomainEntry, value: Value) -> str:
    text = entry.text
    for name, shown in (("value", value), ("low", entry.low), ("high", entry.high)):
        if shown is not None:
            text = text.replace(f"{{{name}}}", _shown(shown))
    return text


def _distance(entry: DomainEntry, value: Value, card: str) -> float:
    """How far a value lies outside an entry; 0 inside, infinite for a choice not allowed."""
    if entry.allowed is not None:
        # 1 == True in Python, but a dose of 1 is no yes.
        same = (v for v in entry.allowed if isinstance(v, bool) == isinstance(value, bool))
        return 0.0 if value in same else np.inf
    if isinstance(value, (str, bool)) or not np.isfinite(value):
        raise ModelError(
            f"{entry.variable} = {value!r} is no number.", where=card, remedy="Give a number."
        )
    number = float(value)
    if entry.step is not None:
        number = round(number / entry.step) * entry.step
    below = entry.low - number if entry.low is not None else 0.0
    above = number - entry.high if entry.high is not None else 0.0
    return max(below, above, 0.0)


def _listed(given: Value | Iterable[Value] | None) -> list[Value]:
    if given is None:
        return []
    return [given] if isinstance(given, (str, bool, float, int)) else list(given)


def verdicts_on(
    domain: Sequence[DomainEntry],
    values: Mapping[str, Value | Iterable[Value] | None],
    *,
    card: str,
) -> tuple[DomainVerdict, ...]:
    """Verdicts on values outside a domain, refusals first; see ``Card.check_domain``.

    Of several offending values of one variable, the verdict names the one farthest out.

    Raises
    ------
    ModelError
        When a variable is unknown, or its value of another kind than the limit.
    """
    unknown = set(values) - set(get_args(Variable))
    if unknown:
        raise ModelError(
            f"no domain variable {min(unknown)!r}.",
            where=card,
            remedy=f"Variables are {', '.join(get_args(Variable))}.",
        )
    verdicts = []
    for entry in domain:
        outside = [(_distance(entry, v, card), v) for v in _listed(values.get(entry.variable))]
        distance, worst = max(outside, key=lambda pair: pair[0], default=(0.0, 0.0))
        if distance > 0.0:
            verdicts.append(
                DomainVerdict(
                    variable=entry.variable,
                    value=worst,
                    action=entry.action,
                    text=_text(entry, worst),
                    sources=sources_of(entry.source),
                    rank=entry.rank,
                )
            )
    return tuple(sorted(verdicts, key=lambda verdict: verdict.action != "refuse"))
