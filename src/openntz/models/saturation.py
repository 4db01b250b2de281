"""Alpha4-integrin saturation from the drug's concentration: published relations as data.

saturation = e0 + emax C^h / (EC50^h + C^h)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.errors import ModelError
from openntz.models.numbers import Quantity, in_solver_unit, quantity, sources_of
from openntz.models.reading import SHORT_HASH, parse, read_card_file
from openntz.models.schema import SaturationFormat


class SaturationCard(Struct, frozen=True):
    """One relation of saturation and concentration.

    ``e0`` and ``emax`` are fractions, ``ec50`` in ug/mL. ``ec50_sd`` is the standard deviation
    of the logarithm of EC50 between people, 0 where the source says nothing about it.
    """

    id: str
    title: str
    drug: str
    sources: tuple[str, ...]
    hash: str
    gaps: tuple[str, ...]
    theta: Mapping[str, Quantity]
    e0: float
    emax: float
    ec50: float
    hill: float
    ec50_sd: float

    @property
    def short_hash(self) -> str:
        """The first twelve characters of ``hash``."""
        return self.hash[:SHORT_HASH]

    def saturation(
        self, concentration_ug_per_ml: ArrayLike, ec50_eta: ArrayLike = 0.0
    ) -> NDArray[np.float64]:
        """Saturated fraction (0-1) at concentrations of any shape.

        ``ec50_eta`` is a person's deviation of ln EC50; it broadcasts against the
        concentration.

        Raises
        ------
        ModelError
            When a concentration is negative or not a number.
        """
        level = np.asarray(concentration_ug_per_ml, float)
        if not (level >= 0.0).all():
            raise ModelError(
                "a concentration is negative or not a number.",
                where=self.id,
                remedy="Give concentrations of 0 or more in ug/mL.",
            )
        half = self.ec50 * np.exp(np.asarray(ec50_eta, float))
        # 1 / (1 + (EC50/C)^h) neither overflows nor divides zero by zero; C = 0 gives 0.
        with np.errstate(divide="ignore", over="ignore"):
            return self.e0 + self.emax / (1.0 + (half / level) ** self.hill)


def load_saturation(id_or_path: str | Path) -> SaturationCard:
    """A shipped saturation card by id, or any by the path of its file.

    Raises
    ------
    ModelError
        Naming file, key and remedy, when the card cannot be used as written.
    """
    file = read_card_file(id_or_path)
    raw = parse(file, SaturationFormat)
    spread = raw.omega.get("ec50")
    return SaturationCard(
        id=raw.id,
        title=raw.title,
        drug=raw.drug,
        sources=sources_of(raw.source),
        hash=file.hash,
        gaps=tuple(raw.gaps),
        theta=MappingProxyType({n: quantity(n, number) for n, number in raw.theta.items()}),
        e0=in_solver_unit(raw.theta["e0"], "e0"),
        emax=in_solver_unit(raw.theta["emax"], "emax"),
        ec50=in_solver_unit(raw.theta["ec50"], "ec50"),
        hill=in_solver_unit(raw.theta["hill"], "hill"),
        # omega^2 = ln(1 + CV^2) of a log-normal parameter.
        ec50_sd=float(np.sqrt(np.log1p(in_solver_unit(spread, "cv") ** 2))) if spread else 0.0,
    )
