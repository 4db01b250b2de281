"""restart.gate: what belongs before a restart (ClinicSpeak), each item a day to either side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course import vocabulary
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    dose,
    doses_on,
    finding,
    measurement,
    plan,
    reaction,
    scan,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "restart.gate"


def checks(ago: int, *, leave_out: str = ""):
    rows = {
        "blood count": measurement(vocabulary.LYMPHOCYTES, days_before(ago), 2.0, line=71),
        "liver test": measurement(vocabulary.ALT, days_before(ago), 20.0, line=72),
        "antibody test": antibody(days_before(ago), "negative", line=73),
        "MRI": scan(days_before(ago), line=74),
    }
    kept = {name: row for name, row in rows.items() if name != leave_out}
    mri = [kept.pop("MRI")] if "MRI" in kept else []
    return {"measurements": list(kept.values()), "mri": mri}


def off(ago: int = 200, *, booked: int | None = None, resumes: bool = False, **events):
    """Stopped ``ago`` days ago after many doses, with or without a restart ahead."""
    last = days_before(ago)
    given = list(doses_on([last - timedelta(days=28 * i) for i in (3, 2, 1, 0)]))
    if booked is not None:
        given.append(dose(AS_OF + timedelta(days=booked), line=99))
    plans = [plan(last, stopped=last, line=9)]
    if resumes:
        plans.append(plan(days_before(2), 28, line=10))
    return course(doses=given, plans=plans, **events)


def restarted(ago: int, gap: int = 120, **events):
    """Restarted ``ago`` days ago after ``gap`` days, and on therapy since."""
    last = days_before(ago + gap)
    before = [last - timedelta(days=28 * i) for i in (3, 2, 1, 0)]
    after = [days_before(d) for d in range(ago, -1, -28)]
    return course(doses=doses_on([*before, *after]), **events)


# ── planned


@pytest.mark.parametrize("profile", PROFILES)
def test_all_checks_done_before_a_booked_restart_is_ok(profile):
    found = finding(RULE, off(booked=10, **checks(5)), profile=profile)
    assert found.status is OK
    assert {"measurements:71", "measurements:72", "measurements:73", "mri:74"} <= set(
        found.evidence
    )
    assert "restart.active-disease" in found.message
    assert "antibody.before-re-exposure" in found.message


@pytest.mark.parametrize("what", ["blood count", "liver test", "antibody test", "MRI"])
def test_each_missing_check_is_due_by_the_restart(what):
    found = finding(RULE, off(booked=10, **checks(5, leave_out=what)))
    assert found.status is DUE
    assert found.due == AS_OF + timedelta(days=10)
    assert f"Missing before the restart: {what} (ClinicSpeak)" in found.message


@pytest.mark.parametrize(("ago", "expected"), [(80, OK), (81, DUE)])
def test_blood_and_mri_count_three_months_before_the_restart(ago, expected):
    # Booked in 10 days: 80 days ago is 90 before it.
    found = finding(RULE, off(booked=10, **checks(ago)))
    assert found.status is expected
    if expected is DUE:
        assert "Missing before the restart: blood count, liver test, MRI (" in found.message


@pytest.mark.parametrize(("ago", "expected"), [(199, OK), (200, DUE)])
def test_an_antibody_test_counts_from_the_last_dose_on(ago, expected):
    rows = checks(5, leave_out="antibody test")
    rows["measurements"].append(antibody(days_before(ago), "negative"))
    assert finding(RULE, off(booked=10, **rows)).status is expected


@pytest.mark.parametrize(("ahead", "expected"), [(91, OK), (90, DUE)])
def test_a_restart_far_ahead_is_announced_and_not_due(ahead, expected):
    found = finding(RULE, off(booked=ahead))
    assert found.status is expected
    if expected is OK:
        assert f"Before it, from {AS_OF + timedelta(days=1)} on: blood count" in found.message


def test_a_plan_to_resume_is_a_planned_restart():
    assert finding(RULE, off(resumes=True)).status is DUE
    assert finding(RULE, off(resumes=True, **checks(5))).status is OK


def test_without_a_restart_ahead_it_is_told_and_not_asked_for():
    found = finding(RULE, off())
    assert found.status is OK
    assert "Before one: blood tests, a new MRI and an antibody test" in found.message


# ── given


@pytest.mark.parametrize(("ago", "expected"), [(0, DUE), (84, DUE), (90, DUE), (91, OK)])
def test_after_a_restart_what_was_missing_is_due_before_the_next_dose(ago, expected):
    found = finding(RULE, restarted(ago))
    assert found.status is expected
    if expected is DUE:
        assert "Missing before the next dose: blood count, liver test, MRI" in found.message
        assert found.due is not None
        assert found.due >= AS_OF


@pytest.mark.parametrize(("gap", "expected"), [(89, OK), (90, DUE)])
def test_a_gap_of_three_months_makes_a_restart(gap, expected):
    assert finding(RULE, restarted(10, gap)).status is expected


@pytest.mark.parametrize("ago", [5, 40])
def test_checks_before_or_after_the_restart_settle_it(ago):
    assert finding(RULE, restarted(20, **checks(ago))).status is OK


# ── antibodies contraindicate


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("negative", "negative", OK),
        ("positive", "negative", OK),
        ("negative", "positive", ACT),
        ("positive", "positive", ACT),
    ],
)
def test_antibodies_contraindicate_a_restart(first, second, expected):
    rows = checks(5, leave_out="antibody test")
    rows["measurements"] += [
        antibody(days_before(150), first, line=80),
        antibody(days_before(20), second, line=81),
    ]
    for made in (off(booked=10, **rows), restarted(30, 150, **rows)):
        found = finding(RULE, made)
        assert found.status is expected
        assert ("antibodies contraindicate a restart" in found.message) is (expected is ACT)
        if expected is ACT:
            # First: a page quotes no more of it where it stands against a dose.
            said = found.message.partition(" (ClinicSpeak). ")[0]
            assert said.startswith("Antibodies ")
            assert said.endswith(", and antibodies contraindicate a restart")
            assert "measurements:81" in found.evidence
            assert ("persistent" in found.message) is (first == "positive")
    # Nobody restarts: it is said, and nothing is to be done.
    quiet = finding(RULE, off(**rows))
    assert quiet.status is OK
    assert ("speaks against one" in quiet.message) is (expected is ACT)


def test_who_is_persistent_depends_on_the_profile():
    # Ten weeks apart: enough for the EU label and AFFIRM, not for the US label's three months;
    # the last test is negative.
    rows = checks(5, leave_out="antibody test")
    rows["measurements"] += [
        antibody(days_before(100), "positive"),
        antibody(days_before(30), "positive"),
        antibody(days_before(10), "negative"),
    ]
    made = off(booked=10, **rows)
    answers = {p: finding(RULE, made, profile=p).status for p in PROFILES}
    assert answers == {"eu": ACT, "us": OK, "study": ACT}


# ── not known


@pytest.mark.parametrize("table", ["measurements", "mri"])
def test_a_missing_table_is_unknown(table):
    rows = {name: events for name, events in checks(5).items() if name != table}
    found = finding(RULE, off(booked=10, recorded=without(table), **rows))
    assert found.status is UNKNOWN
    assert f"The table {table} is not in the export" in found.message


def test_what_is_missing_is_due_though_a_table_is_missing_too():
    rows = checks(5, leave_out="liver test")
    found = finding(
        RULE,
        off(booked=10, recorded=without("mri"), measurements=rows["measurements"]),
    )
    assert found.status is DUE
    assert "liver test" in found.message


def test_an_unreadable_antibody_result_is_no_test():
    rows = checks(5, leave_out="antibody test")
    rows["measurements"].append(antibody(days_before(5), "indeterminate"))
    assert finding(RULE, off(booked=10, **rows)).status is DUE


# ── does not apply


def test_a_reaction_that_forbids_leaves_nothing_to_prepare():
    severe = reaction(days_before(230), "anaphylaxis", 4, line=60)
    found = finding(RULE, off(booked=10, reactions=[severe]))
    assert found.status is OK
    assert "hypersensitivity.contraindicated" in found.message
    assert "reactions:60" in found.evidence


def test_on_therapy_and_never_dosed():
    on = course(doses=doses_on([days_before(56), days_before(28), days_before(1)]))
    assert finding(RULE, on).status is OK
    assert finding(RULE, course()).status is UNKNOWN
