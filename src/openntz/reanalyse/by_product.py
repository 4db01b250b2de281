"""Activity by the product of the first dose: reference and biosimilars beside each other.

Whoever gets which product was not chosen by lot outside a trial; a difference is no effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from msgspec import Struct

from openntz.reanalyse.statistics import (
    Interval,
    poisson_rate,
    proportion,
    rate_difference,
    share_difference,
)

_FEWEST: Final = 5  # people a product needs for a comparison
_LEVEL: Final = 0.95


class OnProduct(Struct, frozen=True, kw_only=True):
    """A person on a product: relapses over time at risk (None: not recorded), lesions by name."""

    product: str
    years: float
    relapses: int | None
    lesions: Mapping[str, bool | None]


def product_rows(people: Sequence[OnProduct]) -> list[dict[str, Any]]:
    """Relapse rates and shares with a lesion by product, and their differences; none for one."""
    groups: dict[str, list[OnProduct]] = {}
    for p in people:
        groups.setdefault(p.product or "product not recorded", []).append(p)
    if len(groups) < 2:
        return []
    rows = _rates(groups)
    for name in people[0].lesions:
        rows += _lesions(groups, name)
    return rows


def _pairs(groups: Mapping[str, Any]) -> list[tuple[str, str]]:
    return list(combinations(sorted(groups), 2))


def _apart(measure: str, a: str, b: str, n: int, found: Interval) -> dict[str, Any]:
    return {
        "measure": measure,
        "group": f"product: {a} minus {b}",
        "n": n,
        "value": found.value,
        "low": found.low,
        "high": found.high,
    }


def _rates(groups: Mapping[str, Sequence[OnProduct]]) -> list[dict[str, Any]]:
    rows, told = [], {}
    for name in sorted(groups):
        own = [p for p in groups[name] if p.relapses is not None and p.years > 0]
        events, years = sum(p.relapses or 0 for p in own), sum(p.years for p in own)
        rate, low, high = poisson_rate(events, years)
        told[name] = (len(own), events, years)
        rows.append(
            {
                "measure": "relapses a person-year by product",
                "group": f"product: {name}",
                "n": len(own),
                "count": events,
                "value": rate,
                "low": low,
                "high": high,
                "person_years": years,
            }
        )
    for a, b in _pairs(groups):
        (n, events, years), (m, others, time) = told[a], told[b]
        if min(n, m) >= _FEWEST:
            found = rate_difference((events, others), (years, time), _LEVEL)
            rows.append(_apart("difference of relapse rates by product", a, b, n + m, found))
    return rows


def _lesions(groups: Mapping[str, Sequence[OnProduct]], name: str) -> list[dict[str, Any]]:
    rows, shares = [], {}
    for product in sorted(groups):
        answers = [p.lesions[name] for p in groups[product]]
        known = [a for a in answers if a is not None]
        found = shares[product] = proportion(sum(known), len(known))
        rows.append(
            {
                "measure": f"{name} by product",
                "group": f"product: {product}",
                "n": found.n,
                "count": found.count,
                "value": found.value,
                "low": found.low,
                "high": found.high,
                "unknown": len(answers) - len(known),
            }
        )
    for a, b in _pairs(shares):
        if min(shares[a].n, shares[b].n) >= _FEWEST:
            found = share_difference(shares[a], shares[b], _LEVEL)
            n = shares[a].n + shares[b].n
            rows.append(_apart(f"difference of {name} by product", a, b, n, found))
    return rows
