"""Forecast one person: history, levels, posterior, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.course import vocabulary
from openntz.errors import SolverError
from openntz.forecast import assay_bias, contradicted, options, readouts, usefulness
from openntz.forecast.change import Suspicion
from openntz.forecast.cohort import SPREAD
from openntz.forecast.density import ANTIBODY, WEIGHT, Problem, build_problem
from openntz.forecast.domain import domain_check
from openntz.forecast.explain import with_causes
from openntz.forecast.fit import Fit, Part, parts_of
from openntz.forecast.grid import grid_of
from openntz.forecast.history import (
    History,
    build_history,
    weights_of,
)
from openntz.forecast.map_estimate import Modes, find_modes
from openntz.forecast.outlook import outlook_of
from openntz.forecast.posterior import Posterior, prior_draws, sample
from openntz.forecast.predict import (
    curve,
    level_and_saturation,
    time_below,
)
from openntz.forecast.reconsider import Asked, Reconsidered, reconsider
from openntz.forecast.request import (
    ForecastModels,
    ForecastRequest,
    moments_of,
    person_generator,
)
from openntz.forecast.result import LevelVerdict, PersonForecast, Quantiles
from openntz.forecast.settings import Settings
from openntz.forecast.triage import (
    against_expectation,
    against_fit,
    as_limit,
    by_timing,
    contradiction,
    fitted_levels,
)

Array = NDArray[np.float64]

_PRIOR_ONLY: Final = "No usable level: the population for this weight, not a measurement."


def _judge_levels(
    request: ForecastRequest,
    models: ForecastModels,
    history: History,
    generator: np.random.Generator,
) -> tuple[tuple[LevelVerdict, ...], Problem, Array | None]:
    """Verdicts on every level up to the as-of date, and the problem with those that fit.

    The last is the likeliest (p,) of the draws that the levels were held against: the search
    for the mode begins close to it.
    """
    settings = models.settings
    measured = request.course.results(vocabulary.NATALIZUMAB)
    verdicts = [by_timing(m, history, settings.not_a_trough_hours) for m in measured]
    limits = [as_limit(m) for m in measured]

    def problem() -> Problem:
        levels = fitted_levels(verdicts, limits, history)
        levels = assay_bias.named(levels, verdicts, measured, settings.assay_bias_from)
        levels, others = readouts.with_readouts(
            levels, settings.readouts, request.course, history, models.saturation, settings.readout
        )
        return build_problem(models.card, history, levels, settings.priors, readouts=others)

    first = problem()
    likeliest = None
    if first.levels.count:
        theta = prior_draws(first.cohort, settings.triage_draws, generator)
        solved = first.concentration(theta, first.levels.time_day, SPREAD, threads=request.threads)
        density = first.log_prior(theta) + first.log_likelihood(theta, solved)
        likeliest = theta[np.argmax(density)]
        expected = solved * assay_bias.factors(first.levels, first.names, theta)
        column = 0
        for i, (verdict, limit) in enumerate(zip(verdicts, limits, strict=True)):
            if verdict.use == "fitted" and limit is not None:
                verdicts[i] = against_expectation(
                    verdict,
                    limit,
                    expected[:, column],
                    models.card.residual,
                    low=settings.unusual_low,
                    high=settings.unusual_high,
                    impossible_factor=settings.impossible_factor,
                )
                column += 1
    final = problem()
    # Without a level that cannot be, it is a start no longer where an unknown is gone with it.
    return tuple(verdicts), final, likeliest if final.names == first.names else None


def _solve(
    problem: Problem,
    days: Array,
    request: ForecastRequest,
    settings: Settings,
    generator: np.random.Generator,
    start: Array | None,
) -> tuple[Posterior, Modes, tuple[str, ...]]:
    modes = find_modes(problem.cohort, start=None if start is None else start[None])
    drawn = sample(
        problem,
        days,
        settings.draws,
        generator,
        pareto_k_limit=settings.pareto_k_limit,
        modes=modes,
        threads=request.threads,
    )
    notes = []
    if modes.status[0] == "not converged":
        notes.append(
            "The search for the best fit stopped early; the interval rests on weighted draws "
            "around its last point."
        )
    if drawn.method == "markov chain":
        notes.append(
            f"The levels leave a posterior that weighted draws do not cover (Pareto k "
            f"{drawn.pareto_k:.2f}); it was explored by Markov chains instead."
        )
    if drawn.r_hat is not None and drawn.r_hat > settings.r_hat_limit:
        notes.append(
            f"The interval is not reliable (R-hat {drawn.r_hat:.2f}, limit "
            f"{settings.r_hat_limit:g}): the Markov chains do not agree. Check the levels, and "
            "repeat one before relying on this forecast."
        )
    return drawn, modes, tuple(notes)


def _parameters(
    posterior: Posterior, problem: Problem, settings: Settings
) -> Mapping[str, tuple[float, float]]:
    """Posterior mean and standard deviation per unknown, and the clearance factor in words."""
    found = {
        name: (float(posterior.theta[:, i].mean()), float(posterior.theta[:, i].std()))
        for i, name in enumerate(problem.names)
        if name not in {ANTIBODY, WEIGHT}
    }
    if ANTIBODY in problem.names:
        factor = settings.antibody_factor * np.exp(
            posterior.theta[:, problem.names.index(ANTIBODY)]
        )
        found["antibody clearance factor"] = (float(factor.mean()), float(factor.std()))
    return MappingProxyType(assay_bias.in_words(found))


class Answer(Struct, frozen=True, eq=False):
    """A forecast and, where one was computed, a way to its draws for further questions."""

    forecast: PersonForecast
    fit: Callable[[], Fit] | None = None


def forecast_person(request: ForecastRequest, models: ForecastModels) -> PersonForecast:
    """Concentration and saturation of one person now, at the next dose and as they fall.

    Never raises for a numerical failure: the result's status and reason say what happened.
    """
    return answer_person(request, models).forecast


def answer_person(request: ForecastRequest, models: ForecastModels) -> Answer:
    """As ``forecast_person``, keeping the draws."""
    course, settings, card = request.course, models.settings, models.card
    weights = weights_of(course)
    weight = weights[-1].value if weights else None
    empty = PersonForecast(
        person=course.person.id,
        as_of=datetime.combine(request.as_of, time.min),
        status="no dose",
        reason="No dose is recorded, so there is no level to forecast.",
        model=card.id,
        card_hash=card.hash,
        saturation_models=tuple(c.id for c in models.saturation),
        seed=request.seed,
        weight_kg=weight,
    )
    if not course.doses:
        return Answer(empty)
    history = build_history(course.doses, weights, request.antibodies, settings.assumed)
    _, planned = moments_of(request, history)
    placed = replace(empty, last_dose=history.last_dose, planned_dose=planned, reason="")
    refused, notes = domain_check(request, card, weight)
    measured = course.results(vocabulary.NATALIZUMAB)
    by_record = tuple(by_timing(m, history, settings.not_a_trough_hours) for m in measured)
    if refused:
        return Answer(
            replace(placed, status="outside domain", reason=refused, notes=notes, levels=by_record)
        )
    generator = person_generator(request.seed, course.person.id)
    try:
        return _computed(replace(placed, notes=notes), request, models, history, generator)
    except SolverError as error:
        failed = replace(placed, status="failed", reason=str(error), notes=notes, levels=by_record)
        return Answer(failed)


def fit_person(request: ForecastRequest, models: ForecastModels) -> Fit:
    """The draws of ``forecast_person``, for further questions about the same person.

    Where levels or tests raise the question of antibodies they are the mixture that the
    forecast is made of.

    Raises
    ------
    SolverError
        When there is no forecast; its status says why.
    """
    answer = answer_person(request, models)
    if answer.fit is None:
        raise SolverError(answer.forecast.reason, where=request.course.person.id)
    return answer.fit()


def _held(
    verdicts: tuple[LevelVerdict, ...],
    request: ForecastRequest,
    problem: Problem,
    posterior: Posterior,
    models: ForecastModels,
) -> tuple[LevelVerdict, ...]:
    """The verdicts once the levels are held against the fitted course."""
    return against_fit(
        verdicts,
        [as_limit(m) for m in request.course.results(vocabulary.NATALIZUMAB)],
        posterior.at_levels * assay_bias.factors(problem.levels, problem.names, posterior.theta),
        models.card.residual,
        tail=models.settings.misfit_tail,
    )


def _suspicion(
    request: ForecastRequest, verdicts: tuple[LevelVerdict, ...], settings: Settings
) -> Suspicion:
    return Suspicion(
        readings=request.readings,
        confirmed=request.antibodies,
        contradiction=contradiction(verdicts, settings.misfits_allowed),
    )


def _computed(
    placed: PersonForecast,
    request: ForecastRequest,
    models: ForecastModels,
    history: History,
    generator: np.random.Generator,
) -> Answer:
    settings = models.settings
    verdicts, problem, likeliest = _judge_levels(request, models, history, generator)
    grid = grid_of(request, history, settings)
    posterior, modes, notes = _solve(problem, grid.day, request, settings, generator, likeliest)
    learnt = usefulness.share_learnt(problem, modes)
    verdicts = _held(verdicts, request, problem, posterior, models)
    # A stream of its own: what explains a level must not change the forecast.
    verdicts = with_causes(
        verdicts,
        request.course,
        request.readings,
        history,
        models.card,
        settings,
        generator.spawn(1)[0],
        threads=request.threads,
    )
    suspicion = _suspicion(request, verdicts, settings)
    fit = Reconsidered(
        posterior,
        verdicts,
        suspicion.contradiction,
        _parameters(posterior, problem, settings),
    )
    if suspicion.raised:
        fit = reconsider(
            fit,
            suspicion,
            problem,
            [as_limit(m) for m in request.course.results(vocabulary.NATALIZUMAB)],
            Asked(grid.day, grid.now, grid.planned),
            settings,
            generator.spawn(1)[0],
            threads=request.threads,
        )
    against, beside = contradicted.told(
        fit.contradiction,
        fit.verdicts,
        fit.change,
        told_from=settings.onset.told_from,
        recent=settings.recent_levels,
    )
    posterior, draws = fit.posterior, fit.posterior.concentration
    targets = settings.targets_ug_per_ml
    level, saturation = level_and_saturation(
        draws, models.saturation, settings.low, settings.high, generator
    )

    def pair(column: int) -> tuple[Quantiles, Quantiles]:
        return level.at(column), saturation.at(column)

    def chances(column: int) -> Mapping[float, float]:
        return MappingProxyType({t: float((draws[:, column] >= t).mean()) for t in targets})

    horizon = {d: int(c) for d, c in zip(settings.horizon_days, grid.by_day, strict=True)}
    fallen = grid.day[grid.fall] - history.day(history.last_dose)
    fitted = any(v.use == "fitted" for v in fit.verdicts)
    said = fitted and learnt >= settings.uninformative_share
    found = replace(
        placed,
        status="ok" if said else "prior only",
        reason="" if said else usefulness.uninformative(problem) if fitted else _PRIOR_ONLY,
        notes=(
            *((against,) if against else ()),
            *(fit.notes if fit.change is None else beside),
            *placed.notes,
            *notes,
            *(usefulness.bounded(problem) if said else ()),
            *assay_bias.told(problem.levels),
            *readouts.told(problem.levels, settings.readouts),
            *options.told(settings),
        ),
        levels=fit.verdicts,
        contradiction=against,
        parameters=fit.parameters,
        change=fit.change,
        pareto_k=posterior.pareto_k,
        effective_draws=posterior.effective_draws,
        by_day=MappingProxyType({d: pair(c) for d, c in horizon.items()}),
        now=pair(grid.now),
        planned=None if grid.planned is None else pair(grid.planned),
        probability_at_planned=MappingProxyType({})
        if grid.planned is None
        else chances(grid.planned),
        probability_by_day=MappingProxyType({d: chances(c) for d, c in horizon.items()}),
        below=tuple(
            time_below(fallen, draws[:, grid.fall], t, settings.low, settings.high) for t in targets
        ),
        curve=curve(
            history, grid.day[grid.curve], level.only(grid.curve), saturation.only(grid.curve)
        ),
        outlook=outlook_of(
            grid.day - history.day(history.last_dose),
            draws,
            models.saturation,
            settings,
            generator.spawn(1)[0],
        ),
    )
    mixed = fit.mixed

    def drawn() -> Fit:
        parts = (Part(problem, posterior.theta),) if mixed is None else parts_of(mixed, problem)
        return Fit(problem, parts, grid.day, draws)

    return Answer(found, drawn)
