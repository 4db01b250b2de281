"""Numbers on a card: value, unit, source and rank, and the units each meaning may have.

A card may give ``source`` and ``rank`` once at its top; a number without its own takes those.
Sources are those of the registry and the card's own ``[[sources]]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from openntz.evidence.registry import Rank, registry

Symbol = Literal["cl", "vc", "q", "vp", "q2", "vp2", "vmax", "km", "ka", "duration", "f", "lag"]
Scale = Literal["cv", "sd", "variance"]

_PER_TIME = {
    "L/d": 1.0,
    "L/h": 24.0,
    "L/min": 1440.0,
    "mL/d": 0.001,
    "mL/h": 0.024,
    "mL/min": 1.44,
}
_VOLUME = {"L": 1.0, "mL": 0.001}
_CONCENTRATION = {"mg/L": 1.0, "ug/mL": 1.0, "ng/mL": 0.001, "ug/L": 0.001, "g/L": 1000.0}
_SHARE = {"1": 1.0, "%": 0.01}
_TIME = {"d": 1.0, "h": 1.0 / 24.0, "min": 1.0 / 1440.0}
_AMOUNT = {"mg": 1.0, "ug": 0.001, "g": 1000.0}
UNITS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "cl": _PER_TIME,
        "vc": _VOLUME,
        "q": _PER_TIME,
        "vp": _VOLUME,
        "q2": _PER_TIME,
        "vp2": _VOLUME,
        "vmax": {
            f"{amount}/{time}": a / t for amount, a in _AMOUNT.items() for time, t in _TIME.items()
        },
        "km": _CONCENTRATION,
        "ka": {"1/d": 1.0, "1/h": 24.0, "1/min": 1440.0},
        "duration": _TIME,
        "f": _SHARE,
        "lag": _TIME,
        "ec50": _CONCENTRATION,
        "hill": {"1": 1.0},
        "e0": _SHARE,
        "emax": _SHARE,
        "cv": _SHARE,
        "share": _SHARE,
        "plain": {"1": 1.0},
        "exponent": {"1": 1.0},
        "time": _TIME,
        "dose": _AMOUNT,
        "concentration": _CONCENTRATION,
    }
)
MAY_BE_ZERO: Final = frozenset({"lag", "e0"})
MAY_BE_NEGATIVE: Final = frozenset({"exponent"})
AT_MOST_ONE: Final = frozenset({"f", "e0", "emax"})


@dataclass(frozen=True, slots=True)
class Origins:
    """What a card lends to its numbers: known source ids, and its own source and rank."""

    known: frozenset[str]
    source: tuple[str, ...] = ()
    rank: str | None = None


# No published number is beyond this, and its square is still a number.
_LARGEST: Final = 1e30
Real = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]


class Part(BaseModel):
    """Base of all tables: unknown keys and wrong types are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def sources_of(origin: str | list[str]) -> tuple[str, ...]:
    """One or several source ids as a tuple."""
    return (origin,) if isinstance(origin, str) else tuple(origin)


def check_sources(names: tuple[str, ...], info: ValidationInfo) -> None:
    """Refuse ids that neither the registry nor the card knows.

    Raises
    ------
    ValueError
        Naming the first of them.
    """
    known = info.context.known if info.context is not None else registry().sources
    for name in names:
        if name not in known:
            raise ValueError(
                f"unknown source {name!r}; `openntz evidence` lists the registry's, and a card "
                "may define its own in [[sources]]"
            )


class Cited(Part):
    """Anything that says where it comes from, itself or by the card it stands on."""

    source: str | list[str] = Field(default_factory=list)
    rank: Rank
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, raw: Any, info: ValidationInfo) -> Any:
        if not isinstance(raw, dict) or info.context is None:
            return raw
        own = dict(raw)
        if "rank" not in own and info.context.rank is not None:
            own["rank"] = info.context.rank
        # Nobody but this project answers for its default, so it takes no source from the card.
        if "source" not in own and own.get("rank") != "project default" and info.context.source:
            own["source"] = list(info.context.source)
        return own

    @model_validator(mode="after")
    def _has_origin(self, info: ValidationInfo) -> Self:
        names = sources_of(self.source)
        if self.rank == "unverified":
            raise ValueError(
                "rank 'unverified': a model's number acts in both directions, so it must be "
                "checked against its source first"
            )
        if not names and self.rank != "project default":
            raise ValueError("no source; name one, or give it the rank 'project default'")
        check_sources(names, info)
        return self


class Number(Cited):
    """A value with its unit; ``low`` and ``high`` bound it where the source does."""

    value: Real
    unit: str
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounds_hold_it(self) -> Self:
        if self.low is not None and self.low > self.value:
            raise ValueError(f"low = {self.low:g} is above value = {self.value:g}")
        if self.high is not None and self.high < self.value:
            raise ValueError(f"high = {self.high:g} is below value = {self.value:g}")
        return self


class Spread(Number):
    """A coefficient of variation, standard deviation or variance; ``scale`` says which."""

    scale: Scale


def check_unit(number: Number, meaning: str) -> None:
    """Refuse a unit that does not fit the meaning.

    Raises
    ------
    ValueError
        With the units that would do.
    """
    if number.unit not in UNITS[meaning]:
        raise ValueError(
            f"{meaning} has unit {number.unit!r}; use one of {', '.join(UNITS[meaning])}"
        )


def check_number(number: Number, meaning: str) -> None:
    """Refuse a unit that does not fit the meaning, and a value that cannot be.

    Raises
    ------
    ValueError
        With the units or the range that would do; pydantic adds the key.
    """
    check_unit(number, meaning)
    if meaning in MAY_BE_NEGATIVE:
        return
    if number.value < 0.0 or (number.value == 0.0 and meaning not in MAY_BE_ZERO):
        raise ValueError(f"{meaning} = {number.value:g} cannot be; it is a positive number")
    if meaning in AT_MOST_ONE and number.value * UNITS[meaning][number.unit] > 1.0:
        raise ValueError(f"{meaning} = {number.value:g} {number.unit} is more than all of it")


def in_solver_unit(number: Number, meaning: str) -> float:
    """The value in litre, day, milligram, mg/L or as a fraction."""
    return number.value * UNITS[meaning][number.unit]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number of a card as its source gives it.

    ``interval`` is the source's own (bootstrap or confidence), None where it gives none.
    """

    symbol: str
    value: float
    unit: str
    sources: tuple[str, ...]
    rank: Rank
    note: str
    interval: tuple[float, float] | None


def quantity(symbol: str, number: Number) -> Quantity:
    """A number of the file format as the card shows it."""
    interval = None
    if number.low is not None and number.high is not None:
        interval = (number.low, number.high)
    return Quantity(
        symbol=symbol,
        value=number.value,
        unit=number.unit,
        sources=sources_of(number.source),
        rank=number.rank,
        note=number.note,
        interval=interval,
    )
