"""What the forecast says of the next trough, against the limits of ``level.low``."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from openntz.definitions import amounts
from openntz.definitions.therapy import Therapy
from openntz.forecast.result import PersonForecast, Quantiles
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rules.level_words import LEVEL_UNIT, chance_text, level_text
from openntz.monitor.rules.next_dose import next_dose_text


class Part(Struct, frozen=True):
    """What one source, the measurement or the forecast, says: status, words, thresholds."""

    status: Status
    text: str
    keys: tuple[str, ...] = ()


LIMITS = (
    (Status.ACT, "level.act-below"),
    (Status.DUE, "level.due-below"),
    (Status.WATCH, "level.watch-below"),
)


def limit(profile: Profile, key: str) -> str:
    """A limit for a reader, marked when it is a project default."""
    fact = profile.fact(key)
    return fact.shown.replace(fact.unit, LEVEL_UNIT)


def predicted(forecast: PersonForecast, therapy: Therapy, profile: Profile) -> Part:
    """What the forecast says; of a person whose clearance may have changed, the worse of two.

    A change that explains low levels away must not quiet the rule: the plain forecast counts
    beside the one that allows for it.
    """
    if not forecast.computed or forecast.planned is None:
        why = forecast.reason or "no dose is planned."
        return Part(Status.UNKNOWN, f"No forecast: {why}")
    prior = (
        " (population forecast for this weight; no level of this person was used)"
        if forecast.status == "prior only"
        else ""
    )
    when = _when(therapy)
    told = _trough(
        f"Forecast {when}", forecast.planned[0], forecast.probability_at_planned, prior, profile
    )
    change = forecast.change
    if change is None or change.plain_planned is None:
        return told
    plain = _trough(
        f"Forecast {when}, clearance taken as unchanged or as recorded",
        change.plain_planned,
        change.plain_probability,
        prior,
        profile,
    )
    return min(told, plain, key=lambda part: part.status.urgency)


def _when(therapy: Therapy) -> str:
    """'at the next dose (...)'; an overdue dose can be given today at the earliest."""
    planned = therapy.planned
    if planned is None or planned >= therapy.as_of:
        return f"at {next_dose_text(therapy)}"
    verb = "booked" if therapy.planned_is_booked else "planned"
    return f"for a dose today, that {verb} for {planned} having passed"


def _trough(
    lead: str,
    level: Quantiles,
    probability: Mapping[float, float],
    prior: str,
    profile: Profile,
) -> Part:
    limits = [profile.number(key) for _, key in LIMITS]
    passed = next((x for x in limits if level.median < x), None)
    text = (
        f"{lead}: {level_text(level.median, limit=passed)} "
        f"({amounts.level_range(level.p05, level.p95)}){prior}"
    )
    for status, key in LIMITS:
        if level.median < profile.number(key):
            return Part(status, f"{text}: below {limit(profile, key)}.", (key,))
    target, least = profile.number("level.high"), profile.fact("level.watch-probability")
    keys = (*(key for _, key in LIMITS), "level.high", "level.watch-probability")
    chance = probability.get(target)
    if chance is None:
        return Part(Status.OK, f"{text}.", keys)
    likely = f"; chance of {target:g} {LEVEL_UNIT} or more {chance_text(chance, least.number)}"
    if chance < least.number:
        return Part(
            Status.WATCH, f"{text}{likely}, less than {amounts.percent(least.number)}.", keys
        )
    return Part(Status.OK, f"{text}{likely}.", keys)
