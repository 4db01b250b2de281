"""pregnancy.lactation and newborn.vaccines: every status, each limit a day either side."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from openntz.course.course import Course
from openntz.evidence.registry import registry
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, Profile, load_profile
from tests.build import (
    AS_OF,
    course,
    days_before,
    doses_every,
    doses_on,
    finding,
    person,
    plan,
    pregnancy,
    without,
)

DUE, WATCH, UNKNOWN, OK = Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
LACTATION, VACCINES = "pregnancy.lactation", "newborn.vaccines"
ON = doses_every(days_before(28 * 30 + 5), 31)


def born(ago: int, feeding: str = "", **more):
    day = days_before(ago)
    conception = day - timedelta(days=266)
    return pregnancy(conception, delivery=day, breastfeeding=feeding, line=80, **more)


def on(*pregnancies) -> Course:
    return course(doses=ON, pregnancies=pregnancies)


def off(since: int, *pregnancies, **events) -> Course:
    given = doses_on([days_before(since + 500), days_before(since)])
    stop = plan(days_before(since), stopped=days_before(since), line=20)
    return course(doses=given, plans=[stop], pregnancies=pregnancies, **events)


def confirmed(tmp_path: Path, profile: str) -> Profile:
    file = tmp_path / "site.toml"
    file.write_text(
        '[confirm."lactation.cohort-2026"]\nwho = "Dr Adams"\nwhen = 2026-05-02\n',
        encoding="utf-8",
    )
    return load_profile(profile, registry().with_site(file))


# ── pregnancy.lactation


def test_breast_feeding_on_natalizumab_is_due_and_shows_both_sides():
    """C13: leaflet no, guide drug or feeding, a cohort reassuring but from memory."""
    for profile in PROFILES:
        found = finding(LACTATION, on(born(40, "yes")), profile=profile)
        assert found.status is DUE
        for part in ("do not breast-feed", "stop the drug or the feeding", "(unverified)"):
            assert part in found.message
        assert {"eu-leaflet", "founding-s2", "breast-feeding-cohort-2026"} <= set(found.sources)
        assert "pregnancies:80" in found.evidence


def test_the_cohort_decides_only_under_study_and_once_a_site_confirmed_it(tmp_path):
    by_profile = {
        p: finding(LACTATION, on(born(40, "yes")), profile=confirmed(tmp_path, p)).status
        for p in PROFILES
    }
    assert by_profile == {"eu": DUE, "us": DUE, "study": WATCH}


def test_a_recorded_talk_stops_it_being_due():
    assert finding(LACTATION, on(born(40, "yes, discussed 2024-06-01"))).status is WATCH
    assert finding(LACTATION, on(born(40, "yes, not discussed"))).status is DUE


@pytest.mark.parametrize(("until", "expected"), [(0, DUE), (1, OK)])
def test_last_day_of_breast_feeding(until, expected):
    entry = f"until {days_before(until)}"
    assert finding(LACTATION, on(born(40, entry))).status is expected


@pytest.mark.parametrize(("ago", "expected"), [(0, UNKNOWN), (365, UNKNOWN), (366, OK)])
def test_not_recorded_is_unknown_for_a_year(ago, expected):
    found = finding(LACTATION, on(born(ago)))
    assert found.status is expected


@pytest.mark.parametrize(("ago", "expected"), [(365, DUE), (366, UNKNOWN)])
def test_a_yes_without_a_day_does_not_last_for_ever(ago, expected):
    assert finding(LACTATION, on(born(ago, "yes"))).status is expected


def test_not_understood_is_unknown():
    found = finding(LACTATION, on(born(40, "see letter")))
    assert found.status is UNKNOWN
    assert "'see letter'" in found.message


def test_no_is_ok():
    assert finding(LACTATION, on(born(40, "no"))).status is OK


@pytest.mark.parametrize(("since", "expected"), [(112, WATCH), (113, OK)])
def test_after_stopping_the_drug_is_taken_to_act_for_16_weeks(since, expected):
    assert finding(LACTATION, off(since, born(40, "yes"))).status is expected


def test_a_planned_restart_is_asked_about():
    again = plan(days_before(10), 28, line=21)
    stop = plan(days_before(200), stopped=days_before(200), line=20)
    made = course(
        doses=doses_on([days_before(700), days_before(200)]),
        plans=[stop, again],
        pregnancies=[born(40, "yes")],
    )
    found = finding(LACTATION, made)
    assert found.status is WATCH
    assert "before natalizumab is resumed" in found.message


def test_without_a_delivery():
    assert finding(LACTATION, on()).status is OK
    assert finding(LACTATION, on(pregnancy(days_before(60)))).status is OK
    lost = pregnancy(days_before(60), outcome="miscarriage")
    assert finding(LACTATION, on(lost)).status is OK
    unclear = pregnancy(days_before(400))
    assert finding(LACTATION, on(unclear)).status is UNKNOWN


@pytest.mark.parametrize("rule", [LACTATION, VACCINES])
def test_missing_table_male_and_never_dosed(rule):
    assert finding(rule, course(recorded=without("pregnancies"), doses=ON)).status is UNKNOWN
    assert finding(rule, course(who=person(sex="M"), doses=ON)).status is OK
    man = course(who=person(sex="M"), doses=ON, pregnancies=[born(40, "yes")])
    found = finding(rule, man)
    assert "recorded as male" in found.message
    assert found.status in {DUE, WATCH}
    assert finding(rule, course(pregnancies=[born(40, "yes")])).status is UNKNOWN


# ── newborn.vaccines


@pytest.mark.parametrize(("ago", "expected"), [(0, WATCH), (182, WATCH), (183, OK)])
def test_no_live_vaccine_to_6_months(ago, expected):
    found = finding(VACCINES, on(born(ago)))
    assert found.status is expected
    if expected is WATCH:
        assert found.due == days_before(ago) + timedelta(days=183)
        assert "rotavirus or BCG" in found.message
        assert "6 months" in found.message
        assert "medicines-in-pregnancy" in found.sources


@pytest.mark.parametrize(("ahead", "expected"), [(71, OK), (70, WATCH), (-27, WATCH)])
def test_said_from_ten_weeks_before_delivery(ahead, expected):
    due = AS_OF + timedelta(days=ahead)
    found = finding(VACCINES, on(pregnancy(due - timedelta(days=266), due=due)))
    assert found.status is expected


@pytest.mark.parametrize(("free", "expected"), [(365, WATCH), (366, OK)])
def test_only_an_exposed_child(free, expected):
    child = born(40)
    given = doses_on([child.conception - timedelta(days=free)])
    assert finding(VACCINES, course(doses=given, pregnancies=[child])).status is expected


def test_lost_pregnancy_and_outcome_never_recorded():
    assert finding(VACCINES, on(born(10, outcome="stillbirth"))).status is OK
    unclear = pregnancy(days_before(400), due=days_before(134))
    assert finding(VACCINES, on(unclear)).status is WATCH
    long_ago = pregnancy(days_before(450), due=days_before(184))
    assert finding(VACCINES, on(long_ago)).status is OK
