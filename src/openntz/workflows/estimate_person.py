"""People solved together, and what is said of each of them in the units of card and data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.evidence.registry import registry
from openntz.forecast.cohort import EXACT, SMOOTH, Cohort
from openntz.forecast.likelihood import Kind
from openntz.forecast.map_estimate import find_modes, objective
from openntz.models.card import Card
from openntz.models.numbers import UNITS
from openntz.records.nonmem_data import NonmemSubject
from openntz.workflows.estimates import EtaEstimate, EtaStatus, PersonEstimate, WorstFit
from openntz.workflows.nonmem_subject import Prepared

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEAR: Final = 1e-3
_TOLERANCE: Final = 1e-8


@cache
def _no_information() -> float:
    return registry().fact("estimate.no-information-share").number / 100.0


@cache
def _misfit() -> float:
    return registry().fact("estimate.misfit-iwres").number


def places(card: Card, occasions: Sequence[int]) -> tuple[tuple[int | None, str], ...]:
    """Occasion and name of each random effect of a person: etas, then kappas by occasion."""
    own: list[tuple[int | None, str]] = [(None, name) for name in card.eta_names]
    for occasion in occasions if card.kappa_names else ():
        own += [(occasion, name) for name in card.kappa_names]
    return tuple(own)


def failed(
    rows: NonmemSubject, prepared: Prepared, card: Card, reason: str, pred: Array | None = None
) -> PersonEstimate:
    """A person whose equations could not be solved."""
    none = np.full(len(rows.time), np.nan)
    kind = prepared.subject.observations.kind
    return PersonEstimate(
        rows=rows,
        status="failed",
        reason=reason,
        etas=tuple(
            EtaEstimate(occasion, name, np.nan, np.nan, "failed")
            for occasion, name in places(card, prepared.occasions)
        ),
        covariance=np.empty((0, 0)),
        pred=none if pred is None else pred,
        ipred=none,
        parameters={},
        readings=len(kind),
        limits=int((kind != Kind.QUANTIFIED).sum()),
        notes=prepared.notes,
    )


class Batch:
    """People with equally many occasions, estimated together."""

    def __init__(self, card: Card, members: Sequence[Prepared], threads: int) -> None:
        """Estimate them.

        Raises
        ------
        OpenNTZError
            When the card refuses the covariates of one of them.
        """
        self.card = card
        self.cohort = Cohort(card, [prepared.subject for prepared in members])
        # Most of the way at the accuracy that shows the way; all the digits at its end.
        near = find_modes(self.cohort, accuracy=SMOOTH, tolerance=_NEAR, threads=threads)
        self.modes = find_modes(
            self.cohort,
            accuracy=EXACT,
            tolerance=_TOLERANCE,
            start=near.theta,
            threads=threads,
        )
        zero = np.zeros((1, len(members), self.cohort.size))
        # With derivatives, though none are wanted: another compiled solver would cost more.
        typical = self.cohort.differentiate(zero, EXACT, threads=threads)
        self._typical = typical.concentration[0]
        self._objective = objective(self.cohort, self.modes)
        self._scale = self._scales()
        self._covariance = np.linalg.inv(self.modes.information)
        self._values = self.cohort.values(self.modes.theta[None])
        self._first = np.array(self.cohort.plan.times)[
            np.searchsorted(self.cohort.person_of_span, np.arange(len(members)))
        ]
        last = np.searchsorted(self.cohort.person_of_segment, np.arange(len(members)), "right")
        self._segment = last - 1

    def _scales(self) -> Array:
        """Published effect = internal one x this, for every unknown (P,)."""
        card, cohort = self.card, self.cohort
        scale = np.ones(cohort.size)
        p, q = len(card.eta_names), len(card.kappa_names)
        scale[:p] = card.eta_scale
        for i in range(cohort.occasions):
            scale[p + i * q : p + (i + 1) * q] = card.kappa_scale
        return scale

    def person(self, rows: NonmemSubject, prepared: Prepared, j: int) -> PersonEstimate:
        """The estimate of member ``j``."""
        modes = self.modes
        at = self._first[j] + prepared.column
        pred = self._shown(self._typical[at])
        if modes.status[j] == "failed":
            return failed(rows, prepared, self.card, modes.reason[j], pred)
        own = places(self.card, prepared.occasions)
        scale = self._scale[: len(own)]
        covariance = self._covariance[j][: len(own), : len(own)] * np.outer(scale, scale)
        kind = prepared.subject.observations.kind
        limits = int((kind != Kind.QUANTIFIED).sum())
        found = PersonEstimate(
            rows=rows,
            status=modes.status[j],
            reason=modes.reason[j],
            objective=self._in_unit_of_data(float(self._objective[j]), len(kind) - limits),
            etas=self._etas(own, covariance, j),
            covariance=covariance,
            pred=pred,
            ipred=self._shown(modes.concentration[at]),
            parameters=self._parameters(j),
            readings=len(kind),
            limits=limits,
            worst=self._worst(rows, prepared, j),
            notes=prepared.notes,
        )
        return replace(found, notes=(*found.notes, *_remarks(found)))

    def _shown(self, level: Array) -> Array:
        """Levels in the unit of the data's DV."""
        units = self.card.data_units
        # Just after a dose that is absorbed, what has arrived is below the smallest full float.
        level = np.where(level < np.finfo(float).tiny, 0.0, level)
        found = level / units.mg_per_l_per_concentration
        if units.levels == "ln":
            found = np.log(np.where(found > 0.0, found, np.nan))
        return found

    def _in_unit_of_data(self, value: float, numbers: int) -> float:
        if self.card.residual.on_log_scale:
            return value
        # The density of a level in the unit of the data, not in mg/L.
        factor = self.card.data_units.mg_per_l_per_concentration
        return value - 2.0 * numbers * float(np.log(factor))

    def _etas(
        self, own: Sequence[tuple[int | None, str]], covariance: Array, j: int
    ) -> tuple[EtaEstimate, ...]:
        theta = self.modes.theta[j] * self._scale
        prior = self.cohort.scale * self._scale
        se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        untold = se >= _no_information() * prior[: len(own)]
        person = self.modes.status[j]
        status: list[EtaStatus] = [
            "prior" if person == "ok" and nothing else person for nothing in untold
        ]
        return tuple(
            EtaEstimate(occasion, name, float(theta[k]), float(se[k]), status[k])
            for k, (occasion, name) in enumerate(own)
        )

    def _parameters(self, j: int) -> Mapping[str, float]:
        at = self._segment[j]
        return {
            name: float(self._values[name][0, at]) / UNITS[name][number.unit]
            for name, number in self.card.theta.items()
        }

    def _worst(self, rows: NonmemSubject, prepared: Prepared, j: int) -> WorstFit | None:
        seen = prepared.subject.observations
        number = seen.kind == Kind.QUANTIFIED
        f = self.modes.concentration[self._first[j] + seen.column]
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.card.residual.on_log_scale:
                off = np.log(seen.value) - np.log(f)
            else:
                off = seen.value - f
            size = np.where(number, off / self.card.residual.sd(f), np.nan)
        if not np.isfinite(size).any():
            return None
        k = int(np.nanargmax(np.where(np.isfinite(size), np.abs(size), np.nan)))
        return WorstFit(float(size[k]), int(rows.line[prepared.used][k]))


def _remarks(person: PersonEstimate) -> tuple[str, ...]:
    found = []
    if person.readings and person.limits == person.readings:
        found.append(
            "Every level is beyond a limit: the fit rests on the limits and on the population."
        )
    if person.worst is not None and abs(person.worst.iwres) > _misfit():
        found.append(
            f"The level in line {person.worst.line} is {abs(person.worst.iwres):.1f} standard "
            "deviations of the residual error from the fit: the levels contradict each other or "
            "the model. Check dose and sampling times, unit and identity of that sample."
        )
    return tuple(found)
