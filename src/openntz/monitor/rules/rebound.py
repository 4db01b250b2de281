"""Rebound after stopping: four definitions side by side, one of which the profile goes by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from openntz.definitions.off_drug import OffDrug, off_drug, successors
from openntz.definitions.rebound import Met, Rebound, ReboundLimits, ReboundVerdict, rebound
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.pml import treatment_names
from openntz.monitor.rules.standing import NEVER_DOSED, joined, off_text, standing_refs

_NAMES: Final[Mapping[Rebound, str]] = MappingProxyType(
    {
        Rebound.SORENSEN: "Sørensen 2014 (own relapse rate higher than before the drug)",
        Rebound.GUEGUEN: "Gueguen 2014 (relapse, and more enhancing lesions than {n} and than "
        "before the drug)",
        Rebound.IVMP: "the steroid cohort (relapse, and more new lesions than {n} and than before "
        "the drug)",
        Rebound.EDSS: "the withdrawal cohort (EDSS worse by {n} steps)",
    }
)
_SHORT: Final[Mapping[Rebound, str]] = MappingProxyType(
    {
        Rebound.SORENSEN: "relapse rate (Sørensen)",
        Rebound.GUEGUEN: "relapse and enhancing lesions (Gueguen)",
        Rebound.IVMP: "relapse and new lesions (steroid cohort)",
        Rebound.EDSS: "EDSS (withdrawal cohort)",
    }
)
_NUMBER_KEYS: Final[Mapping[Rebound, str]] = MappingProxyType(
    {
        Rebound.SORENSEN: "rebound.rate-before",
        Rebound.GUEGUEN: "rebound.lesions.gueguen",
        Rebound.IVMP: "rebound.lesions.ivmp",
        Rebound.EDSS: "rebound.edss-steps",
    }
)
_SHARE_KEYS: Final[Mapping[Rebound, str]] = MappingProxyType(
    {
        Rebound.SORENSEN: "rebound.share.sorensen",
        Rebound.GUEGUEN: "rebound.share.gueguen",
        Rebound.IVMP: "rebound.share.ivmp",
        Rebound.EDSS: "rebound.share.edss",
    }
)


class ReboundFacts(Struct, frozen=True):
    """Every definition's answer over the stretch off the drug that matters now.

    ``off`` is None on therapy; ``closes`` is the last day on which any definition still counts.
    """

    therapy: Therapy
    off: OffDrug | None
    verdicts: Mapping[Rebound, ReboundVerdict]
    closes: date | None


def rebound_limits(profile: Profile) -> ReboundLimits:
    """The numbers of the four definitions."""
    return ReboundLimits(
        before_days=profile.days("rebound.rate-before"),
        follow_days=profile.days("rebound.follow-up"),
        gueguen_lesions=profile.number("rebound.lesions.gueguen"),
        ivmp_lesions=profile.number("rebound.lesions.ivmp"),
        next_drug_days=profile.days("rebound.next-drug"),
        edss_steps=round(profile.number("rebound.edss-steps")),
    )


def rebound_facts(situation: Situation, profile: Profile) -> ReboundFacts:
    """Facts of ``stopping.rebound``."""
    course, therapy = situation.course, situation.therapy
    off = off_drug(course, therapy, profile.days("restart.gap"), profile.days("restart.recent"))
    if off is None:
        return ReboundFacts(therapy, None, {}, None)
    limits = rebound_limits(profile)
    following = successors(
        course.treatments,
        off,
        treatment_names(profile),
        profile.days("stopping.successor-overlap"),
    )
    next_drug = following[0].day if following else None
    closes = off.last_dose.day + timedelta(days=limits.follow_days)
    if next_drug is not None:
        closes = max(closes, next_drug + timedelta(days=limits.next_drug_days))
    found = {v.definition: v for v in rebound(course, off, limits, next_drug)}
    return ReboundFacts(therapy, off, MappingProxyType(found), closes)


def _name(definition: Rebound, profile: Profile) -> str:
    number = profile.number(_NUMBER_KEYS[definition])
    return _NAMES[definition].format(n=f"{number:g}")


def _others(facts: ReboundFacts, chosen: Rebound) -> str:
    """What the other definitions say; a reason only where it is not that of the chosen one."""
    said = {facts.verdicts[chosen].reason}
    told = []
    for definition, verdict in facts.verdicts.items():
        if definition is chosen:
            continue
        new = verdict.met is not Met.NO and verdict.reason not in said
        told.append(f"{_SHORT[definition]}: {verdict.met}{f' ({verdict.reason})' if new else ''}")
        said.add(verdict.reason)
    return f"By other definitions: {'; '.join(told)}."


def _published(profile: Profile) -> str:
    shares = [f"{profile.fact(_SHARE_KEYS[d]).shown} by {name}" for d, name in _SHORT.items()]
    return (
        f"Published shares differ with the definition: {', '.join(shares)}; O'Connor 2011 saw no "
        "more activity than on placebo."
    )


_WHAT_TO_DO: Final = (
    "Tell rebound from PML and tumour, treat the activity, and settle what follows "
    "(stopping.no-successor; before natalizumab again, restart.gate)."
)


def _head(facts: ReboundFacts) -> str:
    off = facts.off
    if off is None or off.restart is None:
        return off_text(facts.therapy)
    days = days_text((off.restart.day - off.last_dose.day).days)
    return f"Natalizumab was restarted on {off.restart.day} after {days} without a dose."


def _keys(*definitions: Rebound, shares: bool) -> tuple[str, ...]:
    keys = [_NUMBER_KEYS[d] for d in definitions]
    if shares:
        keys += _SHARE_KEYS.values()
    return (*keys, "rebound.follow-up", "restart.recent")


def _not_now(facts: ReboundFacts) -> Verdict | None:
    """The answer before any dose, on therapy, or when every definition's time is over."""
    therapy, off = facts.therapy, facts.off
    if therapy.last_dose is None:
        return NEVER_DOSED
    if off is None or facts.closes is None:
        return Verdict(
            status=Status.OK,
            message="On natalizumab, with no restart of late; the rule applies after stopping.",
            evidence=standing_refs(therapy),
        )
    if therapy.as_of > facts.closes:
        return Verdict(
            status=Status.OK,
            message=joined(_head(facts), f"Rebound was looked for until {facts.closes}."),
            evidence=standing_refs(therapy),
            keys=("rebound.follow-up",),
        )
    return None


def stopping_rebound(facts: ReboundFacts, profile: Profile) -> Verdict:
    """Did the disease rebound after stopping, and by whose definition?"""
    if (answer := _not_now(facts)) is not None:
        return answer
    therapy, chosen = facts.therapy, Rebound(profile.chosen("stopping.rebound"))
    own = facts.verdicts[chosen]
    met = [d for d, v in facts.verdicts.items() if v.met is Met.YES]
    old = own.last_sign is not None and (therapy.as_of - own.last_sign).days > profile.days(
        "restart.recent"
    )
    if own.met is Met.YES:
        status = Status.WATCH if old else Status.ACT
    elif met:
        status = Status.WATCH
    else:
        status = Status.UNKNOWN if own.met is Met.UNKNOWN else Status.OK
    told = f"Rebound by {_name(chosen, profile)}: {own.met}; {own.reason}."
    loud = status in {Status.ACT, Status.WATCH}
    open_ = own.met is Met.UNKNOWN and own.last_sign is not None
    refs = [r for d in dict.fromkeys((chosen, *met)) for r in facts.verdicts[d].refs]
    return Verdict(
        status=status,
        message=joined(
            told,
            _head(facts),
            _others(facts, chosen),
            _WHAT_TO_DO if loud or open_ else "",
            _published(profile) if loud else "",
        ),
        evidence=(*standing_refs(therapy), *refs),
        keys=_keys(*dict.fromkeys((chosen, *met)), shares=loud),
    )


REBOUND = Rule(
    id="stopping.rebound",
    title="Rebound",
    question="Did the disease rebound after stopping, and by whose definition?",
    derive=rebound_facts,
    decide=stopping_rebound,
    sources=(
        "sorensen-2014",
        "gueguen-2014",
        "ivmp-washout-cohort",
        "withdrawal-47-cohort",
        "oconnor-2011",
        "founding-s4",
    ),
    silence=("relapses", "mri", "edss", "plans", "doses", "treatments"),
)
