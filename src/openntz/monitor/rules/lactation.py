"""Breast-feeding while natalizumab acts: the leaflet, a guide, and a cohort disagree."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from openntz.course.events import Pregnancy, Ref
from openntz.definitions.breastfeeding import Feeding, FeedingTerms, feeding, last_day
from openntz.definitions.pregnancy import Gestation, PregnancyState
from openntz.definitions.terms import asserts
from openntz.definitions.therapy import Therapy
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
    joined,
    off_text,
    published,
    standing_refs,
)


class LactationFacts(Struct, frozen=True, kw_only=True):
    """The last delivery on record and what is recorded of breast-feeding.

    ``decided`` says that the entry records a talk about it; ``acts_until`` is the day to which
    the last dose is taken to act, for somebody off therapy.
    """

    base: PregnancyFacts
    last: Gestation | None
    feeding: Feeding
    decided: bool
    acts_until: date | None

    @property
    def therapy(self) -> Therapy:
        """Standing in therapy."""
        return self.base.therapy

    @property
    def pregnancy(self) -> Pregnancy | None:
        """The row of the last delivery."""
        return self.last.pregnancy if self.last is not None else None

    @property
    def acting(self) -> bool:
        """Whether natalizumab is given, is to be given, or still acts."""
        if self.therapy.expects_dose:
            return True
        return self.acts_until is not None and self.therapy.as_of <= self.acts_until


def lactation_facts(situation: Situation, profile: Profile) -> LactationFacts:
    """Facts of ``pregnancy.lactation``."""
    base = pregnancy_facts(situation, profile)
    born = [g for g in base.pregnancies if g.state is PregnancyState.DELIVERED]
    last = born[-1] if born else None
    terms = FeedingTerms(
        yes=profile.words("lactation.yes-terms"), no=profile.words("lactation.no-terms")
    )
    entry = last.pregnancy.breastfeeding if last is not None else ""
    dose = situation.therapy.last_dose
    acts_for = timedelta(days=profile.days("lactation.gone-after"))
    return LactationFacts(
        base=base,
        last=last,
        feeding=feeding(entry, situation.as_of, terms),
        decided=asserts(entry, profile.words("lactation.decided-terms")) is not None,
        acts_until=dose.day + acts_for if dose is not None else None,
    )


_POSITIONS: Final = ("lactation.leaflet", "lactation.guide", "lactation.cohort-2026")
_KEYS: Final = (*_POSITIONS, "lactation.gone-after")


def _cohort_counts(profile: Profile) -> bool:
    """Whether this profile goes by the cohort, which a site must have confirmed first."""
    follows = profile.chosen("lactation") == "cohort"
    return follows and profile.fact("lactation.cohort-2026").verified


def _evidence(facts: LactationFacts) -> tuple[Ref, ...]:
    own = (facts.pregnancy.ref,) if facts.pregnancy is not None else ()
    return (*own, *standing_refs(facts.therapy))


def _breast_fed(facts: LactationFacts, profile: Profile) -> Verdict:
    therapy = facts.therapy
    sides = f"Sources disagree: {published(profile, *_POSITIONS)}."
    if therapy.state.on_therapy:
        due = not facts.decided and not _cohort_counts(profile)
        todo = (
            "Decide with the person between the drug and breast-feeding, and record that it was "
            "discussed (pregnancies, breastfeeding: yes, discussed)."
            if due
            else "Weigh it again with the person at each visit."
        )
        return Verdict(
            status=Status.DUE if due else Status.WATCH,
            message=joined("Breast-feeding is recorded on natalizumab.", todo, sides),
            evidence=_evidence(facts),
            keys=_KEYS,
        )
    return Verdict(
        status=Status.WATCH,
        message=joined(
            "Breast-feeding is recorded.",
            off_text(therapy),
            f"The last dose is taken to act until {facts.acts_until}.",
            "Decide before natalizumab is resumed." if therapy.expects_dose else "",
            sides,
        ),
        evidence=_evidence(facts),
        keys=_KEYS,
    )


def _not_known(facts: LactationFacts, last: Gestation, profile: Profile) -> Verdict:
    """The answer where the entry is missing, not understood, or a 'yes' too old to go by."""
    born, as_of = last.pregnancy.delivery or last.expected, facts.therapy.as_of
    asked, entry = profile.days("lactation.asked-for"), last.pregnancy.breastfeeding
    old = (as_of - born).days > asked
    delivered = f"Delivered {ago(born, as_of, profile)};"
    if facts.feeding is Feeding.UNKNOWN and old:
        return Verdict(
            status=Status.OK,
            message=f"{delivered} breast-feeding is not asked about beyond {days_text(asked)}.",
            evidence=_evidence(facts),
            keys=("lactation.asked-for",),
        )
    told = {
        Feeding.UNKNOWN: "whether the child is breast-fed is not recorded.",
        Feeding.UNCLEAR: f"the entry on breast-feeding is not understood ('{entry}').",
    }.get(facts.feeding, f"breast-feeding is recorded without its last day ('{entry}').")
    return Verdict(
        status=Status.UNKNOWN,
        message=f"{delivered} {told} Record yes, no, or the day until which (pregnancies, "
        "breastfeeding): the leaflet advises against it on natalizumab.",
        evidence=_evidence(facts),
        keys=("lactation.asked-for", "lactation.leaflet", "lactation.gone-after"),
    )


def _too_old(facts: LactationFacts, last: Gestation, profile: Profile) -> bool:
    """A 'yes' without a last day says nothing of a time long after birth."""
    born = last.pregnancy.delivery or last.expected
    dated = last_day(last.pregnancy.breastfeeding) is not None
    return not dated and (facts.therapy.as_of - born).days > profile.days("lactation.asked-for")


def _no_delivery(facts: LactationFacts, profile: Profile) -> Verdict:
    pregnancies = facts.base.pregnancies
    if not pregnancies:
        return without_record(facts.base, profile)
    unclear = pregnancies[-1].state is PregnancyState.UNCLEAR
    return Verdict(
        status=Status.UNKNOWN if unclear else Status.OK,
        message="How the last pregnancy ended is not recorded, so nor is breast-feeding."
        if unclear
        else "No delivery is recorded.",
        evidence=(pregnancies[-1].pregnancy.ref, *standing_refs(facts.therapy)),
    )


def lactation(facts: LactationFacts, profile: Profile) -> Verdict:
    """Is there a decision to take about natalizumab and breast-feeding?"""
    if facts.therapy.last_dose is None:
        return NEVER_DOSED
    return told_with_sex(facts.base, _decided(facts, profile))


def _decided(facts: LactationFacts, profile: Profile) -> Verdict:
    if facts.last is None:
        return _no_delivery(facts, profile)
    if facts.feeding is Feeding.NO:
        return Verdict(
            status=Status.OK,
            message=f"Not breast-feeding ('{facts.last.pregnancy.breastfeeding}').",
            evidence=_evidence(facts),
        )
    if not facts.acting:
        return Verdict(
            status=Status.OK,
            message=joined(
                off_text(facts.therapy),
                f"The last dose was taken to act until {facts.acts_until}; breast-feeding is no "
                "matter of it.",
            ),
            evidence=_evidence(facts),
            keys=("lactation.gone-after",),
        )
    if facts.feeding is Feeding.YES and not _too_old(facts, facts.last, profile):
        return _breast_fed(facts, profile)
    return _not_known(facts, facts.last, profile)


LACTATION = Rule(
    id="pregnancy.lactation",
    title="Breast-feeding",
    question="Is there a decision to take about natalizumab and breast-feeding?",
    derive=lactation_facts,
    decide=lactation,
    sources=("eu-leaflet", "founding-s2"),
    silence=("pregnancies",),
)
