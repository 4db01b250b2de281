"""Predictive values against the poster's numbers and the closed form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.predictive_values import predictive_values
from openntz.errors import InputError

SHARE = st.floats(0.001, 0.999)


def test_no_rise_at_6_per_cent_matches_published_ppv_26_7_npv_99_3():
    found = predictive_values(sensitivity=0.909, specificity=0.841, prevalence=0.06)
    assert found.positive is not None
    assert found.negative is not None
    # Published to one decimal of a per cent.
    assert round(100 * found.positive, 1) == 26.7
    assert round(100 * found.negative, 1) == 99.3


def test_at_55_per_cent_the_same_test_says_something_else_matches_counting_people():
    # Of 1000 people 550 have antibodies: 500 of them found, 50 missed; of 450 others 360 clear.
    found = predictive_values(sensitivity=500 / 550, specificity=360 / 450, prevalence=0.55)
    # Four operations on fractions.
    assert found.positive == pytest.approx(500 / (500 + 90), rel=1e-12)
    assert found.negative == pytest.approx(360 / (360 + 50), rel=1e-12)


@given(SHARE, SHARE, SHARE)
def test_result_never_says_less_than_prevalence_when_the_test_informs(se, sp, p):
    found = predictive_values(sensitivity=se, specificity=sp, prevalence=p)
    assert found.positive is not None
    # Rounding of two products and a quotient.
    slack = 1e-12
    assert (found.positive >= p - slack) == (se + sp >= 1) or abs(se + sp - 1) < 1e-9


def test_no_result_of_a_kind_is_none_not_a_number():
    assert predictive_values(sensitivity=0, specificity=1, prevalence=0.06).positive is None
    assert predictive_values(sensitivity=1, specificity=0, prevalence=0.06).negative is None


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_what_is_no_fraction_is_refused(wrong):
    with pytest.raises(InputError, match="no fraction"):
        predictive_values(sensitivity=wrong, specificity=0.9, prevalence=0.06)
