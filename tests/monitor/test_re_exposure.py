"""antibody.before-re-exposure against contracts."""

from __future__ import annotations

from datetime import timedelta

import pytest

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
    without,
)

RULE = "antibody.before-re-exposure"


def given(*days, booked: int | None = None):
    """Doses so many days before the as-of date, and one booked so many days after it."""
    doses = list(doses_on(days_before(d) for d in days))
    if booked is not None:
        doses.append(dose(AS_OF + timedelta(days=booked), line=90))
    return doses


def found(doses, *tests, plans=(), **options):
    rows = [antibody(days_before(d), r, line=i) for i, (d, r) in enumerate(tests, start=2)]
    return finding(RULE, course(doses=doses, measurements=rows, plans=plans), **options)


def stop(day, line=44):
    return plan(day, stopped=day, line=line)


# ── limits: doses before the gap, length of the gap


@pytest.mark.parametrize(
    ("doses", "status"),
    [
        (given(118, 90), Status.DUE),
        (given(117, 89), Status.OK),
        (given(90), Status.DUE),
        (given(89), Status.OK),
        (given(146, 118, 90), Status.OK),  # three doses are no short exposure
    ],
)
def test_an_open_gap_of_90_days_after_one_or_two_doses_is_due_matches_contract(doses, status):
    answer = found(doses)
    assert answer.status is status
    if status is Status.DUE:
        assert "then 90 days without one" in answer.message
        assert "40 % of people in STRATA" in answer.message
        assert "24 % had hypersensitivity" in answer.message
        assert {"strata", "swiss-label"} <= set(answer.sources)


@pytest.mark.parametrize(
    ("doses", "status"),
    [
        (given(128, 100, 10), Status.ACT),  # given again after 90 days
        (given(127, 99, 10), Status.OK),
        (given(100, 10), Status.ACT),
        (given(156, 128, 100, 10), Status.OK),
    ],
)
def test_given_again_without_a_test_is_acted_on_matches_contract(doses, status):
    answer = found(doses)
    assert answer.status is status
    if status is Status.ACT:
        assert "given again without an antibody test" in answer.message
        assert answer.evidence[-1] == f"doses:{len(doses) + 1}"


@pytest.mark.parametrize(("booked", "status"), [(50, Status.ACT), (49, Status.OK)])
def test_a_dose_booked_90_days_after_the_last_is_acted_on(booked, status):
    answer = found(given(68, 40, booked=booked))
    assert answer.status is status
    if status is Status.ACT:
        assert "A further dose is planned" in answer.message
        assert answer.due == AS_OF + timedelta(days=booked)


def test_an_interval_alone_is_no_booking():
    """Two doses, 40 days ago, every 120 days: no gap of 90 days has come about yet."""
    assert found(given(68, 40), plans=[plan("2020-01-01", 120)]).status is Status.OK


def test_doses_are_counted_in_words():
    assert found(given(100)).message.startswith("1 dose, the last on")
    assert found(given(128, 100)).message.startswith("2 doses, the last on")


def test_a_plan_to_resume_counts_as_planned():
    doses = given(150, 122)
    plans = [stop(days_before(120)), plan(days_before(5), 28)]
    assert found(doses, plans=plans).status is Status.ACT


# ── tested


@pytest.mark.parametrize(
    ("tested_days_ago", "status"),
    [
        (122, Status.ACT),  # on the day of the last dose: before the gap
        (121, Status.OK),
        (20, Status.OK),
        (10, Status.OK),  # on the day it was given again
        (5, Status.OK),  # after it
    ],
)
def test_any_test_after_the_last_dose_before_the_gap_counts(tested_days_ago, status):
    answer = found(given(150, 122, 10), (tested_days_ago, "negative"))
    assert answer.status is status
    if status is Status.OK:
        assert "tested since" in answer.message
        assert "measurements:2" in answer.evidence


def test_an_indeterminate_result_is_no_test():
    assert found(given(150, 122), (50, "indeterminate")).status is Status.DUE


def test_a_positive_test_is_to_be_confirmed_before_the_next_dose():
    answer = found(given(150, 122), (50, "positive"))
    assert answer.status is Status.DUE
    assert "Confirm it before the next dose" in answer.message
    assert "measurements:2" in answer.evidence
    assert found(given(150, 122), (50, "positive"), (5, "negative")).status is Status.OK


def test_each_gap_needs_its_own_test():
    doses = given(300, 200, 100)
    assert found(doses, (250, "negative")).status is Status.ACT
    assert found(doses, (150, "negative")).status is Status.OK


# ── off therapy, missing


def test_a_stop_on_record_without_a_plan_is_told_not_urged():
    answer = found(given(150, 122), plans=[stop(days_before(120))])
    assert answer.status is Status.OK
    assert "test antibodies before any restart" in answer.message
    assert "plans:44" in answer.evidence


@pytest.mark.parametrize(("days", "status"), [(364, Status.DUE), (365, Status.OK)])
def test_who_has_left_treatment_is_not_urged(days, status):
    assert found(given(days)).status is status


def test_without_the_table_it_is_unknown():
    made = course(doses=given(150, 122), recorded=without("measurements"))
    answer = finding(RULE, made)
    assert answer.status is Status.UNKNOWN
    assert "measurements is not in the export" in answer.message
    made = course(doses=given(56, 28), recorded=without("measurements"))
    assert finding(RULE, made).status is Status.OK


def test_nobody_dosed_is_unknown():
    assert finding(RULE, course()).status is Status.UNKNOWN
