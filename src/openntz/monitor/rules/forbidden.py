"""A reaction on record after which advice about giving natalizumab again would be wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from openntz.course.events import Ref
from openntz.definitions.reactions import ReactionKind, names_hypersensitivity, reaction_kind
from openntz.definitions.therapy import Therapy
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation, Verdict
from openntz.monitor.rules.hypersensitivity import reaction_terms
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.standing import joined


@dataclass(frozen=True, slots=True)
class Forbidden:
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

    @property
    def text(self) -> str:
        """What stands in place of advice about a restart."""
        return (
            f"Natalizumab is contraindicated after {self.reaction}; plan another treatment. If "
            "that reaction was judged otherwise, correct the record."
        )


def forbidden(situation: Situation, profile: Profile) -> Forbidden | None:
    """What forbids natalizumab on record, or None.

    A recorded reaction is dated by itself; where only the reason of a stop names one, it is
    dated by the stop.
    """
    terms = reaction_terms(profile)
    for reaction in situation.course.reactions:
        if reaction_kind(reaction, terms) is ReactionKind.FORBIDS:
            return Forbidden(reaction.day, reaction.ref, by_stop=False)
    for plan in situation.course.plans:
        if plan.stopped is not None and names_hypersensitivity(plan.reason, terms):
            return Forbidden(plan.stopped, plan.ref, by_stop=True)
    return None


def before_restart(
    therapy: Therapy, forbids: Forbidden | None, advice: str, told: str = ""
) -> Verdict | None:
    """``no_next_dose`` with advice for a restart, in whose place stands what forbids one."""
    then = advice if forbids is None else forbids.text
    off = no_next_dose(therapy, joined(told, then))
    if off is None or forbids is None or not off.evidence:
        return off
    return replace(off, evidence=(*off.evidence, forbids.ref))
