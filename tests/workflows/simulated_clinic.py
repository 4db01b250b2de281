"""People whose levels come from the model itself, with an assay that can be biased or drift."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.evidence.registry import registry
from openntz.forecast.cohort import SMOOTH
from openntz.forecast.density import Levels, build_problem
from openntz.forecast.history import build_history
from openntz.forecast.posterior import prior_draws
from openntz.workflows.person import Practice
from tests.build import doses_every, measurement, person

FIRST = date(2022, 1, 3)
AS_OF = date(2025, 12, 31)
Factor = Callable[[date], float]


def practice(seed: int = 3, draws: int = 400) -> Practice:
    made = Practice.create(registry=registry(), profile="eu", seed=seed)
    settings = replace(made.models.settings, draws=draws)
    return replace(made, models=replace(made.models, settings=settings))


def clinic(
    n: int,
    *,
    seed: int = 1,
    doses: int = 12,
    levels: tuple[int, ...] = (3, 5, 8, 11),
    factor: Factor = lambda _: 1.0,
    lloq: float | None = None,
    spread_days: int = 300,
) -> list[Course]:
    """``n`` people, treated every 4 weeks, with a trough before some of their doses."""
    generator = np.random.default_rng(seed)
    models = practice().models
    nothing = Levels(np.empty(0), np.empty(0), np.empty(0, np.int64))
    found = []
    for i in range(n):
        start = FIRST + timedelta(days=int(generator.integers(0, spread_days)))
        given = doses_every(start, doses)
        weight = measurement(
            vocabulary.WEIGHT, start, float(np.exp(generator.normal(4.3, 0.2))), unit="kg"
        )
        history = build_history(given, [weight], None, models.settings.assumed)
        problem = build_problem(models.card, history, nothing, models.settings.priors)
        days = [given[j].at for j in levels]
        theta = prior_draws(problem.cohort, 1, generator)
        at = np.array([history.day(d) for d in days])
        true = problem.concentration(theta, at, SMOOTH)[0]
        measured = [weight]
        for j, (day, level) in enumerate(zip(days, true, strict=True)):
            value = level * (1.0 + 0.219 * generator.standard_normal()) * factor(day.date())
            below = lloq is not None and value < lloq
            measured.append(
                measurement(
                    vocabulary.NATALIZUMAB,
                    day.date(),
                    lloq if below else float(value),
                    censor="<" if below else "",
                    assay="ELISA",
                    lloq=lloq,
                    line=10 * i + j + 2,
                )
            )
        found.append(
            Course.create(person(f"S{i:03d}", date(1980, 5, 5)), doses=given, measurements=measured)
        )
    return found
