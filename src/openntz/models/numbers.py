"""Numbers on a card: value, unit, source and rank, and the units each meaning may have.

A card may give ``source`` and ``rank`` once at its top; a number without its own takes those.
Sources are those of the registry and the card's own ``[[sources]]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from openntz.evidence.registry import Rank, registry
from openntz.models.fault import Fault, FaultsError, below

Symbol = Literal["cl", "vc", "q", "vp", "q2", "vp2", "vmax", "km", "ka", "duration", "f", "lag"]
Scale = Literal["cv", "sd", "variance"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]

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


class Origins(Struct, frozen=True):
    """What a card lends to its numbers: known source ids, and its own source and rank.

    ``faulty`` are those of the two that are at fault themselves: the top of the card is blamed
    then, not every number that would have taken them.
    """

    known: frozenset[str]
    source: tuple[str, ...] = ()
    rank: str | None = None
    faulty: frozenset[str] = frozenset()


# No published number is beyond this, and its square is still a number.
_LARGEST: Final = 1e30
Real = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]


class Part(BaseModel):
    """Base of all tables: unknown keys and wrong types are refused."""

    # Built with the card they belong to, and only then.
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True
    )


def sources_of(origin: str | list[str]) -> tuple[str, ...]:
    """One or several source ids as a tuple."""
    return (origin,) if isinstance(origin, str) else tuple(origin)


def check_rank(rank: str | None, key: str = "") -> None:
    """Refuse what nobody has checked.

    Raises
    ------
    FaultsError
        At ``key``, relative to the table or field that is checked.
    """
    if rank == "unverified":
        raise FaultsError(
            Fault(
                key,
                "'unverified': a model's number acts in both directions, so it must be checked "
                "against its source first",
                'Look the number up in its source, then write "read"; "copy" when it was '
                "read in a copy or secondary source.",
            )
        )


def check_sources(names: tuple[str, ...], info: ValidationInfo, key: str = "") -> None:
    """Refuse ids that neither the registry nor the card knows.

    Raises
    ------
    FaultsError
        Naming each of them, at ``key``.
    """
    known = info.context.known if info.context is not None else registry().sources
    unknown = [name for name in names if name not in known]
    if unknown:
        raise FaultsError(
            *(
                Fault(
                    key,
                    f"unknown source {name!r}",
                    "`openntz evidence` lists the registry's; define your own in [[sources]] "
                    "with id and citation.",
                )
                for name in unknown
            )
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
        elif "rank" not in own and "rank" in info.context.faulty:
            own["rank"] = "project default"
        # Nobody but this project answers for its default, so it takes no source from the card.
        if "source" not in own and own.get("rank") != "project default" and info.context.source:
            own["source"] = list(info.context.source)
        return own

    @model_validator(mode="after")
    def _has_origin(self, info: ValidationInfo) -> Self:
        names = sources_of(self.source)
        check_rank(self.rank, "rank")
        lent = info.context is not None and "source" in info.context.faulty
        if not names and self.rank != "project default" and not lent:
            raise FaultsError(
                Fault(
                    "source",
                    "no source",
                    "Name one here or at the top of the card, or give the rank 'project default'.",
                )
            )
        check_sources(names, info, "source")
        return self


class Number(Cited):
    """A value with its unit; ``low`` and ``high`` bound it where the source does."""

    value: Real
    unit: str
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounds_hold_it(self) -> Self:
        what, remedy = "", "low and high are the limits of an interval that holds the value."
        if self.low is not None and self.low > self.value:
            what = f"low = {self.low:g} is above value = {self.value:g}"
        elif self.high is not None and self.high < self.value:
            what = f"high = {self.high:g} is below value = {self.value:g}"
        if what:
            raise FaultsError(Fault("", what, remedy))
        return self


class Spread(Number):
    """A coefficient of variation, standard deviation or variance; ``scale`` says which."""

    scale: Scale


def unit_fault(number: Number, meaning: str, key: str) -> Fault | None:
    """The fault of a unit that does not fit the meaning; None when it fits."""
    units = UNITS[meaning]
    if number.unit in units:
        return None
    remedy = "Use the unit of the source, and its value in it."
    if number.unit == "%" and "1" in units:
        remedy = f'Write value = {number.value / 100.0:g}, unit = "1".'
    return Fault(
        below(key, "unit"),
        f"unit {number.unit!r} does not fit; use {'one of ' * (len(units) > 1)}{', '.join(units)}",
        remedy,
    )


def number_fault(number: Number, meaning: str, key: str = "") -> Fault | None:
    """The fault of a number whose unit does not fit its meaning, or that cannot be; or None."""
    wrong_unit = unit_fault(number, meaning, key)
    if wrong_unit is not None or meaning in MAY_BE_NEGATIVE:
        return wrong_unit
    name = "a factor" if meaning == "plain" else meaning
    said = f"{name} = {number.value:g}" + ("" if number.unit == "1" else f" {number.unit}")
    if number.value < 0.0 or (number.value == 0.0 and meaning not in MAY_BE_ZERO):
        zero = "0 or more" if meaning in MAY_BE_ZERO else "above 0"
        return Fault(
            below(key, "value"),
            f"{said} cannot be; it is a number {zero}",
            "Check sign and digits against the source; where that prints a natural logarithm, "
            "give exp() of it.",
        )
    if meaning in AT_MOST_ONE and number.value * UNITS[meaning][number.unit] > 1.0:
        most = "100 %" if number.unit == "%" else "1"
        remedy = f"Give at most {most}."
        if number.unit == "1" and number.value <= 100.0:
            remedy += f' If {number.value:g} % is meant, write unit = "%".'
        elif meaning == "f":
            remedy += (
                " A bioavailability relative to another product is multiplied by that product's."
            )
        return Fault(below(key, "value"), f"{said} is more than all of it", remedy)
    return None


def check_numbers(*numbers: tuple[Number, str, str]) -> None:
    """Refuse numbers (with meaning and key) that cannot be, or whose unit does not fit.

    Raises
    ------
    FaultsError
        One fault per number, with the units or the range that would do.
    """
    found = [fault for n in numbers if (fault := number_fault(*n)) is not None]
    if found:
        raise FaultsError(*found)


def in_solver_unit(number: Number, meaning: str) -> float:
    """The value in litre, day, milligram, mg/L or as a fraction."""
    return number.value * UNITS[meaning][number.unit]


class Quantity(Struct, frozen=True):
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
