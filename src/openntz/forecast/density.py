"""One person's unknowns: history and levels under one card, as a cohort of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.forecast.assumptions import Priors, Readout
from openntz.forecast.cohort import ANTIBODY, UNKNOWN, Accuracy, Cohort, require_solved
from openntz.forecast.history import History
from openntz.forecast.likelihood import Kind
from openntz.forecast.subject import Observations, Subject
from openntz.mechanism.plan import Span
from openntz.models.card import Card

__all__ = ["ANTIBODY", "WEIGHT", "Kind", "Levels", "Problem", "build_problem"]

Array = NDArray[np.float64]

WEIGHT: Final = f"{UNKNOWN} weight"


class Levels(Struct, frozen=True):
    """Levels, or other readings, that enter the likelihood; each array has shape (m,).

    ``value_ug_per_ml`` is the level, or the limit for censored ones. ``laboratory`` names who
    measured it, for those whose bias is to be estimated ('' otherwise); ``readout`` is 0 for a
    level and counts from 1 for the other readouts of the problem. Empty means none.
    """

    time_day: Array
    value_ug_per_ml: Array
    kind: NDArray[np.int64]
    laboratory: tuple[str, ...] = ()
    readout: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Number of readings."""
        return int(self.time_day.size)


class Problem(Struct, frozen=True, eq=False):
    """One person's history and levels under one card.

    ``cohort`` holds the person alone and asks for the levels' times only; ``at`` asks for more.
    """

    card: Card
    history: History
    levels: Levels
    priors: Priors
    readouts: tuple[Readout, ...]
    cohort: Cohort

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the p unknowns."""
        return self.cohort.names

    @property
    def size(self) -> int:
        """Number of unknowns p."""
        return self.cohort.size

    @property
    def prior_covariance(self) -> Array:
        """Covariance (p, p) of the unknowns before any level."""
        return self.cohort.covariance

    def at(self, time_day: Array) -> Cohort:
        """The person with further times (T,), after those of the levels."""
        return self.of([self.subject.asked(time_day)])

    @property
    def subject(self) -> Subject:
        """The person as estimation sees them."""
        return self.cohort.subjects[0]

    def of(self, subjects: Sequence[Subject]) -> Cohort:
        """Variants of the person as a cohort with the same assumptions."""
        return Cohort(
            self.card,
            subjects,
            self.priors,
            laboratories=self.cohort.laboratories,
            readouts=self.readouts,
        )

    def values(self, theta: Array) -> Mapping[str, Array]:
        """Pharmacokinetic parameters (n, segments) of ``theta`` (n, p), by symbol."""
        return self.cohort.values(theta[:, None, :])

    def concentration(
        self, theta: Array, time_day: Array, accuracy: Accuracy, *, threads: int = 1
    ) -> Array:
        """Concentration (n, T) in ug/mL at times (T,) of unknowns ``theta`` (n, p).

        Raises
        ------
        SolverError
            When the integrator could not reach the requested accuracy.
        """
        found = self.at(time_day).predict(theta[:, None, :], accuracy, threads=threads)
        require_solved(found.status)
        return found.concentration[:, self.levels.count :]

    def log_prior(self, theta: Array) -> Array:
        """Log prior density (n,) of ``theta`` (n, p)."""
        return self.cohort.log_prior(theta[:, None, :])[:, 0]

    def log_likelihood(self, theta: Array, predicted: Array) -> Array:
        """Log-likelihood (n,) of the readings, given concentrations (n, m) at their times."""
        cohort = self.cohort
        found = cohort.log_likelihood(theta[:, None, :], predicted)
        return (found + cohort.constant())[:, 0]

    def negative_log_posterior(self, theta: Array, accuracy: Accuracy) -> Array:
        """Negative log of prior times likelihood, (n,), for ``theta`` (n, p).

        Raises
        ------
        SolverError
            When the model cannot be solved.
        """
        value = -self.log_prior(theta)
        if not self.levels.count:
            return value
        predicted = self.cohort.predict(theta[:, None, :], accuracy)
        require_solved(predicted.status)
        return value - self.log_likelihood(theta, predicted.concentration)


def build_problem(
    card: Card,
    history: History,
    levels: Levels,
    priors: Priors,
    *,
    readouts: tuple[Readout, ...] = (),
    raised: Array | None = None,
) -> Problem:
    """Assemble a person's unknowns.

    Parameters
    ----------
    raised : array (segments,), optional
        Share of the antibodies' effect on clearance per covariate segment; by default that of
        the history's antibodies.
    """
    laboratories = tuple(sorted({name for name in levels.laboratory if name}))
    subject = subject_of(card, history, levels, laboratories)
    if raised is not None:
        subject = replace(subject, raised=raised)
    cohort = Cohort(card, [subject], priors, laboratories=laboratories, readouts=readouts)
    return Problem(card, history, levels, priors, readouts, cohort)


def subject_of(
    card: Card, history: History, levels: Levels, laboratories: Sequence[str] = ()
) -> Subject:
    """A history and levels as estimation sees them: one span, weight as the only covariate.

    Weight is left out where it is not recorded, and where the card does not ask for it.
    """
    segments = len(history.segment_day)
    covariates = {}
    if history.weight_kg is not None and any(c.name == "weight" for c in card.covariates):
        covariates["weight"] = history.weight_kg
    names = levels.laboratory or ("",) * levels.count
    return Subject(
        id="",
        spans=(Span(history.schedule, history.segment_day, levels.time_day),),
        covariates=covariates,
        occasion=np.zeros(segments, np.int64),
        raised=history.antibodies.astype(float),
        observations=Observations(
            column=np.arange(levels.count),
            value=levels.value_ug_per_ml,
            kind=levels.kind,
            readout=np.array(levels.readout or (0,) * levels.count, np.int64),
            laboratory=np.array(
                [laboratories.index(n) if n in laboratories else -1 for n in names], np.int64
            ),
        ),
    )
