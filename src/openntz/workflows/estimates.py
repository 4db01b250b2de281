"""What `openntz estimate` found: per person, and of all people together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.models.card import Card
from openntz.records.nonmem_data import NonmemData, NonmemSubject
from openntz.records.problems import Problem

Array = NDArray[np.float64]

PersonStatus = Literal["ok", "prior only", "not converged", "failed", "not computed"]
EtaStatus = Literal["ok", "prior", "prior only", "not converged", "failed", "not computed"]
SET_ASIDE: Final = "set aside"
_NOT_USED: Final = ("file", "row", "cell")
# Values of these people are a fit of their data, or openly the population's.
USABLE: Final = ("ok", "prior only")


class EtaEstimate(Struct, frozen=True):
    """One random effect of one person, in the units of the card.

    ``occasion`` is the code of the data, None for an effect between people. ``status`` is that
    of the person, or 'prior' where the data tell nothing about this effect.
    """

    occasion: int | None
    parameter: str
    eta: float
    se: float
    status: EtaStatus


class WorstFit(Struct, frozen=True):
    """The level farthest from its individual prediction, in SDs of the residual error."""

    iwres: float
    line: int


class PersonEstimate(Struct, frozen=True, eq=False, kw_only=True):
    """One person: etas, NONMEM's objective, predictions by row of the file.

    ``covariance`` is NONMEM's ETC in the order of ``etas``. ``pred`` and ``ipred`` (n,) are in
    the unit of the data, NaN where there is no solution; ``status`` is not 'ok' for a ``reason``.
    ``parameters`` are those of the last record, by symbol, in the units of the card's theta.
    ``problems`` say which lines are at fault where nothing was computed, or which levels were
    not used; ``notes`` what was assumed; ``readings`` and ``limits`` count the levels used and
    those known by a limit only.
    """

    rows: NonmemSubject
    status: PersonStatus
    reason: str = ""
    problems: tuple[Problem, ...] = ()
    objective: float = np.nan
    etas: tuple[EtaEstimate, ...] = ()
    covariance: Array
    pred: Array
    ipred: Array
    parameters: Mapping[str, float]
    readings: int
    limits: int
    worst: WorstFit | None = None
    notes: tuple[str, ...] = ()


class Estimates(Struct, frozen=True, eq=False):
    """All people of a file, in its order, with the card and the data they came from."""

    card: Card
    data: NonmemData
    people: tuple[PersonEstimate, ...]

    @property
    def statuses(self) -> Mapping[str, int]:
        """Number of people by status, those set aside by the reader included."""
        found = Counter[str](person.status for person in self.people)
        if self.data.set_aside:
            found[SET_ASIDE] = len(self.data.set_aside)
        return found

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every row, cell and person that is not used, in file order."""
        cells = (note for note in self.data.notes if note.kind in _NOT_USED)
        refused = (problem for person in self.people for problem in person.problems)
        return tuple(sorted((*self.data.rejected, *cells, *refused), key=lambda p: p.line))

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What is used under an assumption, and comments passed over, in file order."""
        return tuple(note for note in self.data.notes if note.kind not in _NOT_USED)

    @property
    def clean(self) -> bool:
        """Whether every row was used and everybody estimated."""
        return not self.problems and all(s in USABLE for s in self.statuses)

    def shrinkage(self) -> Mapping[str, float | None]:
        """1 - SD(eta) / omega by effect, over the people with levels whose fit is ok.

        None with fewer than two such people. (Savic and Karlsson's eta shrinkage.)
        """
        etas = [
            [eta.eta for eta in person.etas if eta.occasion is None]
            for person in self.people
            if person.status == "ok"
        ]
        names = self.card.eta_names
        if len(etas) < 2:
            return dict.fromkeys(names)
        published = np.sqrt(np.diag(self.card.omega)) * self.card.eta_scale
        spread = np.std(np.array(etas), axis=0, ddof=1)
        return {n: float(1.0 - s / w) for n, s, w in zip(names, spread, published, strict=True)}
