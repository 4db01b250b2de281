"""The file format of the model cards; pydantic, because cards come from outside.

Each table is checked by itself here; what tables say about each other is checked where they
are joined: ``covariate_tables``, ``variability``, ``residual`` and ``card``.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from openntz.evidence.registry import Rank
from openntz.models.block import BlockFormat
from openntz.models.fault import Fault, FaultsError
from openntz.models.numbers import (
    Cited,
    Name,
    Number,
    Part,
    Real,
    Spread,
    Symbol,
    check_numbers,
    check_rank,
    check_sources,
    in_solver_unit,
    sources_of,
)

_CODE: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
Variable = Literal["age_year", "weight_kg", "route", "dose_mg", "interval_week", "antibodies"]
Words = Annotated[str, Field(min_length=1)]
UnitText = Annotated[str, Field(pattern=r"^[A-Za-z0-9µ%/*^().\[\]{}-]+$", max_length=30)]


class OwnSource(Part):
    """A source that only this card knows."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
    citation: Words
    url: str = ""


class DataFormat(Part):
    """Units and compartments of NONMEM-style data for this card."""

    time: Literal["h", "d", "min"]
    dose: Literal["mg", "ug", "g"]
    concentration: Literal["mg/L", "ug/mL", "ng/mL", "ug/L", "g/L"]
    levels: Literal["natural", "ln"] = "natural"
    depot: Annotated[int, Field(ge=1)] | None = None
    central: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _two_places(self) -> Self:
        if self.depot is not None and self.depot == self.central:
            raise ValueError(f"depot and central are both compartment {self.depot}")
        return self


class Structure(Cited):
    """Which equations the card's numbers belong to."""

    compartments: Literal[1, 2, 3]
    elimination: Literal["linear", "michaelis-menten", "linear and michaelis-menten"]
    absorption: Literal["none", "first-order", "zero-order"]
    lag: bool = False

    @model_validator(mode="after")
    def _lag_of_something(self) -> Self:
        if self.lag and self.absorption == "none":
            raise ValueError("lag = true, but absorption is 'none': only absorption can lag")
        return self

    @property
    def needed(self) -> tuple[str, ...]:
        """The parameters this structure cannot do without."""
        names = ["cl"] if self.elimination.startswith("linear") else []
        names.append("vc")
        names += ["q", "vp"] if self.compartments > 1 else []
        names += ["q2", "vp2"] if self.compartments > 2 else []
        names += ["vmax", "km"] if "michaelis-menten" in self.elimination else []
        names += {"first-order": ["ka"], "zero-order": ["duration"]}.get(self.absorption, [])
        names += ["lag"] if self.lag else []
        return tuple(names)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters this structure can have: ``needed``, and f with absorption."""
        return self.needed + (("f",) if self.absorption != "none" else ())


class DataCovariate(Part):
    """A covariate that stands in the data."""

    unit: UnitText
    column: Words | None = None
    carry: Literal["nocb", "locf"]
    missing: Literal["refuse", "reference", "distribution"] = "refuse"
    reference: Number | None = None
    median: Number | None = None
    cv: Number | None = None
    codes: Annotated[list[float], Field(min_length=1)] | None = None
    note: str = ""

    @model_validator(mode="after")
    def _missing_is_said(self) -> Self:
        wanted = {"refuse": (), "reference": ("reference",), "distribution": ("median", "cv")}
        for name in ("reference", "median", "cv"):
            given = getattr(self, name) is not None
            if given != (name in wanted[self.missing]):
                verb = "has no use for" if given else "needs"
                raise ValueError(f"missing = {self.missing!r} {verb} {name}")
        if self.median is not None and self.codes is not None:
            raise ValueError("a category cannot be drawn from a log-normal distribution")
        if self.median is not None and self.median.value <= 0.0:
            raise ValueError("the median of a log-normal distribution is positive")
        if self.cv is not None:
            check_numbers((self.cv, "cv", "cv"))
        for number in (self.reference, self.median):
            if number is not None and number.unit != self.unit:
                raise ValueError(f"unit {number.unit!r} of what stands in is not {self.unit!r}")
        return self


class DerivedCovariate(Cited):
    """value = offset + scale x product of covariate ^ power, then held inside the limits."""

    unit: UnitText
    product: Annotated[dict[Name, Real], Field(min_length=1)]
    scale: Real = 1.0
    offset: Real = 0.0
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least = {self.at_least:g} is above at_most = {self.at_most:g}")
        return self


class Effect(Part):
    """What all effects of a covariate on a parameter say."""

    parameter: Symbol
    covariate: Name
    when: Literal["before variability", "after variability"] = "before variability"
    note: str = ""


class PowerFormat(Effect):
    """parameter x (covariate / reference) ^ exponent."""

    form: Literal["power"]
    exponent: Number
    reference: Number

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        check_numbers((self.exponent, "exponent", "exponent"))
        if self.reference.value <= 0.0:
            raise ValueError("the reference of a power is positive")
        return self


class SlopeFormat(Effect):
    """parameter x (1 + slope x (covariate - reference)), or x exp(slope x (...))."""

    form: Literal["linear", "exponential"]
    slope: Number
    reference: Number


class CategoryFormat(Effect):
    """parameter x the factor of the category's code."""

    form: Literal["category"]
    factors: Annotated[dict[str, Number], Field(min_length=1)]

    @field_validator("factors")
    @classmethod
    def _codes_are_numbers(cls, factors: dict[str, Number]) -> dict[str, Number]:
        words = [code for code in factors if not _CODE.fullmatch(code)]
        if words:
            remedy = "Write the number that stands for it in the data, as in 1 = {...}."
            raise FaultsError(
                *(Fault(w, f"the code {w!r} is no number; data hold codes", remedy) for w in words)
            )
        check_numbers(*((number, "plain", code) for code, number in factors.items()))
        first: dict[float, str] = {}
        for code in factors:
            if (same := first.setdefault(float(code), code)) != code:
                what = f"the codes {same} and {code} are one number"
                raise FaultsError(Fault(code, what, "Keep one of them."))
        return factors


class AdditiveFormat(Effect):
    """parameter + coefficient x (covariate - reference)."""

    form: Literal["additive"]
    coefficient: Number
    reference: Number | None = None


AnyEffect = Annotated[
    PowerFormat | SlopeFormat | CategoryFormat | AdditiveFormat, Field(discriminator="form")
]


class RandomFormat(Part):
    """What a random effect acts on, and how."""

    parameters: list[Symbol] | dict[Symbol, Real] | None = None
    distribution: Literal["log-normal", "normal", "proportional"] = "log-normal"

    @model_validator(mode="after")
    def _acts(self) -> Self:
        if self.parameters is not None and not self.parameters:
            raise ValueError("parameters is empty; name what the effect acts on")
        if isinstance(self.parameters, dict) and 0.0 in self.parameters.values():
            raise ValueError("a multiplier of 0 is no effect; leave the parameter out")
        if isinstance(self.parameters, list) and len(set(self.parameters)) < len(self.parameters):
            raise ValueError("a parameter is there twice")
        return self


class ResidualFormat(Part):
    """Assay and model error of a measured level around the true one."""

    form: Literal["proportional", "additive", "combined variances", "combined sds", "log-additive"]
    proportional: Spread | None = None
    additive: Spread | None = None
    log: Spread | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        wanted = {
            "proportional": {"proportional"},
            "additive": {"additive"},
            "log-additive": {"log"},
        }.get(self.form, {"proportional", "additive"})
        for name in ("proportional", "additive", "log"):
            given = getattr(self, name) is not None
            if given != (name in wanted):
                verb = "has no use for" if given else "needs"
                raise ValueError(f"a {self.form} error {verb} residual.{name}")
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
    text: Words

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        ranged = self.low is not None or self.high is not None
        if ranged == (self.allowed is not None):
            raise ValueError("give low and/or high, or allowed, not both and not neither")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low = {self.low:g} is above high = {self.high:g}")
        return self


class CardFormat(Part):
    """What cards of every kind say at their top."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: Words
    drug: Words
    source: str | list[str]
    rank: Rank | None = None
    gaps: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    sources: list[OwnSource] = Field(default_factory=list)

    @field_validator("rank")
    @classmethod
    def _checked(cls, rank: Rank | None) -> Rank | None:
        check_rank(rank)
        return rank

    @field_validator("source")
    @classmethod
    def _known(cls, source: str | list[str], info: ValidationInfo) -> str | list[str]:
        check_sources(sources_of(source), info)
        return source


class PkFormat(CardFormat):
    """A population pharmacokinetic card."""

    kind: Literal["pharmacokinetics"]
    data: DataFormat
    structure: Structure
    theta: dict[Symbol, Number]
    covariate: dict[Name, DataCovariate] = Field(default_factory=dict)
    derived: Annotated[dict[Name, DerivedCovariate], Field(max_length=100)] = Field(
        default_factory=dict
    )
    effect: list[AnyEffect] = Field(default_factory=list)
    random: dict[Name, RandomFormat] = Field(default_factory=dict)
    omega: dict[Name, Spread] = Field(default_factory=dict)
    omega_block: list[BlockFormat] = Field(default_factory=list)
    iov: dict[Name, Spread] = Field(default_factory=dict)
    iov_block: list[BlockFormat] = Field(default_factory=list)
    residual: ResidualFormat
    domain: list[DomainEntry] = Field(default_factory=list)

    @field_validator("theta")
    @classmethod
    def _theta_units(cls, theta: dict[str, Number]) -> dict[str, Number]:
        check_numbers(*((number, name, name) for name, number in theta.items()))
        return theta


SaturationSymbol = Literal["e0", "emax", "ec50", "hill"]


class SaturationFormat(CardFormat):
    """A card of receptor saturation against concentration."""

    kind: Literal["saturation"]
    theta: dict[SaturationSymbol, Number]
    omega: dict[Literal["ec50"], Number] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        names: tuple[SaturationSymbol, ...] = ("e0", "emax", "ec50", "hill")
        missing = [name for name in names if name not in self.theta]
        if missing:
            raise FaultsError(
                *(
                    Fault(f"theta.{n}", "it is required, and missing", f"Add [theta.{n}].")
                    for n in missing
                )
            )
        check_numbers(
            *((self.theta[name], name, f"theta.{name}") for name in names),
            *((number, "cv", f"omega.{name}") for name, number in self.omega.items()),
        )
        if sum(in_solver_unit(self.theta[name], name) for name in ("e0", "emax")) > 1.0:
            raise ValueError("e0 and emax together are more than full saturation")
        return self
