"""The response of one kind of blood cell to natalizumab over visits, against own baseline.

When it rose, whether it kept risen, was lost or never came: as for the lymphocyte rise, each
count is held against the person's own baseline, because most stay within the laboratory's range.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property
from math import isclose

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Dose, Measurement
from openntz.definitions.lymphocytes import counts_on_drug, own_baseline


class Response(StrEnum):
    """Where a response stands; the last three say why it is not known."""

    KEPT = "risen"
    LOST = "lost"
    NEVER = "never risen"
    WAITING = "not yet risen"
    NO_COUNT = "no count in time"
    NO_BASELINE = "no baseline"


class ResponseLimits(Struct, frozen=True, kw_only=True):
    """A count is risen from ``times`` the baseline plus ``added`` (canonical unit) on.

    ``answers_from_day`` to ``answers_to_day`` after the first dose is when a rise is expected;
    ``lost_counts`` in a row without it make it lost; ``on_drug_days`` is the time after a dose in
    which a count still speaks for the drug.
    """

    times: float = 1.0
    added: float = 0.0
    baseline_within_days: int
    answers_from_day: int
    answers_to_day: int
    lost_counts: int
    on_drug_days: int


class Visit(Struct, frozen=True):
    """One count: day after the first dose, times the baseline, and whether it is risen.

    ``fold`` and ``risen`` are None where a censored count cannot tell.
    """

    count: Measurement
    day: int
    fold: float | None
    risen: bool | None


class CellResponse(Struct, frozen=True, dict=True):
    """Counts of one kind of cell during one course of treatment, in time order.

    ``readable`` are the visits whose count can be held against the baseline.
    """

    test: str
    start: Dose
    limits: ResponseLimits
    baseline: Measurement | None
    visits: tuple[Visit, ...]

    @cached_property
    def readable(self) -> tuple[Visit, ...]:
        """The visits whose count can be held against the baseline."""
        return tuple(v for v in self.visits if v.risen is not None)

    @property
    def first_rise(self) -> Visit | None:
        """The first risen count."""
        return next((v for v in self.readable if v.risen), None)

    @property
    def last_before_rise(self) -> Visit | None:
        """The last count without the rise before the first with it: it rose in between."""
        first = self.first_rise
        before = [v for v in self.readable if first is not None and v.day < first.day]
        return before[-1] if before else None

    @property
    def since_rise(self) -> tuple[Visit, ...]:
        """Readable counts after the first risen one."""
        first = self.first_rise
        return () if first is None else self.readable[self.readable.index(first) + 1 :]

    def state(self, as_of: date) -> Response:
        """Where the response stands at a date."""
        if self.baseline is None:
            return Response.NO_BASELINE
        if self.first_rise is not None:
            tail = self.since_rise[-self.limits.lost_counts :]
            lost = len(tail) == self.limits.lost_counts and not any(v.risen for v in tail)
            return Response.LOST if lost else Response.KEPT
        if (as_of - self.start.day).days <= self.limits.answers_to_day:
            return Response.WAITING
        late = any(v.day >= self.limits.answers_from_day for v in self.readable)
        return Response.NEVER if late else Response.NO_COUNT


def risen(count: Measurement, limit: float) -> bool | None:
    """Whether a count reaches a limit; None when a censored one cannot tell."""
    if count.value is None:
        return None
    # Counts are printed to two decimals: 2.8 must reach 2.0 + 0.8.
    reached = count.value > limit or isclose(count.value, limit)
    if count.censor == "<":
        below = count.value < limit or isclose(count.value, limit)
        return False if below else None
    if count.censor == ">":
        return True if reached else None
    return reached


def cell_response(
    course: Course, test: str, doses: Sequence[Dose], limits: ResponseLimits
) -> CellResponse:
    """The response of the cells that ``test`` counts.

    Parameters
    ----------
    doses : sequence of Dose
        At least one; the doses of this course of treatment, in time order.
    """
    start, counts = doses[0], course.results(test)
    baseline = own_baseline(counts, start, limits.baseline_within_days)
    if baseline is None or not baseline.value:
        return CellResponse(test, start, limits, None, ())
    limit = baseline.value * limits.times + limits.added
    visits = tuple(
        Visit(
            count=count,
            day=(count.day - start.day).days,
            fold=None if count.censor or count.value is None else count.value / baseline.value,
            risen=risen(count, limit),
        )
        for count in counts_on_drug(counts, doses, baseline, limits.on_drug_days)
    )
    return CellResponse(test, start, limits, baseline, visits)
