"""What trials of longer intervals found, in whom, and what they leave open."""

from __future__ import annotations

from typing import Final

from openntz.definitions import amounts
from openntz.definitions.half_life import steady_trough_ratio
from openntz.evidence.registry import Fact
from openntz.monitor.profile import Profile
from openntz.monitor.rule import days_text
from openntz.monitor.rules.standing import weeks_text

TRIAL_KEYS: Final = (
    "nova.new-t2",
    "nova.new-t2.every-4-weeks",
    "nova.new-t2.p",
    "nova.pml",
    "candidate.nova.second",
    "candidate.nova.second.every-4-weeks",
    "candidate.nova.second.p",
    "candidate.nova.any-lesion",
    "candidate.nova.any-lesion.every-4-weeks",
    "candidate.nova.youngest",
    "candidate.nova.oldest",
    "candidate.nova.relapse-free",
    "next-ms.activity.eid10",
    "next-ms.activity.historical",
    "candidate.next-ms.standard",
    "candidate.next-ms.infusions",
    "candidate.peid",
    "candidate.peid.people",
    "pml.eid.hazard-ratio",
    "candidate.pml.people",
    "pml.eid.meta-2025",
    "half-life.old",
    "half-life.label",
    "dosing.label-interval",
    "candidate.label-established",
)


def _range(fact: Fact) -> str:
    """'0.06, 0.01 to 0.22'; the number alone where the fact has no bounds."""
    if fact.low is None or fact.high is None:
        return f"{fact.number:g}"
    return f"{fact.number:g}, {fact.low:g} to {fact.high:g}"


def _nova(age: int | None, profile: Profile) -> str:
    n = profile.number
    oldest, youngest = n("candidate.nova.oldest"), n("candidate.nova.youngest")
    outside = (
        f" Nobody of this age ({age}) was in it."
        if age is not None and not youngest <= age <= oldest
        else ""
    )
    return (
        f"NOVA (randomised; aged {youngest:g} to {oldest:g}, "
        f"{n('candidate.nova.relapse-free'):g} months without relapse every 4 weeks): new lesions "
        f"every 6 weeks against every 4 were {n('nova.new-t2'):g} against "
        f"{n('nova.new-t2.every-4-weeks'):g}, p = {n('nova.new-t2.p'):g}, on average by the "
        f"primary estimand, {n('candidate.nova.second'):g} against "
        f"{n('candidate.nova.second.every-4-weeks'):g}, p = {n('candidate.nova.second.p'):g}, by "
        f"the second; {n('candidate.nova.any-lesion'):g} against "
        f"{n('candidate.nova.any-lesion.every-4-weeks'):g} % had any; {n('nova.pml'):g} case of "
        f"PML without symptoms.{outside}"
    )


def _by_level(profile: Profile) -> str:
    n, peid = profile.number, profile.fact("candidate.peid")
    bound = f" (at most {peid.high:g} %)" if peid.high is not None else ""
    return (
        f"NEXT-MS ({n('candidate.next-ms.infusions'):g} infusions or more before): MRI "
        f"activity {n('next-ms.activity.eid10'):g} per 1,000 person-years with intervals set by "
        f"level, {n('candidate.next-ms.standard'):g} every 4 weeks, "
        f"{n('next-ms.activity.historical'):g} historically; in its forerunner none of "
        f"{n('candidate.peid.people'):g}{bound}."
    )


def trials_text(age: int | None, profile: Profile) -> str:
    """What trials found, who was in them and what they do not settle.

    Parameters
    ----------
    age : int, optional
        In years; said where it lies outside the randomised trial's.
    """
    return (
        f"{_nova(age, profile)} {_by_level(profile)} PML: hazard ratio "
        f"{_range(profile.fact('pml.eid.hazard-ratio'))} among "
        f"{profile.number('candidate.pml.people'):,.0f} people with JCV antibodies in a register, "
        "not randomised, by the primary of three definitions of a longer interval; pooled studies "
        "do not settle it "
        f"({_range(profile.fact('pml.eid.meta-2025'))})."
    )


def label_text(profile: Profile) -> str:
    """The label's interval, and what its text says of a longer one."""
    fact = profile.fact("candidate.label-established")
    mark = fact.shown.partition(" (")[2].rstrip(")")
    by = f"EU text, {mark}" if mark else "EU text"
    said = "is" if fact.value else "is not"
    return (
        f"The label's interval is {weeks_text(profile.fact('dosing.label-interval'))}; the "
        f"efficacy of a longer one {said} established in it ({by})."
    )


def half_life_text(longer_days: int, shorter_days: int, profile: Profile) -> str:
    """What either half-life in print would say of the trough, and that none is used."""
    said = []
    for key, who in (("half-life.old", "older US text"), ("half-life.label", "current label")):
        half_life = profile.number(key)
        below = 1 - steady_trough_ratio(longer_days, shorter_days, half_life)
        said.append(f"{amounts.percent(below)} at {half_life:g} days ({who})")
    return (
        f"One half-life alone would put the trough every {days_text(longer_days)} below that of "
        f"every {days_text(shorter_days)} by {' or '.join(said)}; the forecast uses neither."
    )
