"""No evidence of disease activity over the last year on natalizumab."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec import Struct

from openntz.course.events import Dose, Ref
from openntz.definitions.edss_worsening import Worsening, WorseningRule
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.neda import Neda, NedaLimits, neda
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    months_text,
    off_text,
    standing_refs,
)

# The two conventions of EDSS worsening, by the name of the program that follows each.
CONVENTIONS: Final = {
    "msprog": "edss.high-from.msprog",
    "MSoutcomes": "edss.high-from.msoutcomes",
}

LESIONS: Final = "new, enlarging or enhancing lesions"


class NedaFacts(Struct, frozen=True, kw_only=True):
    """The components since the new baseline at its earlier day.

    ``judged`` is None without a dose, off therapy, and before the new baseline;
    ``judged_later``, counted from the later day, is there where the earlier one finds activity.
    """

    therapy: Therapy
    started: Dose | None
    missing: tuple[str, ...]
    judged: Neda | None
    judged_later: Neda | None


def neda_limits(profile: Profile, baseline: int) -> NedaLimits:
    """The definitions of a profile, with activity counted from ``baseline`` days on."""
    return NedaLimits(
        baseline=baseline,
        relapse_apart=profile.days("relapse.apart"),
        volume_loss_percent=profile.number("neda.volume-loss"),
        conventions={
            name: WorseningRule(
                from_zero=profile.number("edss.rise.from-zero"),
                middle=profile.number("edss.rise.middle"),
                high=profile.number("edss.rise.high"),
                high_from=profile.number(key),
                confirmed_after=profile.days("edss.confirmed-after"),
                apart_from_relapse=profile.days("edss.apart-from-relapse"),
            )
            for name, key in CONVENTIONS.items()
        },
    )


def baseline_ends(profile: Profile) -> tuple[int, int]:
    """The earlier and later day after the first dose from which activity may be counted."""
    fact = profile.fact("neda.baseline")
    days = profile.days("neda.baseline")
    return days, round(fact.high) if fact.high is not None else days


def neda_facts(situation: Situation, profile: Profile) -> NedaFacts:
    """Facts of ``activity.neda``."""
    therapy, course, as_of = situation.therapy, situation.course, situation.as_of
    doses = course.derived(doses_since_gap, profile.days("restart.gap"))
    started = doses[0] if doses else None
    first = as_of - timedelta(days=profile.days("neda.period"))

    def judged(baseline: int) -> Neda | None:
        if started is None or not therapy.state.on_therapy:
            return None
        if (as_of - started.day).days < baseline:
            return None
        return neda(course, started.day, first, as_of, neda_limits(profile, baseline))

    earlier, later = baseline_ends(profile)
    found = judged(earlier)
    ask_later = found is not None and later != earlier and activity_words(found)
    return NedaFacts(
        therapy=therapy,
        started=started,
        missing=tuple(t for t in ("relapses", "edss", "mri") if not course.has(t)),
        judged=found,
        judged_later=judged(later) if ask_later else None,
    )


_KEYS = (
    "neda.period",
    "neda.baseline",
    "relapse.apart",
    "edss.rise.from-zero",
    "edss.rise.middle",
    "edss.rise.high",
    *CONVENTIONS.values(),
    "edss.confirmed-after",
    "edss.apart-from-relapse",
    "neda.volume-loss",
)


def _rise(found: Worsening) -> str:
    reference, onset = found.reference, found.onset
    if reference is None or onset is None:
        return ""
    told = f"EDSS from {reference.score:.1f} ({reference.day}) to {onset.score:.1f} ({onset.day})"
    return f"{told}, confirmed on {found.confirmation.day}" if found.confirmation else told


def _confirmed(judged: Neda) -> tuple[str, ...]:
    """The conventions under which a worsening is confirmed."""
    return tuple(n for n, w in judged.worsening.items() if w.confirmed)


def activity_words(judged: Neda) -> list[str]:
    """What speaks against NEDA-3, piece by piece."""
    said = [f"relapse on {r.day}" for r in judged.relapses]
    said += [
        f"new, enlarging or enhancing lesions on the MRI of {s.day}" for s in judged.active_scans
    ]
    names = _confirmed(judged)
    if names:
        only = "" if len(names) == len(judged.worsening) else f" (by {names[0]} only)"
        said.append(f"{_rise(judged.worsening[names[0]])}{only}")
    return said


def _unknown(judged: Neda, facts: NedaFacts) -> list[str]:
    """What is missing for NEDA-3, component by component."""
    said = []
    if judged.relapse is None:
        said.append("relapses (the table is not in the export)")
    open_ends = [w for w in judged.worsening.values() if w.confirmed is None]
    if open_ends:
        found = open_ends[0]
        if "edss" in facts.missing:
            said.append("EDSS (the table is not in the export)")
        elif found.onset is not None:
            said.append(f"whether a worsening lasts ({_rise(found)}, not confirmed yet)")
        elif found.reference is None:
            said.append("EDSS (no score that can be the reference)")
        else:
            said.append(f"EDSS (no score after that of {found.reference.day})")
    if judged.mri is None:
        if "mri" in facts.missing:
            said.append("MRI (the table is not in the export)")
        elif judged.undated:
            said.append(
                f"MRI (the new lesions of {judged.undated[-1].day} may be older than the new "
                "baseline: the scan before is)"
            )
        else:
            why = "none that reports all three counts" if judged.scans else "none"
            said.append(f"MRI ({why} in that time)")
    return said


def _known(judged: Neda) -> str:
    worsening = [w.confirmed for w in judged.worsening.values()]
    absent = [
        what
        for what, found in (
            ("relapse", judged.relapse),
            ("confirmed EDSS worsening", None if None in worsening else any(worsening)),
            (LESIONS, judged.mri),
        )
        if found is False
    ]
    return f"Known: no {', no '.join(absent)}." if absent else ""


def _evidence(judged: Neda, facts: NedaFacts) -> tuple[Ref, ...]:
    rises = (w for w in judged.worsening.values())
    scores = [s for w in rises for s in (w.reference, w.onset, w.confirmation, w.last)]
    events = [*judged.relapses, *(judged.active_scans or judged.scans[-1:]), *judged.undated]
    events += [s for s in scores if s is not None]
    events += [judged.volume_scan] if judged.volume_scan is not None else []
    events += [facts.started] if facts.started is not None else []
    return tuple(dict.fromkeys(e.ref for e in events))


def _later(facts: NedaFacts, profile: Profile) -> str:
    """What counting from the later day would say, where it says otherwise."""
    judged, later = facts.judged, facts.judged_later
    if judged is None or later is None or not activity_words(judged) or activity_words(later):
        return ""
    months = months_text(baseline_ends(profile)[1], profile)
    return f"Counted from {months} after the first dose of this course, none of it counts."


def _not_judged(facts: NedaFacts, profile: Profile) -> Verdict:
    therapy = facts.therapy
    if facts.started is None:
        return NEVER_DOSED
    if therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(therapy)} Activity on natalizumab is not judged.",
            evidence=standing_refs(therapy),
        )
    earlier, later = baseline_ends(profile)
    span = months_text(earlier, profile)
    if later != earlier:
        span = f"{span} to {months_text(later, profile)}"
    return Verdict(
        status=Status.OK,
        message=f"Not judged yet: activity counts from a new baseline {span} after the first dose "
        f"({facts.started.day}), from {facts.started.day + timedelta(days=earlier)} on.",
        evidence=standing_refs(therapy),
        keys=("neda.baseline",),
    )


def _volume_words(judged: Neda) -> str:
    scan = judged.volume_scan
    change = scan.brain_volume_change_percent if scan is not None else None
    if scan is None or change is None or not judged.volume_loss:
        return ""
    return f"brain volume {change:+.1f} % a year on the MRI of {scan.day}"


def _without_activity(judged: Neda, profile: Profile, span: str) -> tuple[Status, str]:
    said = f"NEDA-3 {span}: no relapse, no confirmed EDSS worsening, no {LESIONS}."
    if judged.volume_loss:
        limit = profile.fact("neda.volume-loss").number
        lost = f"NEDA-4 is not met: {_volume_words(judged)}, a loss of {limit:g} % or more."
        return Status.WATCH, joined(said, lost)
    fourth = "NEDA-4 too, by brain volume."
    if judged.volume_loss is None:
        fourth = "NEDA-4 is not known: no brain volume is recorded."
    return Status.OK, joined(said, fourth)


def no_activity(facts: NedaFacts, profile: Profile) -> Verdict:
    """Was there evidence of disease activity over the last year on natalizumab?"""
    judged = facts.judged
    if judged is None:
        return _not_judged(facts, profile)
    span = f"from {judged.first} to {judged.last}"
    active, unknown, volume = activity_words(judged), _unknown(judged, facts), _volume_words(judged)
    if active:
        status = Status.WATCH
        said = joined(
            f"Disease activity {span}: {'; '.join([*active, *([volume] if volume else [])])}.",
            _later(facts, profile),
            f"Not known: {'; '.join(unknown)}." if unknown else "",
            "Visit, MRI and level are asked for by activity.on-therapy, antibodies by "
            "antibody.test-due; no level is to be judged without an antibody result.",
        )
    elif unknown:
        status = Status.UNKNOWN
        said = joined(
            f"NEDA-3 cannot be said {span}: {'; '.join(unknown)}.",
            _known(judged),
            f"Recorded: {volume}." if volume else "",
        )
    else:
        status, said = _without_activity(judged, profile, span)
    return Verdict(status=status, message=said, evidence=_evidence(judged, facts), keys=_KEYS)


NEDA = Rule(
    id="activity.neda",
    title="No evidence of activity",
    question="Was there evidence of disease activity over the last year on natalizumab?",
    derive=neda_facts,
    decide=no_activity,
    sources=("neda-4-ectrims-2015", "neda-helani", "ms-activity-definition"),
    silence=("relapses", "mri", "edss"),
)
