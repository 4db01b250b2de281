"""How long to observe after the next dose, and whether that may be left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from openntz.course.events import Dose, Ref, Route
from openntz.definitions.gaps import since_gap
from openntz.definitions.reactions import ReactionLink, link_reaction
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.hypersensitivity import reaction_text
from openntz.monitor.rules.next_dose import next_dose_text, no_next_dose
from openntz.monitor.rules.standing import not_in_export, standing_refs

DURING = "Observation during the dose itself is never left out."


@dataclass(frozen=True, slots=True)
class Answer:
    """What one profile says: whether observation may be left out, why, and by which numbers.

    ``may`` is None when it hangs on reactions that are not in the export.
    """

    may: bool | None
    why: str
    keys: tuple[str, ...]
    evidence: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservationFacts:
    """Doses given, reactions with their doses, the next dose, and what other profiles say."""

    therapy: Therapy
    recorded: bool
    doses: tuple[Dose, ...]
    reactions: tuple[ReactionLink, ...]
    route: Route
    next_day: date
    others: tuple[tuple[str, Answer], ...] = ()


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
                f"({len(counted)} given{restarted})",
                keys,
            )
        needed, given, what = round(fact.number), len(counted), "doses"
    else:
        keys = (*keys, "observation.iv-doses")
        needed = round(profile.number("observation.iv-doses"))
        given = sum(1 for d in counted if d.route == "IV")
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
    reacted = {link.number for link in facts.reactions}
    clean = sum(
        1 for n, d in enumerate(facts.doses, start=1) if d.route == "IV" and n not in reacted
    )
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


def answer(facts: ObservationFacts, profile: Profile) -> Answer:
    """What one profile says about leaving observation out."""
    if profile.chosen("observation.criterion") == "study":
        return _by_study(facts, profile)
    return _by_label(facts, profile)


def _other_readings(facts: ObservationFacts, profile: Profile) -> str:
    """Where another reading of 'the first 12' in print would say something else.

    The label counts doses. A comment on it counted weeks, a study's summary the last infusions.
    """
    if profile.chosen("observation.criterion") == "study" or facts.route == "SC":
        return ""
    doses = [n for n, d in enumerate(facts.doses, start=1) if d.route == "IV"]
    if not doses:
        return ""
    needed = round(profile.number("observation.iv-doses"))
    weeks = profile.days("observation.twelve-weeks")
    end = facts.doses[0].day + timedelta(days=weeks)
    if len(doses) < needed:
        if facts.next_day < end:
            return ""
        return f" (The first {days_text(weeks)} ended on {end}, but doses count, not weeks.)"
    reacted = {link.number for link in facts.reactions}
    if reacted & set(doses[-needed:]):
        return ""
    return (
        f" (The last {needed} infusions were given without a reaction; a study's summary counts "
        "those, the label any reaction.)"
    )


def observation(facts: ObservationFacts, profile: Profile) -> Verdict:
    """Is observation due after the next dose?"""
    t = facts.therapy
    off = no_next_dose(t, "Observe again from the first dose after any restart.")
    if off is not None:
        return off
    own = answer(facts, profile)
    minutes = profile.number("observation.minutes")
    dose = next_dose_text(t)
    evidence = (*own.evidence, *standing_refs(t))
    if own.may is None:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export(
                "reactions",
                f"{own.why}, but whether any was followed by a reaction is not known. Observe for "
                f"{minutes:g} minutes until it is. {DURING}",
            ),
            due=t.planned,
            evidence=evidence,
            keys=own.keys,
        )
    if not own.may:
        return Verdict(
            status=Status.DUE,
            message=f"Observe for {minutes:g} minutes after {dose}: {own.why}. "
            f"{DURING}{_other_readings(facts, profile)}",
            due=t.planned,
            evidence=evidence,
            keys=own.keys,
        )
    against = [(name, other) for name, other in facts.others if not other.may]
    if against:
        said = "; ".join(f"profile {name}: {other.why}" for name, other in against)
        return Verdict(
            status=Status.WATCH,
            message=f"By this profile the {minutes:g} minutes of observation after {dose} may be "
            f"left out by clinical judgement: {own.why}. Others would observe: {said}. {DURING}",
            due=t.planned,
            evidence=evidence,
            keys=own.keys,
        )
    return Verdict(
        status=Status.OK,
        message=f"Observation after {dose} may be shortened or left out by clinical judgement: "
        f"{own.why}. {DURING}",
        evidence=evidence,
        keys=own.keys,
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
