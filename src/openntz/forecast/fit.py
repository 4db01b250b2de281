"""The draws a forecast rests on, in parts that each have a problem of their own.

Somebody whose clearance may have been raised by antibodies is forecast by a mixture over when
it was. Further questions, such as another future, are asked of every part with its own course
of antibodies, so that their answers mix as the forecast does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.forecast.cohort import ANTIBODY
from openntz.forecast.density import Problem, build_problem
from openntz.forecast.onset import Mixed
from openntz.forecast.onset_candidates import cut

Array = NDArray[np.float64]


class Part(Struct, frozen=True, eq=False):
    """Draws (n, p) of the unknowns of one problem."""

    problem: Problem
    theta: Array


class Fit(Struct, frozen=True, eq=False):
    """The draws of a forecast: parts, and levels (n, T) on the days solved (T,).

    The rows of ``concentration`` are those of the parts one after another; ``problem`` is the
    person as recorded, whose history all parts share but for antibodies.
    """

    problem: Problem
    parts: tuple[Part, ...]
    day: Array
    concentration: Array

    def ask(self, question: Callable[[Problem, Array], Array]) -> Array:
        """A question's answers (n, ...) to all draws, each part asked with its own problem."""
        return np.concatenate([question(part.problem, part.theta) for part in self.parts])


def parts_of(mixed: Mixed, problem: Problem) -> tuple[Part, ...]:
    """The draws of a mixture, split by the course of antibodies each came from."""
    parts = []
    for j in np.unique(mixed.origin):
        own = mixed.origin == j
        history, _ = cut(problem.history, mixed.weighed.candidates[j])
        variant = build_problem(
            problem.card, history, problem.levels, problem.priors, readouts=problem.readouts
        )
        drawn = dict(zip(mixed.names, mixed.posterior.theta[own].T, strict=True))
        if ANTIBODY in variant.names:
            drawn[ANTIBODY] = np.log(mixed.factor[own] / problem.priors.antibody_factor)
        parts.append(Part(variant, np.stack([drawn[name] for name in variant.names], axis=1)))
    return tuple(parts)
