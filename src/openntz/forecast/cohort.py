"""People under one card: parameters, predictions and posterior density, with gradients.

The chain model, problem, likelihood, posterior, for one person or for thousands solved
together. Unknowns of a person, all with prior mean zero: the etas of the card, the kappas of
each occasion, the logarithm of the factor by which antibodies raise clearance (relative to the
typical one), the standardised logarithm of a covariate that is not recorded, and the
logarithm of each laboratory's bias. A person whom an unknown does not touch keeps its prior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.errors import ModelError, SolverError
from openntz.forecast.assumptions import Priors, Readout
from openntz.forecast.likelihood import LOG_TWO_PI, Kind, Terms, terms
from openntz.forecast.subject import Subject
from openntz.mechanism import solver
from openntz.mechanism.plan import Plan
from openntz.models.card import Card
from openntz.models.covariate_model import CovariateInput
from openntz.models.individual import Individual

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

ANTIBODY: Final = "log antibody clearance factor"
BIAS: Final = "log assay bias of laboratory"
UNKNOWN: Final = "standardised log"
_COVARIATE_STEP: Final = 1e-5


class Accuracy(Struct, frozen=True):
    """Tolerances of the integration: relative, and absolute in mg."""

    rtol: float
    atol_mg: float


# For estimates quoted to six digits; for the mode of one person; for draws spread by per cents.
EXACT: Final = Accuracy(1e-9, 1e-9)
SMOOTH: Final = Accuracy(1e-6, 1e-6)
SPREAD: Final = Accuracy(3e-4, 1e-5)


class Predicted(Struct, frozen=True, eq=False):
    """Concentrations (n, R) with derivatives (n, R, P) and status per person (n, N)."""

    concentration: Array
    tangent: Array
    status: Ints


class Linearised(Struct, frozen=True, eq=False):
    """Per draw and person (n, N): negative log posterior, gradient, information and curvature.

    ``curvature`` is an estimate of the second derivative that a search can step by. ``value``
    leaves out constants of the normal densities; it is infinite where the model could not be
    solved.
    """

    value: Array
    gradient: Array
    information: Array
    curvature: Array


class Cohort:
    """N people under one card with a common list of P unknowns."""

    def __init__(
        self,
        card: Card,
        subjects: Sequence[Subject],
        priors: Priors | None = None,
        *,
        laboratories: Sequence[str] = (),
        readouts: Sequence[Readout] = (),
    ) -> None:
        """Lay out the people.

        Raises
        ------
        ModelError
            When a covariate the card needs is not known and has no distribution.
        """
        self.card = card
        self.subjects = tuple(subjects)
        self.priors = priors or Priors()
        self.laboratories = tuple(laboratories)
        self.readouts = tuple(readouts)
        spans = [span for subject in self.subjects for span in subject.spans]
        self.plan = Plan(spans, card.structure.absorption)
        per_span = np.repeat(np.arange(len(self.subjects)), [len(s.spans) for s in self.subjects])
        self.person_of_span = per_span
        sizes = np.diff(self.plan.segments)
        self.person_of_segment = np.repeat(per_span, sizes)
        self._lay_out_unknowns()
        self._lay_out_observations()

    def _lay_out_unknowns(self) -> None:
        card, priors = self.card, self.priors
        people = self.subjects
        self.occasion = np.concatenate([s.occasion for s in people])
        self.raised = np.concatenate([s.raised for s in people])
        occasions = 1 + max((int(s.occasion.max(initial=0)) for s in people), default=0)
        names = list(card.eta_names)
        blocks: list[Array] = [card.omega]
        kappas = len(card.kappa_names)
        self.occasions = occasions if kappas else 0
        for i in range(self.occasions):
            names += [f"{name}, occasion {i + 1}" for name in card.kappa_names]
            blocks.append(card.omega_iov)
        self.antibody: int | None = None
        if self.raised.any():
            self.antibody = len(names)
            names.append(ANTIBODY)
            blocks.append(np.array([[priors.antibody_log_sd**2]]))
        self.missing: dict[str, int] = {}
        for item in card.covariates:
            lacking = [s for s in people if item.name not in s.covariates]
            if lacking and item.missing == "refuse":
                raise ModelError(
                    f"{item.name} of {lacking[0].id} is not known.",
                    where=card.id,
                    remedy=f"Give {item.column}, or leave the person out.",
                )
            if lacking and item.missing == "distribution":
                self.missing[item.name] = len(names)
                names.append(f"{UNKNOWN} {item.name}")
                blocks.append(np.ones((1, 1)))
        self.bias = len(names)
        for laboratory in self.laboratories:
            names.append(f"{BIAS} {laboratory}")
            blocks.append(np.array([[priors.assay_log_sd**2]]))
        self.names = tuple(names)
        covariance = np.zeros((len(names), len(names)))
        at = 0
        for block in blocks:
            end = at + len(block)
            covariance[at:end, at:end] = block
            at = end
        self.covariance = covariance * priors.flatten
        self.precision = np.linalg.inv(self.covariance)
        self.scale = np.sqrt(np.diag(self.covariance))
        self._lay_out_covariates()

    def _lay_out_covariates(self) -> None:
        card, size = self.card, len(self.person_of_segment)
        random = {name: i for i, name in enumerate(card.random_names)}
        self._eta_columns = [random[name] for name in card.eta_names]
        self._kappa_columns = [random[name] for name in card.kappa_names]
        self._given: dict[str, Array] = {}
        self._guessed: dict[str, NDArray[np.bool_]] = {}
        self._spread: dict[str, float] = {}
        for item in card.covariates:
            values = np.full(size, np.nan if item.reference is None else item.reference)
            lacking = np.zeros(size, bool)
            for i, subject in enumerate(self.subjects):
                own = self.person_of_segment == i if len(self.subjects) > 1 else slice(None)
                if item.name in subject.covariates:
                    values[own] = subject.covariates[item.name]
                else:
                    lacking[own] = True
            self._given[item.name] = values
            if item.name in self.missing:
                values[lacking], self._spread[item.name] = self._distribution(item)
                self._guessed[item.name] = lacking
        self._population = None if self.missing else card.population(self._given)

    def _distribution(self, item: CovariateInput) -> tuple[float, float]:
        """Median of a covariate that is not recorded, and SD of its logarithm.

        Raises
        ------
        ModelError
            When nobody says.
        """
        if item.name in self.priors.covariates:
            return self.priors.covariates[item.name]
        if item.median is None or item.log_sd is None:
            raise ModelError(
                f"{item.name} has no distribution.",
                where=self.card.id,
                remedy="Give its median and CV on the card.",
            )
        return item.median, item.log_sd

    def _lay_out_observations(self) -> None:
        first = np.array(self.plan.times)[
            np.searchsorted(self.person_of_span, np.arange(len(self.subjects)))
        ]
        seen = [s.observations for s in self.subjects]
        sizes = [o.count for o in seen]
        self.person_of_reading = np.repeat(np.arange(len(seen)), sizes)
        self.column = np.concatenate([o.column + f for o, f in zip(seen, first, strict=True)])
        self.value = np.concatenate([o.value for o in seen])
        self.kind = np.concatenate([o.kind for o in seen])
        self.readout = np.concatenate([o.readout for o in seen])
        self.laboratory = np.concatenate([o.laboratory for o in seen])
        self.readings = np.array(sizes)
        self._read = np.flatnonzero(self.readings)
        self._starts = np.cumsum([0, *sizes])[:-1][self._read]

    @property
    def size(self) -> int:
        """Number of unknowns P."""
        return len(self.names)

    def values(self, theta: Array) -> Mapping[str, Array]:
        """Parameters (n, M) by symbol, of unknowns ``theta`` (n, N, P)."""
        return self._individual(theta)[0].values

    def _individual(self, theta: Array) -> tuple[Individual, Array]:
        mine = theta[:, self.person_of_segment]
        random = np.zeros((*mine.shape[:2], len(self.card.random_names)))
        own = len(self.card.eta_names)
        random[..., self._eta_columns] = mine[..., :own]
        for j, column in enumerate(self._kappa_columns):
            at = own + self.occasion * len(self._kappa_columns) + j
            random[..., column] += np.take_along_axis(mine, at[None, :, None], axis=2)[..., 0]
        factors = self._factors(mine)
        if self._population is not None:
            return self.card.individual_of(self._population, random, factors=factors), random
        given = self._covariates(mine)
        return self.card.individual(random, given, factors=factors), random

    def _factors(self, mine: Array) -> dict[str, Array]:
        """What antibodies multiply parameters by, of the segments' unknowns (n, M, P)."""
        if self.antibody is None:
            return {}
        log_factor = np.log(self.priors.antibody_factor) + mine[..., self.antibody]
        return {"cl": np.exp(self.raised * log_factor)}

    def _covariates(self, mine: Array, shift: Mapping[str, float] | None = None) -> dict:
        given: dict[str, Array] = dict(self._given)
        for item in self.card.covariates:
            if item.name in self.missing:
                z = mine[..., self.missing[item.name]] + (shift or {}).get(item.name, 0.0)
                guess = given[item.name] * np.exp(self._spread[item.name] * z)
                given[item.name] = np.where(self._guessed[item.name], guess, given[item.name])
        return given

    def _slopes(self, theta: Array) -> tuple[Mapping[str, Array], dict[str, Array]]:
        """Parameters (n, M) and their derivatives (n, M, P)."""
        individual, random = self._individual(theta)
        shape = (*individual.values["cl"].shape, self.size)
        own = len(self.card.eta_names)
        slopes: dict[str, Array] = {}

        def table(symbol: str) -> Array:
            if symbol not in slopes:
                slopes[symbol] = np.zeros(shape)
            return slopes[symbol]

        for symbol, by_column in individual.slopes.items():
            for column, slope in by_column.items():
                if column in self._eta_columns:
                    table(symbol)[..., self._eta_columns.index(column)] += slope
                if column in self._kappa_columns:
                    j = self._kappa_columns.index(column)
                    for i in range(self.occasions):
                        at = own + i * len(self._kappa_columns) + j
                        table(symbol)[..., at] += slope * (self.occasion == i)
        if self.antibody is not None:
            table("cl")[..., self.antibody] = individual.values["cl"] * self.raised
        mine = theta[:, self.person_of_segment]
        factors = self._factors(mine)
        for name, at in self.missing.items():
            up, down = (
                self.card.individual(
                    random, self._covariates(mine, {name: step}), factors=factors
                ).values
                for step in (_COVARIATE_STEP, -_COVARIATE_STEP)
            )
            for symbol in up:
                change = (up[symbol] - down[symbol]) / (2.0 * _COVARIATE_STEP)
                if change.any():
                    table(symbol)[..., at] = change
        return individual.values, slopes

    def predict(self, theta: Array, accuracy: Accuracy, *, threads: int = 1) -> Predicted:
        """Concentrations at all times of all people; no derivatives."""
        solved = self.plan.solve(
            self.values(theta), rtol=accuracy.rtol, atol=accuracy.atol_mg, threads=threads
        )
        return Predicted(solved.concentration, solved.tangent, self._status(solved.status))

    def _status(self, spans: Ints) -> Ints:
        if len(self.subjects) == spans.shape[1]:
            return spans
        found = np.zeros((len(spans), len(self.subjects)), np.int64)
        for i, person in enumerate(self.person_of_span):
            found[:, person] = np.maximum(found[:, person], spans[:, i])
        return found

    def differentiate(
        self,
        theta: Array,
        accuracy: Accuracy,
        *,
        only: NDArray[np.bool_] | None = None,
        threads: int = 1,
    ) -> Predicted:
        """Concentrations and their derivatives; ``only`` (N,) names the people to solve."""
        values, slopes = self._slopes(theta)
        solved = self.plan.solve(
            values,
            slopes,
            directions=self.size,
            only=None if only is None else only[self.person_of_span],
            rtol=accuracy.rtol,
            atol=accuracy.atol_mg,
            threads=threads,
        )
        return Predicted(solved.concentration, solved.tangent, self._status(solved.status))

    def _readings(self, theta: Array, concentration: Array) -> tuple[Array, Array, Array]:
        """Predictions (n, m) of the readings, their derivative by level, and by log bias."""
        level = concentration[:, self.column]
        f, slope = level, np.ones_like(level)
        bias = np.zeros_like(level)
        if self.laboratories:
            biased = self.laboratory >= 0
            person = np.where(biased, self.person_of_reading, 0)
            at = self.bias + np.maximum(self.laboratory, 0)
            factor = np.where(biased, np.exp(theta[:, person, at]), 1.0)
            f, slope = level * factor, slope * factor
            bias = np.where(biased, f, 0.0)
        for i, readout in enumerate(self.readouts, start=1):
            own = self.readout == i
            if own.any():
                f[:, own], slope[:, own] = readout.of(level[:, own])
        return f, slope, bias

    def _terms(self, f: Array) -> Terms:
        found = terms(self.card.residual, f, self.value, self.kind)
        for i, readout in enumerate(self.readouts, start=1):
            own = self.readout == i
            if own.any():
                other = terms(readout.residual, f[:, own], self.value[own], self.kind[own])
                found.log_likelihood[:, own] = other.log_likelihood
                found.slope[:, own] = other.slope
                found.information[:, own] = other.information
                found.curvature[:, own] = other.curvature
        return found

    def per_person(self, of_readings: Array) -> Array:
        """Sums (n, N, ..) per person of something per reading (n, m, ..)."""
        n = len(of_readings)
        found = np.zeros((n, len(self.subjects), *of_readings.shape[2:]))
        if len(self._read):
            found[:, self._read] = np.add.reduceat(of_readings, self._starts, axis=1)
        return found

    def log_likelihood(self, theta: Array, concentration: Array) -> Array:
        """(n, N), without the normal density's constant; -inf where there is no solution."""
        f, _, _ = self._readings(theta, concentration)
        found = self.per_person(self._terms(f).log_likelihood)
        return np.where(np.isnan(found), -np.inf, found)

    def constant(self) -> Array:
        """What ``log_likelihood`` leaves out, (N,)."""
        numbers = (self.kind == Kind.QUANTIFIED).astype(float)[None]
        return -self.per_person(numbers)[0] * LOG_TWO_PI / 2

    def penalty(self, theta: Array) -> Array:
        """theta' Omega^-1 theta / 2, (n, N)."""
        return 0.5 * np.einsum("nip,pq,niq->ni", theta, self.precision, theta)

    def log_prior(self, theta: Array) -> Array:
        """Log prior density (n, N), constants included."""
        _, log_det = np.linalg.slogdet(self.covariance)
        return -self.penalty(theta) - 0.5 * (log_det + self.size * LOG_TWO_PI)

    def linearise(self, theta: Array, predicted: Predicted) -> Linearised:
        """Value, gradient and information of the negative log posterior at ``theta``."""
        f, slope, bias = self._readings(theta, predicted.concentration)
        found = self._terms(f)
        jacobian = predicted.tangent[:, self.column] * slope[..., None]
        for i in range(len(self.laboratories)):
            jacobian[..., self.bias + i] += np.where(self.laboratory == i, bias, 0.0)
        value = self.penalty(theta) - self.per_person(found.log_likelihood)
        pull = np.einsum("nip,pq->niq", theta, self.precision)
        gradient = pull - self.per_person(found.slope[..., None] * jacobian)
        outer = jacobian[..., :, None] * jacobian[..., None, :]
        weights = np.stack([found.information, found.curvature], axis=2)[..., None, None]
        both = self.precision + self.per_person(weights * outer[:, :, None])
        bad = (predicted.status != 0) | ~np.isfinite(value)
        value = np.where(bad, np.inf, value)
        gradient = np.where(bad[..., None], 0.0, gradient)
        both = np.where(bad[..., None, None, None], self.precision, both)
        return Linearised(value, gradient, both[:, :, 0], both[:, :, 1])


def require_solved(status: Ints) -> None:
    """Raise for the first draw that was not solved.

    Raises
    ------
    SolverError
        With the solver's status and remedy.
    """
    failed = status[status != 0]
    if len(failed):
        code = int(failed[0])
        raise SolverError(
            f"{solver.STATUS_NAME[code]} ({len(failed)} of {status.size} solutions).",
            remedy=solver.REMEDY[code],
        )
