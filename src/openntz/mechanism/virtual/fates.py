"""What becomes of people under one regimen: every state, day by day."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.mechanism.virtual.activity import Drive, Lesions, drive, lesions
from openntz.mechanism.virtual.antibodies import (
    Response,
    free_drug,
    responses,
    titre_ng_per_ml,
)
from openntz.mechanism.virtual.blockade import open_share, saturation
from openntz.mechanism.virtual.blood import counts, held_back
from openntz.mechanism.virtual.exposure import Regimen, total_drug
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd
from openntz.mechanism.virtual.reactions import Reactions, reactions
from openntz.mechanism.virtual.relapses import relapse_days

Floats = NDArray[np.float64]


class Fates(Struct, frozen=True, eq=False, dict=True):
    """N people over T days; parts are worked out when first asked for.

    ``day`` (T,) are whole days, ascending by one; day 0 is the first planned dose. Levels on a
    day of a dose are those just before it.

    Raises
    ------
    SolverError
        When the pharmacokinetic model cannot be solved for somebody.
    """

    crowd: Crowd
    parameters: Parameters
    regimen: Regimen
    day: Floats
    activity: float = 1.0
    immunogenicity: float = 1.0

    def column(self, day: float) -> int:
        """Column of a day in every (N, T) table."""
        return round(day - float(self.day[0]))

    @cached_property
    def responses(self) -> list[Response]:
        """Antibody responses."""
        return responses(self.crowd, self.parameters, self.regimen.day, self.immunogenicity)

    @cached_property
    def titre(self) -> Floats:
        """Latent antibodies (N, T) in ng/mL."""
        return titre_ng_per_ml(self.responses, self.crowd.count, self.day)

    @cached_property
    def total(self) -> Floats:
        """Total drug (N, T) in ug/mL."""
        return total_drug(self.crowd, self.parameters, self.regimen, self.responses, self.day)

    @cached_property
    def free(self) -> Floats:
        """Drug not bound by antibodies (N, T) in ug/mL: what an assay of the drug reads."""
        return free_drug(self.total, self.titre, self.parameters)

    @cached_property
    def saturation(self) -> Floats:
        """Saturated fraction (N, T)."""
        return saturation(self.crowd, self.parameters, self.free)

    @cached_property
    def opened(self) -> Floats:
        """Share (N, T) of the usual passage out of the blood."""
        return open_share(self.saturation, self.parameters)

    @cached_property
    def _held(self) -> dict[float, Floats]:
        return {}

    def cells(self, kind: str) -> Floats:
        """True blood counts (N, T) of a kind of cell."""
        return counts(self.crowd, self.parameters, kind, self._held_back(kind))

    def cells_on(self, kind: str, columns: NDArray[np.intp]) -> Floats:
        """True blood counts (N, k) on the days of k columns."""
        return counts(self.crowd, self.parameters, kind, self._held_back(kind)[:, columns])

    def _held_back(self, kind: str) -> Floats:
        rate = self.parameters[f"blood.{kind}.rate"]
        if rate not in self._held:
            self._held[rate] = held_back(self.parameters, kind, self.opened)
        return self._held[rate]

    @cached_property
    def uniform(self) -> NDArray[np.float32]:
        """The people's uniform numbers (N, T, 8)."""
        return self.crowd.daily(len(self.day))

    @cached_property
    def drive(self) -> Drive:
        """Fresh inflammation and tissue reservoir."""
        return drive(self.crowd, self.parameters, self.opened)

    @cached_property
    def lesions(self) -> Lesions:
        """Lesions by the day they begin."""
        return lesions(self.crowd, self.parameters, self.drive, self.uniform, self.activity)

    @cached_property
    def relapses(self) -> NDArray[np.bool_]:
        """Days (N, T) on which a relapse begins."""
        return relapse_days(self.crowd, self.parameters, self.drive, self.uniform, self.activity)

    @cached_property
    def reactions(self) -> Reactions:
        """Reactions to each dose."""
        column = np.array([self.column(d) for d in self.regimen.day], np.intp)
        titre = self.titre[:, column]
        return reactions(self.crowd, self.parameters, self.regimen, titre, self.uniform[:, column])
