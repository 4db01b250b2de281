"""Small studies with a planted truth, one a seed, for each analysis of ``openntz reanalyse``.

A maker takes a generator and the planted numbers by name. People's doses are shared between
people and seeds: an event is never changed, and building it is most of the work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import numpy as np
from scipy.stats import beta, norm
from tests import build
from tests.reanalyse.studies import day, person, study

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Answer, Dose, Person, Ref
from openntz.evidence.registry import registry
from openntz.reanalyse.study import Study

Planted = Mapping[str, float]
Maker = Any  # (numpy generator, planted numbers) -> Study

APART = 0.5  # standard deviation of changes of lymphocytes, 10^9/L
MEAN_CHANGE = 1.2
ACTIVE = 0.2  # share with a new lesion on the second product
MARGIN = registry().fact("reanalyse.equivalence-margin").number / 100


@cache
def doses(count: int, gap: int = 28, product: str = "natalizumab") -> tuple[Dose, ...]:
    """So many doses from the common day on, from ten to eleven o'clock."""
    return tuple(
        build.dose(f"{day(gap * k)}T10:00", end=f"{day(gap * k)}T11:00", product=product)
        for k in range(count)
    )


def apart(area: float) -> float:
    """Distance of two means of changes for a planted area under the ROC curve."""
    return math.sqrt(2) * APART * float(norm.ppf(area))


def lymphocytes(g: np.random.Generator, planted: Planted) -> Study:
    """12 people with persistent antibodies and 48 without; changes apart by the planted area.

    B cells are multiplied by lognormal factors, apart by a planted area too.
    """
    shift, fewer, people = apart(planted["area"]), apart(planted["b"]), []
    for i in range(60):
        change = g.normal(MEAN_CHANGE if i >= 12 else MEAN_CHANGE - shift, APART)
        answer: Answer = "positive" if i < 12 else "negative"
        cells = 200.0 * math.exp(g.normal(1.0 - (fewer if i < 12 else 0.0), APART))
        people.append(
            person(
                f"P{i}",
                doses=doses(7),
                measurements=(
                    build.lymphocytes(day(-3), 2.0),
                    build.measurement(vocabulary.CD19, day(-3), 200.0),
                    build.lymphocytes(day(84), round(max(0.0, 2.0 + change), 3)),
                    build.measurement(vocabulary.CD19, day(84), cells),
                    build.antibody(day(84), answer),
                    build.antibody(day(168), answer),
                ),
            )
        )
    return study(people)


def products(g: np.random.Generator, planted: Planted) -> Study:
    """80 people on each of two products; 15 % and 15 % plus the planted difference persistent."""
    people = []
    for i in range(160):
        chance = 0.15 + (planted["difference"] if i < 80 else 0.0)
        answer: Answer = "positive" if g.random() < chance else "negative"
        tests = [build.antibody(day(d), answer) for d in (84, 168)]
        given = doses(3, 28, "a" if i < 80 else "b")
        people.append(person(f"P{i}", doses=given, measurements=tests))
    return study(people)


def onset(g: np.random.Generator, planted: Planted) -> Study:
    """60 people tested at days of their own; the planted share positive by week 12."""
    mean, people = -84 / math.log(1 - planted["by week 12"]), []
    for i in range(60):
        at = g.exponential(mean)
        tests = [
            build.antibody(day(d), "positive" if at <= d else "negative")
            for d in sorted(int(x) for x in g.integers(1, 400, 3))
        ]
        people.append(person(f"P{i}", doses=doses(7), measurements=tests))
    return study(people)


def assays(g: np.random.Generator, planted: Planted) -> Study:
    """60 people, 2 samples each; another assay agrees on each with the planted chance."""
    people = []
    for i in range(60):
        tests = []
        for d in (84, 168):
            answers = [positive := bool(g.random() < 0.5), positive]
            if g.random() >= planted["agree"]:
                answers[1] = not positive
            tests += [
                build.measurement(
                    vocabulary.ANTIBODIES, day(d), answer="positive" if told else "negative",
                    unit="ng/mL", assay=name, threshold=500.0,
                )
                for name, told in zip("AB", answers, strict=True)
            ]  # fmt: skip
        people.append(person(f"P{i}", doses=doses(7), measurements=tests))
    return study(people)


def levels(g: np.random.Generator, planted: Planted) -> Study:
    """80 people with 2 troughs at 4 or 6 weeks; weight, interval and relapses by what is planted.

    Relapses come more often the lower the person's own level by the planted steepness.
    """
    people = []
    for i in range(80):
        weight, own, weeks = g.normal(75, 12), g.normal(0, 0.4), 4 + 2 * (i % 2)
        centre = 3 + math.log(planted["kg"]) * (weight - 75) / 10
        centre += math.log(planted["week"]) * (weeks - 4) + own
        measured = [
            build.level(f"{day(7 * weeks * (k + 1))}T09:00", math.exp(centre + g.normal(0, 0.2)))
            for k in range(2)
        ]
        many = int(g.poisson(1.5 * math.exp(-planted["steep"] * (centre - 3))))
        told = [build.relapse(day(int(d))) for d in sorted(g.integers(1, 1000, many))]
        kg = build.measurement(vocabulary.WEIGHT, day(-1), weight)
        people.append(
            person(f"P{i}", doses=doses(3, 7 * weeks), measurements=(kg, *measured), relapses=told)
        )
    return study(people)


def steady(g: np.random.Generator, planted: Planted) -> Study:
    """60 people with 3 troughs, lognormal between and within people, and a share at 10 ug/mL."""
    people = []
    for i in range(60):
        centre = (3.0 if g.random() < planted["high"] else 1.2) if "high" in planted else 3.0
        centre += g.normal(0, planted["between"])
        measured = [
            build.level(
                f"{day(28 * (k + 1))}T09:00", math.exp(centre + g.normal(0, planted["within"]))
            )
            for k in range(3)
        ]
        people.append(person(f"P{i}", doses=doses(4), measurements=measured))
    return study(people)


def covariates(g: np.random.Generator, planted: Planted) -> Study:
    """300 people; age, sex, interval, number of doses and duration multiply the odds."""
    people = []
    for i in range(300):
        age, female = int(g.integers(20, 60)), g.random() < 0.7
        weeks, count, years = 4 + 2 * int(g.integers(0, 2)), int(g.integers(2, 9)), g.uniform(1, 20)
        logit = (
            -0.7
            + math.log(planted["age"]) * (age - 40)
            + math.log(planted["female"]) * (female - 0.7)
            + math.log(planted["interval"]) * (weeks - 5)
            + math.log(planted["doses"]) * (count - 5)
            + math.log(planted["years"]) * (years - 10)
        )
        given = doses(count, 7 * weeks)
        last = given[-1].day
        hit = g.random() < 1 / (1 + math.exp(-logit))
        who = Person(
            id=f"P{i}",
            birth_date=date(last.year - age, 1, 1),
            sex="F" if female else "M",
            ms_onset=day(7 * weeks * (count - 1) - round(365.25 * years)),
            ref=Ref("people", 2),
        )
        told = [build.reaction(f"{day(0)}T10:30", "flushing", 1)] if hit else []
        people.append(build.course(who=who, doses=given, reactions=told))
    return study(people)


def clusters(g: np.random.Generator, planted: Planted) -> Study:
    """100 people, 6 infusions: mild ones by a chance of their own, severe ones after the end."""
    people, share = [], planted["mild"]
    for i in range(100):
        chance, told = g.beta(2 * share, 2 * (1 - share)), []
        for k in range(6):
            if g.random() < chance:
                told.append(build.reaction(f"{day(28 * k)}T10:30", "flushing", 1))
            if g.random() < planted["severe"]:
                told.append(build.reaction(f"{day(28 * k)}T12:00", "bronchospasm", 3))
        people.append(person(f"P{i}", doses=doses(6), reactions=told))
    return study(people)


def antibody_onset(g: np.random.Generator, planted: Planted) -> Study:
    """100 people tested at 5 of 6 infusions, half turning positive.

    The odds are those planted from the first positive test on. Each person has a place of their
    own in the beta distribution of chances before it and after it, so that the means over people
    have exactly these odds.
    """
    before, concentration = 0.15, 8.0
    odds = planted["odds"] * before / (1 - before)
    place, means = g.random(100), (before, odds / (1 + odds))
    chances = [beta.ppf(place, concentration * m, concentration * (1 - m)) for m in means]
    people = []
    for i in range(100):
        turn = int(g.integers(1, 6)) if i < 50 else 99
        told, tests = [], []
        for k in range(6):
            if g.random() < chances[int(k >= turn)][i]:
                told.append(build.reaction(f"{day(28 * k)}T10:30", "flushing", 1))
            if k:
                answer: Answer = "positive" if k >= turn else "negative"
                tests.append(build.antibody(f"{day(28 * k)}T09:00", answer))
        people.append(person(f"P{i}", doses=doses(6), reactions=told, measurements=tests))
    return study(people)


def relapses(g: np.random.Generator, planted: Planted) -> Study:
    """60 people an arm, gamma-distributed rates; rates apart by the planted ratio.

    One scan a person at day 350, with a new lesion in the planted share.
    """
    people, arms = [], {}
    for i in range(120):
        arm = "active" if i < 60 else "control"
        mean = 2.0 * (planted["ratio"] if i < 60 else 1.0) * g.gamma(2.0, 0.5)
        many = min(37, int(g.poisson(mean)))
        told = [build.relapse(day(10 + 32 * int(k))) for k in sorted(g.permutation(37)[:many])]
        lesion = int(g.random() < planted["lesion"])
        people.append(
            person(
                f"P{i}", doses=doses(30, 42), relapses=told, mri=[build.scan(day(350), 0, lesion)]
            )
        )
        arms[f"P{i}"] = arm
    return study(people, arms=arms, as_of=day(1230))


def quiet_people(g: np.random.Generator, planted: Planted) -> Study:
    """80 people over one year from re-baseline; each component is lost by a planted chance."""
    people = []
    for i in range(80):
        worse = g.random() < planted["edss"]
        told = [build.relapse(day(230))] if g.random() < planted["relapse"] else []
        lesion = int(g.random() < planted["lesion"])
        scores = [
            build.edss(day(d), 4.0 if worse and d > 200 else 2.0) for d in (-1, 185, 300, 420)
        ]
        scans = [build.scan(day(d), 0, lesion if d == 400 else 0) for d in (-1, 190, 400)]
        people.append(person(f"P{i}", doses=doses(22), relapses=told, edss=scores, mri=scans))
    return study(people, as_of=day(600))


def wearing(g: np.random.Generator, planted: Planted) -> Study:
    """60 people, half with wearing-off: saturation, level, interval, later activity may differ."""
    people = []
    for i in range(60):
        felt = i < 30
        value = g.normal(80 - (planted["saturation"] if felt else 0), 8)
        level = math.exp(g.normal(3 - (planted["level"] if felt else 0), 0.5))
        longer = g.random() < 0.4 + (planted["interval"] if felt else 0)
        gap, count = (42, 12) if longer else (28, 18)
        active = g.random() < 0.3 + (planted["active"] if felt else 0)
        people.append(
            person(
                f"P{i}",
                doses=doses(count, gap),
                symptoms=[build.symptom(day(100))] if felt else [],
                measurements=[
                    build.measurement(vocabulary.SATURATION, day(112), value),
                    build.level(f"{day(5 * gap)}T09:00", level),
                ],
                mri=[build.scan(day(300), 0, int(active)), build.scan(day(360))],
            )
        )
    return study(people)


@cache
def _changing(change: int) -> tuple[tuple[Dose, ...], int]:
    days = np.concatenate([[0], np.cumsum([28] * change + [42] * 5)])
    return build.doses_on(day(float(d)) for d in days), int(days[-1])


def switchers(g: np.random.Generator, planted: Planted) -> Study:
    """150 people who change from 28 to 42 days; the hazard then changes by the planted ratio."""
    people, base = [], 1 / 600
    for i in range(150):
        change = int(g.integers(3, 8))
        turn, need = 28 * change, g.exponential()
        given, end = _changing(change)
        late = turn + (need - base * turn) / (base * planted["ratio"])
        at = need / base if need < base * turn else late
        told = [build.relapse(day(math.ceil(at)))] if at < end else []
        people.append(person(f"P{i}", doses=given, relapses=told))
    return study(people, as_of=day(1200))


def rates(g: np.random.Generator, planted: Planted) -> Study:
    """120 people at 28 and 120 at 42 days, one year; 100 against 100 plus so many per 1,000."""
    people = []
    for i in range(240):
        gap, n = (28, 13) if i < 120 else (42, 9)
        hazard = (100 + (planted["difference"] if gap == 42 else 0)) / 1000 / 365.25
        at = g.exponential(1 / hazard)
        told = [build.relapse(day(math.ceil(at)))] if at < 365 else []
        people.append(person(f"P{i}", doses=doses(n, gap), relapses=told))
    return study(people, as_of=day(365))


def exposed(g: np.random.Generator, planted: Planted) -> Study:
    """60 people over two years; the planted share at 42 days, the others at 28."""
    people = []
    for i in range(60):
        given = doses(18, 42) if g.random() < planted["share"] else doses(27, 28)
        people.append(person(f"P{i}", doses=given))
    return study(people, as_of=day(760))


def rebounds(g: np.random.Generator, planted: Planted) -> Study:
    """80 people who stopped, half to each of two successors; a planted share rebounds at once.

    A rebound meets all four definitions: 2 EDSS steps, 2 relapses and 10 enhancing lesions.
    """
    people: list[Course] = []
    for i in range(80):
        first = i < 40
        hit = g.random() < planted["share"] + (planted["more"] if first else 0.0)
        scores = [build.edss(day(100), 2.0), build.edss(day(300), 3.5 if hit else 2.0)]
        told = [build.relapse(day(-200))]
        told += [build.relapse(day(d)) for d in (230, 290)] if hit else []
        scans = [
            build.scan(day(-5), 1),
            build.scan(day(240), 10 if hit else 0),
            build.scan(day(270)),
        ]
        people.append(
            person(
                f"P{i}",
                doses=doses(6),
                edss=scores,
                relapses=told,
                mri=scans,
                treatments=[build.treatment(day(200), "fingolimod" if first else "rituximab")],
            )
        )
    return study(people, as_of=day(900))


def many_on_products(g: np.random.Generator, planted: Planted) -> Study:
    """250 people on each of two products; 15 % and 15 % plus the planted difference persistent."""
    people = []
    for i in range(500):
        chance = 0.15 + (planted["difference"] if i < 250 else 0.0)
        answer: Answer = "positive" if g.random() < chance else "negative"
        tests = [build.antibody(day(d), answer) for d in (84, 168)]
        given = doses(3, 28, "a" if i < 250 else "b")
        people.append(person(f"P{i}", doses=given, measurements=tests))
    return study(people)


def active_on_products(g: np.random.Generator, planted: Planted) -> Study:
    """60 people on each of two products, scanned once; more lesions on the first as planted."""
    people = []
    for i in range(120):
        chance = ACTIVE + (planted["difference"] if i < 60 else 0.0)
        scan = build.scan(day(350), 0, int(g.random() < chance))
        given = doses(14, 28, "a" if i < 60 else "b")
        people.append(person(f"P{i}", doses=given, mri=[scan]))
    return study(people, as_of=day(420))


def risers(g: np.random.Generator, planted: Planted) -> Study:
    """48 people without antibodies, counted every 28 days; risen from a visit of their own on."""
    people = []
    for i in range(48):
        first = 28 * int(g.geometric(planted["a visit"]))
        counts = [build.lymphocytes(day(d), 3.5 if d >= first else 2.0) for d in range(28, 169, 28)]
        tests = [build.antibody(day(d), "negative") for d in (84, 168)]
        given = [build.lymphocytes(day(-3), 2.0), *counts, *tests]
        people.append(person(f"P{i}", doses=doses(7), measurements=given))
    return study(people)
