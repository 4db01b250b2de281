"""Whether natalizumab does good: judged at six months and at two years."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from openntz.course.events import EdssScore, Scan
from openntz.definitions.neda import Neda, neda
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.neda import activity_words, baseline_ends, neda_limits
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    joined,
    months_text,
    not_in_export,
    off_text,
    standing_refs,
)

# Key of a point in time, and what is asked then. Informing the person anew at two years is
# ``consent.re-inform``.
_ASKED: Final = {
    "review.benefit": "reconsider treatment if there is no benefit",
    "review.reconsent": "weigh benefit and risk anew",
}


class Point(Struct, frozen=True, kw_only=True):
    """One point at which benefit is judged, with the visit and the MRI that go with it.

    ``ends`` is the day from which the next regular evaluation takes its place; ``found`` is, up
    to then, the activity between the new baseline and the date.
    """

    key: str
    day: date
    ends: date
    visit: EdssScore | None
    scan: Scan | None
    found: Neda | None


class BenefitFacts(Struct, frozen=True, kw_only=True):
    """The last point that has come or is near, and the next one."""

    therapy: Therapy
    point: Point | None
    next: date | None
    missing: tuple[str, ...]


def benefit_facts(situation: Situation, profile: Profile) -> BenefitFacts:
    """Facts of ``review.benefit``."""
    course, as_of, first = situation.course, situation.as_of, situation.therapy.first_dose
    missing = tuple(t for t in ("edss", "mri") if not course.has(t))
    if first is None:
        return BenefitFacts(therapy=situation.therapy, point=None, next=None, missing=missing)
    announce = timedelta(days=profile.days("check.announce"))
    days = {key: first.day + timedelta(days=profile.days(key)) for key in _ASKED}
    reached = [key for key, day in days.items() if as_of >= day - announce]
    ahead = [day for key, day in days.items() if key not in reached]
    point = None
    if reached:
        key = reached[-1]
        day = days[key]
        since = day - timedelta(days=profile.days("review.early"))
        limits = neda_limits(profile, baseline_ends(profile)[0])
        scans_from = max(first.day, day - timedelta(days=profile.days("neda.period")))
        ends = day + timedelta(days=profile.days("review.interval"))
        point = Point(
            key=key,
            day=day,
            ends=ends,
            visit=next((s for s in course.edss if s.day >= since), None),
            scan=next((s for s in reversed(course.mri) if s.day > scans_from), None),
            found=neda(course, first.day, first.day, as_of, limits) if as_of < ends else None,
        )
    return BenefitFacts(
        therapy=situation.therapy,
        point=point,
        next=min(ahead, default=None),
        missing=missing,
    )


def _when(point: Point, profile: Profile) -> str:
    return f"{months_text(profile.days(point.key), profile)} of treatment ({point.day})"


def _against(found: Neda | None) -> str:
    """What speaks against benefit: activity since the new baseline."""
    said = activity_words(found) if found is not None else []
    return f"Activity since {found.first}: {'; '.join(said)}." if found and said else ""


def _without_visit(point: Point, facts: BenefitFacts, profile: Profile) -> tuple[Status, str]:
    as_of, ask = facts.therapy.as_of, _ASKED[point.key]
    if as_of < point.day:
        return Status.WATCH, f"Soon at {_when(point, profile)}: {ask}. It needs a visit."
    if as_of < point.ends:
        return (
            Status.DUE,
            f"At {_when(point, profile)}: {ask}. No visit with an EDSS score is recorded for it.",
        )
    return (
        Status.WATCH,
        f"No visit is recorded since {_when(point, profile)}, when one was to {ask}; the next "
        "visit is asked for by review.due.",
    )


def _judged(point: Point, facts: BenefitFacts, profile: Profile) -> Verdict:
    as_of = facts.therapy.as_of
    against, within = _against(point.found), as_of < point.ends
    if point.visit is None:
        status, said = _without_visit(point, facts, profile)
    else:
        lacking = within and (point.scan is None or bool(against))
        status = Status.WATCH if lacking else Status.OK
        late = point.visit.day >= point.ends
        how = "is the first since" if late else "counts for"
        ask = f": {_ASKED[point.key]}" if within else ""
        visit = ago(point.visit.day, as_of, profile)
        said = f"The visit of {visit} {how} {_when(point, profile)}{ask}."
    scan = ""
    if point.scan is None and within:
        scan = "No MRI is recorded to judge it by."
    found = point.found
    against_refs = () if found is None else (*found.relapses, *found.active_scans)
    refs = [point.visit, point.scan, *against_refs]
    return Verdict(
        status=status,
        message=joined(said, scan, against),
        due=point.day if status is Status.DUE or as_of < point.day else None,
        evidence=tuple(
            dict.fromkeys((*(e.ref for e in refs if e is not None), *standing_refs(facts.therapy)))
        ),
        keys=(point.key, "review.early", "review.interval", "check.announce", "neda.baseline"),
    )


def benefit(facts: BenefitFacts, profile: Profile) -> Verdict:
    """Is it time to judge whether natalizumab does good?"""
    therapy, point = facts.therapy, facts.point
    if therapy.last_dose is None:
        return NEVER_DOSED
    if therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Benefit is not judged.",
            evidence=standing_refs(therapy),
        )
    if point is None:
        return Verdict(
            status=Status.OK,
            message=f"Benefit is judged from {facts.next} on.",
            evidence=standing_refs(therapy),
            keys=("review.benefit", "check.announce"),
        )
    if facts.missing and (point.visit is None or therapy.as_of < point.ends):
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export(
                " and ".join(facts.missing), "whether benefit was judged is not known."
            ),
            evidence=standing_refs(therapy),
            keys=(point.key,),
        )
    return _judged(point, facts, profile)


BENEFIT = Rule(
    id="review.benefit",
    title="Benefit",
    question="Is it time to judge whether natalizumab does good?",
    derive=benefit_facts,
    decide=benefit,
    sources=("swiss-label",),
    silence=("relapses", "mri"),
)
