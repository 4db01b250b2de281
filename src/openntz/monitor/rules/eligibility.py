"""Who may have natalizumab: age, and no other such therapy beside it."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from openntz.course.course import age_on
from openntz.course.events import Dose, Ref, Treatment
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.terms import mentions
from openntz.definitions.therapy import Therapy
from openntz.definitions.treatments import TreatmentKind, kind_of
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.forbidden import Forbidden, before_restart, forbidden
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.pml import treatment_names
from openntz.monitor.rules.standing import not_in_export, standing_refs

# ── age


class AgeFacts(Struct, frozen=True):
    """Completed years at the date, None without a usable birth date."""

    therapy: Therapy
    years: int | None
    birth_date: date | None
    ref: Ref | None
    forbidden: Forbidden | None = None


def age_facts(situation: Situation, profile: Profile) -> AgeFacts:
    """Facts of ``eligibility.age``."""
    person = situation.course.person
    born = person.birth_date
    known = born is not None and born <= situation.as_of
    return AgeFacts(
        therapy=situation.therapy,
        years=age_on(born, situation.as_of) if born is not None and known else None,
        birth_date=born,
        ref=person.ref,
        forbidden=forbidden(situation, profile),
    )


def age(facts: AgeFacts, profile: Profile) -> Verdict:
    """Is the person of an age for which natalizumab was approved and studied?

    Age is completed years: the 18th birthday is old enough, the 66th is over 65.
    """
    off = before_restart(
        facts.therapy, facts.forbidden, "Age matters again if natalizumab is restarted."
    )
    if off is not None:
        return off
    evidence = (*((facts.ref,) if facts.ref else ()), *standing_refs(facts.therapy))
    lowest, upper = (
        profile.number("eligibility.minimum-age"),
        profile.number("eligibility.upper-age"),
    )
    if facts.years is None:
        told = (
            "The birth date is not recorded"
            if facts.birth_date is None
            else f"The birth date {facts.birth_date} lies in the future"
        )
        return Verdict(
            status=Status.UNKNOWN,
            message=f"{told}, so age cannot be checked. Complete it: natalizumab is "
            f"contraindicated below {lowest:g} years.",
            evidence=evidence,
            keys=("eligibility.minimum-age",),
        )
    if facts.years < lowest:
        return Verdict(
            status=Status.ACT,
            message=f"{facts.years} years old (born {facts.birth_date}) and on natalizumab, which "
            f"is contraindicated below {lowest:g} years. Check the birth date; if it is right, "
            "review whether and under whose responsibility treatment goes on.",
            evidence=evidence,
            keys=("eligibility.minimum-age",),
        )
    if facts.years > upper:
        return Verdict(
            status=Status.WATCH,
            message=f"{facts.years} years old: there is little experience with natalizumab over "
            f"{upper:g}. Weigh infection risk and benefit at each review.",
            evidence=evidence,
            keys=("eligibility.upper-age",),
        )
    return Verdict(
        status=Status.OK,
        message=f"{facts.years} years old, within {lowest:g} to {upper:g}.",
        evidence=evidence,
        keys=("eligibility.minimum-age", "eligibility.upper-age"),
    )


AGE = Rule(
    id="eligibility.age",
    title="Age",
    question="Is the person of an age for natalizumab?",
    derive=age_facts,
    decide=age,
    sources=("eu-leaflet", "founding-s2"),
)

# ── other therapy beside natalizumab


class CombinationFacts(Struct, frozen=True):
    """Other treatments by how they lie to the time on natalizumab.

    ``overlapping`` go on at the date; ``unclear`` began before the first dose and have no end;
    ``kind_unclear`` go on but what they are is not recorded; ``past`` overlapped and ended.
    """

    therapy: Therapy
    recorded: bool
    start: Dose | None
    overlapping: tuple[Treatment, ...] = ()
    unclear: tuple[Treatment, ...] = ()
    kind_unclear: tuple[Treatment, ...] = ()
    past: tuple[Treatment, ...] = ()


def combination_facts(situation: Situation, profile: Profile) -> CombinationFacts:
    """Facts of ``combination.contraindicated``.

    The time on natalizumab starts with the first dose after the last gap so long that therapy
    would have been presumed stopped: a treatment taken between two courses is no overlap.
    """
    course, as_of = situation.course, situation.as_of
    doses = course.derived(doses_since_gap, profile.days("late-dose.presumed-stopped-from"))
    recorded = course.has("treatments")
    if not doses:
        return CombinationFacts(situation.therapy, recorded, None)
    names = treatment_names(profile)
    found: dict[str, list[Treatment]] = {
        "overlapping": [],
        "unclear": [],
        "kind_unclear": [],
        "past": [],
    }
    start = doses[0]
    for treatment in course.treatments:
        kind = kind_of(treatment, names)
        if kind in {TreatmentKind.OTHER, TreatmentKind.NATALIZUMAB}:
            continue
        open_end = treatment.end is None
        current = treatment.end is None or treatment.end >= as_of
        if treatment.end is not None and treatment.end <= start.day:
            continue
        if not current:
            group = "past"
        elif kind is TreatmentKind.UNKNOWN:
            group = "kind_unclear"
        elif open_end and treatment.day < start.day:
            group = "unclear"
        else:
            group = "overlapping"
        if group != "past" or kind is not TreatmentKind.UNKNOWN:
            found[group].append(treatment)
    return CombinationFacts(
        situation.therapy, recorded, start, **{k: tuple(v) for k, v in found.items()}
    )


def _named(treatments: tuple[Treatment, ...]) -> str:
    """'fingolimod (since 2024-05-01)'; with the end where there is one."""
    parts = []
    for t in treatments:
        span = f"since {t.day}" if t.end is None else f"{t.day} to {t.end}"
        parts.append(f"{t.name or 'a treatment without name'} ({span})")
    return ", ".join(parts)


_KINDS = ("treatment.dmt-kinds", "treatment.immunosuppressant-kinds")


def _overlap(facts: CombinationFacts, start: Dose, profile: Profile) -> Verdict:
    """Another such therapy runs beside natalizumab, whatever the older guide reports."""
    t, keys = facts.therapy, _KINDS
    names, studied = profile.words("combination.interferon-names"), ""
    if any(mentions(x.name, names) for x in facts.overlapping):
        keys = (*keys, "combination.interferon-names")
        studied = (
            " (A monitoring guide reports interferon beta-1a beside it with its effect kept; the "
            "label forbids it all the same.)"
        )
    return Verdict(
        status=Status.ACT,
        message=f"{_named(facts.overlapping)} overlaps with natalizumab (first dose of this "
        f"course {start.day}, last {t.last_dose.day if t.last_dose else '-'}). "
        "Combination is contraindicated: stop one of them, or complete the end date if it "
        f"has ended.{studied}",
        evidence=(*(x.ref for x in facts.overlapping), *standing_refs(t)),
        keys=keys,
    )


def combination(facts: CombinationFacts, profile: Profile) -> Verdict:
    """Does another disease-modifying or immunosuppressive therapy overlap?"""
    t = facts.therapy
    if facts.start is None or not t.state.on_therapy:
        off = no_next_dose(t, "Another treatment now is no overlap.")
        return off or Verdict(
            status=Status.OK,
            message="Not on natalizumab now, so nothing overlaps. End other disease-modifying or "
            "immunosuppressive therapy before the next dose.",
            evidence=standing_refs(t),
        )
    keys = _KINDS
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("treatments", "whether another therapy overlaps is not known."),
            evidence=standing_refs(t),
        )
    if facts.overlapping:
        return _overlap(facts, facts.start, profile)
    if facts.unclear or facts.kind_unclear:
        told = []
        if facts.unclear:
            told.append(
                f"{_named(facts.unclear)} began before the first dose on {facts.start.day} and no "
                "end is recorded: overlap is unclear. Record when it ended."
            )
        if facts.kind_unclear:
            told.append(
                f"What kind of treatment {_named(facts.kind_unclear)} is, is not recorded in a "
                "known word. Record the kind; disease-modifying and immunosuppressive therapy "
                "must not overlap with natalizumab."
            )
        return Verdict(
            status=Status.WATCH,
            message=" ".join(told),
            evidence=tuple(x.ref for x in (*facts.unclear, *facts.kind_unclear)),
            keys=keys,
        )
    if facts.past:
        return Verdict(
            status=Status.OK,
            message=f"No other such therapy now. {_named(facts.past)} overlapped with natalizumab "
            "in the past and has ended.",
            evidence=tuple(x.ref for x in facts.past),
            keys=keys,
        )
    return Verdict(
        status=Status.OK,
        message="No other disease-modifying or immunosuppressive therapy overlaps.",
        evidence=standing_refs(t),
        keys=keys,
    )


COMBINATION = Rule(
    id="combination.contraindicated",
    title="Other therapy",
    question="Does another disease-modifying or immunosuppressive therapy overlap?",
    derive=combination_facts,
    decide=combination,
    sources=("eu-leaflet", "founding-s2"),
    silence=("treatments",),
)
