"""A population pharmacokinetic model as data: what it says, and for whom it may be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.errors import ModelError
from openntz.evidence.registry import Source
from openntz.models.covariate_model import (
    CovariateInput,
    CovariateModel,
    Population,
)
from openntz.models.covariate_tables import build_covariates
from openntz.models.domain import DomainVerdict, Value, verdicts_on
from openntz.models.individual import Individual, individual_parameters
from openntz.models.numbers import UNITS, Quantity, in_solver_unit, quantity, sources_of
from openntz.models.reading import SHORT_HASH, CardFile, parse, read_card_file
from openntz.models.residual import Residual, build_residual
from openntz.models.schema import DataFormat, DomainEntry, PkFormat, Structure
from openntz.models.variability import Step, Variability, build_variability, steps_of

Floats = NDArray[np.float64]

# What a parameter is when the structure does without it: it then has no effect.
_ABSENT: Final[Mapping[str, float]] = MappingProxyType(
    {
        "cl": 0.0,
        "vc": 1.0,
        "q": 0.0,
        "vp": 1.0,
        "q2": 0.0,
        "vp2": 1.0,
        "vmax": 0.0,
        "km": 1.0,
        "ka": 1.0,
        "duration": 1.0,
        "f": 1.0,
        "lag": 0.0,
    }
)
SYMBOLS: Final = tuple(_ABSENT)
# 'omega.cl: what is wrong': the key a fault begins with.
_KEYED: Final = re.compile(r"([a-z0-9_.\[\]]+): (.+)", re.DOTALL)


class DataUnits(Struct, frozen=True):
    """Units of NONMEM-style data for a card, with factors to day, mg and mg/L.

    ``levels`` says whether DV holds the level or its natural logarithm. ``depot`` is the number
    of the compartment whose doses are absorbed (None: there is none), ``central`` that of the
    compartment given into a vein and measured. A dose of modelled duration (RATE -2) is absorbed
    at zero order wherever it goes.
    """

    time: str
    dose: str
    concentration: str
    day_per_time: float
    mg_per_dose: float
    mg_per_l_per_concentration: float
    levels: Literal["natural", "ln"]
    depot: int | None
    central: int


class Card(Struct, frozen=True, eq=False):
    """A population model: typical values, covariates, variability, error, validity domain.

    ``theta`` holds the numbers as published; ``typical`` all twelve symbols in L, day, mg and
    mg/L, those the structure does without at a value that has no effect. ``hash`` is the
    SHA-256 of the file; ``own_sources`` are those that only the card knows.
    """

    id: str
    title: str
    drug: str
    sources: tuple[str, ...]
    own_sources: tuple[Source, ...]
    hash: str
    gaps: tuple[str, ...]
    warnings: tuple[str, ...]
    structure: Structure
    data_units: DataUnits
    theta: Mapping[str, Quantity]
    typical: Mapping[str, float]
    covariate_model: CovariateModel
    variability: Variability
    steps: Mapping[str, tuple[Step, ...]]
    random_names: tuple[str, ...]
    residual: Residual
    residual_quantities: tuple[Quantity, ...]
    domain: tuple[DomainEntry, ...]

    @property
    def short_hash(self) -> str:
        """The first twelve characters of ``hash``."""
        return self.hash[:SHORT_HASH]

    @property
    def covariates(self) -> tuple[CovariateInput, ...]:
        """The covariates the data must give."""
        return self.covariate_model.inputs

    @property
    def eta_names(self) -> tuple[str, ...]:
        """The p random effects that vary between people, in card order."""
        return self.variability.omega.names

    @property
    def omega(self) -> Floats:
        """Covariance (p, p) of the etas, internal units."""
        return self.variability.omega.matrix

    @property
    def kappa_names(self) -> tuple[str, ...]:
        """The q random effects that vary between occasions, in card order."""
        return self.variability.iov.names

    @property
    def omega_iov(self) -> Floats:
        """Covariance (q, q) of the kappas of one occasion, internal units."""
        return self.variability.iov.matrix

    @property
    def eta_scale(self) -> Floats:
        """(p,): published eta = internal eta x this; 1 but for normal effects."""
        return self.variability.scale(self.eta_names)

    @property
    def kappa_scale(self) -> Floats:
        """(q,): as ``eta_scale``, for the kappas."""
        return self.variability.scale(self.kappa_names)

    def population(self, covariates: Mapping[str, ArrayLike]) -> Population:
        """What the covariates make of the typical values, for ``individual_of``.

        Saves their work when many random effects are tried with the same covariates.

        Raises
        ------
        ModelError
            As ``individual`` does for its covariates.
        """
        return self.covariate_model.population(self.typical, covariates, self.id)

    def individual_of(
        self,
        population: Population,
        random: ArrayLike,
        *,
        factors: Mapping[str, ArrayLike] | None = None,
    ) -> Individual:
        """``individual``, from what ``population`` gave.

        Raises
        ------
        ModelError
            When shapes do not fit, or a factor is unknown, not positive or not finite.
        """
        return individual_parameters(
            population,
            self.steps,
            random,
            factors or {},
            names=self.random_names,
            card=self.id,
        )

    def individual(
        self,
        random: ArrayLike,
        covariates: Mapping[str, ArrayLike],
        *,
        factors: Mapping[str, ArrayLike] | None = None,
    ) -> Individual:
        """Parameters and their exact slopes for random effects and covariates.

        Parameters
        ----------
        random : array (..., r)
            Total random effects (eta, plus the kappa of the occasion), order ``random_names``.
        covariates : mapping of arrays that broadcast to (...)
            By name, in the unit of ``covariates``; categories as their codes.
        factors : mapping of arrays that broadcast to (...), optional
            By symbol: multiplies the parameter after variability.

        Raises
        ------
        ModelError
            When shapes do not fit; when a covariate is missing, not finite, an unknown code or
            where the model cannot go; or a factor is unknown, not positive or not finite.
        """
        return self.individual_of(self.population(covariates), random, factors=factors)

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


def _data_units(raw: DataFormat, absorption: str) -> DataUnits:
    if absorption == "none" and raw.depot is not None:
        raise ValueError("data.depot: the structure has no absorption; remove it")
    depot, central = raw.depot, raw.central
    if absorption == "first-order" and depot is None:
        depot = 2 if central == 1 else 1
    if central is None:
        central = 2 if depot == 1 else 1
    return DataUnits(
        time=raw.time,
        dose=raw.dose,
        concentration=raw.concentration,
        day_per_time=UNITS["time"][raw.time],
        mg_per_dose=UNITS["dose"][raw.dose],
        mg_per_l_per_concentration=UNITS["concentration"][raw.concentration],
        levels=raw.levels,
        depot=depot,
        central=central,
    )


def _check_theta(raw: PkFormat) -> None:
    structure = raw.structure
    for name in structure.needed:
        if name not in raw.theta:
            raise ValueError(f"theta.{name} is missing for this structure")
    for name in raw.theta:
        if name not in structure.symbols:
            why = "; set structure.lag = true" if name == "lag" else ""
            raise ValueError(f"theta.{name} does not belong to this structure{why}")
    for n, effect in enumerate(raw.effect, start=1):
        if effect.parameter not in raw.theta:
            raise ValueError(f"effect[{n}].parameter: {effect.parameter!r} has no theta")


def _built(file: CardFile, raw: PkFormat) -> Card:
    _check_theta(raw)
    typical = dict(_ABSENT) | {n: in_solver_unit(number, n) for n, number in raw.theta.items()}
    variability = build_variability(raw, typical, list(file.tables))
    residual, parts = build_residual(raw.residual)
    if raw.data.levels == "ln" and not residual.on_log_scale:
        raise ValueError("data.levels: 'ln' goes with the log-additive error only")
    return Card(
        id=raw.id,
        title=raw.title,
        drug=raw.drug,
        sources=sources_of(raw.source),
        own_sources=tuple(
            Source(s.id, s.citation, s.url, "user's card", "", "as the card's author says")
            for s in raw.sources
        ),
        hash=file.hash,
        gaps=tuple(raw.gaps),
        warnings=tuple(raw.warnings),
        structure=raw.structure,
        data_units=_data_units(raw.data, raw.structure.absorption),
        theta=MappingProxyType({n: quantity(n, number) for n, number in raw.theta.items()}),
        typical=MappingProxyType(typical),
        covariate_model=build_covariates(raw.covariate, raw.derived, raw.effect),
        variability=variability,
        steps=MappingProxyType(dict(steps_of(variability.effects))),
        random_names=variability.names,
        residual=residual,
        residual_quantities=parts,
        domain=tuple(raw.domain),
    )


def load_card(id_or_path: str | Path) -> Card:
    """A shipped card by id, or any card by the path of its file.

    Raises
    ------
    ModelError
        Naming file, key and remedy, when the card cannot be used as written.
    """
    file = read_card_file(id_or_path)
    raw = parse(file, PkFormat)
    try:
        return _built(file, raw)
    except ValueError as error:
        keyed = _KEYED.fullmatch(str(error))
        key, what = keyed.groups() if keyed else ("", str(error))
        raise ModelError(
            f"{what}.",
            where=f"{file.where}: {key}" if key else file.where,
            remedy="Mend the key named; docs/reference/cards.md describes the format.",
        ) from None
