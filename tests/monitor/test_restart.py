"""restart.active-disease: every status, each limit a day either side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    dose,
    doses_on,
    finding,
    plan,
    relapse,
    scan,
    without,
)
from tests.monitor.test_example_clinic import reviewed

ACT, WATCH, UNKNOWN, OK = Status.ACT, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "restart.active-disease"


def restarted(gap: int, ago: int, **events) -> Course:
    """A dose ``ago`` days ago after ``gap`` days without one."""
    days = [days_before(ago + gap + 28), days_before(ago + gap), days_before(ago)]
    return course(doses=doses_on(days), **events)


def off(ago: int, *, planned: bool = False, booked: int | None = None, **events) -> Course:
    """Stopped with the last dose ``ago`` days ago; a restart may be planned or booked."""
    plans = [plan(days_before(ago), stopped=days_before(ago), reason="patient choice", line=20)]
    if planned:
        plans.append(plan(days_before(2), 28, line=21))
    given = list(doses_on([days_before(ago + 300), days_before(ago)]))
    if booked is not None:
        given.append(dose(AS_OF + timedelta(days=booked), line=30))
    return course(doses=given, plans=plans, **events)


# ── restart given


@pytest.mark.parametrize(("gap", "expected"), [(89, OK), (90, ACT), (91, ACT)])
def test_gap_that_makes_a_restart_matches_contract(gap, expected):
    made = restarted(gap, 10, relapses=[relapse(days_before(20))])
    assert finding(RULE, made).status is expected


@pytest.mark.parametrize(("ago", "expected"), [(0, ACT), (90, ACT), (91, OK)])
def test_restart_stays_new_for_three_months(ago, expected):
    days = [days_before(ago + 228), days_before(ago + 200), *range_of(ago)]
    made = course(doses=doses_on(days), relapses=[relapse(days_before(ago + 5))])
    assert finding(RULE, made).status is expected


def range_of(ago: int):
    """Doses every four weeks from the restart on."""
    return [days_before(d) for d in range(ago, -1, -28)]


@pytest.mark.parametrize(
    ("before", "expected"), [(-1, UNKNOWN), (0, ACT), (90, ACT), (91, UNKNOWN)]
)
def test_activity_counts_in_the_three_months_before_the_restart(before, expected):
    made = restarted(200, 10, relapses=[relapse(days_before(10 + before), line=61)])
    found = finding(RULE, made)
    assert found.status is expected
    assert ("relapses:61" in found.evidence) is (expected is ACT)


@pytest.mark.parametrize(("into_gap", "expected"), [(0, UNKNOWN), (1, ACT)])
def test_activity_counts_only_after_the_gap_began(into_gap, expected):
    made = restarted(90, 10, relapses=[relapse(days_before(100 - into_gap))])
    assert finding(RULE, made).status is expected


@pytest.mark.parametrize(("lesions", "expected"), [(0, OK), (1, ACT), (9, ACT), (None, UNKNOWN)])
def test_enhancing_lesions_decide_and_an_unreported_count_is_unknown(lesions, expected):
    made = restarted(120, 10, mri=[scan(days_before(30), lesions, 12)])
    assert finding(RULE, made).status is expected


def test_recorded_stop_makes_a_shorter_pause_a_gap():
    days = [days_before(98), days_before(70), days_before(10)]
    record = plan(days_before(69), stopped=days_before(69))
    again = plan(days_before(12), 28)
    made = course(doses=doses_on(days), relapses=[relapse(days_before(20))])
    assert finding(RULE, made).status is OK
    made = course(doses=made.doses, relapses=made.relapses, plans=[record, again])
    assert finding(RULE, made).status is ACT


# ── restart planned, or not known


def test_planned_or_booked_restart_in_active_disease_is_act():
    found = finding(RULE, off(100, planned=True, relapses=[relapse(days_before(5))]))
    assert found.status is ACT
    assert "plans:21" in found.evidence
    found = finding(RULE, off(100, booked=12, mri=[scan(days_before(5), 2)]))
    assert found.status is ACT
    assert found.due == AS_OF + timedelta(days=12)


def test_activity_without_a_known_restart_is_watch():
    made = off(92, relapses=[relapse(days_before(6))], mri=[scan(days_before(3), 9, 12, 2)])
    found = finding(RULE, made)
    assert found.status is WATCH
    for part in ("No restart is planned", "relapse on", "9 enhancing lesions"):
        assert part in found.message


@pytest.mark.parametrize(("before", "expected"), [(0, WATCH), (90, WATCH), (91, UNKNOWN)])
def test_activity_counts_for_three_months_before_the_date(before, expected):
    made = off(300, relapses=[relapse(days_before(before))], mri=[scan(days_before(before))])
    assert finding(RULE, made).status is expected


def test_planned_restart_without_a_recent_scan_is_unknown():
    for events in ({}, {"mri": [scan(days_before(91), 0)]}, {"mri": [scan(days_before(5), None)]}):
        found = finding(RULE, off(200, planned=True, **events))
        assert found.status is UNKNOWN
        assert "new MRI" in found.message


def test_planned_restart_with_a_quiet_scan_is_ok():
    assert finding(RULE, off(200, planned=True, mri=[scan(days_before(5), 0)])).status is OK


def test_gap_without_a_scan_is_unknown_though_no_restart_is_planned():
    """No MRI is not 'no lesions', and a gap may end in a restart nobody has booked yet."""
    found = finding(RULE, off(200))
    assert found.status is UNKNOWN
    assert "new MRI belongs before any restart" in found.message


@pytest.mark.parametrize("missing", ["mri", "relapses"])
def test_missing_table_is_unknown(missing):
    record = plan(days_before(100), stopped=days_before(100))
    given = doses_on([days_before(400), days_before(100)])
    quiet = {} if missing == "mri" else {"mri": [scan(days_before(5), 0)]}
    made = course(recorded=without(missing), doses=given, plans=[record], **quiet)
    found = finding(RULE, made)
    assert found.status is UNKNOWN
    assert missing in found.message


def test_activity_seen_in_one_table_decides_though_the_other_is_missing():
    record = plan(days_before(100), stopped=days_before(100))
    given = doses_on([days_before(400), days_before(100)])
    made = course(
        recorded=without("mri"), doses=given, plans=[record], relapses=[relapse(days_before(9))]
    )
    assert finding(RULE, made).status is WATCH


def test_relapse_on_continuous_therapy_is_no_restart():
    steady = [days_before(d) for d in range(200, 0, -28)]
    made = course(doses=doses_on(steady), relapses=[relapse(days_before(20))])
    assert finding(RULE, made).status is OK


def test_single_restart_dose_then_stopped_is_still_act():
    days = [days_before(400), days_before(60)]
    record = plan(days_before(50), stopped=days_before(50))
    made = course(doses=doses_on(days), plans=[record], relapses=[relapse(days_before(70))])
    assert finding(RULE, made).status is ACT


def test_never_dosed_is_unknown():
    assert finding(RULE, course(relapses=[relapse(days_before(5))])).status is UNKNOWN


def test_no_causal_claim_and_sources():
    found = finding(RULE, off(100, planned=True, relapses=[relapse(days_before(5), line=61)]))
    assert "whether the dose caused it is open" in found.message
    assert {"founding-s4", "clinicspeak-restart"} <= set(found.sources)
    assert found.evidence == ("doses:3", "plans:21", "plans:20", "relapses:61")


def test_after_a_restart_the_advice_is_for_afterwards():
    found = finding(RULE, restarted(100, 10, relapses=[relapse(days_before(20))]))
    assert found.status is ACT
    assert "Before a restart" not in found.message
    for part in ("watch closely", "MRI now", "test antibodies", "report any worsening"):
        assert part in found.message
    ahead = finding(RULE, off(100, planned=True, relapses=[relapse(days_before(20))]))
    assert "Before a restart" in ahead.message
    assert "has been given" not in ahead.message


def test_the_restarted_person_of_the_example_clinic_is_watched_closely():
    found = reviewed("N006", "eu")[RULE]
    assert found.status is ACT
    assert "watch closely" in found.message
    assert "Before a restart" not in found.message


def test_what_was_done_since_the_restart_is_not_asked_for_again():
    days = [days_before(d) for d in (300, 272, 150, 30)]
    record = {"relapses": [relapse(days_before(60))], "mri": [scan(days_before(400), 0)]}
    made = course(doses=doses_on(days), **record)
    asked = finding(RULE, made)
    assert asked.status is ACT
    assert "do an MRI now, test antibodies and ask" in asked.message
    done = {
        **record,
        "mri": [*record["mri"], scan(days_before(10), 0)],
        "measurements": [antibody(days_before(12), "negative", line=70)],
    }
    told = finding(RULE, course(doses=doses_on(days), **done))
    assert told.status is ACT
    assert "do an MRI now" not in told.message
    assert "test antibodies" not in told.message
    since = f"Since then: MRI on {days_before(10)}, antibody test on {days_before(12)}."
    assert since in told.message
    assert "measurements:70" in told.evidence
