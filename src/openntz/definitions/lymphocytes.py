"""The lymphocyte rise: counts against the person's own baseline, not against a range.

Natalizumab keeps lymphocytes in the blood, so a count that does not rise suggests that the drug
does not act. Most counts stay within the laboratory's range, which therefore misses it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import isclose

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Dose, Measurement


class RiseLimits(Struct, frozen=True, kw_only=True):
    """Numbers of the definition: days, and the rise in 10^9/L.

    ``on_drug_days`` is the time after a dose in which a count still speaks for the drug.
    """

    rise: float
    baseline_within_days: int
    window_from_day: int
    window_to_day: int
    lost_counts: int
    on_drug_days: int


class CountChange(Struct, frozen=True):
    """One count since the first dose: day after it, change in 10^9/L, and whether it rose.

    ``change`` and ``rose`` are None where a censored count cannot tell.
    """

    count: Measurement
    day: int
    change: float | None
    rose: bool | None


class LymphocyteRise(Struct, frozen=True):
    """Baseline and later counts of one course of treatment that starts with ``start``."""

    start: Dose
    limits: RiseLimits
    baseline: Measurement | None
    changes: tuple[CountChange, ...]

    @property
    def in_window(self) -> tuple[CountChange, ...]:
        """Counts that answer for week 12 and can be read."""
        return tuple(
            c
            for c in self.changes
            if self.limits.window_from_day <= c.day <= self.limits.window_to_day
            and c.rose is not None
        )

    @property
    def best_in_window(self) -> CountChange | None:
        """The count of the window that shows the rise, else the last one in it."""
        rose = [c for c in self.in_window if c.rose]
        return rose[0] if rose else (self.in_window[-1] if self.in_window else None)

    @property
    def first_rise(self) -> CountChange | None:
        """The first count that shows the rise, at any time."""
        return next((c for c in self.changes if c.rose), None)

    @property
    def latest(self) -> CountChange | None:
        """The latest count that can be read."""
        readable = [c for c in self.changes if c.rose is not None]
        return readable[-1] if readable else None

    @property
    def lost(self) -> tuple[CountChange, ...]:
        """The latest counts in a row without the rise after one with it; empty when not lost."""
        readable = [c for c in self.changes if c.rose is not None]
        tail = readable[-self.limits.lost_counts :]
        rose_before = any(c.rose for c in readable[: -self.limits.lost_counts])
        if rose_before and len(tail) == self.limits.lost_counts and not any(c.rose for c in tail):
            return tuple(tail)
        return ()


def _is_baseline(count: Measurement, start: Dose, within_days: int) -> bool:
    """Up to the first dose; on its day unless both times are known and the count came after."""
    if count.value is None or count.censor:
        return False
    if count.day == start.day:
        return not (count.time_known and start.time_known and count.at > start.at)
    return 0 < (start.day - count.day).days <= within_days


def own_baseline(
    counts: Sequence[Measurement], start: Dose, within_days: int
) -> Measurement | None:
    """The last uncensored count within so many days up to the first dose."""
    before = [m for m in counts if _is_baseline(m, start, within_days)]
    return before[-1] if before else None


def counts_on_drug(
    counts: Sequence[Measurement], doses: Sequence[Dose], baseline: Measurement, on_drug_days: int
) -> tuple[Measurement, ...]:
    """Counts after the baseline that lie at most so many days after a dose."""
    days = [d.day for d in doses]
    kept = []
    for count in counts:
        given = bisect_right(days, count.day)
        on_drug = given > 0 and (count.day - days[given - 1]).days <= on_drug_days
        if on_drug and count is not baseline and count.at > baseline.at:
            kept.append(count)
    return tuple(kept)


def _change(count: Measurement, start: Dose, baseline: float, limit: float) -> CountChange:
    day = (count.day - start.day).days
    if count.value is None:
        return CountChange(count, day, None, None)
    change = count.value - baseline
    # Counts are printed to two decimals: 2.8 - 2.0 must reach 0.8.
    reached = change > limit or isclose(change, limit)
    if count.censor == "<":
        return CountChange(
            count, day, None, None if reached and not isclose(change, limit) else False
        )
    if count.censor == ">":
        return CountChange(count, day, None, True if reached else None)
    return CountChange(count, day, change, reached)


def lymphocyte_rise(course: Course, doses: Sequence[Dose], limits: RiseLimits) -> LymphocyteRise:
    """Counts of one course of treatment against its own baseline.

    Parameters
    ----------
    doses : sequence of Dose
        At least one; the doses of this course of treatment, in time order.
    """
    start = doses[0]
    counts = course.results(vocabulary.LYMPHOCYTES)
    baseline = own_baseline(counts, start, limits.baseline_within_days)
    if baseline is None or baseline.value is None:
        return LymphocyteRise(start, limits, None, ())
    changes = [
        _change(count, start, baseline.value, limits.rise)
        for count in counts_on_drug(counts, doses, baseline, limits.on_drug_days)
    ]
    return LymphocyteRise(start, limits, baseline, tuple(changes))
