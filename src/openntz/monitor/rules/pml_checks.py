"""The checks that keep watch for PML: brain MRI and the anti-JCV antibody test."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from openntz.course.events import Ref, Scan, Treatment
from openntz.definitions.jcv import JcvResult, jcv_history, wait_until
from openntz.definitions.pml import PmlStanding
from openntz.definitions.pregnancy import Gestation
from openntz.definitions.schedule import Check, recurring_check
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.forbidden import Forbidden, before_restart, forbidden
from openntz.monitor.rules.pml import jcv_limits, pml_facts, result_text, result_words
from openntz.monitor.rules.pml_suspected import SUSPECTED, suspicion_facts
from openntz.monitor.rules.pregnancy import ongoing_pregnancy, scan_in_pregnancy
from openntz.monitor.rules.scheduled import CHECK_STATUS, arrange, check_text
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

_SHORT, _STANDARD = "mri.interval.short", "mri.interval.standard"


class MriFacts(Struct, frozen=True, kw_only=True):
    """Scans and what decides their interval; ``standing`` is None before any dose.

    ``suspicion`` is whether PML is suspected or found, which asks for a scan of its own.
    """

    therapy: Therapy
    standing: PmlStanding | None
    last: Scan | None
    booked: date | None
    recorded: bool
    pregnant: Gestation | None = None
    suspicion: bool = False


def mri_facts(situation: Situation, profile: Profile) -> MriFacts:
    """Facts of ``pml.mri-due``."""
    scans = situation.course.mri
    pml = suspicion_facts(situation, profile)
    return MriFacts(
        therapy=situation.therapy,
        standing=pml_facts(situation, profile).standing,
        last=scans[-1] if scans else None,
        booked=min((e.day for e in situation.booked if isinstance(e, Scan)), default=None),
        recorded=situation.course.has("mri"),
        pregnant=ongoing_pregnancy(situation, profile),
        suspicion=bool(pml.found or pml.suspected or pml.virus_present),
    )


def _short_applies(standing: PmlStanding, profile: Profile) -> bool | None:
    """Whether the profile's shorter MRI interval applies; None when a fact is missing."""
    if profile.chosen("pml.mri-schedule") == "magnims":
        if standing.exposure_days < profile.days("mri.magnims-from"):
            return False
        return standing.positive
    return standing.higher_risk(profile.days("pml.stratum.after"))


def _check(last: date | None, started: date, key: str, as_of: date, profile: Profile) -> Check:
    return recurring_check(
        last=last,
        started=started,
        interval_days=profile.days(key),
        as_of=as_of,
        announce_days=profile.days("check.announce"),
        long_overdue_fraction=profile.number("check.long-overdue"),
    )


def _interval_reason(short: bool | None, profile: Profile) -> str:
    interval = interval_text(profile.fact(_SHORT if short else _STANDARD), profile)
    magnims = profile.chosen("pml.mri-schedule") == "magnims"
    if short:
        since = months_text(profile.days("mri.magnims-from"), profile)
        why = (
            f"anti-JCV positive and {since} or more on treatment"
            if magnims
            else "higher-risk stratum; scans between the yearly full ones may be abbreviated"
        )
        return f"Interval {interval} ({why})."
    if short is None:
        shorter = interval_text(profile.fact(_SHORT), profile)
        return (
            f"Interval {interval}; whether {shorter} applies cannot be told while the anti-JCV "
            "status or earlier immunosuppressants are not known."
        )
    return f"Interval {interval}."


def _elsewhere(standing: PmlStanding, short: bool | None, profile: Profile) -> str:
    """What MAGNIMS and AJNR would do where the agency's strata leave the interval at a year."""
    magnims = profile.chosen("pml.mri-schedule") == "magnims"
    if magnims or short is not False or not standing.positive:
        return ""
    says = []
    if standing.exposure_days >= profile.days("mri.magnims-from"):
        every = interval_text(profile.fact("mri.magnims-interval"), profile)
        since = months_text(profile.days("mri.magnims-from"), profile)
        says.append(f"MAGNIMS {every} from {since} on")
    months, interval = profile.fact("mri.ajnr-from"), profile.fact("mri.ajnr-interval")
    if standing.exposure_days > months.number * profile.number("calendar.month"):
        every = interval.shown.replace(" mo", " months", 1)
        says.append(f"AJNR every {every} beyond {months.number:g} months")
    return f"Anti-JCV positive: others scan more often ({'; '.join(says)})." if says else ""


def mri_due(facts: MriFacts, profile: Profile) -> Verdict:
    """Is the brain MRI that watches for PML in time?"""
    therapy, standing = facts.therapy, facts.standing
    first = therapy.first_dose
    if standing is None or first is None:
        return NEVER_DOSED
    ended = past_watch(therapy, profile.days("pml.after-last-dose"), "MRI for PML ended on")
    if ended is not None:
        return ended
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("mri", "whether a scan is due cannot be told."),
            evidence=standing_refs(therapy),
        )
    last = facts.last.day if facts.last is not None else None
    after = months_text(profile.days("pml.after-last-dose"), profile)
    short = _short_applies(standing, profile)
    check = _check(last, first.day, _SHORT if short else _STANDARD, therapy.as_of, profile)
    status = CHECK_STATUS[check.state]
    note = ""
    if short is None and status is Status.OK:
        shorter = _check(last, first.day, _SHORT, therapy.as_of, profile)
        if CHECK_STATUS[shorter.state] is not Status.OK:
            status = Status.UNKNOWN
            note = f"On the shorter interval it would be due on {shorter.due}."
    elsewhere = _elsewhere(standing, short, profile)
    others = ("mri.magnims-from", "mri.magnims-interval", "mri.ajnr-from", "mri.ajnr-interval")
    jcv = standing.jcv.latest
    refs = (
        facts.last.ref if facts.last is not None else None,
        first.ref,
        jcv.measurement.ref if jcv is not None else None,
        *(t.ref for t in standing.prior.found),
        facts.pregnant.pregnancy.ref if facts.pregnant is not None else None,
        *standing_refs(therapy),
    )
    return Verdict(
        status=status,
        message=joined(
            f"PML is on record as suspected or found: {SUSPECTED.id} says which scan is needed "
            "now; this is the routine one."
            if facts.suspicion
            else "",
            check_text(check, "brain MRI", profile),
            _interval_reason(short, profile),
            note,
            elsewhere,
            f"{off_text(therapy)} MRI goes on for {after} after the last dose."
            if therapy.off_therapy
            else "",
            f"A scan is entered for {facts.booked}." if facts.booked else "",
            arrange(status, "scan"),
            scan_in_pregnancy(facts.pregnant),
        ),
        due=check.due,
        evidence=tuple(r for r in refs if r is not None),
        keys=(_SHORT if short else _STANDARD, "check.announce", "check.long-overdue")
        + (others if elsewhere else ()),
    )


class JcvDueFacts(Struct, frozen=True, kw_only=True):
    """The last usable result, and until when a test would not be reliable and why.

    ``unreliable`` are the results drawn too soon after another treatment, with that treatment.
    """

    therapy: Therapy
    last: JcvResult | None
    unreliable: tuple[tuple[JcvResult, Treatment], ...]
    usable_from: date
    waits_for: Treatment | None
    recorded: bool
    forbidden: Forbidden | None = None


def jcv_due_facts(situation: Situation, profile: Profile) -> JcvDueFacts:
    """Facts of ``pml.jcv-due``."""
    limits = jcv_limits(profile)
    history = jcv_history(situation.course, limits)
    usable, cause = wait_until(situation.as_of, situation.course.treatments, limits)
    return JcvDueFacts(
        therapy=situation.therapy,
        last=history.latest,
        unreliable=history.unreliable,
        usable_from=usable,
        waits_for=cause,
        recorded=situation.course.has("measurements"),
        forbidden=forbidden(situation, profile),
    )


def _no_test_needed(facts: JcvDueFacts, profile: Profile) -> Verdict | None:
    """Why the schedule does not apply, if it does not."""
    therapy, last = facts.therapy, facts.last
    told = "The anti-JCV test is not repeated off treatment."
    off = before_restart(therapy, facts.forbidden, "Test before a restart.", told)
    if off is not None:
        return off
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "whether an anti-JCV test is due is not known."),
            evidence=standing_refs(therapy),
        )
    if last is not None and last.high:
        return Verdict(
            status=Status.OK,
            message=f"The index is already high: {result_text(last, therapy.as_of, profile)}. "
            "Repeating it does not change the stratum.",
            evidence=(last.measurement.ref,),
            keys=("jcv.high-above",),
        )
    return None


def _set_aside(facts: JcvDueFacts) -> tuple[str, tuple[Ref, ...]]:
    """Why a later result than the last usable one does not count, and its row."""
    if not facts.unreliable:
        return "", ()
    result, cause = facts.unreliable[-1]
    if facts.last is not None and facts.last.day >= result.day:
        return "", ()
    return (
        f"The test of {result.day} does not count: drawn too soon after {cause.name}.",
        (result.measurement.ref, cause.ref),
    )


def _before_first_dose(facts: JcvDueFacts, profile: Profile) -> Verdict:
    """The test that comes before treatment, once a first dose is booked."""
    therapy, last, start = facts.therapy, facts.last, facts.therapy.planned
    if start is None:
        return NEVER_DOSED
    if not facts.recorded:
        then = "whether anti-JCV antibodies were tested before the start is not known."
        return Verdict(status=Status.UNKNOWN, message=not_in_export("measurements", then))
    keys, old = ("jcv.interval",), "No result is recorded."
    if last is not None:
        told = result_text(last, therapy.as_of, profile)
        recent = last.high or (start - last.day).days <= profile.days("jcv.interval")
        if recent:
            return Verdict(
                status=Status.OK,
                message=f"Tested before the start: {told}.",
                evidence=(last.measurement.ref,),
                keys=keys,
            )
        old = f"The last result is old: {told}."
    wait = (
        f"After {facts.waits_for.name} a test is not reliable before {facts.usable_from}."
        if facts.waits_for is not None
        else ""
    )
    return Verdict(
        status=Status.DUE,
        message=joined(
            f"Test for anti-JCV antibodies before the first dose, planned for {start}.", old, wait
        ),
        due=start,
        evidence=(last.measurement.ref,) if last is not None else (),
        keys=keys,
    )


def jcv_due(facts: JcvDueFacts, profile: Profile) -> Verdict:
    """Is the anti-JCV antibody test in time?"""
    therapy, last = facts.therapy, facts.last
    first = therapy.first_dose
    if first is None:
        return _before_first_dose(facts, profile)
    if (settled := _no_test_needed(facts, profile)) is not None:
        return settled
    day = last.day if last is not None else None
    check = _check(day, first.day, "jcv.interval", therapy.as_of, profile)
    status, due, wait = CHECK_STATUS[check.state], check.due, ""
    if facts.waits_for is not None and facts.usable_from > due:
        # It cannot be done before that day: due for it, however long overdue.
        status = Status.DUE if status is Status.ACT else status
        due = facts.usable_from
        wait = f"Wait until {due}: after {facts.waits_for.name} a test is not reliable sooner."
    refs = (
        last.measurement.ref if last is not None else None,
        facts.waits_for.ref if facts.waits_for is not None else None,
        first.ref,
        *standing_refs(therapy),
    )
    every = months_text(profile.days("jcv.interval"), profile)
    what = "usable anti-JCV test" if facts.unreliable else "anti-JCV test"
    aside, rows = _set_aside(facts)
    return Verdict(
        status=status,
        message=joined(
            check_text(check, what, profile),
            f"Result: {result_words(last, profile)}." if last is not None else "",
            aside,
            f"It is repeated every {every} while the index is not high.",
            wait or arrange(status, "test"),
        ),
        due=due,
        evidence=(*(r for r in refs if r is not None), *rows),
        keys=("jcv.interval", "jcv.high-above", "check.announce", "check.long-overdue"),
    )


MRI_DUE = Rule(
    id="pml.mri-due",
    title="MRI for PML",
    question="Is the brain MRI that watches for PML in time?",
    derive=mri_facts,
    decide=mri_due,
    sources=("ema-pml-2016", "magnims-mri"),
)

JCV_DUE = Rule(
    id="pml.jcv-due",
    title="Anti-JCV test",
    question="Is the anti-JCV antibody test in time?",
    derive=jcv_due_facts,
    decide=jcv_due,
    sources=("mims", "compendium-6652"),
)
