"""What is believed of antibodies that raise clearance before a person's levels are seen.

How many people form them, how soon, for how long, and what a test says of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.evidence.registry import Registry

Array = NDArray[np.float64]

_WEEK = 7.0
_MONTH = 365.25 / 12
_PERCENT = 0.01


class AntibodyReading(Struct, frozen=True):
    """One antibody test as evidence on clearance.

    ``threshold`` is 'label' for a result that can be read at the threshold of the label-type
    assay, 'sensitive' for one that is positive below it only: most people without any effect
    on clearance are positive there.
    """

    at: datetime
    positive: bool
    threshold: Literal["label", "sensitive"]


class OnsetPrior(Struct, frozen=True, kw_only=True):
    """Probabilities before levels and tests; times in days after the first dose.

    ``appeared`` pairs times with the share of people with antibodies in whom they have
    appeared by then (linear between; the last pair leaves ``late_share``, which is spread
    evenly over the rest of the treatment). Transient antibodies last an exponential time of
    mean ``transient_days``.
    """

    persistent: float
    transient: float
    appeared: tuple[tuple[float, float], ...]
    late_share: float
    transient_days: float
    test_positive: dict[str, tuple[float, float]]
    least_weight: float
    most_candidates: int
    told_from: float

    @property
    def ever(self) -> float:
        """Probability of antibodies at any time."""
        return self.persistent + self.transient

    def by(self, day: ArrayLike, last_day: float) -> Array:
        """Share of antibodies that have appeared by a day, of a treatment until ``last_day``."""
        at = np.asarray(day, float)
        known, share = (np.array(x) for x in zip(*self.appeared, strict=True))
        early = (1.0 - self.late_share) * np.interp(at, known, share)
        rest = max(last_day - known[-1], 1.0)
        return early + self.late_share * np.clip((at - known[-1]) / rest, 0.0, 1.0)

    def gone_by(self, days: ArrayLike) -> Array:
        """Share of transient antibodies that are gone so many days after they appeared."""
        return -np.expm1(-np.asarray(days, float) / self.transient_days)

    def of_test(self, reading: AntibodyReading, raised: NDArray[np.bool_]) -> Array:
        """Probability (k,) of a test's result where clearance is raised (k,) and where not."""
        when_raised, otherwise = self.test_positive[reading.threshold]
        positive = np.where(raised, when_raised, otherwise)
        return positive if reading.positive else 1.0 - positive

    @classmethod
    def from_registry(cls, known: Registry) -> OnsetPrior:
        """Read from facts.

        Raises
        ------
        EvidenceError
            When a fact is missing or is not a number.
        """

        def number(name: str) -> float:
            return known.fact(name).number

        persistent_by_12 = number("ada.label-us.persistent-positive-by-week-12")
        return cls(
            persistent=_PERCENT * number("ada.affirm.persistent"),
            transient=_PERCENT * number("ada.affirm.transient"),
            appeared=(
                (0.0, 0.0),
                (8 * _WEEK, _PERCENT * number("ada.p1978.positive-by-8-weeks")),
                (12 * _WEEK, _PERCENT * persistent_by_12),
                (number("ada.vennegoor-2013.before") * _WEEK, 1.0),
            ),
            late_share=number("onset.late-share"),
            transient_days=_MONTH * number("ada.affirm.transient-full-effect"),
            test_positive={
                "label": (
                    number("onset.test-positive-when-raised"),
                    number("onset.test-positive-otherwise"),
                ),
                "sensitive": (
                    number("onset.sensitive-test-positive-when-raised"),
                    _PERCENT * number("ada.antelope.any-biosimilar"),
                ),
            },
            least_weight=number("onset.least-weight"),
            most_candidates=round(number("onset.most-candidates")),
            told_from=number("onset.told-from"),
        )
