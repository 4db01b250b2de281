"""Population pharmacokinetic models as data: a card names every number and its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from openntz.models.domain import DomainLimit, DomainVerdict, Value, check
from openntz.models.number import Number, Sources, Strict, read_card

Array = NDArray[np.float64]
Theta = Literal["cl", "vc", "q", "vp", "vmax", "km", "ka", "f", "lag"]

UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cl": "L/d",
        "vc": "L",
        "q": "L/d",
        "vp": "L",
        "vmax": "mg/d",
        "km": "mg/L",
        "ka": "1/d",
        "f": "1",
        "lag": "d",
    }
)


class Structure(Strict):
    """Compartments, elimination and absorption; the solver knows exactly this family."""

    compartments: Literal[2]
    elimination: Literal["linear and michaelis-menten"]
    absorption: Literal["first-order with lag"]


class CovariateEffect(Strict):
    """Parameter times (covariate / reference) to the power of the exponent."""

    parameter: Theta
    covariate: Literal["weight"]
    form: Literal["power"]
    reference: Number
    exponent: Number


class Residual(Strict):
    """Error of a measured level, with variances added: proportional and additive parts."""

    proportional: Number
    additive: Number | None = None

    def sd(self, concentration: Array) -> Array:
        """Standard deviation in ug/mL of a level measured at the given true ones."""
        share = self.proportional.value / 100
        fixed = 0.0 if self.additive is None else self.additive.value
        return np.hypot(share * concentration, fixed)


class CardFile(Strict):
    """A card as written; see the shipped ones for the keys."""

    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    source: Sources
    gaps: tuple[str, ...]
    structure: Structure
    theta: dict[Theta, Number]
    covariate: tuple[CovariateEffect, ...] = ()
    iiv: dict[Theta, Number]
    residual: Residual
    domain: tuple[DomainLimit, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        missing = [name for name in UNITS if name not in self.theta]
        if missing:
            raise ValueError(f"theta.{missing[0]} is missing")
        for name, number in self.theta.items():
            if number.unit != UNITS[name]:
                raise ValueError(f"theta.{name} is in {number.unit!r}, not {UNITS[name]!r}")
            if number.value < 0 or (number.value == 0 and name in {"vc", "vp", "km", "ka"}):
                raise ValueError(f"theta.{name} is {number.value}, which no body has")
        if self.theta["f"].value > 1:
            raise ValueError("theta.f is a fraction, at most 1")
        for name, number in self.iiv.items():
            if number.unit != "%" or number.value <= 0:
                raise ValueError(f"iiv.{name} is a positive coefficient of variation in %")
        for effect in self.covariate:
            if effect.reference.unit != "kg" or effect.reference.value <= 0:
                raise ValueError(f"the reference weight of {effect.parameter} is positive, in kg")
        parts = [self.residual.proportional, self.residual.additive]
        if self.residual.proportional.unit != "%" or any(
            p is not None and p.value < 0 for p in parts
        ):
            raise ValueError("the proportional residual error is a percentage, not negative")
        if not any(p is not None and p.value > 0 for p in parts):
            raise ValueError("the residual error is zero; levels would have to fit exactly")
        return self


@dataclass(frozen=True, slots=True)
class Card:
    """A model ready for use.

    Attributes
    ----------
    hash : str
        SHA-256 of the card's bytes; a changed card is another model.
    eta_names : tuple of str
        Parameters with between-person spread, in the order of ``omega``.
    omega : array (p, p)
        Covariance of the etas; ln(1 + CV^2) on the diagonal.
    """

    file: CardFile
    hash: str
    eta_names: tuple[str, ...]
    omega: Array

    @property
    def id(self) -> str:
        """The card's identifier."""
        return self.file.id

    @property
    def title(self) -> str:
        """The card's name for a reader."""
        return self.file.title

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is not known or was assumed, in sentences."""
        return self.file.gaps

    @property
    def residual(self) -> Residual:
        """Error of a measured level."""
        return self.file.residual

    def individual(
        self, eta: ArrayLike, weight_kg: ArrayLike, *, clearance_factor: ArrayLike = 1.0
    ) -> Mapping[str, Array]:
        """Parameters of n people or draws over k covariate segments.

        Parameters
        ----------
        eta : array (n, p)
            In the order of ``eta_names``; parameters are log-normal.
        weight_kg : array (k,) or (n, k)
        clearance_factor : number or array broadcastable to (n, k)
            Multiplies linear clearance, for example while antibodies are present.

        Returns
        -------
        mapping of theta name to array (n, k), units as in ``UNITS``
        """
        eta = np.atleast_2d(np.asarray(eta, float))
        weight = np.atleast_2d(np.asarray(weight_kg, float))
        shape = (eta.shape[0], weight.shape[1])
        values = {name: np.full(shape, number.value) for name, number in self.file.theta.items()}
        for effect in self.file.covariate:
            scaled = weight / effect.reference.value
            values[effect.parameter] = values[effect.parameter] * scaled**effect.exponent.value
        for column, name in enumerate(self.eta_names):
            values[name] = values[name] * np.exp(eta[:, column])[:, None]
        values["cl"] = values["cl"] * np.broadcast_to(clearance_factor, shape)
        return MappingProxyType(values)

    def check_domain(self, **values: Value | Iterable[Value]) -> tuple[DomainVerdict, ...]:
        """The limits of the validity domain a person lies outside of; unknown values pass."""
        return check(self.file.domain, values)


@lru_cache(maxsize=16)
def load_card(name: str | Path) -> Card:
    """A shipped card by id, or a card file by path.

    Raises
    ------
    ModelError
        When there is no such card or an entry is wrong; the message names file and key.
    """
    file, digest = read_card(name, CardFile)
    variance = np.log1p(np.array([n.value / 100 for n in file.iiv.values()]) ** 2)
    return Card(file=file, hash=digest, eta_names=tuple(file.iiv), omega=np.diag(variance))
