"""stopping.washout: each drug and status, a day to either side of what was studied."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_on,
    finding,
    plan,
    pregnancy,
    scan,
    treatment,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "stopping.washout"


def stopped(ago: int, *treatments, mri=(), recorded=None):
    kept = {"recorded": recorded} if recorded else {}
    return course(
        doses=doses_on([days_before(ago + 400), days_before(ago)]),
        plans=[plan(days_before(ago), stopped=days_before(ago), line=9)],
        treatments=treatments,
        mri=mri,
        **kept,
    )


def follows(ago: int, washout: int, name: str, **events):
    """Last dose ``ago`` days ago, the next drug ``washout`` days after it."""
    start = days_before(ago) + timedelta(days=washout)
    return stopped(ago, treatment(start, name, line=50), **events)


# ── fingolimod


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("washout", "expected"), [(41, OK), (42, OK), (43, WATCH), (57, WATCH)])
def test_fingolimod_started_after_more_than_six_weeks_is_watched(washout, expected, profile):
    found = finding(RULE, follows(100, washout, "fingolimod"), profile=profile)
    assert found.status is expected
    assert "treatments:50" in found.evidence
    if expected is WATCH:
        for words in (
            "longer than the washout studied (up to 6 weeks)",
            "more than 8 weeks had 6.8 times the odds",
            "below 6 weeks (1.4 to 32.8) (Leurs)",
            "hazard ratio 0.23, Naegelin",
        ):
            assert words in found.message
        assert {"leurs-switch-fingolimod", "naegelin-switch-fingolimod"} <= set(found.sources)


@pytest.mark.parametrize(
    ("ago", "washout", "expected"),
    [
        (30, 42, OK),
        (30, 43, DUE),  # the date can still be moved
        (42, 60, DUE),
        (43, 60, WATCH),  # the studied washout is over
    ],
)
def test_a_start_planned_too_late_is_due_while_it_can_be_moved(ago, washout, expected):
    found = finding(RULE, follows(ago, washout, "Gilenya"))
    assert found.status is expected
    if expected is DUE:
        assert found.due == days_before(ago) + timedelta(days=42)
        assert "check the start date" in found.message


@pytest.mark.parametrize(("since", "expected"), [(183, WATCH), (184, OK)])
def test_it_is_watched_six_months_into_the_next_drug(since, expected):
    found = finding(RULE, follows(since + 80, 80, "fingolimod"))
    assert found.status is expected


# ── alemtuzumab: length and MRI just before


@pytest.mark.parametrize(
    ("washout", "expected"), [(40, WATCH), (41, OK), (70, OK), (99, OK), (100, WATCH)]
)
def test_alemtuzumab_started_after_41_to_99_days(washout, expected):
    start = 120 - washout
    made = follows(120, washout, "alemtuzumab", mri=[scan(days_before(start + 3), line=60)])
    found = finding(RULE, made)
    assert found.status is expected
    assert "mri:60" in found.evidence
    assert ("70 days (41 to 99)" in found.message) is (expected is WATCH)


@pytest.mark.parametrize(("ahead", "expected"), [(29, OK), (28, DUE), (1, DUE)])
def test_the_mri_before_alemtuzumab_is_due_four_weeks_before(ahead, expected):
    found = finding(RULE, follows(50, 50 + ahead, "alemtuzumab", mri=[scan(days_before(49))]))
    assert found.status is expected
    if expected is DUE:
        assert found.due == AS_OF + timedelta(days=ahead)
        assert "PML carried over" in found.message
    else:
        assert f"An MRI belongs before it, from {AS_OF + timedelta(days=1)}" in found.message


@pytest.mark.parametrize(("done", "expected"), [(8, OK), (9, DUE)])
def test_an_mri_within_four_weeks_of_the_start_settles_it(done, expected):
    made = follows(50, 70, "alemtuzumab", mri=[scan(days_before(done))])
    assert finding(RULE, made).status is expected


def test_an_mri_missed_before_the_start_is_told_afterwards():
    found = finding(RULE, follows(100, 70, "alemtuzumab"))
    assert found.status is WATCH
    assert "No MRI is recorded within 4 weeks before its start" in found.message


def test_without_the_mri_table_the_mri_is_unknown():
    made = follows(50, 70, "alemtuzumab", recorded=without("mri"))
    assert finding(RULE, made).status is UNKNOWN
    # Fingolimod's figures ask for none.
    assert finding(RULE, follows(30, 40, "fingolimod", recorded=without("mri"))).status is OK


# ── ocrelizumab: from memory, and said so


@pytest.mark.parametrize(("washout", "expected"), [(20, OK), (42, OK), (43, WATCH)])
def test_ocrelizumab_weeks_are_marked_unverified(washout, expected):
    start = 100 - washout
    made = follows(100, washout, "ocrelizumab", mri=[scan(days_before(start + 1))])
    found = finding(RULE, made)
    assert found.status is expected
    assert "up to 6 weeks (unverified)" in found.message
    if expected is WATCH:
        assert "about 4 to 6 weeks (unverified) with a clear MRI" in found.message


# ── drugs without a studied washout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dimethyl fumarate", "in 1 case it did not stop activity"),
        (
            "interferon beta-1a",
            "in 1 of 14 people on interferon beta, in 0 of 45 who stayed",
        ),
        ("glatiramer", "in 8 of 15 people on glatiramer"),
    ],
)
def test_drugs_under_which_disease_returned_are_watched_with_figures(name, words):
    found = finding(RULE, follows(100, 30, name))
    assert found.status is WATCH
    assert words in found.message


def test_a_drug_without_any_study_is_unknown():
    found = finding(RULE, follows(100, 30, "rituximab"))
    assert found.status is UNKNOWN
    assert "No study of the washout to rituximab is in the registry" in found.message


# ── overlap, steroids


@pytest.mark.parametrize(("washout", "overlaps"), [(83, True), (84, False)])
def test_natalizumab_acts_about_twelve_weeks(washout, overlaps):
    found = finding(RULE, follows(100, washout, "fingolimod"))
    words = f"about 12 weeks (EU label, unverified), so both act until {days_before(100 - 84)}"
    assert (words in found.message) is overlaps
    assert ("blood.effect-lasts.eu" in found.facts) is overlaps


@pytest.mark.parametrize("kind", ["steroid", "", "other"])
def test_steroids_in_the_washout_show_both_sides(kind):
    pulse = treatment(days_before(30), "methylprednisolone", kind, line=70)
    for made in (stopped(50, pulse), stopped(60, treatment(days_before(20), "Gilenya"), pulse)):
        found = finding(RULE, made)
        assert "21 of 52 on methylprednisolone" in found.message
        assert "rebound in 10 %" in found.message
        assert "treatments:70" in found.evidence


# ── nothing follows, not stopped, over


@pytest.mark.parametrize(("ago", "expected"), [(42, OK), (43, WATCH), (213, WATCH), (214, OK)])
def test_nothing_follows(ago, expected):
    found = finding(RULE, stopped(ago))
    assert found.status is expected
    if ago <= 213:
        assert f"fingolimod up to 6 weeks, until {days_before(ago - 42)}" in found.message
        assert f"alemtuzumab 41 to 99 days, until {days_before(ago - 99)}" in found.message
        assert "stopping.no-successor" in found.message


def test_a_restart_that_is_planned_is_no_washout():
    made = stopped(100)
    again = course(doses=[*made.doses, dose(AS_OF + timedelta(days=9))], plans=made.plans)
    found = finding(RULE, again)
    assert found.status is OK
    assert "restart.gate" in found.message


def test_without_the_treatments_table_it_is_unknown_while_it_matters():
    for ago, expected in ((100, UNKNOWN), (214, OK)):
        assert finding(RULE, stopped(ago, recorded=without("treatments"))).status is expected


def test_on_therapy_restarted_and_never_dosed():
    on = course(doses=doses_on([days_before(500), days_before(20)]))
    assert finding(RULE, on).status is OK
    again = course(
        doses=doses_on([days_before(500), days_before(120), days_before(20)]),
        treatments=[treatment(days_before(60), "fingolimod", end=days_before(30))],
    )
    assert finding(RULE, again).status is OK
    assert finding(RULE, course()).status is UNKNOWN


def test_a_drug_begun_during_natalizumab_leaves_no_washout():
    found = finding(RULE, follows(60, -100, "fingolimod"))
    assert found.status is OK
    assert f"before the last dose on {days_before(60)}" in found.message


@pytest.mark.parametrize(("ago", "expected"), [(42, OK), (43, WATCH)])
def test_in_pregnancy_no_windows_are_listed(ago, expected):
    made = stopped(ago)
    expecting = pregnancy(days_before(100), due=AS_OF + timedelta(days=166), line=60)
    found = finding(RULE, course(doses=made.doses, plans=made.plans, pregnancies=[expecting]))
    assert found.status is expected
    assert f"pregnant, due {AS_OF + timedelta(days=166)}: no successor is judged" in found.message
    assert "fingolimod" not in found.message
    assert "pregnancies:60" in found.evidence
