"""Who may be considered for a longer interval, and what stops the others."""

from __future__ import annotations

from openntz.course import vocabulary
from openntz.course.events import Ref
from openntz.course.vocabulary import lost_results
from openntz.definitions import amounts
from openntz.definitions.results import shown
from openntz.forecast.decide import NextDate
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Verdict, days_text
from openntz.monitor.rules.candidate_conditions import (
    CandidateFacts,
    active_scan,
    candidate_facts,
    not_known,
    not_looked_at,
    stop_refs,
    stops,
    weeks_ahead,
)
from openntz.monitor.rules.candidate_trials import (
    TRIAL_KEYS,
    half_life_text,
    label_text,
    trials_text,
)
from openntz.monitor.rules.dose_holds import HOLDS_SILENCE
from openntz.monitor.rules.level_words import LEVEL_UNIT, chance_text
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.standing import joined, standing_refs

_KEYS = (
    "candidate.doses",
    "candidate.relapse-free",
    "candidate.scan-within",
    "candidate.levels",
    "candidate.probability",
    "candidate.longest-interval",
    "candidate.target",
    "clinic.weekdays",
)


def _chances(facts: CandidateFacts, profile: Profile) -> str:
    """The chances of a trough after whole weeks still open, in words; empty where none is longer.

    'Once kept' is the chance of the first target when the interval has been kept for long.
    """
    least = profile.number("candidate.probability")
    targets = tuple(
        profile.number(f"candidate.{name}") for name in ("target", "second-target", "third-target")
    )
    outlook, told = facts.outlook, []
    for day in weeks_ahead(facts, profile):
        at = None if outlook is None else outlook.column(day)
        if outlook is None or at is None:
            continue
        found = [float(outlook.reaches[t][at]) for t in targets]
        words = [chance_text(found[0], least), *(chance_text(c, 0) for c in found[1:])]
        kept = outlook.steady.get(day)
        later = (
            "" if kept is None else f", {chance_text(kept.reaches[targets[0]], least)} once kept"
        )
        told.append(f"{days_text(day)}: {' / '.join(words)}{later}")
    levels = " / ".join(f"{t:g}" for t in targets)
    if not told:
        return ""
    return f"chance of a trough of at least {levels} {LEVEL_UNIT} at {'; at '.join(told)}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def longer_date(facts: CandidateFacts) -> NextDate | None:
    """The latest date that keeps the rule, where it makes the present interval longer."""
    found = None if facts.decision is None else facts.decision.longest_kept
    return found if found and found.after_days > facts.therapy.interval_days else None


def _offer(found: NextDate, profile: Profile) -> str:
    """'up to 43 days, a next dose on Friday 2024-08-02 (8.5 infusions a year), ...'."""
    target, least = profile.number("candidate.target"), profile.number("candidate.probability")
    first = chance_text(found.reaches[target], least)
    later = (
        "not computed" if found.steady is None else chance_text(found.steady.reaches[target], least)
    )
    return (
        f"up to {days_text(found.after_days)}, a next dose on {found.day:%A} {found.day} "
        f"({found.infusions_a_year:.1f} infusions a year), with a chance of a trough of at least "
        f"{target:g} {LEVEL_UNIT} of {first} then and {later} once that interval is kept"
    )


def _no_date(facts: CandidateFacts, profile: Profile) -> str:
    """Why no date is offered, where the dates themselves decide; empty when one is."""
    longest = profile.days("candidate.longest-interval")
    if facts.therapy.interval_days >= longest:
        return f"the interval is already {days_text(facts.therapy.interval_days)}"
    if facts.forecast_reason or longer_date(facts) is not None:
        return ""
    decision = facts.decision
    if decision is None:
        return "no longer interval was forecast"
    if not any(d.after_days > facts.therapy.interval_days for d in decision.dates):
        return f"no day of the clinic is left within {days_text(longest)} of the last dose"
    least, target = profile.number("candidate.probability"), profile.number("candidate.target")
    chances = _chances(facts, profile)
    told = f" ({chances})" if chances else ""
    return (
        f"no longer interval keeps a chance of {amounts.percent(least)} or more of a trough "
        f"of {target:g} {LEVEL_UNIT}{_flattered(facts, profile)}{told}"
    )


def _flattered(facts: CandidateFacts, profile: Profile) -> str:
    """Says so where the next trough keeps the target and later ones would not."""
    target, least = profile.number("candidate.target"), profile.number("candidate.probability")
    dates = () if facts.decision is None else facts.decision.dates
    later = [
        d
        for d in dates
        if d.after_days > facts.therapy.interval_days
        and d.steady is not None
        and d.reaches[target] >= least
    ]
    return " once it is kept, though the first trough would" if later else ""


def candidate(facts: CandidateFacts, profile: Profile) -> Verdict:
    """May a longer interval be considered, and which?"""
    t = facts.therapy
    if not t.state.on_therapy:
        off = no_next_dose(t, "Not a candidate for a longer interval.")
        return off or Verdict(
            status=Status.OK,
            message="Not a candidate for a longer interval: not on therapy now.",
            evidence=standing_refs(t),
        )
    unmet = list(stops(facts, profile))
    if reason := _no_date(facts, profile):
        unmet.append(reason)
    found = longer_date(facts)
    evidence = _evidence(facts)
    unknown = not_known(facts)
    if unmet:
        return Verdict(
            status=Status.OK,
            message=joined(
                f"Not a candidate for a longer interval: {'; '.join(unmet)}.",
                f"Besides, {unknown}." if unknown else "",
            ),
            evidence=evidence,
            keys=_KEYS,
        )
    if unknown or found is None:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"Whether a longer interval may be considered is not known; {unknown}. "
            "Nothing that is in the export stops it.",
            evidence=evidence,
            keys=_KEYS,
        )
    return Verdict(
        status=Status.WATCH,
        message=joined(
            f"Candidate for a longer interval than {days_text(t.interval_days)}: "
            f"{_offer(found, profile)}.",
            _met(facts),
            not_looked_at(facts),
            _sentence(_chances(facts, profile)),
            trials_text(facts.age, profile),
            half_life_text(found.after_days, t.interval_days, profile),
            label_text(profile),
            "A longer one is a decision of neurologist and patient, with levels and MRI to "
            "follow it.",
        ),
        evidence=evidence,
        keys=(*_KEYS, *TRIAL_KEYS),
    )


def _met(facts: CandidateFacts) -> str:
    tested = "not tested" if facts.antibodies.untested else "not persistent"
    index = (
        f" JCV index {shown(facts.jcv)} on {facts.jcv.day}."
        if facts.jcv is not None
        else " JCV index not recorded."
    )
    return (
        f"{facts.doses} doses, {facts.levels} usable levels, no relapse recorded since "
        f"{facts.relapses.first}, no activity on MRI of {facts.scans.scans[-1].day}, antibodies "
        f"{tested}.{index}"
    )


def _evidence(facts: CandidateFacts) -> tuple[Ref, ...]:
    interval = (facts.therapy.interval_ref,) if facts.therapy.interval_ref is not None else ()
    return (
        *standing_refs(facts.therapy),
        *interval,
        *(r.ref for r in facts.relapses.relapses[-1:]),
        *((active_scan(facts).ref,) if facts.scans.scans else ()),
        *facts.antibodies.refs,
        *((facts.jcv.ref,) if facts.jcv is not None else ()),
        *stop_refs(facts),
    )


CANDIDATE = Rule(
    id="interval.candidate",
    title="Longer interval",
    question="May a longer interval be considered?",
    derive=candidate_facts,
    decide=candidate,
    sources=("nova-2022", "next-ms-2023", "ryerson-2019", "van-kempen-2020"),
    silence=tuple(
        dict.fromkeys(
            (
                "relapses",
                "mri",
                "reactions",
                "doses",
                lost_results(vocabulary.ANTIBODIES),
                *HOLDS_SILENCE,
                "pregnancies",
            )
        )
    ),
    reassuring=(Status.WATCH,),
)
