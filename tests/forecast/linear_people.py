"""One compartment, linear elimination, infusions of an hour: everything has a closed form."""

from __future__ import annotations

import numpy as np

from openntz.course.course import Course
from openntz.forecast.density import Levels, Problem, build_problem
from openntz.forecast.history import Assumed, build_history
from openntz.models.card import Card, load_card
from tests.build import doses_every
from tests.forecast.people import FIRST, course, models

CARD: Card = load_card("rule_of_thumb_11_day")
K = CARD.typical["cl"] / CARD.typical["vc"]
HOUR = 1.0 / 24.0
PRIORS = models().settings.priors


def linear_problem(doses: int = 6, interval: int = 28) -> tuple[Course, Problem]:
    """Somebody with infusions at 10 h, without levels."""
    who = course(doses=doses_every(FIRST, doses, interval))
    history = build_history(who.doses, (), None, Assumed(hour=12.0, infusion_minutes=60.0))
    empty = Levels(np.empty(0), np.empty(0), np.empty(0, np.int64))
    return who, build_problem(CARD, history, empty, PRIORS)


def after_infusions(starts: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Levels (T,) of 300 mg over an hour each; a dose that starts at a time does not count."""
    rate = 300.0 / HOUR / CARD.typical["cl"]
    passed = day[:, None] - starts[None, :]
    after = rate * (1.0 - np.exp(-K * HOUR)) * np.exp(-K * (passed - HOUR))
    return np.where(passed >= HOUR, after, 0.0).sum(axis=1)
