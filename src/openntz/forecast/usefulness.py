"""What the levels say of the person at all, beyond what is known of everybody."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openntz.forecast.density import Problem
from openntz.forecast.likelihood import Kind
from openntz.forecast.map_estimate import Modes

Array = NDArray[np.float64]


def share_learnt(problem: Problem, modes: Modes) -> float:
    """How much the readings add to the prior: largest of information and shift.

    Information: the largest eigenvalue of what the readings add to the prior's precision, in
    units of the prior. Shift: the longest way of the mode from the prior mean, in prior
    standard deviations. Both are 0 where the readings say nothing.
    """
    root = np.linalg.cholesky(problem.prior_covariance)
    added = root.T @ modes.information[0] @ root - np.eye(problem.size)
    shift = np.linalg.solve(root, modes.theta[0])
    return float(max(np.linalg.eigvalsh(added).max(), np.linalg.norm(shift)))


def bounded(problem: Problem) -> tuple[str, ...]:
    """A note where every level is a limit and none a number."""
    levels = problem.levels
    own = np.array(levels.readout or (0,) * levels.count, np.int64) == 0
    count = int(own.sum())
    if not count or (levels.kind[own] == Kind.QUANTIFIED).any():
        return ()
    many = (
        "The only level is a limit, not a number: it bounds"
        if count == 1
        else f"All {count} levels are limits, not numbers: they bound"
    )
    return (f"{many} the level and the population fills in the rest.",)


def uninformative(problem: Problem) -> str:
    """Why the numbers are the population's although there are levels."""
    count = problem.levels.count
    many = "The level says" if count == 1 else f"The {count} levels say"
    return (
        f"{many} next to nothing about this person, because of when they were drawn or because "
        "they are limits: the population for this weight, not a measurement. Take a trough."
    )
