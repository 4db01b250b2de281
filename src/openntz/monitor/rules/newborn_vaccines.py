"""No live vaccine for a young child who was exposed to natalizumab."""

from __future__ import annotations

from datetime import date, timedelta

from openntz.definitions.pregnancy import PregnancyState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Verdict
from openntz.monitor.rules.newborn import Newborn, NewbornFacts, exposure_of, newborn_facts
from openntz.monitor.rules.pregnancy import told_with_sex, without_record
from openntz.monitor.rules.standing import NEVER_DOSED, ago, joined, months_text

_KEYS = (
    "newborn.no-live-vaccine-until",
    "newborn.live-vaccines",
    "newborn.announce",
    "newborn.not-exposed-after",
)


def _vaccines(newborn: Newborn, profile: Profile) -> Verdict | None:
    """Live vaccines of one newborn; None when it was not exposed or is old enough."""
    gestation, free = newborn.gestation, newborn.free_days
    if newborn.last_dose is None or free is None or gestation.state is PregnancyState.LOST:
        return None
    if free > profile.days("newborn.not-exposed-after"):
        return None
    until = timedelta(days=profile.days("newborn.no-live-vaccine-until"))
    names = profile.fact("newborn.live-vaccines").shown.replace(",", " or")
    advice = (
        f"no live vaccine ({names}) before {{}}, the age of {months_text(until.days, profile)}."
    )
    born, as_of = newborn.end, gestation.as_of
    if gestation.state is PregnancyState.DELIVERED:
        if as_of >= born + until:
            return None
        head = f"Born {ago(born, as_of, profile)}: {advice.format(born + until)}"
        return _answer(newborn, born + until, head, exposure_of(newborn))
    expected = gestation.expected
    unclear = gestation.state is PregnancyState.UNCLEAR
    if unclear and as_of >= expected + until:
        return None
    if not unclear and (expected - as_of).days > profile.days("newborn.announce"):
        return None
    head = f"Delivery expected {ago(expected, as_of, profile)}: for the child "
    return _answer(
        newborn, expected + until, head + advice.format(expected + until), exposure_of(newborn)
    )


def _answer(newborn: Newborn, until: date, *said: str) -> Verdict:
    dose = () if newborn.last_dose is None else (newborn.last_dose.ref,)
    return Verdict(
        status=Status.WATCH,
        message=joined(*said, "Tell whoever vaccinates the child."),
        due=until,
        evidence=(newborn.gestation.pregnancy.ref, *dose),
        keys=_KEYS,
    )


def newborn_vaccines(facts: NewbornFacts, profile: Profile) -> Verdict:
    """Is there an exposed child too young for live vaccines?"""
    if facts.base.therapy.last_dose is None:
        return NEVER_DOSED
    return told_with_sex(facts.base, _decided(facts, profile))


def _decided(facts: NewbornFacts, profile: Profile) -> Verdict:
    found = [_vaccines(newborn, profile) for newborn in reversed(facts.newborns)]
    if (first := next((v for v in found if v is not None), None)) is not None:
        return first
    if not facts.newborns:
        return without_record(facts.base, profile)
    return Verdict(
        status=Status.OK,
        message="No exposed child is too young for live vaccines now, nor about to be born.",
        evidence=tuple(n.gestation.pregnancy.ref for n in facts.newborns),
        keys=_KEYS,
    )


NEWBORN_VACCINES = Rule(
    id="newborn.vaccines",
    title="Newborn and live vaccines",
    question="Is there an exposed child too young for live vaccines?",
    derive=newborn_facts,
    decide=newborn_vaccines,
    sources=("compendium-26085", "ms-und-kinderwunsch", "medicines-in-pregnancy"),
    silence=("pregnancies",),
    about_child=True,
)
