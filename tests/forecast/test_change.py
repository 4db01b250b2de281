"""Raised clearance in a person's forecast: whom it touches, what it says, what it never does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from msgspec import Struct
from msgspec.structs import replace

from openntz.forecast.change import chance
from openntz.forecast.history import AntibodyEffect
from openntz.forecast.onset_prior import AntibodyReading
from openntz.monitor.finding import Status
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.level_forecast import predicted
from openntz.workflows.person import standing
from tests.build import doses_every, level
from tests.forecast.people import FIRST, course, forecast

AS_OF = date(2024, 6, 10)
MORNING = datetime(2024, 1, 8, 9, 30)


def trough(cycle: int, value: float, **more: object):
    return level(MORNING + timedelta(days=28 * cycle), value, line=cycle + 2, **more)  # type: ignore[arg-type]


def read_on(cycle: int, positive: bool, threshold: str = "label") -> AntibodyReading:
    at = MORNING + timedelta(days=28 * cycle)
    return AntibodyReading(at, positive, threshold)  # type: ignore[arg-type]


def same(one: object, other: object) -> bool:
    """Equal in every number, bit by bit, arrays and mappings within included."""
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, np.asarray(other)))
    if isinstance(one, Struct) and type(one) is type(other):
        return all(same(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize(
    "readings",
    [(), (read_on(3, False),), (read_on(3, True, "sensitive"), read_on(5, False))],
)
def test_ordinary_people_keep_their_forecast_bit_by_bit(
    readings: tuple[AntibodyReading, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    who = course(levels=[trough(k, v) for k, v in ((1, 19.0), (3, 24.0), (5, 22.0))])
    found = forecast(who, AS_OF, readings=readings)

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("an ordinary person was reconsidered")

    monkeypatch.setattr("openntz.forecast.person.reconsider", refuse)
    again = forecast(who, AS_OF)
    assert found.change is None
    assert same(found, again)


def test_a_positive_test_without_level_lowers_the_forecast_and_is_said() -> None:
    plain = forecast(course(), AS_OF)
    found = forecast(course(), AS_OF, readings=(read_on(3, True),))
    assert found.change is not None
    assert 0.2 < found.change.probability_now < 0.9
    assert found.by_day[28][0].p05 < 0.3 * plain.by_day[28][0].p05
    assert "Antibody tests suggest" in found.notes[0]
    assert found.change.plain_planned is None
    # A negative test since makes it less likely, good levels as well.
    since = forecast(course(), AS_OF, readings=(read_on(3, True), read_on(5, False)))
    fine = forecast(
        course(levels=[trough(4, 26.0), trough(5, 27.0)]), AS_OF, readings=(read_on(3, True),)
    )
    assert since.change is not None
    assert fine.change is not None
    assert since.change.probability_now < found.change.probability_now
    assert fine.change.probability_now < 0.3 * found.change.probability_now


def test_confirmed_antibodies_bound_their_onset_by_the_tests() -> None:
    readings = (read_on(1, False), read_on(3, True), read_on(5, True))
    found = forecast(
        course(levels=[trough(4, 4.0), trough(5, 3.0)]),
        AS_OF,
        readings=readings,
        antibodies=AntibodyEffect(readings[1].at),
    )
    assert found.change is not None
    assert found.change.onset is not None
    assert readings[0].at.date() <= found.change.onset.low
    assert found.change.onset.high <= readings[1].at.date() + timedelta(days=1)
    assert found.change.probability_ever == pytest.approx(1.0)


def test_planted_factor_is_found_within_its_interval() -> None:
    """Steady troughs of 25 before and 4 after dose 8: a factor of about three explains that."""
    levels = [trough(k, v) for k, v in ((4, 25.0), (6, 26.0), (7, 24.0), (10, 4.0), (11, 4.2))]
    found = forecast(
        course(doses=doses_every(FIRST, 12), levels=levels), FIRST + timedelta(days=28 * 11 + 3)
    )
    assert found.change is not None
    assert found.change.probability_now > 0.95
    assert found.change.onset is not None
    # After the level of cycle 7 (22 July 2024) and before that of cycle 10 (14 October).
    assert date(2024, 7, 22) <= found.change.onset.middle <= date(2024, 10, 14)
    assert found.change.factor is not None
    assert 1.5 < found.change.factor.p05 < found.change.factor.p95 < 10


def test_an_explained_low_level_does_not_quiet_the_rule() -> None:
    """The rule takes the worse of the forecast with and without the change, either way round."""
    who = course(levels=[trough(1, 3.0), trough(2, 2.6), *(trough(k, 34.0) for k in (3, 4, 5))])
    profile = load_profile("eu")
    stands = standing(who, AS_OF, profile)
    found = forecast(who, AS_OF, planned=stands.planned)
    change = found.change
    assert change is not None
    assert found.planned is not None
    assert change.plain_planned is not None
    low = replace(change.plain_planned, median=1.5)
    with_low = replace(found, change=replace(change, plain_planned=low))
    assert predicted(with_low, stands, profile).status is Status.DUE
    high = replace(change.plain_planned, median=30.0)
    fallen = replace(found.planned[0], median=0.5)
    with_fallen = replace(
        found, planned=(fallen, found.planned[1]), change=replace(change, plain_planned=high)
    )
    assert predicted(with_fallen, stands, profile).status is Status.ACT


def test_levels_that_no_change_explains_are_called_that_once() -> None:
    """Up and down from dose to dose, with negative tests: no course of antibodies does that."""
    values = (5.0, 30.0, 4.5, 33.0, 5.0, 31.0, 6.0, 28.0, 5.0)
    found = forecast(
        course(
            doses=doses_every(FIRST, 12),
            levels=[trough(k, v) for k, v in enumerate(values, start=3)],
        ),
        FIRST + timedelta(days=28 * 11 + 3),
        readings=tuple(read_on(k, False) for k in range(3, 12)),
    )
    assert found.contradiction
    assert found.change is not None
    said = [n for n in found.notes if "antibodies" in n]
    assert said == [found.contradiction]
    assert "raised by antibodies does not explain" in found.contradiction


def test_chances_are_said_in_per_cent_and_never_certain() -> None:
    assert [chance(p) for p in (0.0, 0.05, 0.92, 0.99, 1.0)] == [
        "chance <1 %",
        "chance 5 %",
        "chance 92 %",
        "chance 99 %",
        "chance >99 %",
    ]
