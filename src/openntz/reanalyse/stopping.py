"""After stopping: when disease returns on MRI and clinically, and rebound by four definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations, pairwise
from math import inf
from typing import Any, Final

import numpy as np
from lifelines import KaplanMeierFitter
from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Dose
from openntz.definitions.activity import either, enhancing, new_lesions
from openntz.definitions.off_drug import OffDrug, successors
from openntz.definitions.rebound import Met, Rebound, ReboundLimits, rebound
from openntz.definitions.therapy import therapy
from openntz.evidence.registry import Registry
from openntz.reanalyse.limits import (
    days,
    rebound_limits,
    therapy_limits,
    treatment_names,
)
from openntz.reanalyse.result import Analysis, AnalysisResult, Figure, Line, Part, Step, table
from openntz.reanalyse.statistics import proportion, share_difference
from openntz.reanalyse.stayed import on_their_clock, stayed
from openntz.reanalyse.study import SetAside, Study, Whole
from openntz.reanalyse.turnbull import turnbull

NAME: Final = "stopping"
TITLE: Final = "After stopping: return of disease and rebound"
_WEEK: Final = 7
_WEEKS_TOLD: Final = (12, 16, 24, 52)
STAYED: Final = "stayed on natalizumab, from the same time"
_FEWEST: Final = 2
_FEWEST_COMPARED: Final = 5  # people a group needs for a comparison


class Stopped(Struct, frozen=True, eq=False):
    """One stretch off the drug with the first drug that followed."""

    course: Course
    off: OffDrug
    successor: str
    next_drug: date | None

    @property
    def washout(self) -> int | None:
        """Days from the last dose to the next drug, 0 where it began before; None without one."""
        if self.next_drug is None:
            return None
        return max(0, (self.next_drug - self.off.last_dose.day).days)


def restarts(course: Course, gap_days: int) -> list[tuple[Dose, Dose]]:
    """Each restart with the dose before it: after a gap so long, or any after a recorded stop."""
    stops = [p.stopped for p in course.plans if p.stopped is not None]
    return [
        (before, dose)
        for before, dose in pairwise(course.doses)
        if (dose.day - before.day).days >= gap_days
        or any(before.day <= s < dose.day for s in stops)
    ]


def stretches(study: Study, evidence: Registry) -> tuple[list[Stopped], list[SetAside]]:
    """Every stretch off natalizumab: those a restart ended, and the open one."""
    limits, names = therapy_limits(evidence), treatment_names(evidence)
    gap = round(days(evidence.fact("restart.gap")))
    overlap = round(days(evidence.fact("stopping.successor-overlap")))
    found, aside = [], []
    for course in study:
        if not course.doses:
            aside.append(SetAside(course.person.id, "no natalizumab"))
            continue
        standing = therapy(course, study.as_of, limits)
        first = course.doses[0].day
        pairs: list[tuple[Dose, Dose | None]] = list(restarts(course, gap))
        if standing.off_therapy:
            pairs.append((course.doses[-1], None))
        if not pairs:
            aside.append(SetAside(course.person.id, "never off natalizumab"))
        for last, restart in pairs:
            until = study.as_of if restart is None else restart.day
            off = OffDrug(first, last, until, restart)
            then = successors(course.treatments, off, names, overlap)
            found.append(
                Stopped(
                    course,
                    off,
                    then[0].name if then else "none recorded",
                    then[0].day if then else None,
                )
            )
    return found, aside


class Stretch(Struct, frozen=True, kw_only=True):
    """What the tables need of a stretch.

    ``on_drug`` is the days from the first to the last dose before it;
    ``relapse`` is the days until the first relapse or the end and whether there was one,
    ``active`` the days between which the first active scan lies; None where nobody looked.
    """

    person: str
    arm: str
    successor: str
    on_drug: int
    washout: int | None
    relapse: tuple[float, bool] | None
    active: tuple[float, float] | None
    rebound: tuple[Met, ...]


def _relapse(s: Stopped) -> tuple[float, bool] | None:
    if not s.course.has("relapses"):
        return None
    last = s.off.last_dose.day
    after = [r.day for r in s.course.relapses if last < r.day <= s.off.until]
    end = after[0] if after else s.off.until
    return float(max(1, (end - last).days)), bool(after)


def _active(s: Stopped) -> tuple[float, float] | None:
    """Days between which the first active scan lies: after the last quiet one, up to it."""
    answers = _scans(s)
    if not answers:
        return None
    first = min((day for day, active in answers.items() if active), default=inf)
    return max((day for day in answers if day < first), default=0.0), first


def _rebound(s: Stopped, limits: ReboundLimits) -> tuple[Met, ...]:
    verdicts = rebound(s.course.until(s.off.until), s.off, limits, s.next_drug)
    met = {v.definition: v.met for v in verdicts}
    return tuple(met[definition] for definition in Rebound)


def _scans(stopped: Stopped) -> dict[float, bool]:
    """Days since the last dose of the scans that tell, and whether they showed activity."""
    last, answers = stopped.off.last_dose.day, {}
    for scan in stopped.course.mri:
        active = either(enhancing(scan), new_lesions(scan))
        if last < scan.day <= stopped.off.until and active is not None:
            day = float((scan.day - last).days)
            answers[day] = answers.get(day, False) or active
    return answers


def _grouped(found: Sequence[Stretch]) -> dict[str, list[Stretch]]:
    """All stretches, then by successor, then by arm where the data have several."""
    groups = {"all stretches": list(found)}
    for name in sorted({s.successor for s in found}):
        groups[f"successor: {name}"] = [s for s in found if s.successor == name]
    known = sorted({s.arm for s in found if s.arm})
    for arm in known if len(known) > 1 else ():
        groups[f"arm: {arm}"] = [s for s in found if s.arm == arm]
    return groups


def _relapses(found: Sequence[Stretch]) -> tuple[list[Line], list[dict[str, Any]]]:
    told = [s.relapse for s in found if s.relapse is not None]
    lasted, seen = [days for days, _ in told], [relapsed for _, relapsed in told]
    if len(lasted) < _FEWEST:
        return [], []
    fit = KaplanMeierFitter().fit(lasted, seen)
    curve = 1 - fit.survival_function_.iloc[:, 0]
    line = Line(
        "relapse",
        tuple(float(d) / _WEEK for d in curve.index),
        tuple(float(v) for v in curve),
        steps=True,
    )
    # Nobody followed that long can say what came by then.
    weeks = [w for w in _WEEKS_TOLD if w * _WEEK <= max(lasted)]
    return [line], [
        {
            "measure": "relapse by week (Kaplan and Meier)",
            "group": "all stretches",
            "week": week,
            "n": len(lasted),
            "count": sum(s and t <= week * _WEEK for t, s in zip(lasted, seen, strict=True)),
            "value": float(curve[curve.index <= week * _WEEK].iloc[-1]),
        }
        for week in weeks
    ]


def _lesions(
    groups: Mapping[str, Sequence[Stretch]], kept: Sequence[tuple[float, float]]
) -> tuple[list[Line], list[dict[str, Any]]]:
    lines, rows = [], []
    looked_at = {
        name: [s.active for s in own if s.active is not None] for name, own in groups.items()
    } | {STAYED: kept}
    for name, between in looked_at.items():
        lower, upper = [low for low, _ in between], [high for _, high in between]
        if len(lower) < _FEWEST:
            continue
        curve = turnbull(lower, upper)
        if name == "all stretches" and len(curve.steps) > 1:
            line = Line(
                "active MRI (interval-censored)",
                tuple(day / _WEEK for day, _ in curve.steps),
                tuple(share for _, share in curve.steps),
                steps=True,
            )
            lines.append(line)
        looked = max(max(lower), *(u for u in upper if u < inf), 0.0)
        for week in _WEEKS_TOLD:
            if week * _WEEK > looked:
                continue
            low, high = curve.bounds(week * _WEEK)
            rows.append(
                {
                    "measure": "active MRI by week (interval-censored)",
                    "group": name,
                    "week": week,
                    "n": len(lower),
                    "count": sum(u <= week * _WEEK for u in upper),
                    "value": low,
                    "could_be": high,
                }
            )
    return lines, rows


def _curves(
    found: Sequence[Stretch],
    groups: Mapping[str, Sequence[Stretch]],
    kept: Sequence[tuple[float, float]],
) -> tuple[Figure, list[dict[str, Any]]]:
    relapse, by_relapse = _relapses(found)
    lesion, by_lesion = _lesions(groups, kept)
    figure = Figure(
        title="Return of disease after the last dose",
        x="weeks since the last dose",
        y="share in whom it has returned",
        lines=(*relapse, *lesion),
        summary="Relapses by Kaplan and Meier; a scan says only that activity began before it.",
    )
    return figure, [*by_relapse, *by_lesion]


def _rebounds(groups: Mapping[str, Sequence[Stretch]]) -> list[dict[str, Any]]:
    rows = []
    for name, own in groups.items():
        for at, definition in enumerate(Rebound):
            answers = [s.rebound[at] for s in own]
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


def _differences(groups: Mapping[str, Sequence[Stretch]]) -> list[dict[str, Any]]:
    """Rebound between any two successors, and between any two arms; nobody was randomised."""
    rows = []
    for at, definition in enumerate(Rebound):
        shares = {}
        for name, own in groups.items():
            known = [s.rebound[at] for s in own if s.rebound[at] is not Met.UNKNOWN]
            if len(known) >= _FEWEST_COMPARED:
                shares[name] = proportion(sum(a is Met.YES for a in known), len(known))
        for a, b in combinations(shares, 2):
            kind = a.split(": ")[0]
            if ": " not in a or not b.startswith(f"{kind}: "):
                continue
            found = share_difference(shares[a], shares[b])
            rows.append(
                {
                    "measure": f"difference of rebound by {definition.value}",
                    "group": f"{a} minus {b.removeprefix(f'{kind}: ')}",
                    "n": shares[a].n + shares[b].n,
                    "value": found.value,
                    "low": found.low,
                    "high": found.high,
                }
            )
    return rows


def _washouts(found: Sequence[Stretch]) -> list[dict[str, Any]]:
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


def _take(study: Study, evidence: Registry) -> Part:
    limits = rebound_limits(evidence)
    found, aside = stretches(study, evidence)
    off = {s.course.person.id for s in found}
    kept = [
        stayed(c, study.arms.get(c.person.id, ""))
        for c in study
        if c.doses and c.person.id not in off
    ]
    taken = [
        Stretch(
            person=s.course.person.id,
            arm=study.arms.get(s.course.person.id, ""),
            successor=s.successor,
            on_drug=(s.off.last_dose.day - s.off.first_dose).days,
            washout=s.washout,
            relapse=_relapse(s),
            active=_active(s),
            rebound=_rebound(s, limits),
        )
        for s in found
    ]
    return taken, aside, kept


def _conclude(part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
    """Time to relapse and to an active scan, rebound by four definitions, washouts."""
    found, aside, kept = part
    groups = _grouped(found)
    figure, weeks = _curves(found, groups, on_their_clock(kept, [s.on_drug for s in found]))
    limits = rebound_limits(evidence)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table([*weeks, *_rebounds(groups), *_differences(groups), *_washouts(found)]),
        definitions={
            "stretch": f"a gap of {days(evidence.fact('restart.gap')):g} d or more, any pause "
            "after a recorded stop, or the time since therapy ended",
            "sorensen": f"more relapses a year after than in the {limits.before_days} d before",
            "gueguen": f"relapse, more than {limits.gueguen_lesions:g} enhancing lesions and more "
            "than before the drug",
            "ivmp": "as gueguen, new T2 lesions counting too, up to six months into the next drug",
            "edss": f"EDSS {limits.edss_steps} steps or more above the last on the drug",
            "active_mri_by_week": "share surely active by then; 'could be' counts those "
            "whose first activity may have come before or after",
            "difference": "of shares, Newcombe, 95 %; not randomised",
            "stayed": "never off the drug, counted from the dose they got when the median stretch "
            "began",
            "washout": "median with the range; 0 where the next drug began before the last dose",
        },
        text=f"{len(found)} stretches off natalizumab in "
        f"{len({s.person for s in found})} people.",
        figures=(figure,) if figure.lines else (),
        flow=(
            Step("people in the data", whole.people),
            Step(
                "ever off natalizumab",
                len({s.person for s in found}),
                tuple(
                    (why, sum(a.reason == why for a in aside))
                    for why in dict.fromkeys(a.reason for a in aside)
                ),
            ),
        ),
        set_aside=tuple(aside),
        facts=("restart.gap", "rebound.rate-before", "rebound.gueguen-2014.gd",
               "rebound.ivmp.gd", "rebound.edss-steps"),
    )  # fmt: skip


STOPPING = Analysis(
    name=NAME,
    title=TITLE,
    needs=("doses",),
    uses=("relapses", "mri", "edss", "treatments"),
    one_of=("relapses", "mri", "edss"),
    take=_take,
    conclude=_conclude,
)
