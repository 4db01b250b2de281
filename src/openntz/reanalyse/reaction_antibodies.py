"""Reactions against the onset of antibodies: do they come from the first positive test on?

A test says that antibodies came before it, not when, so some reactions before a first positive
test had the same cause; the ratio is therefore rather too small than too large.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import statsmodels.api as sm
from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.definitions.antibody_tests import Reading, read_own
from openntz.reanalyse.statistics import proportion, settled, share_difference

_FEWEST: Final = 5  # reactions in the rarer group, and people in each, for a comparison
_BY_PERSON: Final = "people with a reaction by antibody test"


class Onset(Struct, frozen=True):
    """A tested person: days of the first positive test and first reaction since the first dose.

    ``from_dose`` is the number of the first dose given on that day or later, beyond the last
    dose where none was; both are None for somebody whose tests were all negative.
    """

    doses: int
    reacted: tuple[int, ...]
    positive_day: int | None
    from_dose: int | None
    reaction_day: int | None


def onset_of(course: Course, reacted: Sequence[int]) -> Onset | None:
    """A person by tests read at their own thresholds; None where no test since entry tells."""
    first = course.doses[0].day
    read = [
        (m.day, reading)
        for m in course.results(vocabulary.ANTIBODIES)
        if (reading := read_own(m)) is not Reading.UNDETERMINED and m.day >= first
    ]
    if not read:
        return None
    day = min((day for day, reading in read if reading is Reading.POSITIVE), default=None)
    after = [i for i, d in enumerate(course.doses, start=1) if day is not None and d.day >= day]
    return Onset(
        doses=len(course.doses),
        reacted=tuple(reacted),
        positive_day=None if day is None else (day - first).days,
        from_dose=None if day is None else min(after, default=len(course.doses) + 1),
        reaction_day=(course.doses[reacted[0] - 1].day - first).days if reacted else None,
    )


def antibody_rows(people: Sequence[Onset]) -> list[dict[str, Any]]:
    """By person, by infusion before and from the first positive test, and the days between."""
    if not any(p.positive_day is not None for p in people):
        return []
    rows, shares = [], []
    for told, own in (
        ("ever positive", [p for p in people if p.positive_day is not None]),
        ("tested, never positive", [p for p in people if p.positive_day is None]),
    ):
        found = proportion(sum(bool(p.reacted) for p in own), len(own))
        shares.append(found)
        rows.append(
            {
                "measure": _BY_PERSON,
                "group": told,
                "n": found.n,
                "count": found.count,
                "value": found.value,
                "low": found.low,
                "high": found.high,
            }
        )
    if min(s.n for s in shares) >= _FEWEST:
        apart = share_difference(*shares)
        rows.append(
            {
                "measure": "difference of people with a reaction",
                "group": "ever positive minus tested, never positive",
                "n": sum(s.n for s in shares),
                "value": apart.value,
                "low": apart.low,
                "high": apart.high,
            }
        )
    return [*rows, *_by_infusion(people), *_between(people)]


def _by_infusion(people: Sequence[Onset]) -> list[dict[str, Any]]:
    """Odds from the first positive test on against before or never, people as clusters."""
    sizes = [p.doses for p in people]
    groups = np.repeat(np.arange(len(people)), sizes)
    number = np.concatenate([np.arange(1, n + 1) for n in sizes])
    since = np.repeat([np.inf if p.from_dose is None else p.from_dose for p in people], sizes)
    positive = number >= since
    ends = np.concatenate([[0], np.cumsum(sizes)])
    events = np.zeros(len(number))
    for p, start in zip(people, ends, strict=False):
        events[[start + at - 1 for at in p.reacted]] = 1.0
    rows = []
    for told, own in (
        ("before a positive test, or never positive", ~positive),
        ("from the first positive test on", positive),
    ):
        found = proportion(int(events[own].sum()), int(own.sum()))
        rows.append(
            {
                "measure": "infusions with a reaction by antibody test",
                "group": told,
                "n": found.n,
                "count": found.count,
                "value": found.value,
            }
        )
    if min(min(r["count"], r["n"] - r["count"]) for r in rows) < _FEWEST:
        return rows
    design = np.column_stack([np.ones(len(number)), positive.astype(float), np.log(number)])
    fit = settled(
        lambda: sm.Logit(events, design).fit(
            disp=0, cov_type="cluster", cov_kwds={"groups": groups}
        )
    )
    if fit is None:
        return rows
    low, high = fit.conf_int()[1]
    return [
        *rows,
        {
            "measure": "odds ratio of a reaction at an infusion",
            "group": "from the first positive test on, against before or never; adjusted for "
            "the number of the dose",
            "n": len(number),
            "count": int(events.sum()),
            "value": float(np.exp(fit.params[1])),
            "low": float(np.exp(low)),
            "high": float(np.exp(high)),
            "p": float(fit.pvalues[1]),
        },
    ]


def _between(people: Sequence[Onset]) -> list[dict[str, Any]]:
    days = [
        p.positive_day - p.reaction_day
        for p in people
        if p.positive_day is not None and p.reaction_day is not None
    ]
    if not days:
        return []
    return [
        {
            "measure": "median days from the first reaction to the first positive test",
            "group": "people with both; below 0 the test came first",
            "n": len(days),
            "value": float(np.median(days)),
            "low": float(np.quantile(days, 0.25)),
            "high": float(np.quantile(days, 0.75)),
        }
    ]
