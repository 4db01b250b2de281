"""One level alone supports antibodies as far as its causes do, and dates nothing."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType

import pytest
from msgspec.structs import replace

from openntz.forecast.causes import ANTIBODIES, UNIT
from openntz.forecast.change import Suspicion
from openntz.forecast.history import AntibodyEffect
from openntz.forecast.lone_level import lone_level, resting_on
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.result import ClearanceChange, LevelVerdict, When

AT = datetime(2024, 2, 28, 12, 44)
ODD = LevelVerdict(
    line=7,
    at=AT,
    value=2.0,
    censor="<",
    use="fitted",
    misfit=True,
    causes=((UNIT, 0.6), (ANTIBODIES, 0.3)),
)
FINE = replace(ODD, misfit=False, causes=())
NOTHING = Suspicion(readings=(), confirmed=None, contradiction="it does not fit")
DAY = date(2023, 12, 1)
CHANGE = ClearanceChange(
    probability_now=0.9,
    probability_ever=0.96,
    onset=When(DAY, DAY, DAY),
    end=None,
    factor=None,
    text="",
    suspected=True,
    plain_planned=None,
    plain_probability=MappingProxyType({}),
)


def test_one_odd_level_among_good_ones_is_alone() -> None:
    assert lone_level([FINE, ODD, FINE], NOTHING) is ODD


def test_two_odd_levels_or_none_are_not() -> None:
    assert lone_level([ODD, ODD], NOTHING) is None
    assert lone_level([FINE], NOTHING) is None


@pytest.mark.parametrize(
    "more",
    [
        replace(NOTHING, readings=(AntibodyReading(AT, True, "label"),)),
        replace(NOTHING, readings=(AntibodyReading(AT, True, "sensitive"),)),
        replace(NOTHING, confirmed=AntibodyEffect(since=AT, until=None)),
    ],
)
def test_a_positive_test_or_confirmed_antibodies_are_more_than_a_level(more: Suspicion) -> None:
    assert lone_level([ODD], more) is None


def test_a_negative_test_leaves_it_alone() -> None:
    tested = replace(NOTHING, readings=(AntibodyReading(AT, False, "label"),))
    assert lone_level([ODD], tested) is ODD


def test_its_chance_is_that_of_its_causes_and_there_is_no_date() -> None:
    found = resting_on(CHANGE, ODD)
    assert found.probability_ever == 0.3
    assert found.probability_now == pytest.approx(0.3 * 0.9 / 0.96)
    assert found.onset is None
    assert found.suspected
    assert "chance 30 %" in found.text
    assert f"More likely: {UNIT} (chance 60 %)" in found.text
    assert "2024-02-28" in found.text


def test_causes_that_never_name_antibodies_leave_none() -> None:
    found = resting_on(CHANGE, replace(ODD, causes=((UNIT, 1.0),)))
    assert found.probability_ever == 0.0
    assert "chance <1 %" in found.text


def test_a_level_too_high_is_the_odd_one_where_it_pulls_the_others_off_the_fit() -> None:
    high = replace(ODD, value=120.0, censor="", high=60.0, unusual=True, misfit=False)
    assert lone_level([replace(ODD, causes=()), ODD, high], NOTHING) is high
    low = replace(ODD, unusual=True, misfit=False)
    assert lone_level([ODD, low], NOTHING) is None
    # Earlier, or right as probably as not, it is one odd level of two.
    assert lone_level([high, ODD], NOTHING) is None
    likely = replace(high, causes=((ANTIBODIES, 0.5), (UNIT, 0.5)))
    assert lone_level([ODD, likely], NOTHING) is None


def test_a_level_too_high_is_never_read_as_raised_clearance() -> None:
    high = replace(ODD, value=120.0, censor="", high=60.0, unusual=True)
    found = resting_on(CHANGE, high)
    assert "higher than expected, which antibodies do not explain" in found.text
    assert "raised by antibodies" not in found.text
    assert found.onset is None
