"""Who may be considered for a longer interval, and what stops the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from openntz.course import vocabulary
from openntz.course.events import Measurement, Ref, Scan
from openntz.definitions import amounts
from openntz.definitions.activity import Activity, activity
from openntz.definitions.antibodies import Persistence, Persistent, antibody_history
from openntz.definitions.pregnancy import PregnancyState
from openntz.definitions.results import shown
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.antibodies import antibody_definition, antibody_limits, result_text
from openntz.monitor.rules.hypersensitivity import hypersensitivity_facts
from openntz.monitor.rules.level_words import LEVEL_UNIT, chance_text
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.pregnancy import pregnancy_facts, without_record
from openntz.monitor.rules.standing import joined, standing_refs, weeks_text

_KEYS = (
    "candidate.doses",
    "candidate.relapse-free",
    "candidate.scan-within",
    "candidate.levels",
    "candidate.probability",
    "candidate.longest-interval",
    "candidate.target",
)
# What cannot be said of a person without a table, in the reader's words.
_WHAT_IS_NOT_KNOWN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "relapses": "relapses (activity)",
        "mri": "mri (activity)",
        "measurements": "measurements (levels and antibodies)",
        "pregnancies": "pregnancies",
        "reactions": "reactions",
    }
)
_TRIAL_KEYS = (
    "nova.new-t2",
    "nova.new-t2.every-4-weeks",
    "nova.new-t2.p",
    "nova.pml",
    "next-ms.activity.eid10",
    "next-ms.activity.historical",
    "pml.eid.hazard-ratio",
    "pml.eid.meta-2025",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFacts:
    """What the conditions for a longer interval rest on.

    ``antibodies`` is the answer of the profile's definition; ``pregnancy`` says what about
    pregnancy stops a longer interval, empty when nothing does. ``probability`` maps days after
    the last dose to P(trough >= level) per level in ug/mL. ``missing`` names the tables that are
    not in the export and that a condition rests on; ``lacks_levels_only`` says
    that the forecast is the population's because no level of the person could be used.
    """

    therapy: Therapy
    as_of: date
    doses: int
    route: str
    relapses: Activity
    scans: Activity
    levels: int
    antibodies: Persistence
    pregnancy: str
    forbidding: int
    forecast_reason: str
    probability: Mapping[int, Mapping[float, float]]
    jcv: Measurement | None
    missing: tuple[str, ...] = ()
    lacks_levels_only: bool = False


def candidate_facts(situation: Situation, profile: Profile) -> CandidateFacts:
    """Facts of ``interval.candidate``.

    Only scans since the first dose count: an earlier one shows the disease before the drug.
    """
    course, t, as_of = situation.course, situation.therapy, situation.as_of
    free, scanned = profile.days("candidate.relapse-free"), profile.days("candidate.scan-within")
    first = course.doses[0].day if course.doses else as_of
    history = antibody_history(course, antibody_limits(profile))
    forecast = situation.forecast
    index = course.results(vocabulary.JCV_INDEX)
    return CandidateFacts(
        therapy=t,
        as_of=as_of,
        doses=len(course.doses),
        route=course.doses[-1].route if course.doses else "",
        relapses=activity(course, as_of - timedelta(days=free - 1), as_of),
        scans=activity(
            course, max(as_of - timedelta(days=scanned), first + timedelta(days=1)), as_of
        ),
        levels=sum(1 for v in forecast.levels if v.use == "fitted"),
        antibodies=history.verdicts[antibody_definition(profile)],
        pregnancy=_pregnancy(situation, profile),
        forbidding=len(hypersensitivity_facts(situation, profile).forbidding),
        forecast_reason="" if forecast.status == "ok" else forecast.reason or forecast.status,
        probability=forecast.probability_by_day,
        jcv=index[-1] if index else None,
        missing=_missing(situation, profile),
        lacks_levels_only=forecast.status == "prior only",
    )


def _missing(situation: Situation, profile: Profile) -> tuple[str, ...]:
    """Tables of the conditions that the export lacks; pregnancies only where they matter."""
    tables = [t for t in _WHAT_IS_NOT_KNOWN if not situation.course.has(t)]
    if "pregnancies" in tables:
        facts = pregnancy_facts(situation, profile)
        if without_record(facts, profile).status is not Status.UNKNOWN:
            tables.remove("pregnancies")
    return tuple(tables)


def _pregnancy(situation: Situation, profile: Profile) -> str:
    facts = pregnancy_facts(situation, profile)
    last = facts.pregnancies[-1] if facts.pregnancies else None
    if last is not None and last.state is PregnancyState.ONGOING:
        return f"pregnant (conception {last.conception})"
    if last is not None and last.state is PregnancyState.UNCLEAR:
        return f"the outcome of the pregnancy that began on {last.conception} is not recorded"
    return ""


def _history_stops(facts: CandidateFacts, profile: Profile) -> list[str]:
    """Conditions on doses, activity, antibodies, pregnancy and reactions that are not met.

    What is not known for want of a table is no failed condition (``_not_known``).
    """
    stops = []
    needed = round(profile.number("candidate.doses"))
    if facts.doses < needed:
        stops.append(f"{facts.doses} doses given, {needed} asked for")
    if facts.route == "SC":
        stops.append("doses are injections, and the trials were of infusions")
    free, scanned = profile.days("candidate.relapse-free"), profile.days("candidate.scan-within")
    if facts.relapses.relapse:
        last = facts.relapses.relapses[-1].day
        stops.append(f"relapse on {last}, less than {free} days ago")
    if facts.scans.mri is None and facts.scans.scans_recorded:
        told = (
            f"no MRI since the first dose in the last {scanned} days"
            if not facts.scans.scans
            else f"the MRI of {facts.scans.scans[-1].day} does not report all lesion counts"
        )
        stops.append(f"{told}, so activity is not known")
    elif facts.scans.mri:
        stops.append(f"activity on MRI of {_active(facts).day}")
    stops += _antibody_stops(facts.antibodies)
    if facts.pregnancy:
        stops.append(facts.pregnancy)
    if facts.forbidding:
        stops.append("a reaction is recorded after which natalizumab is not given again")
    return stops


def _active(facts: CandidateFacts) -> Scan:
    """The latest scan with a lesion that shows activity, else the latest scan."""
    scans = facts.scans.scans
    active = [
        s
        for s in scans
        if any(n for n in (s.gadolinium_lesions, s.new_t2_lesions, s.enlarging_t2_lesions))
    ]
    return (active or scans)[-1]


def _antibody_stops(verdict: Persistence) -> list[str]:
    if verdict.persistent is Persistent.YES:
        return ["antibodies are persistent"]
    if verdict.awaits_from is not None and verdict.first is not None:
        return [f"antibodies were positive on {result_text(verdict.first)} and are not confirmed"]
    if verdict.persistent is Persistent.UNKNOWN and not verdict.untested:
        return [f"antibodies: {verdict.reason}"]
    return []


def _level_stops(facts: CandidateFacts, profile: Profile) -> list[str]:
    """Conditions on levels and forecast that are not met."""
    stops = []
    needed = round(profile.number("candidate.levels"))
    seen = "measurements" not in facts.missing
    if seen and facts.levels < needed:
        many = "level" if facts.levels == 1 else "levels"
        stops.append(f"{facts.levels} usable {many}, {needed} asked for")
    if facts.forecast_reason and (seen or not facts.lacks_levels_only):
        stops.append(f"no forecast from own levels ({facts.forecast_reason.rstrip('.')})")
    return stops


def _not_known(facts: CandidateFacts) -> str:
    """'not in the export: relapses (activity), reactions', empty when nothing is missing."""
    if not facts.missing:
        return ""
    return f"not in the export: {', '.join(_WHAT_IS_NOT_KNOWN[t] for t in facts.missing)}"


def longer_intervals(facts: CandidateFacts, profile: Profile) -> tuple[int, ...]:
    """Days after the last dose that were forecast and are longer than the present interval."""
    longest = profile.days("candidate.longest-interval")
    present = facts.therapy.interval_days
    return tuple(d for d in sorted(facts.probability) if present < d <= longest)


def _chance(facts: CandidateFacts, day: int, level: float) -> float | None:
    return facts.probability[day].get(level)


def _options(facts: CandidateFacts, profile: Profile) -> tuple[tuple[int, ...], str]:
    """Longer intervals that keep the target, and all of them with their chances in words."""
    target, least = profile.number("candidate.target"), profile.number("candidate.probability")
    lower = (profile.number("candidate.second-target"), profile.number("candidate.third-target"))
    kept, told = [], []
    for day in longer_intervals(facts, profile):
        chance = _chance(facts, day, target)
        if chance is None:
            continue
        if chance >= least:
            kept.append(day)
        rest = [chance_text(c, 0) for x in lower if (c := _chance(facts, day, x)) is not None]
        told.append(f"{days_text(day)}: {' / '.join([chance_text(chance, least), *rest])}")
    levels = " / ".join(f"{x:g}" for x in (target, *lower))
    return tuple(
        kept
    ), f"chance of a trough of at least {levels} {LEVEL_UNIT} at {', at '.join(told)}"


def _trials(profile: Profile) -> str:
    """What trials found and what they do not settle."""
    n = profile.number
    hazard, pooled = profile.fact("pml.eid.hazard-ratio"), profile.fact("pml.eid.meta-2025")
    return (
        "Trials: in NOVA there were more new lesions on average every 6 weeks than every 4 "
        f"({n('nova.new-t2'):g} against {n('nova.new-t2.every-4-weeks'):g}, p = "
        f"{n('nova.new-t2.p'):g}) and {n('nova.pml'):g} case of PML without symptoms; in NEXT-MS "
        f"MRI activity was {n('next-ms.activity.eid10'):g} per 1,000 person-years with intervals "
        f"set by level, {n('next-ms.activity.historical'):g} historically. PML was rarer with "
        f"longer intervals in a register (hazard ratio {hazard.number:g}, {hazard.low:g} to "
        f"{hazard.high:g}); pooled studies do not settle it ({pooled.number:g}, "
        f"{pooled.low:g} to {pooled.high:g})."
    )


def candidate(facts: CandidateFacts, profile: Profile) -> Verdict:
    """May a longer interval be considered, and which?"""
    t = facts.therapy
    if not t.state.on_therapy:
        off = no_next_dose(t, "Not a candidate for a longer interval.")
        return off or Verdict(
            status=Status.OK,
            message="Not a candidate for a longer interval: not on therapy now.",
            evidence=standing_refs(t),
        )
    stops = _history_stops(facts, profile) + _level_stops(facts, profile)
    kept, chances = _options(facts, profile)
    longest = profile.days("candidate.longest-interval")
    least, target = profile.number("candidate.probability"), profile.number("candidate.target")
    if t.interval_days >= longest:
        stops.append(f"the interval is already {days_text(t.interval_days)}")
    elif not facts.forecast_reason and not kept:
        stops.append(
            f"no longer interval keeps a chance of {amounts.percent(least)} or more of a trough "
            f"of {target:g} {LEVEL_UNIT} ({chances})"
            if longer_intervals(facts, profile)
            else "no longer interval was forecast"
        )
    evidence = _evidence(facts)
    unknown = _not_known(facts)
    if stops:
        return Verdict(
            status=Status.OK,
            message=joined(
                f"Not a candidate for a longer interval: {'; '.join(stops)}.",
                f"Besides, {unknown}." if unknown else "",
            ),
            evidence=evidence,
            keys=_KEYS,
        )
    if unknown:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"Whether a longer interval may be considered is not known; {unknown}. "
            "Nothing that is in the export stops it.",
            evidence=evidence,
            keys=_KEYS,
        )
    *first, last = (days_text(d) for d in kept)
    intervals = f"{', '.join(first)} or {last}" if first else last
    return Verdict(
        status=Status.WATCH,
        message=f"Candidate for a longer interval than {days_text(t.interval_days)}: {intervals} "
        f"({chances}). {_met(facts)} {_trials(profile)} The label's interval is "
        f"{weeks_text(profile.fact('dosing.label-interval'))}; a longer one is a "
        "decision of neurologist and patient, with levels and MRI to follow it.",
        evidence=evidence,
        keys=(*_KEYS, *_TRIAL_KEYS, "dosing.label-interval"),
    )


def _met(facts: CandidateFacts) -> str:
    tested = "not tested" if facts.antibodies.untested else "not persistent"
    index = (
        f" JCV index {shown(facts.jcv)} on {facts.jcv.day}."
        if facts.jcv is not None
        else " JCV index not recorded."
    )
    return (
        f"{facts.doses} doses, {facts.levels} usable levels, no relapse recorded since "
        f"{facts.relapses.first}, no activity on MRI of {facts.scans.scans[-1].day}, antibodies "
        f"{tested}.{index}"
    )


def _evidence(facts: CandidateFacts) -> tuple[Ref, ...]:
    interval = (facts.therapy.interval_ref,) if facts.therapy.interval_ref is not None else ()
    return (
        *standing_refs(facts.therapy),
        *interval,
        *(r.ref for r in facts.relapses.relapses[-1:]),
        *((_active(facts).ref,) if facts.scans.scans else ()),
        *facts.antibodies.refs,
        *((facts.jcv.ref,) if facts.jcv is not None else ()),
    )


CANDIDATE = Rule(
    id="interval.candidate",
    title="Longer interval",
    question="May a longer interval be considered?",
    derive=candidate_facts,
    decide=candidate,
    sources=("nova-2022", "next-ms-2023", "ryerson-2019"),
    silence=("relapses", "mri", "reactions", "doses"),
    reassuring=(Status.WATCH,),
)
