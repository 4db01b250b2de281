"""What a forecast of one person is: immutable numbers with their status."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

if TYPE_CHECKING:
    from openntz.forecast.outlook import Outlook

LevelUse = Literal["fitted", "not a trough", "impossible", "not usable"]

# Shown to the reader, worst first; 'computed' forecasts carry their reservations in `notes`.
ForecastStatus = Literal[
    "ok",  # fitted to at least one level
    "prior only",  # no usable level: the population for this weight
    "outside domain",  # not computed; `reason` says why
    "no dose",  # nothing to forecast
    "failed",  # numerical failure with a named reason and remedy
]


class LevelVerdict(Struct, frozen=True):
    """How one natalizumab level was used.

    ``predicted``, ``low`` and ``high`` are the median and 98 % prior-predictive range of a
    measured level (ug/mL) at that moment for this history, or None when not computed.
    ``misfit`` is set when the fitted course makes the level itself all but impossible.
    ``causes`` of a level that does not fit: name and probability, most probable first, of
    which the first ``causes_shown`` are for a reader.
    """

    line: int
    at: datetime
    value: float | None
    censor: str
    use: LevelUse
    reason: str = ""
    unusual: bool = False
    misfit: bool = False
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    causes: tuple[tuple[str, float], ...] = ()
    causes_shown: int = 0


class Quantiles(Struct, frozen=True):
    """Median and 5 and 95 % points of the posterior at one moment (no assay error)."""

    median: float
    p05: float
    p95: float


class TimeBelow(Struct, frozen=True):
    """When the level falls below a threshold if no dose follows, days after the last dose.

    A quantile is None when the level does not fall below it within the horizon computed.
    """

    threshold_ug_per_ml: float
    median: float | None
    p05: float | None
    p95: float | None


class Curve(Struct, frozen=True):
    """Posterior band over time; arrays of shape (n_times,), ``day`` counts from ``origin``."""

    origin: datetime
    day: NDArray[np.float64]
    concentration_median: NDArray[np.float64]
    concentration_p05: NDArray[np.float64]
    concentration_p95: NDArray[np.float64]
    saturation_median: NDArray[np.float64]
    saturation_p05: NDArray[np.float64]
    saturation_p95: NDArray[np.float64]


class When(Struct, frozen=True):
    """A date that is not recorded: the middle, and 5 and 95 % points, of where it may lie."""

    middle: date
    low: date
    high: date


class ClearanceChange(Struct, frozen=True, kw_only=True):
    """What levels and antibody tests say of clearance raised by antibodies, onset unknown.

    ``onset`` and ``end`` are given that there was one (None: less likely than not);
    ``factor`` multiplies clearance while it is raised. ``suspected`` says that a change is likely
    enough to be told, or that the plain fit was contradicted. ``plain_planned`` and
    ``plain_probability`` are what the forecast at the planned dose would be without this
    model, with recorded antibodies taken at their recorded dates.
    """

    probability_now: float
    probability_ever: float
    onset: When | None
    end: When | None
    factor: Quantiles | None
    text: str
    suspected: bool
    plain_planned: Quantiles | None
    plain_probability: Mapping[float, float]


class PersonForecast(Struct, frozen=True, kw_only=True):
    """Everything computed about one person's level.

    ``by_day`` maps days after the last dose to concentration and saturation if no further dose
    is given; ``now`` and ``planned`` are the same at the as-of date and at the planned next
    dose (None when there is none). ``probability_at_planned`` maps a level in ug/mL to
    P(trough >= level) at the planned dose. ``contradiction`` says which fitted levels the
    forecast does not agree with; while it is not empty the forecast is not to be relied on.
    ``probability_by_day`` the same per day after the
    last dose. ``outlook`` holds the chances of every day on which a next dose may be given.
    ``person`` is kept so that a forecast stands on its own. ``change`` is there for
    people whose levels or tests raise the question of antibodies; the numbers then mix over it.
    """

    person: str
    as_of: datetime
    status: ForecastStatus
    reason: str = ""
    notes: tuple[str, ...] = ()
    model: str = ""
    card_hash: str = ""
    saturation_models: tuple[str, ...] = ()
    seed: int = 0
    last_dose: datetime | None = None
    planned_dose: datetime | None = None
    levels: tuple[LevelVerdict, ...] = ()
    contradiction: str = ""
    weight_kg: float | None = None
    parameters: Mapping[str, tuple[float, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    pareto_k: float | None = None
    effective_draws: float | None = None
    by_day: Mapping[int, tuple[Quantiles, Quantiles]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    now: tuple[Quantiles, Quantiles] | None = None
    planned: tuple[Quantiles, Quantiles] | None = None
    probability_at_planned: Mapping[float, float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    probability_by_day: Mapping[int, Mapping[float, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    below: tuple[TimeBelow, ...] = ()
    curve: Curve | None = None
    outlook: Outlook | None = None
    change: ClearanceChange | None = None

    @property
    def computed(self) -> bool:
        """Whether there are numbers at all."""
        return self.status in {"ok", "prior only"}
