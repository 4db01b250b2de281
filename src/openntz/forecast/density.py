"""Prior and likelihood of one person: the chain model, problem, likelihood, posterior.

Unknowns are etas with prior mean zero: those of the model card, the logarithm of the factor by
which persistent antibodies raise clearance (relative to the label's factor) where there are
such antibodies, and the standardised logarithm of the weight where none is recorded. Levels
below or above a limit enter by their probability (Beal's method M3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from openntz.errors import SolverError
from openntz.forecast.history import History
from openntz.mechanism.pharmacokinetics import simulate
from openntz.mechanism.regimen import PkParameters
from openntz.models.card import Card

Array = NDArray[np.float64]

# Below this concentration a proportional error would vanish; far under any assay's limit.
_FLOOR_UG_PER_ML: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Tolerances of the integration: relative, and absolute in mg."""

    rtol: float
    atol_mg: float


# Differences between neighbouring points have to be smooth.
SMOOTH: Final = Accuracy(1e-8, 1e-8)
# Draws spread by per cents; a hundredth of one is more than enough.
SPREAD: Final = Accuracy(1e-4, 1e-5)


class Kind(IntEnum):
    """How a level was reported."""

    QUANTIFIED = 0
    BELOW = 1
    ABOVE = 2


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels that enter the likelihood; each array has shape (m,).

    ``value_ug_per_ml`` is the level, or the limit for censored ones.
    """

    time_day: Array
    value_ug_per_ml: Array
    kind: NDArray[np.int64]

    @property
    def count(self) -> int:
        """Number of levels."""
        return int(self.time_day.size)


@dataclass(frozen=True, slots=True)
class Problem:
    """One person's unknowns, history and levels under one card.

    Attributes
    ----------
    names : tuple of str
        Names of the unknowns, length p.
    prior_covariance : array (p, p)
    antibody_factor : float
        Typical factor on clearance while persistent antibodies are present.
    weight_median_kg, weight_log_sd : float
        Distribution of the weight of a person without one.
    """

    card: Card
    history: History
    levels: Levels
    names: tuple[str, ...]
    prior_covariance: Array
    antibody_factor: float
    weight_median_kg: float
    weight_log_sd: float

    @property
    def size(self) -> int:
        """Number of unknowns p."""
        return len(self.names)

    def parameters(self, theta: Array) -> PkParameters:
        """Pharmacokinetic parameters of ``theta`` (n, p), per covariate segment."""
        own = len(self.card.eta_names)
        eta = np.ascontiguousarray(theta[:, :own])
        column = own
        present = self.history.antibodies
        factor = np.ones((theta.shape[0], present.size))
        if ANTIBODY in self.names:
            raised = self.antibody_factor * np.exp(theta[:, column])
            factor = np.where(present[None, :], raised[:, None], 1.0)
            column += 1
        weight = self.history.weight_kg
        if weight is None:
            unknown = self.weight_median_kg * np.exp(self.weight_log_sd * theta[:, column])
            weight = np.repeat(unknown[:, None], present.size, axis=1)
        values = self.card.individual_by_weight(eta, weight, clearance_factor=factor)
        return PkParameters(
            segment_day=self.history.segment_day,
            cl_l_per_day=values["cl"],
            vc_l=values["vc"],
            q_l_per_day=values["q"],
            vp_l=values["vp"],
            vmax_mg_per_day=values["vmax"],
            km_mg_per_l=values["km"],
            ka_per_day=values["ka"],
            f=values["f"],
            lag_day=values["lag"],
        )

    def concentration(
        self, theta: Array, time_day: Array, accuracy: Accuracy, *, threads: int = 1
    ) -> Array:
        """Concentration (n, T) in ug/mL.

        Raises
        ------
        SolverError
            When the integrator could not reach the requested accuracy.
        """
        result = simulate(
            self.parameters(theta),
            self.history.schedule,
            time_day,
            rtol=accuracy.rtol,
            atol=accuracy.atol_mg,
            threads=threads,
        )
        return result.ug_per_ml

    def log_likelihood(self, predicted: Array) -> Array:
        """Log-likelihood (n,) of the levels given predictions (n, m) in ug/mL."""
        if not self.levels.count:
            return np.zeros(predicted.shape[0])
        f = np.maximum(predicted, _FLOOR_UG_PER_ML)
        sd = self.card.residual.sd(f)
        z = (self.levels.value_ug_per_ml - f) / sd
        kind = self.levels.kind
        terms = np.where(
            kind == Kind.QUANTIFIED,
            -0.5 * z * z - np.log(sd) - 0.5 * np.log(2 * np.pi),
            np.where(kind == Kind.BELOW, log_ndtr(z), log_ndtr(-z)),
        )
        return terms.sum(axis=1)

    def log_prior(self, theta: Array) -> Array:
        """Log prior density (n,) of ``theta`` (n, p)."""
        solved = np.linalg.solve(self.prior_covariance, theta.T).T
        _, log_det = np.linalg.slogdet(2 * np.pi * self.prior_covariance)
        return -0.5 * (theta * solved).sum(axis=1) - 0.5 * log_det

    def negative_log_posterior(self, theta: Array, accuracy: Accuracy) -> Array:
        """Negative log of prior times likelihood, (n,), for ``theta`` (n, p).

        Raises
        ------
        SolverError
            When the model cannot be solved or the density is not finite.
        """
        value = -self.log_prior(theta)
        if self.levels.count:
            predicted = self.concentration(theta, self.levels.time_day, accuracy)
            value = value - self.log_likelihood(predicted)
        if not np.all(np.isfinite(value)):
            raise SolverError(
                "the posterior density is not finite.",
                remedy="Check this person's levels and weights for impossible values.",
            )
        return value


ANTIBODY: Final = "log antibody clearance factor"
WEIGHT: Final = "standardised log weight"


def build_problem(
    card: Card,
    history: History,
    levels: Levels,
    *,
    antibody_factor: float,
    antibody_log_sd: float,
    weight_median_kg: float,
    weight_cv_percent: float,
) -> Problem:
    """Assemble the unknowns and their prior."""
    names = list(card.eta_names)
    variances: list[float] = []
    if history.antibodies.any():
        names.append(ANTIBODY)
        variances.append(antibody_log_sd**2)
    if history.weight_kg is None:
        names.append(WEIGHT)
        variances.append(1.0)
    own = len(card.eta_names)
    covariance = np.diag([1.0] * own + variances)
    covariance[:own, :own] = card.omega
    return Problem(
        card=card,
        history=history,
        levels=levels,
        names=tuple(names),
        prior_covariance=covariance,
        antibody_factor=antibody_factor,
        weight_median_kg=weight_median_kg,
        weight_log_sd=float(np.sqrt(np.log1p((weight_cv_percent / 100) ** 2))),
    )
