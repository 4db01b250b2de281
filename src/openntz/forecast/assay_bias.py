"""Bias between laboratories: levels of one serum differ from assay to assay.

Each named laboratory reads the model's level times a factor of its own, log-normal around one.
With one laboratory alone that cannot be told from clearance; it is estimated from two on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.course.events import Measurement
from openntz.forecast.cohort import BIAS
from openntz.forecast.density import Levels
from openntz.forecast.result import LevelVerdict

Array = NDArray[np.float64]

SHOWN = "assay bias of laboratory"


def named(
    levels: Levels,
    verdicts: Sequence[LevelVerdict],
    measured: Sequence[Measurement],
    from_laboratories: int,
) -> Levels:
    """Levels with their laboratories, where at least so many are named; else as they are.

    ``measured`` are the levels the verdicts are on, of which the fitted ones are ``levels``.
    """
    names = tuple(
        m.assay.laboratory if m.assay is not None else ""
        for v, m in zip(verdicts, measured, strict=True)
        if v.use == "fitted"
    )
    if len(names) != levels.count or len(set(names) - {""}) < from_laboratories:
        return levels
    return replace(levels, laboratory=names)


def factors(levels: Levels, names: Sequence[str], theta: Array) -> Array:
    """What each reading's laboratory multiplies the level by, (n, m), for unknowns (n, p)."""
    found = np.ones((len(theta), levels.count))
    for column, laboratory in enumerate(levels.laboratory):
        if laboratory:
            found[:, column] = np.exp(theta[:, list(names).index(f"{BIAS} {laboratory}")])
    return found


def in_words(parameters: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Parameters with each log bias as a factor: its mean and standard deviation."""
    found = {}
    for name, (mean, sd) in parameters.items():
        if name.startswith(BIAS):
            factor = float(np.exp(mean + sd * sd / 2))
            laboratory = name.removeprefix(f"{BIAS} ")
            found[f"{SHOWN} {laboratory}"] = (factor, float(factor * np.sqrt(np.expm1(sd * sd))))
        else:
            found[name] = (mean, sd)
    return found


def told(levels: Levels) -> tuple[str, ...]:
    """A note where bias is estimated."""
    names = sorted({name for name in levels.laboratory if name})
    if not names:
        return ()
    return (
        f"A bias of its own is estimated for each laboratory ({', '.join(names)}): levels of one "
        "sample differ between assays. The forecast is on the model's scale, between theirs.",
    )
