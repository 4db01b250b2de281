"""How long to observe after the next dose, and whether that may be left out."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.events import Dose, Ref, Route, Treatment
from openntz.definitions.gaps import since_gap
from openntz.definitions.observation_readings import observation_readings
from openntz.definitions.reactions import ReactionLink, link_reaction
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.dose_holds import dose_holds
from openntz.monitor.rules.eligibility import COMBINATION, age_facts, combination_facts
from openntz.monitor.rules.forbidden import (
    Forbidden,
    ForbiddingReaction,
    before_restart,
    forbidden,
    forbidding_reaction,
)
from openntz.monitor.rules.hypersensitivity import reaction_text
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.standing import joined, not_in_export, standing_refs

_STUDY_EVIDENCE = (
    "observation.events",
    "observation.events-by-dose-2",
    "observation.events-by-dose-7",
    "observation.moderate-during",
)
DURING = "Observation during the dose itself is never left out."


class Answer(Struct, frozen=True):
    """What one profile says: whether observation may be left out, why, and by which numbers.

    ``may`` is None when it hangs on reactions that are not in the export.
    """

    may: bool | None
    why: str
    keys: tuple[str, ...]
    evidence: tuple[Ref, ...] = ()


class Against(Struct, frozen=True):
    """What speaks against giving the next dose at all, by the facts of the rules that say so.

    ``reaction`` is the one behind ``forbidden``, where it is one; ``years`` the age where it is
    below the lowest of the label; ``beside`` are treatments that overlap with natalizumab;
    ``holds`` are the titles of other rules that hold a dose until they are settled.
    """

    forbidden: Forbidden | None = None
    reaction: ForbiddingReaction | None = None
    years: int | None = None
    beside: tuple[Treatment, ...] = ()
    holds: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """'the reaction of 2023-12-31', 'the age of 17 years', 'fingolimod alongside'."""
        disease = self.forbidden is not None and self.reaction is None and self.years is None
        return (
            *(() if self.reaction is None else (self.reaction.reaction,)),
            *(() if self.years is None else (f"the age of {self.years} years",)),
            *(("a disease on record",) if disease else ()),
            *(f"{t.name or 'a treatment without name'} alongside" for t in self.beside),
            *self.holds,
        )

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The rows of what forbids it, and of the treatments."""
        first = () if self.forbidden is None else self.forbidden.refs
        return (*first, *(t.ref for t in self.beside))


class ObservationFacts(Struct, frozen=True):
    """Doses given, reactions with their doses, the next dose, and what other profiles say."""

    therapy: Therapy
    recorded: bool
    doses: tuple[Dose, ...]
    reactions: tuple[ReactionLink, ...]
    route: Route
    next_day: date
    others: tuple[tuple[str, Answer], ...] = ()
    against: Against = Against()


def _against(situation: Situation, profile: Profile) -> Against:
    """What forbids it: a reaction, a disease, an age below the lowest; and what overlaps."""
    years = age_facts(situation, profile).years
    young = years is not None and years < profile.number("eligibility.minimum-age")
    on = situation.therapy.state.on_therapy
    forbids = forbidden(situation, profile)
    held = dose_holds(situation, profile, forbids) if on else ()
    return Against(
        forbidden=forbids,
        reaction=forbidding_reaction(situation, profile),
        years=years if young else None,
        beside=combination_facts(situation, profile).overlapping if on else (),
        holds=tuple(f"{r.title} ({r.id})" for r in held if r.id != COMBINATION.id),
    )


def observation_facts(situation: Situation, profile: Profile) -> ObservationFacts:
    """Facts of ``observation.post-infusion``.

    The next dose goes by the route of the last one unless another is booked.
    """
    course, t = situation.course, situation.therapy
    booked = next((e for e in situation.booked if isinstance(e, Dose)), None)
    route: Route = course.doses[-1].route if course.doses else "IV"
    facts = ObservationFacts(
        therapy=t,
        recorded=course.has("reactions"),
        doses=course.doses,
        reactions=tuple(
            link_reaction(r, course.doses, profile.days("reaction.linked-within"))
            for r in course.reactions
        ),
        route=booked.route if booked is not None else route,
        next_day=max(t.planned or situation.as_of, situation.as_of),
        against=_against(situation, profile),
    )
    others = tuple(
        (name, answer(facts, other))
        for name, other in situation.profiles.items()
        if name != profile.id
    )
    return replace(facts, others=others)


def _counted(facts: ObservationFacts, profile: Profile) -> tuple[tuple[Dose, ...], int | None]:
    """Doses that count by a profile, and the gap in days that began the count anew, if any."""
    if profile.chosen("observation.recount") == "no" or not facts.doses:
        return facts.doses, None
    limit = profile.days("observation.recount-gap")
    open_gap = (facts.next_day - facts.doses[-1].day).days
    if open_gap >= limit:
        return (), open_gap
    counted = since_gap(facts.doses, limit)
    if len(counted) == len(facts.doses):
        return counted, None
    before = facts.doses[len(facts.doses) - len(counted) - 1]
    return counted, (counted[0].day - before.day).days


def _infusions(doses: tuple[Dose, ...]) -> tuple[date, ...]:
    """Days with an infusion: two rows of one day are one that was interrupted."""
    return tuple(sorted({d.day for d in doses if d.route == "IV"}))


def _by_label(facts: ObservationFacts, profile: Profile) -> Answer:
    """So many doses observed, and no reaction ever recorded."""
    counted, gap = _counted(facts, profile)
    restarted, keys = "", ("observation.minutes",)
    if gap is not None:
        limit = profile.fact("observation.recount-gap")
        restarted = f" since a gap of {days_text(gap)} (counted anew from {limit.shown})"
        keys = (*keys, "observation.recount-gap")
    if facts.route == "SC":
        fact = profile.fact("observation.sc-doses")
        keys = (*keys, "observation.sc-doses")
        if not fact.verified:
            return Answer(
                False,
                f"the next dose is an injection, and the number of doses after which observation "
                f"may be reduced, {fact.shown}, counts only once a site has confirmed it "
                f"({len({d.day for d in counted})} given{restarted})",
                keys,
            )
        needed, given, what = round(fact.number), len({d.day for d in counted}), "doses"
    else:
        keys = (*keys, "observation.iv-doses")
        needed = round(profile.number("observation.iv-doses"))
        given = len(_infusions(counted))
        what = "infusions"
    if given < needed:
        return Answer(False, f"{given} of the first {needed} {what} given{restarted}", keys)
    if facts.reactions:
        last = facts.reactions[-1]
        more = f", the last of {len(facts.reactions)}" if len(facts.reactions) > 1 else ""
        return Answer(
            False,
            f"{given} {what} given{restarted}, but a reaction is recorded: "
            f"{reaction_text(last)}{more}",
            keys,
            tuple(link.reaction.ref for link in facts.reactions),
        )
    if not facts.recorded:
        return Answer(None, f"{given} {what} given{restarted}", keys)
    return Answer(True, f"{given} {what} given{restarted} and no reaction recorded", keys)


def _by_study(facts: ObservationFacts, profile: Profile) -> Answer:
    """So many clean infusions since the start, and never a moderate or worse reaction."""
    needed = round(profile.number("observation.clean-infusions"))
    moderate = profile.number("observation.moderate-grade")
    keys = ("observation.minutes", "observation.clean-infusions", "observation.moderate-grade")
    if facts.route == "SC":
        return Answer(False, "the study was of infusions, and the next dose is an injection", keys)
    worse = [
        link
        for link in facts.reactions
        if link.reaction.grade is None or link.reaction.grade >= moderate
    ]
    if worse:
        return Answer(
            False,
            f"the study did not include people with a reaction of grade {moderate:g} or more: "
            f"{reaction_text(worse[-1])}",
            keys,
            tuple(link.reaction.ref for link in worse),
        )
    clean = len(set(_infusions(facts.doses)) - _reacted(facts))
    if clean < needed:
        return Answer(False, f"{clean} of {needed} infusions without a reaction so far", keys)
    if not facts.recorded:
        return Answer(None, f"{clean} infusions given", keys)
    mild = f"; mild: {reaction_text(facts.reactions[-1])}" if facts.reactions else ""
    return Answer(
        True,
        f"{clean} infusions without a reaction, {needed} asked for{mild}",
        keys,
        tuple(link.reaction.ref for link in facts.reactions),
    )


def _is_study(profile: Profile) -> bool:
    return profile.chosen("observation.criterion") == "study"


def _early_events(profile: Profile) -> str:
    """What speaks against counting so few doses: when hypersensitivity came in the trial."""
    by_2, by_7, all_ = (
        profile.fact(f"observation.events{key}") for key in ("-by-dose-2", "-by-dose-7", "")
    )
    mark = "" if all(f.verified for f in (by_2, by_7, all_)) else " (unverified)"
    return (
        f"In AFFIRM {by_2.number:g} of {all_.number:g} hypersensitivity events came by dose 2 and "
        f"{by_7.number:g} by dose 7{mark}."
    )


def _clean_during(facts: ObservationFacts, profile: Profile) -> str:
    """The other proposal from a study: none after a dose that itself passed without reaction."""
    if not _is_study(profile) or facts.route == "SC" or facts.reactions:
        return ""
    during = profile.fact("observation.moderate-during")
    return (
        f" (Loonstra 2020 would leave it out after any infusion that itself passed without a "
        f"reaction: {during.shown} moderate reactions came during it, none after it needed "
        "treatment.)"
    )


def _reacted(facts: ObservationFacts) -> set[date]:
    """Days of the doses that a reaction followed."""
    return {link.dose.day for link in facts.reactions if link.dose is not None}


def answer(facts: ObservationFacts, profile: Profile) -> Answer:
    """What one profile says about leaving observation out."""
    if _is_study(profile):
        return _by_study(facts, profile)
    return _by_label(facts, profile)


def _other_readings(facts: ObservationFacts, profile: Profile) -> str:
    """Where another reading of 'the first 12' in print would say something else.

    The label counts doses. A comment on it counted weeks, a study's summary the last infusions.
    """
    if _is_study(profile) or facts.route == "SC":
        return ""
    infusions = _infusions(_counted(facts, profile)[0])
    needed = round(profile.number("observation.iv-doses"))
    weeks = profile.days("observation.twelve-weeks")
    # A reaction before any recorded dose speaks against the first two readings all the same.
    reacted = {link.reaction.day for link in facts.reactions} | _reacted(facts)
    read = observation_readings(infusions, reacted, facts.next_day, doses=needed, weeks_days=weeks)
    if read is None or read.first_doses:
        return ""
    if read.first_weeks and len(infusions) < needed:
        verb = "end" if read.weeks_end > facts.therapy.as_of else "ended"
        return (
            f" (The first {days_text(weeks)} {verb} on {read.weeks_end}, but doses count, not "
            "weeks.)"
        )
    if read.last_infusions:
        return (
            f" (The last {needed} infusions were given without a reaction; a study's summary "
            "counts those, the label any reaction.)"
        )
    return ""


def observation(facts: ObservationFacts, profile: Profile) -> Verdict:
    """Is observation due after the next dose?"""
    t = facts.therapy
    off = before_restart(
        t,
        facts.against.forbidden,
        f"Observe again from the first dose after any restart. {DURING}",
    )
    if off is not None:
        return off if off.evidence else replace(off, message=f"{off.message} {DURING}")
    own = answer(facts, profile)
    status, told = _told(facts, own, profile)
    reasons = facts.against.reasons
    readings = ""
    if own.may is False:
        readings = _other_readings(facts, profile) or _clean_during(facts, profile)
    if reasons:
        told = (
            f"If a dose is given at all, {told[:1].lower()}{told[1:]} Speaking against any dose: "
            f"{', '.join(reasons)}."
        )
    keys = own.keys
    if own.may is False:
        keys = (*keys, "observation.readiness")
    if _is_study(profile):
        keys = (*keys, *_STUDY_EVIDENCE)
    if facts.against.years is not None:
        keys = (*keys, "eligibility.minimum-age")
    return Verdict(
        status=status,
        message=f"{told}{readings}",
        due=None if status is Status.OK else t.planned,
        evidence=(*own.evidence, *standing_refs(t), *facts.against.refs),
        keys=keys,
    )


def _told(facts: ObservationFacts, own: Answer, profile: Profile) -> tuple[Status, str]:
    """Status and words by count and reactions, as if nothing spoke against the dose.

    Where something does, each text still reads on from 'If a dose is given at all,'.
    """
    minutes = f"{profile.number('observation.minutes'):g} minutes"
    dose = next_dose_text(facts.therapy)
    questioned = bool(facts.against.reasons)
    if own.may is None:
        unknown = not_in_export(
            "reactions", f"{own.why}, but whether any was followed by a reaction is not known."
        )
        observe = f"Observe for {minutes}"
        if questioned:
            return Status.UNKNOWN, f"{observe} after {dose}. {unknown} {DURING}"
        return Status.UNKNOWN, f"{unknown} {observe} until it is. {DURING}"
    if not own.may:
        return Status.DUE, joined(
            f"Observe for {minutes} after {dose}: {own.why}.",
            DURING,
            str(profile.fact("observation.readiness").value),
        )
    against = [(name, other) for name, other in facts.others if not other.may]
    others = ""
    if against:
        said = "; ".join(f"profile {name}: {other.why}" for name, other in against)
        others = f"Others would observe: {said}. "
    early = f"{_early_events(profile)} " if against and _is_study(profile) else ""
    status = Status.WATCH if against else Status.OK
    if questioned:
        return status, (
            f"Observe during {dose}; by this profile the {minutes} after it may be left out by "
            f"clinical judgement: {own.why}. {others}{early}{DURING}"
        )
    if against:
        return status, (
            f"By this profile the {minutes} of observation after {dose} may be left out by "
            f"clinical judgement: {own.why}. {others}{early}{DURING}"
        )
    return status, (
        f"Observation after {dose} may be shortened or left out by clinical judgement: "
        f"{own.why}. {DURING}"
    )


OBSERVATION = Rule(
    id="observation.post-infusion",
    title="Observation after the dose",
    question="Is observation due after the next dose?",
    derive=observation_facts,
    decide=observation,
    sources=("eu-smpc", "us-pi", "bafrani-observation", "loonstra-2020"),
    silence=("reactions", "doses"),
)
