"""Anti-JCV results against the laboratories' limits: < 0.20, 0.20 to 0.40, > 0.40 (rules L28)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.course import vocabulary
from openntz.definitions.jcv import JcvClass, JcvLimits, classify, jcv_history, wait_until
from tests.build import course, measurement, treatment

NEGATIVE, INDETERMINATE, POSITIVE = JcvClass.NEGATIVE, JcvClass.INDETERMINATE, JcvClass.POSITIVE
LIMITS = JcvLimits(
    negative_below=0.20,
    positive_above=0.40,
    high_above=1.5,
    wait_after_exchange=14,
    wait_after_immunoglobulin=183,
    exchange_names=("plasma exchange", "plex"),
    immunoglobulin_names=("ivig",),
)
DAY = date(2024, 6, 1)


def result(value=None, censor="", answer=None, unit=None):
    return measurement(vocabulary.JCV_INDEX, DAY, value, censor=censor, answer=answer, unit=unit)


@pytest.mark.parametrize(
    ("value", "antibody", "high"),
    [
        (0.0, NEGATIVE, False),
        (0.199, NEGATIVE, False),
        (0.20, INDETERMINATE, False),
        (0.40, INDETERMINATE, False),
        (0.401, POSITIVE, False),
        (1.5, POSITIVE, False),
        (1.501, POSITIVE, True),
    ],
)
def test_index_classes_match_laboratory_limits(value, antibody, high):
    found = classify(result(value), LIMITS)
    assert found is not None
    assert (found.antibody, found.high) == (antibody, high)
    assert found.index == value


@pytest.mark.parametrize(
    ("value", "censor", "answer", "antibody", "high"),
    [
        (0.20, "<", None, NEGATIVE, False),
        (0.40, "<", None, INDETERMINATE, False),
        (3.0, "<", None, INDETERMINATE, None),
        (0.40, ">", None, POSITIVE, None),
        (1.5, ">", None, POSITIVE, True),
        (None, "", "positive", POSITIVE, None),
        (None, "", "negative", NEGATIVE, False),
        (None, "", "indeterminate", INDETERMINATE, False),
        (0.30, "", "negative", NEGATIVE, False),  # the inhibition step decided
        (0.30, "", "positive", POSITIVE, False),
        (0.10, "", "positive", POSITIVE, False),  # the more cautious of the two
        (0.90, "", "negative", POSITIVE, False),
    ],
)
def test_limits_and_answers(value, censor, answer, antibody, high):
    found = classify(result(value, censor, answer), LIMITS)
    assert found is not None
    assert (found.antibody, found.high) == (antibody, high)


def test_titre_is_not_an_index():
    found = classify(result(320.0, answer="positive", unit="1"), LIMITS)
    assert found is not None
    assert (found.antibody, found.high, found.index) == (POSITIVE, None, None)


def test_result_that_says_nothing_is_left_out():
    assert classify(result(), LIMITS) is None


@given(low=st.floats(0, 5), rise=st.floats(0, 5))
def test_a_higher_index_is_never_a_lower_class(low, rise):
    order = [NEGATIVE, INDETERMINATE, POSITIVE]
    one, two = classify(result(low), LIMITS), classify(result(low + rise), LIMITS)
    assert one is not None
    assert two is not None
    assert order.index(one.antibody) <= order.index(two.antibody)
    assert (one.high or False) <= (two.high or False)


@pytest.mark.parametrize(("name", "wait"), [("plasma exchange", 14), ("IVIG", 183)])
def test_waiting_time_is_inclusive_and_counts_from_the_end(name, wait):
    start, end = DAY - timedelta(days=10), DAY - timedelta(days=5)
    given_it = (treatment(start, name, "other", end=end),)
    last_blocked = end + timedelta(days=wait)
    free = last_blocked + timedelta(days=1)
    assert wait_until(start, given_it, LIMITS)[0] == free
    assert wait_until(last_blocked, given_it, LIMITS)[0] == free
    assert wait_until(free, given_it, LIMITS) == (free, None)
    assert wait_until(start - timedelta(days=1), given_it, LIMITS)[1] is None
    assert wait_until(DAY, (treatment(start, "fingolimod"),), LIMITS) == (DAY, None)


def test_one_wait_may_run_into_the_next():
    exchange = treatment(DAY, "plasma exchange", "other", end=DAY)
    infusion = treatment(DAY + timedelta(days=15), "ivig", "other")
    free, cause = wait_until(DAY, (exchange, infusion), LIMITS)
    assert free == DAY + timedelta(days=15 + 183 + 1)
    assert cause == infusion


def test_history_sets_unreliable_results_apart():
    exchange = treatment(DAY - timedelta(days=3), "plasma exchange", "other")
    early = measurement(vocabulary.JCV_INDEX, DAY - timedelta(days=40), 1.8, line=5)
    late = measurement(vocabulary.JCV_INDEX, DAY, 0.1, line=6)
    made = course(measurements=[early, late], treatments=[exchange])
    history = jcv_history(made, LIMITS)
    assert [r.measurement.ref.line for r in history.results] == [5]
    assert [r.measurement.ref.line for r, _ in history.unreliable] == [6]
    assert history.latest is not None
    assert history.latest.high is True
