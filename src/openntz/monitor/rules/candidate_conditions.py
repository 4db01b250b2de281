"""The conditions for a longer interval: what stops it for a person, one sentence each.

The rule ``interval.candidate``, the page of a person and ``openntz forecast --decide`` all ask
here, so that there is one truth about who is offered a later date.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import age_on
from openntz.course.events import Measurement, Ref, Scan
from openntz.definitions.activity import Activity, activity
from openntz.definitions.antibodies import Persistence, Persistent, antibody_history
from openntz.definitions.pregnancy import Gestation, PregnancyState
from openntz.definitions.therapy import Therapy
from openntz.forecast.decide import Decision, DecisionRule, decide, weekdays_of
from openntz.forecast.outlook import DAYS_A_WEEK, Outlook
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation
from openntz.monitor.rules.antibodies import antibody_definition, antibody_limits, result_text
from openntz.monitor.rules.dose_holds import IntervalHolds, interval_holds
from openntz.monitor.rules.forbidden import Forbidden, forbidden
from openntz.monitor.rules.hypersensitivity import HYPERSENSITIVITY, hypersensitivity_facts
from openntz.monitor.rules.pregnancy import pregnancy_facts, without_record

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

# Where what holds a dose stands besides; many clinics record neither, so it is only told.
_NOT_LOOKED_AT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "symptoms": "symptoms (signs of PML, infections)",
        "treatments": "treatments (drugs that must not be combined)",
    }
)


class CandidateFacts(Struct, frozen=True, kw_only=True):
    """What the conditions for a longer interval rest on.

    ``antibodies`` is the answer of the profile's definition; ``pregnancy`` is the one that stops
    a longer interval, ongoing or of unknown outcome. ``decision`` holds the dates
    open for the next dose and what they would mean, None without a forecast; ``contradiction``
    says which levels the forecast does not agree with. ``missing`` names the tables that are
    not in the export and that a condition rests on, ``unseen`` those in which something that
    holds a dose could stand; ``lacks_levels_only`` says that the forecast is the population's
    because no level of the person could be used.
    ``change`` says that antibodies may have changed clearance. ``age`` is in years, None where
    the date of birth is not recorded. ``forbids`` is what forbids any further dose, ``holds`` what
    holds one, or a longer interval, until it is settled.
    """

    therapy: Therapy
    as_of: date
    doses: int
    route: str
    relapses: Activity
    scans: Activity
    levels: int
    antibodies: Persistence
    pregnancy: Gestation | None
    forbidding: int
    forecast_reason: str
    contradiction: str
    amount_mg: float
    outlook: Outlook | None
    decision: Decision | None
    jcv: Measurement | None
    forbids: Forbidden | None
    holds: IntervalHolds
    missing: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    lacks_levels_only: bool = False
    change: str = ""
    age: int | None = None


def candidate_facts(situation: Situation, profile: Profile) -> CandidateFacts:
    """Facts of ``interval.candidate``.

    Only scans since the first dose count: an earlier one shows the disease before the drug.
    """
    course, t, as_of = situation.course, situation.therapy, situation.as_of
    free, scanned = profile.days("candidate.relapse-free"), profile.days("candidate.scan-within")
    first = course.doses[0].day if course.doses else as_of
    history = course.derived(antibody_history, antibody_limits(profile))
    forecast = situation.forecast
    index = course.results(vocabulary.JCV_INDEX)
    forbids = forbidden(situation, profile) if t.state.on_therapy else None
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
        contradiction=forecast.contradiction,
        change=forecast.change.text if forecast.change and forecast.change.suspected else "",
        amount_mg=course.doses[-1].amount_mg if course.doses else 0.0,
        outlook=forecast.outlook,
        decision=open_dates(situation, profile),
        jcv=index[-1] if index else None,
        missing=_missing(situation, profile),
        unseen=tuple(t for t in _NOT_LOOKED_AT if not course.has(t)),
        lacks_levels_only=forecast.status == "prior only",
        age=None if (born := course.person.birth_date) is None else age_on(born, as_of),
        forbids=forbids,
        holds=interval_holds(situation, profile, forbids)
        if t.state.on_therapy
        else IntervalHolds(),
    )


def _hold_stops(facts: CandidateFacts) -> list[str]:
    """What forbids or holds any dose, and what only comes before a longer interval."""
    stops, forbids = [], facts.forbids
    against = [h.name for h in facts.holds.dose]
    if forbids is not None and forbids.rule != HYPERSENSITIVITY.id:
        against.insert(0, f"natalizumab is contraindicated ({forbids.rule})")
    if against:
        stops.append(f"no dose is to be given before this is settled: {', '.join(against)}")
    if facts.holds.interval:
        first = ", ".join(h.name for h in facts.holds.interval)
        stops.append(f"to be settled before a longer interval: {first}")
    return stops


def stop_refs(facts: CandidateFacts) -> tuple[Ref, ...]:
    """Rows of what forbids or holds a dose or a longer interval, a pregnancy among them."""
    return (
        *(() if facts.forbids is None else facts.forbids.refs),
        *facts.holds.refs,
        *(() if facts.pregnancy is None else (facts.pregnancy.pregnancy.ref,)),
    )


def decision_rule(profile: Profile) -> DecisionRule:
    """The rule by which a profile chooses the next date.

    Raises
    ------
    ProfileError
        When the weekdays are none.
    """
    weeks = str(profile.fact("decide.missed-weeks").value).split()
    return DecisionRule(
        target=profile.number("candidate.target"),
        chance=profile.number("candidate.probability"),
        shortest=profile.days("candidate.shortest-interval"),
        longest=profile.days("candidate.longest-interval"),
        weekdays=weekdays_of(profile.fact("clinic.weekdays")),
        missed_weeks=tuple(round(float(w)) for w in weeks),
    )


def open_dates(situation: Situation, profile: Profile) -> Decision | None:
    """What each date still open for the next dose would mean; None without a forecast."""
    outlook, last = situation.forecast.outlook, situation.therapy.last_dose
    if outlook is None or last is None:
        return None
    return decide(outlook, decision_rule(profile), last.day, situation.as_of)


def _missing(situation: Situation, profile: Profile) -> tuple[str, ...]:
    """Tables of the conditions that the export lacks; pregnancies only where they matter."""
    tables = [t for t in _WHAT_IS_NOT_KNOWN if not situation.course.has(t)]
    if "pregnancies" in tables:
        facts = pregnancy_facts(situation, profile)
        if without_record(facts, profile).status is not Status.UNKNOWN:
            tables.remove("pregnancies")
    return tuple(tables)


def _pregnancy(situation: Situation, profile: Profile) -> Gestation | None:
    """The latest pregnancy, where it goes on or nobody knows how it ended."""
    facts = pregnancy_facts(situation, profile)
    last = facts.pregnancies[-1] if facts.pregnancies else None
    open_ = {PregnancyState.ONGOING, PregnancyState.UNCLEAR}
    return last if last is not None and last.state in open_ else None


def _pregnancy_stops(found: Gestation | None) -> list[str]:
    if found is None:
        return []
    if found.state is PregnancyState.ONGOING:
        return [f"pregnant (conception {found.conception})"]
    return [f"the outcome of the pregnancy that began on {found.conception} is not recorded"]


def _history_stops(facts: CandidateFacts, profile: Profile) -> list[str]:
    """Conditions on the record that are not met: doses, activity, antibodies, what forbids a dose.

    What is not known for want of a table is no failed condition (``_not_known``).
    """
    stops = []
    needed = round(profile.number("candidate.doses"))
    if facts.doses < needed:
        stops.append(f"{facts.doses} doses given, {needed} asked for")
    if facts.route == "SC":
        stops.append("doses are injections, and the trials were of infusions")
    vial = profile.number("dose.label-amount")
    if facts.amount_mg % vial:
        stops.append(f"the last dose was {facts.amount_mg:g} mg, not whole vials of {vial:g} mg")
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
        stops.append(f"activity on MRI of {active_scan(facts).day}")
    stops += _antibody_stops(facts.antibodies)
    stops += _pregnancy_stops(facts.pregnancy)
    if facts.forbidding:
        stops.append("a reaction is recorded after which natalizumab is not given again")
    stops += _hold_stops(facts)
    stop, last = facts.therapy.planned_stop, facts.therapy.last_dose
    longest = timedelta(days=profile.days("candidate.longest-interval"))
    if stop is not None and last is not None and stop <= last.day + longest:
        stops.append(f"a stop is planned for {stop}")
    return stops


def active_scan(facts: CandidateFacts) -> Scan:
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
    if facts.contradiction:
        # What to do about it is said by the forecast; whether clearance changed, too.
        which = facts.contradiction.partition(":")[0].rstrip(".")
        stops.append(f"levels contradict the forecast ({which})")
    elif facts.change:
        stops.append("levels or antibody tests suggest that clearance was or is raised")
    return stops


def stops(facts: CandidateFacts, profile: Profile) -> tuple[str, ...]:
    """Every condition that is not met, besides what the dates themselves say."""
    return (*_history_stops(facts, profile), *_level_stops(facts, profile))


def not_known(facts: CandidateFacts) -> str:
    """'not in the export: relapses (activity), reactions', empty when nothing is missing.

    A restart whose checks cannot be known is named besides the table they would stand in.
    """
    tables = ", ".join(_WHAT_IS_NOT_KNOWN[t] for t in facts.missing)
    checks = ", ".join(h.name for h in facts.holds.unknown)
    told = (
        f"not in the export: {tables}" if tables else "",
        f"not known: {checks}" if checks else "",
    )
    return "; ".join(filter(None, told))


def not_looked_at(facts: CandidateFacts) -> str:
    """What could hold a dose and is not in the export, as a sentence; empty when all is."""
    tables = " and ".join(_NOT_LOOKED_AT[t] for t in facts.unseen)
    return f"Not in the export, so not known: {tables}." if tables else ""


def weeks_ahead(facts: CandidateFacts, profile: Profile) -> tuple[int, ...]:
    """Whole weeks after the last dose, in days, longer than the present interval, still open."""
    if facts.outlook is None:
        return ()
    longest = profile.days("candidate.longest-interval")
    present, last = facts.therapy.interval_days, facts.therapy.last_dose
    passed = 0 if last is None else (facts.as_of - last.day).days
    weeks = (int(d) for d in facts.outlook.day if d % DAYS_A_WEEK == 0)
    return tuple(d for d in weeks if present < d <= longest and d >= passed)
