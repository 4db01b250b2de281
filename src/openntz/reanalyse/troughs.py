"""Troughs: how many are high, how steady they are within a person, and what they go with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from msgspec import Struct
from scipy.stats import spearmanr

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.evidence.registry import Registry
from openntz.reanalyse.groups import antibody_group
from openntz.reanalyse.limits import DEFINITION, antibody_limits, days
from openntz.reanalyse.result import Analysis, AnalysisResult, Estimate, Figure, Part, Step, table
from openntz.reanalyse.statistics import proportion, settled, within_person
from openntz.reanalyse.study import SetAside, Study, Whole

NAME: Final = "troughs"
TITLE: Final = "Trough levels"
_CUTS: Final = ("target.trough-10", "target.trough-5", "target.trough-2")
_MANY: Final = 1000  # people from which the sandwich variance needs no correction
_FEWEST: Final = 10  # people below which a regression of three terms says nothing


class Trough(Struct, frozen=True):
    """One usable trough: the days since the dose before it, and the weight then if known."""

    person: str
    level: float
    censored: bool
    interval: int
    doses_before: int
    weight: float | None
    antibodies: str


def _weight_at(course: Course, level: Measurement) -> float | None:
    known = [m.value for m in course.results(vocabulary.WEIGHT) if m.at <= level.at]
    return known[-1] if known else None


def trough_of(course: Course, level: Measurement, after_dose: float, group: str) -> Trough | str:
    """A level as a trough, or why it is none.

    Of a level below its limit of quantification the limit is kept, marked as censored.
    """
    if level.value is None or level.censor == ">":
        return "level without a number"
    before = [d for d in course.doses if d.at < level.at]
    if not before:
        return "level before the first dose"
    dose = before[-1]
    if dose.day == level.day and not (dose.time_known and level.time_known):
        # Drawn on the day of a dose without a time of day: before that dose, as troughs are.
        before = before[:-1]
        if not before:
            return "level on the day of the first dose"
        dose = before[-1]
    if level.at - dose.at < timedelta(days=after_dose):
        return "level during or soon after a dose"
    return Trough(
        person=course.person.id,
        level=level.value,
        censored=level.censor == "<",
        interval=(level.day - dose.day).days,
        doses_before=len(before),
        weight=_weight_at(course, level),
        antibodies=group,
    )


class _Value(Struct, frozen=True):
    """A level, or a limit below which it lies."""

    number: float
    censored: bool

    def reaches(self, cut: float) -> bool | None:
        """Whether it is at or above a cut; None where only its limit is known and lies above."""
        if not self.censored:
            return self.number >= cut
        return None if self.number > cut else False


def _median(troughs: Sequence[Trough]) -> _Value:
    """The middle trough of a person, the lower of two middle ones."""
    ordered = sorted(troughs, key=lambda t: (t.level, not t.censored))
    middle = ordered[(len(ordered) - 1) // 2]
    return _Value(middle.level, middle.censored)


def _shares(troughs: Sequence[Trough], evidence: Registry) -> list[dict[str, Any]]:
    rows = []
    by_person: dict[str, list[Trough]] = {}
    for t in troughs:
        by_person.setdefault(t.person, []).append(t)
    groups = {
        "people by their median trough": [_median(own) for own in by_person.values()],
        "troughs": [_Value(t.level, t.censored) for t in troughs],
    }
    for name in _CUTS:
        cut = evidence.fact(name).number
        for what, values in groups.items():
            known = [told for v in values if (told := v.reaches(cut)) is not None]
            found = proportion(sum(known), len(known))
            rows.append(
                {
                    "measure": f"at least {cut:g} ug/mL",
                    "group": what,
                    "n": found.n,
                    "count": found.count,
                    "value": found.value,
                    "low": found.low,
                    "high": found.high,
                }
            )
    return rows


def _steadiness(troughs: Sequence[Trough]) -> list[dict[str, Any]]:
    by_person: dict[str, list[float]] = {}
    for t in troughs:
        if not t.censored:
            by_person.setdefault(t.person, []).append(t.level)
    found = within_person([np.array(v) for v in by_person.values()])
    told = {"group": "within and between people", "n": found.people, "count": found.values}
    return [
        {"measure": measure, "value": of.value, "low": of.low, "high": of.high, **told}
        for measure, of in (
            ("intraclass correlation", found.icc),
            ("within-person coefficient of variation", found.cv),
        )
    ]


def _fitted(log_level: Any, design: Any, people: Any) -> Any:
    """Least squares with the sandwich variance of people as clusters.

    With few of them it is too small, and is corrected as by Mancl and DeRouen 2001.
    """
    if people.nunique() < _MANY:
        return sm.GEE(log_level, design, groups=people).fit(cov_type="bias_reduced")
    return sm.OLS(log_level, design).fit(cov_type="cluster", cov_kwds={"groups": people})


def _relations(troughs: Sequence[Trough]) -> list[dict[str, Any]]:
    """Weight and interval against the logarithm of the trough, people as clusters."""
    frame = pd.DataFrame(
        [
            (t.person, np.log(t.level), t.weight, t.interval / 7)
            for t in troughs
            if t.weight is not None and not t.censored and t.level > 0
        ],
        columns=pd.Index(["person", "log_level", "weight", "weeks"]),
    )
    rows: list[dict[str, Any]] = []
    if frame["person"].nunique() < _FEWEST:
        return rows
    varies = [name for name in ("weight", "weeks") if frame[name].std() > 0]
    if not varies:
        return rows
    design: Any = sm.add_constant(frame[varies].astype(float))
    people = frame["person"].astype("category").cat.codes
    fit = settled(lambda: _fitted(frame["log_level"].astype(float), design, people))
    if fit is None:
        return rows
    ends = pd.DataFrame(np.asarray(fit.conf_int()), index=design.columns)
    for name in varies:
        scale, told = (10, "10 kg more") if name == "weight" else (1, "1 week longer interval")
        rows.append(
            {
                "measure": "ratio of troughs",
                "group": told,
                "n": int(frame["person"].nunique()),
                "count": len(frame),
                "value": float(np.exp(scale * fit.params[name])),
                "low": float(np.exp(scale * ends.loc[name, 0])),
                "high": float(np.exp(scale * ends.loc[name, 1])),
            }
        )
    return rows


def _relapse_rate(course: Course, as_of: date) -> float | None:
    """Relapses a year since the first dose; None where they are not recorded."""
    first = course.doses[0].day
    years = (as_of - first).days / 365.25
    if not course.has("relapses") or years <= 0:
        return None
    return len([r for r in course.relapses if r.day >= first]) / years


def _with_activity(
    troughs: Sequence[Trough], relapse_rates: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    """Median trough against relapses a year, within each antibody group and not across them."""
    rows = []
    for group in dict.fromkeys(t.antibodies for t in troughs):
        own: dict[str, list[float]] = {}
        for t in troughs:
            if t.antibodies == group:
                own.setdefault(t.person, []).append(t.level)
        levels, rates = [], []
        for person in sorted(own):
            rate = relapse_rates[person]
            if rate is None:
                continue
            levels.append(np.median(own[person]))
            rates.append(rate)
        if len(levels) < _FEWEST or np.ptp(rates) == 0 or np.ptp(levels) == 0:
            continue
        found: Any = spearmanr(levels, rates)
        rows.append(
            {
                "measure": "rank correlation of trough and relapse rate",
                "group": group,
                "n": len(levels),
                "value": float(found.statistic),
                "p": float(found.pvalue),
            }
        )
    return rows


def _take(study: Study, evidence: Registry) -> Part:
    limits = antibody_limits(evidence)
    not_before = days(evidence.fact("forecast.not-a-trough-after-end"))
    found: list[Trough] = []
    aside: list[SetAside] = []
    rates: list[tuple[str, float | None]] = []
    for course in study:
        group = str(antibody_group(course, limits, DEFINITION)[0])
        if course.doses:
            rates.append((course.person.id, _relapse_rate(course, study.as_of)))
        levels = course.results(vocabulary.NATALIZUMAB)
        if not levels:
            aside.append(SetAside(course.person.id, "no level"))
        for level in levels:
            trough = trough_of(course, level, not_before, group)
            if isinstance(trough, str):
                aside.append(SetAside(course.person.id, trough, str(level.ref)))
            else:
                found.append(trough)
    return found, aside, rates


def troughs(study: Study, evidence: Registry) -> AnalysisResult:
    """Share above cuts, steadiness, relation to weight, interval and activity."""
    return TROUGHS.run(study, evidence)


def _conclude(part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
    found, aside, rates = part
    not_before = days(evidence.fact("forecast.not-a-trough-after-end"))
    usable = {t.person for t in found}
    people = len(usable)
    # Of several reasons the one of the last level; every level set aside is listed.
    without = {a.person: a.reason for a in aside if a.person not in usable}
    shares = _shares(found, evidence) if found else []
    first = next((r for r in shares if r["group"].startswith("people")), None)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [*shares, *_steadiness(found), *_relations(found), *_with_activity(found, dict(rates))]
        ),
        definitions={
            "trough": f"level at least {not_before:g} d after the dose before it",
            "below_quantification": "below a cut at or above its limit, else not "
            "known; left out of the rest",
            "intraclass_correlation": "one-way, ICC(1), with its F interval",
            "coefficient_of_variation": "from the variance of logarithms within a person, with "
            "its chi-square interval",
            "regression": "logarithm of the trough, least squares, sandwich variance with "
            "people as clusters",
            "activity": "within antibody groups only: low levels and activity share a cause",
        },
        text=""
        if first is None
        else f"{first['count']} of {first['n']} people have a median trough {first['measure']}.",
        figures=(
            Figure(
                title="Share of people with a median trough at or above",
                x="share of people",
                y="",
                estimates=tuple(
                    Estimate(r["measure"], r["value"], r["low"], r["high"])
                    for r in shares
                    if r["group"].startswith("people")
                ),
                summary="Points with Wilson intervals.",
            ),
        )
        if shares
        else (),
        flow=(
            Step("people in the data", whole.people),
            Step(
                "with at least one usable trough",
                people,
                tuple(Counter(without.values()).items()),
            ),
        ),
        set_aside=tuple(aside),
        facts=(*_CUTS, "forecast.not-a-trough-after-end"),
    )


TROUGHS = Analysis(
    name=NAME, title=TITLE, needs=("measurements", "doses"), take=_take, conclude=_conclude
)
