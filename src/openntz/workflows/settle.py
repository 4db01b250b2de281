"""The steady states a decision on the next dose needs, for the people it is open for."""

from __future__ import annotations

from dataclasses import replace

from openntz.errors import SolverError
from openntz.forecast.decide import settle
from openntz.forecast.outlook import SteadyTrough
from openntz.forecast.person import Fit, ForecastModels, ForecastRequest, fit_person
from openntz.forecast.result import PersonForecast
from openntz.forecast.steady_interval import steady_troughs, summarise
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation
from openntz.monitor.rules.candidate import longer_date
from openntz.monitor.rules.candidate_conditions import candidate_facts, decision_rule, stops


def steady_trough(
    fit: Fit, interval: int, models: ForecastModels, *, threads: int = 1
) -> SteadyTrough:
    """Trough and chances of one interval in days, kept for long.

    Raises
    ------
    SolverError
        When the model cannot be solved.
    """
    settings = models.settings
    trough = steady_troughs(fit.problem, fit.theta, [interval], threads=threads)[:, 0]
    return summarise(trough, settings.outlook.levels, (settings.low, settings.high))


def settled(
    situation: Situation, profile: Profile, models: ForecastModels, request: ForecastRequest
) -> PersonForecast:
    """The forecast with the steady states the rule needs, where nothing else stops it.

    Most people are stopped by a condition or by the first trough, and cost nothing here.
    """
    forecast, last = situation.forecast, situation.therapy.last_dose
    if forecast.outlook is None or last is None or not situation.therapy.state.on_therapy:
        return forecast
    facts = candidate_facts(situation, profile)
    if stops(facts, profile) or longer_date(facts) is None:
        return forecast
    try:
        fit = fit_person(request, models)
        outlook = settle(
            forecast.outlook,
            decision_rule(profile),
            last.day,
            situation.as_of,
            lambda day: steady_trough(fit, day, models, threads=request.threads),
        )
    except SolverError as error:
        note = f"The trough of an interval kept for long could not be computed: {error}"
        return replace(forecast, notes=(*forecast.notes, note))
    return replace(forecast, outlook=outlook)
