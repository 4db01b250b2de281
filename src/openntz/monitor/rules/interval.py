"""When the next dose is due, and whether it is late."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.events import Dose, Ref
from openntz.definitions.pregnancy import Gestation
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.antibodies import persistence_rows
from openntz.monitor.rules.dose_holds import dose_holds
from openntz.monitor.rules.forbidden import Forbidden, forbidden
from openntz.monitor.rules.gap_words import dose_crosses, earliest_limit
from openntz.monitor.rules.pregnancy import ongoing_pregnancy
from openntz.monitor.rules.standing import NEVER_DOSED, joined, weeks_text


class LateDoseFacts(Struct, frozen=True):
    """The person's standing in therapy, and what forbids another dose or bears on it.

    ``against`` are other rules to act on that forbid a dose until they are settled, as
    'title (rule)'; ``persistent`` are the tests by which antibodies are.
    """

    therapy: Therapy
    forbidden: Forbidden | None = None
    against: tuple[str, ...] = ()
    pregnant: Gestation | None = None
    persistent: tuple[Ref, ...] = ()

    @property
    def questioned(self) -> bool:
        """Whether nothing here may invite a dose."""
        return bool(self.forbidden or self.against or self.pregnant or self.persistent)


def late_dose_facts(situation: Situation, profile: Profile) -> LateDoseFacts:
    """Facts of ``interval.late-dose``."""
    t, forbids = situation.therapy, forbidden(situation, profile)
    if t.last_dose is None or not t.not_stopped:
        return LateDoseFacts(t, forbids)
    return LateDoseFacts(
        therapy=t,
        forbidden=forbids,
        against=tuple(f"{r.title} ({r.id})" for r in dose_holds(situation, profile, forbids)),
        pregnant=ongoing_pregnancy(situation, profile),
        persistent=persistence_rows(situation, profile),
    )


def late_dose(facts: LateDoseFacts, profile: Profile) -> Verdict:
    """Is the next dose late? What forbids or questions a dose is said before when it is due."""
    told = _by_time(facts, profile)
    first = _first(facts)
    if not first or not facts.therapy.not_stopped:
        return told
    rows = list(told.evidence)
    rows += _forbidding(facts)
    if facts.pregnant is not None:
        rows.append(facts.pregnant.pregnancy.ref)
    rows += facts.persistent
    return replace(told, message=joined(first, told.message), evidence=tuple(dict.fromkeys(rows)))


def _first(facts: LateDoseFacts) -> str:
    """What stands before anything on when the next dose is due."""
    against = ", ".join(facts.against)
    pregnant = facts.pregnant
    return joined(
        facts.forbidden.text if facts.forbidden is not None else "",
        f"No dose is to be given before this is settled: {against}." if against else "",
        f"Pregnant, week {pregnant.age}: whether natalizumab goes on, and until when, is for "
        "pregnancy.plan."
        if pregnant is not None
        else "",
        "Antibodies are persistent: whether natalizumab goes on is decided before another dose "
        "(antibody.persistent)."
        if facts.persistent
        else "",
    )


def _by_time(facts: LateDoseFacts, profile: Profile) -> Verdict:
    """Is the next dose due, late, or so late that re-trafficking is a concern?"""
    t = facts.therapy
    last, days = t.last_dose, t.days_since_last
    if last is None or days is None:
        return NEVER_DOSED
    evidence = tuple(r for r in (last.ref, t.interval_ref, t.stop_ref) if r is not None)
    if t.state in {TherapyState.STOPPED, TherapyState.LEFT}:
        left = ("late-dose.left-from",) if t.state is TherapyState.LEFT else ()
        crosses, keys = ("", ())
        if t.planned is not None and facts.forbidden is None:
            crosses, keys = dose_crosses(t, t.planned, profile)
        return Verdict(
            status=Status.OK,
            message=joined(_not_expected(t, days), crosses),
            due=t.planned,
            evidence=evidence,
            keys=(*left, *keys),
        )
    limit = profile.days("late-dose.act-after")
    if days > limit:
        return _beyond(facts, days, limit, profile)
    planned = t.planned or last.day + timedelta(days=t.interval_days)
    if t.as_of > planned:
        late = (t.as_of - planned).days
        todo, keys = _missed(facts, profile)
        interval, by_label = _by_interval(t)
        return Verdict(
            status=Status.DUE,
            message=joined(
                f"The dose planned for {planned} is {days_text(late)} late{interval}.", todo
            ),
            due=planned,
            evidence=(*evidence, *_forbidding(facts)),
            keys=tuple(dict.fromkeys(("late-dose.act-after", *by_label, *keys))),
        )
    return _ahead(t, last, planned, evidence, profile)


def _by_interval(t: Therapy) -> tuple[str, tuple[str, ...]]:
    """Says so where the label's interval decides, for no plan is recorded; and its threshold."""
    if t.interval_ref:
        return "", ()
    return " (label interval: no plan is recorded)", ("dosing.label-interval",)


def _ahead(
    t: Therapy, last: Dose, planned: date, evidence: tuple[Ref, ...], profile: Profile
) -> Verdict:
    """The answer while the next dose lies ahead, by the interval or as booked."""
    due, left = last.day + timedelta(days=t.interval_days), (planned - t.as_of).days
    interval, by_label = _by_interval(t)
    # Nobody whose next dose comes in time needs to hear of limits.
    near = t.as_of > due or (planned - last.day).days >= earliest_limit(profile)
    crosses, limit_keys = dose_crosses(t, planned, profile) if near else ("", ())
    if t.as_of > due:
        return Verdict(
            status=Status.WATCH,
            message=joined(
                f"The dose due on {due} is {days_text((t.as_of - due).days)} late{interval}; "
                f"it is booked for {planned}, in {days_text(left)}.",
                crosses,
            ),
            due=planned,
            evidence=evidence,
            keys=tuple(dict.fromkeys(("late-dose.act-after", *by_label, *limit_keys))),
        )
    soon = left <= profile.days("late-dose.watch-before")
    word = "booked" if t.planned_is_booked else "planned"
    when = "today" if left == 0 else f"in {days_text(left)}"
    next_dose = f"next dose is {word} for {planned}"
    moved = (
        f"That is {days_text((planned - due).days)} later than the interval of "
        f"{days_text(t.interval_days)} asks for ({due})."
        if planned > due
        else ""
    )
    return Verdict(
        status=Status.WATCH if soon else Status.OK,
        message=joined(
            f"The {next_dose}, {when}{interval}."
            if soon
            else f"On time; the {next_dose}{interval}.",
            moved,
            crosses,
        ),
        due=planned,
        evidence=evidence,
        keys=(*(("late-dose.watch-before",) if soon else ()), *by_label, *limit_keys),
    )


def _missed(facts: LateDoseFacts, profile: Profile) -> tuple[str, tuple[str, ...]]:
    """What to do about a missed dose, and the limits a dose today would cross."""
    if facts.questioned:
        return "", ()
    crosses, keys = dose_crosses(facts.therapy, facts.therapy.as_of, profile)
    usual = weeks_text(profile.fact("dosing.label-interval"))
    todo = (
        f"Give it as soon as possible and go on from there (leaflet: then every {usual} again; it "
        "names no longest delay)."
    )
    return joined(todo, crosses), keys


def _forbidding(facts: LateDoseFacts) -> tuple[Ref, ...]:
    return () if facts.forbidden is None else facts.forbidden.refs


def _beyond(facts: LateDoseFacts, days: int, limit: int, profile: Profile) -> Verdict:
    """No dose for longer than the limit, and no stop on record."""
    t = facts.therapy
    last = t.last_dose
    keys: tuple[str, ...] = ("late-dose.act-after",)
    presumed = ""
    if t.state is TherapyState.PRESUMED_STOPPED:
        from_day = profile.days("late-dose.presumed-stopped-from")
        keys = (*keys, "late-dose.presumed-stopped-from")
        presumed = (
            f" With no stop recorded the person is presumed to have stopped (from day {from_day})."
        )
    booked = f" A dose is booked for {t.planned}." if t.planned_is_booked else ""
    on = t.planned if t.planned is not None and t.planned_is_booked else t.as_of
    crosses, more = dose_crosses(t, on, profile) if not facts.questioned else ("", ())
    due = t.planned
    if last is not None and due is None:
        due = last.day + timedelta(days=t.interval_days)
    todo = (
        "Give the dose, or record the stop and what follows; check for new activity and, after a "
        "gap, the rules on re-exposure."
        if not facts.questioned
        else "Record the stop, or what was decided; check for new activity."
    )
    rows = (last.ref if last else None, t.interval_ref, *_forbidding(facts))
    return Verdict(
        status=Status.ACT,
        message=f"Last dose {days_text(days)} ago{f' on {last.day}' if last else ''}, beyond "
        f"{joined(f'{days_text(limit)}.{presumed}{booked}', crosses, todo)}",
        due=due,
        evidence=tuple(r for r in rows if r is not None),
        keys=tuple(dict.fromkeys((*keys, *more))),
    )


def _not_expected(t: Therapy, days: int) -> str:
    """Why no dose is late for somebody stopped or gone, and what is planned all the same."""
    told = (
        f"Therapy was stopped on {t.stopped_on}"
        if t.state is TherapyState.STOPPED
        else f"No dose for {days_text(days)} and no stop recorded: assumed to have left treatment "
        "here. Record the stop"
    )
    if t.planned is not None:
        return f"{told}. A dose is booked for {t.planned}: see the rules on restarting."
    if t.resumes is not None:
        return f"{told}. A plan of {t.resumes.day} resumes it: see the rules on restarting."
    return (
        f"{told}; no further dose is expected." if t.state is TherapyState.STOPPED else f"{told}."
    )


LATE_DOSE = Rule(
    id="interval.late-dose",
    title="Next dose",
    question="Is the next dose late?",
    derive=late_dose_facts,
    decide=late_dose,
    sources=("eu-leaflet", "founding-s4"),
    silence=("doses",),
)
