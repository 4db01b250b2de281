"""Antibodies: how many people by assay, threshold and definition, when, and by product.

No prevalence is given without its assay, threshold, denominator and definition: with other
assays the same people are 6 % or 55 % persistent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import inf
from typing import Any, Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.definitions.antibodies import (
    AntibodyLimits,
    Definition,
    Persistent,
    persistence,
)
from openntz.definitions.antibody_classes import AntibodyClass, class_row
from openntz.definitions.antibody_tests import Reading, antibody_tests, read_at, read_own
from openntz.evidence.registry import Registry
from openntz.reanalyse.assay_agreement import Pair, agreement, assay_label, pairs_of
from openntz.reanalyse.groups import Antibodies, antibody_group
from openntz.reanalyse.limits import DEFINITION, antibody_limits, numbers
from openntz.reanalyse.result import Analysis, AnalysisResult, Figure, Line, Part, Step, table
from openntz.reanalyse.statistics import proportion, share_difference
from openntz.reanalyse.study import SetAside, Study, Whole
from openntz.reanalyse.turnbull import turnbull

NAME: Final = "immunogenicity"
TITLE: Final = "Antibodies by assay, threshold, definition and product"
_WEEK: Final = 7
_TWO_ONE_SIDED: Final = 0.90  # two one-sided tests at 5 %
_FEWEST: Final = 5  # people a group needs for a curve or a comparison


class OfAssay(Struct, frozen=True):
    """What the results of one assay say of a person, at its own threshold.

    ``told`` is whether any result can be read, ``positive`` whether one was positive.
    """

    label: str
    told: bool
    positive: bool
    persistent: Persistent


class Tested(Struct, frozen=True, kw_only=True):
    """What the tables need of a treated person with antibody results.

    ``swept`` is, by threshold, whether ever positive and whether persistent, None where that
    cannot be told; ``classes`` by definition; ``first_positive`` the days between which the first
    positive lies; ``pairs`` samples that two assays read.
    """

    assays: tuple[OfAssay, ...]
    numeric: bool
    swept: tuple[tuple[bool, bool | None] | None, ...]
    classes: tuple[AntibodyClass, ...]
    first_positive: tuple[float, float]
    pairs: tuple[Pair, ...]
    product: str
    group: Antibodies


def _take(study: Study, evidence: Registry) -> Part:
    limits = antibody_limits(evidence)
    thresholds = numbers(evidence.fact("reanalyse.thresholds"))
    boost = evidence.fact("definition.antibodies.boosted.log10-rise").number
    found: list[Tested] = []
    aside: list[SetAside] = []
    for course in study:
        results = course.results(vocabulary.ANTIBODIES)
        if not course.doses:
            aside.append(SetAside(course.person.id, "no natalizumab"))
        elif not results:
            aside.append(SetAside(course.person.id, "never tested"))
        else:
            found.append(_tested(course, results, limits, thresholds, boost))
    return found, aside


def _tested(
    course: Course,
    results: tuple[Measurement, ...],
    limits: AntibodyLimits,
    thresholds: Sequence[float],
    boost: float,
) -> Tested:
    group, history = antibody_group(course, limits, DEFINITION)
    row = class_row(course.person.id, history, boost)
    numeric = tuple(r for r in results if r.value is not None and r.unit == "ng/mL")
    return Tested(
        assays=_assays_of(course, results, limits),
        numeric=bool(numeric),
        swept=_swept(course, numeric, limits, thresholds),
        classes=tuple(row.by[definition] for definition in Definition),
        first_positive=_first_positive(course, results),
        pairs=tuple(pairs_of(results)),
        product=course.doses[0].product.strip().casefold() or "product not recorded",
        group=group,
    )


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


def _assays_of(
    course: Course, results: Sequence[Measurement], limits: AntibodyLimits
) -> tuple[OfAssay, ...]:
    by_label: dict[str, list[Measurement]] = {}
    for r in results:
        by_label.setdefault(assay_label(r), []).append(r)
    found = []
    for label, own in by_label.items():
        readings = [read_own(r) for r in own]
        verdict = persistence(
            antibody_tests(own, limits.threshold_ng_per_ml),
            Definition.MALAGA,
            limits,
            course.doses[0].day,
        )
        told = any(r is not Reading.UNDETERMINED for r in readings)
        found.append(OfAssay(label, told, Reading.POSITIVE in readings, verdict.persistent))
    return tuple(found)


def _by_assay(people: Sequence[Tested]) -> list[dict[str, Any]]:
    by_label: dict[str, list[OfAssay]] = {}
    for p in people:
        for assay in p.assays:
            by_label.setdefault(assay.label, []).append(assay)
    rows = []
    for label, own in by_label.items():
        told = [assay.positive for assay in own if assay.told]
        rows.append(_row("ever positive at the assay's own threshold", label, sum(told), len(told)))
        verdicts = [assay.persistent for assay in own]
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


def _swept(
    course: Course,
    results: Sequence[Measurement],
    limits: AntibodyLimits,
    thresholds: Sequence[float],
) -> tuple[tuple[bool, bool | None] | None, ...]:
    """By threshold: ever positive, persistent; None where no result can be read there."""
    known: dict[tuple[Reading, ...], tuple[bool, bool | None] | None] = {}
    found = []
    for cut in thresholds if results else ():
        # Thresholds that read every result alike give one answer.
        alike = tuple(read_at(r, cut) for r in results)
        if alike not in known:
            tests = antibody_tests(results, cut)
            readings = [t.label for t in tests if t.label is not Reading.UNDETERMINED]
            verdict = persistence(tests, DEFINITION, limits, course.doses[0].day).persistent
            lasting = None if verdict is Persistent.UNKNOWN else verdict is Persistent.YES
            known[alike] = (Reading.POSITIVE in readings, lasting) if readings else None
        found.append(known[alike])
    return tuple(found)


def _sweep(
    people: Sequence[Tested], thresholds: Sequence[float]
) -> tuple[list[dict[str, Any]], Figure]:
    """Prevalence and persistence if the cut were another, from results that are numbers."""
    numeric = [p for p in people if p.numeric]
    rows, lines = [], {}
    for name in ("ever positive", "persistent"):
        lines[name] = ([], [])
    for at, cut in enumerate(thresholds):
        told = [read for p in numeric if (read := p.swept[at]) is not None]
        ever = [positive for positive, _ in told]
        lasting = [answer for _, answer in told if answer is not None]
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


def _by_definition(people: Sequence[Tested]) -> list[dict[str, Any]]:
    rows = []
    for at, definition in enumerate(Definition):
        totals = Counter(p.classes[at] for p in people)
        known = sum(
            totals[c]
            for c in (AntibodyClass.PERSISTENT, AntibodyClass.TRANSIENT, AntibodyClass.NEGATIVE)
        )
        for name in (AntibodyClass.PERSISTENT, AntibodyClass.TRANSIENT):
            unknown = len(people) - known
            rows.append(
                _row(f"{name} by definition", definition.value, totals[name], known, unknown)
            )
    changed = sum(len(set(p.classes)) > 1 for p in people)
    rows.append(_row("called differently by two definitions", "any", changed, len(people)))
    return rows


def _first_positive(course: Course, results: Sequence[Measurement]) -> tuple[float, float]:
    """Days after the first dose between which the first positive lies."""
    start_day = course.doses[0].day.toordinal()
    readings: dict[int, bool] = {}
    for r in results:
        day, reading = r.day.toordinal() - start_day, read_own(r)
        if day > 0 and reading is not Reading.UNDETERMINED:
            readings[day] = readings.get(day, False) or reading is Reading.POSITIVE
    first = min((day for day, positive in readings.items() if positive), default=inf)
    return float(max((day for day in readings if day < first), default=0)), float(first)


def _onset(people: Sequence[Tested]) -> tuple[Figure, list[dict[str, Any]]]:
    """Time to the first positive, which lies between two tests (Turnbull 1976)."""
    lower = [p.first_positive[0] for p in people]
    upper = [p.first_positive[1] for p in people]
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


def _by_product(people: Sequence[Tested], margin: float) -> list[dict[str, Any]]:
    """Reference against each other product: difference with the 90 % interval of equivalence."""
    groups: dict[str, list[bool]] = {}
    for p in people:
        if p.group in {Antibodies.PERSISTENT, Antibodies.TRANSIENT, Antibodies.NONE}:
            groups.setdefault(p.product, []).append(p.group is Antibodies.PERSISTENT)
    rows = [
        _row("persistent by the product of the first dose", name, sum(found), len(found))
        for name, found in sorted(groups.items())
    ]
    for a, b in combinations(sorted(groups), 2):
        one, other = (proportion(sum(groups[x]), len(groups[x])) for x in (a, b))
        found = share_difference(one, other, _TWO_ONE_SIDED)
        if min(one.n, other.n) < _FEWEST or found.low is None or found.high is None:
            continue
        rows.append(
            {
                "measure": "difference of shares with persistent antibodies (90 % interval)",
                "group": f"{a} minus {b}",
                "n": one.n + other.n,
                "value": found.value,
                "low": found.low,
                "high": found.high,
                "within_margin": -margin < found.low and found.high < margin,
            }
        )
    return rows


def _conclude(part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
    """Prevalence and persistence by assay, threshold, definition and product; onset; agreement."""
    people, aside = part
    limits = antibody_limits(evidence)
    thresholds = numbers(evidence.fact("reanalyse.thresholds"))
    margin = evidence.fact("reanalyse.equivalence-margin").number / 100
    by_assay = _by_assay(people)
    swept, sweep_figure = _sweep(people, thresholds)
    onset_figure, onset = _onset(people)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [
                *by_assay,
                *swept,
                *_by_definition(people),
                *onset,
                *agreement(pair for p in people for pair in p.pairs),
                *_by_product(people, margin),
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
        f"{'; '.join(sorted({a.label for p in people for a in p.assays})) or 'none'}. "
        "Compare shares of one assay and threshold only.",
        figures=tuple(f for f in (sweep_figure, onset_figure) if f.lines),
        flow=(
            Step("people in the data", whole.people),
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


IMMUNOGENICITY = Analysis(
    name=NAME, title=TITLE, needs=("measurements", "doses"), take=_take, conclude=_conclude
)
