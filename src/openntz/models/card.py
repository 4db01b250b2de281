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
from openntz.models.reading import parse, read_card_file
from openntz.models.schema import (
    DomainEntry,
    Number,
    PkFormat,
    Structure,
    Variable,
    in_solver_unit,
    sources_of,
)

Floats = NDArray[np.float64]
Value = float | int | str | bool

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


@dataclass(frozen=True, slots=True)
class DomainVerdict:
    """A value outside the domain the model was made for, and what follows.

    ``text`` is for the reader; 'refuse' means that nothing may be computed.
    """

    variable: str
    value: Value
    action: Literal["refuse", "warn"]
    text: str
    sources: tuple[str, ...]
    rank: Rank


@dataclass(frozen=True, slots=True)
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
        and variables not given are unknown and yield no verdict. Of several offending values
        the verdict names the one farthest out.

        Raises
        ------
        ModelError
            When a variable is unknown, or its value of another kind than the card's limit.
        """
        unknown = set(values) - set(Variable.__args__)
        if unknown:
            raise ModelError(
                f"no domain variable {min(unknown)!r}.",
                where=self.id,
                remedy=f"Variables are {', '.join(Variable.__args__)}.",
            )
        verdicts = []
        for entry in self.domain:
            given = values.get(entry.variable)
            listed = (
                [given]
                if given is None or isinstance(given, (str, bool, float, int))
                else list(given)
            )
            outside = [(_distance(entry, v, self.id), v) for v in listed if v is not None]
            distance, worst = max(outside, key=lambda pair: pair[0], default=(0.0, None))
            if distance > 0.0 and worst is not None:
                verdicts.append(
                    DomainVerdict(
                        variable=entry.variable,
                        value=worst,
                        action=entry.action,
                        text=_text(entry, worst),
                        sources=sources_of(entry.source),
                        rank=entry.rank,
                    )
                )
        return tuple(sorted(verdicts, key=lambda verdict: verdict.action != "refuse"))


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.4g}"


def _text(entry: DomainEntry, value: Value) -> str:
    text = entry.text
    for name, shown in (("value", value), ("low", entry.low), ("high", entry.high)):
        if shown is not None:
            text = text.replace(f"{{{name}}}", _shown(shown))
    return text


def _distance(entry: DomainEntry, value: Value, card: str) -> float:
    """How far a value lies outside an entry; 0 inside, infinite for a choice not allowed."""
    if entry.allowed is not None:
        # 1 == True in Python, but a dose of 1 is no yes.
        same = (v for v in entry.allowed if isinstance(v, bool) == isinstance(value, bool))
        return 0.0 if value in same else np.inf
    if isinstance(value, (str, bool)) or not np.isfinite(value):
        raise ModelError(
            f"{entry.variable} = {value!r} is no number.", where=card, remedy="Give a number."
        )
    number = float(value)
    if entry.step is not None:
        number = round(number / entry.step) * entry.step
    below = entry.low - number if entry.low is not None else 0.0
    above = number - entry.high if entry.high is not None else 0.0
    return max(below, above, 0.0)


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
