"""Virtual people whose levels go wrong as often as the facts say, for calibration.

Drawn apart from the code under test: schedules jitter, doses move by any number of days,
antibodies and weights change on any day, another person's tube is another virtual person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement
from openntz.forecast import causes
from openntz.forecast.cohort import ANTIBODY, SMOOTH, Cohort
from openntz.forecast.explain import with_causes
from openntz.forecast.history import build_history, weights_of
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.result import LevelVerdict
from openntz.forecast.settings import Settings
from openntz.forecast.subject import Observations, Subject
from openntz.forecast.triage import by_timing
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import Card
from tests.build import dose, level, measurement, person

FIRST = datetime(2024, 1, 8, 10)
LLOQ = 2.0
HIGHEST_READ = 5000.0
HOUR = 1 / 24
YEAR = 365.25


class Planted(Struct):
    """One virtual person: the course as recorded, and what became of each level."""

    recorded: Course
    readings: tuple[AntibodyReading, ...]
    truth: tuple[str, ...]


class _Plan(Struct):
    """A person before the levels are solved; arrays over doses (d,) or levels (m,)."""

    weight: float
    start: np.ndarray
    given: np.ndarray
    at: np.ndarray  # indices of the doses before which levels were meant to be drawn
    timed: bool
    slip: list[str]
    drawn: np.ndarray
    raised: tuple[float, float]
    grown: tuple[float, float]
    tested: int | None
    wrong_dose: set[int] = field(default_factory=set)


def _antibodies(settings: Settings, last: float, rng: np.random.Generator) -> tuple[float, float]:
    """Onset and end of what raises clearance; (inf, inf) without."""
    prior = settings.onset
    if rng.random() >= prior.ever:
        return np.inf, np.inf
    days = np.linspace(0.0, last, 400)
    onset = float(np.interp(rng.random(), prior.by(days, last), days))
    lasting = rng.random() < prior.persistent / prior.ever
    return onset, np.inf if lasting else onset + rng.exponential(prior.transient_days)


def _weight_change(settings: Settings, rng: np.random.Generator) -> tuple[float, float]:
    """Day of an unrecorded change of weight since the first dose, and its factor."""
    rate = settings.causes.weight_per_year / YEAR
    return rng.exponential(1 / rate), float(np.exp(settings.causes.weight_log_sd * rng.normal()))


def _slip(settings: Settings, timed: bool, rng: np.random.Generator) -> str:
    s = settings.causes
    names = [causes.SWAPPED, causes.UNIT, causes.CHANGED, causes.PEAK]
    peak = s.peak_time_recorded if timed else s.peak_time_unknown
    chances = [s.swapped, s.unit, s.changed, peak]
    return str(rng.choice([*names, causes.CHANCE], p=[*chances, 1 - sum(chances)]))


def _plan(settings: Settings, rng: np.random.Generator) -> _Plan:
    s = settings.causes
    count = int(rng.integers(8, 14))
    interval = float(rng.choice([28, 28, 35, 42]))
    start = interval * np.arange(count) + np.r_[0, np.round(rng.uniform(-3, 3, count - 1))]
    start = start + 10 * HOUR
    levels = int(rng.integers(3, 7))
    at = np.sort(rng.choice(np.arange(2, count), levels, replace=False))
    timed = bool(rng.random() < 0.5)
    plan = _Plan(
        weight=float(np.clip(74 * np.exp(0.2078 * rng.normal()), 45, 135)),
        start=start,
        given=start.copy(),
        at=at,
        timed=timed,
        slip=[_slip(settings, timed, rng) for _ in at],
        drawn=start[at] - (HOUR / 3 if timed else 0.0),
        raised=_antibodies(settings, float(start[at[-1]] - start[0]), rng),
        grown=_weight_change(settings, rng),
        tested=int(rng.integers(levels)) if rng.random() < 0.5 else None,
    )
    for i, k in enumerate(at):
        if plan.slip[i] == causes.PEAK:
            plan.drawn[i] = start[k] + rng.uniform(0, HOUR * (1 + s.peak_after_end_hours))
        if rng.random() < s.dose:
            plan.wrong_dose.add(i)
            moved = rng.choice(s.dose_shifts_days) + rng.uniform(-3.5, 3.5)
            lost = rng.random() < s.not_given_share
            plan.given[k - 1] = np.nan if lost else start[k - 1] + moved
    return plan


def _subject(plan: _Plan) -> Subject:
    given = np.sort(plan.given[np.isfinite(plan.given)])
    changes = [d for d in (*plan.raised, plan.grown[0]) if np.isfinite(d) and d > -1]
    cuts = np.unique([-1.0, *changes])
    return Subject(
        id="",
        spans=(
            Span(
                Schedule(
                    start_day=given,
                    duration_day=np.full(len(given), HOUR),
                    amount_mg=np.full(len(given), 300.0),
                    subcutaneous=np.zeros(len(given), bool),
                ),
                cuts,
                plan.drawn,
            ),
        ),
        covariates={"weight": plan.weight * np.where(cuts >= plan.grown[0], plan.grown[1], 1.0)},
        occasion=np.zeros(len(cuts), np.int64),
        raised=((cuts >= plan.raised[0]) & (cuts < plan.raised[1])).astype(float),
        observations=Observations.levels(np.arange(0), np.zeros(0)),
    )


def _true_levels(
    card: Card, settings: Settings, plans: list[_Plan], rng: np.random.Generator
) -> list[np.ndarray]:
    cohort = Cohort(card, [_subject(p) for p in plans], settings.priors)
    theta = rng.standard_normal((len(plans), cohort.size)) @ np.linalg.cholesky(cohort.covariance).T
    assert ANTIBODY in cohort.names
    found = cohort.predict(theta[None], SMOOTH)
    assert not found.status.any()
    ends = np.cumsum([len(p.drawn) for p in plans])
    return np.split(found.concentration[0], ends[:-1])


def _truth(plan: _Plan, i: int, settings: Settings) -> str:
    day = float(plan.start[plan.at[i]])
    if plan.slip[i] != causes.CHANCE:
        return plan.slip[i]
    # Where a lasting and a single cause meet, the lasting one counts.
    onset, end = plan.raised
    if onset < day < end + settings.causes.recovery_days:
        return causes.ANTIBODIES
    if i in plan.wrong_dose:
        return causes.DOSE
    return causes.WEIGHT_CHANGE if plan.grown[0] < day else causes.CHANCE


def _read(
    name: str, true: float, other: float, card: Card, settings: Settings, rng: np.random.Generator
) -> float:
    s = settings.causes
    if name == causes.CHANGED:
        return float(true * np.exp(s.changed_log_sd * rng.normal()))
    level = other if name == causes.SWAPPED else true
    factor = float(rng.choice(s.unit_factors)) if name == causes.UNIT else 1.0
    error = np.clip(rng.normal(), -4, 4)
    return factor * level * (1 + card.residual.proportional * error)


def _recorded(
    plan: _Plan, values: np.ndarray, name: str, rng: np.random.Generator, settings: Settings
) -> Planted:
    def when(day: float) -> datetime:
        return FIRST.replace(hour=0) + timedelta(days=float(day))

    measured: list[Measurement] = [
        measurement(vocabulary.WEIGHT, FIRST.date(), plan.weight, unit="kg")
    ]
    truth = []
    for i, (k, value) in enumerate(zip(plan.at, values, strict=True)):
        if value > HIGHEST_READ:
            continue
        begun = when(plan.start[k])
        at = begun - timedelta(minutes=20) if plan.timed else begun.date()
        low = value < LLOQ
        measured.append(
            level(at, LLOQ if low else value, censor="<" if low else "", lloq=LLOQ, line=i + 2)
        )
        truth.append(_truth(plan, i, settings))
    readings = ()
    if plan.tested is not None:
        day = float(plan.start[plan.at[plan.tested]])
        found, missed = settings.onset.test_positive["label"]
        raised = plan.raised[0] < day < plan.raised[1]
        positive = bool(rng.random() < (found if raised else missed))
        readings = (AntibodyReading(when(day), positive, "label"),)
    doses = [dose(when(d), line=j + 2) for j, d in enumerate(plan.start)]
    who = Course.create(
        person(name, datetime(1985, 6, 15).date()), doses=doses, measurements=measured
    )
    return Planted(who, readings, tuple(truth))


def planted_people(card: Card, settings: Settings, n: int, seed: int) -> Iterator[Planted]:
    """n virtual people, their levels in time order with the truth of each."""
    rng = np.random.default_rng(seed)
    plans = [_plan(settings, rng) for _ in range(n)]
    if not any(np.isfinite(p.raised[0]) for p in plans):
        plans[0] = replace(plans[0], raised=(0.0, np.inf))
    true = _true_levels(card, settings, plans, rng)
    # Another's tube: a trough of the next person, drawn as it should be.
    for j, (plan, levels) in enumerate(zip(plans, true, strict=True)):
        k = (j + 1) % n
        troughs = [
            c for c, slip in zip(true[k], plans[k].slip, strict=True) if slip != causes.PEAK
        ] or [20.0]
        values = [
            _read(slip, c, float(rng.choice(troughs)), card, settings, rng)
            for slip, c in zip(plan.slip, levels, strict=True)
        ]
        yield _recorded(plan, np.array(values), f"V{seed}-{j}", rng, settings)


def explained(
    who: Planted, card: Card, settings: Settings, generator: np.random.Generator
) -> tuple[LevelVerdict, str] | None:
    """The latest level below 6 or above 45 ug/mL with its causes, and the truth; None without.

    Probabilities that are right are right among levels picked by anything seen of them. One
    level a person, since what lasts makes a person's levels right or wrong together.
    """
    history = build_history(who.recorded.doses, weights_of(who.recorded), None, settings.assumed)
    verdicts = [
        by_timing(m, history, settings.not_a_trough_hours)
        for m in who.recorded.results(vocabulary.NATALIZUMAB)
    ]
    odd = [i for i, v in enumerate(verdicts) if v.censor or not 6 < (v.value or 0.0) < 45]
    if not odd:
        return None
    verdicts[odd[-1]] = replace(verdicts[odd[-1]], unusual=True)
    found = with_causes(verdicts, who.recorded, who.readings, history, card, settings, generator)
    return found[odd[-1]], who.truth[odd[-1]]
