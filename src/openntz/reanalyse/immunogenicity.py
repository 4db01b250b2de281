"""Antibodies: how many people by assay, threshold and definition, when, and by product.

No prevalence is given without its assay, threshold, denominator and definition: with other
assays the same people are 6 % or 55 % persistent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf
from typing import Any, Final

import numpy as np
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import confint_proportions_2indep

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.definitions.antibodies import (
    AntibodyLimits,
    Definition,
    Persistent,
    antibody_history,
    persistence,
)
from openntz.definitions.antibody_classes import AntibodyClass, reclassification
from openntz.definitions.antibody_tests import Reading, antibody_tests, read_own
from openntz.evidence.registry import Registry
from openntz.reanalyse.groups import Antibodies, antibody_group
from openntz.reanalyse.limits import DEFINITION, antibody_limits, numbers
from openntz.reanalyse.result import Analysis, AnalysisResult, Figure, Line, Step, table
from openntz.reanalyse.statistics import proportion
from openntz.reanalyse.study import SetAside, Study
from openntz.reanalyse.turnbull import turnbull

NAME: Final = "immunogenicity"
TITLE: Final = "Antibodies by assay, threshold, definition and product"
_WEEK: Final = 7
_FEWEST: Final = 5  # people a group needs for a curve or a comparison


@dataclass(frozen=True, slots=True)
class Tested:
    """A treated person with antibody results since entry, day 0 being the first dose."""

    course: Course
    start_day: int
    results: tuple[Measurement, ...]


def _tested(study: Study) -> tuple[list[Tested], list[SetAside]]:
    found, aside = [], []
    for course in study:
        results = course.results(vocabulary.ANTIBODIES)
        if not course.doses:
            aside.append(SetAside(course.person.id, "no natalizumab"))
        elif not results:
            aside.append(SetAside(course.person.id, "never tested"))
        else:
            found.append(Tested(course, course.doses[0].day.toordinal(), results))
    return found, aside


def assay_label(result: Measurement) -> str:
    """An assay with its threshold: what a prevalence belongs to."""
    assay = result.assay
    if assay is None:
        return "assay not recorded, threshold not recorded"
    cut = "threshold not recorded" if assay.threshold is None else f"{assay.threshold:g} ng/mL"
    return f"{assay.label}, {cut}"


def _row(measure: str, group: str, count: int, n: int, unknown: int = 0) -> dict[str, Any]:
    share = proportion(count, n)
    return {
        "measure": measure,
        "group": group,
        "n": n,
        "count": count,
        "value": share.value,
        "low": share.low,
        "high": share.high,
        "unknown": unknown,
    }


def _by_assay(people: Sequence[Tested], limits: AntibodyLimits) -> list[dict[str, Any]]:
    labels = dict.fromkeys(assay_label(r) for p in people for r in p.results)
    rows = []
    for label in labels:
        read = {
            p.course.person.id: (p, [r for r in p.results if assay_label(r) == label])
            for p in people
        }
        read = {name: pair for name, pair in read.items() if pair[1]}
        told = [
            [read_own(r) for r in results]
            for _, results in read.values()
            if any(read_own(r) is not Reading.UNDETERMINED for r in results)
        ]
        positive = sum(Reading.POSITIVE in readings for readings in told)
        rows.append(_row("ever positive at the assay's own threshold", label, positive, len(told)))
        verdicts = [
            persistence(
                antibody_tests(results, limits.threshold_ng_per_ml),
                Definition.MALAGA,
                limits,
                p.course.doses[0].day,
            ).persistent
            for p, results in read.values()
        ]
        known = [v for v in verdicts if v is not Persistent.UNKNOWN]
        rows.append(
            _row(
                "persistent (two positives, own threshold)",
                label,
                sum(v is Persistent.YES for v in known),
                len(known),
                len(verdicts) - len(known),
            )
        )
    return rows


def _sweep(
    people: Sequence[Tested], limits: AntibodyLimits, thresholds: Sequence[float]
) -> tuple[list[dict[str, Any]], Figure]:
    """Prevalence and persistence if the cut were another, from results that are numbers."""
    numeric = [
        (p, own)
        for p in people
        if (own := tuple(r for r in p.results if r.value is not None and r.unit == "ng/mL"))
    ]
    rows, lines = [], {}
    for name in ("ever positive", "persistent"):
        lines[name] = ([], [])
    for cut in thresholds:
        ever, lasting = [], []
        for p, results in numeric:
            tests = antibody_tests(results, cut)
            readings = [t.label for t in tests if t.label is not Reading.UNDETERMINED]
            if not readings:
                continue
            ever.append(Reading.POSITIVE in readings)
            verdict = persistence(tests, DEFINITION, limits, p.course.doses[0].day).persistent
            if verdict is not Persistent.UNKNOWN:
                lasting.append(verdict is Persistent.YES)
        for name, found in (("ever positive", ever), ("persistent", lasting)):
            if found:
                row = _row(f"{name} at a threshold", f"{cut:g} ng/mL", sum(found), len(found))
                rows.append(row | {"threshold_ng_per_ml": cut})
                lines[name][0].append(cut)
                lines[name][1].append(row["value"])
    figure = Figure(
        title="The same people at other thresholds",
        x="threshold, ng/mL of the standard",
        y="share of people",
        x_scale="log",
        lines=tuple(Line(n, tuple(x), tuple(y)) for n, (x, y) in lines.items() if x),
        summary="Shares fall as the threshold rises; no share means anything without it.",
    )
    return rows, figure


def _by_definition(
    people: Sequence[Tested], limits: AntibodyLimits, boost: float
) -> list[dict[str, Any]]:
    histories = {p.course.person.id: antibody_history(p.course, limits) for p in people}
    found = reclassification(histories, boost)
    rows = []
    for definition in Definition:
        totals = found.totals[definition]
        known = sum(
            totals.get(c, 0)
            for c in (AntibodyClass.PERSISTENT, AntibodyClass.TRANSIENT, AntibodyClass.NEGATIVE)
        )
        for name in (AntibodyClass.PERSISTENT, AntibodyClass.TRANSIENT):
            unknown = len(found.rows) - known
            rows.append(
                _row(f"{name} by definition", definition.value, totals.get(name, 0), known, unknown)
            )
    rows.append(
        _row("called differently by two definitions", "any", len(found.changed), len(found.rows))
    )
    return rows


def _onset(people: Sequence[Tested]) -> tuple[Figure, list[dict[str, Any]]]:
    """Time to the first positive, which lies between two tests (Turnbull 1976)."""
    lower, upper = [], []
    for p in people:
        readings: dict[int, bool] = {}
        for r in p.results:
            day, reading = r.day.toordinal() - p.start_day, read_own(r)
            if day > 0 and reading is not Reading.UNDETERMINED:
                readings[day] = readings.get(day, False) or reading is Reading.POSITIVE
        first = min((day for day, positive in readings.items() if positive), default=inf)
        lower.append(float(max((day for day in readings if day < first), default=0)))
        upper.append(float(first))
    seen = sum(u < inf for u in upper)
    empty = Figure(title="Time to the first positive test", x="weeks", y="share positive")
    if len(people) < _FEWEST or seen < 2:
        return empty, []
    curve = turnbull(lower, upper)
    figure = Figure(
        title=empty.title,
        x="weeks since the first dose",
        y="share with a positive test",
        lines=(
            Line(
                "any assay, own threshold",
                tuple(day / _WEEK for day, _ in curve.steps),
                tuple(share for _, share in curve.steps),
                steps=True,
            ),
        ),
        summary="Interval-censored: the day lies between the last negative and the first positive.",
    )
    rows = []
    looked = max(max(lower), *(u for u in upper if u < inf))
    for week in (w for w in (8, 12, 24, 48) if w * _WEEK <= looked):
        low, high = curve.bounds(week * _WEEK)
        rows.append(
            {
                "measure": "positive by week (interval-censored)",
                "group": "any assay, own threshold",
                "week": week,
                "n": len(people),
                "count": sum(u <= week * _WEEK for u in upper),
                "value": low,
                "could_be": high,
            }
        )
    return figure, rows


def _agreement(people: Sequence[Tested]) -> list[dict[str, Any]]:
    """Samples of one day read by two assays: share that agree, and Cohen's kappa."""
    pairs: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for p in people:
        by_day: dict[Any, dict[str, bool]] = {}
        for r in p.results:
            reading = read_own(r)
            if reading is not Reading.UNDETERMINED:
                by_day.setdefault(r.day, {})[assay_label(r)] = reading is Reading.POSITIVE
        for answers in by_day.values():
            for a, b in combinations(sorted(answers), 2):
                pairs.setdefault((a, b), []).append((answers[a], answers[b]))
    rows = []
    for (a, b), found in sorted(pairs.items()):
        counts = np.zeros((2, 2))
        for one, other in found:
            counts[int(one), int(other)] += 1
        row = _row("samples on which two assays agree", f"{a} v {b}", int(np.trace(counts)),
                   len(found))  # fmt: skip
        varied = min(counts.sum(0).min(), counts.sum(1).min()) > 0
        kappa: Any = cohens_kappa(counts) if varied else None
        rows.append(row | {"kappa": None if kappa is None else float(kappa.kappa)})
    return rows


def _by_product(
    people: Sequence[Tested], limits: AntibodyLimits, margin: float
) -> list[dict[str, Any]]:
    """Reference against each other product: difference with the 90 % interval of equivalence."""
    groups: dict[str, list[bool]] = {}
    for p in people:
        product = p.course.doses[0].product.strip().casefold() or "product not recorded"
        group, _ = antibody_group(p.course, limits, DEFINITION)
        if group in {Antibodies.PERSISTENT, Antibodies.TRANSIENT, Antibodies.NONE}:
            groups.setdefault(product, []).append(group is Antibodies.PERSISTENT)
    rows = [
        _row("persistent by the product of the first dose", name, sum(found), len(found))
        for name, found in sorted(groups.items())
    ]
    for a, b in combinations(sorted(groups), 2):
        one, other = groups[a], groups[b]
        if min(len(one), len(other)) < _FEWEST:
            continue
        ends: Any = confint_proportions_2indep(
            sum(one), len(one), sum(other), len(other), method="newcomb", alpha=0.10
        )
        rows.append(
            {
                "measure": "difference of shares with persistent antibodies (90 % interval)",
                "group": f"{a} minus {b}",
                "n": len(one) + len(other),
                "value": float(np.mean(one) - np.mean(other)),
                "low": float(ends[0]),
                "high": float(ends[1]),
                "within_margin": bool(-margin < ends[0] and ends[1] < margin),
            }
        )
    return rows


def immunogenicity(study: Study, evidence: Registry) -> AnalysisResult:
    """Prevalence and persistence by assay, threshold, definition and product; onset; agreement."""
    limits = antibody_limits(evidence)
    thresholds = numbers(evidence.fact("reanalyse.thresholds"))
    margin = evidence.fact("reanalyse.equivalence-margin").number / 100
    boost = evidence.fact("definition.antibodies.boosted.log10-rise").number
    people, aside = _tested(study)
    by_assay = _by_assay(people, limits)
    swept, sweep_figure = _sweep(people, limits, thresholds)
    onset_figure, onset = _onset(people)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [
                *by_assay,
                *swept,
                *_by_definition(people, limits, boost),
                *onset,
                *_agreement(people),
                *_by_product(people, limits, margin),
            ]
        ),
        definitions={
            "persistent": f"definition {DEFINITION.value!r} unless a row says otherwise",
            "label_type_threshold_ng_per_ml": limits.threshold_ng_per_ml,
            "definitions": {d.value: _asks(d, limits) for d in Definition},
            "denominator": "treated people with a readable result; 'unknown' are those whose "
            "tests cannot decide, in neither count",
            "thresholds_ng_per_ml": list(thresholds),
            "equivalence_margin": margin,
            "positive_by_week": "share surely positive by then; 'could be' counts those "
            "whose first positive may have come before or after",
            "interval": "Wilson, 95 %; products: Newcombe, 90 %",
        },
        text=f"{len(people)} treated people were tested. Assays with their thresholds: "
        f"{'; '.join(sorted({assay_label(r) for p in people for r in p.results})) or 'none'}. "
        "Compare shares of one assay and threshold only.",
        figures=tuple(f for f in (sweep_figure, onset_figure) if f.lines),
        flow=(
            Step("people in the data", len(study)),
            Step(
                "treated and tested",
                len(people),
                tuple(
                    (why, sum(a.reason == why for a in aside))
                    for why in dict.fromkeys(a.reason for a in aside)
                ),
            ),
        ),
        set_aside=tuple(aside),
        facts=(
            "ada.threshold.affirm",
            "ada.affirm.separation",
            "definition.antibodies.eu.apart",
            "definition.antibodies.us.apart",
            "definition.antibodies.adam.apart",
            "definition.antibodies.malaga.positives",
            "reanalyse.thresholds",
            "reanalyse.equivalence-margin",
        ),
    )


def _asks(definition: Definition, limits: AntibodyLimits) -> str:
    """What a definition asks for, in words."""
    label = f"at {limits.threshold_ng_per_ml:g} ng/mL"
    return {
        Definition.AFFIRM: f"two positives {limits.affirm_apart_days} d apart or more, {label}",
        Definition.EU: f"positive again {limits.eu_apart_days} d later or more, {label}",
        Definition.US: f"positive again {limits.us_apart_days} d later or more, {label}",
        Definition.SHANKAR: f"induced, and first to last positive {limits.shankar_apart_days} d or "
        "more, or the last sample positive, at the assay's own threshold",
        Definition.MALAGA: f"{limits.malaga_positives} positives at any distance, own threshold",
    }[definition]


IMMUNOGENICITY = Analysis(name=NAME, title=TITLE, needs=("measurements",), run=immunogenicity)
