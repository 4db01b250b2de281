"""Anti-JCV antibody results: negative, indeterminate or positive, high or not, reliable or not."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement, Treatment
from openntz.definitions.results import above, below
from openntz.definitions.terms import mentions


class JcvClass(StrEnum):
    """What a result says about the antibody."""

    NEGATIVE = "negative"
    INDETERMINATE = "indeterminate"
    POSITIVE = "positive"


class JcvLimits(Struct, frozen=True):
    """Index limits of the two-step assay, and when a test cannot be relied on; days inclusive.

    Below ``negative_below`` the antibody is absent, above ``positive_above`` present, between
    them the assay's inhibition step decides; above ``high_above`` the PML risk climbs.
    """

    negative_below: float
    positive_above: float
    high_above: float
    wait_after_exchange: int
    wait_after_immunoglobulin: int
    exchange_names: tuple[str, ...]
    immunoglobulin_names: tuple[str, ...]


class JcvResult(Struct, frozen=True):
    """One result; ``high`` is None when positive without an index that could tell."""

    measurement: Measurement
    antibody: JcvClass
    high: bool | None

    @property
    def day(self) -> date:
        """Date of the blood sample."""
        return self.measurement.day

    @property
    def index(self) -> float | None:
        """The index, or None for a result in words or only a limit."""
        return None if self.measurement.censor else self.measurement.value


def classify(result: Measurement, limits: JcvLimits) -> JcvResult | None:
    """What one result says, or None when it says nothing.

    A positive answer in words holds against any index; a negative one decides only between the
    two limits, where the inhibition step is due: elsewhere the index is believed. A number that
    came with an answer as a titre is not an index.
    """
    if result.answer is not None and result.unit != vocabulary.CANONICAL_UNITS[result.test]:
        result = replace(result, value=None, censor="")
    positive, negative = above(result, limits.positive_above), below(result, limits.negative_below)
    high = above(result, limits.high_above)
    if result.answer == "positive" or positive:
        return JcvResult(result, JcvClass.POSITIVE, high)
    if result.value is None:
        return JcvResult(result, JcvClass(result.answer), False) if result.answer else None
    if negative or (result.answer == "negative" and positive is False):
        return JcvResult(result, JcvClass.NEGATIVE, False)
    return JcvResult(result, JcvClass.INDETERMINATE, high)


class JcvHistory(Struct, frozen=True):
    """Results in time order; ``unreliable`` ones were drawn too soon after another treatment."""

    results: tuple[JcvResult, ...]
    unreliable: tuple[tuple[JcvResult, Treatment], ...]
    recorded: bool

    @property
    def latest(self) -> JcvResult | None:
        """The last result that can be relied on."""
        return self.results[-1] if self.results else None


class _Blocked(Struct, frozen=True):
    """Days, both included, on which a test cannot be relied on, and why."""

    first: date
    last: date
    cause: Treatment


def _blocked(treatments: tuple[Treatment, ...], limits: JcvLimits) -> tuple[_Blocked, ...]:
    found = []
    for treatment in treatments:
        if mentions(treatment.name, limits.exchange_names):
            wait = limits.wait_after_exchange
        elif mentions(treatment.name, limits.immunoglobulin_names):
            wait = limits.wait_after_immunoglobulin
        else:
            continue
        last = (treatment.end or treatment.day) + timedelta(days=wait)
        found.append(_Blocked(treatment.day, last, treatment))
    return tuple(found)


def _longest(day: date, blocked: tuple[_Blocked, ...]) -> _Blocked | None:
    """What blocks a day for longest, if anything does."""
    over = (b for b in blocked if b.first <= day <= b.last)
    return max(over, key=lambda b: b.last, default=None)


def wait_until(
    day: date, treatments: tuple[Treatment, ...], limits: JcvLimits
) -> tuple[date, Treatment | None]:
    """First day on or after ``day`` on which a test can be relied on, and what it waits for.

    Returns
    -------
    tuple[date, Treatment | None]
        ``day`` itself and None when nothing stands in the way. A course of treatment counts
        from its end, or from its start when no end is recorded.
    """
    blocked, cause = _blocked(treatments, limits), None
    while (found := _longest(day, blocked)) is not None:
        day, cause = found.last + timedelta(days=1), found.cause
    return day, cause


def jcv_history(course: Course, limits: JcvLimits) -> JcvHistory:
    """All anti-JCV results of a course, those that cannot be relied on set apart."""
    results, unreliable = [], []
    blocked = _blocked(course.treatments, limits)
    for measurement in course.results(vocabulary.JCV_INDEX):
        result = classify(measurement, limits)
        if result is None:
            continue
        found = _longest(result.day, blocked)
        if found is None:
            results.append(result)
        else:
            unreliable.append((result, found.cause))
    return JcvHistory(tuple(results), tuple(unreliable), course.has("measurements"))
