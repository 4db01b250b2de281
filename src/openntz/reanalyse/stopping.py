"""After stopping: when disease returns on MRI and clinically, and rebound by four definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import inf
from typing import Any, Final

import numpy as np
from lifelines import KaplanMeierFitter

from openntz.course.course import Course
from openntz.course.events import Dose
from openntz.definitions.activity import either, enhancing, new_lesions
from openntz.definitions.off_drug import OffDrug, successors
from openntz.definitions.rebound import Met, Rebound, rebound
from openntz.definitions.therapy import therapy
from openntz.evidence.registry import Registry
from openntz.reanalyse.limits import (
    days,
    rebound_limits,
    therapy_limits,
    treatment_names,
)
from openntz.reanalyse.result import Analysis, AnalysisResult, Figure, Line, Step, table
from openntz.reanalyse.statistics import proportion
from openntz.reanalyse.study import Study

NAME: Final = "stopping"
TITLE: Final = "After stopping: return of disease and rebound"
_WEEK: Final = 7
_WEEKS_TOLD: Final = (12, 16, 24, 52)
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Stopped:
    """One stretch off the drug with the first drug that followed."""

    course: Course
    off: OffDrug
    successor: str
    washout: int | None


def restarts(course: Course, gap_days: int) -> list[tuple[Dose, Dose]]:
    """Each restart with the dose before it: after a gap so long, or any after a recorded stop."""
    stops = [p.stopped for p in course.plans if p.stopped is not None]
    return [
        (before, dose)
        for before, dose in pairwise(course.doses)
        if (dose.day - before.day).days >= gap_days
        or any(before.day <= s < dose.day for s in stops)
    ]


def stretches(study: Study, evidence: Registry) -> list[Stopped]:
    """Every stretch off natalizumab: those a restart ended, and the open one."""
    limits, names = therapy_limits(evidence), treatment_names(evidence)
    gap = round(days(evidence.fact("restart.gap")))
    overlap = round(days(evidence.fact("stopping.successor-overlap")))
    found = []
    for course in study:
        if not course.doses:
            continue
        standing = therapy(course, study.as_of, limits)
        first = course.doses[0].day
        pairs: list[tuple[Dose, Dose | None]] = list(restarts(course, gap))
        if standing.off_therapy:
            pairs.append((course.doses[-1], None))
        for last, restart in pairs:
            until = study.as_of if restart is None else restart.day
            off = OffDrug(first, last, until, restart)
            then = successors(course.treatments, off, names, overlap)
            found.append(
                Stopped(
                    course,
                    off,
                    then[0].name if then else "none recorded",
                    max(0, (then[0].day - last.day).days) if then else None,
                )
            )
    return found


def _relapse_times(found: Sequence[Stopped]) -> tuple[list[float], list[bool]]:
    lasted, seen = [], []
    for s in found:
        if not s.course.has("relapses"):
            continue
        last = s.off.last_dose.day
        after = [r.day for r in s.course.relapses if last < r.day <= s.off.until]
        end = after[0] if after else s.off.until
        lasted.append(float(max(1, (end - last).days)))
        seen.append(bool(after))
    return lasted, seen


def _mri_times(found: Sequence[Stopped]) -> tuple[list[float], list[float]]:
    """Days between which the first active scan lies: after the last quiet one, up to it."""
    lower, upper = [], []
    for s in found:
        last = s.off.last_dose.day
        quiet, active = 0.0, inf
        told = False
        for scan in s.course.mri:
            if not last < scan.day <= s.off.until:
                continue
            answer = either(enhancing(scan), new_lesions(scan))
            day = float((scan.day - last).days)
            if answer is None:
                continue
            told = True
            if answer:
                active = day
                break
            quiet = day
        if told:
            lower.append(quiet)
            upper.append(active)
    return lower, upper


def _curves(found: Sequence[Stopped]) -> tuple[Figure, list[dict[str, Any]]]:
    lines, rows = [], []
    lasted, seen = _relapse_times(found)
    if len(lasted) >= _FEWEST:
        fit = KaplanMeierFitter().fit(lasted, seen)
        curve = 1 - fit.survival_function_.iloc[:, 0]
        lines.append(_line("relapse", curve))
        rows += _by_week("relapse by week (Kaplan and Meier)", curve, len(lasted), sum(seen))
    lower, upper = _mri_times(found)
    active = sum(u < inf for u in upper)
    if len(lower) >= _FEWEST and active >= _FEWEST:
        between = KaplanMeierFitter()
        between.fit_interval_censoring(lower, upper)
        curve = 1 - between.survival_function_.iloc[:, 0]
        curve = curve[np.isfinite(curve.index)]
        lines.append(_line("active MRI (interval-censored)", curve))
        rows += _by_week("active MRI by week (interval-censored)", curve, len(lower), active)
    figure = Figure(
        title="Return of disease after the last dose",
        x="weeks since the last dose",
        y="share in whom it has returned",
        lines=tuple(lines),
        summary="Relapses by Kaplan and Meier; a scan says only that activity began before it.",
    )
    return figure, rows


def _line(name: str, curve: Any) -> Line:
    return Line(
        name,
        tuple(float(d) / _WEEK for d in curve.index),
        tuple(float(v) for v in curve),
        steps=True,
    )


def _by_week(measure: str, curve: Any, n: int, events: int) -> list[dict[str, Any]]:
    rows = []
    for week in _WEEKS_TOLD:
        reached = curve[curve.index <= week * _WEEK]
        if len(reached):
            rows.append(
                {"measure": measure, "group": "all stretches", "week": week, "n": n,
                 "count": events, "value": float(reached.iloc[-1])}
            )  # fmt: skip
    return rows


def _rebounds(found: Sequence[Stopped], evidence: Registry) -> list[dict[str, Any]]:
    limits, rows = rebound_limits(evidence), []
    verdicts = []
    for s in found:
        known = s.course.until(s.off.until)
        verdicts.append((s, {v.definition: v for v in rebound(known, s.off, limits, _next(s))}))
    groups = {"all stretches": [s for s, _ in verdicts]}
    for name in sorted({s.successor for s in found}):
        groups[f"successor: {name}"] = [s for s in found if s.successor == name]
    for name, own in groups.items():
        for definition in Rebound:
            answers = [v[definition].met for s, v in verdicts if s in own]
            known = [a for a in answers if a is not Met.UNKNOWN]
            share = proportion(sum(a is Met.YES for a in known), len(known))
            rows.append(
                {
                    "measure": f"rebound by {definition.value}",
                    "group": name,
                    "n": share.n,
                    "count": share.count,
                    "value": share.value,
                    "low": share.low,
                    "high": share.high,
                    "unknown": len(answers) - len(known),
                }
            )
    return rows


def _next(stopped: Stopped) -> date | None:
    if stopped.washout is None:
        return None
    starts = [t.day for t in stopped.course.treatments if t.name == stopped.successor]
    return min((d for d in starts if d >= stopped.off.first_dose), default=None)


def _washouts(found: Sequence[Stopped]) -> list[dict[str, Any]]:
    rows = []
    for name in sorted({s.successor for s in found if s.washout is not None}):
        own = [s.washout for s in found if s.successor == name and s.washout is not None]
        rows.append(
            {
                "measure": "median days of washout",
                "group": name,
                "n": len(own),
                "value": float(np.median(own)),
                "low": float(min(own)),
                "high": float(max(own)),
            }
        )
    return rows


def stopping(study: Study, evidence: Registry) -> AnalysisResult:
    """Time to relapse and to an active scan, rebound by four definitions, washouts."""
    found = stretches(study, evidence)
    figure, weeks = _curves(found)
    limits = rebound_limits(evidence)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table([*weeks, *_rebounds(found, evidence), *_washouts(found)]),
        definitions={
            "stretch": f"a gap of {days(evidence.fact('restart.gap')):g} d or more, any pause "
            "after a recorded stop, or the time since therapy ended",
            "sorensen": f"more relapses a year after than in the {limits.before_days} d before",
            "gueguen": f"relapse, more than {limits.gueguen_lesions:g} enhancing lesions and more "
            "than before the drug",
            "ivmp": "as gueguen, new T2 lesions counting too, up to six months into the next drug",
            "edss": f"EDSS {limits.edss_steps} steps or more above the last on the drug",
            "washout": "median with the range; 0 where the next drug began before the last dose",
        },
        text=f"{len(found)} stretches off natalizumab in "
        f"{len({s.course.person.id for s in found})} people.",
        figures=(figure,) if figure.lines else (),
        flow=(
            Step("people in the data", len(study)),
            Step("stretches off natalizumab", len(found)),
        ),
        facts=("restart.gap", "rebound.rate-before", "rebound.gueguen-2014.gd",
               "rebound.ivmp.gd", "rebound.edss-steps"),
    )  # fmt: skip


STOPPING = Analysis(name=NAME, title=TITLE, needs=("doses",), run=stopping)
