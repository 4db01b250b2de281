"""Measured receptor saturation as a reading of the concentration."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.models.residual import Residual
from openntz.models.saturation import SaturationCard

Array = NDArray[np.float64]


class MeasuredSaturation(Struct, frozen=True):
    """Saturation (fraction) read off the level, with an additive error of SD ``error``.

    Everybody has the card's relation: what a person's own EC50 would add is not estimated.
    """

    card: SaturationCard
    error: float

    @property
    def residual(self) -> Residual:
        """Additive error of the fraction."""
        return Residual("additive", 0.0, self.error)

    def of(self, concentration: Array) -> tuple[Array, Array]:
        """Saturated fraction and its derivative by the level (per ug/mL)."""
        card = self.card
        level = np.maximum(concentration, np.finfo(float).tiny)
        with np.errstate(over="ignore"):
            ratio = (card.ec50 / level) ** card.hill
            share = 1.0 / (1.0 + ratio)
            # ratio / (1 + ratio)^2 without overflow where the level is nearly nothing.
            slope = card.emax * card.hill / level * share * (1.0 - share)
        return card.e0 + card.emax * share, np.where(np.isfinite(slope), slope, 0.0)
