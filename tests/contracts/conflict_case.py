"""What the tests of conflicts share: a fact by id, one rule under every profile."""

from __future__ import annotations

from typing import Any

from openntz.course.course import Course
from openntz.evidence.registry import Fact, registry
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import PROFILES
from tests.build import finding


def fact(name: str) -> Fact:
    return registry().fact(name)


def under(rule: str, made: Course, **options: Any) -> dict[str, Finding]:
    """The finding of one rule under every profile."""
    return {name: finding(rule, made, profile=name, **options) for name in PROFILES}


def statuses(found: dict[str, Finding]) -> list[Status]:
    """In the order eu, us, study."""
    return [found[name].status for name in ("eu", "us", "study")]
