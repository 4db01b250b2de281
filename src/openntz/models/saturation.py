"""Saturation of alpha-4 integrin by concentration, as cards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from openntz.models.number import Number, Sources, Strict, read_card

Array = NDArray[np.float64]


class SaturationFile(Strict):
    """A saturation card as written."""

    id: str = Field(min_length=1)
    title: str = Field(min_length=1)
    source: Sources
    gaps: tuple[str, ...]
    e0: Number
    emax: Number
    ec50: Number
    hill: Number
    ec50_cv: Number

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        units = {"e0": "1", "emax": "1", "ec50": "ug/mL", "hill": "1", "ec50_cv": "%"}
        for name, unit in units.items():
            number: Number = getattr(self, name)
            if number.unit != unit:
                raise ValueError(f"{name} is in {number.unit!r}, not {unit!r}")
            if number.value < 0:
                raise ValueError(f"{name} is negative")
        if self.ec50.value == 0 or self.hill.value == 0:
            raise ValueError("ec50 and hill are positive")
        if self.e0.value + self.emax.value > 1:
            raise ValueError("e0 and emax together exceed full saturation")
        return self


@dataclass(frozen=True, slots=True)
class SaturationCard:
    """A sigmoid Emax curve without delay; ``ec50_sd`` is the spread of ln EC50 between people."""

    file: SaturationFile
    hash: str
    ec50_sd: float

    @property
    def id(self) -> str:
        """The card's identifier."""
        return self.file.id

    @property
    def title(self) -> str:
        """The card's name for a reader."""
        return self.file.title

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is not known or was assumed, in sentences."""
        return self.file.gaps

    def saturation(self, concentration_ug_per_ml: ArrayLike, ec50_eta: ArrayLike = 0.0) -> Array:
        """Fraction bound (0-1) at the given concentrations; ``ec50_eta`` broadcasts to them."""
        f = self.file
        level = np.maximum(np.asarray(concentration_ug_per_ml, float), 0.0)
        ratio = level * (np.exp(-np.asarray(ec50_eta, float)) / f.ec50.value)
        power = ratio if f.hill.value == 1 else ratio**f.hill.value
        return f.e0.value + f.emax.value * power / (1 + power)


@lru_cache(maxsize=16)
def load_saturation(name: str | Path) -> SaturationCard:
    """A shipped saturation card by id, or a card file by path.

    Raises
    ------
    ModelError
        When there is no such card or an entry is wrong; the message names file and key.
    """
    file, digest = read_card(name, SaturationFile)
    sd = float(np.sqrt(np.log1p((file.ec50_cv.value / 100) ** 2)))
    return SaturationCard(file=file, hash=digest, ec50_sd=sd)
