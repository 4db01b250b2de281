"""The steady states a decision on the next dose needs, for the people it is open for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from openntz.errors import SolverError
from openntz.forecast.decide import decide, first_of_weeks, settle
from openntz.forecast.fit import Fit
from openntz.forecast.outlook import Outlook
from openntz.forecast.request import ForecastModels
from openntz.forecast.result import PersonForecast
from openntz.forecast.steady_interval import steady_troughs, summarise
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation
from openntz.monitor.rules.candidate import longer_date
from openntz.monitor.rules.candidate_conditions import candidate_facts, decision_rule, stops


def with_steady(
    outlook: Outlook,
    days: Sequence[int],
    fit: Fit,
    models: ForecastModels,
    *,
    threads: int = 1,
) -> tuple[Outlook, NDArray[np.float64]]:
    """The outlook with the steady state of D intervals in days, and their troughs (n, D).

    Clearance stays what it is now in each draw: raised in those where antibodies raise it now.

    Raises
    ------
    SolverError
        When the model cannot be solved.
    """
    settings = models.settings
    troughs = fit.ask(lambda p, theta: steady_troughs(p, theta, days, threads=threads))
    for day, column in zip(days, troughs.T, strict=True):
        found = summarise(column, settings.outlook.levels, (settings.low, settings.high))
        outlook = outlook.with_steady(day, found)
    return outlook, troughs


def _once_kept(
    outlook: Outlook,
    situation: Situation,
    profile: Profile,
    models: ForecastModels,
    drawn: Callable[[], Fit],
) -> Outlook:
    """The steady states that settle the date, and that of each week's first open day."""
    last = situation.therapy.last_dose
    if last is None:
        return outlook
    fit, rule = drawn(), decision_rule(profile)
    dates = decide(outlook, rule, last.day, situation.as_of).dates

    def ask(days: Sequence[int]) -> Outlook:
        return with_steady(outlook, days, fit, models)[0]

    outlook = ask([d.after_days for d in first_of_weeks(dates)])
    return settle(outlook, rule, last.day, situation.as_of, lambda day: ask([day]).steady[day])


def settled(
    situation: Situation,
    profile: Profile,
    models: ForecastModels,
    drawn: Callable[[], Fit] | None,
) -> PersonForecast:
    """The forecast with the steady states the rule needs, where nothing else stops it.

    ``drawn`` gives the draws the forecast was made from, None where there is none.

    Most people are stopped by a condition or by the first trough, and cost nothing here.
    """
    forecast, last = situation.forecast, situation.therapy.last_dose
    on_therapy = situation.therapy.state.on_therapy
    if drawn is None or forecast.outlook is None or last is None or not on_therapy:
        return forecast
    facts = candidate_facts(situation, profile)
    if stops(facts, profile) or longer_date(facts) is None:
        return forecast
    try:
        outlook = _once_kept(forecast.outlook, situation, profile, models, drawn)
    except SolverError as error:
        note = f"The trough of an interval kept for long could not be computed: {error}"
        return replace(forecast, notes=(*forecast.notes, note))
    return replace(forecast, outlook=outlook)
