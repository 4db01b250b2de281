"""Builders of small courses for the tests of definitions and rules.

A moment is written as ISO text: '2024-01-31' has an unknown time of day, '2024-01-31T10:00'
a known one. A `date` is taken as a day without time. Every row gets the line that is passed,
so that a test can ask for it back as evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from openntz.course import vocabulary
from openntz.course.course import TABLES, Course
from openntz.course.events import (
    Answer,
    Assay,
    Censor,
    Dose,
    EdssScore,
    Measurement,
    Person,
    Plan,
    Pregnancy,
    Reaction,
    Ref,
    Relapse,
    Route,
    Scan,
    Symptom,
    Treatment,
)
from openntz.definitions.therapy import TherapyLimits, therapy
from openntz.forecast.outlook import Outlook, SteadyTrough
from openntz.forecast.predict import Band
from openntz.forecast.result import LevelVerdict, PersonForecast, Quantiles
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Finding
from openntz.monitor.profile import PROFILES, Profile, load_profile
from openntz.monitor.rule import Situation
from openntz.monitor.rules.catalogue import RULES

AS_OF = date(2024, 6, 30)
Moment = str | date | datetime


def days_before(days: int, as_of: date = AS_OF) -> date:
    """The day that lies so many days before the as-of date."""
    return as_of - timedelta(days=days)


def moment(when: Moment) -> tuple[datetime, bool]:
    """Instant and whether its time of day is known."""
    if isinstance(when, datetime):
        return when, True
    if isinstance(when, date):
        return datetime.combine(when, time.min), False
    known = "T" in when
    return datetime.fromisoformat(when), known


def _event(when: Moment, table: str, line: int) -> dict[str, Any]:
    at, known = moment(when)
    return {"at": at, "time_known": known, "ref": Ref(table, line)}


def dose(
    when: Moment,
    *,
    end: Moment | None = None,
    route: Route = "IV",
    amount_mg: float = 300.0,
    line: int = 2,
    **recorded: Any,
) -> Dose:
    """A dose; ``recorded`` are the fields a clinic may leave empty, such as ``setting``."""
    return Dose(
        **_event(when, "doses", line),
        end=None if end is None else moment(end)[0],
        amount_mg=amount_mg,
        route=route,
        **recorded,
    )


def doses_on(days: Iterable[date], *, clock: time | None = time(10), route: Route = "IV"):
    """One dose per day, an hour each from ``clock`` on (None: time unknown), lines from 2."""
    made = []
    for line, day in enumerate(days, start=2):
        if clock is None:
            made.append(dose(day, route=route, line=line))
        else:
            start = datetime.combine(day, clock)
            end = start + timedelta(hours=1) if route == "IV" else None
            made.append(dose(start, end=end, route=route, line=line))
    return tuple(made)


def doses_every(
    first: date,
    count: int,
    interval: int = 28,
    *,
    clock: time | None = time(10),
    route: Route = "IV",
) -> tuple[Dose, ...]:
    """``count`` doses from ``first`` on, ``interval`` days apart."""
    return doses_on(
        (first + timedelta(days=interval * i) for i in range(count)), clock=clock, route=route
    )


def doses_until(
    last: date,
    count: int,
    interval: int = 28,
    *,
    clock: time | None = time(10),
    route: Route = "IV",
) -> tuple[Dose, ...]:
    """``count`` doses up to and including ``last``, ``interval`` days apart."""
    return doses_every(
        last - timedelta(days=interval * (count - 1)), count, interval, clock=clock, route=route
    )


def measurement(
    test: str,
    when: Moment,
    value: float | None = None,
    *,
    censor: Censor = "",
    answer: Answer | None = None,
    unit: str | None = None,
    assay: str = "",
    threshold: float | None = None,
    lloq: float | None = None,
    extra: Mapping[str, str] | None = None,
    line: int = 2,
) -> Measurement:
    known = bool(assay) or threshold is not None or lloq is not None
    return Measurement(
        **_event(when, "measurements", line),
        test=test,
        value=value,
        censor=censor,
        answer=answer,
        unit=vocabulary.CANONICAL_UNITS[test] if unit is None else unit,
        assay=Assay(name=assay, threshold=threshold, lloq=lloq) if known else None,
        extra=extra or {},
    )


def antibody(
    when: Moment,
    result: Answer | float,
    *,
    censor: Censor = "",
    threshold: float | None = 500.0,
    unit: str = "ng/mL",
    line: int = 2,
) -> Measurement:
    """An antibody result, as an answer or as a number."""
    number = not isinstance(result, str)
    return measurement(
        vocabulary.ANTIBODIES,
        when,
        float(result) if number else None,
        censor=censor,
        answer=None if number else result,
        unit=unit,
        threshold=threshold,
        line=line,
    )


def level(
    when: Moment, value: float, *, censor: Censor = "", lloq: float | None = 2.0, line: int = 2
) -> Measurement:
    return measurement(vocabulary.NATALIZUMAB, when, value, censor=censor, lloq=lloq, line=line)


def lymphocytes(when: Moment, value: float, *, censor: Censor = "", line: int = 2) -> Measurement:
    return measurement(vocabulary.LYMPHOCYTES, when, value, censor=censor, line=line)


def reaction(
    when: Moment, term: str, grade: int | None = None, *, action: str = "", line: int = 2
) -> Reaction:
    return Reaction(**_event(when, "reactions", line), term=term, grade=grade, action=action)


def scan(
    when: Moment,
    gadolinium: int | None = 0,
    new_t2: int | None = 0,
    enlarging_t2: int | None = 0,
    *,
    volume: float | None = None,
    line: int = 2,
) -> Scan:
    return Scan(
        **_event(when, "mri", line),
        gadolinium_lesions=gadolinium,
        new_t2_lesions=new_t2,
        enlarging_t2_lesions=enlarging_t2,
        brain_volume_change_percent=volume,
    )


def relapse(when: Moment, severity: str = "", *, line: int = 2) -> Relapse:
    return Relapse(**_event(when, "relapses", line), severity=severity)


def edss(when: Moment, score: float = 2.0, *, line: int = 2) -> EdssScore:
    return EdssScore(**_event(when, "edss", line), score=score)


def symptom(
    when: Moment, name: str = "wearing-off", *, comment: str = "", line: int = 2
) -> Symptom:
    return Symptom(**_event(when, "symptoms", line), symptom=name, comment=comment)


def treatment(
    start: Moment, name: str, kind: str = "dmt", *, end: date | None = None, line: int = 2
) -> Treatment:
    return Treatment(**_event(start, "treatments", line), name=name, kind=kind, end=end)


def pregnancy(
    conception: date,
    *,
    due: date | None = None,
    delivery: date | None = None,
    outcome: str = "",
    breastfeeding: str = "",
    line: int = 2,
) -> Pregnancy:
    return Pregnancy(
        **_event(conception, "pregnancies", line),
        conception=conception,
        due=due,
        delivery=delivery,
        outcome=outcome,
        breastfeeding=breastfeeding,
    )


def plan(
    when: Moment,
    interval: int | None = None,
    *,
    stopped: date | None = None,
    reason: str = "",
    line: int = 2,
) -> Plan:
    return Plan(
        **_event(when, "plans", line),
        planned_interval_days=interval,
        stopped=stopped,
        reason=reason,
    )


def person(
    name: str = "X01", birth_date: date | None = date(1985, 6, 15), sex: str = "F"
) -> Person:
    return Person(id=name, birth_date=birth_date, sex=sex, ref=Ref("people", 2))  # type: ignore[arg-type]


def course(
    *,
    who: Person | None = None,
    recorded: Iterable[str] = TABLES,
    **events: Iterable[Any],
) -> Course:
    """A course of one person; by default the export had every table."""
    return Course.create(who or person(), recorded=recorded, **events)


def without(*tables: str) -> tuple[str, ...]:
    """All tables but these, for an export that lacks them."""
    return tuple(t for t in TABLES if t not in tables)


def quantiles(median: float, spread: float = 2.0) -> Quantiles:
    return Quantiles(median=median, p05=median / spread, p95=median * spread)


def verdict(
    measured: Measurement, use: Any = "fitted", *, reason: str = "", unusual: bool = False
) -> LevelVerdict:
    """How a level was used, as the forecast would report it."""
    return LevelVerdict(
        line=measured.ref.line,
        at=measured.at,
        value=measured.value,
        censor=measured.censor,
        use=use,
        reason=reason,
        unusual=unusual,
    )


def outlook(
    chances: Mapping[int, Mapping[float, float]],
    steady: Mapping[int, Mapping[float, float]] | None = None,
) -> Outlook:
    """Chances per day after the last dose, straight between the days given.

    ``steady`` gives those of intervals kept for long; by default the same as at first.
    """
    known = sorted(chances)
    day = np.arange(known[0], known[-1] + 1)
    levels = sorted({x for given in chances.values() for x in given}, reverse=True)
    reaches = {
        x: np.interp(
            day, [d for d in known if x in chances[d]], [c[x] for c in chances.values() if x in c]
        )
        for x in levels
    }
    plain = Band(*(np.full(len(day), v) for v in (20.0, 10.0, 40.0)))
    part = Band(*(np.full(len(day), v) for v in (0.9, 0.8, 0.95)))
    kept = steady or {int(d): {x: float(reaches[x][i]) for x in levels} for i, d in enumerate(day)}
    return Outlook(
        day=day,
        level=plain,
        saturation=part,
        reaches=reaches,
        saturates={0.5: {"a": np.full(len(day), 0.9), "b": np.full(len(day), 0.4)}},
        steady={d: SteadyTrough(15.0, 8.0, 30.0, c) for d, c in kept.items()},
    )


def forecast(**changes: Any) -> PersonForecast:
    """A computed forecast with comfortable numbers; any field can be replaced."""
    pair = (quantiles(25.0), Quantiles(0.9, 0.8, 0.95))
    given: dict[str, Any] = {
        "person": "X01",
        "as_of": datetime.combine(AS_OF, time.min),
        "status": "ok",
        "now": pair,
        "planned": pair,
        "probability_at_planned": {10.0: 0.98, 5.0: 1.0, 2.0: 1.0, 1.0: 1.0},
    }
    return PersonForecast(**{**given, **changes})


NO_FORECAST: Mapping[str, Any] = {
    "status": "outside domain",
    "reason": "The route is not in the model.",
    "now": None,
    "planned": None,
    "probability_at_planned": {},
}


def situation(
    made: Course,
    *,
    as_of: date = AS_OF,
    profile: str | Profile = "eu",
    predicted: PersonForecast | None = None,
) -> Situation:
    """The situation of a course at a date, cut and bookings included, as a review makes it."""
    chosen = load_profile(profile) if isinstance(profile, str) else profile
    limits = TherapyLimits(
        label_interval=chosen.days("dosing.label-interval"),
        presumed_stopped_from=chosen.days("late-dose.presumed-stopped-from"),
        left_from=chosen.days("late-dose.left-from"),
    )
    return Situation(
        as_of=as_of,
        course=made.until(as_of),
        booked=made.after(as_of),
        therapy=therapy(made, as_of, limits),
        forecast=predicted or forecast(**NO_FORECAST),
    )


def findings(
    made: Course,
    *,
    as_of: date = AS_OF,
    profile: str | Profile = "eu",
    predicted: PersonForecast | None = None,
) -> dict[str, Finding]:
    """Every finding of a course by rule id."""
    chosen = load_profile(profile) if isinstance(profile, str) else profile
    given = situation(made, as_of=as_of, profile=chosen, predicted=predicted)
    others = {name: load_profile(name) for name in PROFILES}
    others[chosen.id] = chosen
    return {f.rule: f for f in evaluate(given, chosen, others, RULES)}


def finding(rule: str, made: Course, **options: Any) -> Finding:
    """The finding of one rule (options as in ``findings``)."""
    chosen = options.get("profile", "eu")
    profile = load_profile(chosen) if isinstance(chosen, str) else chosen
    given = situation(
        made,
        as_of=options.get("as_of", AS_OF),
        profile=profile,
        predicted=options.get("predicted"),
    )
    others = {name: load_profile(name) for name in PROFILES}
    others[profile.id] = profile
    wanted = [r for r in RULES if r.id == rule]
    assert wanted, f"no rule {rule!r} in the catalogue"
    return evaluate(given, profile, others, wanted)[0]
