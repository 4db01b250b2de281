"""Searches for a mode that found no drug where drug was measured, and where to start anew."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.forecast.cohort import Cohort
from openntz.forecast.likelihood import Kind

Array = NDArray[np.float64]

# A level predicted at less than this share of what was measured is no level at all.
_NO_DRUG: Final = 1e-6
NO_WAY: Final = (
    "The model gives no drug at a time when drug was measured, wherever the search started. "
    "Check the times of doses and samples, and the lag."
)
# How far, in prior standard deviations, such searches start anew.
_RESTARTS: Final = (0.7, 2.0, 3.5)


def lost(cohort: Cohort, level: Array) -> NDArray[np.bool_]:
    """People (N,) for whom the model predicts no drug where drug was measured.

    Such a search started where a reading has no slope, before a lagged dose arrives for
    example, and could not feel its way from there. An error that does not vanish with the
    level allows it.
    """
    residual = cohort.card.residual
    if residual.additive > 0.0 and not residual.on_log_scale:
        return np.zeros(len(cohort.subjects), bool)
    numbers = (cohort.kind == Kind.QUANTIFIED) & (cohort.readout == 0)
    none = numbers & (level[cohort.column] < _NO_DRUG * cohort.value)
    return cohort.per_person(none.astype(float)[None])[0] > 0.0


def shifts(cohort: Cohort) -> Array:
    """Other places to start from (k, P): each unknown alone, up and down."""
    steps = np.concatenate([np.diag(cohort.scale) * size for size in _RESTARTS])
    return np.concatenate([steps, -steps])
