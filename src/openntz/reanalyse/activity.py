"""Activity on the drug: relapse rate, lesions, NEDA, and when the first lesion came.

Whoever was not looked at stays unknown and is shown: a share of those still seen flatters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import statsmodels.api as sm
from scipy.stats import chi2

from openntz.course.course import Course
from openntz.definitions.activity import enhancing, new_lesions, over_scans
from openntz.definitions.neda import NedaLimits, neda
from openntz.definitions.relapses import distinct_relapses
from openntz.definitions.therapy import TherapyLimits, therapy
from openntz.evidence.registry import Registry
from openntz.reanalyse.groups import antibody_group
from openntz.reanalyse.limits import (
    CONVENTIONS,
    DEFINITION,
    antibody_limits,
    days,
    neda_limits,
    numbers,
    therapy_limits,
)
from openntz.reanalyse.result import Analysis, AnalysisResult, Figure, Line, Step, table
from openntz.reanalyse.statistics import proportion, settled
from openntz.reanalyse.study import SetAside, Study

NAME: Final = "activity"
TITLE: Final = "Disease activity"
_YEAR: Final = 365.25
_QUARTERS: Final = 8
_FEWEST: Final = 10  # people per arm that a regression of rates needs


@dataclass(frozen=True, slots=True)
class Followed:
    """A person over the time the analysis looks at: from entry to the end of therapy or data."""

    course: Course
    start: date
    end: date
    arm: str
    antibodies: str

    @property
    def years(self) -> float:
        """Time at risk."""
        return (self.end - self.start).days / _YEAR


def followed(study: Study, evidence: Registry) -> tuple[list[Followed], list[SetAside]]:
    """Everybody with an entry: on natalizumab until therapy ended, others until the cut-off."""
    limits, antibodies = therapy_limits(evidence), antibody_limits(evidence)
    found, aside = [], []
    for course in study:
        start = study.start_of(course)
        if start is None or start >= study.as_of:
            aside.append(SetAside(course.person.id, "no entry before the cut-off"))
            continue
        found.append(
            Followed(
                course=course,
                start=start,
                end=_end(course, study.as_of, limits),
                arm=study.arms.get(course.person.id, ""),
                antibodies=str(antibody_group(course, antibodies, DEFINITION)[0]),
            )
        )
    return found, aside


def _end(course: Course, as_of: date, limits: TherapyLimits) -> date:
    if not course.doses:
        return as_of
    standing = therapy(course, as_of, limits)
    if not standing.off_therapy:
        return as_of
    # One planned interval is still covered by the last dose.
    return min(as_of, course.doses[-1].day + timedelta(days=limits.presumed_stopped_from - 1))


def poisson_rate(events: int, years: float) -> tuple[float | None, float | None, float | None]:
    """Events a year with the exact interval of a Poisson count (Garwood 1936)."""
    if years <= 0:
        return None, None, None
    low = chi2.ppf(0.025, 2 * events) / 2 / years if events else 0.0
    return events / years, float(low), float(chi2.ppf(0.975, 2 * events + 2) / 2 / years)


def _relapses(person: Followed, apart: int) -> int:
    distinct = distinct_relapses(person.course.relapses, apart)
    return sum(person.start <= r.day <= person.end for r in distinct)


def _rates(people: Sequence[Followed], apart: int) -> list[dict[str, Any]]:
    rows = []
    told = [p for p in people if p.course.has("relapses") and p.years > 0]
    arms = dict.fromkeys(p.arm for p in told)
    groups = {"all": told} | (
        {arm or "arm not recorded": [p for p in told if p.arm == arm] for arm in arms}
        if len(arms) > 1
        else {}
    )
    for name, own in groups.items():
        events, years = sum(_relapses(p, apart) for p in own), sum(p.years for p in own)
        rate, low, high = poisson_rate(events, years)
        rows.append(
            {
                "measure": "relapses a person-year (annualised relapse rate)",
                "group": name,
                "n": len(own),
                "count": events,
                "value": rate,
                "low": low,
                "high": high,
                "person_years": years,
            }
        )
    return [*rows, *_rate_ratio(told, list(arms), apart)]


def _rate_ratio(people: Sequence[Followed], arms: list[str], apart: int) -> list[dict[str, Any]]:
    """Ratio of relapse rates between two arms by negative binomial regression."""
    known = [arm for arm in arms if arm]
    if len(known) != 2 or min(sum(p.arm == a for p in people) for a in known) < _FEWEST:
        return []
    own = [p for p in people if p.arm in known]
    first = sorted(known)[0]
    events = np.array([_relapses(p, apart) for p in own], float)
    design = sm.add_constant(np.array([[float(p.arm == first)] for p in own]))
    at_risk = np.log([max(p.years, 1 / _YEAR) for p in own])
    told, fit = (
        "negative binomial",
        settled(lambda: sm.NegativeBinomial(events, design, offset=at_risk).fit(disp=0)),
    )
    if fit is None:
        # Counts no more spread than chance have no dispersion to estimate.
        told, fit = (
            "Poisson, sandwich variance",
            settled(lambda: sm.Poisson(events, design, offset=at_risk).fit(disp=0, cov_type="HC0")),
        )
    if fit is None:
        return []
    low, high = fit.conf_int()[1]
    return [
        {
            "measure": f"ratio of relapse rates ({told})",
            "group": f"{first} against {next(a for a in known if a != first)}",
            "n": len(own),
            "count": int(events.sum()),
            "value": float(np.exp(fit.params[1])),
            "low": float(np.exp(low)),
            "high": float(np.exp(high)),
            "p": float(fit.pvalues[1]),
        }
    ]


def _lesions(
    people: Sequence[Followed], years: Sequence[float], grace: float
) -> list[dict[str, Any]]:
    """Share with a lesion by a year, of those scanned in its second half.

    Whoever was scanned early only is unknown even where that scan was active: counting such
    people only when they were active would make activity look more frequent than it is.
    """
    rows = []
    for year in years:
        for what, told in (("new or enlarging T2", new_lesions), ("enhancing", enhancing)):
            answers = []
            for p in people:
                until = min(p.end, p.start + timedelta(days=round(year * _YEAR + grace)))
                late = p.start + timedelta(days=round((year - 0.5) * _YEAR))
                scans = [s for s in p.course.mri if p.start < s.day <= until]
                found = over_scans(tuple(told(s) for s in scans))
                seen = any(s.day > late and told(s) is not None for s in scans)
                answers.append(found if seen else None)
            rows.append(
                _share(f"{what} lesion by year {year:g}", "scanned in its 2nd half", answers)
            )
    return rows


def _share(measure: str, group: str, answers: Sequence[bool | None]) -> dict[str, Any]:
    known = [a for a in answers if a is not None]
    found = proportion(sum(known), len(known))
    return {
        "measure": measure,
        "group": group,
        "n": found.n,
        "count": found.count,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "unknown": len(answers) - len(known),
    }


def _neda(
    people: Sequence[Followed], years: Sequence[float], limits: NedaLimits
) -> list[dict[str, Any]]:
    rows = []
    for year in years:
        judged, lost = [], 0
        for p in people:
            last = p.start + timedelta(days=limits.baseline + round(year * _YEAR))
            if p.end < last:
                lost += 1
                continue
            judged.append(
                neda(p.course, p.start, p.start + timedelta(days=limits.baseline), last, limits)
            )
        for convention in CONVENTIONS:
            for name, answers in (
                ("NEDA-3", [j.neda3(convention) for j in judged]),
                ("NEDA-4", [j.neda4(convention) for j in judged]),
            ):
                row = _share(
                    f"{name} over {year:g} y from re-baseline", f"EDSS by {convention}", answers
                )
                worst = proportion(row["count"], row["n"] + row["unknown"] + lost)
                rows.append(row | {"lost": lost, "share_if_all_others_had_activity": worst.value})
    return rows


def _first_lesion(people: Sequence[Followed]) -> tuple[list[dict[str, Any]], Figure]:
    """Of those scanned in a quarter without a lesion before, how many showed the first."""
    rows, lines = [], []
    for group in sorted({p.antibodies for p in people}):
        seen: Counter[int] = Counter()
        first: Counter[int] = Counter()
        for p in people:
            if p.antibodies != group:
                continue
            for scan in p.course.mri:
                if not p.start < scan.day <= p.end:
                    continue
                quarter = int((scan.day - p.start).days / (_YEAR / 4))
                lesions = new_lesions(scan)
                if lesions is None or quarter >= _QUARTERS:
                    continue
                seen[quarter] += 1
                if lesions:
                    first[quarter] += 1
                    break
        xs, ys = [], []
        for quarter in range(_QUARTERS):
            if seen[quarter]:
                found = proportion(first[quarter], seen[quarter])
                rows.append(
                    {
                        "measure": "first new T2 lesion on a scan of the quarter",
                        "group": group,
                        "quarter": quarter + 1,
                        "n": found.n,
                        "count": found.count,
                        "value": found.value,
                        "low": found.low,
                        "high": found.high,
                    }
                )
                xs.append(float(quarter + 1))
                ys.append(found.count / found.n)
        if len(xs) > 1:
            lines.append(Line(group, tuple(xs), tuple(ys)))
    figure = Figure(
        title="First new T2 lesion by quarter",
        x="quarter since the first dose",
        y="share of those scanned and free until then",
        lines=tuple(lines),
        summary="By antibody group; early lesions may have begun before the drug worked.",
    )
    return rows, figure


def activity(study: Study, evidence: Registry) -> AnalysisResult:
    """Relapse rate, lesions, NEDA with unknowns and loss, first lesion by quarter."""
    limits = neda_limits(evidence)
    years = numbers(evidence.fact("reanalyse.follow-up-years"))
    people, aside = followed(study, evidence)
    quarters, figure = _first_lesion(people)
    rates = _rates(people, limits.relapse_apart)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [
                *rates,
                *_lesions(people, years, days(evidence.fact("reanalyse.visit.after"))),
                *_neda(people, years, limits),
                *quarters,
            ]
        ),
        definitions={
            "time_at_risk": "from entry to the cut-off, or to the day before a stop is presumed",
            "relapse": f"at least {limits.relapse_apart} d after the one before",
            "re_baseline_days": limits.baseline,
            "edss_conventions": "msprog: half a point above 5.0; MSoutcomes: from 6.0",
            "edss_confirmed_after_days": limits.conventions[CONVENTIONS[0]].confirmed_after,
            "volume_loss_percent_a_year": limits.volume_loss_percent,
            "unknown": "a component nobody looked at; never counted as no activity",
            "lost": "not followed to the end of the period",
            "interval": "shares: Wilson; rates: exact Poisson; ratios: negative binomial",
        },
        text=""
        if not rates
        else f"{rates[0]['count']} relapses in {rates[0]['person_years']:.0f} person-years.",
        figures=(figure,) if figure.lines else (),
        flow=(
            Step("people in the data", len(study)),
            Step(
                "with time at risk",
                len(people),
                (("no entry before the cut-off", len(aside)),) if aside else (),
            ),
        ),
        set_aside=tuple(aside),
        facts=(
            "relapse.apart", "neda.baseline", "neda.volume-loss", "edss.rise.from-zero",
            "edss.rise.middle", "edss.rise.high", "edss.high-from.msprog",
            "edss.high-from.msoutcomes", "edss.confirmed-after.short",
        ),
    )  # fmt: skip


ACTIVITY = Analysis(name=NAME, title=TITLE, needs=("doses",), run=activity)
