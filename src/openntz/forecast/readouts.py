"""Readings other than the level that tell of the drug: saturation, and the lymphocyte rise.

Both are off unless asked for. The saturation card and the rise are population relations with
wide errors: they move a forecast little, and mostly where there is no level.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.evidence.registry import Registry
from openntz.forecast.assumptions import Readout
from openntz.forecast.density import Levels
from openntz.forecast.history import History, level_moment
from openntz.forecast.likelihood import Kind
from openntz.forecast.saturation_readout import MeasuredSaturation
from openntz.models.residual import Residual
from openntz.models.saturation import SaturationCard

Array = NDArray[np.float64]

ReadoutName = Literal["saturation", "lymphocytes"]
READOUTS: Final[tuple[ReadoutName, ...]] = ("saturation", "lymphocytes")
_DRUG: Final = "natalizumab"


class ReadoutSettings(Struct, frozen=True, kw_only=True):
    """Errors and windows of the readouts; fractions, 10^9/L, days."""

    saturation_error: float
    rise_at_saturation: float
    rise_error: float
    baseline_within_days: int
    rise_from_day: int
    on_drug_days: int

    @classmethod
    def from_registry(cls, known: Registry) -> ReadoutSettings:
        """Read from facts.

        Raises
        ------
        EvidenceError
            When a fact is missing or is not a number.
        """

        def number(name: str) -> float:
            return known.fact(name).number

        return cls(
            saturation_error=number("readout.saturation-residual") / 100,
            rise_at_saturation=number("readout.lymphocyte-rise-at-full-saturation"),
            rise_error=number("readout.lymphocyte-rise-residual"),
            baseline_within_days=round(number("rise.baseline-within")),
            rise_from_day=round(number("rise.window-from")),
            on_drug_days=round(number("readout.lymphocyte-on-drug")),
        )


class LymphocyteRise(Struct, frozen=True):
    """Rise over the person's own baseline: ``full`` (10^9/L) times the saturated share.

    Counts follow the drug within weeks, so a level of the same day stands for them; ``error``
    (10^9/L) covers that, too.
    """

    card: SaturationCard
    full: float
    error: float

    @property
    def residual(self) -> Residual:
        """Additive error of the rise."""
        return Residual("additive", 0.0, self.error)

    def of(self, concentration: Array) -> tuple[Array, Array]:
        """Rise and its derivative by the level (10^9/L, per ug/mL)."""
        card = self.card
        reading, slope = MeasuredSaturation(card, self.error).of(concentration)
        scale = self.full / card.emax
        return (reading - card.e0) * scale, slope * scale


class _Reading(Struct, frozen=True):
    day: float
    value: float
    kind: Kind


def _saturation(course: Course, history: History) -> list[_Reading]:
    kinds = {"<": Kind.BELOW, ">": Kind.ABOVE}
    found = []
    for m in course.results(vocabulary.SATURATION):
        moment = level_moment(m, history)
        if m.value is not None and moment >= history.dose_starts[0]:
            kind = kinds.get(m.censor, Kind.QUANTIFIED)
            found.append(_Reading(history.day(moment), m.value, kind))
    return found


def _rises(course: Course, history: History, settings: ReadoutSettings) -> list[_Reading]:
    """Counts under treatment less the last one before the first dose, where there is one."""
    counts = [
        m for m in course.results(vocabulary.LYMPHOCYTES) if m.value is not None and not m.censor
    ]
    first = history.dose_starts[0]
    earliest = first.date() - timedelta(days=settings.baseline_within_days)
    before = [m for m in counts if earliest <= m.day and level_moment(m, history) <= first]
    if not before or before[-1].value is None:
        return []
    found = []
    for m in counts:
        moment = level_moment(m, history)
        given = [start for start in history.dose_starts if start < moment]
        if not given or m.value is None:
            continue
        lasted, since = (moment - first).days, (moment - given[-1]).days
        if lasted >= settings.rise_from_day and since <= settings.on_drug_days:
            rise = m.value - before[-1].value
            found.append(_Reading(history.day(moment), rise, Kind.QUANTIFIED))
    return found


def natalizumab_card(cards: Sequence[SaturationCard]) -> SaturationCard:
    """The saturation card of the drug itself, or else the first there is."""
    return next((c for c in cards if c.drug == _DRUG), cards[0])


def with_readouts(
    levels: Levels,
    names: Sequence[ReadoutName],
    course: Course,
    history: History,
    cards: Sequence[SaturationCard],
    settings: ReadoutSettings,
) -> tuple[Levels, tuple[Readout, ...]]:
    """Levels with the readings asked for after them, and how those are read off the level."""
    readouts: list[Readout] = []
    extra: list[tuple[_Reading, int]] = []
    if "saturation" in names and (found := _saturation(course, history)):
        readouts.append(MeasuredSaturation(natalizumab_card(cards), settings.saturation_error))
        extra += [(r, len(readouts)) for r in found]
    if "lymphocytes" in names and (found := _rises(course, history, settings)):
        readouts.append(
            LymphocyteRise(
                natalizumab_card(cards), settings.rise_at_saturation, settings.rise_error
            )
        )
        extra += [(r, len(readouts)) for r in found]
    if not extra:
        return levels, ()
    joined = Levels(
        time_day=np.append(levels.time_day, [r.day for r, _ in extra]),
        value_ug_per_ml=np.append(levels.value_ug_per_ml, [r.value for r, _ in extra]),
        kind=np.append(levels.kind, [int(r.kind) for r, _ in extra]),
        laboratory=(*(levels.laboratory or ("",) * levels.count), *("",) * len(extra)),
        readout=(*(levels.readout or (0,) * levels.count), *(i for _, i in extra)),
    )
    return joined, tuple(readouts)


def told(levels: Levels, names: Sequence[ReadoutName]) -> tuple[str, ...]:
    """A note on readings besides the level that entered the forecast, or that there was none."""
    if not names:
        return ()
    entered = sum(1 for i in levels.readout if i > 0)
    asked = " and ".join(names)
    if not entered:
        return (f"Asked to use {asked}: no such reading could be used for this person.",)
    many = "reading" if entered == 1 else "readings"
    return (
        f"{entered} {many} of {asked} entered the forecast beside the levels, with a wide error.",
    )
