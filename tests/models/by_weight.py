"""Parameters of people for a card whose only covariate is weight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openntz.errors import ModelError
from openntz.models.card import Card


def individual_by_weight(
    card: Card, eta: ArrayLike, weight_kg: ArrayLike, *, clearance_factor: ArrayLike = 1.0
) -> Mapping[str, NDArray[np.float64]]:
    """Parameters (n, k) of etas (n, p); weight and factor (k,) or (n, k), no occasions."""
    etas = np.asarray(eta, float)
    own = card.eta_names
    if etas.ndim != 2 or etas.shape[1] != len(own):
        raise ModelError(
            f"etas of shape {etas.shape}.",
            where=card.id,
            remedy=f"Give (n, {len(own)}): {', '.join(own)}.",
        )
    random = np.zeros((len(etas), 1, len(card.random_names)))
    random[:, 0, [card.random_names.index(name) for name in own]] = etas
    given = {"weight": np.atleast_1d(weight_kg)}
    return card.individual(random, given, factors={"cl": clearance_factor}).values
