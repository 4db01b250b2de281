"""Nothing is asked for somebody recorded as having died, except about a child."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.catalogue import RULES
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    dose,
    doses_until,
    edss,
    finding,
    findings,
    measurement,
    plan,
    pregnancy,
    reaction,
    situation,
    symptom,
)

CHILD = ("pregnancy.newborn-count", "newborn.vaccines")
LAST = 60


def stopped(reason: str, **events):
    """Stopped 40 days ago with much that is overdue, raised or open."""
    day = days_before(40)
    events.setdefault("symptoms", [symptom(days_before(45), "PML suspected", line=31)])
    return course(
        doses=doses_until(days_before(LAST), 40),
        plans=[plan("2020-01-01", 28, line=5), plan(day, stopped=day, reason=reason, line=6)],
        measurements=[
            measurement("alt", days_before(50), 400.0, line=21),
            measurement("platelets", days_before(50), 40.0, line=22),
            antibody(days_before(70), "positive", line=23),
        ],
        reactions=[reaction(days_before(LAST), "urticaria", 2, line=41)],
        edss=[edss(days_before(900))],
        **events,
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_asked_of_the_dead(profile):
    told = findings(stopped("died"), profile=profile)
    assert list(told) == [rule.id for rule in RULES]
    for rule, found in told.items():
        if rule in CHILD:
            continue
        assert found.status is Status.OK, rule
        assert f"Recorded as having died on {days_before(40)} ('died')" in found.message
        assert found.evidence == ("plans:6",)
        assert found.due is None
        assert not found.others


def test_the_same_record_of_somebody_alive_asks_for_much():
    told = findings(stopped("fear of death"))
    urgent = {r for r, f in told.items() if f.status in {Status.ACT, Status.DUE}}
    assert {"stopping.no-successor", "liver.injury", "platelets.low", "pml.suspected"} <= urgent


def test_nothing_is_asked_from_the_day_on_and_everything_before_it():
    made = stopped("died")
    assert finding("platelets.low", made, as_of=days_before(41)).status is Status.ACT
    assert finding("platelets.low", made, as_of=days_before(40)).status is Status.OK


def test_a_dose_after_the_recorded_death_speaks_of_the_living():
    day = days_before(LAST + 10)
    made = course(
        doses=doses_until(days_before(LAST), 40),
        plans=[plan(day, stopped=day, reason="died", line=6)],
        measurements=[measurement("platelets", days_before(50), 40.0, line=22)],
    )
    assert finding("platelets.low", made).status is Status.ACT


@pytest.mark.parametrize("profile", PROFILES)
def test_a_dose_booked_for_later_speaks_of_the_living(profile):
    """The rules are handed the course up to the day, and what is booked beside it."""
    made = stopped("died")
    booked = replace(made, doses=(*made.doses, dose(AS_OF + timedelta(days=9), line=61)))
    assert finding("platelets.low", made, profile=profile).status is Status.OK
    assert finding("platelets.low", booked, profile=profile).status is Status.ACT


@pytest.mark.parametrize(
    "table",
    ["plans", "doses", "reactions", "mri", "relapses", "edss", "treatments", "pregnancies"],
)
def test_where_rows_were_lost_that_may_be_later_the_rules_speak_of_the_living(table):
    found = with_lost("platelets.low", table)
    assert found.status is Status.ACT
    assert "died" not in found.message


@pytest.mark.parametrize("table", ["measurements", "symptoms", "people"])
def test_lost_rows_that_tell_nothing_of_life_leave_it(table):
    assert with_lost("platelets.low", table).status is Status.OK


@pytest.mark.parametrize(
    "rule", [r.id for r in RULES if "mri" in r.silence and Status.OK in r.reassuring]
)
def test_nobody_is_called_fine_where_a_lost_row_may_say_otherwise(rule):
    assert with_lost(rule, "mri").status is not Status.OK
    assert with_lost(rule, "measurements").status is Status.OK


def with_lost(rule, table):
    profile = load_profile("eu")
    made = replace(situation(stopped("died")), incomplete=frozenset({table}))
    wanted = [r for r in RULES if r.id == rule]
    return evaluate(made, profile, {"eu": profile}, wanted)[0]


def test_the_count_of_a_newborn_is_asked_for_after_its_mother_died():
    born = pregnancy(days_before(320), delivery=days_before(42), outcome="live birth", line=51)
    told = findings(stopped("died", pregnancies=[born]))
    assert told["pregnancy.newborn-count"].status is Status.DUE
    assert told["newborn.vaccines"].status is Status.WATCH
    assert told["pregnancy.lactation"].status is Status.OK
    assert told["pregnancy.plan"].status is Status.OK
