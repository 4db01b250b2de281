"""counts.after-stopping: back at baseline by week 16 (founding guide S2-12, US text; C7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course import vocabulary
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    course,
    days_before,
    doses_until,
    finding,
    lymphocytes,
    measurement,
    plan,
    without,
)

RULE = "counts.after-stopping"
BASELINE = 2.0


def stopped(days: int, *counts, baseline: float | None = BASELINE, extra=(), **options):
    """Last dose so many days ago and a stop after it; counts as (days after the last dose, v)."""
    doses = doses_until(days_before(days), 12)
    rows = [
        lymphocytes(days_before(days - d), v, line=i) for i, (d, v) in enumerate(counts, start=10)
    ]
    if baseline is not None:
        rows.append(lymphocytes(doses[0].day - timedelta(days=2), baseline, line=2))
    made = course(
        doses=doses,
        measurements=[*rows, *(make(doses) for make in extra)],
        plans=[plan(days_before(days - 10), stopped=days_before(days - 10), line=30)],
    )
    return finding(RULE, made, **options)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("days", "status"), [(81, "ok"), (82, "watch"), (111, "watch"), (112, "due"), (183, "due")]
)
def test_count_by_week_16_is_announced_due_and_asked_about(days, status, profile):
    found = stopped(days, profile=profile)
    assert found.status == status
    assert found.due == days_before(days) + timedelta(days=112)
    assert str(found.due) in found.message
    assert {"us-hcp-pharmacokinetics", "founding-s2"} <= set(found.sources)


def test_no_count_is_asked_for_after_half_a_year():
    found = stopped(184)
    assert found.status is Status.OK
    assert found.due is None


@pytest.mark.parametrize(("days", "status"), [(365, "watch"), (366, "ok")])
def test_a_raised_count_is_pointed_out_for_a_year(days, status):
    assert stopped(days, (115, 3.2)).status == status


def test_a_window_is_given_not_a_day():
    found = stopped(112)
    assert "12 weeks (unverified) (EU text) to 16 weeks (US text)" in found.message


@pytest.mark.parametrize(
    ("day", "value", "status"),
    [
        (112, 2.79, "ok"),
        (112, 2.8, "watch"),
        (112, 2.81, "watch"),
        # Before week 16 a raised count is expected: it neither alarms nor answers.
        (111, 2.9, "due"),
        (111, 2.1, "ok"),
        (82, 2.1, "ok"),
        (81, 2.1, "due"),
    ],
)
def test_raised_at_week_16_is_watched_and_back_is_ok(day, value, status):
    found = stopped(130, (day, value))
    assert found.status == status
    if status == "watch":
        assert "Still raised: lymphocytes" in found.message
        assert {"measurements:10", "measurements:2"} <= set(found.evidence)


def test_a_later_count_at_baseline_ends_it():
    assert stopped(150, (115, 3.2)).status is Status.WATCH
    assert stopped(150, (115, 3.2), (140, 2.1)).status is Status.OK


@pytest.mark.parametrize(("value", "status"), [(299.0, "ok"), (300.0, "watch")])
def test_b_cells_still_raised_are_named(value, status):
    extra = (
        lambda doses: measurement(vocabulary.CD19, doses[0].day, 200.0, line=50),
        lambda doses: measurement(
            vocabulary.CD19, doses[-1].day + timedelta(days=112), value, line=51
        ),
    )
    found = stopped(130, (112, 2.1), extra=extra)
    assert found.status == status
    if status == "watch":
        assert "B cells (CD19)" in found.message
        assert "measurements:51" in found.evidence


def test_without_baseline_a_count_is_unknown_and_none_is_due():
    assert stopped(130, (115, 2.1), baseline=None).status is Status.UNKNOWN
    found = stopped(130, baseline=None)
    assert found.status is Status.DUE
    assert "laboratory's own range" in found.message


def test_presumed_stopped_counts_as_stopped():
    assert finding(RULE, course(doses=doses_until(days_before(120), 12))).status is Status.DUE


def test_on_therapy_never_dosed_and_no_table():
    assert finding(RULE, course(doses=doses_until(days_before(10), 12))).status is Status.OK
    assert finding(RULE, course()).status is Status.UNKNOWN
    made = course(doses=doses_until(days_before(120), 12), recorded=without("measurements"))
    assert finding(RULE, made).status is Status.UNKNOWN
