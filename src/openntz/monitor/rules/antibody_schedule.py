"""When antibodies are to be tested: routine, after an event, or because another rule asks.

The sources disagree on when (labels: on events; founding guide: every 12 weeks), so each reason
carries its name, and what another rule already asks for is only pointed to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from math import inf
from typing import Final

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Ref
from openntz.definitions.activity import activity
from openntz.definitions.antibodies import AntibodyHistory, Persistent, antibody_history
from openntz.definitions.antibody_tests import AntibodyTest, Reading
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.reactions import ReactionKind, Timing, link_reaction, reaction_kind
from openntz.definitions.schedule import Check, CheckState, recurring_check
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.antibodies import (
    CONFIRM,
    PERSISTENT,
    antibody_definition,
    antibody_limits,
    result_text,
)
from openntz.monitor.rules.antibody_level import LowLevel, low_level
from openntz.monitor.rules.forbidden import Forbidden, before_restart, forbidden
from openntz.monitor.rules.hypersensitivity import reaction_terms
from openntz.monitor.rules.lymphocytes import NO_RISE, no_rise, rise_facts
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.re_exposure import (
    BEFORE_RE_EXPOSURE,
    before_re_exposure,
    re_exposure_facts,
)
from openntz.monitor.rules.scheduled import check_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    standing_refs,
)


class Reason(StrEnum):
    """Why antibodies are tested."""

    ROUTINE = "routine"
    EVENT = "event"
    LEVEL = "level"
    RE_EXPOSURE = "re-exposure"
    NO_RISE = "no lymphocyte rise"


_EVENT_TABLES: Final = ("relapses", "mri", "reactions")


class AntibodyEvent(Struct, frozen=True):
    """Something on therapy after which antibodies are tested."""

    what: str
    day: date
    ref: Ref


class AntibodyTestFacts(Struct, frozen=True, kw_only=True):
    """The last readable test, events and a low level since it, and who else speaks of a test.

    ``open_with`` names the rule that deals with a positive already found; ``asked_by`` the
    rules that ask for a test now, by reason.
    """

    therapy: Therapy
    recorded: bool
    missing: tuple[str, ...] = ()
    started: date | None = None
    last: AntibodyTest | None = None
    events: tuple[AntibodyEvent, ...] = ()
    level: LowLevel | None = None
    open_with: str = ""
    asked_by: tuple[tuple[Reason, str], ...] = ()
    forbidden: Forbidden | None = None


_TIED_TO_A_DOSE: Final = {Timing.DURING, Timing.AFTER, Timing.SAME_DAY}


def _events(course: Course, first: date, until: date, profile: Profile) -> list[AntibodyEvent]:
    """Relapses, active scans and reactions to a dose, from the day after the first dose on."""
    seen = activity(course, first + timedelta(days=1), until)
    found = [AntibodyEvent(f"relapse on {r.day}", r.day, r.ref) for r in seen.relapses]
    for scan in seen.scans:
        counts = {
            "enhancing": scan.gadolinium_lesions,
            "new T2": scan.new_t2_lesions,
            "enlarging T2": scan.enlarging_t2_lesions,
        }
        kinds = [kind for kind, n in counts.items() if n]
        if kinds:
            what = f"{' and '.join(kinds)} lesions on {scan.day}"
            found.append(AntibodyEvent(what, scan.day, scan.ref))
    terms, within = reaction_terms(profile), profile.days("reaction.linked-within")
    for reaction in course.reactions:
        if reaction.day < first:
            continue
        tied = link_reaction(reaction, course.doses, within).timing in _TIED_TO_A_DOSE
        if tied or reaction_kind(reaction, terms) is ReactionKind.FORBIDS:
            what = f"reaction to a dose on {reaction.day} ({reaction.term})"
            found.append(AntibodyEvent(what, reaction.day, reaction.ref))
    return sorted(found, key=lambda e: (e.day, e.ref.table))


def _open_with(history: AntibodyHistory, profile: Profile) -> str:
    """The rule that deals with a positive on record; a negative since makes room for new tests."""
    chosen = antibody_definition(profile)
    verdict = history.verdicts[chosen]
    if verdict.awaits_from is not None:
        return CONFIRM.id
    persistent = verdict.persistent is Persistent.YES
    if persistent and history.currently_positive(chosen) is not Persistent.NO:
        return PERSISTENT.id
    return ""


def _asked_by(situation: Situation, profile: Profile) -> tuple[tuple[Reason, str], ...]:
    """Other rules that ask for a test at this date."""
    asked = []
    short = before_re_exposure(re_exposure_facts(situation, profile), profile)
    if short.status in {Status.ACT, Status.DUE}:
        asked.append((Reason.RE_EXPOSURE, BEFORE_RE_EXPOSURE.id))
    rise = rise_facts(situation, profile)
    if rise.antibodies_since is None and no_rise(rise, profile).status is Status.DUE:
        asked.append((Reason.NO_RISE, NO_RISE.id))
    return tuple(asked)


def antibody_test_facts(situation: Situation, profile: Profile) -> AntibodyTestFacts:
    """Facts of ``antibody.test-due``.

    Events count from the day after the first dose of the course now going on; a test on the day
    of an event or later answers it, a result that says neither positive nor negative does not.
    """
    course, t = situation.course, situation.therapy
    recorded = course.has("measurements")
    doses = course.derived(doses_since_gap, profile.days("rise.new-start-after"))
    if not doses or not recorded or not t.not_stopped:
        return AntibodyTestFacts(
            therapy=t, recorded=recorded, forbidden=forbidden(situation, profile)
        )
    history = course.derived(antibody_history, antibody_limits(profile))
    readable = [x for x in history.tests if x.own is not Reading.UNDETERMINED]
    last = readable[-1] if readable else None
    events = _events(course, doses[0].day, situation.as_of, profile)
    level = low_level(situation, profile) if t.expects_dose else None
    answered = max(d for d in (doses[0].day, last.day if last else None) if d is not None)
    return AntibodyTestFacts(
        therapy=t,
        recorded=recorded,
        missing=tuple(name for name in _EVENT_TABLES if not course.has(name)),
        started=doses[0].day,
        last=last,
        events=tuple(e for e in events if last is None or e.day > last.day),
        level=level if level is not None and level.day > answered else None,
        open_with=_open_with(history, profile),
        asked_by=_asked_by(situation, profile),
        forbidden=forbidden(situation, profile),
    )


def _newest(events: Sequence[AntibodyEvent]) -> str:
    """The newest of several events, and how many lie before it."""
    more = len(events) - 1
    return events[-1].what + (f" and {more} before it" if more else "")


def _last_text(facts: AntibodyTestFacts) -> str:
    if facts.last is None:
        return "No antibody test that can be read is on record."
    return f"Last antibody test: {result_text(facts.last)}."


def _unasked(facts: AntibodyTestFacts) -> Verdict | None:
    """The answer where no test of this rule's own can be due."""
    off = before_restart(
        facts.therapy, facts.forbidden, "Antibodies are tested before any restart."
    )
    if off is not None:
        return off
    if facts.therapy.last_dose is None:
        return NEVER_DOSED
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "whether antibodies were tested is not known."),
            evidence=standing_refs(facts.therapy),
        )
    if not facts.open_with:
        return None
    since = f" Since the last test: {_newest(facts.events)}." if facts.events else ""
    return Verdict(
        status=Status.OK,
        message=f"Antibodies were positive, and {facts.open_with} says what follows; no further "
        f"test is asked for here.{since}",
        evidence=(*_last_refs(facts), *(e.ref for e in facts.events)),
    )


def _last_refs(facts: AntibodyTestFacts) -> tuple[Ref, ...]:
    return facts.last.refs if facts.last is not None else ()


def _routine_text(facts: AntibodyTestFacts, routine: Check, profile: Profile) -> str:
    """What is on record and when the next routine test is due."""
    if routine.last is None and facts.last is not None:
        tail = check_text(routine, "antibody test on treatment", profile)
        return f"{_last_text(facts)} {tail}"
    return check_text(routine, "antibody test", profile)


def _routine(facts: AntibodyTestFacts, profile: Profile) -> Check | None:
    """The routine test, where the profile asks for one.

    A test from before the first dose says nothing of antibodies against the drug: the interval
    runs from the first dose then.
    """
    if profile.chosen("antibodies.routine") != "yes" or facts.started is None:
        return None
    on_treatment = facts.last is not None and facts.last.day >= facts.started
    return recurring_check(
        last=facts.last.day if facts.last is not None and on_treatment else None,
        started=facts.started,
        interval_days=profile.days("antibodies.routine.interval"),
        as_of=facts.therapy.as_of,
        announce_days=profile.days("check.announce"),
        long_overdue_fraction=inf,
    )


def _due(
    facts: AntibodyTestFacts,
    profile: Profile,
    recent: list[AntibodyEvent],
    routine: Check | None,
    tail: str,
) -> Verdict | None:
    """A test is due for a reason of this rule's own."""
    overdue = routine is not None and routine.state is CheckState.DUE
    level = facts.level
    if level is not None and level.day < _event_since(facts, profile):
        level = None
    if not recent and level is None and not overdue:
        return None
    said, keys = [], []
    if recent:
        rank = "" if profile.fact("antibodies.event.test").verified else " (unverified)"
        said.append(
            f"Reason {Reason.EVENT}: {'; '.join(e.what for e in recent)}, and no antibody test "
            f"since. {_last_text(facts)} The EU label asks for a test then{rank}."
        )
        keys += ["antibodies.event.test", "antibodies.event.within"]
    if level is not None:
        said.append(
            f"Reason {Reason.LEVEL}: {level.what}, and no antibody test since; see {level.rule}. "
            f"{'' if recent else _last_text(facts)}".rstrip()
        )
        keys += [*level.keys, "antibodies.event.within"]
    if overdue and routine is not None:
        every = profile.fact("antibodies.routine.interval").shown.replace(" wk", " weeks", 1)
        said.append(
            f"Reason {Reason.ROUTINE} (every {every}, founding guide; the labels do not ask for "
            f"it): {_routine_text(facts, routine, profile)}"
        )
        keys += ["antibodies.routine.interval"]
    t = facts.therapy
    if facts.forbidden is not None:
        todo = facts.forbidden.text
    elif t.expects_dose:
        todo = f"Take antibodies, with a trough level, before {next_dose_text(t)}."
    else:
        todo = f"{off_text(t)} Take antibodies all the same, or record the stop."
    return Verdict(
        status=Status.DUE,
        message=joined(*said, tail, todo),
        due=t.planned if recent or level is not None or routine is None else routine.due,
        evidence=(
            *(e.ref for e in recent),
            *((level.ref,) if level is not None else ()),
            *_last_refs(facts),
            *standing_refs(t),
        ),
        keys=tuple(dict.fromkeys(keys)),
    )


def _event_since(facts: AntibodyTestFacts, profile: Profile) -> date:
    """The first day whose events still ask for a test."""
    return facts.therapy.as_of - timedelta(days=profile.days("antibodies.event.within"))


def test_due(facts: AntibodyTestFacts, profile: Profile) -> Verdict:
    """Is an antibody test due, and for which reason?"""
    t = facts.therapy
    since = _event_since(facts, profile)
    recent = [e for e in facts.events if e.day >= since]
    older = [e for e in facts.events if e.day < since]
    only_presumed = t.not_stopped and not t.expects_dose
    if only_presumed and not facts.open_with:
        due = _due(facts, profile, recent, None, "")
        if due is not None:
            return due
    if (answer := _unasked(facts)) is not None:
        return answer
    routine = _routine(facts, profile)
    tail = joined(*(f"Reason {reason}: see {rule}." for reason, rule in facts.asked_by))
    due = _due(facts, profile, recent, routine, tail)
    if due is not None:
        return due
    soon = routine is not None and routine.state is CheckState.SOON
    known = not facts.missing
    quiet = Status.OK if known else Status.UNKNOWN
    status = Status.WATCH if soon or facts.asked_by else quiet
    if routine is not None:
        head = _routine_text(facts, routine, profile)
        if soon:
            head = f"Reason {Reason.ROUTINE}: {head}"
    else:
        head = f"{_last_text(facts)} This profile asks for no routine tests."
    gaps = (
        ""
        if known
        else f"Not in the export: {', '.join(facts.missing)}; whether an event asks for a test "
        "is not known."
    )
    past = f"Never followed by a test, but long ago: {_newest(older)}." if older else ""
    return Verdict(
        status=status,
        message=joined(head, tail, gaps, past),
        due=routine.due if routine is not None and status is not Status.UNKNOWN else None,
        evidence=(*_last_refs(facts), *(e.ref for e in older), *standing_refs(t)),
        keys=("antibodies.routine.interval",) if routine is not None else (),
    )


TEST_DUE: Final = Rule(
    id="antibody.test-due",
    title="Antibody test due",
    question="Is an antibody test due, and for which reason?",
    derive=antibody_test_facts,
    decide=test_due,
    sources=("founding-s2", "eu-smpc", "us-pi", "founding-s0"),
    silence=_EVENT_TABLES,
)
