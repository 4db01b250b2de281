"""What a rule is: facts derived from a situation, and a small function that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct, field

from openntz.course.course import Course
from openntz.course.events import Event, Ref
from openntz.definitions.therapy import Therapy
from openntz.forecast.result import PersonForecast
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile


class Situation(Struct, frozen=True, kw_only=True):
    """One person at one date: the course up to it, what is booked after it, and the forecast.

    ``incomplete`` names the tables of which a row of this person was set aside or lost, and of
    measurements also the results (``vocabulary.lost_results``).
    ``profiles`` are those a rule may have to compare its own with; the engine fills them in.
    """

    as_of: date
    course: Course
    booked: tuple[Event, ...]
    therapy: Therapy
    forecast: PersonForecast
    incomplete: frozenset[str] = frozenset()
    profiles: Mapping[str, Profile] = field(default_factory=dict)


class Verdict(Struct, frozen=True, kw_only=True):
    """A rule's answer: ``keys`` are the profile thresholds whose numbers decided it."""

    status: Status
    message: str
    due: date | None = None
    evidence: tuple[Ref, ...] = ()
    keys: tuple[str, ...] = ()


class Rule(Struct, frozen=True, kw_only=True):
    """One rule: what it asks, where its facts come from, how it decides, what it cites.

    ``derive`` turns a situation into the rule's own typed facts; ``decide`` is pure in those
    facts and the profile, so that it can be tested at its limits without a course. ``sources``
    are cited with every finding, besides those of the thresholds used.

    ``silence`` names the tables or results in which no row, or no later one, means 'none' to this
    rule; where rows of the person were set aside or lost in one of them, an answer among
    ``reassuring`` becomes 'unknown'. ``about_child`` rules are asked after a mother's death too.
    """

    id: str
    title: str
    question: str
    derive: Callable[[Situation, Profile], Any]
    decide: Callable[[Any, Profile], Verdict]
    sources: tuple[str, ...]
    silence: tuple[str, ...] = ()
    reassuring: tuple[Status, ...] = (Status.OK,)
    about_child: bool = False


def days_text(days: int) -> str:
    """'1 day', '12 days', or weeks where they are whole: '6 weeks'."""
    if days and days % 7 == 0 and abs(days) >= 14:
        return f"{days // 7} weeks"
    return f"{days} day" if abs(days) == 1 else f"{days} days"
