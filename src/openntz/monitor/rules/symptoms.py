"""Wearing-off: shown beside level and saturation, without saying that one causes the other."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Measurement, Symptom
from openntz.definitions import amounts
from openntz.definitions.terms import asserts
from openntz.definitions.therapy import Therapy
from openntz.forecast.result import PersonForecast
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.antibody_beside import NO_STATUS, AntibodyStatus, antibody_status
from openntz.monitor.rules.level_words import level_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    published,
    standing_refs,
)

_UNUSABLE = frozenset({"not a trough", "impossible", "not usable"})


class WearingOffFacts(Struct, frozen=True, kw_only=True):
    """Reports of wearing-off, of late and earlier, and the latest usable level and saturation.

    ``unusable`` counts levels that were measured but could not be used.
    """

    therapy: Therapy
    reports: tuple[Symptom, ...]
    earlier: tuple[Symptom, ...]
    level: Measurement | None
    saturation: Measurement | None
    unusable: int
    forecast: PersonForecast
    symptoms_recorded: bool
    measurements_recorded: bool
    antibodies: AntibodyStatus = NO_STATUS


def wearing_off_facts(situation: Situation, profile: Profile) -> WearingOffFacts:
    """Facts of ``symptom.wearing-off``."""
    course, terms = situation.course, profile.words("wearing-off.terms")
    since = situation.as_of - timedelta(days=profile.days("wearing-off.within"))
    reports = [s for s in course.symptoms if asserts(f"{s.symptom}, {s.comment}", terms)]
    refused = {(v.line, v.at) for v in situation.forecast.levels if v.use in _UNUSABLE}
    levels = course.results(vocabulary.NATALIZUMAB)
    usable = [m for m in levels if (m.ref.line, m.at) not in refused]
    saturation = course.results(vocabulary.SATURATION)
    return WearingOffFacts(
        therapy=situation.therapy,
        reports=tuple(s for s in reports if s.day >= since),
        earlier=tuple(s for s in reports if s.day < since),
        level=usable[-1] if usable else None,
        saturation=saturation[-1] if saturation else None,
        unusable=len(levels) - len(usable),
        forecast=situation.forecast,
        symptoms_recorded=course.has("symptoms"),
        measurements_recorded=course.has("measurements"),
        antibodies=antibody_status(course, profile) if reports else NO_STATUS,
    )


def saturation_text(value: float, censor: str) -> str:
    """A measured saturation in per cent; a sign of its own replaces that of the rounding."""
    text = amounts.percent(value)
    return f"{censor}{text.lstrip('<>')}" if censor else text


def _measured(facts: WearingOffFacts) -> str:
    parts, level, bound = [], facts.level, facts.saturation
    if level is not None:
        parts.append(f"level {level_text(level.value, level.censor)} on {level.day}")
    if bound is not None and bound.value is not None:
        parts.append(f"saturation {saturation_text(bound.value, bound.censor)} on {bound.day}")
    return f"Last measured: {', '.join(parts)}." if parts else ""


def _forecast(forecast: PersonForecast) -> str:
    when, pair = "at the planned dose", forecast.planned
    if pair is None:
        when, pair = "now", forecast.now
    if not forecast.computed or pair is None:
        return ""
    basis = "" if forecast.status == "ok" else " from weight alone, no level fitted"
    level, saturation = pair
    return (
        f"Forecast {when}{basis}: level {level_text(level.median)} "
        f"({amounts.level_range(level.p05, level.p95)}), saturation "
        f"{amounts.percent(saturation.median)} "
        f"({amounts.percent_range(saturation.p05, saturation.p95)})."
    )


def _studies(profile: Profile) -> str:
    usual = published(
        profile,
        "wearing-off.ever",
        "wearing-off.standard-interval",
        "wearing-off.extended-interval",
    )
    return (
        "Studies disagree: one found lower saturation in people with regular wearing-off "
        "(Bringeland 2020), another no relation to level or saturation (van Kempen 2019). In the "
        f"latter: {usual}. Take it as a symptom, not as a sign of too little drug."
    )


def _none_recorded(facts: WearingOffFacts, profile: Profile) -> Verdict:
    within = days_text(profile.days("wearing-off.within"))
    last = facts.earlier[-1] if facts.earlier else None
    said = (
        f"No wearing-off is recorded within {within}; last on {last.day}."
        if last is not None
        else "No wearing-off is recorded."
    )
    return Verdict(
        status=Status.OK,
        message=said,
        evidence=(last.ref,) if last is not None else standing_refs(facts.therapy),
        keys=("wearing-off.within",),
    )


def _not_asked(facts: WearingOffFacts) -> Verdict | None:
    """The answer before any dose, off therapy, or without the table."""
    therapy = facts.therapy
    if therapy.last_dose is None:
        return NEVER_DOSED
    if therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Wearing-off does not apply.",
            evidence=standing_refs(therapy),
        )
    if not facts.symptoms_recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("symptoms", "whether the drug is felt to wear off is not known."),
            evidence=standing_refs(therapy),
        )
    return None


def wearing_off(facts: WearingOffFacts, profile: Profile) -> Verdict:
    """Is the drug felt to wear off, and were level and saturation looked at?"""
    if (answer := _not_asked(facts)) is not None:
        return answer
    if not facts.reports:
        return _none_recorded(facts, profile)
    times = "once" if len(facts.reports) == 1 else f"{len(facts.reports)} times"
    within = days_text(profile.days("wearing-off.within"))
    last = facts.reports[-1]
    comment = f" ('{last.comment}')" if last.comment else ""
    head = f"Wearing-off recorded {times} within {within}, last on {last.day}{comment}."
    checked = facts.level is not None or facts.saturation is not None
    due = not checked and facts.measurements_recorded
    if due:
        unusable = " The levels measured could not be used." if facts.unusable else ""
        todo = f"Neither level nor saturation was ever checked: take a trough.{unusable}"
    elif not checked:
        todo = not_in_export("measurements", "whether the level was checked is not known.")
    else:
        todo = _measured(facts)
    measured = [m.ref for m in (facts.level, facts.saturation) if m is not None]
    return Verdict(
        status=Status.DUE if due else Status.WATCH,
        message=joined(
            head,
            todo,
            _forecast(facts.forecast),
            facts.antibodies.text if facts.measurements_recorded else "",
            _studies(profile),
        ),
        due=facts.therapy.planned if due else None,
        evidence=(*(s.ref for s in facts.reports), *measured, *facts.antibodies.refs),
        keys=(
            "wearing-off.within",
            "wearing-off.ever",
            "wearing-off.standard-interval",
            "wearing-off.extended-interval",
            "wearing-off.regular",
        ),
    )


WEARING_OFF = Rule(
    id="symptom.wearing-off",
    title="Wearing-off",
    question="Is the drug felt to wear off, and were level and saturation looked at?",
    derive=wearing_off_facts,
    decide=wearing_off,
    sources=("van-kempen-2019", "bringeland-2020", "founding-s3"),
    silence=("symptoms",),
)
