"""Do lymphocytes rise, by antibody status and visit, and does a missing rise show antibodies?

The published table: a rise of 0.8 x 10^9/L or more from the person's own baseline, at weeks 12
and 24, in people on placebo, with persistent antibodies and without any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from math import isclose
from typing import Any, Final

import numpy as np
from lifelines import KaplanMeierFitter
from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.evidence.registry import Registry
from openntz.reanalyse.b_cells import Fold, VisitDays, b_cell_rows, fold_of
from openntz.reanalyse.groups import Antibodies, antibody_group
from openntz.reanalyse.limits import DEFINITION, antibody_limits, days, numbers
from openntz.reanalyse.result import Analysis, AnalysisResult, Figure, Line, Part, Step, table
from openntz.reanalyse.statistics import Diagnostic, proportion, roc_area
from openntz.reanalyse.study import SetAside, Study, Whole

NAME: Final = "lymphocytosis"
TITLE: Final = "Lymphocyte rise by antibody status and visit"
_WEEK: Final = 7
_DIAGNOSED_AT: Final = 12  # the week whose count is to tell who has persistent antibodies


class Rise(Struct, frozen=True):
    """A person's baseline and the change at each visit week; None where no count tells."""

    person: str
    group: Antibodies
    baseline: float
    changes: dict[int, float | None]
    first_day: int | None
    last_day: int


class Windows(Struct, frozen=True, kw_only=True):
    """Numbers of the definition, in days and in the unit of the count."""

    rise: float
    baseline_within: float
    before: float
    after: float
    weeks: tuple[int, ...]


def windows(evidence: Registry, cut: str = "lymphocytes.rise") -> Windows:
    """The definition's numbers from the registry."""
    return Windows(
        rise=evidence.fact(cut).number,
        baseline_within=days(evidence.fact("rise.baseline-within")),
        before=days(evidence.fact("reanalyse.visit.before")),
        after=days(evidence.fact("reanalyse.visit.after")),
        weeks=tuple(round(w) for w in numbers(evidence.fact("reanalyse.visit.weeks"))),
    )


def _number(count: Measurement) -> float | None:
    return None if count.censor else count.value


def baseline_of(counts: Iterable[Measurement], start: date, within: float) -> float | None:
    """The last count up to the start, none older than ``within`` days."""
    found = [
        value
        for m in counts
        if (value := _number(m)) is not None and 0 <= (start - m.day).days <= within
    ]
    return found[-1] if found else None


def reached(change: float, cut: float) -> bool:
    """Whether a change reaches a cut; counts are printed to two decimals."""
    return change > cut or isclose(change, cut, rel_tol=1e-9, abs_tol=1e-9)


def _visit(counts: Sequence[tuple[int, float]], week: int, limits: Windows) -> float | None:
    """The value nearest to a visit's day within its window."""
    target = week * _WEEK
    near = [
        (abs(day - target), value)
        for day, value in counts
        if target - limits.before <= day <= target + limits.after
    ]
    return min(near)[1] if near else None


def _rise_of(
    course: Course, start: date, group: Antibodies, test: str, limits: Windows
) -> Rise | str:
    results = course.results(test)
    baseline = baseline_of(results, start, limits.baseline_within)
    if baseline is None:
        return "no count at baseline"
    later = [
        ((m.day - start).days, value - baseline)
        for m in results
        if (value := _number(m)) is not None and m.day > start
    ]
    if not later:
        return "no count after baseline"
    rises = [day for day, change in later if reached(change, limits.rise)]
    return Rise(
        person=course.person.id,
        group=group,
        baseline=baseline,
        changes={week: _visit(later, week, limits) for week in limits.weeks},
        first_day=min(rises, default=None),
        last_day=max(day for day, _ in later),
    )


def _table(rises: Sequence[Rise], limits: Windows) -> list[dict[str, Any]]:
    rows = []
    for group in Antibodies:
        own = [r for r in rises if r.group is group]
        for week in limits.weeks:
            changes = [c for r in own if (c := r.changes[week]) is not None]
            if not changes:
                continue
            found = proportion(sum(reached(c, limits.rise) for c in changes), len(changes))
            rows.append(
                {
                    "measure": "rise",
                    "group": str(group),
                    "week": week,
                    "n": found.n,
                    "count": found.count,
                    "value": found.value,
                    "low": found.low,
                    "high": found.high,
                    "median_change": float(np.median(changes)),
                }
            )
    return rows


def diagnose(rises: Sequence[Rise], week: int, cut: float) -> Diagnostic:
    """'No rise' at a visit as a test for persistent antibodies, among those with none and these."""
    table_of = {(persistent, rose): 0 for persistent in (True, False) for rose in (True, False)}
    for r in rises:
        change = r.changes.get(week)
        if change is None or r.group not in {Antibodies.PERSISTENT, Antibodies.NONE}:
            continue
        table_of[r.group is Antibodies.PERSISTENT, reached(change, cut)] += 1
    return Diagnostic(
        true_positive=table_of[True, False],
        false_positive=table_of[False, False],
        false_negative=table_of[True, True],
        true_negative=table_of[False, True],
    )


def _diagnosis(rises: Sequence[Rise], limits: Windows, prevalence: float) -> list[dict[str, Any]]:
    week = _DIAGNOSED_AT
    found = diagnose(rises, week, limits.rise)
    rows: list[dict[str, Any]] = []
    for measure, share in (("sensitivity", found.sensitivity), ("specificity", found.specificity)):
        rows.append(
            {
                "measure": measure,
                "group": "no rise, for persistent antibodies against none",
                "week": week,
                "n": share.n,
                "count": share.count,
                "value": share.value,
                "low": share.low,
                "high": share.high,
            }
        )
    positive, negative = found.predictive(prevalence)
    told = f"at a prevalence of {100 * prevalence:g} %"
    rows.append(
        {"measure": "positive predictive value", "group": told, "week": week, "value": positive}
    )
    rows.append(
        {"measure": "negative predictive value", "group": told, "week": week, "value": negative}
    )
    known = [
        (change, r.group is Antibodies.PERSISTENT)
        for r in rises
        if r.group in {Antibodies.PERSISTENT, Antibodies.NONE}
        and (change := r.changes[week]) is not None
    ]
    area = roc_area(np.array([-c for c, _ in known]), np.array([p for _, p in known], bool))
    rows.append(
        {
            "measure": "area under the ROC curve",
            "group": "smaller change, for persistent antibodies against none",
            "week": week,
            "n": len(known),
            "value": area.value,
            "low": area.low,
            "high": area.high,
        }
    )
    return rows


def _time_to_rise(rises: Sequence[Rise], limits: Windows) -> tuple[Figure, list[dict[str, Any]]]:
    lines, rows = [], []
    for group in Antibodies:
        own = [r for r in rises if r.group is group]
        if not own:
            continue
        lasted = [r.last_day if r.first_day is None else r.first_day for r in own]
        fit = KaplanMeierFitter().fit(lasted, [r.first_day is not None for r in own])
        curve = fit.survival_function_.iloc[:, 0]
        lines.append(
            Line(
                str(group),
                tuple(float(day) / _WEEK for day in curve.index),
                tuple(1.0 - float(v) for v in curve),
                steps=True,
            )
        )
        for week in limits.weeks:
            until = week * _WEEK + limits.after
            if max(lasted) >= week * _WEEK - limits.before:
                rows.append(
                    {
                        "measure": "ever a rise by week (Kaplan and Meier)",
                        "group": str(group),
                        "week": week,
                        "n": len(own),
                        "count": sum(r.first_day is not None and r.first_day <= until for r in own),
                        "value": 1.0 - float(curve[curve.index <= until].iloc[-1]),
                    }
                )
        median = float(fit.median_survival_time_)
        rows.append(
            {
                "measure": "median days to the first rise",
                "group": str(group),
                "n": len(own),
                "value": median if np.isfinite(median) else None,
            }
        )
    figure = Figure(
        title="Time to the first count that shows the rise",
        x="weeks since the first dose",
        y="share whose lymphocytes have risen",
        lines=tuple(lines),
        summary="One step curve a group (Kaplan and Meier); it is flat where nobody rises.",
    )
    return figure, rows


def _take(study: Study, evidence: Registry) -> Part:
    limits, antibodies = windows(evidence), antibody_limits(evidence)
    rises: list[Rise] = []
    aside: list[SetAside] = []
    folds: list[Fold] = []
    visits = VisitDays(
        weeks=limits.weeks,
        before=limits.before,
        after=limits.after,
        baseline_within=limits.baseline_within,
    )
    for course in study:
        start = study.start_of(course)
        if start is None:
            aside.append(SetAside(course.person.id, "no first dose or start of the study"))
            continue
        group, _ = antibody_group(course, antibodies, DEFINITION)
        fold = fold_of(course, start, group, visits)
        if fold is not None:
            folds.append(fold)
        found = _rise_of(course, start, group, vocabulary.LYMPHOCYTES, limits)
        if isinstance(found, str):
            aside.append(SetAside(course.person.id, found))
        else:
            rises.append(found)
    return rises, aside, folds


def _conclude(part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
    """Share with a rise by group and visit, its worth as a test, and the time to it.

    Source of the definition: the registry's ``lymphocytes.rise``.
    """
    rises, aside, folds = part
    limits, antibodies = windows(evidence), antibody_limits(evidence)
    prevalence = evidence.fact("ada.affirm.persistent").number / 100
    figure, times = _time_to_rise(rises, limits)
    by_visit = _table(rises, limits)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [
                *by_visit,
                *_diagnosis(rises, limits, prevalence),
                *times,
                *b_cell_rows(folds, limits.weeks, _DIAGNOSED_AT),
            ]
        ),
        definitions={
            "rise_at_least_10_9_per_l": limits.rise,
            "baseline": f"last count up to the start, at most {limits.baseline_within:g} days old",
            "visit_window_days": f"-{limits.before:g} to +{limits.after:g}",
            "antibodies": f"definition {DEFINITION.value!r} of persistent antibodies",
            "antibody_threshold_ng_per_ml": antibodies.threshold_ng_per_ml,
            "b_cells": "CD19 count as a multiple of the person's last before the drug; quartiles",
            "interval": "Wilson, 95 %; ROC: variance by DeLong, limits on the logit scale",
            "prevalence": prevalence,
        },
        text=_words(rises, limits),
        figures=(figure,),
        flow=(
            Step("people in the data", whole.people),
            Step("with a count at baseline and after it", len(rises), _reasons(aside)),
        ),
        set_aside=tuple(aside),
        facts=("lymphocytes.rise", "rise.baseline-within", "ada.affirm.persistent"),
    )


def _reasons(aside: Sequence[SetAside]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (reason, sum(a.reason == reason for a in aside))
        for reason in dict.fromkeys(a.reason for a in aside)
    )


def _words(rises: Sequence[Rise], limits: Windows) -> str:
    found = diagnose(rises, _DIAGNOSED_AT, limits.rise)
    missed = found.true_positive + found.false_negative
    if not missed:
        return "Nobody with persistent antibodies had a count at week 12, so no test is judged."
    return (
        f"Of {missed} people with persistent antibodies {found.true_positive} had no rise of "
        f"{limits.rise:g} × 10⁹/L at week {_DIAGNOSED_AT}. A missing rise is a reason to test, not "
        "a verdict on efficacy."
    )


LYMPHOCYTOSIS = Analysis(
    name=NAME, title=TITLE, needs=("measurements",), take=_take, conclude=_conclude
)
