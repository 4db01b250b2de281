"""Restarting natalizumab while the disease is active."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Dose, Measurement, Ref, Scan
from openntz.definitions.activity import Activity, activity
from openntz.definitions.off_drug import recent_restart
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.forbidden import Forbidden, forbidden
from openntz.monitor.rules.standing import NEVER_DOSED, joined, off_text, standing_refs


class Restart(StrEnum):
    """What is known of a restart."""

    GIVEN = "given"
    PLANNED = "planned"
    NOT_KNOWN = "not known"


class Episode(Struct, frozen=True, kw_only=True):
    """One gap, the restart that ended or would end it, and activity before that restart.

    ``on`` is the day of the restart dose, given or booked; None when only a plan says so, or
    nothing does. ``scan`` and ``test`` are the latest MRI and antibody test after a given one.
    """

    restart: Restart
    last_before: Dose
    on: date | None
    plan: Ref | None
    dose: Ref | None
    activity: Activity
    scan: Scan | None = None
    test: Measurement | None = None


class RestartFacts(Struct, frozen=True):
    """Standing in therapy and the gaps that matter now."""

    therapy: Therapy
    episodes: tuple[Episode, ...]
    forbidden: Forbidden | None = None


def _given(course: Course, therapy: Therapy, gap: int, recent: int) -> Episode | None:
    """The last dose after a gap, if it was recent; a recorded stop makes any pause a gap."""
    found = recent_restart(course, therapy, gap, recent)
    if found is None:
        return None
    before, dose = found
    first = max(before.day + timedelta(days=1), dose.day - timedelta(days=recent))
    tests = course.results(vocabulary.ANTIBODIES)
    return Episode(
        restart=Restart.GIVEN,
        last_before=before,
        on=dose.day,
        plan=None,
        dose=dose.ref,
        activity=activity(course, first, dose.day),
        scan=next((s for s in reversed(course.mri) if s.day > dose.day), None),
        test=next((t for t in reversed(tests) if t.day > dose.day), None),
    )


def _open_gap(course: Course, therapy: Therapy, recent: int) -> Episode | None:
    """The gap somebody off therapy is in, and whether its end is planned."""
    last = therapy.last_dose
    if last is None or not therapy.off_therapy:
        return None
    known = therapy.planned_is_booked or therapy.resumes is not None
    earliest = therapy.as_of - timedelta(days=recent)
    first = max(last.day + timedelta(days=1), earliest)
    return Episode(
        restart=Restart.PLANNED if known else Restart.NOT_KNOWN,
        last_before=last,
        on=therapy.planned if therapy.planned_is_booked else None,
        plan=therapy.resumes.ref if therapy.resumes is not None else None,
        dose=None,
        activity=activity(course, first, therapy.as_of),
    )


def restart_facts(situation: Situation, profile: Profile) -> RestartFacts:
    """Facts of ``restart.active-disease``."""
    gap, recent = profile.days("restart.gap"), profile.days("restart.recent")
    course, therapy = situation.course, situation.therapy
    episodes = (_open_gap(course, therapy, recent), _given(course, therapy, gap, recent))
    found = tuple(e for e in episodes if e is not None)
    return RestartFacts(therapy, found, forbidden(situation, profile))


def _active_text(found: Activity) -> str:
    parts = [f"relapse on {r.day}" for r in found.relapses]
    parts += [
        f"{s.gadolinium_lesions} enhancing lesion{'' if s.gadolinium_lesions == 1 else 's'} on "
        f"the MRI of {s.day}"
        for s in found.gadolinium_scans
    ]
    return ", ".join(parts)


def _unknown_text(found: Activity) -> str:
    missing = [
        table
        for table, there in (("relapses", found.relapses_recorded), ("mri", found.scans_recorded))
        if not there
    ]
    if missing:
        return f"Not in the export: {', '.join(missing)}."
    return f"No MRI that reports enhancing lesions between {found.first} and {found.last}."


_CASE = (
    "In a case report of 2014 one restart dose during active disease was followed by fulminant "
    "worsening; whether the dose caused it is open."
)
_BEFORE = (
    "Before a restart: blood tests, a new MRI and an antibody test (ClinicSpeak); with active "
    f"inflammation only with caution. {_CASE}"
)


def _after(episode: Episode) -> str:
    """What to do once the dose has been given; what was done since is not asked for again."""
    scan, test = episode.scan, episode.test
    todo = [
        "watch closely",
        *(["do an MRI now"] if scan is None else []),
        *(["test antibodies"] if test is None else []),
        "ask the person to report any worsening at once",
    ]
    done = [
        *([] if scan is None else [f"MRI on {scan.day}"]),
        *([] if test is None else [f"antibody test on {test.day}"]),
    ]
    return joined(
        f"The dose has been given: {', '.join(todo[:-1])} and {todo[-1]}.",
        f"Since then: {', '.join(done)}." if done else "",
        _CASE,
    )


def _advice(episode: Episode, forbids: Forbidden | None) -> str:
    """What to do in active disease: before a restart, after it, or with natalizumab forbidden."""
    given = episode.restart is Restart.GIVEN
    if forbids is None:
        return _after(episode) if given else _BEFORE
    return joined(_after(episode) if given else "", forbids.text)


def _verdict(episode: Episode, facts: RestartFacts) -> Verdict:
    therapy, forbids = facts.therapy, facts.forbidden
    found, known = episode.activity, episode.restart is not Restart.NOT_KNOWN
    to = episode.on or therapy.as_of
    gap = days_text((to - episode.last_before.day).days)
    if episode.restart is Restart.GIVEN:
        head = f"Natalizumab was restarted on {episode.on} after {gap} without a dose."
    else:
        when = f" for {episode.on}" if episode.on else ""
        plan = f"A restart is planned{when}." if known else "No restart is planned on record."
        head = joined(off_text(therapy), plan)
    active = found.inflammation
    refs = [episode.last_before.ref, episode.dose, episode.plan, therapy.stop_ref]
    refs += [e.ref for e in (*found.relapses, *found.scans)]
    refs += [e.ref for e in (episode.scan, episode.test) if e is not None]
    refs += [] if forbids is None else [*forbids.refs]
    if active:
        status = Status.ACT if known else Status.WATCH
        body = f"The disease is active: {_active_text(found)}."
        if episode.restart is Restart.GIVEN:
            body = f"The disease was active before it: {_active_text(found)}."
        tail = _advice(episode, forbids)
    elif active is None:
        status = Status.UNKNOWN
        body = f"Whether the disease is active is not known. {_unknown_text(found)}"
        tail = "A new MRI belongs before any restart."
        if episode.restart is Restart.GIVEN:
            scan = episode.scan
            tail = "Do an MRI now." if scan is None else f"MRI since then: {scan.day}."
        if forbids is not None:
            tail = forbids.text
    else:
        status = Status.OK
        body = f"No relapse and no enhancing lesion between {found.first} and {found.last}."
        tail = "" if forbids is None else forbids.text
    return Verdict(
        status=status,
        message=joined(head, body, tail),
        due=episode.on if status is Status.ACT and episode.restart is Restart.PLANNED else None,
        evidence=tuple(r for r in refs if r is not None),
        keys=("restart.recent", "restart.gap"),
    )


def active_disease(facts: RestartFacts, profile: Profile) -> Verdict:
    """Is natalizumab restarted, or about to be, while the disease is active?"""
    therapy = facts.therapy
    if therapy.last_dose is None:
        return NEVER_DOSED
    verdicts = [_verdict(episode, facts) for episode in facts.episodes]
    if verdicts:
        return min(verdicts, key=lambda v: v.status.urgency)
    recent = days_text(profile.days("restart.recent"))
    return Verdict(
        status=Status.OK,
        message=f"No restart after a gap within {recent}.",
        evidence=standing_refs(therapy),
        keys=("restart.recent", "restart.gap"),
    )


ACTIVE_DISEASE = Rule(
    id="restart.active-disease",
    title="Restart in active disease",
    question="Is natalizumab restarted, or about to be, while the disease is active?",
    derive=restart_facts,
    decide=active_disease,
    sources=("founding-s4", "clinicspeak-restart"),
    silence=("relapses", "mri", "doses"),
)
