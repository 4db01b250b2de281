"""When a finding changes with time alone; a review of the same records that day is the oracle."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Status
from openntz.monitor.over_time import LaterDays, with_next_turn
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.catalogue import RULES
from tests import build

EU = load_profile("eu")
RULE = {rule.id: rule for rule in RULES}
LAST = build.AS_OF - timedelta(days=20)


def days(course, until=180):
    return LaterDays(
        on=lambda day: build.situation(course, as_of=day),
        as_of=build.AS_OF,
        until=build.AS_OF + timedelta(days=until),
        profile=EU,
        profiles={},
    )


def on_day(rule, course, day):
    """What a review of the same records on that day says."""
    return evaluate(build.situation(course, as_of=day), EU, {}, (RULE[rule],))[0]


def on_drug(**events):
    return build.course(doses=build.doses_until(LAST, 14), **events)


def test_a_late_dose_turns_due_and_act_on_the_days_of_the_contract():
    course = on_drug()
    finding = on_day("interval.late-dose", course, build.AS_OF)
    later = days(course, until=60).every_turn(RULE["interval.late-dose"], finding)
    # Four weeks planned, announced a week before; act from the day after eight weeks.
    assert finding.status is Status.OK or finding.status is Status.WATCH
    turns = {t.status: (t.day - LAST).days for t in later.turns}
    assert turns[Status.DUE] == 29
    assert later.every_day


@pytest.mark.parametrize("rule", sorted(RULE))
def test_the_next_turn_matches_a_review_on_that_day_and_the_day_before(rule):
    course = on_drug(
        mri=[build.scan("2023-09-01")],
        measurements=[build.antibody("2024-05-20", "positive")],
        edss=[build.edss("2024-01-10")],
    )
    asked = days(course, until=90)
    finding = on_day(rule, course, build.AS_OF)
    later = asked.next_turn(RULE[rule], finding)
    if later.by_forecast:
        assert finding.by_forecast or not later.turns
        return
    assert not later.every_day
    for turn in later.turns:
        assert on_day(rule, course, turn.day).status is turn.status
        assert turn.status is not finding.status
        before = on_day(rule, course, turn.day - timedelta(days=1))
        assert before.status is finding.status
    if not later.turns:
        assert on_day(rule, course, later.until).status is finding.status


@pytest.mark.parametrize("rule", ["pml.mri-due", "pml.jcv-due", "review.due", "antibody.confirm"])
def test_every_turn_matches_reviews_of_every_day(rule):
    course = on_drug(
        mri=[build.scan("2023-07-20")],
        measurements=[
            build.antibody("2024-06-10", "positive"),
            build.measurement("jcv index", "2024-02-01", 0.3, line=3),
        ],
        edss=[build.edss("2024-01-10")],
    )
    finding = on_day(rule, course, build.AS_OF)
    later = days(course, until=120).every_turn(RULE[rule], finding)
    said, expected = {t.day: t.status for t in later.turns}, {}
    status = finding.status
    for n in range(1, 121):
        day = build.AS_OF + timedelta(days=n)
        now = on_day(rule, course, day).status
        if now is not status:
            expected[day] = status = now
    assert said == expected
    assert rule == "antibody.confirm" or said


def test_a_rule_that_reads_the_forecast_is_not_asked():
    course = on_drug(measurements=[build.level("2024-06-01", 20.0)])
    finding = on_day("level.low", course, build.AS_OF)
    assert finding.by_forecast
    later = days(course).next_turn(RULE["level.low"], finding)
    assert later.by_forecast
    assert later.turns == ()
    assert not on_day("platelets.low", course, build.AS_OF).by_forecast


def test_a_booked_dose_counts_as_given_once_its_day_has_come():
    booked = build.AS_OF + timedelta(days=8)
    course = build.course(doses=(*build.doses_until(LAST, 14), build.dose(booked, line=40)))
    finding = on_day("interval.late-dose", course, build.AS_OF)
    later = days(course, until=20).every_turn(RULE["interval.late-dose"], finding)
    assert all(t.status is not Status.DUE for t in later.turns)


def test_what_is_not_known_is_not_asked_and_nothing_else_of_a_finding_changes():
    course = on_drug()
    found = evaluate(build.situation(course), EU, {})
    told = with_next_turn(found, days(course, until=30))
    for before, after in zip(found, told, strict=True):
        assert replace(after, later=None) == before
        assert (after.later is None) == (before.status is Status.UNKNOWN)
