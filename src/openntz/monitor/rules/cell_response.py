"""Blood cells over visits: lymphocytes and B cells against the person's own baseline."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Ref
from openntz.definitions.antibodies import Persistent, antibody_history
from openntz.definitions.cell_response import (
    CellResponse,
    Response,
    ResponseLimits,
    Visit,
    cell_response,
)
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.predictive_values import predictive_values
from openntz.definitions.results import shown
from openntz.definitions.therapy import Therapy
from openntz.evidence.prevalence import prevalence
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.antibodies import antibody_definition, antibody_limits
from openntz.monitor.rules.lymphocytes import COUNT_UNIT, NO_RISE
from openntz.monitor.rules.next_dose import no_next_dose
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    months_text,
    not_in_export,
    standing_refs,
    weeks_text,
)

_NAMES: Final = {
    vocabulary.LYMPHOCYTES: "Lymphocytes",
    vocabulary.CD19: "B cells (CD19)",
    vocabulary.MONOCYTES: "Monocytes",
}
_UNITS: Final = {
    vocabulary.LYMPHOCYTES: COUNT_UNIT,
    vocabulary.CD19: "cells/µL",
    vocabulary.MONOCYTES: COUNT_UNIT,
}
_LOUD: Final = frozenset({Response.LOST, Response.NEVER})


class ResponseFacts(Struct, frozen=True, kw_only=True):
    """The response of lymphocytes and B cells, and the course of monocytes, where counted.

    ``persistent_antibodies`` are the tests by which the profile's definition calls antibodies
    persistent; looked for only where the lymphocytes did not rise.
    """

    therapy: Therapy
    recorded: bool
    lymphocytes: CellResponse | None = None
    b_cells: CellResponse | None = None
    monocytes: CellResponse | None = None
    persistent_antibodies: tuple[Ref, ...] = ()


def response_limits(profile: Profile, *, times: float, added: float) -> ResponseLimits:
    """Limits of a response, with the windows of the lymphocyte rise."""
    return ResponseLimits(
        times=times,
        added=added,
        baseline_within_days=profile.days("rise.baseline-within"),
        answers_from_day=profile.days("rise.window-from"),
        answers_to_day=profile.days("rise.window-to"),
        lost_counts=round(profile.number("cells.lost-counts")),
        on_drug_days=profile.days("late-dose.act-after"),
    )


def response_facts(situation: Situation, profile: Profile) -> ResponseFacts:
    """Facts of ``lymphocytes.response``, for the course of treatment now going on."""
    course, t = situation.course, situation.therapy
    recorded = course.has("measurements")
    doses = course.derived(doses_since_gap, profile.days("rise.new-start-after"))
    if not doses or not recorded or not t.expects_dose:
        return ResponseFacts(therapy=t, recorded=recorded)
    by_fold = response_limits(profile, times=profile.number("b-cells.rise-fold"), added=0.0)
    by_rise = response_limits(profile, times=1.0, added=profile.number("rise.threshold"))
    lymphocytes = cell_response(course, vocabulary.LYMPHOCYTES, doses, by_rise)
    antibodies: tuple[Ref, ...] = ()
    if lymphocytes.state(situation.as_of) is Response.NEVER:
        history = course.derived(antibody_history, antibody_limits(profile))
        verdict = history.verdicts[antibody_definition(profile)]
        antibodies = verdict.refs if verdict.persistent is Persistent.YES else ()
    return ResponseFacts(
        therapy=t,
        recorded=recorded,
        lymphocytes=lymphocytes,
        persistent_antibodies=antibodies,
        b_cells=cell_response(course, vocabulary.CD19, doses, by_fold),
        monocytes=cell_response(course, vocabulary.MONOCYTES, doses, by_fold),
    )


def _visit_text(visit: Visit, test: str) -> str:
    fold = "" if visit.fold is None else f", {visit.fold:.2g} × baseline"
    return f"{shown(visit.count, _UNITS[test])} on {visit.count.day} (day {visit.day}{fold})"


def _rose_text(response: CellResponse) -> str:
    """'rose between day 3 and day 28 and was kept at 9 of 11 later counts'."""
    first, before = response.first_rise, response.last_before_rise
    if first is None:
        return ""
    when = f"by day {first.day}" if before is None else f"between day {before.day} and {first.day}"
    later = response.since_rise
    kept = sum(1 for v in later if v.risen)
    tail = f", risen at {kept} of {len(later)} later counts" if later else ", not counted since"
    return f"rose {when}{tail}"


def _state_text(response: CellResponse, state: Response) -> str:
    if state is Response.KEPT:
        return _rose_text(response)
    if state is Response.LOST:
        lost = response.limits.lost_counts
        counts = "count has" if lost == 1 else "counts have"
        return f"{_rose_text(response)}; the latest {lost} {counts} lost the rise"
    if state is Response.NEVER:
        return f"never rose, counted {len(response.readable)} times"
    if state is Response.WAITING:
        return "not yet risen, and not yet expected"
    return f"no count from day {response.limits.answers_from_day} on"


def response_text(response: CellResponse, state: Response) -> str:
    """One sentence on one kind of cell."""
    name = _NAMES[response.test]
    if state is Response.NO_BASELINE:
        return f"{name}: no count before the first dose to compare with."
    base = ""
    if response.baseline is not None:
        unit = _UNITS[response.test]
        base = f"baseline {shown(response.baseline, unit)} on {response.baseline.day}"
    last = response.readable[-1:]
    latest = f"; latest {_visit_text(last[0], response.test)}" if last else ""
    return f"{name}: {base}; {_state_text(response, state)}{latest}."


def predictive_text(profile: Profile) -> str:
    """What a rise and its absence at week 12 say of persistent antibodies, and for whom."""
    sensitivity, specificity = profile.fact("rise.sensitivity"), profile.fact("rise.specificity")
    common = profile.fact("rise.prevalence")
    found = predictive_values(
        sensitivity=sensitivity.number / 100,
        specificity=specificity.number / 100,
        prevalence=common.number / 100,
    )
    if found.positive is None or found.negative is None:
        return ""
    week = weeks_text(profile.fact("rise.read-out"))
    return (
        f"No rise at {week} finds persistent antibodies with sensitivity {sensitivity.shown} and "
        f"specificity {specificity.shown}; where they occur in {prevalence(common).shown}, "
        f"{100 * found.positive:.1f} % of people without the rise have them and "
        f"{100 * found.negative:.1f} % of people with it do not (derived)."
    )


_PREDICTIVE: Final = ("rise.read-out", "rise.sensitivity", "rise.specificity", "rise.prevalence")


def _refs(*responses: CellResponse) -> tuple[Ref, ...]:
    rows = []
    for response in responses:
        used = [response.first_rise, *response.readable[-response.limits.lost_counts :]]
        rows += [response.baseline.ref] if response.baseline is not None else []
        rows += [v.count.ref for v in used if v is not None]
    return tuple(rows)


def response(facts: ResponseFacts, profile: Profile) -> Verdict:
    """Did blood cells rise, and did they keep it?"""
    t = facts.therapy
    off = no_next_dose(t, "The response of blood cells is judged on therapy only.")
    if off is not None:
        return off
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "the response of blood cells is not known."),
            evidence=standing_refs(t),
        )
    lymphocytes, b_cells, monocytes = facts.lymphocytes, facts.b_cells, facts.monocytes
    if lymphocytes is None or b_cells is None or monocytes is None:
        return NEVER_DOSED
    judged = [(lymphocytes, lymphocytes.state(t.as_of)), (b_cells, b_cells.state(t.as_of))]
    counted = [(r, s) for r, s in judged if r is lymphocytes or s is not Response.NO_BASELINE]
    states = {s for _, s in counted}
    if states & _LOUD:
        status = Status.WATCH
    else:
        status = Status.OK if Response.KEPT in states else Status.UNKNOWN
    seen = [response_text(r, s) for r, s in counted]
    if monocytes.readable:
        last = _visit_text(monocytes.readable[-1], monocytes.test)
        seen.append(f"Monocytes: latest {last}; they may go on rising, nothing is asked of them.")
    keys = ["rise.threshold", "rise.baseline-within", "cells.lost-counts"]
    if len(counted) > 1:
        keys.append("b-cells.rise-fold")
        limit = profile.fact("b-cells.rise-fold").shown
        seen.append(f"B cells count as risen from {limit} times the baseline.")
    if status is Status.WATCH:
        seen.append(_prompt(lymphocytes.state(t.as_of), profile))
        keys += [*_PREDICTIVE, "rise.efficacy-disputed"]
    refs = _refs(*(r for r, _ in counted))
    if _poorer(facts, lymphocytes, profile):
        months = months_text(profile.days("rise.late-read-out"), profile)
        seen.append(
            f"Antibodies are persistent and {months} on there is still no rise: in such people "
            "the response was poorer (poster P1978)."
        )
        keys.append("rise.late-read-out")
        refs = (*refs, *facts.persistent_antibodies)
    return Verdict(
        status=status,
        message=joined(*seen),
        evidence=(lymphocytes.start.ref, *refs),
        keys=tuple(keys),
    )


def _poorer(facts: ResponseFacts, lymphocytes: CellResponse, profile: Profile) -> bool:
    """Persistent antibodies and a count without the rise after the later read-out."""
    late = profile.days("rise.late-read-out")
    never = lymphocytes.first_rise is None
    counted = any(v.day >= late for v in lymphocytes.readable)
    return never and counted and bool(facts.persistent_antibodies)


def _prompt(state: Response, profile: Profile) -> str:
    """A prompt to test, not a verdict on efficacy (conflict C11)."""
    figures = predictive_text(profile) if state is Response.NEVER else ""
    return joined(
        figures,
        f"This prompts a test of antibodies and level ({NO_RISE.id} says when), and is no verdict "
        f"on efficacy: {profile.fact('rise.efficacy-disputed').meaning}.",
    )


RESPONSE: Final = Rule(
    id="lymphocytes.response",
    title="Response of blood cells",
    question="Did lymphocytes and B cells rise from the person's own baseline, and stay so?",
    derive=response_facts,
    decide=response,
    sources=("ectrims-2025-p1978", "kaufmann-2018", "signoriello-2016", "lymphocytosis-41-cohort"),
)
