"""Antibodies as studies report them: an assay on a grid of visits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.virtual.readouts.arms import Args, Arms, in_any, only

Floats = NDArray[np.float64]


def ever(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether some test was positive."""
    positive, _, _ = arms.positive(scenario, args)
    return only(in_any(positive), arms.among(scenario, args.get("among", "all")))


def persistent(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether two tests six weeks apart were positive."""
    return arms.persistent(scenario, args).astype(float)


def transient(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether some test was positive and no two of them six weeks apart."""
    positive, _, _ = arms.positive(scenario, args)
    return (in_any(positive) & ~arms.persistent(scenario, args)).astype(float)


def persistent_by(arms: Arms, scenario: str, args: Args) -> Floats:
    """Of the persistent, whether the first positive test came by a day."""
    positive, _, day = arms.positive(scenario, args)
    early = in_any(positive[:, day <= args["day"]])
    return only(early, arms.persistent(scenario, args))


def first_by(arms: Arms, scenario: str, args: Args) -> Floats:
    """Of those ever positive, whether the first positive test came by a day."""
    positive, _, day = arms.positive(scenario, args)
    return only(in_any(positive[:, day <= args["day"]]), in_any(positive))


def first_reading(arms: Arms, scenario: str, args: Args) -> Floats:
    """First positive reading (log) and persistence (N, 2)."""
    positive, reading, _ = arms.positive(scenario, args)
    at = positive.argmax(axis=1)
    first = np.log(np.maximum(reading[np.arange(len(at)), at], 1e-300))
    table = np.stack([first, arms.persistent(scenario, args).astype(float)], axis=1)
    return only(table, in_any(positive))
