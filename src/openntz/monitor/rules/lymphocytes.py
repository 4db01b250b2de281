"""No lymphocyte rise on natalizumab: a prompt to test antibodies and the level."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Measurement, Ref
from openntz.definitions.antibodies import antibody_history
from openntz.definitions.antibody_tests import AntibodyTest
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.lymphocytes import (
    CountChange,
    LymphocyteRise,
    RiseLimits,
    lymphocyte_rise,
)
from openntz.definitions.results import shown
from openntz.definitions.therapy import Therapy
from openntz.evidence.prevalence import prevalence
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.antibodies import antibody_limits, result_text
from openntz.monitor.rules.level_words import LEVEL_UNIT
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.standing import not_in_export, standing_refs

# As people write it; the vocabulary's own spelling is for machines.
COUNT_UNIT: Final = "×10⁹/L"

_KEYS = ("rise.threshold", "rise.window-from", "rise.window-to", "rise.baseline-within")
# Levels the forecast set aside answer nothing.
_SET_ASIDE = frozenset({"not a trough", "impossible", "not usable"})


class RiseFacts(Struct, frozen=True):
    """Counts against the person's baseline, and what was measured since the count that failed."""

    therapy: Therapy
    as_of: date
    recorded: bool
    rise: LymphocyteRise | None
    antibodies_since: AntibodyTest | None = None
    level_since: Measurement | None = None


def rise_facts(situation: Situation, profile: Profile) -> RiseFacts:
    """Facts of ``antibody.no-lymphocyte-rise``, for the course of treatment now going on."""
    course, t = situation.course, situation.therapy
    recorded = course.has("measurements")
    doses = course.derived(doses_since_gap, profile.days("rise.new-start-after"))
    if not doses:
        return RiseFacts(t, situation.as_of, recorded, None)
    rise = lymphocyte_rise(
        course,
        doses,
        RiseLimits(
            rise=profile.number("rise.threshold"),
            baseline_within_days=profile.days("rise.baseline-within"),
            window_from_day=profile.days("rise.window-from"),
            window_to_day=profile.days("rise.window-to"),
            lost_counts=round(profile.number("rise.lost-counts")),
            on_drug_days=profile.days("late-dose.act-after"),
        ),
    )
    failed = rise.best_in_window
    if failed is None or failed.rose:
        return RiseFacts(t, situation.as_of, recorded, rise)
    since = failed.count.day
    tests = course.derived(antibody_history, antibody_limits(profile)).tests
    unusable = {v.line for v in situation.forecast.levels if v.use in _SET_ASIDE}
    levels = [
        m
        for m in course.results(vocabulary.NATALIZUMAB)
        if m.day >= since and m.value is not None and m.ref.line not in unusable
    ]
    later = [x for x in tests if x.day >= since]
    return RiseFacts(
        t,
        situation.as_of,
        recorded,
        rise,
        antibodies_since=later[-1] if later else None,
        level_since=levels[-1] if levels else None,
    )


def _count_text(change: CountChange) -> str:
    """'2.1 on 2023-12-13 (day 84, +0.2)'."""
    sign = "" if change.change is None else f", {change.change:+.2g}"
    return f"{shown(change.count)} on {change.count.day} (day {change.day}{sign})"


def _baseline_text(rise: LymphocyteRise) -> str:
    if rise.baseline is None:
        return ""
    return f"baseline {shown(rise.baseline, COUNT_UNIT)} on {rise.baseline.day}"


def _refs(rise: LymphocyteRise, *changes: CountChange | None) -> tuple[Ref, ...]:
    baseline = (rise.baseline.ref,) if rise.baseline is not None else ()
    return (rise.start.ref, *baseline, *(c.count.ref for c in changes if c is not None))


def _window(rise: LymphocyteRise) -> tuple[date, date]:
    first = rise.start.day
    return (
        first + timedelta(days=rise.limits.window_from_day),
        first + timedelta(days=rise.limits.window_to_day),
    )


def no_rise(facts: RiseFacts, profile: Profile) -> Verdict:
    """Did lymphocytes rise from the person's own baseline?"""
    off = no_next_dose(facts.therapy, "The lymphocyte rise is judged on therapy only.")
    if off is not None:
        return off
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "the lymphocyte rise is not known."),
            evidence=standing_refs(facts.therapy),
        )
    rise = facts.rise
    if rise is None:
        return Verdict(
            status=Status.UNKNOWN,
            message="No dose has been given yet. Count lymphocytes before the first one: that is "
            "the person's own baseline.",
        )
    if rise.baseline is None:
        return _no_baseline(facts, rise, profile)
    best = rise.best_in_window
    if best is not None and not best.rose:
        return _failed(facts, rise, best, profile)
    if rise.lost:
        return _lost(rise)
    if best is not None:
        return _seen(rise, best)
    if rise.first_rise is not None:
        return _seen(rise, rise.first_rise)
    return _no_count(facts, rise)


def _no_baseline(facts: RiseFacts, rise: LymphocyteRise, profile: Profile) -> Verdict:
    within = profile.days("rise.baseline-within")
    return Verdict(
        status=Status.UNKNOWN,
        message=f"No lymphocyte count in the {within} days up to the first dose of this course "
        f"({rise.start.day}), so a rise from the person's own baseline cannot be judged. "
        "Antibodies and a level answer the same question.",
        evidence=(rise.start.ref, *standing_refs(facts.therapy)),
        keys=_KEYS,
    )


def _lost(rise: LymphocyteRise) -> Verdict:
    first = rise.first_rise
    seen = _count_text(first) if first is not None else ""
    low = " and ".join(_count_text(c) for c in rise.lost)
    one = len(rise.lost) == 1
    latest = "the latest count has" if one else f"the latest {len(rise.lost)} counts have"
    chance = " One low count alone may be chance: repeat it." if one else ""
    return Verdict(
        status=Status.WATCH,
        message=f"Lymphocytes had risen ({_baseline_text(rise)}; {seen}) but {latest} "
        f"not: {low}; {rise.limits.rise:g} above baseline asked for.{chance} "
        "Look for steroids or infection at the time; otherwise take antibodies and a level.",
        evidence=_refs(rise, first, *rise.lost),
        keys=(*_KEYS, "rise.lost-counts"),
    )


def _seen(rise: LymphocyteRise, change: CountChange) -> Verdict:
    latest = rise.latest
    low = ""
    if latest is not None and latest is not change and not latest.rose:
        low = f" The latest count, {_count_text(latest)}, is lower; one count alone may be chance."
    return Verdict(
        status=Status.OK,
        message=f"Lymphocytes rose: {_baseline_text(rise)}, {_count_text(change)}; at least "
        f"{rise.limits.rise:g} asked for.{low}",
        evidence=_refs(rise, change, latest),
        keys=_KEYS,
    )


def _failed(facts: RiseFacts, rise: LymphocyteRise, best: CountChange, profile: Profile) -> Verdict:
    """No rise in the window; later counts and tests made since may answer the question."""
    later = next((c for c in rise.changes if c.rose and c.day > best.day), None)
    if later is not None and rise.lost:
        return _lost(rise)
    if later is not None:
        return Verdict(
            status=Status.OK,
            message=f"Lymphocytes rose late: {_baseline_text(rise)}, not yet at "
            f"{_count_text(best)}, then {_count_text(later)}.",
            evidence=_refs(rise, best, later),
            keys=_KEYS,
        )
    earlier = next((c for c in rise.changes if c.rose and c.day < best.day), None)
    before = f" It had risen before: {_count_text(earlier)}." if earlier is not None else ""
    told = (
        f"No lymphocyte rise: {_baseline_text(rise)}, {_count_text(best)}; at least "
        f"{rise.limits.rise:g} asked for between day {rise.limits.window_from_day} and "
        f"{rise.limits.window_to_day}.{before}"
    )
    antibodies, level = facts.antibodies_since, facts.level_since
    refs = _refs(rise, best, earlier)
    measured = []
    if antibodies is not None:
        measured.append(f"antibodies {result_text(antibodies)}")
        refs = (*refs, *antibodies.refs)
    if level is not None:
        measured.append(f"level {shown(level, LEVEL_UNIT)} on {level.day}")
        refs = (*refs, level.ref)
    if antibodies is not None and level is not None:
        return Verdict(
            status=Status.WATCH,
            message=f"{told} Both have been measured since: {'; '.join(measured)}. Read them "
            "together; repeat the count.",
            evidence=refs,
            keys=_KEYS,
        )
    chance = profile.number("rise.chance-of-antibodies")
    found = prevalence(profile.fact("rise.prevalence"))
    so_far = f" Measured since: {measured[0]}." if measured else ""
    missing = "a trough level" if antibodies is not None else "antibodies"
    if not measured:
        missing = "antibodies and a trough level"
    return Verdict(
        status=Status.DUE,
        message=f"{told} Of people without the rise about {chance:.0f} in a hundred have "
        f"persistent antibodies, derived where they are found in {found.shown}.{so_far} Take "
        f"{missing} now, before the next dose.",
        due=facts.therapy.planned,
        evidence=refs,
        keys=(*_KEYS, "rise.chance-of-antibodies", "rise.prevalence"),
    )


def _no_count(facts: RiseFacts, rise: LymphocyteRise) -> Verdict:
    opens, closes = _window(rise)
    if facts.as_of <= closes:
        when = (
            f"A count is due between {opens} and {closes}"
            if facts.as_of < opens
            else f"A count is due now, until {closes}"
        )
        message = f"Not yet known: {_baseline_text(rise)}, no later count in time. {when}."
        due = opens
    else:
        message = (
            f"No count between {opens} and {closes} (day {rise.limits.window_from_day} to "
            f"{rise.limits.window_to_day}) and no rise seen at another time: "
            f"{_baseline_text(rise)}. Count lymphocytes now; if they are not "
            f"{rise.limits.rise:g} above baseline, take antibodies and a level."
        )
        due = None
    return Verdict(
        status=Status.UNKNOWN,
        message=message,
        due=due,
        evidence=_refs(rise, rise.latest),
        keys=_KEYS,
    )


NO_RISE = Rule(
    id="antibody.no-lymphocyte-rise",
    title="Lymphocyte rise",
    question="Did lymphocytes rise from the person's own baseline?",
    derive=rise_facts,
    decide=no_rise,
    sources=("ectrims-2025-p1978", "founding-s0"),
)
