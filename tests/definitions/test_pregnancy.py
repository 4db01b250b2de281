"""Weeks of pregnancy against obstetric convention (last period, 280 days, conception on day 14)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.pregnancy import (
    PregnancyLimits,
    PregnancyState,
    gestations,
    newborn_count,
    pregnancy_wish,
)
from tests.build import course, days_before, plan, pregnancy, symptom

LIMITS = PregnancyLimits(
    conception_after=14,
    term=280,
    longest=308,
    loss_terms=("miscarriage", "termination"),
    live_terms=("live birth",),
)
AS_OF = date(2024, 6, 30)


def one(row, as_of=AS_OF):
    (found,) = gestations(course(pregnancies=[row]), (), as_of, LIMITS)
    return found


def test_person_p11_is_31_weeks():
    """Conception 2023-12-10, due 2024-09-01: 31 weeks and 0 days at 2024-06-30."""
    found = one(pregnancy(date(2023, 12, 10), due=date(2024, 9, 1)))
    assert found.age == "31+0"
    assert found.weeks == 31
    assert found.end_of_week(30) == date(2024, 6, 29)
    assert found.state is PregnancyState.ONGOING


@given(conceived=st.integers(0, 293))
def test_due_date_and_conception_date_the_same_week(conceived):
    conception = AS_OF - timedelta(days=conceived)
    due = conception + timedelta(days=266)
    by_conception = one(pregnancy(conception))
    by_due_date = one(
        type(by_conception.pregnancy)(
            at=by_conception.pregnancy.at,
            ref=by_conception.pregnancy.ref,
            conception=None,
            due=due,
            delivery=None,
        )
    )
    assert by_conception.age == by_due_date.age
    assert by_conception.expected == by_due_date.expected == due
    assert by_conception.days == conceived + 14


@pytest.mark.parametrize(
    ("delivery", "outcome", "state"),
    [
        (AS_OF, "", PregnancyState.DELIVERED),
        (AS_OF + timedelta(days=1), "", PregnancyState.ONGOING),
        (None, "", PregnancyState.ONGOING),
        (None, "ongoing", PregnancyState.ONGOING),
        (None, "live birth", PregnancyState.UNCLEAR),
        (None, "miscarriage in week 9", PregnancyState.LOST),
        (AS_OF, "live birth after threatened miscarriage", PregnancyState.DELIVERED),
        (None, "no miscarriage", PregnancyState.ONGOING),
    ],
)
def test_states(delivery, outcome, state):
    row = pregnancy(days_before(200), delivery=delivery, outcome=outcome)
    assert one(row).state is state


@pytest.mark.parametrize(
    ("days", "state"), [(294, PregnancyState.ONGOING), (295, PregnancyState.UNCLEAR)]
)
def test_beyond_44_weeks_nothing_is_ongoing(days, state):
    assert one(pregnancy(days_before(days))).state is state


def test_not_begun_is_left_out_and_order_is_by_conception():
    rows = [pregnancy(days_before(100)), pregnancy(days_before(900))]
    later = pregnancy(AS_OF + timedelta(days=1))
    found = gestations(course(pregnancies=rows), (later,), AS_OF, LIMITS)
    assert [g.conception for g in found] == [days_before(900), days_before(100)]


def test_wish_is_the_last_one_said():
    made = course(
        plans=[plan(days_before(90), reason="pregnancy wish")],
        symptoms=[symptom(days_before(30), "other", comment="wants to conceive")],
    )
    terms = ("pregnancy wish", "wants to conceive")
    found = pregnancy_wish(made, terms)
    assert found is not None
    assert found.day == days_before(30)
    assert pregnancy_wish(course(), terms) is None


def test_newborn_count_in_outcome_or_column():
    row = pregnancy(days_before(300), outcome="live birth, newborn count normal")
    assert newborn_count(row, ("newborn count",), ("no",)) == row.outcome
    assert newborn_count(pregnancy(days_before(300)), ("newborn count",), ("no",)) == ""
