"""What the level would be on any day after the last dose, and with what chance.

Read off the columns a forecast has solved anyway, between them along the logarithm of the
level, whose fall is nearly straight over a day. A decision on the next dose is a choice among
these days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.evidence.registry import Registry
from openntz.forecast.predict import Band, quantiles
from openntz.models.saturation import SaturationCard

if TYPE_CHECKING:
    from openntz.forecast.settings import Settings

Array = NDArray[np.float64]

DAYS_A_WEEK: Final = 7
_TARGETS: Final = ("target.trough-10", "target.trough-5", "target.trough-2")


class OutlookSettings(Struct, frozen=True):
    """Which days after the last dose and which chances to keep.

    ``levels`` in ug/mL, ``saturation`` as fractions.
    """

    first: int
    last: int
    missed_weeks: tuple[int, ...]
    levels: tuple[float, ...]
    saturation: tuple[float, ...]

    @classmethod
    def from_registry(cls, facts: Registry) -> OutlookSettings:
        """From the registry, with a site's decisions if it has any.

        Raises
        ------
        EvidenceError
            When a fact is missing or is not a number.
        """
        percent = [float(word) for word in str(facts.fact("decide.saturation").value).split()]
        weeks = [round(float(w)) for w in str(facts.fact("decide.missed-weeks").value).split()]
        targets = [float(word) for word in str(facts.fact("forecast.targets").value).split()]
        # A site may choose another target, which then needs its chance too.
        targets += [facts.fact(name).number for name in _TARGETS]
        return cls(
            first=round(facts.fact("next-ms.interval-low").number * DAYS_A_WEEK),
            last=round(facts.fact("candidate.longest-interval").number * DAYS_A_WEEK),
            missed_weeks=tuple(weeks),
            levels=tuple(sorted(set(targets), reverse=True)),
            saturation=tuple(p / 100 for p in percent),
        )

    @property
    def days(self) -> NDArray[np.int64]:
        """The days (D,): every one from the first, with the longest delay of the last."""
        delay = max(self.missed_weeks, default=0) * DAYS_A_WEEK
        return np.arange(self.first, self.last + delay + 1)


class SteadyTrough(Struct, frozen=True):
    """The trough (ug/mL) once an interval has been kept for long."""

    median: float
    p05: float
    p95: float
    reaches: Mapping[float, float]


class Outlook(Struct, frozen=True, eq=False):
    """Chances per day after the last dose if no further dose is given; arrays (D,).

    ``reaches`` maps a level (ug/mL) to P(level >= it); ``saturates`` a saturation (fraction) to
    P(saturation >= it) under each saturation card. ``steady`` holds the troughs of intervals in
    days that were kept for long, for those that were asked about.
    """

    day: NDArray[np.int64]
    level: Band
    saturation: Band
    reaches: Mapping[float, Array]
    saturates: Mapping[float, Mapping[str, Array]]
    steady: Mapping[int, SteadyTrough] = field(default_factory=lambda: MappingProxyType({}))

    def column(self, day: int) -> int | None:
        """Where a day is, None when it was not computed."""
        found = np.flatnonzero(self.day == day)
        return int(found[0]) if len(found) else None

    def with_steady(self, day: int, trough: SteadyTrough) -> Outlook:
        """The same with one more interval's steady state."""
        return replace(self, steady=MappingProxyType({**self.steady, day: trough}))


def on_days(solved_day: Array, concentration: Array, day: Array) -> Array:
    """Levels (n, D) on days between solved columns (n, T), along the logarithm of the level.

    Parameters
    ----------
    solved_day : array (T,)
        Ascending; nothing may be given between them. Days must lie within.
    """
    after = np.clip(np.searchsorted(solved_day, day), 1, len(solved_day) - 1)
    before = after - 1
    share = (day - solved_day[before]) / (solved_day[after] - solved_day[before])
    found = concentration[:, np.where(share <= 0.0, before, after)]
    between = np.flatnonzero((share > 0.0) & (share < 1.0))
    if len(between):
        # Neighbouring days share their solved columns, whose logarithm is taken once.
        first, last = int(before[between].min()), int(after[between].max())
        solved = concentration[:, first : last + 1]
        height = np.log(np.maximum(solved, np.finfo(float).tiny))
        low, high = height[:, before[between] - first], height[:, after[between] - first]
        found[:, between] = np.exp(low + share[between] * (high - low))
    return found


def level_that_saturates(card: SaturationCard, fraction: float) -> float:
    """The level (ug/mL) at which a card's saturation is ``fraction``; 0 always, inf never."""
    share = (fraction - card.e0) / card.emax
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return np.inf
    return float(card.ec50 * (share / (1.0 - share)) ** (1.0 / card.hill))


def build_outlook(
    day: NDArray[np.int64],
    concentration: Array,
    cards: Sequence[SaturationCard],
    levels: Sequence[float],
    saturations: Sequence[float],
    ends: tuple[float, float],
    generator: np.random.Generator,
) -> Outlook:
    """Chances from levels (n, D) on days (D,).

    Saturation rises with level over EC50, so that its quantiles and chances are those of that
    ratio: a card is asked for a few values and not for every draw.

    Parameters
    ----------
    levels, saturations : sequences of float
        ug/mL, and fractions, whose chances are wanted.
    ends : pair of float
        Probabilities of the interval shown.
    """
    low, high = ends
    wanted = (low, 0.5, high)
    bottom, middle, top = quantiles(concentration, wanted)
    bands: list[Array] = []
    chances: dict[float, dict[str, Array]] = {s: {} for s in saturations}
    for card in cards:
        if card.ec50_sd > 0.0:
            eta = card.ec50_sd * generator.standard_normal((len(concentration), 1))
            relative = concentration * np.exp(-eta)
            bands.append(card.saturation(quantiles(relative, wanted)))
        else:
            relative = concentration
            bands.append(card.saturation(np.stack([bottom, middle, top])))
        for s in saturations:
            chances[s][card.id] = (relative >= level_that_saturates(card, s)).mean(axis=0)
    return Outlook(
        day=day,
        level=Band(middle, bottom, top),
        saturation=Band(
            np.mean([b[1] for b in bands], axis=0),
            np.min([b[0] for b in bands], axis=0),
            np.max([b[2] for b in bands], axis=0),
        ),
        reaches=MappingProxyType({x: (concentration >= x).mean(axis=0) for x in levels}),
        saturates=MappingProxyType({s: MappingProxyType(c) for s, c in chances.items()}),
    )


def outlook_of(
    since: Array,
    concentration: Array,
    cards: Sequence[SaturationCard],
    settings: Settings,
    generator: np.random.Generator,
) -> Outlook:
    """The outlook of a forecast whose levels (n, T) lie ``since`` (T,) days from the last dose."""
    day = settings.outlook.days
    day = day[day <= settings.below_horizon_days]
    falling = since >= 0.0
    return build_outlook(
        day,
        on_days(since[falling], concentration[:, falling], day.astype(float)),
        cards,
        settings.outlook.levels,
        settings.outlook.saturation,
        (settings.low, settings.high),
        generator,
    )
