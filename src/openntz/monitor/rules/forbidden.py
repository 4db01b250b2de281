"""What is on record after which advice about giving natalizumab would be wrong.

A reaction, PML, another disease that forbids it, or an age below the lowest. What only holds a
dose until it is settled (a suspicion, an infection, liver values) is for ``interval.late-dose``.
"""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.course import age_on
from openntz.course.events import Ref
from openntz.definitions.reactions import ReactionKind, names_hypersensitivity, reaction_kind
from openntz.definitions.therapy import Therapy
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation, Verdict
from openntz.monitor.rules.conditions import CONDITION, forbidding_diseases
from openntz.monitor.rules.hypersensitivity import HYPERSENSITIVITY, reaction_terms
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.notes import quotes
from openntz.monitor.rules.pml_suspected import SUSPECTED, pml_on_record
from openntz.monitor.rules.standing import joined


class ForbiddingReaction(Struct, frozen=True):
    """The first reaction that forbids natalizumab, or the stop whose reason names one."""

    on: date
    ref: Ref
    by_stop: bool

    @property
    def reaction(self) -> str:
        """'the reaction of 2019-10-09'; by the stop, where only its reason names the reaction."""
        if self.by_stop:
            return f"the reaction for which it was stopped on {self.on}"
        return f"the reaction of {self.on}"


class Forbidden(Struct, frozen=True):
    """Why natalizumab is forbidden, its rows, and the rule that says more of it.

    ``text`` stands in place of advice about a dose or a restart.
    """

    text: str
    refs: tuple[Ref, ...]
    rule: str


def forbidding_reaction(situation: Situation, profile: Profile) -> ForbiddingReaction | None:
    """The reaction on record that forbids natalizumab, or None.

    A recorded reaction is dated by itself; where only the reason of a stop names one, it is
    dated by the stop.
    """
    terms = reaction_terms(profile)
    for reaction in situation.course.reactions:
        if reaction_kind(reaction, terms) is ReactionKind.FORBIDS:
            return ForbiddingReaction(reaction.day, reaction.ref, by_stop=False)
    for plan in situation.course.plans:
        if plan.stopped is not None and names_hypersensitivity(plan.reason, terms):
            return ForbiddingReaction(plan.stopped, plan.ref, by_stop=True)
    return None


def _too_young(situation: Situation, profile: Profile) -> Forbidden | None:
    born, lowest = situation.course.person.birth_date, profile.number("eligibility.minimum-age")
    if born is None or born > situation.as_of or age_on(born, situation.as_of) >= lowest:
        return None
    ref = situation.course.person.ref
    return Forbidden(
        f"Natalizumab is contraindicated below {lowest:g} years; check the birth date.",
        () if ref is None else (ref,),
        "eligibility.age",
    )


def forbidden(situation: Situation, profile: Profile) -> Forbidden | None:
    """What forbids natalizumab on record, or None; what forbids it for good comes first."""
    if (reaction := forbidding_reaction(situation, profile)) is not None:
        return Forbidden(
            f"Natalizumab is contraindicated after {reaction.reaction}; plan another treatment. If "
            "that reaction was judged otherwise, correct the record.",
            (reaction.ref,),
            HYPERSENSITIVITY.id,
        )
    course = situation.course
    if pml := pml_on_record(course, profile):
        return Forbidden(
            f"Natalizumab is contraindicated after PML, which is recorded: {quotes(pml)}. If it "
            "was only suspected, say so in the record.",
            tuple(s.note.ref for s in pml),
            SUSPECTED.id,
        )
    if diseases := forbidding_diseases(course, profile):
        return Forbidden(
            f"Natalizumab is contraindicated while this stands: {quotes(diseases)}. If the disease "
            "is over or the record is wrong, correct it.",
            tuple(s.note.ref for s in diseases),
            CONDITION.id,
        )
    return _too_young(situation, profile)


def before_restart(
    therapy: Therapy, forbids: Forbidden | None, advice: str, told: str = ""
) -> Verdict | None:
    """``no_next_dose`` with advice for a restart, in whose place stands what forbids one."""
    then = advice if forbids is None else forbids.text
    off = no_next_dose(therapy, joined(told, then))
    if off is None or forbids is None or not off.evidence:
        return off
    return replace(off, evidence=(*off.evidence, *forbids.refs))
