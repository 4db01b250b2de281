"""Exponential, logarithm, tenth root and reciprocal of the kernels against numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from openntz.mechanism.kernels.arithmetic import (
    exponential,
    hill,
    inverse_tenth_root,
    logarithm,
    reciprocal,
)

Floats = NDArray[np.float64]
# Four units in the last place.
TOLERANCE = 4 * np.finfo(float).eps


@cache
def _loop(function: Callable[[float], float]) -> Callable[[Floats], Floats]:
    @njit
    def each(x: Floats) -> Floats:
        out = np.empty_like(x)
        for i in range(len(x)):
            out[i] = function(x[i])
        return out

    return each


def _over(function: Callable[[float], float], points: Floats) -> Floats:
    return _loop(function)(points)


def test_exponential_matches_numpy() -> None:
    points = np.concatenate([np.linspace(-699.0, 699.0, 200_001), np.linspace(-1e-3, 1e-3, 999)])
    np.testing.assert_allclose(_over(exponential, points), np.exp(points), rtol=TOLERANCE)


def test_exponential_is_bounded_beyond_its_range() -> None:
    found = _over(exponential, np.array([-np.inf, -1e9, 1e9, np.inf]))
    np.testing.assert_allclose(found, np.exp([-700.0, -700.0, 700.0, 700.0]), rtol=TOLERANCE)


def test_logarithm_matches_numpy() -> None:
    points = np.concatenate(
        [np.exp(np.linspace(-690.0, 690.0, 200_001)), np.linspace(0.4, 2.6, 100_001)]
    )
    np.testing.assert_allclose(_over(logarithm, points), np.log(points), rtol=TOLERANCE)


def test_logarithm_is_bounded_at_and_below_zero() -> None:
    found = _over(logarithm, np.array([0.0, -5.0, 1e-310]))
    np.testing.assert_allclose(found, np.log(1e-300), rtol=TOLERANCE)


def test_power_from_both_matches_numpy() -> None:
    @njit
    def power(x: float) -> float:
        return exponential(1.5 * logarithm(x))

    points = np.exp(np.linspace(-20.0, 10.0, 10_001))
    # The error of the logarithm is multiplied by the exponent's size, at most 30 here.
    np.testing.assert_allclose(_over(power, points), points**1.5, rtol=40 * TOLERANCE)


@pytest.mark.parametrize("steepness", [0.6, 1.0, 1.5, 4.0])
def test_hill_matches_numpy(steepness: float) -> None:
    @njit
    def saturated(x: float) -> float:
        return hill(x, steepness)[0]

    @njit
    def free(x: float) -> float:
        return hill(x, steepness)[1]

    points = np.exp(np.linspace(-12.0, 12.0, 20_001))
    powered = points**steepness
    # As for the power above: the logarithm's error times up to 48.
    rtol = 50 * TOLERANCE
    np.testing.assert_allclose(_over(saturated, points), powered / (1 + powered), rtol=rtol)
    np.testing.assert_allclose(_over(free, points), 1 / (1 + powered), rtol=rtol)


def test_hill_has_its_limits() -> None:
    @njit
    def saturated(x: float) -> float:
        return hill(x, 1.5)[0]

    @njit
    def free(x: float) -> float:
        return hill(x, 1.5)[1]

    ends = np.array([0.0, 1e300])
    np.testing.assert_allclose(_over(saturated, ends), [0.0, 1.0], atol=1e-100)
    np.testing.assert_allclose(_over(free, ends), [1.0, 0.0], atol=1e-100)


def test_inverse_tenth_root_matches_numpy() -> None:
    points = np.exp(np.linspace(-60.0, 60.0, 100_001))
    np.testing.assert_allclose(_over(inverse_tenth_root, points), points**-0.1, rtol=5e-3)


def test_reciprocal_matches_numpy() -> None:
    points = np.exp(np.linspace(-690.0, 690.0, 100_001))
    np.testing.assert_allclose(_over(reciprocal, points), 1.0 / points, rtol=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nothing_finite_times_the_reciprocal_of_what_is_not_a_number_is_good(bad: float) -> None:
    # The error of a step is that of a state times such a reciprocal: it must not look small.
    found = bad * _over(reciprocal, np.array([bad]))[0]
    assert not found * found <= 1.0


@pytest.mark.parametrize("function", [exponential, logarithm, inverse_tenth_root, reciprocal])
def test_same_bits_whether_vectorised_or_not(function: Callable[[float], float]) -> None:
    points = np.exp(np.linspace(-3.0, 3.0, 64))
    together = _over(function, points)
    alone = np.concatenate([_over(function, points[i : i + 1]) for i in range(len(points))])
    assert together.tobytes() == alone.tobytes()
