"""One person's next dose: every open date, what a level would be worth, and what-ifs."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.definitions.therapy import Therapy
from openntz.errors import InputError
from openntz.forecast.decide import Decision, NextDate
from openntz.forecast.fit import Fit
from openntz.forecast.outlook import on_days
from openntz.forecast.person import fit_person
from openntz.forecast.request import ForecastRequest, moments_of
from openntz.forecast.result import PersonForecast
from openntz.forecast.scenarios import Scenario, Span, compute
from openntz.forecast.value_of_level import Choices, LevelWorth, value_of_level, worth_most
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation
from openntz.monitor.rules.before_dose import before_dose, forbids_dose
from openntz.monitor.rules.candidate import CANDIDATE, longer_date
from openntz.monitor.rules.candidate_conditions import (
    candidate_facts,
    not_known,
    open_dates,
    stops,
)
from openntz.monitor.rules.forbidden import forbidden as forbids
from openntz.workflows.forecast import ForecastQuestion, find_course
from openntz.workflows.person import Practice, request_of, review_person
from openntz.workflows.read import read_tables, registry_for
from openntz.workflows.settle import with_steady
from openntz.workflows.what_if import Standing, as_planned, suppose

# Keeps the streams of levels and what-ifs apart from that of the forecast.
_STREAM = 3

_MIXED = (
    "Antibodies are in question for this person: like the forecast, this what-if mixes clearance "
    "raised now and not, as likely as levels and tests make each."
)


class Worth(Struct, frozen=True, kw_only=True):
    """What one more level would be worth; ``reason`` says why it was not computed."""

    days: tuple[LevelWorth, ...]
    most: LevelWorth | None
    reason: str = ""


class NextDoseAnswer(Struct, frozen=True, kw_only=True):
    """The decision, where asked for, and the what-ifs; ``finding`` is ``interval.candidate``.

    ``before`` are the findings to read first, that forbid a further dose or question it; where
    one is forbidden, no date of the decision keeps the rule.

    ``offered`` is None when nothing longer than the present interval is offered; the finding
    says why.
    """

    course: Course
    therapy: Therapy
    forecast: PersonForecast
    profile: Profile
    finding: Finding
    before: tuple[Finding, ...]
    decision: Decision | None
    offered: NextDate | None
    worth: Worth | None
    scenarios: tuple[Scenario, ...]
    seed: int


def _levels_after(fit: Fit, days: list[int]) -> np.ndarray:
    """Levels (n, D) of the draws on days after the last dose, if none follows."""
    history = fit.problem.history
    since = fit.day - history.day(history.last_dose)
    falling = since >= 0.0
    return on_days(since[falling], fit.concentration[:, falling], np.array(days, float))


def _worth(
    situation: Situation, decision: Decision, fit: Fit, steady: np.ndarray, practice: Practice
) -> Worth:
    profile, last = practice.profile, situation.therapy.last_dose
    facts = candidate_facts(situation, profile)
    unmet = stops(facts, profile)
    needed = round(profile.number("candidate.levels"))
    if len(unmet) == 1 and facts.levels + 1 == needed:
        return Worth(days=(), most=None, reason="it would meet the one condition that is not met")
    if unmet or not_known(facts):
        why = "; ".join((*unmet, *filter(None, (not_known(facts),))))
        return Worth(days=(), most=None, reason=f"no level changes what stops it: {why}")
    if situation.forecast.change is not None:
        return Worth(days=(), most=None, reason="antibodies are in question; test for them first")
    if last is None or not decision.dates:
        return Worth(days=(), most=None, reason="no date is open")
    rule = decision.rule
    until = situation.therapy.planned or last.day + timedelta(days=situation.therapy.interval_days)
    span = (max(situation.as_of, until) - situation.as_of).days
    dates = [situation.as_of + timedelta(days=i) for i in range(span + 1)]
    after = [(d - last.day).days for d in dates if d.weekday() in rule.weekdays and d > last.day]
    if not after:
        return Worth(days=(), most=None, reason="no day of the clinic is left before the next dose")
    intervals = [d.after_days for d in decision.dates]
    days = value_of_level(
        Choices(intervals, _levels_after(fit, intervals), steady),
        rule,
        _levels_after(fit, after),
        after,
        practice.models.card.residual,
        readings=round(profile.number("decide.simulated-levels")),
        changes_from=round(profile.number("decide.level-changes-from")),
        generator=np.random.default_rng([practice.seed, _STREAM]),
    )
    return Worth(days=days, most=worth_most(days, profile.number("decide.level-worth")))


def _scenarios(
    texts: tuple[str, ...],
    situation: Situation,
    request: ForecastRequest,
    fit: Fit,
    practice: Practice,
) -> tuple[Scenario, ...]:
    if not texts:
        return ()
    history = fit.problem.history
    now, _ = moments_of(request, history)
    at = Standing(
        history=history,
        therapy=situation.therapy,
        now=now,
        profile=practice.profile,
        card=practice.models.card,
    )
    wanted = [as_planned(at), *(suppose(text, at) for text in texts)]
    if situation.forecast.change is not None:
        wanted = [replace(s, notes=(*s.notes, _MIXED)) for s in wanted]
    if any(s.future.exchanges for s in wanted) and not any(s.name == "stopped" for s in wanted):
        wanted.insert(1, suppose("stopped", at))
    span = Span(
        now=history.day(now),
        days=at.doses * situation.therapy.interval_days,
        last_dose=history.day(history.last_dose),
    )
    models = practice.models
    return tuple(
        compute(
            fit,
            s,
            span,
            models.saturation,
            models.settings,
            np.random.default_rng([practice.seed, _STREAM, i]),
        )
        for i, s in enumerate(wanted)
    )


def run_next_dose(
    question: ForecastQuestion, *, decide: bool, what_if: tuple[str, ...]
) -> NextDoseAnswer:
    """Read the tables and answer for one person.

    Raises
    ------
    OpenNTZError
        When the input, the person, a profile, a site file or a what-if cannot be used, and when
        a what-if is asked for somebody who cannot be forecast.
    """
    practice = Practice.create(
        registry=registry_for(question.site), profile=question.profile, seed=question.seed
    )
    records = read_tables(question.folder, question.as_of, question.mapping, practice.registry)
    course = find_course(dict(records.courses), question.person)
    lost = records.incomplete.get(course.person.id, frozenset())
    result = review_person(course, question.as_of, practice, lost)
    forecast, stands = result.forecast, result.therapy
    finding = next(f for f in result.findings if f.rule == CANDIDATE.id)
    if what_if and not forecast.computed:
        raise InputError(
            f"no forecast, so no what-if: {forecast.reason or forecast.status}",
            where="--what-if",
            remedy="See `openntz forecast` without it.",
        )
    situation = Situation(
        as_of=question.as_of,
        course=course.until(question.as_of),
        booked=course.after(question.as_of),
        therapy=stands,
        forecast=forecast,
        incomplete=lost,
    )
    planned = None if stands.planned is None else max(stands.planned, question.as_of)
    request = request_of(course, question.as_of, practice, planned=planned)
    decision, worth, scenarios, fit = result.decision, None, (), None
    forbidden = forbids_dose(result.findings) or forbids(situation, practice.profile) is not None
    if forecast.computed:
        fit = fit_person(request, practice.models)
        scenarios = _scenarios(what_if, situation, request, fit, practice)
    if decide and fit is not None and decision is not None and decision.dates and forecast.outlook:
        days = [d.after_days for d in decision.dates]
        outlook, steady = with_steady(forecast.outlook, days, fit, practice.models)
        forecast = replace(forecast, outlook=outlook)
        situation = replace(situation, forecast=forecast)
        decision = open_dates(situation, practice.profile)
        worth = _worth(situation, decision, fit, steady, practice) if decision else None
    if decision is not None and forbidden:
        decision = decision.without_keeping
    offered = None
    if finding.status is Status.WATCH:
        offered = longer_date(candidate_facts(situation, practice.profile))
    return NextDoseAnswer(
        course=course,
        therapy=stands,
        forecast=forecast,
        profile=practice.profile,
        finding=finding,
        before=before_dose(result.findings),
        decision=decision if decide else None,
        offered=offered,
        worth=worth,
        scenarios=scenarios,
        seed=question.seed,
    )
