"""Reactions: how often by person and by infusion, what they go with, and what a waiver misses.

Rates per infusion and per person are different numbers and are never mixed; each carries the
window in which a reaction counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from msgspec import Struct
from scipy.stats import norm

from openntz.course.course import Course
from openntz.course.events import Dose, Reaction
from openntz.evidence.registry import Registry
from openntz.reanalyse.limits import days, numbers
from openntz.reanalyse.reaction_antibodies import Onset, antibody_rows, onset_of
from openntz.reanalyse.reaction_times import FirstReaction, first_reactions
from openntz.reanalyse.result import (
    Analysis,
    AnalysisResult,
    Estimate,
    Figure,
    Part,
    Step,
    table,
)
from openntz.reanalyse.statistics import proportion, settled
from openntz.reanalyse.study import SetAside, Study, Whole, age_at

NAME: Final = "reactions"
TITLE: Final = "Reactions and observation"
# In the registry only where a protocol gives it, with its currency and source.
OBSERVATION_COST: Final = "reanalyse.observation-cost"
_TERMS_SHOWN: Final = 12
_EVENTS_PER_TERM: Final = 5  # events a regression needs for each of its terms
_COVARIATES: Final = ("age", "female", "interval_weeks", "doses", "years_of_disease")


class Given(Struct, frozen=True):
    """One administration and the reactions in its window."""

    course: Course
    dose: Dose
    number: int
    interval_days: int | None
    reactions: tuple[Reaction, ...]


class Treated(Struct, frozen=True, kw_only=True):
    """What the tables need of a person with doses.

    ``reacted`` are the numbers of the doses with a reaction, ``worst`` the highest grade known,
    ``waived`` by rule the doses without observation, the reactions then missed, and the severe
    ones of these; ``onset`` is None for somebody whose antibody tests tell nothing.
    """

    doses: int
    reacted: tuple[int, ...]
    terms: frozenset[str]
    worst: int
    age: int | None
    female: float | None
    interval_weeks: float | None
    years_of_disease: float | None
    waived: tuple[tuple[int, int, int], ...]
    first: FirstReaction
    onset: Onset | None


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


def _treated(own: Sequence[Given], waivers: Sequence[float]) -> Treated:
    """A person by their administrations."""
    course, last = own[0].course, own[-1]
    gaps = [g.interval_days for g in own if g.interval_days is not None]
    onset = course.person.ms_onset
    had = [r for g in own for r in g.reactions]
    reacted = tuple(g.number for g in own if g.reactions)
    day_of = {g.number: (g.dose.day - own[0].dose.day).days for g in own}
    at = reacted[0] if reacted else last.number
    return Treated(
        doses=len(own),
        reacted=reacted,
        terms=frozenset(" ".join(r.term.casefold().split()) for r in had),
        worst=max((r.grade for r in had if r.grade is not None), default=0),
        age=age_at(course, last.dose.day),
        female={"F": 1.0, "M": 0.0}.get(course.person.sex),
        interval_weeks=float(np.median(gaps)) / 7 if gaps else None,
        years_of_disease=None if onset is None else (last.dose.day - onset).days / 365.25,
        waived=tuple(_waived(own, clean) for clean in waivers),
        first=FirstReaction(dose=at, day=day_of[at], seen=bool(reacted)),
        onset=onset_of(course, reacted),
    )


def _waived(own: Sequence[Given], clean: float) -> tuple[int, int, int]:
    """Doses of a person that a waiver leaves unobserved, reactions missed, severe ones of these."""
    waived = missed = severe = spotless = 0
    for g in own:
        if spotless >= clean:
            waived += 1
            late = [r for r in g.reactions if _after_the_end(r, g.dose)]
            missed += len(late)
            severe += sum(r.grade is not None and r.grade >= 3 for r in late)
        spotless = 0 if g.reactions else spotless + 1
    return waived, missed, severe


def _frequencies(people: Sequence[Treated]) -> list[dict[str, Any]]:
    n, doses = len(people), sum(p.doses for p in people)
    rows = [
        _row("people with a reaction", "any", sum(bool(p.reacted) for p in people), n),
        _row("infusions with a reaction", "any", sum(len(p.reacted) for p in people), doses),
    ]
    terms = Counter(term for p in people for term in p.terms)
    common = sorted(terms, key=lambda t: (-terms[t], t))[:_TERMS_SHOWN]
    rows += [_row("people with a reaction", t, terms[t], n) for t in common]
    for grade in (2, 3, 4):
        count = sum(p.worst >= grade for p in people)
        rows.append(_row("people with a reaction", f"grade {grade} or more", count, n))
    return rows


def _clustered(people: Sequence[Treated]) -> dict[str, Any] | None:
    """Reactions per infusion with infusions of one person taken together (sandwich variance)."""
    sizes = np.array([p.doses for p in people])
    ends = np.cumsum(sizes)
    events = np.zeros(ends[-1])
    for p, end in zip(people, ends, strict=True):
        events[[end - p.doses + number - 1 for number in p.reacted]] = 1.0
    if len(people) < 2 or not 0 < events.sum() < len(events):
        return None
    # With a constant alone the estimating equation has the mean as its solution, and the
    # sandwich is the sum of squared sums of people's deviations.
    share, starts = float(events.mean()), np.concatenate([[0], ends[:-1]])
    sums = np.add.reduceat(events - share, starts)
    error = float(np.sqrt((sums**2).sum() * len(people) / (len(people) - 1)))
    logit = np.log(share / (1 - share))
    width = float(norm.ppf(0.975)) * error / (len(events) * share * (1 - share))
    low, high = (float(1 / (1 + np.exp(-x))) for x in (logit - width, logit + width))
    return {
        "measure": "infusions with a reaction",
        "group": "any, infusions of one person clustered",
        "n": len(events),
        "count": int(events.sum()),
        "value": share,
        "low": low,
        "high": high,
    }


def _person_frame(people: Sequence[Treated]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "reaction": float(bool(p.reacted)),
                "age": p.age,
                "female": p.female,
                "interval_weeks": p.interval_weeks,
                "doses": p.doses,
                "years_of_disease": p.years_of_disease,
            }
            for p in people
        ]
    )


def _regression(people: Sequence[Treated]) -> tuple[list[dict[str, Any]], str]:
    frame = _person_frame(people)
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


def _waivers(people: Sequence[Treated], evidence: Registry) -> list[dict[str, Any]]:
    """What each waiver would have left unobserved: reactions after the infusion's end."""
    minutes = evidence.fact("reanalyse.observation-minutes").number
    cost = evidence.facts.get(OBSERVATION_COST)
    given = sum(p.doses for p in people)
    rows = []
    for at, clean in enumerate(numbers(evidence.fact("reanalyse.waivers"))):
        waived, missed, severe = (sum(p.waived[at][i] for p in people) for i in range(3))
        told = f"waived after {clean:g} clean doses"
        rows += [
            {"measure": "doses without observation", "group": told, "n": given,
             "count": waived, "value": waived / given},
            {"measure": "reactions after the dose that nobody observed", "group": told,
             "n": waived, "count": missed, **_bound(missed, waived)},
            {"measure": "of these grade 3 or more", "group": told, "n": waived,
             "count": severe, **_bound(severe, waived)},
            {"measure": "hours of observation saved", "group": told, "n": waived,
             "value": waived * minutes / 60},
        ]  # fmt: skip
        if cost is not None:
            price = cost.number * waived * minutes / 60
            measure = f"cost of observation saved, {cost.unit.split()[0]}"
            rows.append({"measure": measure, "group": told, "n": waived, "value": price})
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


def _take(study: Study, evidence: Registry) -> Part:
    waivers = numbers(evidence.fact("reanalyse.waivers"))
    given, aside = administrations(study, days(evidence.fact("reanalyse.reaction-window")))
    return [_treated(own, waivers) for own in by_person(given)], aside


def _conclude(part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
    """Frequencies by person and infusion, relations, first reaction, and what waivers miss."""
    given, aside = part
    window = days(evidence.fact("reanalyse.reaction-window"))
    definitions: dict[str, Any] = {
        "window_hours": 24 * window,
        "window_from": "start of the dose before the reaction",
        "per_person": "people with at least one, of people with a dose",
        "per_infusion": "doses with at least one, of all doses",
        "interval": "Wilson, 95 %; exact (Clopper and Pearson) beside it",
        "waivers": str(evidence.fact("reanalyse.waivers").value),
        "observation_minutes": evidence.fact("reanalyse.observation-minutes").number,
    }
    cost = evidence.facts.get(OBSERVATION_COST)
    if cost is not None:
        definitions["cost"] = f"{cost.number:g} {cost.unit} of observation; {cost.note}"
    if not given:
        return AnalysisResult(
            name=NAME, title=TITLE, status="skipped", summary=table([]), definitions=definitions,
            text="No dose is recorded.", set_aside=tuple(aside),
        )  # fmt: skip
    firsts = first_reactions([p.first for p in given])
    shares = _frequencies(given)
    clustered = _clustered(given)
    model, words = _regression(given)
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table(
            [
                *shares,
                *([clustered] if clustered else []),
                *model,
                *firsts.rows,
                *antibody_rows([p.onset for p in given if p.onset is not None]),
                *_waivers(given, evidence),
            ]
        ),
        definitions=definitions,
        text=f"{shares[0]['count']} of {len(given)} people had a reaction, in "
        f"{shares[1]['count']} of {shares[1]['n']} infusions. {words}",
        figures=(
            *firsts.figures,
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
        flow=(Step("people in the data", whole.people), Step("with at least one dose", len(given))),
        set_aside=tuple(aside),
        facts=("reanalyse.reaction-window", "reanalyse.waivers", "reanalyse.observation-minutes"),
    )


REACTIONS = Analysis(
    name=NAME, title=TITLE, needs=("doses", "reactions"), take=_take, conclude=_conclude
)
