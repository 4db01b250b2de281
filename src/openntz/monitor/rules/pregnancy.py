"""Pregnancy: the decision about natalizumab."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.course import age_on
from openntz.course.events import Plan, Ref, Symptom
from openntz.definitions.pregnancy import (
    Gestation,
    PregnancyLimits,
    PregnancyState,
    gestations,
    pregnancy_wish,
)
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.forbidden import Forbidden, forbidden
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    joined,
    not_in_export,
    off_text,
    published,
    standing_refs,
    week_text,
    weeks_text,
)


class PregnancyFacts(Struct, frozen=True, kw_only=True):
    """Pregnancies begun by the date, in the order of conception, and a recorded wish for one.

    ``forbidden`` is a reaction after which natalizumab is not resumed, ``person`` the row that
    holds the sex.
    """

    therapy: Therapy
    sex: str
    age: int | None
    pregnancies: tuple[Gestation, ...]
    wish: Plan | Symptom | None
    recorded: bool
    forbidden: Forbidden | None = None
    person: Ref | None = None


def pregnancy_limits(profile: Profile) -> PregnancyLimits:
    """The conventions of a profile that date a pregnancy and tell how it ended."""
    return PregnancyLimits(
        conception_after=profile.days("pregnancy.conception-after"),
        term=profile.days("pregnancy.term"),
        longest=profile.days("pregnancy.longest"),
        loss_terms=profile.words("pregnancy.loss-terms"),
        live_terms=profile.words("pregnancy.live-terms"),
    )


def pregnancy_facts(situation: Situation, profile: Profile) -> PregnancyFacts:
    """Facts of ``pregnancy.plan``."""
    limits = pregnancy_limits(profile)
    person = situation.course.person
    born = person.birth_date
    return PregnancyFacts(
        therapy=situation.therapy,
        sex=person.sex,
        age=age_on(born, situation.as_of) if born is not None else None,
        pregnancies=gestations(situation.course, situation.booked, situation.as_of, limits),
        wish=pregnancy_wish(situation.course, profile.words("pregnancy.wish-terms")),
        recorded=situation.course.has("pregnancies"),
        forbidden=forbidden(situation, profile),
        person=person.ref,
    )


def ongoing_pregnancy(situation: Situation, profile: Profile) -> Gestation | None:
    """The pregnancy that goes on at the date, also of somebody recorded as male: one is wrong."""
    limits = pregnancy_limits(profile)
    found = gestations(situation.course, situation.booked, situation.as_of, limits)
    last = found[-1] if found else None
    return last if last is not None and last.state is PregnancyState.ONGOING else None


def scan_in_pregnancy(pregnant: Gestation | None) -> str:
    """What a rule that asks for a scan adds in an ongoing pregnancy; empty without one."""
    if pregnant is None:
        return ""
    return "Pregnant: decide about the scan and contrast (gadolinium) with that in mind."


def without_record(facts: PregnancyFacts, profile: Profile) -> Verdict:
    """The answer when no pregnancy is on record: none, not applicable, or nobody looked."""
    refs = standing_refs(facts.therapy)
    if facts.sex == "M":
        return Verdict(status=Status.OK, message="Does not apply: recorded as male.", evidence=refs)
    if facts.recorded:
        return Verdict(status=Status.OK, message="No pregnancy is recorded.", evidence=refs)
    low, high = profile.number("pregnancy.age-from"), profile.number("pregnancy.age-until")
    keys = ("pregnancy.age-from", "pregnancy.age-until")
    if facts.age is not None and not low <= facts.age <= high:
        return Verdict(
            status=Status.OK,
            message=f"Does not apply at the age of {facts.age}.",
            evidence=refs,
            keys=keys,
        )
    return Verdict(
        status=Status.UNKNOWN,
        message=not_in_export("pregnancies", "whether there is a pregnancy is not known."),
        evidence=refs,
        keys=keys,
    )


def told_with_sex(facts: PregnancyFacts, verdict: Verdict) -> Verdict:
    """The answer where a pregnancy is recorded for somebody recorded as male: both are named.

    The pregnancy is taken as right where something is to be done or watched; that nothing is
    cannot be known while one of the two entries is wrong.
    """
    if facts.sex != "M" or not facts.pregnancies:
        return verdict
    person = () if facts.person is None else (facts.person,)
    rows = (*person, *(g.pregnancy.ref for g in facts.pregnancies))
    fine = verdict.status is Status.OK
    return replace(
        verdict,
        status=Status.UNKNOWN if fine else verdict.status,
        message=joined(
            "A pregnancy is recorded for a person recorded as male: check "
            f"{' and '.join(map(str, rows))}, and correct the wrong one.",
            f"As long as the pregnancy stands: {verdict.message}" if not fine else "",
        ),
        evidence=(*rows, *verdict.evidence),
    )


def _dates(gestation: Gestation) -> str:
    pregnancy = gestation.pregnancy
    if pregnancy.conception is not None:
        return f"conception {pregnancy.conception}, expected {gestation.expected}"
    return f"expected {gestation.expected}"


def _guidelines(profile: Profile) -> str:
    shortest = week_text(profile.fact("pregnancy.last-week.shortest"))
    longest = week_text(profile.fact("pregnancy.last-week.longest"))
    leaflet = profile.fact("pregnancy.leaflet").shown
    return (
        f"Guidelines differ on the last week of treatment: {shortest} (Gulf consensus, NAP-30), "
        f"about {longest} (Association of British Neurologists); EU leaflet: {leaflet}."
    )


def _intervals(profile: Profile) -> str:
    nap = weeks_text(profile.fact("pregnancy.interval.nap-30"))
    abn = weeks_text(profile.fact("pregnancy.interval.abn"))
    return f"Interval in pregnancy: every {nap} (NAP-30), every {abn} (British guideline)."


def _outcomes(profile: Profile, *more: str) -> str:
    """The registry's relapses, and what ``more`` keys of its figures add."""
    keys = ("pregnancy.relapse.continued", "pregnancy.relapse.stopped", *more)
    count = profile.fact("pregnancy.people").shown
    return f"Published (registry, {count}): {published(profile, *keys)}."


_LATE = ("pregnancy.late-dose.relapse", "newborn.anaemia-odds", "newborn.low-platelets-odds")


def _late_figures(gestation: Gestation, therapy: Therapy, profile: Profile) -> tuple[str, ...]:
    """Keys of what was published of late doses, where the next dose would be one."""
    week = int(profile.number("pregnancy.last-week.shortest"))
    begins = gestation.end_of_week(week - 1)
    # A dose that is late is given on the day at the earliest.
    next_dose = max(therapy.planned or gestation.as_of, gestation.as_of)
    return _LATE if next_dose > begins else ()


def _restart(forbids: Forbidden | None, profile: Profile) -> str:
    if forbids is not None:
        return forbids.text
    within = weeks_text(profile.fact("pregnancy.restart-after-birth"))
    return f"Where natalizumab is resumed, the British guideline does so within {within} of birth."


_GUIDELINE_KEYS = (
    "pregnancy.last-week.shortest",
    "pregnancy.last-week.longest",
    "pregnancy.leaflet",
)

_PLAN_KEYS = (
    "pregnancy.last-week",
    *_GUIDELINE_KEYS,
    "pregnancy.interval.nap-30",
    "pregnancy.interval.abn",
    "pregnancy.relapse.continued",
    "pregnancy.relapse.stopped",
    "pregnancy.people",
    "pregnancy.conception-after",
    "pregnancy.term",
)


def _evidence(gestation: Gestation, facts: PregnancyFacts) -> tuple[Ref, ...]:
    forbids = () if facts.forbidden is None else facts.forbidden.refs
    return (gestation.pregnancy.ref, *standing_refs(facts.therapy), *forbids)


def _open_decision(therapy: Therapy) -> bool:
    """Doses stopped coming, and neither a stop nor that they go on is recorded."""
    return therapy.state is TherapyState.PRESUMED_STOPPED and not therapy.expects_dose


def _presumed(gestation: Gestation, facts: PregnancyFacts, profile: Profile) -> Verdict:
    """The answer while a stop is only presumed: the gap of a late dose decides nothing."""
    fact = profile.fact("pregnancy.last-week")
    limit, forbids = gestation.end_of_week(int(fact.number)), facts.forbidden
    decide = (
        "Decide together whether it goes on, and record the stop or the plan (the last week of "
        f"treatment here is {week_text(fact)}, to {limit})."
        if forbids is None
        else f"Record the stop. {forbids.text}"
    )
    return Verdict(
        status=Status.DUE,
        message=joined(
            f"Pregnant, week {gestation.age} ({_dates(gestation)}).",
            off_text(facts.therapy),
            decide,
            _guidelines(profile) if forbids is None else "",
        ),
        due=limit,
        evidence=_evidence(gestation, facts),
        keys=(
            "pregnancy.last-week",
            *(_GUIDELINE_KEYS if forbids is None else ()),
            "pregnancy.conception-after",
            "pregnancy.term",
        ),
    )


def _ongoing(gestation: Gestation, facts: PregnancyFacts, profile: Profile) -> Verdict:
    therapy, forbids = facts.therapy, facts.forbidden
    if _open_decision(therapy):
        return _presumed(gestation, facts, profile)
    evidence = _evidence(gestation, facts)
    head = f"Pregnant, week {gestation.age} ({_dates(gestation)})"
    if not therapy.off_therapy:
        fact = profile.fact("pregnancy.last-week")
        last = int(fact.number)
        past = gestation.weeks > last
        limit = gestation.end_of_week(last)
        if past:
            where = f"past {week_text(fact)}, the last of treatment here (it ended on {limit})."
            todo = "Decide now about further doses, and plan the restart after birth."
        else:
            where = f"the last week of treatment here is {week_text(fact)} (to {limit})."
            todo = "Decide together whether and until when to continue."
        if forbids is not None:
            todo = forbids.text
        late = _late_figures(gestation, therapy, profile)
        return Verdict(
            status=Status.ACT if past else Status.DUE,
            message=joined(
                f"{head}, on natalizumab: {where}",
                todo,
                _guidelines(profile),
                _intervals(profile) if forbids is None else "",
                _outcomes(profile, *late),
            ),
            due=limit,
            evidence=evidence,
            keys=(*_PLAN_KEYS, *late),
        )
    return Verdict(
        status=Status.WATCH,
        message=joined(
            f"{head}, off natalizumab.",
            off_text(therapy),
            "Plan what follows birth.",
            _restart(forbids, profile),
        ),
        due=gestation.expected,
        evidence=evidence,
        keys=(
            *(() if forbids else ("pregnancy.restart-after-birth",)),
            "pregnancy.conception-after",
            "pregnancy.term",
        ),
    )


def _wish(wish: Plan | Symptom, facts: PregnancyFacts, profile: Profile) -> Verdict:
    therapy, forbids = facts.therapy, facts.forbidden
    category = profile.fact("pregnancy.category").shown
    said = wish.reason if isinstance(wish, Plan) else f"{wish.symptom} {wish.comment}".strip()
    return Verdict(
        status=Status.WATCH,
        message=joined(
            f"A wish for pregnancy is recorded on {wish.day} ('{said}'); no pregnancy since.",
            off_text(therapy) if therapy.off_therapy else "On natalizumab.",
            "Agree before conception whether to stay on natalizumab, to conceive on it and stop "
            f"then, or to bridge; advice differs (older US text: category {category})."
            if forbids is None
            else forbids.text,
            _guidelines(profile),
            _outcomes(profile),
        ),
        evidence=(wish.ref, *standing_refs(therapy), *(() if forbids is None else forbids.refs)),
        keys=(
            "pregnancy.last-week.shortest",
            "pregnancy.last-week.longest",
            "pregnancy.leaflet",
            "pregnancy.category",
            "pregnancy.relapse.continued",
            "pregnancy.relapse.stopped",
            "pregnancy.people",
        ),
    )


def _ended(gestation: Gestation, facts: PregnancyFacts, profile: Profile) -> Verdict:
    therapy, forbids = facts.therapy, facts.forbidden
    evidence = _evidence(gestation, facts)
    if gestation.state is PregnancyState.UNCLEAR:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"How the pregnancy expected for {gestation.expected} ended is not recorded: "
            "record delivery or outcome.",
            due=None,
            evidence=evidence,
            keys=("pregnancy.longest",),
        )
    if gestation.state is PregnancyState.LOST:
        what = f"The last pregnancy ended without a newborn ('{gestation.pregnancy.outcome}')."
        return Verdict(status=Status.OK, message=what, evidence=evidence)
    born = gestation.pregnancy.delivery or gestation.expected
    restart = joined(off_text(therapy), _restart(forbids, profile)) if therapy.off_therapy else ""
    return Verdict(
        status=Status.OK,
        message=joined(f"Not pregnant: delivered {ago(born, gestation.as_of, profile)}.", restart),
        evidence=evidence,
        keys=("pregnancy.restart-after-birth",) if restart and forbids is None else (),
    )


def plan(facts: PregnancyFacts, profile: Profile) -> Verdict:
    """Is there a decision to take about natalizumab and pregnancy?"""
    if facts.therapy.last_dose is None:
        return NEVER_DOSED
    return told_with_sex(facts, _plan(facts, profile))


def _plan(facts: PregnancyFacts, profile: Profile) -> Verdict:
    latest = facts.pregnancies[-1] if facts.pregnancies else None
    if latest is not None and latest.state is PregnancyState.ONGOING:
        return _ongoing(latest, facts, profile)
    wish = facts.wish if facts.sex != "M" else None
    if wish is not None and (latest is None or wish.day > latest.conception):
        return _wish(wish, facts, profile)
    if latest is not None:
        return _ended(latest, facts, profile)
    return without_record(facts, profile)


PLAN = Rule(
    id="pregnancy.plan",
    title="Pregnancy plan",
    question="Is there a decision to take about natalizumab and pregnancy?",
    derive=pregnancy_facts,
    decide=plan,
    sources=("abn-2019", "gulf-consensus-2020", "ms-und-kinderwunsch", "pregnancy-350-registry"),
    silence=("pregnancies",),
)
