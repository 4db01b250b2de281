"""Natalizumab levels that are low."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Dose, Measurement, Ref
from openntz.course.vocabulary import lost_results
from openntz.definitions.results import below
from openntz.definitions.therapy import Therapy
from openntz.forecast.result import PersonForecast
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.antibody_beside import NO_STATUS, antibody_status
from openntz.monitor.rules.level_forecast import LIMITS, Part, limit, predicted
from openntz.monitor.rules.level_implausible import USABLE, level_ref
from openntz.monitor.rules.level_words import LEVEL_UNIT, level_text
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.standing import ago, joined, not_in_export, standing_refs


class LowFacts(Struct, frozen=True):
    """The latest level that speaks for today, why another does not, and the forecast.

    The ``course`` is for the antibodies, which are read only where a level is low.
    """

    therapy: Therapy
    as_of: date
    recorded: bool
    latest: Measurement | None
    days_after_dose: int | None
    passed_over: str
    forecast: PersonForecast
    course: Course


def _dose_before(level: Measurement, doses: tuple[Dose, ...]) -> Dose | None:
    """The dose a level was drawn after; on a dose day it counts as drawn before that dose."""
    before = [d for d in doses if d.day < level.day]
    return before[-1] if before else None


def low_facts(situation: Situation, profile: Profile) -> LowFacts:
    """Facts of ``level.low``.

    A level speaks for today when the forecast could use it, it is not too old, and it was drawn
    within the longest time between doses on therapy: a level of a wash-out says nothing about
    the level on treatment.
    """
    course, as_of = situation.course, situation.as_of
    # A zero without limit of quantification cannot be fitted, but it says that the drug is low.
    usable = {
        v.line
        for v in situation.forecast.levels
        if v.use in USABLE or (v.use == "not usable" and v.value == 0)
    }
    levels = [
        m
        for m in course.results(vocabulary.NATALIZUMAB)
        if m.ref.line in usable and m.value is not None
    ]
    oldest, longest = profile.days("level.measured-within"), profile.days("late-dose.act-after")
    latest, after, passed_over = _latest_speaking(course, levels, as_of, oldest, longest)
    return LowFacts(
        therapy=situation.therapy,
        as_of=as_of,
        recorded=course.has("measurements"),
        latest=latest,
        days_after_dose=after,
        passed_over=passed_over,
        forecast=situation.forecast,
        course=course,
    )


def _latest_speaking(
    course: Course, levels: list[Measurement], as_of: date, oldest: int, longest: int
) -> tuple[Measurement | None, int | None, str]:
    passed_over = ""
    for level in reversed(levels):
        age = (as_of - level.day).days
        text = f"{level_text(level.value, level.censor)} on {level.day}"
        if age > oldest:
            return (
                None,
                None,
                passed_over
                or (
                    f"The latest level, {text}, is {days_text(age)} old and speaks for today only "
                    "through the forecast."
                ),
            )
        dose = _dose_before(level, course.doses)
        if dose is not None and (level.day - dose.day).days <= longest:
            return level, (level.day - dose.day).days, passed_over
        passed_over = passed_over or (
            f"The level {text} was drawn more than {days_text(longest)} after a dose and is not "
            "a level on treatment."
            if dose is not None
            else f"The level {text} was drawn before the first recorded dose."
        )
    return None, None, passed_over


def _measured(facts: LowFacts, profile: Profile) -> Part:
    level = facts.latest
    if level is None:
        text = facts.passed_over or "No usable level is recorded."
        return Part(Status.UNKNOWN, text)
    when = (
        ""
        if facts.days_after_dose is None
        else f", {days_text(facts.days_after_dose)} after a dose"
    )
    taken = ago(level.day, facts.as_of, profile)
    limits = [profile.number(key) for _, key in LIMITS]
    passed = next((x for x in limits if below(level, x)), None)
    number = level_text(level.value, level.censor, passed)
    text = f"Latest level {number} on {taken}{when}"
    undecided = False
    for status, key in LIMITS:
        is_below = below(level, profile.number(key))
        if is_below:
            return Part(status, f"{text}: below {limit(profile, key)}.", (key,))
        undecided = undecided or is_below is None
    keys = tuple(key for _, key in LIMITS)
    if undecided:
        return Part(Status.UNKNOWN, f"{text}: how low is not known.", keys)
    return Part(Status.OK, f"{text}.", keys)


_THEN = {
    Status.ACT: "Hardly any drug is left at the end of the interval. Check doses, sample times "
    "and antibodies now, repeat the level, and decide on the interval and on going on.",
    Status.DUE: "Take a trough and antibodies before the next dose, and review the interval.",
    Status.WATCH: "Take a trough before the next dose; do not lengthen the interval on this.",
}

_STUDIES = (
    "Studies of level and activity part by antibodies: no relation over all people (van Kempen "
    "2017), relapses and enhancing lesions where high antibodies took the level away (Vennegoor "
    "2013)."
)


def low(facts: LowFacts, profile: Profile) -> Verdict:
    """Is the trough low, as measured or as forecast at the next dose?"""
    t = facts.therapy
    off = no_next_dose(t, "A low level is expected.")
    if off is not None:
        return off
    measured = _measured(facts, profile)
    expected = predicted(facts.forecast, facts.therapy, profile)
    evidence = (*((facts.latest.ref,) if facts.latest else ()), *standing_refs(t))
    told = f"{measured.text} {expected.text}"
    # A forecast answers where there is no level, and a level where there is no forecast.
    known = [p for p in (measured, expected) if p.status is not Status.UNKNOWN]
    if not known:
        missing = not_in_export("measurements", "no level is known. ") if not facts.recorded else ""
        return Verdict(
            status=Status.UNKNOWN,
            message=f"{missing}{told} Take a trough before the next dose.",
            due=t.planned,
            evidence=evidence,
        )
    worst = min(known, key=lambda p: p.status.urgency)
    against = facts.forecast.contradiction.replace("ug/mL", LEVEL_UNIT)
    if worst.status is Status.OK and against:
        return Verdict(
            status=Status.WATCH,
            message=f"{told} {against}",
            due=t.planned,
            evidence=(*evidence, *_misfits(facts.forecast)),
            keys=tuple(dict.fromkeys(k for p in known for k in p.keys)),
        )
    then = _THEN.get(worst.status, "")
    open_ = worst.status is not Status.OK
    antibodies = antibody_status(facts.course, profile) if open_ else NO_STATUS
    return Verdict(
        status=worst.status,
        message=joined(
            told,
            then,
            antibodies.text,
            _STUDIES if worst.status in {Status.ACT, Status.DUE} else "",
        ),
        due=t.planned if open_ else None,
        evidence=(*evidence, *antibodies.refs),
        keys=tuple(dict.fromkeys(k for p in known if p.status is worst.status for k in p.keys)),
    )


def _misfits(forecast: PersonForecast) -> tuple[Ref, ...]:
    return tuple(level_ref(v) for v in forecast.levels if v.misfit)


LOW = Rule(
    id="level.low",
    title="Low level",
    question="Is the trough low, as measured or forecast?",
    derive=low_facts,
    decide=low,
    sources=(
        "next-ms-2023",
        "ryerson-2020",
        "van-den-berg-2025",
        "van-kempen-2017",
        "vennegoor-2013",
    ),
    silence=(
        lost_results(vocabulary.NATALIZUMAB),
        "doses",
    ),
)
