"""Curvature that the search for a mode steps by, against differences of the log-likelihood."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.forecast.likelihood import Kind, terms
from openntz.models.residual import Residual

RESIDUALS = (
    Residual("combined variances", 0.15, 0.5),
    Residual("combined sds", 0.15, 0.5),
    Residual("proportional", 0.2, 0.0),
    Residual("additive", 0.0, 1.0),
    Residual("log-additive", 0.0, 0.3),
)
# Of ln f; the error of the central difference is about its square, and rounding over its square.
STEP = 1e-3


@pytest.mark.parametrize("residual", RESIDUALS, ids=lambda r: r.form)
def test_curvature_by_log_prediction_matches_central_differences(residual: Residual) -> None:
    prediction, value = np.array([1.0, 5.0, 20.0]), np.array([1.2, 4.7, 21.0])
    kind = np.full(3, Kind.QUANTIFIED)
    at = np.log(prediction)

    def log_likelihood(log_prediction: np.ndarray) -> np.ndarray:
        return terms(residual, np.exp(log_prediction), value, kind).log_likelihood

    up, here, down = (log_likelihood(at + shift) for shift in (STEP, 0.0, -STEP))
    expected = -(up - 2.0 * here + down) / STEP**2
    found = terms(residual, prediction, value, kind)
    # A misfit this small leaves the observed curvature within the bounds of the information.
    np.testing.assert_allclose(found.curvature * prediction**2, expected, rtol=1e-4)


@pytest.mark.parametrize("residual", RESIDUALS, ids=lambda r: r.form)
@given(
    prediction=st.floats(1e-6, 1e3),
    value=st.floats(1e-3, 1e3),
    kind=st.sampled_from(list(Kind)),
)
@settings(max_examples=60, deadline=None)
def test_curvature_stays_near_the_information(
    residual: Residual, prediction: float, value: float, kind: Kind
) -> None:
    found = terms(residual, np.array([prediction]), np.array([value]), np.array([kind]))
    assert found.curvature[0] >= 0.5 * found.information[0]
    assert found.curvature[0] <= 3.0 * found.information[0]


@pytest.mark.parametrize("z", [-5.0, -30.0, -299.0, -301.0, -1e4, -3e6])
def test_information_of_a_limit_far_out_matches_the_continued_fraction(z: float) -> None:
    """phi/Phi = -z + 1/(-z + 2/(-z + 3/...)): Laplace's continued fraction, by fractions."""
    residual = Residual("additive", 0.0, 1.0)
    rest = Fraction(0)
    for k in range(60, 0, -1):
        rest = k / (Fraction(-z) + rest)
    ratio = Fraction(-z) + rest
    exact = float(ratio * (ratio + Fraction(z)))
    limit = np.array([1.0])
    found = terms(residual, limit - z, limit, np.array([Kind.BELOW]))
    # Rounding of the difference of logarithms, 1e-16 of z^2/2, is worst just before the series.
    assert found.information[0] == pytest.approx(exact, rel=1e-5)
    assert found.slope[0] == pytest.approx(-float(ratio), rel=1e-9)
