"""Natalizumab levels that cannot be right, and those that are unusual."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Measurement, Ref
from openntz.course.vocabulary import lost_results
from openntz.definitions.level_causes import causes_sentence
from openntz.definitions.therapy import Therapy
from openntz.forecast.result import LevelVerdict
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.level_words import level_text
from openntz.monitor.rules.next_dose import next_dose_text, no_next_dose
from openntz.monitor.rules.standing import joined, not_in_export, standing_refs

USABLE = frozenset({"fitted", "censored above"})
"""Uses of a level that informed the forecast."""
_FLAGGED = frozenset({"not a trough", "impossible"})
_UNEXPLAINED = " Check the sample's time and unit, and look for antibodies if it is low."


def level_ref(verdict: LevelVerdict) -> Ref:
    """The row of a level."""
    return Ref("measurements", verdict.line)


def _value(verdict: LevelVerdict) -> str:
    number = level_text(verdict.value, verdict.censor)
    clock = verdict.at.time()
    time = f" {clock:%H:%M}" if clock.hour or clock.minute else ""
    return f"{number} on {verdict.at.date()}{time}"


class ImplausibleFacts(Struct, frozen=True):
    """How each level was used, in time order, and how many are on record at all."""

    therapy: Therapy
    as_of: date
    recorded: bool
    measured: tuple[Measurement, ...]
    levels: tuple[LevelVerdict, ...]
    reason: str


def implausible_facts(situation: Situation, profile: Profile) -> ImplausibleFacts:
    """Facts of ``level.implausible``."""
    del profile
    course = situation.course
    return ImplausibleFacts(
        therapy=situation.therapy,
        as_of=situation.as_of,
        recorded=course.has("measurements"),
        measured=course.results(vocabulary.NATALIZUMAB),
        levels=tuple(sorted(situation.forecast.levels, key=lambda v: v.at)),
        reason=situation.forecast.reason,
    )


def implausible(facts: ImplausibleFacts, profile: Profile) -> Verdict:
    """Is there a level that cannot be a trough, or cannot be true for the recorded doses?"""
    t = facts.therapy
    flagged = [v for v in facts.levels if v.use in _FLAGGED]
    off = no_next_dose(
        t,
        f"{_set_aside(flagged)} not fitted; a repeat is not needed now."
        if flagged
        else "No level needs to be repeated.",
    )
    if off is not None:
        return off
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "levels cannot be checked."),
            evidence=standing_refs(t),
        )
    if not facts.measured:
        return Verdict(
            status=Status.UNKNOWN,
            message="No natalizumab level is recorded, so there is none to check.",
            evidence=standing_refs(t),
        )
    if not facts.levels:
        why = f": {facts.reason}" if facts.reason else "."
        return Verdict(
            status=Status.UNKNOWN,
            message=f"{len(facts.measured)} level(s) on record could not be checked{why}",
            evidence=tuple(m.ref for m in facts.measured),
        )
    if flagged:
        return _flagged(facts, flagged, profile)
    return _unflagged(facts)


def _set_aside(flagged: list[LevelVerdict]) -> str:
    return f"{len(flagged)} level{'s' if len(flagged) > 1 else ''} set aside and"


def _flagged(facts: ImplausibleFacts, flagged: list[LevelVerdict], profile: Profile) -> Verdict:
    """Repeat while the flag is recent or no later level could be used.

    Unusual levels among those that were used are told besides.
    """
    last = flagged[-1]
    later = [v for v in facts.levels if v.use in USABLE and v.at > last.at]
    days = profile.days("level.flagged-within")
    recent = (facts.as_of - last.at.date()).days <= days
    told = f"Level {_value(last)}: {last.reason.strip() or last.use} It was not fitted."
    told += causes_sentence(last)
    more = (
        f" {len(flagged) - 1} earlier level{'s' if len(flagged) > 2 else ''} likewise."
        if len(flagged) > 1
        else ""
    )
    since = f" A later level, {_value(later[-1])}, could be used." if later else ""
    odd = _odd(facts.levels)
    evidence = (
        *(level_ref(v) for v in reversed(flagged)),
        *(level_ref(v) for v in later[-1:]),
        *odd.refs,
    )
    keys = ("level.flagged-within", "level.not-a-trough-within")
    if later and not recent:
        return Verdict(
            status=Status.WATCH,
            message=joined(
                f"{told}{more}{since} What was set aside is more than {days} days old; no repeat "
                "is needed for it.",
                odd.text,
            ),
            evidence=evidence,
            keys=keys,
        )
    again = "See that samples are taken" if later else "Repeat the level, taken"
    return Verdict(
        status=Status.DUE,
        message=joined(
            f"{told}{more}{since} {again} just before {next_dose_text(facts.therapy)}, with the "
            "time written down.",
            odd.text,
        ),
        due=facts.therapy.planned,
        evidence=evidence,
        keys=keys,
    )


def _unflagged(facts: ImplausibleFacts) -> Verdict:
    usable = [v for v in facts.levels if v.use in USABLE]
    if not usable:
        last = facts.levels[-1]
        return Verdict(
            status=Status.UNKNOWN,
            message=f"No level could be used; the last, {_value(last)}: {last.reason}",
            evidence=(level_ref(last),),
        )
    odd = _odd(facts.levels)
    if odd.text:
        return Verdict(status=Status.WATCH, message=odd.text, evidence=odd.refs)
    number = f"{len(usable)} level{'s' if len(usable) > 1 else ''}"
    latest = usable[-1]
    return Verdict(
        status=Status.OK,
        message=f"{number} on record, none implausible; the latest is {_value(latest)}.",
        evidence=(level_ref(latest),),
    )


class _Odd(Struct, frozen=True):
    """What is said of unusual levels that were used, and their rows; empty without any."""

    text: str = ""
    refs: tuple[Ref, ...] = ()


def _odd(levels: tuple[LevelVerdict, ...]) -> _Odd:
    """Levels that were used though unusual, or though the curve of all levels does not fit them."""
    usable = [v for v in levels if v.use in USABLE]
    odd = [v for v in usable if v.unusual or v.misfit]
    if not odd:
        return _Odd()
    last, latest = odd[-1], usable[-1]
    which = "The latest level" if last is levels[-1] else "The level"
    what = (
        f"is unusual: {last.reason}"
        if last.unusual
        else "is unusual: the curve fitted to all levels does not fit it."
    )
    others = ", ".join(_value(v) for v in odd[:-1])
    return _Odd(
        joined(
            f"{which}, {_value(last)}, {what} It was used.{causes_sentence(last) or _UNEXPLAINED}",
            f"A later level, {_value(latest)}, is usual." if last is not latest else "",
            f"Unusual and used before: {others}." if others else "",
        ),
        (
            *(level_ref(v) for v in reversed(odd)),
            *((level_ref(latest),) if last is not latest else ()),
        ),
    )


IMPLAUSIBLE = Rule(
    id="level.implausible",
    title="Implausible level",
    question="Is there a level that cannot be right?",
    derive=implausible_facts,
    decide=implausible,
    sources=("openntz", "van-den-berg-2025"),
    silence=(
        lost_results(vocabulary.NATALIZUMAB),
        "doses",
    ),
)
