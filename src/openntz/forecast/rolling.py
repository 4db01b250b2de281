"""Rolling forecasts: every level predicted from what was known before the day it was drawn.

Each level becomes a question: doses, weights, antibodies and usable levels recorded up to the
day before, and the moment it was drawn. The questions of many people are answered together.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.errors import OpenNTZError
from openntz.forecast.change import Suspicion
from openntz.forecast.cohort import SMOOTH, SPREAD, Cohort
from openntz.forecast.density import Kind, Levels, build_problem, subject_of
from openntz.forecast.domain import domain_check
from openntz.forecast.history import AntibodyEffect, History, build_history, weights_of
from openntz.forecast.map_estimate import curvature, find_modes
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.posterior import Posterior, prior_draws, sample_cohort, sample_prior
from openntz.forecast.predictive import Predictive
from openntz.forecast.reconsider import Asked, Reconsidered, reconsider
from openntz.forecast.request import ForecastModels, ForecastRequest
from openntz.forecast.result import LevelVerdict
from openntz.forecast.subject import Subject
from openntz.forecast.triage import (
    Limit,
    against_expectation,
    against_fit,
    as_limit,
    by_timing,
    contradiction,
    fitted_levels,
)

Array = NDArray[np.float64]

NO_DOSE_BEFORE: Final = "no dose is recorded before its day"


class KnownAntibodies(Struct, frozen=True):
    """What was known on a day: since when clearance is raised, and the test results."""

    effect: AntibodyEffect | None = None
    readings: tuple[AntibodyReading, ...] = ()


class Question(Struct, frozen=True, eq=False):
    """A level to be forecast. ``history`` is None where ``reason`` says why nothing can be.

    ``earlier`` and ``limits`` are those of all the person's levels, of which the earlier ones
    that can be fitted are marked so.
    """

    person: str
    level: Measurement
    limit: Limit | None
    at: datetime
    reason: str = ""
    history: History | None = None
    levels: Levels | None = None
    antibodies: KnownAntibodies = KnownAntibodies()
    earlier: tuple[LevelVerdict, ...] = ()
    limits: tuple[Limit | None, ...] = ()

    @property
    def used(self) -> int:
        """How many earlier levels the forecast may use."""
        return 0 if self.levels is None else self.levels.count

    @property
    def day(self) -> float:
        """When it was drawn, in days of the history."""
        assert self.history is not None
        return self.history.day(self.at)

    @property
    def day_after_dose(self) -> float:
        """Days from the last dose before it."""
        assert self.history is not None
        return self.day - float(self.history.schedule.start_day[-1])


class Simulated(Struct, frozen=True, eq=False):
    """A person's levels (r,) in all likelihood: typical predictions, and readings (n, r)."""

    typical: Array
    readings: Array


class PersonQuestions(Struct, frozen=True, eq=False):
    """A person's questions, one per recorded level, and the simulation of the usable ones.

    ``usable`` are the indices of the questions the columns of ``simulated`` belong to;
    ``altered`` says whether antibodies raised clearance at any time.
    """

    questions: tuple[Question, ...]
    usable: tuple[int, ...] = ()
    simulated: Simulated | None = None
    altered: bool = False


def _usable(
    course: Course, history: History, models: ForecastModels, generator: np.random.Generator
) -> tuple[list[LevelVerdict], list[Limit | None], Simulated | None]:
    """Verdicts on all levels as a review at the end would give them, and their simulation."""
    settings, card = models.settings, models.card
    measured = course.results(vocabulary.NATALIZUMAB)
    verdicts = [by_timing(m, history, settings.not_a_trough_hours) for m in measured]
    limits = [as_limit(m) for m in measured]
    asked = fitted_levels(verdicts, limits, history).time_day
    if not len(asked):
        return verdicts, limits, None
    nothing = Levels(np.empty(0), np.empty(0), np.empty(0, np.int64))
    problem = build_problem(card, history, nothing, settings.priors)
    theta = prior_draws(problem.cohort, settings.triage_draws, generator)
    true = problem.concentration(theta, asked, SPREAD)
    typical = problem.concentration(np.zeros((1, problem.size)), asked, SMOOTH)[0]
    column, kept = 0, []
    for i, (verdict, limit) in enumerate(zip(verdicts, limits, strict=True)):
        if verdict.use == "fitted" and limit is not None:
            verdicts[i] = against_expectation(
                verdict,
                limit,
                true[:, column],
                card.residual,
                low=settings.unusual_low,
                high=settings.unusual_high,
                impossible_factor=settings.impossible_factor,
            )
            if verdicts[i].use == "fitted":
                kept.append(column)
            column += 1
    readings = [Predictive(true[:, c], card.residual).draw(generator) for c in kept]
    simulated = Simulated(typical[kept], np.array(readings).T) if kept else None
    return verdicts, limits, simulated


def questions_of(
    course: Course,
    as_of: date,
    models: ForecastModels,
    antibodies_at: Callable[[date], KnownAntibodies],
    seed: int,
) -> PersonQuestions:
    """One question per level up to the as-of day.

    Which levels are usable is judged as a review at the as-of day would.

    Parameters
    ----------
    antibodies_at : callable
        What was known of antibodies at the end of a day.
    """
    known = course.until(as_of)
    measured = known.results(vocabulary.NATALIZUMAB)
    person = course.person.id
    if not known.doses:
        return PersonQuestions(
            tuple(Question(person, m, as_limit(m), m.at, "no dose is recorded") for m in measured)
        )
    assumed = models.settings.assumed
    whole = build_history(known.doses, weights_of(known), antibodies_at(as_of).effect, assumed)
    generator = np.random.default_rng([seed, zlib.crc32(person.encode("utf-8"))])
    try:
        verdicts, limits, simulated = _usable(known, whole, models, generator)
    except OpenNTZError as error:
        return PersonQuestions(
            tuple(Question(person, m, as_limit(m), m.at, str(error)) for m in measured)
        )
    asked: list[Question] = []
    for level, verdict, limit in zip(measured, verdicts, limits, strict=True):
        question = Question(person, level, limit, verdict.at)
        if verdict.use != "fitted":
            asked.append(replace(question, reason=f"{verdict.use}: {verdict.reason}"))
            continue
        earlier = [
            (v if v.at.date() < verdict.at.date() else replace(v, use="not usable"))
            for v in verdicts
        ]
        asked.append(_with_past(question, known, models, antibodies_at, earlier, limits))
    usable = tuple(i for i, v in enumerate(verdicts) if v.use == "fitted")
    return PersonQuestions(tuple(asked), usable, simulated, bool(whole.antibodies.any()))


def _with_past(
    question: Question,
    course: Course,
    models: ForecastModels,
    antibodies_at: Callable[[date], KnownAntibodies],
    earlier: Sequence[LevelVerdict],
    limits: Sequence[Limit | None],
) -> Question:
    """The question with the history and the levels known at the end of the day before."""
    eve = question.at.date() - timedelta(days=1)
    past = course.until(eve)
    if not past.doses:
        return replace(question, reason=NO_DOSE_BEFORE)
    antibodies = antibodies_at(eve)
    weights = weights_of(past)
    request = ForecastRequest(
        course=past, as_of=eve, planned=None, antibodies=antibodies.effect, seed=0
    )
    refused, _ = domain_check(request, models.card, weights[-1].value if weights else None)
    if refused:
        return replace(question, reason=f"outside domain: {refused}")
    lacking = [c for c in models.card.covariates if c.missing == "refuse" and not weights]
    if lacking:
        return replace(question, reason=f"{lacking[0].name} is not recorded before its day")
    history = build_history(past.doses, weights, antibodies.effect, models.settings.assumed)
    return replace(
        question,
        history=history,
        levels=fitted_levels(earlier, limits, history),
        antibodies=antibodies,
        earlier=tuple(earlier),
        limits=tuple(limits),
    )


class Answer(Struct, frozen=True, eq=False):
    """Draws (n,) of the true level, or the reason why there are none."""

    draws: Array | None
    method: str
    reason: str = ""


def _generator(seed: int, question: Question) -> np.random.Generator:
    who = zlib.crc32(question.person.encode("utf-8"))
    return np.random.default_rng([seed, who, question.level.ref.line])


def answers(questions: Sequence[Question], models: ForecastModels, seed: int) -> Iterator[Answer]:
    """The forecasts, in the order of the questions."""
    alike: dict[tuple[bool, bool], list[int]] = {}
    subjects: dict[int, Subject] = {}
    for i, q in enumerate(questions):
        if q.history is None or q.levels is None:
            continue
        subjects[i] = subject_of(models.card, q.history, q.levels)
        known = "weight" in subjects[i].covariates
        # The same unknowns: what is missing, and whether antibodies raise clearance.
        alike.setdefault((known, bool(q.history.antibodies.any())), []).append(i)
    found: dict[int, Answer] = {}
    for members in alike.values():
        found |= _answer_alike(members, subjects, questions, models, seed)
    for i, q in enumerate(questions):
        yield found.get(i) or Answer(None, "", q.reason)


def _answer_alike(
    members: Sequence[int],
    subjects: dict[int, Subject],
    questions: Sequence[Question],
    models: ForecastModels,
    seed: int,
) -> dict[int, Answer]:
    priors = models.settings.priors
    fitted = [i for i in members if questions[i].used]
    theta: dict[int, Array] = {}
    found: dict[int, Answer] = {}
    if fitted:
        modes = find_modes(Cohort(models.card, [subjects[i] for i in fitted], priors))
        for row, i in enumerate(fitted):
            if modes.status[row] == "failed":
                found[i] = Answer(None, "", modes.reason[row])
            theta[i] = modes.theta[row]
    for i in members:
        if i not in found:
            found[i] = _answer(questions[i], subjects[i], theta.get(i), models, seed)
    return found


def _answer(
    question: Question,
    subject: Subject,
    mode: Array | None,
    models: ForecastModels,
    seed: int,
) -> Answer:
    settings, generator = models.settings, _generator(seed, question)
    priors = settings.priors
    asked = Cohort(models.card, [subject.asked(np.array([question.day]))], priors)
    try:
        if mode is None:
            drawn = sample_prior(asked, 0, settings.draws, generator)
        else:
            alone = Cohort(models.card, [subject], priors)
            drawn = sample_cohort(
                asked,
                question.used,
                mode,
                curvature(alone, mode),
                settings.draws,
                generator,
                pareto_k_limit=settings.pareto_k_limit,
                chain_cohort=alone,
            )
        drawn, again = _reconsidered(question, drawn, models, generator)
    except OpenNTZError as error:
        return Answer(None, "", str(error))
    return Answer(drawn.concentration[:, 0], f"{drawn.method}{again}")


def _reconsidered(
    question: Question, drawn: Posterior, models: ForecastModels, generator: np.random.Generator
) -> tuple[Posterior, str]:
    """The fit a person's page would show: with unrecorded antibodies where they are suspected."""
    settings, residual = models.settings, models.card.residual
    assert question.history is not None
    assert question.levels is not None
    verdicts = against_fit(
        question.earlier, question.limits, drawn.at_levels, residual, tail=settings.misfit_tail
    )
    against = contradiction(verdicts, settings.misfits_allowed)
    suspicion = Suspicion(
        readings=question.antibodies.readings,
        confirmed=question.antibodies.effect,
        contradiction=against,
    )
    if not suspicion.raised:
        return drawn, ""
    problem = build_problem(models.card, question.history, question.levels, settings.priors)
    found = reconsider(
        Reconsidered(drawn, verdicts, against, {}),
        suspicion,
        problem,
        question.limits,
        Asked(np.array([question.day]), 0, None),
        settings,
        generator.spawn(1)[0],
    )
    return found.posterior, "" if found.change is None else ", change of clearance"


def kind_of(question: Question) -> Kind:
    """Number or limit; a level without either counts as a number and is never scored."""
    return Kind.QUANTIFIED if question.limit is None else question.limit.kind
