"""Reactions: how often by person and by infusion, what they go with, and what a waiver misses.

Rates per infusion and per person are different numbers and are never mixed; each carries the
window in which a reaction counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines import KaplanMeierFitter

from openntz.course.course import Course
from openntz.course.events import Dose, Reaction
from openntz.evidence.registry import Registry
from openntz.reanalyse.limits import days, numbers
from openntz.reanalyse.result import Analysis, AnalysisResult, Estimate, Figure, Line, Step, table
from openntz.reanalyse.statistics import proportion, settled
from openntz.reanalyse.study import SetAside, Study, age_at

NAME: Final = "reactions"
TITLE: Final = "Reactions and observation"
_TERMS_SHOWN: Final = 12
_EVENTS_PER_TERM: Final = 5  # events a regression needs for each of its terms
_COVARIATES: Final = ("age", "female", "interval_weeks", "doses", "years_of_disease")


@dataclass(frozen=True, slots=True)
class Given:
    """One administration and the reactions in its window."""

    course: Course
    dose: Dose
    number: int
    interval_days: int | None
    reactions: tuple[Reaction, ...]


def administrations(study: Study, window_days: float) -> tuple[list[Given], list[SetAside]]:
    """Every dose with its reactions, and the reactions that belong to none.

    A reaction belongs to the last dose before it, within the window from its start; on the day
    of a dose without a time of day it belongs to that dose.
    """
    found, aside = [], []
    for course in study:
        by_dose: dict[int, list[Reaction]] = {}
        for reaction in course.reactions:
            at = _dose_of(course, reaction, window_days)
            if at is None:
                why = "reaction outside the window of any dose"
                aside.append(SetAside(course.person.id, why, str(reaction.ref)))
            else:
                by_dose.setdefault(at, []).append(reaction)
        for i, dose in enumerate(course.doses):
            gap = (dose.day - course.doses[i - 1].day).days if i else None
            found.append(Given(course, dose, i + 1, gap, tuple(by_dose.get(i, ()))))
    return found, aside


def _dose_of(course: Course, reaction: Reaction, window_days: float) -> int | None:
    timed = reaction.time_known
    for i in reversed(range(len(course.doses))):
        dose = course.doses[i]
        if timed and dose.time_known:
            if dose.at <= reaction.at:
                within = reaction.at - dose.at <= timedelta(days=window_days)
                return i if within else None
        elif dose.day <= reaction.day:
            return i if (reaction.day - dose.day).days <= window_days else None
    return None


def by_person(given: Sequence[Given]) -> list[list[Given]]:
    """The administrations of each person, people in the order of the data."""
    found: dict[str, list[Given]] = {}
    for g in given:
        found.setdefault(g.course.person.id, []).append(g)
    return list(found.values())


def _row(measure: str, group: str, count: int, n: int) -> dict[str, Any]:
    found = proportion(count, n)
    exact = proportion(count, n, "exact")
    return {
        "measure": measure,
        "group": group,
        "n": n,
        "count": count,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "exact_low": exact.low,
        "exact_high": exact.high,
    }


def _frequencies(given: Sequence[Given]) -> list[dict[str, Any]]:
    people = sorted({g.course.person.id for g in given})
    hit = {g.course.person.id for g in given if g.reactions}
    rows = [
        _row("people with a reaction", "any", len(hit), len(people)),
        _row("infusions with a reaction", "any", sum(bool(g.reactions) for g in given), len(given)),
    ]
    terms: dict[str, set[str]] = {}
    graded: dict[int, set[str]] = {}
    for g in given:
        for r in g.reactions:
            terms.setdefault(" ".join(r.term.casefold().split()), set()).add(g.course.person.id)
            if r.grade is not None:
                for grade in range(1, r.grade + 1):
                    graded.setdefault(grade, set()).add(g.course.person.id)
    common = sorted(terms, key=lambda t: (-len(terms[t]), t))[:_TERMS_SHOWN]
    rows += [_row("people with a reaction", t, len(terms[t]), len(people)) for t in common]
    for grade in (2, 3, 4):
        who = graded.get(grade, set())
        rows.append(_row("people with a reaction", f"grade {grade} or more", len(who), len(people)))
    return rows


def _clustered(given: Sequence[Given]) -> dict[str, Any] | None:
    """Reactions per infusion with infusions of one person taken together (sandwich variance)."""
    people = {g.course.person.id: i for i, g in enumerate(given)}
    events = np.array([float(bool(g.reactions)) for g in given])
    if len(people) < 2 or not 0 < events.sum() < len(events):
        return None
    groups = np.array([people[g.course.person.id] for g in given])
    model = sm.GEE(events, np.ones((len(events), 1)), groups=groups, family=sm.families.Binomial())
    fit = settled(model.fit)
    if fit is None:
        return None
    low, high = fit.conf_int()[0]
    return {
        "measure": "infusions with a reaction",
        "group": "any, infusions of one person clustered",
        "n": len(events),
        "count": int(events.sum()),
        "value": float(1 / (1 + np.exp(-fit.params[0]))),
        "low": float(1 / (1 + np.exp(-low))),
        "high": float(1 / (1 + np.exp(-high))),
    }


def _person_frame(given: Sequence[Given]) -> pd.DataFrame:
    rows = []
    for own in by_person(given):
        course, last = own[0].course, own[-1]
        gaps = [g.interval_days for g in own if g.interval_days is not None]
        onset = course.person.ms_onset
        rows.append(
            {
                "reaction": float(any(g.reactions for g in own)),
                "age": age_at(course, last.dose.day),
                "female": {"F": 1.0, "M": 0.0}.get(course.person.sex),
                "interval_weeks": float(np.median(gaps)) / 7 if gaps else None,
                "doses": len(own),
                "years_of_disease": None
                if onset is None
                else (last.dose.day - onset).days / 365.25,
            }
        )
    return pd.DataFrame(rows)


def _regression(given: Sequence[Given]) -> tuple[list[dict[str, Any]], str]:
    frame = _person_frame(given)
    if frame.empty:
        return [], "Nobody was given a dose."
    used = [c for c in _COVARIATES if frame[c].notna().mean() > 0 and frame[c].std() > 0]
    complete = frame.dropna(subset=used)
    events = float(complete["reaction"].sum())
    rarer = min(events, len(complete) - events)
    if not used or rarer < _EVENTS_PER_TERM * len(used):
        return [], (
            f"No regression: {rarer:g} people in the rarer group are too few for {len(used)} "
            "covariates."
        )
    design = sm.add_constant(complete[used].astype(float))
    fit = settled(lambda: sm.Logit(complete["reaction"], design).fit(disp=0))
    if fit is None:
        return [], "No regression: it does not settle; a covariate tells the reactions apart."
    ends = fit.conf_int()
    return [
        {
            "measure": "odds ratio of a reaction",
            "group": name,
            "n": len(complete),
            "count": int(events),
            "value": float(np.exp(fit.params[name])),
            "low": float(np.exp(ends.loc[name, 0])),
            "high": float(np.exp(ends.loc[name, 1])),
            "p": float(fit.pvalues[name]),
        }
        for name in used
    ], f"{len(frame) - len(complete)} people without every covariate are not in the regression."


def _waivers(given: Sequence[Given], evidence: Registry) -> list[dict[str, Any]]:
    """What each waiver would have left unobserved: reactions after the infusion's end."""
    minutes = evidence.fact("reanalyse.observation-minutes").number
    rows = []
    for clean in numbers(evidence.fact("reanalyse.waivers")):
        waived = missed = severe = 0
        for own in by_person(given):
            spotless = 0
            for g in own:
                if spotless >= clean:
                    waived += 1
                    late = [r for r in g.reactions if _after_the_end(r, g.dose)]
                    missed += len(late)
                    severe += sum(r.grade is not None and r.grade >= 3 for r in late)
                spotless = 0 if g.reactions else spotless + 1
        told = f"waived after {clean:g} clean doses"
        rows += [
            {"measure": "doses without observation", "group": told, "n": len(given),
             "count": waived, "value": waived / len(given)},
            {"measure": "reactions after the dose that nobody observed", "group": told,
             "n": waived, "count": missed, **_bound(missed, waived)},
            {"measure": "of these grade 3 or more", "group": told, "n": waived,
             "count": severe, **_bound(severe, waived)},
            {"measure": "hours of observation saved", "group": told, "n": waived,
             "value": waived * minutes / 60},
        ]  # fmt: skip
    return rows


def _bound(count: int, n: int) -> dict[str, Any]:
    # Two reactions of one dose may make more reactions than doses.
    if not n or count > n:
        return {"value": None}
    found = proportion(count, n, "exact")
    return {"value": found.value, "low": found.low, "high": found.high}


def _after_the_end(reaction: Reaction, dose: Dose) -> bool:
    """Whether it began after the infusion; without a time of day it may have, so it counts."""
    if not (reaction.time_known and dose.time_known) or dose.end is None:
        return True
    return reaction.at > dose.end


def _first(given: Sequence[Given]) -> Figure:
    """Time to the first reaction by number of the dose."""
    lasted, seen = [], []
    for own in by_person(given):
        at = next((g.number for g in own if g.reactions), None)
        lasted.append(own[-1].number if at is None else at)
        seen.append(at is not None)
    fit = KaplanMeierFitter().fit(lasted, seen)
    curve = fit.survival_function_.iloc[:, 0]
    ends = fit.confidence_interval_survival_function_
    return Figure(
        title="First reaction by number of the dose",
        x="dose",
        y="share who have had a reaction",
        lines=(
            Line(
                "all",
                tuple(float(d) for d in curve.index),
                tuple(1 - float(v) for v in curve),
                tuple(1 - float(v) for v in ends.iloc[:, 1]),
                tuple(1 - float(v) for v in ends.iloc[:, 0]),
                steps=True,
            ),
        ),
        summary="Kaplan and Meier, with the 95 % band.",
    )


def reactions(study: Study, evidence: Registry) -> AnalysisResult:
    """Frequencies by person and infusion, relations, first reaction, and what waivers miss."""
    window = days(evidence.fact("reanalyse.reaction-window"))
    given, aside = administrations(study, window)
    people = len({g.course.person.id for g in given})
    definitions = {
        "window_hours": 24 * window,
        "window_from": "start of the dose before the reaction",
        "per_person": "people with at least one, of people with a dose",
        "per_infusion": "doses with at least one, of all doses",
        "interval": "Wilson, 95 %; exact (Clopper and Pearson) beside it",
        "waivers": str(evidence.fact("reanalyse.waivers").value),
        "observation_minutes": evidence.fact("reanalyse.observation-minutes").number,
    }
    if not given:
        return AnalysisResult(
            name=NAME, title=TITLE, status="skipped", summary=table([]), definitions=definitions,
            text="No dose is recorded.", set_aside=tuple(aside),
        )  # fmt: skip
    shares = _frequencies(given)
    clustered = _clustered(given)
    model, words = _regression(given)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [*shares, *([clustered] if clustered else []), *model, *_waivers(given, evidence)]
        ),
        definitions=definitions,
        text=f"{shares[0]['count']} of {people} people had a reaction, in {shares[1]['count']} of "
        f"{len(given)} infusions. {words}",
        figures=(
            _first(given),
            Figure(
                title="People with a reaction",
                x="share of people",
                y="",
                estimates=tuple(
                    Estimate(r["group"], r["value"], r["low"], r["high"])
                    for r in shares
                    if r["measure"].startswith("people")
                ),
                summary="Points with Wilson intervals.",
            ),
        ),
        flow=(Step("people in the data", len(study)), Step("with at least one dose", people)),
        set_aside=tuple(aside),
        facts=("reanalyse.reaction-window", "reanalyse.waivers", "reanalyse.observation-minutes"),
    )


REACTIONS = Analysis(name=NAME, title=TITLE, needs=("doses", "reactions"), run=reactions)
