"""`openntz estimate`: every person of a NONMEM-style file under one model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.errors import OpenNTZError
from openntz.forecast.cohort import EXACT, Cohort
from openntz.forecast.likelihood import Kind
from openntz.forecast.map_estimate import Modes, find_modes, objective
from openntz.models.card import Card, load_card
from openntz.records.nonmem import read_nonmem
from openntz.records.nonmem_data import NonmemData, NonmemSubject
from openntz.workflows.nonmem_subject import Prepared, prepare

Array = NDArray[np.float64]

# People solved together: enough to fill the machine, few enough to keep tables small.
_TOGETHER: Final = 500
_TOLERANCE: Final = 1e-8


@dataclass(frozen=True, slots=True)
class EtaEstimate:
    """One random effect of one person, in the units of the card."""

    occasion: int | None
    parameter: str
    eta: float
    se: float
    status: str


@dataclass(frozen=True, slots=True, eq=False)
class PersonEstimate:
    """One person: etas, NONMEM's objective, predictions by row of the file.

    ``covariance`` is NONMEM's ETC in the order of ``etas``. ``pred`` and ``ipred`` (n,) are in
    the unit of the data, NaN where there is no solution; ``status`` is not 'ok' for a reason.
    """

    rows: NonmemSubject
    status: str
    reason: str
    objective: float
    etas: tuple[EtaEstimate, ...]
    covariance: Array
    pred: Array
    ipred: Array


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """All people of a file, in its order, with the card and the data they came from."""

    card: Card
    data: NonmemData
    people: tuple[PersonEstimate, ...]


def estimate(card_id: str | Path, data_path: Path, *, threads: int = 1) -> Estimates:
    """Etas, objectives and predictions of all people of a file.

    Raises
    ------
    OpenNTZError
        When card or file cannot be used at all. A person who cannot be estimated has a status.
    """
    card = load_card(card_id)
    data = read_nonmem(data_path)
    return Estimates(card, data, estimate_people(card, data.subjects, threads=threads))


def estimate_people(
    card: Card, subjects: Sequence[NonmemSubject], *, threads: int = 1
) -> tuple[PersonEstimate, ...]:
    """Estimates in the order of ``subjects``."""
    found: dict[int, PersonEstimate] = {}
    ready: dict[int, list[tuple[int, Prepared]]] = {}
    for i, rows in enumerate(subjects):
        try:
            prepared = prepare(rows, card)
        except OpenNTZError as error:
            found[i] = _refused(rows, str(error))
            continue
        # People with equally many occasions share a list of unknowns.
        count = len(prepared.occasions) if card.kappa_names else 1
        ready.setdefault(count, []).append((i, prepared))
    for members in ready.values():
        for first in range(0, len(members), _TOGETHER):
            batch = members[first : first + _TOGETHER]
            cohort = Cohort(card, [p.subject for _, p in batch])
            modes = find_modes(cohort, accuracy=EXACT, tolerance=_TOLERANCE, threads=threads)
            typical = cohort.predict(
                np.zeros((1, len(batch), cohort.size)), EXACT, threads=threads
            ).concentration[0]
            for j, (i, prepared) in enumerate(batch):
                found[i] = _person(subjects[i], prepared, cohort, modes, typical, j)
    return tuple(found[i] for i in range(len(subjects)))


def _refused(rows: NonmemSubject, reason: str) -> PersonEstimate:
    none = np.full(len(rows.time), np.nan)
    return PersonEstimate(rows, "not computed", reason, np.nan, (), np.empty((0, 0)), none, none)


def _person(
    rows: NonmemSubject, prepared: Prepared, cohort: Cohort, modes: Modes, typical: Array, j: int
) -> PersonEstimate:
    card = cohort.card
    first = cohort.plan.times[int(np.searchsorted(cohort.person_of_span, j))]
    at = first + prepared.column
    failed = modes.status[j] == "failed"
    units = card.data_units
    factor = units.mg_per_l_per_concentration

    def shown(level: Array) -> Array:
        found = level[at] / factor
        if units.levels == "ln":
            with np.errstate(divide="ignore"):
                found = np.where(found > 0.0, np.log(np.maximum(found, 0.0)), np.nan)
        return found

    scale = _scale(card, cohort)
    covariance = np.linalg.inv(modes.information[j]) * np.outer(scale, scale)
    value = float(objective(cohort, modes)[j])
    own = prepared.subject.observations
    numbers = int((own.kind == Kind.QUANTIFIED).sum())
    if not card.residual.on_log_scale:
        # The density of a level in the unit of the data, not in mg/L.
        value -= 2.0 * numbers * float(np.log(factor))
    return PersonEstimate(
        rows=rows,
        status=modes.status[j],
        reason=modes.reason[j],
        objective=np.nan if failed else value,
        etas=() if failed else _etas(card, cohort, prepared, modes, scale, covariance, j),
        covariance=covariance,
        pred=shown(typical),
        ipred=shown(modes.concentration) if not failed else np.full(len(at), np.nan),
    )


def _scale(card: Card, cohort: Cohort) -> Array:
    """Published effect = internal one x this, for every unknown (P,)."""
    scale = np.ones(cohort.size)
    p, q = len(card.eta_names), len(card.kappa_names)
    scale[:p] = card.eta_scale
    for i in range(cohort.occasions):
        scale[p + i * q : p + (i + 1) * q] = card.kappa_scale
    return scale


def _etas(
    card: Card,
    cohort: Cohort,
    prepared: Prepared,
    modes: Modes,
    scale: Array,
    covariance: Array,
    j: int,
) -> tuple[EtaEstimate, ...]:
    p, q = len(card.eta_names), len(card.kappa_names)
    value = modes.theta[j] * scale
    se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    places: list[tuple[int | None, str]] = [(None, name) for name in card.eta_names]
    for i in range(cohort.occasions):
        places += [(prepared.occasions[i], name) for name in card.kappa_names]
    found = [
        EtaEstimate(occasion, name, float(value[k]), float(se[k]), modes.status[j])
        for k, (occasion, name) in enumerate(places)
    ]
    return tuple(found[: p + q * cohort.occasions])
