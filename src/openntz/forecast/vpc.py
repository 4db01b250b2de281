"""Prediction-corrected visual predictive check: are levels as high and as spread as simulated?

Each level, measured or simulated, is multiplied by the typical prediction of its bin over its
own typical prediction (Bergstrand 2011), so that people on other doses, weights and intervals
can stand in one picture.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.forecast.likelihood import Kind

Array = NDArray[np.float64]


class VpcData(Struct, frozen=True, eq=False):
    """Levels to check; arrays of shape (r,), simulated readings of shape (n, r).

    ``day`` counts from the last dose; ``value`` is a number or a limit, by ``kind``; ``lloq`` is
    the assay's limit of quantification, 0 where none is known; ``typical`` the prediction for a
    person without deviations.
    """

    day: Array
    value: Array
    kind: NDArray[np.int64]
    lloq: Array
    typical: Array
    simulated: Array


class VpcBin(Struct, frozen=True):
    """One bin: measured percentiles, and the range of each over the simulated studies.

    Percentiles are in ug/mL; None stands for 'below the limit of quantification'. ``simulated``
    holds low end, middle and high end per percentile.
    """

    first_day: float
    last_day: float
    middle_day: float
    count: int
    measured: tuple[float | None, ...]
    simulated: tuple[tuple[float, float, float], ...]


def bin_edges(day: Array, bins: int, least: int) -> Array:
    """Edges of bins with about the same number of days in each, at least ``least``.

    Levels of the same whole day are never parted.
    """
    day = np.round(day)
    wanted = max(1, min(bins, len(day) // max(least, 1)))
    inner = np.quantile(day, np.linspace(0.0, 1.0, wanted + 1)[1:-1], method="inverted_cdf")
    return np.unique(np.concatenate([[day.min()], inner[inner > day.min()], [np.inf]]))


def _percentile(values: Array, share: float) -> Array:
    """Percentile over the last axis: a value that occurs, as limits have no middle."""
    return np.quantile(values, share, axis=-1, method="inverted_cdf")


def check(
    data: VpcData,
    percentiles: tuple[float, ...],
    *,
    bins: int,
    least: int,
    confidence: float,
) -> tuple[VpcBin, ...]:
    """The bins in order of days after the last dose; none without levels.

    Results below a limit take part as the lowest of all, in the measurements and, under the
    same limits, in the simulations.
    """
    if not len(data.day):
        return ()
    edges = bin_edges(data.day, bins, least)
    which = np.searchsorted(edges, np.round(data.day), side="right") - 1
    limit = np.where(data.kind == Kind.BELOW, np.maximum(data.lloq, data.value), data.lloq)
    measured = np.where(data.kind == Kind.BELOW, 0.0, data.value)
    simulated = np.where(data.simulated < limit, 0.0, data.simulated)
    tail = (1.0 - confidence) / 2.0
    found = []
    for b in np.unique(which):
        own = which == b
        correction = np.median(data.typical[own]) / data.typical[own]
        seen = measured[own] * correction
        replicates = simulated[:, own] * correction
        bands = []
        for share in percentiles:
            spread = _percentile(replicates, share)
            low, high = np.quantile(spread, [tail, 1.0 - tail])
            bands.append((float(low), float(np.median(spread)), float(high)))
        values = [float(_percentile(seen, share)) for share in percentiles]
        day = data.day[own]
        found.append(
            VpcBin(
                first_day=float(day.min()),
                last_day=float(day.max()),
                middle_day=float(np.median(day)),
                count=int(own.sum()),
                measured=tuple(v if v > 0.0 else None for v in values),
                simulated=tuple(bands),
            )
        )
    return tuple(found)
