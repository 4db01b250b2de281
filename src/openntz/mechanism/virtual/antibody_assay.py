"""What a laboratory reports of a latent antibody titre, and what studies call persistent.

A bridging assay loses antibodies that hold drug: its reading falls to A / (1 + C/Ci) at a drug
level C (Ci: the level that halves it). A drug-tolerant assay reads A. Readings vary
log-normally; a result is positive at or above the cut-off. Simplifies: interference does not
depend on affinity, and there are no false positives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.mechanism.virtual.parameters import Parameters

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Two positive results at least this far apart are persistent: AFFIRM's six weeks.
PERSISTENT_APART_DAY: Final = 42.0


class AntibodyAssay(Struct, frozen=True):
    """Name, cut-off (ng/mL of 12C4) and whether drug in the sample hides antibodies."""

    name: str
    cutoff_ng_per_ml: float
    drug_tolerant: bool

    def reading(
        self, titre: ArrayLike, drug_ug_per_ml: ArrayLike, error: ArrayLike, p: Parameters
    ) -> Floats:
        """Reported titre in ng/mL; ``error`` is a standard normal number a sample."""
        a = np.asarray(titre, float)
        if not self.drug_tolerant:
            a = a / (1.0 + np.asarray(drug_ug_per_ml, float) / p["antibodies.interference"])
        return a * np.exp(p["antibodies.assay.log-sd"] * np.asarray(error, float))

    def positive(self, reading: ArrayLike) -> Bools:
        """Whether readings reach the cut-off."""
        return np.asarray(reading, float) >= self.cutoff_ng_per_ml


ASSAYS: Final[Mapping[str, AntibodyAssay]] = MappingProxyType(
    {
        "elisa_500": AntibodyAssay("bridging ELISA, cut-off 500 ng/mL", 500.0, False),
        "ria_100": AntibodyAssay("radioimmunoassay, cut-off 100 ng/mL", 100.0, True),
        "ecl_4": AntibodyAssay("drug-tolerant ECL, cut-off 4 ng/mL", 4.0, True),
    }
)


def persistent(positive: Bools, day: ArrayLike) -> Bools:
    """Who (N,) has two positive results (N, V) six weeks apart or more, on visit days (V,)."""
    days = np.asarray(day, float)
    first = np.where(positive, days, np.inf).min(axis=1, initial=np.inf)
    last = np.where(positive, days, -np.inf).max(axis=1, initial=-np.inf)
    return last - first >= PERSISTENT_APART_DAY
