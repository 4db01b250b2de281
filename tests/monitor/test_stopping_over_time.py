"""One course followed through time: the founding case (S4-01 to S4-19), day by day.

More than eight years of disease, stable on natalizumab, stopped for family planning with nothing
to follow, relapse after three to four months with 60 to 80 enhancing lesions, one restart dose.
The MRI from before the drug and the EDSS scores are planted.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.course.course import Course
from openntz.course.events import Event
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    antibody,
    course,
    dose,
    doses_until,
    edss,
    finding,
    measurement,
    plan,
    relapse,
    scan,
    symptom,
    treatment,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
LAST = date(2023, 3, 6)
STOP = LAST + timedelta(days=28)
RESTART = LAST + timedelta(days=130)


def day(after: int) -> date:
    return LAST + timedelta(days=after)


def case(*more: Event, restarted: bool = True) -> Course:
    doses = list(doses_until(LAST, 40))
    if restarted:
        doses.append(dose(RESTART, line=90))
    events: dict[str, list[Event]] = {
        "plans": [
            plan(day(-60), 28, line=8),
            plan(day(0), stopped=STOP, reason="family planning", line=9),
        ],
        "relapses": [
            relapse(day(-3000), line=40),
            relapse(day(-1300), line=41),
            relapse(day(110), line=42),
        ],
        "mri": [
            scan(day(-1150), 2, 1, line=30),
            scan(day(-20), line=31),
            scan(day(121), 70, 60, line=32),
        ],
        "edss": [edss(day(-30), 2.0, line=50), edss(day(121), 5.0, line=51)],
    }
    for event in more:
        events.setdefault(event.ref.table, []).append(event)
    return course(doses=doses, **events)


def at(made: Course, after: int, rule: str, profile: str = "eu") -> Finding:
    return finding(rule, made, as_of=day(after), profile=profile)


TIMELINE = [
    # day after the last dose, plan, successor, window, rebound, washout, active disease, gate
    (5, DUE, OK, OK, OK, OK, OK, OK),
    (27, DUE, OK, OK, OK, OK, OK, OK),
    (28, OK, WATCH, OK, OK, OK, UNKNOWN, OK),
    (60, OK, WATCH, DUE, OK, OK, UNKNOWN, DUE),
    (110, OK, WATCH, DUE, UNKNOWN, OK, ACT, DUE),
    (121, OK, WATCH, WATCH, ACT, OK, ACT, DUE),
    (129, OK, WATCH, WATCH, ACT, OK, ACT, DUE),
]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("after", *"pswrgad"), TIMELINE, ids=[str(r[0]) for r in TIMELINE])
def test_the_founding_case_until_the_restart(after, p, s, w, r, g, a, d, profile):
    made = case()
    expected = {
        "stopping.plan": p,
        "stopping.no-successor": s,
        "stopping.rebound-window": w,
        "stopping.rebound": r,
        "stopping.washout": g,
        "restart.active-disease": a,
        "restart.gate": d,
    }
    found = {rule: at(made, after, rule, profile).status for rule in expected}
    assert found == expected


@pytest.mark.parametrize("profile", PROFILES)
def test_one_restart_dose_in_active_disease(profile):
    """S4-13, S4-15, S4-19: given once; the day itself and the weeks after."""
    made = case()
    for after in (130, 131, 150):
        assert at(made, after, "restart.active-disease", profile).status is ACT
        assert at(made, after, "stopping.rebound", profile).status is ACT
        gate = at(made, after, "restart.gate", profile)
        assert gate.status is DUE
        assert "antibody test" in gate.message


def test_without_a_restart_nothing_covers_the_stop():
    made = case(restarted=False)
    for after, expected in ((27, OK), (28, DUE), (56, DUE), (57, ACT)):
        assert at(made, after, "stopping.no-successor").status is expected
    for after, expected in ((27, OK), (42, OK), (43, WATCH), (213, WATCH), (214, OK)):
        assert at(made, after, "stopping.washout").status is expected


def test_the_same_stop_bridged_in_time_asks_for_little():
    """S4-07, S4-26: another treatment within weeks, no relapse: nothing to act on."""
    quiet = course(
        doses=doses_until(LAST, 40),
        plans=[plan(day(0), stopped=STOP, reason="JCV positive", line=9)],
        mri=[scan(day(-1150), 2, 1, line=30), scan(day(35), line=31), scan(day(130), line=32)],
        relapses=[relapse(day(-1300), line=41)],
        edss=[edss(day(-30), 2.0, line=50), edss(day(100), 2.0, line=51)],
        treatments=[treatment(day(38), "fingolimod", line=60)],
    )
    for after in (5, 28, 37, 38, 60, 100, 150, 213, 300, 500):
        for rule in (
            "stopping.plan",
            "stopping.no-successor",
            "stopping.rebound",
            "stopping.washout",
            "restart.gate",
        ):
            found = at(quiet, after, rule)
            expected = OK if rule != "stopping.no-successor" or not 28 <= after < 38 else WATCH
            assert found.status is expected, (after, found.message)


@pytest.mark.parametrize(
    "unrelated",
    [
        symptom(day(115), "headache", line=70),
        measurement("weight", day(115), 80.0, line=71),
        measurement("jcv index", day(115), 1.2, line=72),
        treatment(day(115), "vitamin D", "vitamin", line=73),
    ],
    ids=["symptom", "weight", "jcv", "vitamin"],
)
def test_an_unrelated_event_changes_nothing(unrelated):
    for after in (27, 60, 125, 140):
        for rule in (
            "stopping.plan",
            "stopping.rebound",
            "stopping.washout",
            "restart.gate",
            "interval.late-dose",
        ):
            bare, more = at(case(), after, rule), at(case(unrelated), after, rule)
            assert (bare.status, bare.message) == (more.status, more.message)


def test_persistent_antibodies_speak_against_the_restart_from_the_day_they_are_known():
    made = case(
        antibody(day(-900), "positive", line=80),
        antibody(day(-800), "positive", line=81),
    )
    for after, expected in ((5, OK), (60, ACT), (129, ACT), (130, ACT), (150, ACT)):
        assert at(made, after, "restart.gate").status is expected
