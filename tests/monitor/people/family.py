"""Pregnancy, newborn children, breast-feeding, vaccines."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from openntz.course.course import Course
from tests.build import (
    days_before,
    pregnancy,
    symptom,
    treatment,
)
from tests.monitor.people.case import (
    Case,
    accepted,
    act,
    due,
    ok,
    prompts,
    speaks,
    unknown,
    watch,
)
from tests.monitor.people.quiet import Quiet, days, quiet

ALL = ("eu", "us", "study")
PREGNANT, COUNT = "pregnancy.plan", "pregnancy.newborn-count"
CHILD, MILK, LIVE = "newborn.vaccines", "pregnancy.lactation", "vaccination.live"
WELL = quiet()

# ── pregnancy: week = days since conception + 14, by 7


def _expects(conceived: int, made: Quiet = WELL) -> Course:
    start = days_before(conceived)
    return made.with_(pregnancies=[pregnancy(start, due=start + days(266))]).course()


def _delivered(days_ago: int, made: Quiet = WELL, **told: Any) -> Course:
    born = days_before(days_ago)
    row = pregnancy(born - days(266), delivery=born, outcome="live birth", **told)
    return made.with_(pregnancies=[row]).course()


def _vaccinated(day: date, name: str, made: Quiet = WELL) -> Course:
    return made.with_(treatments=[treatment(day, name, "vaccine", end=day)]).course()


MOTHER: Final = (PREGNANT, MILK, "antibody.test-due")

PEOPLE: Final = (
    Case(
        "pregnancy-wish",
        "wishes for a child",
        ("S4-09", "C13", "S2-09"),
        WELL.with_(symptoms=[symptom(days_before(8), "pregnancy wish")]).course(),
        {PREGNANT: watch()},
        profiles=ALL,
    ),
    Case(
        "week-20",
        "pregnant, week 20, on treatment: a decision",
        ("C13", "G1", "G3", "G4"),
        _expects(126),
        {PREGNANT: due()},
        beside=(COUNT, CHILD),
        profiles=ALL,
    ),
    Case(
        "week-32",
        "beyond week 30, not beyond week 34",
        ("C13", "G1", "G3"),
        _expects(210),
        {COUNT: prompts()},
        eu={PREGNANT: act("30")},
        us={PREGNANT: act("30")},
        study={PREGNANT: due("34")},
        beside=(CHILD,),
        profiles=ALL,
    ),
    Case(
        "week-36",
        "beyond every last week",
        ("C13", "G1", "G3"),
        _expects(240),
        {PREGNANT: act(), COUNT: prompts()},
        beside=(CHILD,),
        profiles=ALL,
    ),
    Case(
        "delivery-in-71-days",
        "a day before the count of the newborn is arranged",
        ("G5", "S4-11"),
        _expects(195),
        {COUNT: accepted()},
        beside=(PREGNANT, CHILD),
    ),
    Case(
        "delivery-in-70-days",
        "ten weeks to the delivery",
        ("G5", "S4-11"),
        _expects(196),
        {COUNT: due()},
        beside=(PREGNANT, CHILD),
    ),
    Case(
        "newborn-90-days-not-counted",
        "90 days old, no blood count on record",
        ("G5", "G4"),
        _delivered(90),
        {COUNT: due(), CHILD: speaks("rotavirus")},
        beside=MOTHER,
        profiles=ALL,
    ),
    Case(
        "newborn-91-days-not-counted",
        "91 days old, no blood count on record",
        ("G5",),
        _delivered(91),
        {COUNT: watch(), CHILD: speaks()},
        beside=MOTHER,
        profiles=ALL,
    ),
    Case(
        "child-of-7-months",
        "old enough for live vaccines",
        ("G5",),
        _delivered(213),
        {CHILD: ok()},
        beside=(*MOTHER, COUNT),
        profiles=ALL,
    ),
    Case(
        "breast-feeding-on-treatment",
        "fed at the breast, dosed last week",
        ("S2-10", "C13"),
        _delivered(40, breastfeeding="yes"),
        {MILK: prompts()},
        beside=(*MOTHER, COUNT, CHILD),
        profiles=ALL,
    ),
    Case(
        "bottle-fed",
        "not fed at the breast",
        ("S2-10",),
        _delivered(40, breastfeeding="no"),
        {MILK: ok()},
        beside=(PREGNANT, COUNT, CHILD, "antibody.test-due"),
    ),
    Case(
        "pregnancies-not-exported",
        "no table of pregnancies",
        ("C13",),
        WELL.course(lacking=["pregnancies"]),
        {PREGNANT: unknown(), COUNT: unknown()},
        profiles=ALL,
    ),
    Case(
        "mmr-on-treatment",
        "a live vaccine three weeks ago, on treatment",
        ("G6",),
        _vaccinated(days_before(21), "MMR vaccine"),
        {LIVE: act("MMR")},
        profiles=ALL,
    ),
    Case(
        "mmr-booked",
        "a live vaccine booked next week",
        ("G6",),
        _vaccinated(days_before(-7), "MMR vaccine"),
        {LIVE: prompts("MMR")},
        profiles=ALL,
    ),
    Case(
        "influenza-inactivated",
        "an inactivated vaccine at any time",
        ("G6",),
        _vaccinated(days_before(21), "inactivated influenza vaccine"),
        {LIVE: ok()},
        profiles=ALL,
    ),
    Case(
        "mmr-27-days-before-start",
        "a live vaccine a day too near the first dose",
        ("G6",),
        _vaccinated(quiet(2).first - days(27), "MMR vaccine", quiet(2)),
        {LIVE: speaks("MMR")},
        beside=("observation.post-infusion",),
    ),
    Case(
        "mmr-28-days-before-start",
        "a live vaccine four weeks before the first dose",
        ("G6",),
        _vaccinated(quiet(2).first - days(28), "MMR vaccine", quiet(2)),
        {LIVE: ok()},
        beside=("observation.post-infusion",),
    ),
)
