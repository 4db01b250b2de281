"""One hand-made person: what they are about, and what the sources ask of the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.forecast.result import PersonForecast
from openntz.monitor.finding import Status
from tests.build import AS_OF, forecast, verdict

SPEAKING = frozenset({Status.ACT, Status.DUE, Status.WATCH})


@dataclass(frozen=True)
class Expected:
    """What a finding must be: one of some statuses, with a due date and words in its message."""

    statuses: frozenset[Status]
    words: tuple[str, ...] = ()
    due: date | None = None


def _of(*statuses: Status) -> Any:
    def make(*words: str, due: date | None = None) -> Expected:
        return Expected(frozenset(statuses), words, due)

    return make


act, due, watch = _of(Status.ACT), _of(Status.DUE), _of(Status.WATCH)
ok, unknown = _of(Status.OK), _of(Status.UNKNOWN)
# Where the source asks that something be said but not how urgently.
speaks = _of(*SPEAKING)
# Said or not, but nothing is asked for.
accepted = _of(Status.WATCH, Status.OK)
prompts = _of(Status.ACT, Status.DUE)
silent = _of(Status.OK, Status.UNKNOWN)

Findings = Mapping[str, Expected]


@dataclass(frozen=True)
class Case:
    """A person, the source rows they are reviewed against, and what each rule named must say.

    ``finds`` is expected under every profile of ``profiles``, ``eu``/``us``/``study`` add to it
    or replace it for one. ``beside`` names rules that may speak as well because what the person
    is about touches them too; every rule named nowhere must ask for nothing.
    """

    name: str
    about: str
    against: tuple[str, ...]
    course: Course
    finds: Findings
    eu: Findings = field(default_factory=dict)
    us: Findings = field(default_factory=dict)
    study: Findings = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ("eu",)
    as_of: date = AS_OF
    predicted: PersonForecast | None = None

    def expected(self, profile: str) -> Findings:
        """What is expected under one profile."""
        return {**self.finds, **getattr(self, profile)}


def comfortable(course: Course, as_of: date = AS_OF, **changes: Any) -> PersonForecast:
    """A forecast with nothing to say, which used every level of the course; not the real one."""
    levels = tuple(
        verdict(m)
        for m in course.measurements
        if m.test == vocabulary.NATALIZUMAB and m.day <= as_of
    )
    return forecast(**{"levels": levels, **changes})
