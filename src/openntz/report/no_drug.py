"""What the saturation cards read without any drug, so that a remainder is not taken for effect."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from msgspec import Struct

from openntz.errors import ModelError
from openntz.models.saturation import load_saturation
from openntz.report import words


class NoDrug(Struct, frozen=True):
    """Saturation without drug as fractions: the pooled middle, the highest card, its title."""

    pooled: float
    highest: float
    title: str

    @property
    def span(self) -> str:
        """'9 to 18 %'."""
        return words.percent_range(self.pooled, self.highest)

    @property
    def sentence(self) -> str:
        """Why a low saturation may mean that no drug is left."""
        return (
            f"Without any drug one card still reads {100 * self.highest:.3g} % ({self.title}), "
            f"so a pooled median of about {self.span} means no drug."
        )


@lru_cache
def no_drug(cards: tuple[str, ...]) -> NoDrug | None:
    """What cards, by id, read at zero concentration; None when none reads more than nothing.

    A card that is not shipped is left out: nothing is known here about its background.
    """
    found = []
    for name in cards:
        try:
            found.append(load_saturation(name))
        except ModelError:
            continue
    highest = max(found, key=lambda c: c.e0, default=None)
    if highest is None or highest.e0 == 0.0:
        return None
    return NoDrug(float(np.median([c.e0 for c in found])), highest.e0, highest.title)
