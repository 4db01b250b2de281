"""Vaccines: no live one while natalizumab acts, nor shortly before it is started."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

from openntz.course.events import Treatment
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.definitions.vaccines import (
    Placed,
    Timing,
    VaccineKind,
    VaccineTerms,
    is_vaccine,
    placed,
    vaccine_kind,
)
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    standing_refs,
    weeks_text,
)


class Vaccine(Struct, frozen=True):
    """One vaccine given or booked, whether it is live, and how it lies to natalizumab."""

    treatment: Treatment
    kind: VaccineKind
    placed: Placed

    @property
    def day(self) -> date:
        """The day it was given or is booked for."""
        return self.treatment.day

    @property
    def name(self) -> str:
        """What the record calls it, with its day."""
        return f"{self.treatment.name or 'a vaccine without name'} ({self.day})"


class VaccinationFacts(Struct, frozen=True):
    """Vaccines on record up to the date and those booked, in time order."""

    therapy: Therapy
    recorded: bool
    given: tuple[Vaccine, ...] = ()
    booked: tuple[Vaccine, ...] = ()


def vaccine_terms(profile: Profile) -> VaccineTerms:
    """The words of a profile that tell vaccines apart."""
    return VaccineTerms(
        kinds=profile.words("vaccination.kinds"),
        live=profile.words("vaccination.live-terms"),
        not_live=profile.words("vaccination.not-live-terms"),
        inactivated=profile.words("vaccination.inactivated-terms"),
    )


def vaccination_facts(situation: Situation, profile: Profile) -> VaccinationFacts:
    """Facts of ``vaccination.live``."""
    therapy, terms = situation.therapy, vaccine_terms(profile)
    doses = [d.day for d in therapy.doses]
    if therapy.planned is not None and therapy.planned > situation.as_of:
        doses.append(therapy.planned)
    goes_on = therapy.state.on_therapy and therapy.planned_stop is None

    def vaccines(events: Iterable[object]) -> tuple[Vaccine, ...]:
        found = [e for e in events if isinstance(e, Treatment) and is_vaccine(e, terms)]
        return tuple(
            Vaccine(
                treatment,
                vaccine_kind(treatment, terms),
                placed(
                    treatment.day,
                    doses,
                    acts_for=profile.days("vaccination.live-after"),
                    before_start=profile.days("vaccination.live-before"),
                    goes_on=goes_on,
                ),
            )
            for treatment in sorted(found, key=lambda t: t.at)
        )

    return VaccinationFacts(
        therapy=therapy,
        recorded=situation.course.has("treatments"),
        given=vaccines(situation.course.treatments),
        booked=vaccines(situation.booked),
    )


_KEYS = (
    "vaccination.live-before",
    "vaccination.live-after",
    "vaccination.inactivated-before",
    "vaccination.recent",
)


_IMMUNITY = "Check immunity to measles, mumps, rubella and varicella before natalizumab is started."


_IMMUNITY = "Check immunity to measles, mumps, rubella and varicella before natalizumab is started."


def _advice(profile: Profile) -> str:
    """What may be given when, in the words of the sources."""
    before = weeks_text(profile.fact("vaccination.live-before"))
    ideally = weeks_text(profile.fact("vaccination.inactivated-before"))
    return (
        f"Live vaccines belong at least {before} before the start and are avoided on natalizumab; "
        f"inactivated ones can be given at any time, ideally {ideally} before the start."
    )


def _verdict(status: Status, vaccine: Vaccine, facts: VaccinationFacts, *said: str) -> Verdict:
    return Verdict(
        status=status,
        message=joined(*said),
        due=vaccine.day if status is Status.DUE and vaccine in facts.booked else None,
        evidence=(vaccine.treatment.ref, *standing_refs(facts.therapy)),
        keys=_KEYS,
    )


def _where(vaccine: Vaccine, facts: VaccinationFacts) -> str:
    placed, as_of = vaccine.placed, facts.therapy.as_of
    days = days_text(placed.distance(vaccine.day))
    side = "after" if placed.timing is Timing.ON_DRUG else "before"
    planned = "planned " if placed.dose is not None and placed.dose > as_of else ""
    return f"{days} {side} the {planned}dose of {placed.dose}"


def _free_from(facts: VaccinationFacts, profile: Profile) -> str:
    """When a live vaccine becomes possible for somebody off therapy."""
    last = facts.therapy.last_dose
    if last is None or not facts.therapy.off_therapy:
        return ""
    days = profile.days("vaccination.live-after")
    return f"The drug is taken to act until {last.day + timedelta(days=days)}."


def _live(facts: VaccinationFacts, profile: Profile) -> Verdict | None:
    """The answer where a live vaccine was given, or is booked, at the wrong time."""
    as_of = facts.therapy.as_of
    recent = [
        v
        for v in facts.given
        if v.kind is VaccineKind.LIVE and (as_of - v.day).days <= profile.days("vaccination.recent")
    ]
    for vaccine in reversed(recent):
        if vaccine.placed.timing is Timing.ON_DRUG:
            return _verdict(
                Status.ACT,
                vaccine,
                facts,
                f"A live vaccine is recorded while natalizumab acts: {vaccine.name}, "
                f"{_where(vaccine, facts)}. Check the record; if it is right, look for infection "
                "with the vaccine strain and take advice before the next dose.",
                _advice(profile),
            )
    for vaccine in facts.booked:
        if vaccine.kind is VaccineKind.LIVE and vaccine.placed.timing is not Timing.CLEAR:
            return _verdict(
                Status.DUE,
                vaccine,
                facts,
                f"A live vaccine is booked: {vaccine.name}, {_where(vaccine, facts)}. Take it off "
                "the plan, or move it clear of natalizumab.",
                _free_from(facts, profile),
                _advice(profile),
            )
    for vaccine in reversed(recent):
        dose = vaccine.placed.dose
        if vaccine.placed.timing is Timing.BEFORE_START and dose is not None:
            free = vaccine.day + timedelta(days=profile.days("vaccination.live-before"))
            ahead = dose > as_of
            todo = f"Start natalizumab on {free} or later." if ahead else "Watch for infection."
            return _verdict(
                Status.DUE if ahead else Status.WATCH,
                vaccine,
                facts,
                f"A live vaccine was given {_where(vaccine, facts)}: {vaccine.name}. {todo}",
                _advice(profile),
            )
    return None


def _unclear(facts: VaccinationFacts, profile: Profile) -> Verdict | None:
    as_of, recent = facts.therapy.as_of, profile.days("vaccination.recent")
    for vaccine in (*facts.booked, *reversed(facts.given)):
        near = vaccine.day > as_of or (as_of - vaccine.day).days <= recent
        clear = vaccine.placed.timing is Timing.CLEAR
        if vaccine.kind is VaccineKind.UNKNOWN and near and not clear:
            return _verdict(
                Status.WATCH,
                vaccine,
                facts,
                f"Whether {vaccine.name} is a live vaccine does not follow from its name: record "
                "which vaccine it is.",
                _advice(profile),
            )
    return None


def live_vaccine(facts: VaccinationFacts, profile: Profile) -> Verdict:
    """Is a live vaccine recorded or booked at the wrong time?"""
    therapy = facts.therapy
    if therapy.state is TherapyState.NEVER and therapy.planned is None:
        return NEVER_DOSED
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export(
                "treatments", "whether a live vaccine was given or is booked is not known."
            ),
            evidence=standing_refs(therapy),
        )
    answer = _live(facts, profile) or _unclear(facts, profile)
    if answer is not None:
        return answer
    starting = therapy.state is TherapyState.NEVER or therapy.off_therapy
    live = [v for v in facts.given if v.kind is VaccineKind.LIVE]
    vaccines = (*facts.given, *facts.booked)
    told = "No vaccine is recorded."
    if vaccines:
        told = "No live vaccine is recorded at a time that matters now."
    if live:
        told = f"{told} The last live one: {live[-1].name}."
    return Verdict(
        status=Status.OK,
        message=joined(
            told,
            off_text(therapy) if therapy.off_therapy else "",
            _advice(profile),
            _IMMUNITY if starting and therapy.expects_dose else "",
        ),
        evidence=(*(v.treatment.ref for v in live[-1:]), *standing_refs(therapy)),
        keys=_KEYS,
    )


LIVE_VACCINE = Rule(
    id="vaccination.live",
    title="Live vaccines",
    question="Is a live vaccine recorded or booked at the wrong time?",
    derive=vaccination_facts,
    decide=live_vaccine,
    sources=("vaccination-consensus", "vaccination-practical-neurology"),
    silence=("treatments",),
)
