"""What one antibody result says at a threshold, and the results of a day as one test.

Assays differ a hundredfold in what they call positive, so a result is read twice: at the
threshold of the label-type definitions (500 ng/mL of the standard antibody) and at the assay's
own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Measurement, Ref


class Reading(StrEnum):
    """What a result says at a threshold."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNDETERMINED = "undetermined"


def _ng_per_ml(result: Measurement) -> float | None:
    """The number of a result in ng/mL; arbitrary units and titres are never converted."""
    return (
        result.value if result.unit == vocabulary.CANONICAL_UNITS[vocabulary.ANTIBODIES] else None
    )


def _own_threshold(result: Measurement) -> float | None:
    return result.assay.threshold if result.assay is not None else None


def _by_number(result: Measurement, threshold: float) -> Reading:
    value = _ng_per_ml(result)
    if value is None:
        return Reading.UNDETERMINED
    if result.censor == "<":
        return Reading.NEGATIVE if value <= threshold else Reading.UNDETERMINED
    if result.censor == ">":
        return Reading.POSITIVE if value >= threshold else Reading.UNDETERMINED
    return Reading.POSITIVE if value >= threshold else Reading.NEGATIVE


def read_at(result: Measurement, threshold_ng_per_ml: float) -> Reading:
    """What a result says at a threshold in ng/mL.

    A number decides where it can. An answer decides where the assay's own threshold implies
    it; an answer of an assay whose threshold is not recorded is taken at this one.
    """
    by_number = _by_number(result, threshold_ng_per_ml)
    if by_number is not Reading.UNDETERMINED:
        return by_number
    own = _own_threshold(result)
    if result.answer == "positive" and (own is None or own >= threshold_ng_per_ml):
        return Reading.POSITIVE
    if result.answer == "negative" and (own is None or own <= threshold_ng_per_ml):
        return Reading.NEGATIVE
    return Reading.UNDETERMINED


def read_own(result: Measurement) -> Reading:
    """What a result says at its assay's own threshold: the laboratory's answer, else its number."""
    if result.answer in {"positive", "negative"}:
        return Reading(result.answer)
    if result.answer == "indeterminate":
        return Reading.UNDETERMINED
    own = _own_threshold(result)
    if own is not None:
        return _by_number(result, own)
    below = result.censor == "<" and _ng_per_ml(result) is not None
    return Reading.NEGATIVE if below else Reading.UNDETERMINED


class AntibodyTest(Struct, frozen=True):
    """All antibody results of one day, read at the label-type threshold and at their own.

    ``threshold_assumed`` is True when an answer without recorded threshold was taken at the
    label-type one.
    """

    at: datetime
    results: tuple[Measurement, ...]
    label: Reading
    own: Reading
    threshold_assumed: bool

    @property
    def day(self) -> date:
        """Calendar date of the sample."""
        return self.at.date()

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Rows the results were read from."""
        return tuple(r.ref for r in self.results)

    @property
    def positive_below_label(self) -> bool:
        """Positive at the assay's own threshold and not at the label-type one."""
        return self.own is Reading.POSITIVE and self.label is not Reading.POSITIVE


def _strongest(readings: Iterable[Reading]) -> Reading:
    """Of several assays on one day: one positive counts, then one negative."""
    found = set(readings)
    return next((r for r in Reading if r in found), Reading.UNDETERMINED)


def antibody_tests(
    results: Iterable[Measurement], threshold_ng_per_ml: float
) -> tuple[AntibodyTest, ...]:
    """Antibody results in time order as one test per day.

    Parameters
    ----------
    threshold_ng_per_ml : float
        The label-type threshold, in ng/mL of the standard antibody.
    """
    threshold = threshold_ng_per_ml
    tests = []
    for _, group in groupby(results, key=lambda m: m.day):
        day = tuple(group)
        assumed = any(
            _by_number(m, threshold) is Reading.UNDETERMINED
            and m.answer in {"positive", "negative"}
            and _own_threshold(m) is None
            for m in day
        )
        tests.append(
            AntibodyTest(
                at=day[0].at,
                results=day,
                label=_strongest(read_at(m, threshold) for m in day),
                own=_strongest(read_own(m) for m in day),
                threshold_assumed=assumed,
            )
        )
    return tuple(tests)
