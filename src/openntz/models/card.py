"""A population pharmacokinetic model as data: what it says, and for whom it may be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openntz.errors import ModelError
from openntz.evidence.registry import Rank
from openntz.models.domain import DomainVerdict, Value, verdicts_on
from openntz.models.reading import parse, read_card_file
from openntz.models.schema import (
    DomainEntry,
    Number,
    PkFormat,
    Structure,
    in_solver_unit,
    sources_of,
)

Floats = NDArray[np.float64]
SHORT_HASH: Final = 12

# What a parameter is when the structure does without it: it then has no effect.
_ABSENT: Final[Mapping[str, float]] = MappingProxyType(
    {"cl": 0.0, "q": 0.0, "vp": 1.0, "vmax": 0.0, "km": 1.0, "ka": 1.0, "f": 1.0, "lag": 0.0}
)


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


@dataclass(frozen=True, slots=True)
class CovariateEffect:
    """parameter = typical x (weight / reference) ^ exponent; reference in kg."""

    parameter: str
    covariate: str
    exponent: Quantity
    reference: Quantity


@dataclass(frozen=True, slots=True)
class Residual:
    """Error of a measured level: ``proportional`` as a fraction, ``additive`` in ug/mL."""

    proportional: float
    additive: float

    @property
    def form(self) -> Literal["proportional", "additive", "combined"]:
        """Which parts there are."""
        if self.proportional and self.additive:
            return "combined"
        return "proportional" if self.proportional else "additive"

    def sd(self, concentration_ug_per_ml: ArrayLike) -> Floats:
        """Standard deviation (ug/mL) of a measurement of these true levels, same shape."""
        level = np.asarray(concentration_ug_per_ml, float)
        return np.hypot(self.proportional * level, self.additive)


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """A population model: typical values, covariates, variability, error, validity domain.

    ``theta`` holds the numbers as published; ``typical`` the same in L, day, mg and mg/L.
    ``omega`` (p, p) is the covariance of the etas named in ``eta_names``: an individual's
    parameter is typical x covariate effect x exp(eta). ``hash`` is the SHA-256 of the file.
    """

    id: str
    title: str
    drug: str
    source: str
    hash: str
    gaps: tuple[str, ...]
    structure: Structure
    theta: Mapping[str, Quantity]
    typical: Mapping[str, float]
    covariates: tuple[CovariateEffect, ...]
    cv: Mapping[str, Quantity]
    eta_names: tuple[str, ...]
    omega: Floats
    residual: Residual
    residual_quantities: tuple[Quantity, ...]
    domain: tuple[DomainEntry, ...]

    @property
    def short_hash(self) -> str:
        """The first twelve characters of ``hash``."""
        return self.hash[:SHORT_HASH]

    def individual(
        self,
        eta: ArrayLike,
        weight_kg: ArrayLike,
        *,
        clearance_factor: ArrayLike = 1.0,
    ) -> Mapping[str, Floats]:
        """Parameters of n people (or draws) over k covariate segments, each (n, k).

        Parameters
        ----------
        eta : array (n, p)
            In the order of ``eta_names``.
        weight_kg : array (k,) or (n, k)
        clearance_factor : number, (k,) or (n, k)
            Multiplies linear clearance, for example while antibodies persist.

        Returns
        -------
        mapping
            cl, q in L/day; vc, vp in L; vmax in mg/day; km in mg/L; ka per day; f as a
            fraction; lag in days. Parameters the structure does without have no effect.

        Raises
        ------
        ModelError
            When shapes do not fit, or a weight or factor is not positive and finite.
        """
        etas = np.asarray(eta, float)
        weight = np.asarray(weight_kg, float)
        factor = np.asarray(clearance_factor, float)
        if etas.ndim != 2 or etas.shape[1] != len(self.eta_names):
            raise ModelError(
                f"etas of shape {etas.shape}.",
                where=self.id,
                remedy=f"Give (n, {len(self.eta_names)}): {', '.join(self.eta_names)}.",
            )
        for name, value in (("weight", weight), ("clearance factor", factor)):
            if not (np.isfinite(value) & (value > 0.0)).all():
                raise ModelError(
                    f"a {name} that is not positive and finite.",
                    where=self.id,
                    remedy="Give positive numbers, or leave the person out.",
                )
        try:
            shape = np.broadcast_shapes((len(etas), 1), np.atleast_1d(weight).shape, factor.shape)
        except ValueError:
            shape = ()
        if len(shape) != 2 or shape[0] != len(etas):
            raise ModelError(
                f"weights {weight.shape} and factors {factor.shape} for {len(etas)} people.",
                where=self.id,
                remedy="Give (k,) or (n, k) of each.",
            )
        found = {}
        for name, typical in self.typical.items():
            value = np.full(shape, typical)
            for effect in self.covariates:
                if effect.parameter == name:
                    value = value * (weight / effect.reference.value) ** effect.exponent.value
            if name in self.eta_names:
                value = value * np.exp(etas[:, [self.eta_names.index(name)]])
            found[name] = value
        found["cl"] = found["cl"] * factor
        return MappingProxyType(found)

    def check_domain(self, **values: Value | Iterable[Value] | None) -> tuple[DomainVerdict, ...]:
        """Verdicts on the values outside the domain, in the card's order, refusals first.

        Keywords are the card's variables: ``age_year``, ``weight_kg``, ``route`` ('IV', 'SC'),
        ``dose_mg``, ``interval_week``, ``antibodies`` (bool); each one value or several. None
        and variables not given are unknown and yield no verdict.

        Raises
        ------
        ModelError
            When a variable is unknown, or its value of another kind than the card's limit.
        """
        return verdicts_on(self.domain, values, card=self.id)


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


def log_normal_variance(cv: Number) -> float:
    """omega^2 = ln(1 + CV^2): variance of the log of a log-normal parameter with that CV."""
    return float(np.log1p(in_solver_unit(cv, "cv") ** 2))


def _residual(raw: PkFormat) -> tuple[Residual, tuple[Quantity, ...]]:
    proportional, additive = raw.residual.proportional, raw.residual.additive
    parts = [
        quantity(name, number)
        for name, number in (("proportional", proportional), ("additive", additive))
        if number is not None
    ]
    residual = Residual(
        in_solver_unit(proportional, "proportional error") if proportional else 0.0,
        in_solver_unit(additive, "additive error") if additive else 0.0,
    )
    return residual, tuple(parts)


def load_card(id_or_path: str | Path) -> Card:
    """A shipped card by id, or any card by the path of its file.

    Raises
    ------
    ModelError
        Naming file, key and remedy, when the card cannot be used as written.
    """
    file = read_card_file(id_or_path)
    raw = parse(file, PkFormat)
    typical = dict(_ABSENT) | {n: in_solver_unit(number, n) for n, number in raw.theta.items()}
    names = tuple(raw.omega)
    residual, parts = _residual(raw)
    omega = np.diag([log_normal_variance(raw.omega[name]) for name in names])
    omega.flags.writeable = False
    return Card(
        id=raw.id,
        title=raw.title,
        drug=raw.drug,
        source=raw.source,
        hash=file.hash,
        gaps=tuple(raw.gaps),
        structure=raw.structure,
        theta=MappingProxyType({n: quantity(n, number) for n, number in raw.theta.items()}),
        typical=MappingProxyType(typical),
        covariates=tuple(
            CovariateEffect(
                c.parameter,
                c.covariate,
                quantity("exponent", c.exponent),
                quantity("reference", c.reference),
            )
            for c in raw.covariate
        ),
        cv=MappingProxyType({n: quantity(n, number) for n, number in raw.omega.items()}),
        eta_names=names,
        omega=omega,
        residual=residual,
        residual_quantities=parts,
        domain=tuple(raw.domain),
    )
