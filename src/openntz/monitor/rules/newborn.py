"""The blood count of a newborn who was exposed to natalizumab."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from openntz.course.events import Dose
from openntz.definitions.pregnancy import Gestation, PregnancyState, newborn_count
from openntz.definitions.terms import asserts
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.pregnancy import (
    PregnancyFacts,
    pregnancy_facts,
    told_with_sex,
    without_record,
)
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    interval_text,
    joined,
    published,
)


class Newborn(Struct, frozen=True, kw_only=True):
    """One pregnancy with the last dose before its end and the count on record, if any.

    ``more_doses``: others may be given before it ends.
    """

    gestation: Gestation
    last_dose: Dose | None
    count: str
    more_doses: bool = False

    @property
    def end(self) -> date:
        """Delivery where recorded, else the as-of date."""
        delivery = self.gestation.pregnancy.delivery
        as_of = self.gestation.as_of
        return delivery if delivery is not None and delivery <= as_of else as_of

    @property
    def free_days(self) -> int | None:
        """Days from the last dose to conception, negative when dosed in pregnancy."""
        if self.last_dose is None:
            return None
        return (self.gestation.conception - self.last_dose.day).days


class NewbornFacts(Struct, frozen=True, kw_only=True):
    """Every pregnancy with what bears on the newborn's blood count."""

    base: PregnancyFacts
    newborns: tuple[Newborn, ...]


def newborn_facts(situation: Situation, profile: Profile) -> NewbornFacts:
    """Facts of ``pregnancy.newborn-count``."""
    base = pregnancy_facts(situation, profile)
    terms, denials = profile.words("newborn.count-terms"), profile.words("newborn.denials")
    newborns = []
    for gestation in base.pregnancies:
        newborn = Newborn(gestation=gestation, last_dose=None, count="")
        doses = [d for d in situation.therapy.doses if d.day <= newborn.end]
        newborns.append(
            Newborn(
                gestation=gestation,
                last_dose=doses[-1] if doses else None,
                count=newborn_count(gestation.pregnancy, terms, denials),
                more_doses=gestation.state is PregnancyState.ONGOING
                and situation.therapy.not_stopped,
            )
        )
    return NewbornFacts(base=base, newborns=tuple(newborns))


def exposure_of(newborn: Newborn) -> str:
    """How a pregnancy was exposed, in a sentence; empty without a dose before its end."""
    dose, free = newborn.last_dose, newborn.free_days
    if dose is None or free is None:
        return ""
    if free <= 0:
        return f"Natalizumab was given in this pregnancy (last dose {dose.day})."
    return f"The last dose was {days_text(free)} before conception ({dose.day})."


def _dosed_late(newborn: Newborn, profile: Profile) -> bool:
    """Whether the last dose fell in the weeks the published odds are of."""
    week = int(profile.number("pregnancy.last-week.shortest"))
    before = newborn.gestation.end_of_week(week - 1)
    return newborn.last_dose is not None and newborn.last_dose.day > before


def _why(newborn: Newborn, profile: Profile) -> str:
    """Why a count is asked for; the odds of late doses only where one was or may be given."""
    crosses = "Natalizumab crosses the placenta."
    if not newborn.more_doses and not _dosed_late(newborn, profile):
        return crosses
    figures = published(profile, "newborn.low-platelets-odds", "newborn.anaemia-odds")
    return f"{crosses} Published: {figures}."


def _count(profile: Profile) -> str:
    """What is to be done, in the words of the sources."""
    tests = profile.fact("newborn.haemolysis-tests").shown
    return (
        "platelets and full blood count of the newborn at birth, repeated until normal "
        f"({_normal_by(profile)}); {tests} with them"
    )


def _normal_by(profile: Profile) -> str:
    """'to the age of 4 to 5 months', as the sources say it."""
    span = interval_text(profile.fact("newborn.normal-by"), profile).removeprefix("every ")
    return f"to the age of {span}"


def _answer(newborn: Newborn, status: Status, *said: str, due: date | None = None) -> Verdict:
    dose = () if newborn.last_dose is None else (newborn.last_dose.ref,)
    return Verdict(
        status=status,
        message=joined(*said),
        due=due,
        evidence=(newborn.gestation.pregnancy.ref, *dose),
        keys=(
            "newborn.count-within",
            "newborn.announce",
            "newborn.not-exposed-after",
            "newborn.normal-by",
        ),
    )


def _settled(newborn: Newborn, profile: Profile) -> Verdict | None:
    """The answer when there is no newborn to count, none exposed, or the count is there."""
    free = newborn.free_days
    if newborn.last_dose is None or free is None:
        return _answer(
            newborn,
            Status.OK,
            "The pregnancy was not exposed to natalizumab: no dose was given before its end.",
        )
    if free > profile.days("newborn.not-exposed-after"):
        return _answer(
            newborn,
            Status.OK,
            "The pregnancy is taken as not exposed to natalizumab: the last dose was on "
            f"{newborn.last_dose.day}, {days_text(free)} before conception.",
        )
    if newborn.gestation.state is PregnancyState.LOST:
        return _answer(newborn, Status.OK, "The pregnancy ended without a newborn.")
    return _counted(newborn, profile) if newborn.count else None


def _counted(newborn: Newborn, profile: Profile) -> Verdict:
    """The answer where a count is recorded: repeated while the record says it was not normal."""
    said = f"A blood count of the newborn is recorded ('{newborn.count}')."
    age = (newborn.gestation.as_of - newborn.end).days
    abnormal = asserts(newborn.count, profile.words("newborn.abnormal-terms"))
    if abnormal is None or age > profile.days("newborn.normal-by"):
        return _answer(newborn, Status.OK, said)
    return _answer(
        newborn,
        Status.WATCH,
        said,
        f"By that entry it was not normal: it is repeated until it is ({_normal_by(profile)}).",
    )


def _delivered(newborn: Newborn, profile: Profile) -> Verdict:
    born, as_of = newborn.end, newborn.gestation.as_of
    within = profile.days("newborn.count-within")
    missing = f"Delivered {ago(born, as_of, profile)}; no blood count of the newborn is recorded."
    if (as_of - born).days > within:
        return _answer(
            newborn,
            Status.WATCH,
            missing,
            exposure_of(newborn),
            f"It is asked for up to {days_text(within)} after birth: record it if it was done.",
        )
    return _answer(
        newborn,
        Status.DUE,
        missing,
        exposure_of(newborn),
        f"Have it done, or record it: {_count(profile)}.",
        _why(newborn, profile),
        due=born,
    )


def _expected(newborn: Newborn, profile: Profile) -> Verdict:
    gestation = newborn.gestation
    expected, as_of = gestation.expected, gestation.as_of
    exposure = exposure_of(newborn)
    if gestation.state is PregnancyState.UNCLEAR:
        asked = (as_of - expected).days <= profile.days("newborn.count-within")
        return _answer(
            newborn,
            Status.DUE if asked else Status.UNKNOWN,
            f"How the pregnancy expected for {expected} ended is not recorded, nor a blood count "
            "of the newborn.",
            exposure,
            f"Record both; if the child is born, have it done: {_count(profile)}." if asked else "",
            due=expected if asked else None,
        )
    near = (expected - as_of).days <= profile.days("newborn.announce")
    return _answer(
        newborn,
        Status.DUE if near else Status.WATCH,
        f"Delivery expected {ago(expected, as_of, profile)}.",
        exposure,
        f"{'Arrange it now' if near else 'To be arranged for birth'}: {_count(profile)}.",
        _why(newborn, profile),
        due=expected,
    )


def _newborn(newborn: Newborn, profile: Profile) -> Verdict:
    if (settled := _settled(newborn, profile)) is not None:
        return settled
    if newborn.gestation.state is PregnancyState.DELIVERED:
        return _delivered(newborn, profile)
    return _expected(newborn, profile)


def newborn_blood_count(facts: NewbornFacts, profile: Profile) -> Verdict:
    """Is a blood count of a newborn to be arranged or missing?"""
    if facts.base.therapy.last_dose is None:
        return NEVER_DOSED
    return told_with_sex(facts.base, _decided(facts, profile))


def _decided(facts: NewbornFacts, profile: Profile) -> Verdict:
    verdicts = [_newborn(newborn, profile) for newborn in reversed(facts.newborns)]
    if not verdicts:
        return without_record(facts.base, profile)
    return min(verdicts, key=lambda v: v.status.urgency)


NEWBORN_COUNT = Rule(
    id="pregnancy.newborn-count",
    title="Newborn blood count",
    question="Is a blood count of a newborn to be arranged or missing?",
    derive=newborn_facts,
    decide=newborn_blood_count,
    sources=(
        "compendium-26085",
        "ms-und-kinderwunsch",
        "medicines-in-pregnancy",
        "pregnancy-350-registry",
    ),
    silence=("pregnancies",),
    about_child=True,
)
