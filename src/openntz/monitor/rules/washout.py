"""The washout to the drug that follows natalizumab, against what was studied."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from openntz.course.events import Scan, Treatment
from openntz.definitions.off_drug import OffDrug, off_drug, successors
from openntz.definitions.pregnancy import Gestation
from openntz.definitions.terms import mentions
from openntz.definitions.therapy import Therapy
from openntz.definitions.treatments import TreatmentKind, kind_of
from openntz.definitions.washout import (
    Span,
    StudiedWashout,
    Successor,
    scan_before,
    successor_named,
    washout_days,
)
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.pml import treatment_names
from openntz.monitor.rules.pregnancy import ongoing_pregnancy
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    past_watch,
    standing_refs,
)
from openntz.monitor.rules.washout_words import (
    FIGURE_KEYS,
    STEROID_KEYS,
    figures,
    names_of,
    range_text,
    steroid_text,
    studied_washout,
)


class WashoutFacts(Struct, frozen=True, kw_only=True):
    """The first treatment that follows natalizumab, started or else planned, and the MRI before it.

    ``steroids`` were given since the last dose; ``recorded`` and ``scanned`` say that treatments
    and MRI are in the export.
    """

    therapy: Therapy
    off: OffDrug | None
    successor: Treatment | None = None
    drug: Successor | None = None
    started: bool = False
    steroids: tuple[Treatment, ...] = ()
    scans: tuple[Scan, ...] = ()
    recorded: bool = True
    scanned: bool = True
    pregnant: Gestation | None = None


def washout_facts(situation: Situation, profile: Profile) -> WashoutFacts:
    """Facts of ``stopping.washout``; a stretch that a restart has ended has no washout."""
    course, therapy = situation.course, situation.therapy
    off = off_drug(course, therapy, profile.days("restart.gap"), profile.days("restart.recent"))
    if off is None or off.restart is not None:
        return WashoutFacts(therapy=therapy, off=None)
    names = treatment_names(profile)
    overlap = profile.days("stopping.successor-overlap")
    begun = successors(course.treatments, off, names, overlap)
    booked = tuple(e for e in situation.booked if isinstance(e, Treatment))
    first = next(iter((*begun, *successors(booked, off, names, overlap))), None)
    last = off.last_dose.day
    steroid = profile.words("washout.steroid.names")
    return WashoutFacts(
        therapy=therapy,
        off=off,
        successor=first,
        drug=None if first is None else successor_named(first, names_of(profile)),
        started=bool(begun),
        steroids=tuple(
            t
            for t in course.treatments
            if t.day > last
            and kind_of(t, names) is not TreatmentKind.DMT
            and mentions(f"{t.name}, {t.kind}", steroid)
        ),
        scans=tuple(s for s in course.mri if s.day > last),
        recorded=course.has("treatments"),
        scanned=course.has("mri"),
        pregnant=ongoing_pregnancy(situation, profile),
    )


class _Gap(Struct, frozen=True):
    """From the last dose to the start of the next drug."""

    last: date
    start: date

    @property
    def days(self) -> int:
        return washout_days(self.last, self.start)


class _Part(Struct, frozen=True):
    """What one side of the question says."""

    status: Status
    text: str
    due: date | None = None
    keys: tuple[str, ...] = ()


def _length(
    facts: WashoutFacts, drug: Successor, studied: StudiedWashout, gap: _Gap, profile: Profile
) -> _Part:
    """The length of the washout against the studied one."""
    span, said = studied.span(gap.days), range_text(studied, drug, profile)
    if span is Span.WITHIN:
        return _Part(Status.OK, f"That is within the washout studied ({said}).")
    if span is Span.SHORTER:
        return _Part(Status.WATCH, f"That is shorter than the washout studied ({said}).")
    limit = gap.last + timedelta(days=studied.longest_days)
    if not facts.started and facts.therapy.as_of <= limit:
        return _Part(
            Status.DUE,
            f"That is longer than the washout studied ({said}), whose last day is {limit}: check "
            "the start date.",
            limit,
        )
    return _Part(Status.WATCH, f"That is longer than the washout studied ({said}).")


def _scan(facts: WashoutFacts, gap: _Gap, profile: Profile) -> _Part:
    """Whether the MRI just before the start was done, is due, or still to come."""
    within = profile.days("washout.mri-before")
    keys = ("washout.mri-before",)
    if not facts.scanned:
        return _Part(
            Status.UNKNOWN,
            not_in_export("mri", "whether an MRI was done just before the start is not known."),
            keys=keys,
        )
    found = scan_before(facts.scans, gap.last, gap.start, within)
    if found is not None:
        return _Part(Status.OK, f"MRI before it on {found.day}.", keys=keys)
    if facts.started:
        return _Part(
            Status.WATCH,
            f"No MRI is recorded within {days_text(within)} before its start.",
            keys=keys,
        )
    opens = gap.start - timedelta(days=within)
    if facts.therapy.as_of < opens:
        return _Part(Status.OK, f"An MRI belongs before it, from {opens} on.", keys=keys)
    return _Part(
        Status.DUE,
        f"An MRI just before it is due: none is recorded within {days_text(within)} before "
        "the start. It also looks for PML carried over.",
        gap.start,
        keys,
    )


def _overlap(gap: _Gap, profile: Profile) -> tuple[str, tuple[str, ...]]:
    """Says so where the next drug starts while natalizumab still acts."""
    lasts = profile.days("effect.label")
    if gap.days >= lasts:
        return "", ()
    _, _, mark = profile.fact("effect.label").shown.partition(" (")
    by = f"EU label, {mark.rstrip(')')}" if mark else "EU label"
    return (
        f"Natalizumab acts for about {days_text(lasts)} ({by}), so both act until "
        f"{gap.last + timedelta(days=lasts)}.",
        ("effect.label",),
    )


def _judged(facts: WashoutFacts, name: str, gap: _Gap, profile: Profile) -> tuple[_Part, ...]:
    """Length and MRI where the drug was studied; that nothing is known where it was not."""
    drug = facts.drug
    if drug is None:
        said = (
            f"No study of the washout to {name} is in the registry, so its length cannot be "
            "judged here."
        )
        return (_Part(Status.UNKNOWN, said),)
    studied, keys = studied_washout(drug, profile), FIGURE_KEYS[drug]
    if studied is None:
        return (_Part(Status.WATCH, figures(drug, profile), keys=keys),)
    parts = [_length(facts, drug, studied, gap, profile)]
    if studied.mri_before:
        parts.append(_scan(facts, gap, profile))
    quiet = all(p.status is Status.OK for p in parts)
    told = _Part(Status.OK, "" if quiet else figures(drug, profile), keys=keys)
    return (*parts, told)


def _follows(facts: WashoutFacts, last: date, following: Treatment, profile: Profile) -> Verdict:
    """The answer for a treatment that follows, started or planned."""
    gap = _Gap(last, following.day)
    verb = "started on" if facts.started else "is planned for"
    when = f"{days_text(gap.days)} after" if gap.days else "before"
    if gap.start == last:
        when = "the day of"
    parts = _judged(facts, following.name, gap, profile)
    status = min((p.status for p in parts), key=lambda s: s.urgency)
    overlap, overlap_keys = _overlap(gap, profile)
    steroids = facts.steroids
    return Verdict(
        status=status,
        message=joined(
            f"{following.name} {verb} {gap.start}, {when} the last dose on {last}.",
            *(p.text for p in parts),
            overlap,
            steroid_text(profile) if steroids else "",
        ),
        due=min((p.due for p in parts if p.status is status and p.due), default=None),
        evidence=(
            *standing_refs(facts.therapy),
            following.ref,
            *(s.ref for s in facts.scans[-1:]),
            *(t.ref for t in steroids),
        ),
        keys=(
            *(k for p in parts for k in p.keys),
            *overlap_keys,
            *(STEROID_KEYS if steroids else ()),
        ),
    )


def _nothing_follows(facts: WashoutFacts, last: date, profile: Profile) -> Verdict:
    """The answer while nothing follows: which washouts are still open, and until when."""
    therapy = facts.therapy
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=joined(
                off_text(therapy), not_in_export("treatments", "what follows is not known.")
            ),
            evidence=standing_refs(therapy),
        )
    days = (therapy.as_of - last).days
    told, keys, passed = [], [], False
    for drug in Successor:
        studied = studied_washout(drug, profile)
        if studied is None:
            continue
        limit = last + timedelta(days=studied.longest_days)
        passed = passed or days > studied.longest_days
        told.append(f"{drug} {range_text(studied, drug, profile)}, until {limit}")
        keys.append(FIGURE_KEYS[drug][0])
    late = "longer than the first of the washouts studied" if passed else "washouts studied"
    windows, expecting = f"{late}: {'; '.join(told)}", ()
    if facts.pregnant is not None:
        windows = f"pregnant, due {facts.pregnant.expected}: no successor is judged here"
        expecting = (facts.pregnant.pregnancy.ref,)
    return Verdict(
        status=Status.WATCH if passed else Status.OK,
        message=joined(
            f"{days_text(days)} since the last dose on {last} and no next drug is recorded "
            f"(stopping.no-successor); {windows}.",
            steroid_text(profile) if facts.steroids else "",
        ),
        evidence=(*standing_refs(therapy), *(t.ref for t in facts.steroids), *expecting),
        keys=(*keys, *(STEROID_KEYS if facts.steroids else ())),
    )


def washout(facts: WashoutFacts, profile: Profile) -> Verdict:
    """Is the gap to the next drug as it was studied, and was the MRI before it done?"""
    therapy, off, following = facts.therapy, facts.off, facts.successor
    if therapy.last_dose is None:
        return NEVER_DOSED
    if off is None:
        return Verdict(
            status=Status.OK,
            message="On natalizumab; the rule applies after stopping.",
            evidence=standing_refs(therapy),
        )
    over = profile.days("rebound.window-until")
    if following is not None:
        until = following.day + timedelta(days=profile.days("rebound.next-drug"))
        over = max((until - off.last_dose.day).days, over)
    if (past := past_watch(therapy, over, "The washout was watched until")) is not None:
        return past
    if following is None and therapy.expects_dose:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Natalizumab itself is planned again: see restart.gate.",
            evidence=standing_refs(therapy),
        )
    if following is None:
        return _nothing_follows(facts, off.last_dose.day, profile)
    return _follows(facts, off.last_dose.day, following, profile)


WASHOUT = Rule(
    id="stopping.washout",
    title="Washout to the next drug",
    question="Is the gap to the next drug as it was studied, and was the MRI before it done?",
    derive=washout_facts,
    decide=washout,
    sources=(
        "leurs-switch-fingolimod",
        "naegelin-switch-fingolimod",
        "alemtuzumab-switch",
        "docblog-ocrelizumab",
        "restore-2014",
        "founding-s4",
    ),
    silence=("treatments", "doses", "plans", "mri"),
)
