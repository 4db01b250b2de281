"""Disease activity on natalizumab that nobody has followed up yet."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import EdssScore, Measurement, Relapse, Scan
from openntz.definitions.activity import either, enhancing, new_lesions
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.relapses import distinct_relapses
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.level_words import level_text
from openntz.monitor.rules.neda import LESIONS, baseline_ends
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    joined,
    off_text,
    span_text,
    standing_refs,
)

_UNUSABLE = frozenset({"not a trough", "impossible", "not usable"})


class OnTherapyFacts(Struct, frozen=True, kw_only=True):
    """The last activity on natalizumab in the time looked at, and what was done since.

    ``early`` says that its lesions may be older than the drug's effect: the scan before them is.
    ``levels_recorded`` and the others say whether the export has the table at all.
    """

    therapy: Therapy
    relapse: Relapse | None
    scan: Scan | None
    early: bool
    visit: EdssScore | None
    mri: Scan | None
    level: Measurement | None
    antibodies: Measurement | None
    recorded: frozenset[str]

    @property
    def since(self) -> date | None:
        """The day of the last activity."""
        return max((e.day for e in (self.relapse, self.scan) if e is not None), default=None)


def on_therapy_facts(situation: Situation, profile: Profile) -> OnTherapyFacts:
    """Facts of ``activity.on-therapy``."""
    course, therapy = situation.course, situation.therapy
    doses = course.derived(doses_since_gap, profile.days("restart.gap"))
    started = doses[0].day if doses else situation.as_of
    earliest = max(started, situation.as_of - timedelta(days=profile.days("activity.recent")))
    distinct = distinct_relapses(course.relapses, profile.days("relapse.apart"))
    relapses = [r for r in distinct if r.day >= earliest]
    scans = [
        s for s in course.mri if s.day >= earliest and either(enhancing(s), new_lesions(s)) is True
    ]
    relapse, scan = (relapses[-1] if relapses else None), (scans[-1] if scans else None)
    before = [s.day for s in course.mri if scan is not None and s.day < scan.day]
    counted = started + timedelta(days=baseline_ends(profile)[0])
    refused = {(v.line, v.at) for v in situation.forecast.levels if v.use in _UNUSABLE}
    levels = [
        m for m in course.results(vocabulary.NATALIZUMAB) if (m.ref.line, m.at) not in refused
    ]
    antibodies = course.results(vocabulary.ANTIBODIES)
    return OnTherapyFacts(
        therapy=therapy,
        relapse=relapse,
        scan=scan,
        early=scan is not None and not enhancing(scan) and (not before or before[-1] < counted),
        visit=course.edss[-1] if course.edss else None,
        mri=course.mri[-1] if course.mri else None,
        level=levels[-1] if levels else None,
        antibodies=antibodies[-1] if antibodies else None,
        recorded=course.recorded,
    )


def _told(facts: OnTherapyFacts, profile: Profile) -> str:
    as_of, said = facts.therapy.as_of, []
    if facts.relapse is not None:
        said.append(f"relapse on {ago(facts.relapse.day, as_of, profile)}")
    if facts.scan is not None:
        said.append(f"{LESIONS} on the MRI of {ago(facts.scan.day, as_of, profile)}")
    early = ""
    if facts.early:
        early = (
            "The lesions may be older than the effect of the drug: there is no scan before them "
            "from the time in which it works."
        )
    return joined(f"Disease activity on natalizumab: {' and '.join(said)}.", early)


def _level(facts: OnTherapyFacts, since: date) -> str:
    """What the level says, and that it says nothing without an antibody result."""
    level, antibodies = facts.level, facts.antibodies
    told = ""
    if level is not None and level.day >= since:
        told = f"Level since: {level_text(level.value, level.censor)} on {level.day}."
    if antibodies is not None and antibodies.day >= since:
        return joined(told, f"Antibody result since: {antibodies.day}.")
    return joined(
        told,
        "A level is judged only together with an antibody result, of which there is none since "
        "(antibody.test-due).",
    )


def _open(facts: OnTherapyFacts, since: date) -> tuple[list[str], list[str]]:
    """What has not been done since the activity, and what cannot be known to have been done."""
    checks = (
        ("a visit with an EDSS score", "edss", facts.visit),
        ("an MRI", "mri", facts.mri),
        ("a level before the next dose", "measurements", facts.level),
    )
    todo, unknown = [], []
    for what, table, last in checks:
        if last is not None and last.day >= since:
            continue
        (todo if table in facts.recorded else unknown).append(what)
    return todo, unknown


def on_therapy(facts: OnTherapyFacts, profile: Profile) -> Verdict:
    """Is there disease activity on natalizumab that was not followed up?"""
    therapy, since = facts.therapy, facts.since
    if therapy.last_dose is None:
        return NEVER_DOSED
    if therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Activity on natalizumab does not apply.",
            evidence=standing_refs(therapy),
        )
    span = span_text(profile.days("activity.recent"), profile)
    if since is None:
        lacking = [t for t in ("relapses", "mri") if t not in facts.recorded]
        return Verdict(
            status=Status.UNKNOWN if lacking else Status.OK,
            message=f"Not in the export: {' and '.join(lacking)}; disease activity on natalizumab "
            "is not known."
            if lacking
            else f"No relapse and no active MRI on natalizumab is recorded in the last {span}.",
            evidence=standing_refs(therapy),
            keys=("activity.recent",),
        )
    todo, unknown = _open(facts, since)
    done = [e for e in (facts.visit, facts.mri, facts.level, facts.antibodies) if e is not None]
    events = [e for e in (facts.relapse, facts.scan) if e is not None]
    refs = (*(e.ref for e in events), *(e.ref for e in done if e.day >= since))
    status = Status.DUE if todo else Status.UNKNOWN if unknown else Status.OK
    return Verdict(
        status=status,
        message=joined(
            _told(facts, profile),
            f"Not recorded since: {', '.join(todo)}. Arrange it." if todo else "",
            f"Not in the export, so not known: {', '.join(unknown)}." if unknown else "",
            "" if todo or unknown else "Visit, MRI and level are recorded since.",
            _level(facts, since),
        ),
        evidence=tuple(dict.fromkeys((*refs, *standing_refs(therapy)))),
        keys=("activity.recent", "relapse.apart", "neda.baseline"),
    )


ON_THERAPY = Rule(
    id="activity.on-therapy",
    title="Activity on natalizumab",
    question="Is there disease activity on natalizumab that was not followed up?",
    derive=on_therapy_facts,
    decide=on_therapy,
    sources=("ms-activity-definition", "relapse-definition"),
    silence=("relapses", "mri"),
)
