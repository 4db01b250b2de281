"""Activity on the drug: relapse rate, lesions, NEDA, and when the first lesion came.

Whoever was not looked at stays unknown and is shown: a share of those still seen flatters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import statsmodels.api as sm
from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Scan
from openntz.definitions.activity import enhancing, new_lesions, over_scans
from openntz.definitions.neda import NedaLimits, neda
from openntz.definitions.relapses import distinct_relapses
from openntz.definitions.therapy import TherapyLimits, therapy
from openntz.evidence.registry import Registry
from openntz.reanalyse.by_product import OnProduct, product_rows
from openntz.reanalyse.first_lesion import Quarters, first_lesion, quarters_of
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
from openntz.reanalyse.result import Analysis, AnalysisResult, Part, Step, table
from openntz.reanalyse.statistics import poisson_rate, proportion, settled
from openntz.reanalyse.study import SetAside, Study, Whole

NAME: Final = "activity"
TITLE: Final = "Disease activity"
_YEAR: Final = 365.25
_FEWEST: Final = 10  # people per arm that a regression of rates needs


class Followed(Struct, frozen=True):
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


class Judged(Struct, frozen=True, kw_only=True):
    """What the tables need of a person.

    ``product`` is that of the first dose, None without one; ``relapses`` is None where they are
    not recorded. ``lesions`` are answers by year, new T2 before enhancing; ``neda`` by year, None
    for those not followed so long, else NEDA-3 and -4 by convention; ``quarters`` the scans until
    the first lesion, with whether it showed one.
    """

    arm: str
    antibodies: str
    product: str | None
    years: float
    relapses: int | None
    lesions: tuple[bool | None, ...]
    neda: tuple[tuple[bool | None, ...] | None, ...]
    quarters: Quarters


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


def _relapses(person: Followed, apart: int) -> int:
    distinct = distinct_relapses(person.course.relapses, apart)
    return sum(person.start <= r.day <= person.end for r in distinct)


def _rates(people: Sequence[Judged]) -> list[dict[str, Any]]:
    rows = []
    told = [p for p in people if p.relapses is not None and p.years > 0]
    arms = dict.fromkeys(p.arm for p in told)
    groups = {"all": told} | (
        {arm or "arm not recorded": [p for p in told if p.arm == arm] for arm in arms}
        if len(arms) > 1
        else {}
    )
    for name, own in groups.items():
        events, years = sum(p.relapses or 0 for p in own), sum(p.years for p in own)
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
    return [*rows, *_rate_ratio(told, list(arms))]


def _rate_ratio(people: Sequence[Judged], arms: list[str]) -> list[dict[str, Any]]:
    """Ratio of relapse rates between two arms by negative binomial regression."""
    known = [arm for arm in arms if arm]
    if len(known) != 2 or min(sum(p.arm == a for p in people) for a in known) < _FEWEST:
        return []
    own = [p for p in people if p.arm in known]
    first = sorted(known)[0]
    events = np.array([p.relapses for p in own], float)
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


_LESIONS: Final[dict[str, Callable[[Scan], bool | None]]] = {
    "new or enlarging T2": new_lesions,
    "enhancing": enhancing,
}


def _lesions_of(p: Followed, years: Sequence[float], grace: float) -> tuple[bool | None, ...]:
    """By year, and new T2 before enhancing: whether a lesion came by then.

    Whoever was scanned early only is unknown even where that scan was active: counting such
    people only when they were active would make activity look more frequent than it is.
    """
    answers = []
    for year in years:
        until = min(p.end, p.start + timedelta(days=round(year * _YEAR + grace)))
        late = p.start + timedelta(days=round((year - 0.5) * _YEAR))
        scans = [s for s in p.course.mri if p.start < s.day <= until]
        for told in _LESIONS.values():
            found = over_scans(tuple(told(s) for s in scans))
            seen = any(s.day > late and told(s) is not None for s in scans)
            answers.append(found if seen else None)
    return tuple(answers)


def _lesions(people: Sequence[Judged], years: Sequence[float]) -> list[dict[str, Any]]:
    """Share with a lesion by a year, of those scanned in its second half."""
    asked = [(what, year) for year in years for what in _LESIONS]
    return [
        _share(
            f"{what} lesion by year {year:g}",
            "scanned in its 2nd half",
            [p.lesions[at] for p in people],
        )
        for at, (what, year) in enumerate(asked)
    ]


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


def _neda_of(
    p: Followed, years: Sequence[float], limits: NedaLimits
) -> tuple[tuple[bool | None, ...] | None, ...]:
    """By year NEDA-3 and NEDA-4 by convention, None for somebody not followed so long."""
    found: list[tuple[bool | None, ...] | None] = []
    for year in years:
        last = p.start + timedelta(days=limits.baseline + round(year * _YEAR))
        if p.end < last:
            found.append(None)
            continue
        j = neda(p.course, p.start, p.start + timedelta(days=limits.baseline), last, limits)
        found.append(tuple(told for c in CONVENTIONS for told in (j.neda3(c), j.neda4(c))))
    return tuple(found)


def _neda(people: Sequence[Judged], years: Sequence[float]) -> list[dict[str, Any]]:
    rows = []
    for at, year in enumerate(years):
        judged = [told for p in people if (told := p.neda[at]) is not None]
        lost = len(people) - len(judged)
        for c, convention in enumerate(CONVENTIONS):
            for i, name in enumerate(("NEDA-3", "NEDA-4")):
                answers = [told[2 * c + i] for told in judged]
                row = _share(
                    f"{name} over {year:g} y from re-baseline", f"EDSS by {convention}", answers
                )
                worst = proportion(row["count"], row["n"] + row["unknown"] + lost)
                rows.append(row | {"lost": lost, "share_if_all_others_had_activity": worst.value})
    return rows


def _product(course: Course) -> str | None:
    return course.doses[0].product.strip().casefold() if course.doses else None


def _by_product(people: Sequence[Judged], years: Sequence[float]) -> list[dict[str, Any]]:
    names = [f"{what} lesion by year {year:g}" for year in years for what in _LESIONS]
    return product_rows(
        [
            OnProduct(
                product=p.product,
                years=p.years,
                relapses=p.relapses,
                lesions=dict(zip(names, p.lesions, strict=True)),
            )
            for p in people
            if p.product is not None
        ]
    )


def _take(study: Study, evidence: Registry) -> Part:
    limits = neda_limits(evidence)
    years = numbers(evidence.fact("reanalyse.follow-up-years"))
    grace = days(evidence.fact("reanalyse.visit.after"))
    people, aside = followed(study, evidence)
    judged = [
        Judged(
            arm=p.arm,
            antibodies=p.antibodies,
            product=_product(p.course),
            years=p.years,
            relapses=_relapses(p, limits.relapse_apart) if p.course.has("relapses") else None,
            lesions=_lesions_of(p, years, grace),
            neda=_neda_of(p, years, limits),
            quarters=quarters_of(p.course.mri, p.start, p.end),
        )
        for p in people
    ]
    return judged, aside


def _conclude(part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
    """Relapse rate, lesions, NEDA with unknowns and loss, first lesion by quarter."""
    people, aside = part
    limits = neda_limits(evidence)
    years = numbers(evidence.fact("reanalyse.follow-up-years"))
    quarters, figure = first_lesion([(p.antibodies, p.quarters) for p in people])
    rates = _rates(people)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [
                *rates,
                *_lesions(people, years),
                *_neda(people, years),
                *quarters,
                *_by_product(people, years),
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
            "interval": "shares: Wilson; rates: exact Poisson; ratios: negative binomial; "
            "differences of rates: normal, of shares: Newcombe",
            "product": "of the first dose; not chosen by lot",
        },
        text=""
        if not rates
        else f"{rates[0]['count']} relapses in {rates[0]['person_years']:.0f} person-years.",
        figures=(figure,) if figure.lines else (),
        flow=(
            Step("people in the data", whole.people),
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


ACTIVITY = Analysis(
    name=NAME,
    title=TITLE,
    needs=("doses",),
    uses=("relapses", "mri", "edss"),
    one_of=("relapses", "mri", "edss"),
    take=_take,
    conclude=_conclude,
)
