"""Nobody to whom nothing happens is asked for anything: counts over simulated people.

A hundred people made in the same way as the thousand of docs/reference/false-alarms.md, with
another seed. The forecast is a fixed one.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache

import pytest

from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import PROFILES
from tests.build import findings
from tests.monitor.people.case import comfortable
from tests.monitor.uneventful import kind, people

MANY = 100
# One in a hundred for any rule: the noise in days may let one check slip by a day.
BOUND = 1


@cache
def _found(profile: str) -> tuple[Finding, ...]:
    told = []
    for course in people(MANY, seed=2):
        told += findings(course, profile=profile, predicted=comfortable(course)).values()
    return tuple(told)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_rule_alarms_about_more_than_one_in_a_hundred_uneventful_people(profile):
    alarms = Counter(f.rule for f in _found(profile) if kind(f) == "alarm")
    assert all(number <= BOUND for number in alarms.values()), alarms


@pytest.mark.parametrize("profile", PROFILES)
def test_nobody_uneventful_is_to_be_acted_on(profile):
    assert not [f"{f.person} {f.rule}" for f in _found(profile) if f.status is Status.ACT]


def test_the_people_differ_and_are_the_same_again():
    first, again = (list(people(20, seed=3)) for _ in range(2))
    assert first == again
    assert len({len(course.doses) for course in first}) > 10


def test_an_alarm_would_be_counted():
    """The sieve lets a dose that is twelve days late through."""
    course = next(iter(people(1, seed=5)))
    as_of = course.doses[-1].day + timedelta(days=40)
    late = findings(course, as_of=as_of)["interval.late-dose"]
    assert kind(late, as_of) == "alarm"
