"""Why a level may not fit: the causes, how often each is expected, and what to do next.

A cause is either a slip of the reading itself (``Slip``: another tube, another unit, another
moment) or another course than the record says (``Variant``: a dose not given, antibodies, a
changed weight), which then touches every level after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.special import log_ndtr

from openntz.evidence.registry import Registry
from openntz.forecast.likelihood import LOG_TWO_PI, Kind
from openntz.forecast.onset_prior import OnsetPrior
from openntz.forecast.subject import Subject
from openntz.models.residual import Residual

Array = NDArray[np.float64]

PEAK: Final = "drawn during or soon after the infusion"
SWAPPED: Final = "another person's tube"
DOSE: Final = "the dose before not given, or on another day"
UNIT: Final = "wrong unit or decimal point"
WEIGHT_CHANGE: Final = "weight changed since it was recorded"
ANTIBODIES: Final = "antibodies that raise clearance"
CHANGED: Final = "a true change of another cause"
CHANCE: Final = "nothing wrong, a rare reading"

NEXT_STEP: Final[Mapping[str, str]] = MappingProxyType(
    {
        PEAK: "look up the time of the sample in the infusion record; repeat just before a dose",
        SWAPPED: "ask the laboratory to trace the tube; repeat",
        DOSE: "check day and amount of the dose before the level",
        UNIT: "ask the laboratory for the unit and the number as measured",
        WEIGHT_CHANGE: "weigh",
        ANTIBODIES: "test antibodies",
        CHANGED: "repeat just before the next dose",
        CHANCE: "repeat just before the next dose",
    }
)

# Under any assay's limit; its square is still a number.
_TINY: Final = 1e-9


class Reading(Struct, frozen=True):
    """A level as reported: a number or a limit (``Kind``), in ug/mL."""

    value: float
    kind: Kind


class Density(Protocol):
    """Log density (or probability, for a limit) of a reading under one slip."""

    def of(self, reading: Reading, level: Array, peak: Array) -> Array:
        """Shape (...), given the level (...) at its moment and those (..., q) after the dose."""
        ...


def together(log_densities: Sequence[Array]) -> Array:
    """Logarithm of the sum of what the logarithms stand for; -inf where all are."""
    return np.logaddexp.reduce(np.asarray(log_densities), axis=0)


def _assay(residual: Residual, reading: Reading, level: Array) -> Array:
    f = np.maximum(level, _TINY)
    on_log = residual.on_log_scale
    value = np.log(reading.value) if on_log else reading.value
    sd = residual.sd(f)
    off = (value - (np.log(f) if on_log else f)) / sd
    if reading.kind is Kind.BELOW:
        return log_ndtr(off)
    if reading.kind is Kind.ABOVE:
        return log_ndtr(-off)
    # A density of the reading itself, also where the error is normal on its logarithm.
    jacobian = value if on_log else 0.0
    return -off * off / 2 - np.log(sd) - (LOG_TWO_PI / 2 + jacobian)


class AsMeasured(Struct, frozen=True):
    """Assay error around the level, times ``factor`` where the unit is another."""

    residual: Residual
    factors: tuple[float, ...] = (1.0,)

    def of(self, reading: Reading, level: Array, peak: Array) -> Array:
        """As ``Density.of``; factors are equally likely."""
        del peak
        each = []
        for factor in self.factors:
            log_density = _assay(
                self.residual, Reading(reading.value / factor, reading.kind), level
            )
            stretch = np.log(factor) if reading.kind is Kind.QUANTIFIED else 0.0
            each.append(log_density - stretch)
        return together(each) - np.log(len(each))


class AtAnotherMoment(Struct, frozen=True):
    """Assay error around the level at one of the moments after the start of the dose."""

    residual: Residual

    def of(self, reading: Reading, level: Array, peak: Array) -> Array:
        """As ``Density.of``; the moments are equally likely."""
        del level
        each = _assay(self.residual, reading, peak)
        return np.logaddexp.reduce(each, axis=-1) - np.log(peak.shape[-1])


class Spread(Struct, frozen=True):
    """Log-normal around the level: it changed, nobody knows why."""

    log_sd: float

    def of(self, reading: Reading, level: Array, peak: Array) -> Array:
        """As ``Density.of``."""
        del peak
        off = (np.log(reading.value) - np.log(np.maximum(level, _TINY))) / self.log_sd
        if reading.kind is Kind.BELOW:
            return log_ndtr(off)
        if reading.kind is Kind.ABOVE:
            return log_ndtr(-off)
        return -off * off / 2 - np.log(self.log_sd * reading.value) - LOG_TWO_PI / 2


class OfAnother(Struct, frozen=True, eq=False):
    """Assay error around the troughs (n,) of other people."""

    residual: Residual
    troughs: Array

    def of(self, reading: Reading, level: Array, peak: Array) -> Array:
        """As ``Density.of``; the same whatever this person's level is."""
        del peak
        each = _assay(self.residual, reading, self.troughs)
        return np.full(level.shape, np.logaddexp.reduce(each) - np.log(each.size))


class Slip(Struct, frozen=True):
    """A cause that touches one reading: name, chance before seeing it, density under it."""

    name: str
    chance: float
    density: Density


class Variant(Struct, frozen=True, eq=False):
    """Another course than recorded: cause, chance before seeing a level, the person under it.

    ``touched`` (m,) says for which levels this is the cause; none for the course as recorded.
    """

    name: str
    chance: float
    subject: Subject
    touched: NDArray[np.bool_]


class CauseSettings(Struct, frozen=True, kw_only=True):
    """How often each cause is expected, and its form; every field is a fact."""

    peak_time_unknown: float
    peak_time_recorded: float
    peak_after_end_hours: float
    swapped: float
    other_intervals_days: tuple[float, ...]
    other_doses: int
    other_amount_mg: float
    dose: float
    not_given_share: float
    dose_shifts_days: tuple[float, ...]
    unit: float
    unit_factors: tuple[float, ...]
    weight_per_year: float
    weight_log_sd: float
    changed: float
    changed_log_sd: float
    antibodies: OnsetPrior
    recovery_days: float
    least_chance: float
    draws: int
    first_draws: int
    shown_from: float
    most_shown: int

    @classmethod
    def from_registry(cls, known: Registry) -> CauseSettings:
        """Settings from a registry.

        Raises
        ------
        EvidenceError
            When a fact is missing or is not a number.
        """

        def number(name: str) -> float:
            return known.fact(f"triage.{name}").number

        def numbers(name: str) -> tuple[float, ...]:
            return tuple(float(word) for word in str(known.fact(f"triage.{name}").value).split())

        return cls(
            peak_time_unknown=number("peak-chance-time-unknown"),
            peak_time_recorded=number("peak-chance-time-recorded"),
            peak_after_end_hours=number("peak-after-end"),
            swapped=number("swapped-chance"),
            other_intervals_days=numbers("other-person-intervals"),
            other_doses=round(number("other-person-doses")),
            other_amount_mg=known.fact("dose.label-amount").number,
            dose=number("dose-chance"),
            not_given_share=number("dose-not-given-share"),
            dose_shifts_days=numbers("dose-shifts"),
            unit=number("unit-chance"),
            unit_factors=numbers("unit-factors"),
            weight_per_year=number("weight-chance-per-year"),
            weight_log_sd=number("weight-change-log-sd"),
            changed=number("changed-chance"),
            changed_log_sd=number("changed-log-sd"),
            antibodies=OnsetPrior.from_registry(known),
            recovery_days=number("antibody-recovery"),
            least_chance=number("antibody-least-chance"),
            draws=round(number("cause-draws")),
            first_draws=round(number("cause-first-draws")),
            shown_from=number("cause-shown-from"),
            most_shown=round(number("causes-shown")),
        )

    def shown(self, causes: Sequence[tuple[str, float]]) -> int:
        """How many of ordered causes a reader is shown: the first, and others that count."""
        likely = sum(chance >= self.shown_from for _, chance in causes[: self.most_shown])
        return max(likely, 1)
