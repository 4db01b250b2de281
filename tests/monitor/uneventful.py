"""Simulated people to whom nothing happens, for counting false alarms.

Doses as labelled with a few days of noise, every check done before it falls due, values that
scatter inside normal, counts risen, troughs of 15 to 50 ug/mL, antibodies negative, no reaction,
no relapse and no new lesion. Ages, lengths of treatment and habits of clinics differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from msgspec.structs import replace

from openntz.course import vocabulary as v
from openntz.course.course import Course
from openntz.course.events import Contact, Dose, Measurement, Plan
from openntz.monitor.finding import Finding, Status
from tests.build import (
    AS_OF,
    antibody,
    course,
    dose,
    edss,
    level,
    measurement,
    person,
    plan,
    relapse,
    scan,
    symptom,
    treatment,
)

Random = np.random.Generator


def _between(random: Random, low: float, high: float) -> float:
    return float(random.uniform(low, high))


def _near(random: Random, days: float, spread: int) -> int:
    return round(days) + int(random.integers(-spread, spread + 1))


def _every(
    random: Random, start: date, first: int, then: int, spread: int, end: date
) -> Iterator[date]:
    """Days from ``first`` days after ``start`` on, ``then`` apart, all with noise."""
    day = start + timedelta(days=_near(random, first, spread))
    while day <= end:
        yield day
        day += timedelta(days=_near(random, then, spread))


def _doses(random: Random, count: int, as_of: date) -> list[Dose]:
    """Infusions about four weeks apart, the last one less than four weeks ago."""
    days = [as_of - timedelta(days=int(random.integers(0, 28)))]
    while len(days) < count:
        days.append(days[-1] - timedelta(days=_near(random, 28, 2)))
    leaves_early, product = random.random() < 0.3, "Tysabri" if random.random() < 0.7 else "Tyruko"
    made = []
    for number, day in enumerate(reversed(days), start=1):
        start = datetime.combine(day, time(8 + int(random.integers(0, 7)), 15))
        end = start + timedelta(minutes=int(random.integers(55, 71)))
        early = leaves_early and number > 12
        left = end + timedelta(minutes=10 if early else 65)
        call = Contact(left + timedelta(hours=1), True, "well") if early else None
        given = dose(start, end=end, line=number + 1, product=product, batch=f"B{number}")
        given = replace(given, setting="clinic", discharged=left, follow_up_call=call)
        made.append(replace(given, premedication="cetirizine" if random.random() < 0.1 else ""))
    return made


def _blood(random: Random, own: dict[str, float], day: date, *, risen: bool) -> list[Measurement]:
    """Blood count and liver tests around the person's own values, inside normal."""
    values = {test: value * _between(random, 0.88, 1.12) for test, value in own.items()}
    if risen:
        values[v.LYMPHOCYTES] = own[v.LYMPHOCYTES] + _between(random, 1.1, 1.8)
        values[v.CD19] = own[v.CD19] * _between(random, 1.7, 2.3)
    return [measurement(test, day, round(value, 2)) for test, value in values.items()]


def _own_values(random: Random) -> dict[str, float]:
    return {
        v.LYMPHOCYTES: _between(random, 1.3, 2.6),
        v.CD19: _between(random, 120, 300),
        v.NEUTROPHILS: _between(random, 2.4, 6.0),
        v.MONOCYTES: _between(random, 0.3, 0.7),
        v.EOSINOPHILS: _between(random, 0.08, 0.3),
        v.PLATELETS: _between(random, 180, 350),
        v.HAEMOGLOBIN: _between(random, 125, 155),
        v.ALT: _between(random, 10, 34),
        v.AST: _between(random, 10, 34),
        v.BILIRUBIN: _between(random, 4, 17),
    }


def _laboratory(
    random: Random, doses: list[Dose], index: float, end: date
) -> Iterator[Measurement]:
    own, trough = _own_values(random), _between(random, 20, 40)
    first, before = doses[0].day, doses[0].day - timedelta(days=int(random.integers(1, 60)))
    yield from _blood(random, own, before, risen=False)
    yield antibody(before, "negative")
    yield measurement(v.WEIGHT, before, _between(random, 52, 105))
    yield measurement(v.JCV_INDEX, before, index)
    for number, given in enumerate(doses):
        drawn = given.at - timedelta(minutes=20)
        if number and number % 3 == 0:
            yield from _blood(random, own, given.day, risen=True)
        if number and number % 2 == 0:
            yield antibody(drawn, "negative")
        if number and number % 6 == 0:
            yield level(drawn, round(min(max(trough * _between(random, 0.8, 1.25), 15), 50), 1))
    for day in _every(random, first, 110, 145, 6, end):
        yield measurement(v.JCV_INDEX, day, round(index * _between(random, 0.95, 1.05), 3))


def _plans(random: Random, first: date, end: date) -> list[Plan]:
    """The interval, consent at the start and again within two years, authorisations in time."""
    again = first + timedelta(days=_near(random, 712, 10))
    consents = [day for day in (first - timedelta(days=4), again) if day <= end]
    authorised = [first, *_every(random, first, 150, 150, 6, end)]
    return [
        plan(first - timedelta(days=4), 28),
        *(replace(plan(day, line=3), consent=day) for day in consents),
        *(replace(plan(day, line=4), authorised=day) for day in authorised),
    ]


def _before_start(random: Random, first: date) -> dict[str, tuple[Any, ...]]:
    """Relapses before the drug, and perhaps an earlier treatment that ended in time."""
    attacks = tuple(
        relapse(first - timedelta(days=int(random.integers(60, 600))))
        for _ in range(int(random.integers(1, 3)))
    )
    if random.random() > 0.5:
        return {"relapses": attacks}
    ended = first - timedelta(days=int(random.integers(30, 200)))
    name = str(random.choice(["glatiramer acetate", "interferon beta-1a", "dimethyl fumarate"]))
    earlier = treatment(ended - timedelta(days=700), name, "dmt", end=ended)
    return {"relapses": attacks, "treatments": (earlier,)}


def uneventful(random: Random, name: str = "U0001", as_of: date = AS_OF) -> Course:
    """One person, from the first to the sixtieth dose, seen on ``as_of``."""
    doses = _doses(random, int(random.integers(1, 61)), as_of)
    first = doses[0].day
    positive = random.random() < 0.4
    index = _between(random, 0.45, 0.85) if positive else _between(random, 0.05, 0.18)
    born = first - timedelta(days=int(random.integers(19 * 365, 58 * 365)))
    who = person(name, born, "F" if random.random() < 0.7 else "M")
    score = float(random.choice([1.0, 1.5, 2.0, 2.5, 3.0, 3.5]))
    # The looks at 3, 6 and 24 months that the sources ask for, and regular ones between.
    timed = {first + timedelta(days=_near(random, days, 5)) for days in (80, 170, 715)}
    timed |= {first - timedelta(days=4), *_every(random, first, 245, 75, 5, as_of)}
    visits = sorted(day for day in timed if day <= as_of)
    months = 95 if positive else 290
    reference = first - timedelta(days=int(random.integers(5, 80)))
    again = first + timedelta(days=_near(random, 145, 10))
    later = [again, *_every(random, again, months, months, 8, as_of)]
    tired = [symptom(visits[-1], "fatigue")] if random.random() < 0.2 else []
    return course(
        who=replace(who, diagnosis="relapsing-remitting", conditions="none"),
        doses=doses,
        plans=_plans(random, first, as_of),
        measurements=tuple(_laboratory(random, doses, index, as_of)),
        mri=(
            scan(reference, int(random.integers(0, 4)), None, None),
            *(scan(day) for day in later if day <= as_of),
        ),
        edss=tuple(
            edss(day, score - (0.5 if score > 1 and random.random() < 0.1 else 0)) for day in visits
        ),
        symptoms=tired,
        **_before_start(random, first),
    )


def people(count: int, seed: int = 1, as_of: date = AS_OF) -> Iterator[Course]:
    """So many such people, the same for the same seed."""
    for number, child in enumerate(np.random.SeedSequence(seed).spawn(count), start=1):
        yield uneventful(np.random.default_rng(child), f"U{number:04d}", as_of)


def kind(finding: Finding, as_of: date = AS_OF) -> str:
    """What a finding about such a person is: 'quiet', 'unknown', 'asked for', 'announced', 'alarm'.

    Asked for: the label watches everybody after the first doses, and the contract shows where
    profiles disagree about it. Announced: what falls due on a day still to come.
    """
    if finding.status is Status.OK:
        return "quiet"
    if finding.status is Status.UNKNOWN:
        return "unknown"
    if finding.rule == "observation.post-infusion":
        return "asked for"
    ahead = finding.due is not None and finding.due >= as_of
    return "announced" if finding.status is Status.WATCH and ahead else "alarm"
