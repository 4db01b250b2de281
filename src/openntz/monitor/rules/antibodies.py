"""Anti-drug antibodies: persistent, or waiting to be confirmed."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Ref
from openntz.course.vocabulary import lost_results
from openntz.definitions.antibodies import (
    OWN_THRESHOLD,
    AntibodyHistory,
    AntibodyLimits,
    Definition,
    Persistence,
    Persistent,
    antibody_history,
)
from openntz.definitions.antibody_tests import AntibodyTest, Reading
from openntz.definitions.results import shown
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.antibody_class_words import classes_text
from openntz.monitor.rules.forbidden import Forbidden, before_restart, forbidden
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.standing import not_in_export, off_text, standing_refs

DEFINITION_TEXT: Final = {
    Definition.EU: "the EU label",
    Definition.US: "the US label",
    Definition.AFFIRM: "the AFFIRM trial (Calabresi 2007)",
    Definition.SHANKAR: "Shankar 2014 (ADaM)",
    Definition.MALAGA: "any two positive tests (Malaga)",
}

_THRESHOLD_KEY: Final = "antibodies.threshold"
_DISTANCE_KEY: Final = {
    Definition.EU: "antibodies.apart.eu",
    Definition.US: "antibodies.apart.us",
    Definition.AFFIRM: "antibodies.apart.affirm",
    Definition.SHANKAR: "antibodies.apart.shankar",
    Definition.MALAGA: "antibodies.positives.malaga",
}


def antibody_limits(profile: Profile) -> AntibodyLimits:
    """The numbers of the five definitions of persistent antibodies."""
    return AntibodyLimits(
        threshold_ng_per_ml=profile.number(_THRESHOLD_KEY),
        eu_apart_days=profile.days(_DISTANCE_KEY[Definition.EU]),
        us_apart_days=profile.days(_DISTANCE_KEY[Definition.US]),
        affirm_apart_days=profile.days(_DISTANCE_KEY[Definition.AFFIRM]),
        shankar_apart_days=profile.days(_DISTANCE_KEY[Definition.SHANKAR]),
        malaga_positives=round(profile.number(_DISTANCE_KEY[Definition.MALAGA])),
    )


def antibody_definition(profile: Profile) -> Definition:
    """The definition of persistent antibodies a profile goes by."""
    return Definition(profile.chosen("antibodies.persistent"))


def _asked_for(definition: Definition, profile: Profile) -> str:
    """What a definition asks for, with the warning its rank asks for: '6 weeks (unverified)'."""
    fact = profile.fact(_DISTANCE_KEY[definition])
    words = {"wk": "weeks", "d": "days"}.get(fact.unit, fact.unit)
    return fact.shown.replace(f" {fact.unit}", f" {words}", 1)


class AntibodyFacts(Struct, frozen=True):
    """A person's antibody tests and every definition's answer."""

    therapy: Therapy
    recorded: bool
    history: AntibodyHistory
    forbidden: Forbidden | None = None


def antibody_facts(situation: Situation, profile: Profile) -> AntibodyFacts:
    """Facts of ``antibody.confirm`` and ``antibody.persistent``."""
    return AntibodyFacts(
        therapy=situation.therapy,
        recorded=situation.course.has("measurements"),
        history=situation.course.derived(antibody_history, antibody_limits(profile)),
        forbidden=forbidden(situation, profile),
    )


def definition_keys(*definitions: Definition) -> tuple[str, ...]:
    """Thresholds behind definitions."""
    keys = [_DISTANCE_KEY[d] for d in definitions]
    return (_THRESHOLD_KEY, *keys) if set(definitions) - OWN_THRESHOLD else tuple(keys)


def result_text(test: AntibodyTest) -> str:
    """'2024-01-12 (positive, cut-off 500 ng/mL)'; several assays of a day one after another."""
    parts = []
    for result in test.results:
        value = shown(result, result.unit if result.answer is None else "")
        if result.answer is not None and result.value is not None:
            value = f"{result.answer}, {shown(result, result.unit)}"
        own = result.assay.threshold if result.assay is not None else None
        cut_off = f"cut-off {own:g} ng/mL" if own is not None else "cut-off not recorded"
        parts.append(f"{value}, {cut_off}")
    return f"{test.day} ({'; '.join(parts)})"


def _assumed(tests: tuple[AntibodyTest | None, ...], facts: AntibodyFacts) -> str:
    if not any(t is not None and t.threshold_assumed for t in tests):
        return ""
    limit = facts.history.limits.threshold_ng_per_ml
    return f" Where the cut-off is not recorded the answer was taken at {limit:g} ng/mL."


def _latest(facts: AntibodyFacts, definition: Definition) -> str:
    """What the last test says, where that is not what the definition's answer rests on."""
    last = facts.history.tests[-1]
    verdict = facts.history.verdicts[definition]
    if last in (verdict.first, verdict.confirming):
        return ""
    current = facts.history.currently_positive(definition)
    word = {Persistent.YES: "positive", Persistent.NO: "negative"}.get(
        current, "not readable at this threshold"
    )
    return f" The last test, {result_text(last)}, is {word}."


def _basis(verdict: Persistence, profile: Profile) -> str:
    """What a 'yes' of one definition rests on, with its distance in the reader's words."""
    first, again = verdict.first, verdict.confirming
    if first is None or again is None:
        return verdict.reason
    asked = _asked_for(verdict.definition, profile)
    if first is again:
        return f"positive on {result_text(first)}, the last sample"
    apart = days_text((again.day - first.day).days)
    tail = {
        Definition.MALAGA: f"{asked} asked for",
        Definition.SHANKAR: f"{asked} apart asked for, or the last sample positive",
    }.get(verdict.definition, f"at least {asked} apart asked for")
    return (
        f"positive on {result_text(first)} and again on {result_text(again)}, {apart} later "
        f"({tail})"
    )


_AGAIN = "Test again before natalizumab is restarted."


def _untested(facts: AntibodyFacts) -> Verdict | None:
    """The answer where there is nothing to judge."""
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "whether there are antibodies is not known."),
            evidence=standing_refs(facts.therapy),
        )
    if facts.history.tests:
        return None
    off = before_restart(
        facts.therapy,
        facts.forbidden,
        "Test before natalizumab is restarted.",
        "Antibodies were never tested.",
    )
    return off or Verdict(
        status=Status.UNKNOWN,
        message="No antibody test is recorded. Test when the effect or the level is lower than "
        "expected, after an infusion reaction, and before treatment after a long gap.",
        evidence=standing_refs(facts.therapy),
    )


# ── persistent


def persistent(facts: AntibodyFacts, profile: Profile) -> Verdict:
    """Are antibodies persistent, by the profile's definition or by another?"""
    nothing = _untested(facts)
    if nothing is not None:
        return nothing
    chosen = antibody_definition(profile)
    verdict = facts.history.verdicts[chosen]
    named = DEFINITION_TEXT[chosen]
    by_others = [d for d in facts.history.persistent_by() if d is not chosen]
    evidence = (*verdict.refs, *facts.history.tests[-1].refs)
    if verdict.persistent is Persistent.YES:
        return _persistent_by_profile(facts, profile, verdict, evidence)
    standing = f"{named[:1].upper()}{named[1:]} says {_no_or_open(verdict)}"
    told = _assumed(facts.history.tests, facts)
    classes = classes_text(facts.history, profile)
    classes = f" {classes}" if classes else ""
    off = before_restart(facts.therapy, facts.forbidden, _AGAIN)
    if by_others:
        basis = ". ".join(
            f"By {DEFINITION_TEXT[d]}: {_basis(facts.history.verdicts[d], profile)}"
            for d in by_others
        )
        message = f"Persistent by another definition only. {basis}. {standing}.{classes}{told}"
        refs = (*evidence, *(r for d in by_others for r in facts.history.verdicts[d].refs))
        todo = "Look at the level, the lymphocyte rise and reactions."
        return Verdict(
            status=Status.WATCH,
            message=f"{message} {todo if off is None else off.message}",
            evidence=refs if off is None else (*refs, *off.evidence),
            keys=definition_keys(chosen, *by_others),
        )
    if off is not None:
        return off
    last = result_text(facts.history.tests[-1])
    if verdict.persistent is Persistent.UNKNOWN:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"{standing}; last test {last}. Ask the laboratory for a number, or test "
            f"again.{classes}{told}",
            evidence=evidence,
            keys=definition_keys(chosen),
        )
    return Verdict(
        status=Status.OK,
        message=f"Not persistent by the definition of {named} ({verdict.reason}), nor by another "
        f"on the tests so far; last test {last}.{classes}{told}",
        evidence=evidence,
        keys=definition_keys(chosen),
    )


def _no_or_open(verdict: Persistence) -> str:
    if verdict.persistent is Persistent.NO:
        return f"not persistent ({verdict.reason})"
    wait = f", a test from {verdict.awaits_from} on decides" if verdict.awaits_from else ""
    return f"not yet known ({verdict.reason}{wait})"


def _persistent_by_profile(
    facts: AntibodyFacts, profile: Profile, verdict: Persistence, evidence: tuple[Ref, ...]
) -> Verdict:
    t = facts.therapy
    chosen = verdict.definition
    named = DEFINITION_TEXT[chosen]
    negative_since = facts.history.currently_positive(chosen) is Persistent.NO
    later = (
        " They were persistent once; whether they act now the level shows."
        if negative_since
        else ""
    )
    told = (
        f"Antibodies are persistent by the definition of {named}: {_basis(verdict, profile)}."
        f"{_latest(facts, chosen)}{later} {classes_text(facts.history, profile)}"
        f"{_assumed(facts.history.tests, facts)}"
    )
    if not t.expects_dose:
        return Verdict(
            status=Status.WATCH,
            message=f"{told} {off_text(t) if t.doses else 'No dose is recorded.'} Persistent "
            "antibodies speak against giving natalizumab again.",
            evidence=(*evidence, *standing_refs(t)),
            keys=definition_keys(chosen),
        )
    return Verdict(
        status=Status.ACT,
        message=f"{told} Persistent antibodies go with lower levels, less effect and more "
        f"reactions. Measure the level, and decide before {next_dose_text(t)} whether to stop, "
        "with a plan for what follows.",
        due=t.planned,
        evidence=(*evidence, *standing_refs(t)),
        keys=definition_keys(chosen),
    )


def persistence_rows(situation: Situation, profile: Profile) -> tuple[Ref, ...]:
    """The tests by which antibodies are persistent by the profile's definition; else none."""
    history = situation.course.derived(antibody_history, antibody_limits(profile))
    verdict = history.verdicts[antibody_definition(profile)]
    return verdict.refs if verdict.persistent is Persistent.YES else ()


PERSISTENT = Rule(
    id="antibody.persistent",
    title="Persistent antibodies",
    question="Are antibodies persistent?",
    derive=antibody_facts,
    decide=persistent,
    sources=("calabresi-2007", "eu-smpc", "us-pi", "shankar-2014-adam", "founding-s2"),
    silence=(lost_results(vocabulary.ANTIBODIES),),
)

# ── to be confirmed


def confirm(facts: AntibodyFacts, profile: Profile) -> Verdict:
    """Does a positive result wait to be confirmed?"""
    nothing = _untested(facts)
    if nothing is not None:
        return nothing
    t = facts.therapy
    chosen = antibody_definition(profile)
    verdict = facts.history.verdicts[chosen]
    keys = definition_keys(chosen)
    last = facts.history.tests[-1]
    told = _assumed(facts.history.tests, facts)
    if verdict.awaits_from is None or verdict.first is None:
        return _nothing_to_confirm(facts, verdict, keys)
    open_since = verdict.first
    asked = _asked_for(chosen, profile)
    opens, late = verdict.awaits_from, (t.as_of - verdict.awaits_from).days
    again = "" if last is open_since else f", again on {result_text(last)}"
    positive = (
        f"Antibodies were positive on {result_text(open_since)}{again}, and no test {asked} or "
        f"more after it is recorded.{told}"
    )
    off = before_restart(t, facts.forbidden, "Retest before natalizumab is restarted.", positive)
    if off is not None:
        return off
    evidence = (*open_since.refs, *last.refs)
    if late < 0:
        return Verdict(
            status=Status.WATCH,
            message=f"{positive} It is too early to confirm: retest from {opens}, in "
            f"{days_text(-late)}. Early positives are often transient.",
            due=opens,
            evidence=evidence,
            keys=keys,
        )
    when = "today" if late == 0 else f"since {opens} ({days_text(late)})"
    return Verdict(
        status=Status.DUE,
        message=f"{positive} The retest is due {when}: take antibodies and a level before "
        f"{next_dose_text(t)}.",
        due=opens,
        evidence=evidence,
        keys=keys,
    )


def _nothing_to_confirm(
    facts: AntibodyFacts, verdict: Persistence, keys: tuple[str, ...]
) -> Verdict:
    tests = facts.history.tests
    last = tests[-1]
    told = _assumed(tests, facts)
    evidence = tuple(r for t in tests for r in t.refs)
    named = DEFINITION_TEXT[verdict.definition]
    if verdict.persistent is Persistent.YES:
        message = f"Nothing left to confirm: persistent by the definition of {named}."
    elif verdict.persistent is Persistent.UNKNOWN:
        off = before_restart(facts.therapy, facts.forbidden, _AGAIN)
        return off or Verdict(
            status=Status.UNKNOWN,
            message=f"Whether there is a positive to confirm is not known: {verdict.reason}. "
            f"Last test {result_text(last)}. Ask the laboratory for a number, or test again.{told}",
            evidence=evidence,
            keys=keys,
        )
    else:
        positives = [t for t in tests if t.label is Reading.POSITIVE]
        low = [t for t in tests if t.positive_below_label]
        limit = facts.history.limits.threshold_ng_per_ml
        if positives:
            message = (
                f"Nothing open: positive on {result_text(positives[-1])}, negative on a later "
                f"test, {result_text(last)}: transient so far.{told}"
            )
        elif low:
            message = (
                f"Nothing open at {limit:g} ng/mL. Positive only at a more sensitive cut-off: "
                f"{result_text(low[-1])}.{told}"
            )
        else:
            number = f"All {len(tests)} tests" if len(tests) > 1 else "The only test"
            message = f"{number} negative; last {result_text(last)}.{told}"
    return Verdict(status=Status.OK, message=message, evidence=evidence, keys=keys)


CONFIRM = Rule(
    id="antibody.confirm",
    title="Antibodies to confirm",
    question="Does a positive antibody result wait to be confirmed?",
    derive=antibody_facts,
    decide=confirm,
    sources=("eu-smpc", "us-pi", "calabresi-2007"),
    silence=(lost_results(vocabulary.ANTIBODIES),),
)
