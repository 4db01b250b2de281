"""The same person under several models: what each says, and how much each counts.

The weight of a model is its prior weight times the probability density of the person's levels
under it (its evidence), so that all models must be given the same levels: those that the main
forecast fitted. Mixed draws come from each model in proportion to its weight (Bayesian model
averaging).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.course import vocabulary
from openntz.errors import ModelError, SolverError
from openntz.forecast import assay_bias
from openntz.forecast.density import Levels, build_problem
from openntz.forecast.domain import domain_check
from openntz.forecast.grid import fall_days
from openntz.forecast.history import History, build_history, weights_of
from openntz.forecast.posterior import sample
from openntz.forecast.predict import Band, band, curve_days, time_below
from openntz.forecast.request import ForecastRequest, moments_of, person_generator
from openntz.forecast.result import PersonForecast, Quantiles, TimeBelow
from openntz.forecast.settings import Settings
from openntz.forecast.triage import as_limit, fitted_levels
from openntz.models.card import Card

Array = NDArray[np.float64]
OpinionStatus = Literal["ok", "prior only", "refused", "failed"]


class Candidate(Struct, frozen=True, kw_only=True):
    """A model with its weight before any level, and in words why it has that."""

    card: Card
    prior_weight: float
    why: str


class Says(Struct, frozen=True, eq=False, kw_only=True):
    """What a model says of the level, in ug/mL.

    ``by_day`` and ``left`` map days after the last dose to the level if no dose follows, and to
    the median share of the level at the end of the last infusion that is left (empty after an
    injection). ``day`` (T,) counts from the history's origin, ``curve`` is the band over it.
    """

    now: Quantiles
    planned: Quantiles | None
    by_day: Mapping[int, Quantiles]
    below: tuple[TimeBelow, ...]
    left: Mapping[int, float]
    day: Array
    curve: Band


class Opinion(Struct, frozen=True, eq=False, kw_only=True):
    """One model's answer; ``says`` is None where it has none, and ``reason`` says why.

    ``log_evidence`` is 0 without levels. ``weight`` is that after the levels, 0 for a model
    that has no answer.
    """

    candidate: Candidate
    status: OpinionStatus
    reason: str = ""
    notes: tuple[str, ...] = ()
    log_evidence: float | None = None
    weight: float = 0.0
    says: Says | None = None


class Weighing(Struct, frozen=True, eq=False, kw_only=True):
    """All models on one person.

    ``origin`` is day 0 of the curves; ``levels`` is the number of levels that every model was
    given; ``mixed`` what the models say together, None where none of weight has an answer and
    where the main forecast allows for a change of clearance, which the others do not.
    """

    person: str
    as_of: datetime
    origin: datetime | None
    levels: int
    opinions: tuple[Opinion, ...]
    mixed: Says | None = None
    reason: str = ""


def posterior_weights(prior: Array, log_evidence: Array) -> Array:
    """Weights (k,) that sum to one, from prior weights and log evidences (k,).

    A model without answer has evidence -inf. All are 0 when no model has both.
    """
    usable = (prior > 0.0) & np.isfinite(log_evidence)
    if not usable.any():
        return np.zeros(len(prior))
    height = np.where(usable, log_evidence, -np.inf)
    share = prior * np.exp(height - height[usable].max())
    return share / share.sum()


def mixed_draws(
    draws: Sequence[Array], weight: Array, n: int, generator: np.random.Generator
) -> Array:
    """n rows from tables of draws (n_k, T), table k in proportion to ``weight[k]``.

    Systematic: no table's number of rows differs from its expectation by one or more.
    """
    edges = np.floor(np.cumsum(weight) / weight.sum() * n + generator.random())
    counts = np.diff(edges, prepend=0.0).astype(int)
    counts[np.flatnonzero(weight)[-1]] += n - counts.sum()
    rows = [
        table[generator.choice(len(table), count, replace=count > len(table))]
        for table, count in zip(draws, counts, strict=True)
        if count
    ]
    return np.concatenate(rows)


class _Times(Struct, frozen=True, eq=False):
    """Days to solve for, ascending, and the columns that answer each question."""

    day: Array
    now: int
    planned: int | None
    by_day: Mapping[int, int]
    fall: NDArray[np.intp]
    peak: int | None
    last: float

    @classmethod
    def of(cls, request: ForecastRequest, history: History, settings: Settings) -> _Times:
        now, planned = moments_of(request, history)
        today = history.day(now)
        due = None if planned is None else history.day(planned)
        last = history.day(history.last_dose)
        peak = None if history.schedule.subcutaneous[-1] else history.day(history.dose_ends[-1])
        fall = last + fall_days(settings)
        horizon = last + np.array(settings.horizon_days, dtype=float)
        first = max(today - settings.curve_before_days, 0.0)
        end = max(last + settings.curve_after_days, today, due or today)
        singles = [x for x in (today, due, peak) if x is not None]
        day = np.unique(np.concatenate([curve_days(history, first, end), fall, horizon, singles]))

        def column(wanted: float) -> int:
            return int(np.searchsorted(day, wanted))

        return cls(
            day=day,
            now=column(today),
            planned=None if due is None else column(due),
            by_day={d: column(last + d) for d in settings.horizon_days},
            fall=np.searchsorted(day, fall),
            peak=None if peak is None else column(peak),
            last=last,
        )


def summarise(draws: Array, times: _Times, settings: Settings) -> Says:
    """Draws (n, T) as numbers and a curve."""
    found = band(draws, settings.low, settings.high)
    left = {}
    if times.peak is not None:
        peak = draws[:, times.peak]
        left = {d: float(np.median(draws[:, c] / peak)) for d, c in times.by_day.items()}
    fallen = times.day[times.fall] - times.last
    return Says(
        now=found.at(times.now),
        planned=None if times.planned is None else found.at(times.planned),
        by_day=MappingProxyType({d: found.at(c) for d, c in times.by_day.items()}),
        below=tuple(
            time_below(fallen, draws[:, times.fall], t, settings.low, settings.high)
            for t in settings.targets_ug_per_ml
        ),
        left=MappingProxyType(left),
        day=times.day,
        curve=found,
    )


def _as_forecast(says: Says, forecast: PersonForecast) -> Says:
    """The main model in the numbers of the person's forecast, so that two pages agree."""
    if forecast.now is None:
        return says
    return replace(
        says,
        now=forecast.now[0],
        planned=None if forecast.planned is None else forecast.planned[0],
        by_day=MappingProxyType({d: pair[0] for d, pair in forecast.by_day.items()}),
        below=forecast.below,
        # A forecast that mixes over an unknown onset does not say what its draws leave.
        left=says.left if forecast.change is None else MappingProxyType({}),
    )


class _Asked(Struct, frozen=True, eq=False):
    """What every model is asked, and with which levels."""

    request: ForecastRequest
    forecast: PersonForecast
    settings: Settings
    history: History
    weight_kg: float | None
    levels: Levels
    times: _Times

    def opinion(self, candidate: Candidate) -> tuple[Opinion, Array | None]:
        """One model's answer, and the draws it rests on."""
        card, settings, request = candidate.card, self.settings, self.request
        refused, notes = domain_check(request, card, self.weight_kg)
        if refused:
            return Opinion(candidate=candidate, status="refused", reason=refused), None
        try:
            drawn = sample(
                build_problem(card, self.history, self.levels, settings.priors),
                self.times.day,
                settings.draws,
                person_generator(request.seed, request.course.person.id),
                pareto_k_limit=settings.pareto_k_limit,
            )
        except (ModelError, SolverError) as error:
            return Opinion(candidate=candidate, status="failed", reason=str(error)), None
        if drawn.pareto_k is not None and drawn.pareto_k > settings.pareto_k_limit:
            notes = (
                *notes,
                "Weighted draws do not cover what the levels leave (Pareto k "
                f"{drawn.pareto_k:.2f}), so that the weight of this model is uncertain.",
            )
        says = summarise(drawn.concentration, self.times, settings)
        if card.hash == self.forecast.card_hash:
            says = _as_forecast(says, self.forecast)
        opinion = Opinion(
            candidate=candidate,
            status="ok" if self.levels.count else "prior only",
            notes=notes,
            log_evidence=drawn.log_evidence,
            says=says,
        )
        return opinion, drawn.concentration


def weigh_person(
    request: ForecastRequest,
    forecast: PersonForecast,
    candidates: Sequence[Candidate],
    settings: Settings,
) -> Weighing:
    """What every candidate says of one person, and how much each counts.

    ``forecast`` is the main one, whose verdicts say which levels are given to the models; its
    own model is shown with its numbers. Never raises for a numerical failure.
    """
    course = request.course
    placed = Weighing(
        person=course.person.id, as_of=forecast.as_of, origin=None, levels=0, opinions=()
    )
    if not course.doses:
        return replace(placed, reason="No dose is recorded, so there is no level to compare.")
    weights = weights_of(course)
    history = build_history(course.doses, weights, request.antibodies, settings.assumed)
    measured = course.results(vocabulary.NATALIZUMAB)
    levels = fitted_levels(forecast.levels, [as_limit(m) for m in measured], history)
    asked = _Asked(
        request=request,
        forecast=forecast,
        settings=settings,
        history=history,
        weight_kg=weights[-1].value if weights else None,
        levels=assay_bias.named(levels, forecast.levels, measured, settings.assay_bias_from),
        times=_Times.of(request, history, settings),
    )
    answers = [asked.opinion(candidate) for candidate in candidates]
    share = posterior_weights(
        np.array([o.candidate.prior_weight for o, _ in answers]),
        np.array([-np.inf if o.log_evidence is None else o.log_evidence for o, _ in answers]),
    )
    weighed = [
        (replace(opinion, weight=float(w)), draws)
        for (opinion, draws), w in zip(answers, share, strict=True)
    ]
    counted = [(draws, o.weight) for o, draws in weighed if draws is not None and o.weight > 0.0]
    mixed = None
    # A forecast that mixes over an unknown onset is no longer one of the models weighed here.
    if counted and forecast.change is None:
        generator = person_generator(request.seed, f"{course.person.id}, models mixed")
        tables, kept = zip(*counted, strict=True)
        rows = mixed_draws(tables, np.array(kept), settings.draws, generator)
        mixed = summarise(rows, asked.times, settings)
    return replace(
        placed,
        origin=history.origin,
        levels=asked.levels.count,
        opinions=tuple(opinion for opinion, _ in weighed),
        mixed=mixed,
    )
