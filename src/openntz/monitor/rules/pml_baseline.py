"""Brain MRI around the ends of treatment: the reference scan before it and the watch after it."""

from __future__ import annotations

from datetime import date, timedelta
from math import inf

from msgspec import Struct

from openntz.course.events import Ref, Scan, Treatment
from openntz.definitions.gaps import since_gap
from openntz.definitions.pregnancy import Gestation
from openntz.definitions.schedule import check_due
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.pml_checks import mri_due, mri_facts
from openntz.monitor.rules.pregnancy import scan_in_pregnancy
from openntz.monitor.rules.scheduled import CHECK_STATUS, check_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    interval_text,
    joined,
    months_text,
    not_in_export,
    off_text,
    past_watch,
    standing_refs,
)
from openntz.monitor.rules.successor import successor_facts

# ── before the first dose, or a restart

_WITHIN = "pml.baseline-scan.within"


class BaselineFacts(Struct, frozen=True, kw_only=True):
    """The start of treatment that matters, past or planned, and the scans around it.

    ``start`` is None when no dose was given and none is planned; ``planned`` whether it lies
    ahead. ``scan`` is the last one recorded, ``booked`` the first one entered for later.
    """

    therapy: Therapy
    start: date | None
    planned: bool
    start_ref: Ref | None
    scan: Scan | None
    booked: date | None
    recorded: bool


def baseline_facts(situation: Situation, profile: Profile) -> BaselineFacts:
    """Facts of ``pml.baseline-mri``; a restart is a start after the gap that makes one."""
    therapy, scans = situation.therapy, situation.course.mri
    planned = therapy.expects_dose and not therapy.state.on_therapy
    doses = since_gap(therapy.doses, profile.days("restart.gap"))
    start = doses[0].day if doses else None
    return BaselineFacts(
        therapy=therapy,
        start=(therapy.planned or situation.as_of) if planned else start,
        planned=planned,
        start_ref=doses[0].ref if doses and not planned else None,
        scan=scans[-1] if scans else None,
        booked=min((e.day for e in situation.booked if isinstance(e, Scan)), default=None),
        recorded=situation.course.has("mri"),
    )


def _age(profile: Profile) -> str:
    """'3 months (unverified)': how old the reference scan may be."""
    fact = profile.fact(_WITHIN)
    _, bracket, mark = fact.shown.partition(" (")
    return f"{months_text(profile.days(_WITHIN), profile)}{bracket}{mark}"


def _before_start(facts: BaselineFacts, start: date, profile: Profile) -> Verdict:
    """A start that lies ahead, for which no scan is recent enough."""
    therapy = facts.therapy
    earliest = start - timedelta(days=profile.days(_WITHIN))
    told = (
        f"The last brain MRI is of {facts.scan.day}."
        if facts.scan is not None
        else "No brain MRI is recorded."
    )
    booked = facts.booked is not None and earliest <= facts.booked <= start
    early = earliest > therapy.as_of
    when = f"on {start}" if start > therapy.as_of else "now"
    todo = (
        f"A scan is entered for {facts.booked}."
        if booked
        else f"Arrange it between {max(earliest, therapy.as_of)} and {start}."
    )
    refs = (facts.scan.ref,) if facts.scan is not None else ()
    return Verdict(
        status=Status.WATCH if booked or early else Status.DUE,
        message=joined(
            f"Treatment is planned to start {when}, and the reference scan is to be "
            f"no older than {_age(profile)} then.",
            told,
            todo,
        ),
        due=start,
        evidence=(*refs, *standing_refs(therapy)),
        keys=(_WITHIN,),
    )


def baseline(facts: BaselineFacts, profile: Profile) -> Verdict:
    """Was there a brain MRI to compare later ones with when treatment started?"""
    therapy, start = facts.therapy, facts.start
    if start is None:
        return NEVER_DOSED
    if therapy.off_therapy and not facts.planned:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} A new reference scan matters before a restart.",
            evidence=standing_refs(therapy),
        )
    asked_until = profile.days("pml.baseline-scan.asked-until")
    new = facts.planned or (therapy.as_of - start).days <= asked_until
    refs = (*((facts.start_ref,) if facts.start_ref else ()), *standing_refs(therapy))
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("mri", "whether there is a reference scan is not known."),
            evidence=refs,
        )
    scan = facts.scan
    if not new:
        since = f"Treatment has run since {start}"
        return Verdict(
            status=Status.WATCH if scan is None else Status.OK,
            message=f"{since} and no brain MRI is recorded: there is nothing to compare with."
            if scan is None
            else f"{since}: later scans serve as reference, the last of {scan.day}.",
            evidence=refs if scan is None else (scan.ref, *refs),
            keys=("pml.baseline-scan.asked-until",),
        )
    if scan is not None and scan.day >= start - timedelta(days=profile.days(_WITHIN)):
        return Verdict(
            status=Status.OK,
            message=f"The brain MRI of {scan.day} serves as reference.",
            evidence=(scan.ref, *refs),
            keys=(_WITHIN,),
        )
    if facts.planned:
        return _before_start(facts, start, profile)
    return Verdict(
        status=Status.WATCH,
        message=f"Treatment started on {start} and no brain MRI of the {_age(profile)} before it "
        "is recorded. A scan now gives later ones something to be compared with.",
        evidence=(*((scan.ref,) if scan is not None else ()), *refs),
        keys=(_WITHIN, "pml.baseline-scan.asked-until"),
    )


BASELINE_MRI = Rule(
    id="pml.baseline-mri",
    title="Reference MRI",
    question="Was there a brain MRI to compare later ones with when treatment started?",
    derive=baseline_facts,
    decide=baseline,
    sources=("eu-smpc",),
)

# ── after a switch

_UNTIL, _INTERVAL = "pml.switch.until", "pml.switch.interval"


class SwitchFacts(Struct, frozen=True):
    """What followed natalizumab, and the scans since; ``asked`` is the status of pml.mri-due.

    ``next_scan`` is the day that rule names, ``positive`` the anti-JCV status (None: unknown).

    ``booked`` is the first scan entered for later.

    On therapy nothing has followed, and nothing more is looked up.
    """

    therapy: Therapy
    treatments_recorded: bool
    mri_recorded: bool
    successor: Treatment | None = None
    planned: bool = False
    scan: Scan | None = None
    asked: Status = Status.OK
    next_scan: date | None = None
    positive: bool | None = None
    booked: date | None = None
    pregnant: Gestation | None = None


def switch_facts(situation: Situation, profile: Profile) -> SwitchFacts:
    """Facts of ``pml.after-switch``."""
    therapy, course = situation.therapy, situation.course
    if not therapy.off_therapy:
        return SwitchFacts(therapy, course.has("treatments"), course.has("mri"))
    followed = successor_facts(situation, profile)
    started = (*followed.ended, *followed.running)
    successor = started[0] if started else next(iter(followed.planned), None)
    scans = course.mri
    mri = mri_facts(situation, profile)
    asked = mri_due(mri, profile)
    return SwitchFacts(
        therapy,
        course.has("treatments"),
        course.has("mri"),
        successor=successor,
        planned=successor is not None and not started,
        scan=scans[-1] if scans else None,
        asked=asked.status,
        next_scan=asked.due,
        positive=mri.standing.positive if mri.standing is not None else None,
        booked=mri.booked,
        pregnant=mri.pregnant,
    )


class _NextScan(Struct, frozen=True):
    """What is said about the next scan, and its date where this rule asks for it."""

    status: Status
    text: str
    due: date | None = None
    keys: tuple[str, ...] = ()


def _not_switched(facts: SwitchFacts, profile: Profile) -> Verdict | None:
    """The answer where there was no switch, or its watch is over."""
    therapy = facts.therapy
    if therapy.last_dose is None:
        return NEVER_DOSED
    refs = standing_refs(therapy)
    if not therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message="On natalizumab: there was no switch. MRI is asked for by pml.mri-due.",
            evidence=refs,
        )
    days = profile.days(_UNTIL)
    if (past := past_watch(therapy, days, "The watch for PML after a switch ended on")) is not None:
        return past
    lacking = [
        table
        for table, there in (
            ("treatments", facts.treatments_recorded),
            ("mri", facts.mri_recorded),
        )
        if not there
    ]
    if lacking:
        then = "whether a scan is due after a switch is not known."
        return Verdict(
            status=Status.UNKNOWN, message=not_in_export(lacking[0], then), evidence=refs
        )
    if facts.successor is None:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} No treatment is recorded that follows it; MRI is asked "
            "for by pml.mri-due.",
            evidence=refs,
        )
    return None


def _next_scan(facts: SwitchFacts, until: date, profile: Profile) -> _NextScan:
    """The scan after the one at the switch, while ``pml.mri-due`` still watches.

    Where that rule's next scan falls after its own end, one is asked for before the watch ends
    unless the anti-JCV antibody is known to be negative: by the interval of scans after a
    switch, at the latest on the last day, unless one was taken shortly before it.
    """
    last, scan, upcoming = facts.therapy.last_dose, facts.scan, facts.next_scan
    assert last is not None
    assert scan is not None
    assert upcoming is not None
    ends = last.day + timedelta(days=profile.days("pml.after-last-dose"))
    shown = f"Last brain MRI: {scan.day};"
    if upcoming <= ends:
        return _NextScan(Status.WATCH, f"{shown} the next is due on {upcoming} (pml.mri-due).")
    by_interval = scan.day + timedelta(days=profile.days(_INTERVAL))
    late = f"by pml.mri-due the next would fall on {upcoming}"
    if facts.positive is False:
        if (due := max(by_interval, ends + timedelta(days=1))) <= until:
            return _NextScan(Status.WATCH, f"{shown} the next is due on {due}.", due, (_INTERVAL,))
        text = f"{late}, so no further scan is asked for inside the watch under this profile."
        return _NextScan(Status.WATCH, f"{shown} {text}")
    if scan.day >= until - timedelta(days=profile.days("pml.switch.scan-before")):
        text = f"{late}; no other is asked for before the watch ends."
        return _NextScan(Status.WATCH, f"{shown} {text}")
    due = min(by_interval, until)
    near = (due - facts.therapy.as_of).days <= profile.days("check.announce")
    known = "positive" if facts.positive else "status not known"
    text = (
        f"{late}, after the months it watches. Anti-JCV {known}: take one before the watch ends, "
        f"by {due}."
    )
    keys = (_INTERVAL, "check.announce", "pml.after-last-dose")
    return _NextScan(Status.DUE if near else Status.WATCH, f"{shown} {text}", due, keys)


def after_switch(facts: SwitchFacts, profile: Profile) -> Verdict:
    """Is PML watched for after a switch to another treatment?

    Inside the months in which ``pml.mri-due`` asks for scans this rule asks for one at the
    switch only, and for none while that rule does.
    """
    if (answer := _not_switched(facts, profile)) is not None:
        return answer
    therapy, successor, scan = facts.therapy, facts.successor, facts.scan
    last = therapy.last_dose
    assert successor is not None
    assert last is not None
    until = last.day + timedelta(days=profile.days(_UNTIL))
    carried = profile.fact("pml.switch.carry-over").shown
    order = "before" if successor.day < last.day else "after"
    head = (
        f"{successor.name} {'is planned from' if facts.planned else 'was started on'} "
        f"{successor.day}, {order} the last natalizumab on {last.day}. PML acquired under "
        f"natalizumab can show under the next treatment (texts on switching count {carried}, "
        f"without saying of how many), and that may have a risk of its own: watch until {until}."
    )
    before = successor.day - timedelta(days=profile.days("pml.switch.scan-before"))
    keys = (_UNTIL, "pml.switch.scan-before", "pml.switch.carry-over")
    status, due = Status.WATCH, None
    if facts.asked in {Status.ACT, Status.DUE}:
        todo = "A brain MRI is asked for by pml.mri-due."
    elif scan is None or scan.day < before:
        status, due = Status.DUE, max(successor.day, therapy.as_of)
        shown = f"The last is of {scan.day}." if scan is not None else "None is recorded."
        todo = f"Take a brain MRI at the switch, to compare later ones with. {shown}"
    elif (therapy.as_of - last.day).days > profile.days("pml.after-last-dose"):
        check = check_due(
            last=scan.day,
            due=scan.day + timedelta(days=profile.days(_INTERVAL)),
            as_of=therapy.as_of,
            announce_days=profile.days("check.announce"),
            long_overdue_days=inf,
        )
        status = Status.DUE if CHECK_STATUS[check.state] is Status.DUE else Status.WATCH
        due, keys = check.due, (*keys, _INTERVAL)
        every = interval_text(profile.fact(_INTERVAL), profile)
        todo = f"{check_text(check, 'brain MRI', profile)} Interval {every} (MAGNIMS)."
    else:
        following = _next_scan(facts, until, profile)
        status, todo, due = following.status, following.text, following.due
        keys = (*keys, *following.keys)
    refs = (
        successor.ref,
        *((scan.ref,) if scan is not None else ()),
        *((facts.pregnant.pregnancy.ref,) if facts.pregnant is not None else ()),
        *standing_refs(therapy),
    )
    known = {t.ref for t in (successor,) if t.day <= therapy.as_of}
    evidence = tuple(r for r in refs if r is not successor.ref or successor.ref in known)
    return Verdict(
        status=status,
        message=joined(
            head,
            todo,
            f"A scan is entered for {facts.booked}." if facts.booked is not None else "",
            scan_in_pregnancy(facts.pregnant),
        ),
        due=due,
        evidence=evidence,
        keys=keys,
    )


AFTER_SWITCH = Rule(
    id="pml.after-switch",
    title="PML after a switch",
    question="Is PML watched for after a switch to another treatment?",
    derive=switch_facts,
    decide=after_switch,
    sources=("founding-s4", "alemtuzumab-switch", "magnims-mri", "mims"),
    silence=("treatments",),
)
