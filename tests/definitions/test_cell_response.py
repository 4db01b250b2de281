"""The response of blood cells over visits. Oracle: worked by hand from the definition."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.course import vocabulary
from openntz.definitions.cell_response import Response, ResponseLimits, cell_response, risen
from tests.build import course, doses_every, measurement

START = date(2023, 1, 2)
BY_FOLD = ResponseLimits(
    times=1.25,
    baseline_within_days=90,
    answers_from_day=70,
    answers_to_day=112,
    lost_counts=2,
    on_drug_days=56,
)


def response(*counts: tuple[int, float], doses: int = 14, limits=BY_FOLD):
    rows = [
        measurement(vocabulary.CD19, START + timedelta(days=d), v, line=i)
        for i, (d, v) in enumerate(counts, start=2)
    ]
    made = course(doses=doses_every(START, doses), measurements=rows)
    return cell_response(made, vocabulary.CD19, made.doses, limits)


def state(*counts, day=300):
    return response(*counts).state(START + timedelta(days=day))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((), Response.NO_BASELINE),
        (((-91, 200.0), (84, 500.0)), Response.NO_BASELINE),
        (((-90, 200.0), (84, 250.0)), Response.KEPT),
        (((-1, 200.0), (84, 249.0)), Response.NEVER),
        (((-1, 200.0), (84, 251.0)), Response.KEPT),
        (((-1, 200.0), (69, 210.0)), Response.NO_COUNT),
        (((-1, 200.0), (70, 210.0)), Response.NEVER),
        (((-1, 200.0),), Response.NO_COUNT),
        # One low count may be chance, two in a row are a loss, a later rise mends it.
        (((-1, 200.0), (28, 400.0), (84, 200.0)), Response.KEPT),
        (((-1, 200.0), (28, 400.0), (84, 200.0), (112, 210.0)), Response.LOST),
        (((-1, 200.0), (28, 400.0), (84, 200.0), (112, 210.0), (140, 260.0)), Response.KEPT),
        (((-1, 200.0), (84, 200.0), (140, 210.0), (196, 300.0)), Response.KEPT),
    ],
)
def test_kept_lost_never_or_not_known(counts, expected):
    assert state(*counts) is expected


@pytest.mark.parametrize(("day", "expected"), [(112, Response.WAITING), (113, Response.NEVER)])
def test_no_rise_is_called_never_only_after_week_16(day, expected):
    assert state((-1, 200.0), (84, 210.0), day=day) is expected


def test_rise_lies_between_the_last_count_without_it_and_the_first_with_it():
    found = response((-1, 200.0), (28, 210.0), (56, 220.0), (84, 300.0), (112, 200.0), (140, 400.0))
    assert found.first_rise is not None
    assert found.last_before_rise is not None
    assert (found.last_before_rise.day, found.first_rise.day) == (56, 84)
    assert [v.risen for v in found.since_rise] == [False, True]
    # One division of printed numbers.
    assert found.first_rise.fold == pytest.approx(1.5, rel=1e-12)


def test_counts_long_after_a_dose_do_not_speak_for_the_drug():
    # One dose only: day 56 counts, day 57 does not.
    assert len(response((-1, 200.0), (56, 400.0), doses=1).visits) == 1
    assert response((-1, 200.0), (57, 400.0), doses=1).visits == ()


@pytest.mark.parametrize(
    ("value", "censor", "expected"),
    [
        (2.8, "", True),
        (2.79, "", False),
        (2.8, "<", False),
        (2.81, "<", None),
        (2.8, ">", True),
        (2.79, ">", None),
    ],
)
def test_a_limit_decides_only_where_it_must(value, censor, expected):
    count = measurement(vocabulary.LYMPHOCYTES, START, value, censor=censor)
    # 2.0 + 0.8 is not 2.8 in binary.
    assert risen(count, 2.0 + 0.8) is expected


@given(st.lists(st.floats(10.0, 2000.0), min_size=1, max_size=8), st.floats(1.01, 100.0))
def test_state_does_not_depend_on_the_unit(values, factor):
    days = range(84, 84 + 28 * len(values), 28)
    one = response((-1, 100.0), *zip(days, values, strict=True))
    other = response(
        (-1, 100.0 * factor), *((d, v * factor) for d, v in zip(days, values, strict=True))
    )
    borderline = any(abs(v / 125.0 - 1) < 1e-6 for v in values)
    as_of = START + timedelta(days=400)
    assert borderline or one.state(as_of) is other.state(as_of)
