"""What estimation assumes beyond a model card: other readings, and priors no card gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from openntz.models.residual import Residual

Array = NDArray[np.float64]


class Readout(Protocol):
    """Something read off the concentration other than the drug level itself."""

    @property
    def residual(self) -> Residual:
        """Error of a reading around its prediction."""
        ...

    def of(self, concentration: Array) -> tuple[Array, Array]:
        """Prediction of the reading and its derivative by the concentration (ug/mL)."""
        ...


class Priors(Struct, frozen=True):
    """What is assumed of the unknowns that no card covers.

    ``antibody_factor`` is typical, ``antibody_log_sd`` its uncertainty; ``assay_log_sd`` that
    of a laboratory's bias; ``flatten`` multiplies the whole prior covariance (1: as published);
    ``covariates`` gives median and SD of the logarithm where they differ from the card's.
    """

    antibody_factor: float = 1.0
    antibody_log_sd: float = 1.0
    assay_log_sd: float = 1.0
    flatten: float = 1.0
    covariates: Mapping[str, tuple[float, float]] = field(default_factory=dict)
