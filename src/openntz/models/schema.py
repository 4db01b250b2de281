"""The file format of the model cards; pydantic, because cards come from outside.

Every number stands in a table with unit, source and rank. Units are those of the model's own
symbols, listed in ``UNITS`` with the factor to the unit the solver works in.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from openntz.evidence.registry import Rank, registry

Symbol = Literal["cl", "vc", "q", "vp", "vmax", "km", "ka", "f", "lag"]
Variable = Literal["age_year", "weight_kg", "route", "dose_mg", "interval_week", "antibodies"]

_PER_TIME = {"L/d": 1.0, "L/h": 24.0, "mL/h": 0.024, "mL/min": 1.44}
_VOLUME = {"L": 1.0, "mL": 0.001}
_CONCENTRATION = {"mg/L": 1.0, "ug/mL": 1.0, "ng/mL": 0.001}
_SHARE = {"1": 1.0, "%": 0.01}
UNITS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "cl": _PER_TIME,
        "vc": _VOLUME,
        "q": _PER_TIME,
        "vp": _VOLUME,
        "vmax": {"mg/d": 1.0, "mg/h": 24.0},
        "km": _CONCENTRATION,
        "ka": {"1/d": 1.0, "1/h": 24.0},
        "f": _SHARE,
        "lag": {"d": 1.0, "h": 1.0 / 24.0, "min": 1.0 / 1440.0},
        "ec50": _CONCENTRATION,
        "hill": {"1": 1.0},
        "e0": _SHARE,
        "emax": _SHARE,
        "cv": _SHARE,
        "exponent": {"1": 1.0},
        "reference weight": {"kg": 1.0},
        "proportional error": _SHARE,
        "additive error": _CONCENTRATION,
    }
)
MAY_BE_ZERO: Final = frozenset({"lag", "e0"})
MAY_BE_NEGATIVE: Final = frozenset({"exponent"})
AT_MOST_ONE: Final = frozenset({"f", "e0", "emax"})


class Part(BaseModel):
    """Base of all tables: unknown keys and wrong types are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def sources_of(origin: str | list[str]) -> tuple[str, ...]:
    """One or several source ids as a tuple."""
    return (origin,) if isinstance(origin, str) else tuple(origin)


class Cited(Part):
    """Anything that says where it comes from."""

    source: str | list[str] = Field(default_factory=list)
    rank: Rank
    note: str = ""

    @model_validator(mode="after")
    def _has_origin(self) -> Self:
        names = sources_of(self.source)
        if self.rank == "unverified":
            raise ValueError(
                "rank 'unverified': a model's number acts in both directions, so it must be "
                "checked against its source first"
            )
        if not names and self.rank != "project default":
            raise ValueError("no source; name one, or give it the rank 'project default'")
        for name in names:
            if name not in registry().sources:
                raise ValueError(f"unknown source {name!r}; `openntz evidence` lists them")
        return self


class Number(Cited):
    """A value with its unit; ``low`` and ``high`` bound it where the source does."""

    value: float
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


def check_number(number: Number, meaning: str) -> None:
    """Refuse a unit that does not fit the meaning, and a value that cannot be.

    Raises
    ------
    ValueError
        With the units or the range that would do; pydantic adds the key.
    """
    if number.unit not in UNITS[meaning]:
        raise ValueError(
            f"{meaning} has unit {number.unit!r}; use one of {', '.join(UNITS[meaning])}"
        )
    if meaning in MAY_BE_NEGATIVE:
        return
    if number.value < 0.0 or (number.value == 0.0 and meaning not in MAY_BE_ZERO):
        raise ValueError(f"{meaning} = {number.value:g} cannot be; it is a positive number")
    if meaning in AT_MOST_ONE and number.value * UNITS[meaning][number.unit] > 1.0:
        raise ValueError(f"{meaning} = {number.value:g} {number.unit} is more than all of it")


def in_solver_unit(number: Number, meaning: str) -> float:
    """The value in litre, day, milligram, mg/L or as a fraction."""
    return number.value * UNITS[meaning][number.unit]


class Structure(Cited):
    """Which equations the card's numbers belong to."""

    compartments: Literal[1, 2]
    elimination: Literal["linear", "michaelis-menten", "linear and michaelis-menten"]
    absorption: Literal["none", "first-order with lag"]
    variability: Literal["log-normal"]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters this structure needs."""
        names = ["cl"] if "linear" in self.elimination else []
        names.append("vc")
        if self.compartments == 2:
            names += ["q", "vp"]
        if "michaelis-menten" in self.elimination:
            names += ["vmax", "km"]
        if self.absorption != "none":
            names += ["ka", "f", "lag"]
        return tuple(names)


class Covariate(Part):
    """parameter = typical x (covariate / reference) ^ exponent."""

    parameter: Symbol
    covariate: Literal["weight"]
    form: Literal["power"]
    exponent: Number
    reference: Number

    @model_validator(mode="after")
    def _units_fit(self) -> Self:
        check_number(self.exponent, "exponent")
        check_number(self.reference, "reference weight")
        return self


class ResidualError(Part):
    """Assay and model error of a measured level around the true one."""

    proportional: Number | None = None
    additive: Number | None = None

    @model_validator(mode="after")
    def _some_error(self) -> Self:
        if self.proportional is None and self.additive is None:
            raise ValueError("a residual error needs a proportional or an additive part")
        if self.proportional is not None:
            check_number(self.proportional, "proportional error")
        if self.additive is not None:
            check_number(self.additive, "additive error")
        return self


class DomainEntry(Cited):
    """Where the model may be used; outside, ``text`` is what the reader is told.

    ``{value}``, ``{low}`` and ``{high}`` in the text are replaced by the numbers. ``step``
    rounds a value to multiples of it before it is compared.
    """

    variable: Variable
    low: float | None = None
    high: float | None = None
    step: Annotated[float, Field(gt=0.0)] | None = None
    allowed: list[str | float | bool] | None = None
    action: Literal["refuse", "warn"]
    text: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        ranged = self.low is not None or self.high is not None
        if ranged == (self.allowed is not None):
            raise ValueError("give low and/or high, or allowed, not both and not neither")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low = {self.low:g} is above high = {self.high:g}")
        return self


class PkFormat(Part):
    """A population pharmacokinetic card."""

    kind: Literal["pharmacokinetics"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: Annotated[str, Field(min_length=1)]
    drug: Annotated[str, Field(min_length=1)]
    source: str
    gaps: list[str]
    structure: Structure
    theta: dict[Symbol, Number]
    covariate: list[Covariate] = Field(default_factory=list)
    omega: dict[Symbol, Number]
    residual: ResidualError
    domain: list[DomainEntry]

    @field_validator("theta")
    @classmethod
    def _theta_units(cls, theta: dict[str, Number]) -> dict[str, Number]:
        for name, number in theta.items():
            check_number(number, name)
        return theta

    @field_validator("omega")
    @classmethod
    def _omega_units(cls, omega: dict[str, Number]) -> dict[str, Number]:
        for number in omega.values():
            check_number(number, "cv")
        return omega

    @model_validator(mode="after")
    def _symbols_fit(self) -> Self:
        needed = self.structure.symbols
        for name in needed:
            if name not in self.theta:
                raise ValueError(f"theta.{name} is missing for this structure")
        for name in self.theta:
            if name not in needed:
                raise ValueError(f"theta.{name} does not belong to this structure")
        for name in [*self.omega, *(c.parameter for c in self.covariate)]:
            if name not in self.theta:
                raise ValueError(f"{name!r} has variability or a covariate but no theta")
        if self.source not in registry().sources:
            raise ValueError(f"unknown source {self.source!r}; `openntz evidence` lists them")
        return self


SaturationSymbol = Literal["e0", "emax", "ec50", "hill"]


class SaturationFormat(Part):
    """A card of receptor saturation against concentration."""

    kind: Literal["saturation"]
    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: Annotated[str, Field(min_length=1)]
    drug: Annotated[str, Field(min_length=1)]
    source: str | list[str]
    gaps: list[str]
    theta: dict[SaturationSymbol, Number]
    omega: dict[Literal["ec50"], Number] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        for name in ("e0", "emax", "ec50", "hill"):
            if name not in self.theta:
                raise ValueError(f"theta.{name} is missing")
            check_number(self.theta[name], name)
        for number in self.omega.values():
            check_number(number, "cv")
        if sum(in_solver_unit(self.theta[name], name) for name in ("e0", "emax")) > 1.0:
            raise ValueError("e0 and emax together are more than full saturation")
        for name in sources_of(self.source):
            if name not in registry().sources:
                raise ValueError(f"unknown source {name!r}; `openntz evidence` lists them")
        return self
