"""Reactions after which natalizumab must not be given again."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from openntz.course.events import Dose, Plan, Ref
from openntz.definitions.reactions import (
    ReactionKind,
    ReactionLink,
    ReactionTerms,
    Timing,
    doses_after,
    link_reaction,
    names_hypersensitivity,
    reaction_kind,
)
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    standing_refs,
)


def reaction_terms(profile: Profile) -> ReactionTerms:
    """The words and the grade of a profile that tell reactions apart."""
    return ReactionTerms(
        hypersensitivity=profile.words("hypersensitivity.terms"),
        possible=profile.words("hypersensitivity.possible-terms"),
        negations=profile.words("hypersensitivity.negations"),
        severe_grade=round(profile.number("hypersensitivity.severe-grade")),
    )


def reaction_text(link: ReactionLink) -> str:
    """'hypersensitivity (grade 3) on 2023-12-31, dose 3, 12 minutes after its start'."""
    reaction = link.reaction
    grade = f"grade {reaction.grade}" if reaction.grade is not None else "grade not recorded"
    text = f"{reaction.term or 'reaction without a term'} ({grade}) on {reaction.day}"
    if link.dose is None:
        return f"{text}, before any recorded dose"
    if link.timing is Timing.DURING:
        when = f", {_minutes(link.minutes)} after its start, during the infusion"
    elif link.timing is Timing.AFTER and link.minutes is not None:
        when = f", {_minutes(link.minutes)} after its start"
    elif link.timing is Timing.SAME_DAY:
        when = ", the same day"
    else:
        days = (reaction.day - link.dose.day).days
        delayed = ", delayed" if link.timing is Timing.DELAYED else ""
        when = f", {days_text(days)} after it{delayed}"
    return f"{text}, dose {link.number}{when}"


def _minutes(minutes: int | None) -> str:
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


class HypersensitivityFacts(Struct, frozen=True):
    """Reactions by what they mean, and the doses given after the first that forbids.

    ``stop`` is the stop on record that no later plan lifts; it says whether therapy goes on
    where doses are not in the export. ``stopped_for`` is the first stop whose reason names
    hypersensitivity, where no recorded reaction up to it forbids; ``given_after`` then counts
    from it.
    """

    therapy: Therapy
    recorded: bool
    forbidding: tuple[ReactionLink, ...] = ()
    possible: tuple[ReactionLink, ...] = ()
    ungraded: tuple[ReactionLink, ...] = ()
    others: int = 0
    given_after: tuple[Dose, ...] = ()
    doses_recorded: bool = True
    stop: Plan | None = None
    stopped_for: Plan | None = None


def hypersensitivity_facts(situation: Situation, profile: Profile) -> HypersensitivityFacts:
    """Facts of ``hypersensitivity.contraindicated``."""
    course, terms = situation.course, reaction_terms(profile)
    within = profile.days("reaction.linked-within")
    found: dict[ReactionKind, list[ReactionLink]] = {kind: [] for kind in ReactionKind}
    for reaction in course.reactions:
        link = link_reaction(reaction, course.doses, within)
        found[reaction_kind(reaction, terms)].append(link)
    forbidding = tuple(found[ReactionKind.FORBIDS])
    stopped_for = _stopped_for(course.plans, terms)
    on = None if stopped_for is None else stopped_for.stopped
    if forbidding and (on is None or forbidding[0].reaction.day <= on):
        stopped_for = None
        after = doses_after(forbidding[0].reaction, course.doses)
    else:
        after = tuple(d for d in course.doses if on is not None and d.day > on)
    return HypersensitivityFacts(
        therapy=situation.therapy,
        recorded=course.has("reactions"),
        forbidding=forbidding,
        possible=tuple(found[ReactionKind.POSSIBLE]),
        ungraded=tuple(found[ReactionKind.UNGRADED]),
        others=len(found[ReactionKind.INFUSION]),
        given_after=after,
        doses_recorded=course.has("doses"),
        stop=_stop_on_record(course.plans, situation.as_of),
        stopped_for=stopped_for,
    )


def _stopped_for(plans: tuple[Plan, ...], terms: ReactionTerms) -> Plan | None:
    """The first stop whose reason names hypersensitivity."""
    return next(
        (p for p in plans if p.stopped is not None and names_hypersensitivity(p.reason, terms)),
        None,
    )


def _stop_on_record(plans: tuple[Plan, ...], as_of: date) -> Plan | None:
    """The last plan when it is a stop up to a date."""
    last = plans[-1] if plans else None
    stopped = last.stopped if last is not None else None
    return last if stopped is not None and stopped <= as_of else None


def _refs(links: tuple[ReactionLink, ...]) -> tuple[Ref, ...]:
    refs = [link.reaction.ref for link in links]
    refs += [link.dose.ref for link in links if link.dose is not None]
    return tuple(refs)


def _listed(links: tuple[ReactionLink, ...]) -> str:
    return "; ".join(reaction_text(link) for link in links)


def _doses_unseen(facts: HypersensitivityFacts) -> str:
    """What is known of therapy where doses are not in the export."""
    stop = facts.stop
    if stop is None:
        return "Doses are not in the export and no stop is recorded."
    why = f" ({stop.reason})" if stop.reason else ""
    return (
        f"Natalizumab was stopped on {stop.stopped}{why}; doses are not in the export, so "
        "whether one was given after it is not known."
    )


def _forbidding_refs(facts: HypersensitivityFacts) -> tuple[Ref, ...]:
    if facts.stopped_for is None:
        return _refs(facts.forbidding)
    if facts.forbidding:
        return (facts.stopped_for.ref, *_refs(facts.forbidding))
    return (facts.stopped_for.ref, *_refs((*facts.possible, *facts.ungraded)))


def _forbidding_text(facts: HypersensitivityFacts) -> str:
    """The reactions that forbid, or the stop that names one which the record does not hold."""
    if facts.stopped_for is None:
        return f"Recorded: {_listed(facts.forbidding)}. "
    stop = facts.stopped_for
    if facts.forbidding:
        return (
            f"Recorded: {_listed(facts.forbidding)}. Before that, natalizumab was stopped on "
            f'{stop.stopped} for "{stop.reason}". '
        )
    where = "in the export" if not facts.recorded else "recorded as one that forbids natalizumab"
    missing = "reactions are not" if not facts.recorded else "no reaction is"
    others = (*facts.possible, *facts.ungraded)
    return (
        f'Natalizumab was stopped on {stop.stopped} for "{stop.reason}"; {missing} {where}'
        f"{f' (there is {_listed(others)})' if others else ''}. Complete the record. "
    )


def _forbidden_unseen(facts: HypersensitivityFacts, told: str, rule: str) -> Verdict:
    """A reaction that forbids, in an export without doses: going on cannot be ruled out."""
    stop = facts.stop
    todo = (
        "Check whether natalizumab is still given. Do not give it before the reaction has been "
        "judged; if it stands, stop for good, record the stop and plan what follows."
        if stop is None
        else ""
    )
    return Verdict(
        status=Status.ACT if stop is None else Status.WATCH,
        message=joined(told.strip(), _doses_unseen(facts), rule, todo),
        evidence=(*_forbidding_refs(facts), *(() if stop is None else (stop.ref,))),
        keys=("hypersensitivity.terms", "hypersensitivity.severe-grade"),
    )


def _forbidden(facts: HypersensitivityFacts) -> Verdict:
    t = facts.therapy
    evidence = (
        *_forbidding_refs(facts),
        *(d.ref for d in facts.given_after[:1]),
        *standing_refs(t),
    )
    keys = ("hypersensitivity.terms", "hypersensitivity.severe-grade")
    told = _forbidding_text(facts)
    rule = (
        "Natalizumab is contraindicated after any hypersensitivity, and is not given again after "
        "a severe reaction."
    )
    if not facts.doses_recorded:
        return _forbidden_unseen(facts, told, rule)
    number = len(facts.given_after)
    given = (
        f"{number} dose{'s were' if number > 1 else ' was'} given after it, "
        f"{'the first ' if number > 1 else ''}on {facts.given_after[0].day}. "
        if number
        else ""
    )
    if t.expects_dose:
        going_on = (
            "Therapy has not been stopped. "
            if t.state.on_therapy
            else "A further dose is booked or therapy is to resume. "
        )
        return Verdict(
            status=Status.ACT,
            message=f"{told}{given}{going_on}{rule} Do not give {next_dose_text(t)} before the "
            "reaction has been judged; if it stands, stop for good, record the stop and plan "
            "what follows.",
            due=t.planned,
            evidence=evidence,
            keys=keys,
        )
    if t.not_stopped:
        return Verdict(
            status=Status.ACT,
            message=f"{told}{given}{off_text(t)} {rule} Give no further dose before the reaction "
            "has been judged; if it stands, record the stop and the contraindication.",
            evidence=evidence,
            keys=keys,
        )
    if number:
        return Verdict(
            status=Status.ACT,
            message=f"{told}{given}{off_text(t)} {rule} Review how the later doses came to be "
            "given, and mark the record so that natalizumab is not given again.",
            evidence=evidence,
            keys=keys,
        )
    stopped = (
        "No dose is recorded."
        if t.state is TherapyState.NEVER
        else f"{off_text(t)} No dose was given after it."
    )
    return Verdict(
        status=Status.WATCH,
        message=f"{told}{stopped} {rule}",
        evidence=evidence,
        keys=keys,
    )


def _possible(facts: HypersensitivityFacts) -> Verdict:
    """A possible sign of hypersensitivity, which somebody has to judge."""
    t = facts.therapy
    if not facts.doses_recorded:
        standing, before = _doses_unseen(facts), "any further dose"
    elif t.expects_dose:
        standing, before = "", next_dose_text(t)
    else:
        standing = "No dose is recorded." if t.last_dose is None else off_text(t)
        before = "any restart"
    return Verdict(
        status=Status.WATCH,
        message=joined(
            f"Recorded: {_listed(facts.possible)}. This may have been hypersensitivity; the "
            "record does not say whether it was judged.",
            standing,
            f"Judge it before {before} and record the answer: after any hypersensitivity "
            "natalizumab is contraindicated.",
        ),
        due=t.planned,
        evidence=(*_refs(facts.possible), *(() if t.expects_dose else standing_refs(t))),
        keys=("hypersensitivity.possible-terms", "hypersensitivity.severe-grade"),
    )


def hypersensitivity(facts: HypersensitivityFacts, profile: Profile) -> Verdict:
    """Has there been a reaction after which natalizumab must not be given?"""
    t = facts.therapy
    if facts.forbidding or facts.stopped_for is not None:
        return _forbidden(facts)
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export(
                "reactions", "whether a reaction forbids natalizumab is not known."
            ),
            evidence=standing_refs(t),
        )
    if facts.possible:
        return _possible(facts)
    if t.state is TherapyState.NEVER and not t.expects_dose:
        return NEVER_DOSED
    if facts.ungraded and t.not_stopped:
        grade = profile.number("hypersensitivity.severe-grade")
        return Verdict(
            status=Status.UNKNOWN,
            message=f"Recorded: {_listed(facts.ungraded)}. From grade {grade:g} on natalizumab is "
            "not given again, so the grade must be known. Complete it.",
            evidence=_refs(facts.ungraded),
            keys=("hypersensitivity.severe-grade",),
        )
    return _none_forbids(facts)


def _none_forbids(facts: HypersensitivityFacts) -> Verdict:
    t = facts.therapy
    count = facts.others + len(facts.ungraded)
    recorded = f"{count} reaction{'s' if count != 1 else ''} recorded"
    if not count:
        message = "No reaction is recorded."
    elif facts.ungraded:
        message = (
            f"{recorded}, none called hypersensitivity or graded severe: "
            f"{_listed(facts.ungraded)}. {off_text(t)} Judge it before any "
            "restart."
        )
    else:
        message = f"{recorded}, none of a kind that forbids natalizumab."
    return Verdict(
        status=Status.OK,
        message=message,
        evidence=(*_refs(facts.ungraded), *standing_refs(t)),
        keys=("hypersensitivity.terms", "hypersensitivity.severe-grade"),
    )


HYPERSENSITIVITY = Rule(
    id="hypersensitivity.contraindicated",
    title="Hypersensitivity",
    question="Has there been a reaction after which natalizumab must not be given?",
    derive=hypersensitivity_facts,
    decide=hypersensitivity,
    sources=("mims", "eu-leaflet", "founding-s2"),
    silence=("reactions", "doses"),
)
