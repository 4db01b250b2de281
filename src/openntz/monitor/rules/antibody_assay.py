"""By which assay antibodies were measured: without it a result means little."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Measurement, Ref
from openntz.definitions.results import shown
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.standing import joined, not_in_export, standing_refs

_UNIT: Final = vocabulary.CANONICAL_UNITS[vocabulary.ANTIBODIES]


class AssayFacts(Struct, frozen=True):
    """Every antibody result, in time order."""

    therapy: Therapy
    recorded: bool
    results: tuple[Measurement, ...]


def assay_facts(situation: Situation, profile: Profile) -> AssayFacts:
    """Facts of ``antibody.assay``."""
    del profile
    return AssayFacts(
        therapy=situation.therapy,
        recorded=situation.course.has("measurements"),
        results=situation.course.results(vocabulary.ANTIBODIES),
    )


def threshold_of(result: Measurement) -> float | None:
    """The reporting threshold of a result in ng/mL, None where it is not recorded."""
    return result.assay.threshold if result.assay is not None else None


def _unnamed(result: Measurement) -> bool:
    return threshold_of(result) is None and (result.assay is None or not result.assay.name)


def _crossed(result: Measurement) -> bool:
    """A limit of quantification above the reporting threshold: one of the two is wrong."""
    limit = result.assay.lloq if result.assay is not None else None
    threshold = threshold_of(result)
    same_unit = result.unit in {_UNIT, ""}
    return same_unit and limit is not None and threshold is not None and limit > threshold


def _positive(result: Measurement) -> bool:
    """Called positive by the laboratory, or a number above a limit that nobody stated."""
    return result.answer == "positive" or (
        result.answer is None and result.value is not None and result.censor != "<"
    )


def _listed(results: list[Measurement]) -> str:
    return ", ".join(f"{shown(r, r.unit if r.answer is None else '')} on {r.day}" for r in results)


def _refs(results: list[Measurement]) -> tuple[Ref, ...]:
    return tuple(r.ref for r in results)


def _without_assay(facts: AssayFacts, unnamed: list[Measurement]) -> Verdict:
    t = facts.therapy
    open_question = t.expects_dose and any(_positive(r) for r in unnamed)
    head = f"Antibody result without assay and cut-off: {_listed(unnamed)}."
    cannot = (
        "A positive may be far below the level that matters and a negative far above it; "
        "persistence, a change, and a comparison with published figures cannot be concluded."
    )
    todo = (
        f"Ask the laboratory for assay and cut-off before acting on it, before {next_dose_text(t)}."
        if open_question
        else "Ask the laboratory for assay and cut-off before acting on it."
    )
    return Verdict(
        status=Status.DUE if open_question else Status.WATCH,
        message=joined(head, cannot, todo),
        due=t.planned if open_question else None,
        evidence=_refs(unnamed),
        keys=("antibodies.threshold",),
    )


def _without_threshold(unstated: list[Measurement], profile: Profile) -> Verdict:
    names = ", ".join(dict.fromkeys(r.assay.label for r in unstated if r.assay is not None))
    assumed = profile.fact("antibodies.threshold").shown
    return Verdict(
        status=Status.WATCH,
        message=f"Antibody result without cut-off: {_listed(unstated)} ({names}). An answer is "
        f"taken at {assumed}; whether it holds at another cut-off cannot be concluded. Ask the "
        "laboratory for the cut-off.",
        evidence=_refs(unstated),
        keys=("antibodies.threshold",),
    )


def _meaning(last: Measurement) -> str:
    """What a last result says, with detection limit and reporting threshold kept apart."""
    assay, threshold = last.assay, threshold_of(last)
    if assay is None or threshold is None:
        return ""
    name = assay.name or "assay name not recorded"
    limit = (
        f"limit of quantification {assay.lloq:g} {last.unit or _UNIT}"
        if assay.lloq is not None
        else "limit of detection not recorded"
    )
    text = f"Last result: {name}, reported positive from {threshold:g} {_UNIT}, {limit}."
    negative = last.answer == "negative" or last.censor == "<"
    said = f" Negative means below {threshold:g} {_UNIT}, not that there are none."
    return text + (said if negative else "")


def assay_known(facts: AssayFacts, profile: Profile) -> Verdict:
    """Are assay and threshold of the antibody results on record?"""
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "the antibody assay is not known."),
            evidence=standing_refs(facts.therapy),
        )
    results = [r for r in facts.results if r.answer is not None or r.value is not None]
    if not results:
        return Verdict(
            status=Status.OK,
            message="No antibody result to judge.",
            evidence=standing_refs(facts.therapy),
        )
    # An assay stated since answers for the person; older results stay as they are.
    named_since = [not _unnamed(r) for r in results]
    standing = results if not any(named_since) else results[_last_named(named_since) + 1 :]
    if unnamed := [r for r in standing if _unnamed(r)]:
        return _without_assay(facts, unnamed)
    if threshold_of(results[-1]) is None:
        return _without_threshold([results[-1]], profile)
    if crossed := [r for r in results if _crossed(r)]:
        return Verdict(
            status=Status.WATCH,
            message=f"The limit of quantification lies above the cut-off: {_listed(crossed)}. One "
            "of them is wrong: ask the laboratory.",
            evidence=_refs(crossed),
        )
    thresholds = sorted({x for r in results if (x := threshold_of(r)) is not None})
    several = (
        f"Cut-offs differ ({', '.join(f'{x:g}' for x in thresholds)} {_UNIT}): results are read "
        "each at its own, numbers are not compared across assays."
        if len(thresholds) > 1
        else ""
    )
    older = [r for r in results if _unnamed(r)]
    before = f"Earlier without assay and cut-off: {_listed(older)}." if older else ""
    return Verdict(
        status=Status.OK,
        message=joined(_meaning(results[-1]), several, before),
        evidence=_refs([results[-1], *older]),
    )


def _last_named(named: list[bool]) -> int:
    return max(i for i, yes in enumerate(named) if yes)


ASSAY: Final = Rule(
    id="antibody.assay",
    title="Antibody assay",
    question="Are assay and cut-off of the antibody results on record?",
    derive=assay_facts,
    decide=assay_known,
    sources=("founding-s0", "ectrims-2025-p1978", "calabresi-2007"),
)
