"""What follows natalizumab once it is stopped."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.events import Ref, Treatment
from openntz.definitions.activity import Activity, activity
from openntz.definitions.pregnancy import Gestation
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.definitions.treatments import TreatmentKind, kind_of
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.activity_words import returned
from openntz.monitor.rules.pml import treatment_names
from openntz.monitor.rules.pregnancy import ongoing_pregnancy
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    span_text,
    standing_refs,
)


class SuccessorFacts(Struct, frozen=True, kw_only=True):
    """What follows natalizumab: started and running, started and ended, or planned.

    ``unclear`` treatments might follow it but cannot be counted: their kind is not recorded, or
    they began before natalizumab and have no end. ``pregnant`` is an ongoing pregnancy,
    ``activity`` what scans and relapses since the last dose say.
    """

    therapy: Therapy
    stopped_on: date | None
    running: tuple[Treatment, ...]
    ended: tuple[Treatment, ...]
    planned: tuple[Treatment, ...]
    unclear: tuple[Treatment, ...]
    recorded: bool
    plans_recorded: bool
    pregnant: Gestation | None = None
    activity: Activity | None = None


def successor_facts(situation: Situation, profile: Profile) -> SuccessorFacts:
    """Facts of ``stopping.no-successor``.

    The stop is the date on record; without one it is the day of the last dose. A treatment
    follows natalizumab when it began no earlier than the overlap before the last dose, or began
    during natalizumab and is still running.
    """
    therapy, as_of = situation.therapy, situation.as_of
    names = treatment_names(profile)
    wanted = {TreatmentKind.DMT, TreatmentKind.IMMUNOSUPPRESSANT}
    last, first = therapy.last_dose, therapy.first_dose
    running, ended, unclear = [], [], []
    if last is not None and first is not None:
        about = last.day - timedelta(days=profile.days("stopping.successor-overlap"))
        for treatment in situation.course.treatments:
            kind = kind_of(treatment, names)
            over = treatment.end is not None and treatment.end < as_of
            if kind is TreatmentKind.UNKNOWN and treatment.day >= about and not over:
                unclear.append(treatment)
            elif kind in wanted and treatment.day >= about:
                (ended if over else running).append(treatment)
            elif kind in wanted and not over:
                (running if treatment.day > first.day else unclear).append(treatment)
    booked = [(e, kind_of(e, names)) for e in situation.booked if isinstance(e, Treatment)]
    unclear += [t for t, kind in booked if kind is TreatmentKind.UNKNOWN]
    return SuccessorFacts(
        therapy=therapy,
        stopped_on=therapy.stopped_on or (last.day if last is not None else None),
        running=tuple(running),
        ended=tuple(ended),
        planned=tuple(t for t, kind in booked if kind in wanted),
        unclear=tuple(unclear),
        recorded=situation.course.has("treatments"),
        plans_recorded=situation.course.has("plans"),
        pregnant=ongoing_pregnancy(situation, profile),
        activity=activity(situation.course, last.day + timedelta(days=1), as_of)
        if last is not None and therapy.off_therapy
        else None,
    )


def _named(treatments: tuple[Treatment, ...]) -> str:
    return ", ".join(f"{t.name} from {t.day}" for t in treatments)


def _followed(facts: SuccessorFacts) -> Verdict | None:
    """The answer when something follows, or nothing has been stopped."""
    therapy = facts.therapy
    if not therapy.off_therapy and not facts.plans_recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message="No stop is recorded, and plans are not in the export: by the dates of the "
            "doses natalizumab goes on, but a stop would be recorded there.",
            evidence=standing_refs(therapy),
        )
    if not therapy.off_therapy:
        stop = (
            f" A stop is planned for {therapy.planned_stop}: arrange what follows before it."
            if therapy.planned_stop
            else ""
        )
        return Verdict(
            status=Status.OK,
            message=f"No stop is recorded.{stop}",
            evidence=standing_refs(therapy),
        )
    if facts.running:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Followed by {_named(facts.running)}.",
            evidence=(*standing_refs(therapy), *(t.ref for t in facts.running)),
        )
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"{off_text(therapy)} "
            + not_in_export("treatments", "what follows is not known."),
            evidence=standing_refs(therapy),
        )
    return None


def _planned_or_ended(facts: SuccessorFacts) -> Verdict | None:
    """The answer when something is only planned, or was started and has ended."""
    therapy, resumes = facts.therapy, facts.therapy.resumes
    refs = [*standing_refs(therapy), *(t.ref for t in (*facts.planned, *facts.ended))]
    plans = [_named(facts.planned)] if facts.planned else []
    if therapy.planned_is_booked:
        plans.append(f"natalizumab again on {therapy.planned}")
    elif resumes is not None:
        plans.append(f"natalizumab again by the plan of {resumes.day}")
        refs.append(resumes.ref)
    ended = ", ".join(f"{t.name} {t.day} to {t.end}" for t in facts.ended)
    if not plans and not ended:
        return None
    return Verdict(
        status=Status.WATCH,
        message=joined(
            off_text(therapy),
            f"Planned: {', '.join(plans)}; nothing is running yet." if plans else "",
            f"Followed by {ended}; nothing is running now. Check what comes next, or whether "
            "that treatment still acts."
            if ended
            else "",
        ),
        evidence=tuple(refs),
    )


def _arrange(late: bool, returned: bool, until: date, limit: int) -> str:
    if not late:
        return f"Arrange what follows; {days_text(limit)} after the stop is {until}."
    if returned:
        return "Arrange what follows now, or record it."
    return (
        "Arrange what follows now, or record it: disease often returns within months of the "
        "last dose."
    )


def no_successor(facts: SuccessorFacts, profile: Profile) -> Verdict:
    """Was natalizumab stopped without another treatment to follow?"""
    therapy, stopped = facts.therapy, facts.stopped_on
    if stopped is None:
        return NEVER_DOSED
    gestation = facts.pregnant
    pregnant = (
        f"Pregnant, due {gestation.expected}: agree what follows birth."
        if gestation is not None
        else ""
    )
    expecting = () if gestation is None else (gestation.pregnancy.ref,)
    if (followed := _followed(facts)) is not None:
        return followed
    told, active = returned(facts.activity) if facts.activity is not None else ("", ())
    if (planned := _planned_or_ended(facts)) is not None:
        return replace(
            planned,
            message=joined(told, planned.message, pregnant),
            evidence=(*planned.evidence, *expecting, *active),
        )
    unclear = (
        f"Not counted, because kind or end is not clear: {_named(facts.unclear)}."
        if facts.unclear
        else ""
    )
    evidence: tuple[Ref, ...] = (
        *standing_refs(therapy),
        *(t.ref for t in facts.unclear),
        *expecting,
        *active,
    )
    keys = ("stopping.successor-within", "stopping.successor-overlap")
    if therapy.state is TherapyState.LEFT:
        return Verdict(
            status=Status.UNKNOWN,
            message=joined(
                told,
                off_text(therapy),
                "No treatment after it is recorded here; record what followed.",
                pregnant,
                unclear,
            ),
            evidence=evidence,
            keys=("late-dose.left-from",),
        )
    limit, days = profile.days("stopping.successor-within"), (therapy.as_of - stopped).days
    late = days > limit
    return Verdict(
        status=Status.ACT if late else Status.DUE,
        message=joined(
            told,
            off_text(therapy),
            f"{span_text(days, profile)} on, no other disease-modifying or immunosuppressive "
            "treatment is started or planned.",
            pregnant,
            unclear,
            _arrange(late, bool(told), stopped + timedelta(days=limit), limit),
        ),
        due=stopped + timedelta(days=limit),
        evidence=evidence,
        keys=keys,
    )


NO_SUCCESSOR = Rule(
    id="stopping.no-successor",
    title="What follows natalizumab",
    question="Was natalizumab stopped without another treatment to follow?",
    derive=successor_facts,
    decide=no_successor,
    sources=("founding-s4",),
    silence=("plans",),
)
