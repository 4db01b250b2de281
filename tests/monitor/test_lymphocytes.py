"""antibody.no-lymphocyte-rise against contracts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.monitor.finding import Status
from openntz.monitor.profile import load_profile
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    dose,
    doses_every,
    doses_on,
    doses_until,
    finding,
    forecast,
    level,
    lymphocytes,
    plan,
    verdict,
    without,
)

RULE = "antibody.no-lymphocyte-rise"


def treated(days: int, *counts, extra=(), plans=(), **options):
    """First dose so many days ago; counts as (day after it, value)."""
    first = days_before(days)
    rows = [
        lymphocytes(first + timedelta(days=d), v, line=i)
        for i, (d, v) in enumerate(counts, start=2)
    ]
    doses = doses_every(first, days // 28 + 1)
    return finding(RULE, course(doses=doses, measurements=[*rows, *extra], plans=plans), **options)


# ── the window


@pytest.mark.parametrize(
    ("day", "status"),
    [
        (69, Status.UNKNOWN),
        (70, Status.DUE),
        (112, Status.DUE),
        (113, Status.UNKNOWN),
    ],
)
def test_a_count_without_the_rise_is_due_from_day_70_to_112_matches_contract(day, status):
    found = treated(200, (-3, 1.9), (day, 2.0))
    assert found.status is status
    assert set(found.evidence) >= {"doses:2", "measurements:2", "measurements:3"}


@pytest.mark.parametrize(
    ("value", "status"), [(2.69, Status.DUE), (2.7, Status.OK), (2.71, Status.OK)]
)
def test_a_rise_of_0_8_is_enough_matches_contract(value, status):
    assert treated(200, (-3, 1.9), (84, value)).status is status


def test_due_says_counts_limit_chance_and_what_to_do():
    found = treated(115, (0, 1.9), (84, 2.0))
    assert found.status is Status.DUE
    assert "baseline 1.9 ×10⁹/L" in found.message
    assert "2 on" in found.message
    assert "(day 84, +0.1)" in found.message
    assert "at least 0.8 asked for between day 70 and 112" in found.message
    assert "27 in a hundred" in found.message
    assert "6 % of 625 people in AFFIRM (bridging ELISA, positive from 500 ng/mL" in found.message
    assert "Take antibodies and a trough level now" in found.message
    assert found.due == days_before(115) + timedelta(days=140)
    assert "ectrims-2025-p1978" in found.sources


def test_one_count_of_the_window_with_the_rise_is_enough():
    assert treated(200, (-3, 1.9), (75, 2.0), (100, 2.8)).status is Status.OK


@pytest.mark.parametrize(
    ("as_of_day", "counts", "status", "words"),
    [
        (30, [], Status.UNKNOWN, "A count is due between"),
        (69, [], Status.UNKNOWN, "A count is due between"),
        (70, [], Status.UNKNOWN, "A count is due now"),
        (112, [], Status.UNKNOWN, "A count is due now"),
        (113, [], Status.UNKNOWN, "Count lymphocytes now"),
        (30, [(28, 2.9)], Status.OK, "Lymphocytes rose"),
        (30, [(28, 2.1)], Status.UNKNOWN, "A count is due between"),
        (300, [(200, 2.9)], Status.OK, "Lymphocytes rose"),
        (300, [(200, 2.1)], Status.UNKNOWN, "Count lymphocytes now"),
    ],
)
def test_without_a_count_in_the_window_time_and_other_counts_decide(
    as_of_day, counts, status, words
):
    found = treated(as_of_day, (-3, 1.9), *counts)
    assert found.status is status
    assert words in found.message


def test_a_late_rise_answers_the_question():
    found = treated(300, (-3, 1.9), (84, 2.1), (168, 2.9))
    assert found.status is Status.OK
    assert "rose late" in found.message


def test_an_early_rise_that_is_gone_in_the_window_is_due():
    found = treated(200, (-3, 1.9), (28, 2.9), (84, 2.0), (110, 2.0))
    assert found.status is Status.DUE
    assert "It had risen before" in found.message


# ── lost later


def test_a_rise_lost_in_the_latest_count_is_watched_matches_contract():
    found = treated(400, (-3, 1.9), (84, 2.9), (200, 2.6), (300, 2.0))
    assert found.status is Status.WATCH
    assert "the latest count has not: 2 on" in found.message
    assert "One low count alone may be chance" in found.message
    assert set(found.evidence) >= {"measurements:3", "measurements:5"}
    assert "rise.lost-counts" in found.facts


@pytest.mark.parametrize(("value", "status"), [(2.69, Status.WATCH), (2.7, Status.OK)])
def test_a_later_count_must_keep_the_rise_of_0_8(value, status):
    assert treated(400, (-3, 1.9), (84, 2.9), (300, value)).status is status


def test_a_rise_that_came_back_is_not_lost():
    found = treated(400, (-3, 1.9), (84, 2.9), (200, 2.0), (300, 2.8))
    assert found.status is Status.OK


def test_a_site_may_ask_for_two_low_counts_in_a_row():
    eu = load_profile("eu")
    two = replace(eu.fact("rise.lost-counts"), value=2)
    site = replace(eu, use={**eu.use, "rise.lost-counts": two})
    once = treated(400, (-3, 1.9), (84, 2.9), (300, 2.0), profile=site)
    assert once.status is Status.OK
    assert "one count alone may be chance" in once.message
    twice = treated(400, (-3, 1.9), (84, 2.9), (200, 2.6), (300, 2.0), profile=site)
    assert twice.status is Status.WATCH
    assert "the latest 2 counts have not" in twice.message


def test_a_late_rise_can_be_lost_too():
    found = treated(500, (-3, 1.9), (84, 2.1), (168, 2.9), (300, 2.0), (400, 2.0))
    assert found.status is Status.WATCH


# ── measured since


@pytest.mark.parametrize(
    ("ada_day", "level_day", "status"),
    [
        (84, 84, Status.WATCH),
        (84, 150, Status.WATCH),
        (83, 84, Status.DUE),
        (84, 83, Status.DUE),
        (84, None, Status.DUE),
        (None, 84, Status.DUE),
    ],
)
def test_antibodies_and_a_level_since_the_count_turn_due_into_watch(ada_day, level_day, status):
    first = days_before(200)
    extra = []
    if ada_day is not None:
        extra.append(antibody(first + timedelta(days=ada_day), "positive", line=20))
    if level_day is not None:
        extra.append(level(first + timedelta(days=level_day), 2.0, censor="<", line=21))
    found = treated(200, (-3, 1.9), (84, 2.0), extra=extra)
    assert found.status is status
    if status is Status.WATCH:
        assert "positive, cut-off 500 ng/mL" in found.message
        assert "<2 µg/mL" in found.message
        assert {"measurements:20", "measurements:21"} <= set(found.evidence)
    elif ada_day == 84:
        assert "Take a trough level now" in found.message
    elif level_day == 84:
        assert "Take antibodies now" in found.message


def test_a_level_that_was_set_aside_answers_nothing():
    first = days_before(200)
    flagged = level(first + timedelta(days=100), 180.0, line=21)
    extra = [antibody(first + timedelta(days=100), "negative", line=20), flagged]
    predicted = forecast(levels=(verdict(flagged, "not a trough"),))
    assert treated(200, (-3, 1.9), (84, 2.0), extra=extra, predicted=predicted).status is Status.DUE
    predicted = forecast(levels=(verdict(flagged),))
    found = treated(200, (-3, 1.9), (84, 2.0), extra=extra, predicted=predicted)
    assert found.status is Status.WATCH


# ── baseline and restart


@pytest.mark.parametrize(("day", "status"), [(-90, Status.OK), (-91, Status.UNKNOWN)])
def test_baseline_is_the_last_count_within_90_days_matches_contract(day, status):
    found = treated(200, (day, 1.9), (84, 3.0))
    assert found.status is status
    if status is Status.UNKNOWN:
        assert "No lymphocyte count in the 90 days" in found.message


@pytest.mark.parametrize(("gap", "status"), [(182, Status.WATCH), (183, Status.DUE)])
def test_a_gap_of_six_months_asks_for_a_new_baseline(gap, status):
    """Rise in the first course, lost later; after the gap the count at week 12 does not rise."""
    restart = days_before(100)
    early = doses_until(restart - timedelta(days=gap), 10)
    doses = doses_on([*(d.day for d in early), *(d.day for d in doses_every(restart, 4))])
    first = early[0].day
    rows = [
        lymphocytes(first - timedelta(days=2), 1.9, line=2),
        lymphocytes(first + timedelta(days=84), 3.0, line=3),
        lymphocytes(restart - timedelta(days=2), 2.5, line=4),
        lymphocytes(restart + timedelta(days=84), 2.6, line=5),
    ]
    assert finding(RULE, course(doses=doses, measurements=rows)).status is status


# ── not applicable, missing


def test_off_therapy_it_does_not_apply():
    found = treated(200, (-3, 1.9), (84, 2.0), plans=[plan(days_before(3), stopped=days_before(3))])
    assert found.status is Status.OK
    assert "stopped" in found.message


def test_without_counts_the_table_or_doses_it_is_unknown():
    assert treated(200).status is Status.UNKNOWN
    assert finding(RULE, course()).status is Status.UNKNOWN
    made = course(doses=doses_every(days_before(20), 1), recorded=without("measurements"))
    found = finding(RULE, made)
    assert found.status is Status.UNKNOWN
    assert "measurements is not in the export" in found.message
    first = finding(RULE, course(doses=[dose(AS_OF + timedelta(days=3))]))
    assert first.status is Status.UNKNOWN
    assert "before the first one" in first.message
