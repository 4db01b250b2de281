"""Wearing-off: who feels it, and whether level, saturation or interval differ, or activity does.

Studies disagree on what it goes with; the table shows each measure and draws no cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
from msgspec import Struct
from scipy.stats import fisher_exact, mannwhitneyu

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.definitions.activity import either, enhancing, new_lesions, over_scans
from openntz.definitions.terms import asserts
from openntz.evidence.registry import Registry
from openntz.reanalyse.limits import days
from openntz.reanalyse.result import (
    Analysis,
    AnalysisResult,
    Estimate,
    Figure,
    Part,
    Step,
    table,
)
from openntz.reanalyse.statistics import proportion
from openntz.reanalyse.study import SetAside, Study, Whole
from openntz.reanalyse.troughs import Trough, trough_of

NAME: Final = "wearing-off"
TITLE: Final = "Wearing-off"
_FOLLOW_DAYS: Final = 365
_FEWEST: Final = 3  # in each group, for a comparison


class Felt(Struct, frozen=True):
    """A treated person: whether wearing-off was reported, and what was measured.

    ``later`` is activity in the year after the first report, or after the first dose without
    one: None where nobody looked or the year is not over.
    """

    person: str
    reported: bool
    level: float | None
    saturation: float | None
    interval_weeks: float | None
    later: bool | None


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _levels(course: Course, after_dose: float) -> list[float]:
    found = [trough_of(course, m, after_dose, "") for m in course.results(vocabulary.NATALIZUMAB)]
    return [t.level for t in found if isinstance(t, Trough) and not t.censored]


def felt(study: Study, evidence: Registry) -> tuple[list[Felt], list[SetAside]]:
    """Everybody on natalizumab whose symptoms were recorded."""
    terms = tuple(w.strip() for w in str(evidence.fact("wearing-off.terms").value).split(","))
    not_before = days(evidence.fact("forecast.not-a-trough-after-end"))
    found, aside = [], []
    for course in study:
        if not course.doses or not course.has("symptoms"):
            why = "no dose" if not course.doses else "symptoms not in the data"
            aside.append(SetAside(course.person.id, why))
            continue
        reports = [s for s in course.symptoms if asserts(f"{s.symptom}, {s.comment}", terms)]
        given = [d.day for d in course.doses]
        gaps = [(b - a).days / 7 for a, b in pairwise(given)]
        saturation = [
            m.value
            for m in course.results(vocabulary.SATURATION)
            if m.value is not None and not m.censor
        ]
        found.append(
            Felt(
                person=course.person.id,
                reported=bool(reports),
                level=_median(_levels(course, not_before)),
                saturation=_median(saturation),
                interval_weeks=_median(gaps),
                later=_later(course, study, reports[0].day if reports else given[0]),
            )
        )
    return found, aside


def _later(course: Course, study: Study, since: date) -> bool | None:
    """Activity in the year after, once it is over and where relapses and a scan tell.

    An active scan before the year is over does not count yet: people without activity cannot be
    counted before its end either.
    """
    until = since + timedelta(days=_FOLLOW_DAYS)
    if until > study.as_of or not course.has("relapses"):
        return None
    scans = [either(enhancing(s), new_lesions(s)) for s in course.mri if since < s.day <= until]
    relapse = any(since < r.day <= until for r in course.relapses)
    return either(relapse, over_scans(tuple(scans)))


def _compared(people: Sequence[Felt], name: str, unit: str) -> list[dict[str, Any]]:
    groups = {
        told: [v for p in people if p.reported is flag and (v := getattr(p, name)) is not None]
        for flag, told in ((True, "wearing-off reported"), (False, "not reported"))
    }
    rows = [
        {
            "measure": f"median {name.replace('_', ' ')}{f', {unit}' if unit else ''}",
            "group": told,
            "n": len(values),
            "value": float(np.median(values)),
            "low": float(np.quantile(values, 0.25)),
            "high": float(np.quantile(values, 0.75)),
        }
        for told, values in groups.items()
        if values
    ]
    one, other = groups.values()
    if min(len(one), len(other)) >= _FEWEST and len({*one, *other}) > 1:
        rows[-1]["p"] = float(mannwhitneyu(one, other).pvalue)
    return rows


def _later_rows(people: Sequence[Felt]) -> list[dict[str, Any]]:
    """No activity in the year after: of those known, and of all who entered."""
    rows, counts = [], []
    for told, own in (
        ("all", list(people)),
        ("wearing-off reported", [p for p in people if p.reported]),
        ("not reported", [p for p in people if not p.reported]),
    ):
        known = [p.later for p in own if p.later is not None]
        found = proportion(len(known) - sum(known), len(known), "exact")
        counts.append((found.n - found.count, found.count))
        rows.append(
            {
                "measure": "no activity in the year after",
                "group": told,
                "n": found.n,
                "count": found.count,
                "value": found.value,
                "low": found.low,
                "high": found.high,
                "unknown": len(own) - len(known),
                "share_if_all_others_had_activity": found.count / len(own) if own else None,
            }
        )
        entered = proportion(found.count, len(own), "exact")
        rows.append(
            {
                "measure": "of all who entered, no activity known in the year after",
                "group": told,
                "n": entered.n,
                "count": entered.count,
                "value": entered.value,
                "low": entered.low,
                "high": entered.high,
            }
        )
    if all(sum(pair) for pair in counts[1:]):
        exact: Any = fisher_exact(counts[1:])
        rows[-2]["p"] = float(exact.pvalue)
    return rows


def _figures(rows: Sequence[Mapping[str, Any]]) -> tuple[Figure, ...]:
    """Who reported it, and how many stayed without activity, with intervals."""
    estimates = tuple(
        Estimate(f"{name}{r['group']}", r["value"], r["low"], r["high"])
        for r in rows
        for measure, name in (
            ("people who reported wearing-off", "reported it, "),
            ("no activity in the year after", "no activity, "),
        )
        if r["measure"] == measure and r["value"] is not None
    )
    figure = Figure(
        title="Wearing-off, and no activity in the year after",
        x="share of people",
        y="",
        estimates=estimates,
        summary="Points with 95 % intervals: Wilson for reports, exact for the year after.",
    )
    return (figure,) if estimates else ()


def _conclude(part: Part, whole: Whole, _: Registry) -> AnalysisResult:
    """Frequency, levels, saturation and interval by report, and activity in the year after."""
    people, aside = part
    share = proportion(sum(p.reported for p in people), len(people))
    rows: list[dict[str, Any]] = [
        {
            "measure": "people who reported wearing-off",
            "group": "all",
            "n": share.n,
            "count": share.count,
            "value": share.value,
            "low": share.low,
            "high": share.high,
        }
    ]
    for name, unit in (("level", "ug/mL"), ("saturation", ""), ("interval_weeks", "")):
        rows += _compared(people, name, unit)
    rows += _later_rows(people)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(rows),
        definitions={
            "reported": "a recorded symptom among wearing-off.terms that no clause denies",
            "level": "median of usable troughs of a person",
            "activity": "relapse, enhancing, new or enlarging T2 lesion within a year of the first "
            "report, or of the first dose without one; unknown where nobody looked",
            "comparison": "Mann-Whitney, Fisher; medians with quartiles; shares exact",
        },
        text="Wearing-off is a symptom; no cause follows from these differences.",
        figures=_figures(rows),
        flow=(
            Step("people in the data", whole.people),
            Step(
                "on natalizumab with symptoms recorded",
                len(people),
                tuple(
                    (why, sum(a.reason == why for a in aside))
                    for why in dict.fromkeys(a.reason for a in aside)
                ),
            ),
        ),
        set_aside=tuple(aside),
        facts=("wearing-off.terms",),
    )


WEARING_OFF = Analysis(
    name=NAME, title=TITLE, needs=("symptoms", "doses"), take=felt, conclude=_conclude
)
