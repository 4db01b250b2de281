"""What one antibody result says at a threshold. Oracle: the reading rules of the definitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.definitions.antibody_tests import Reading, antibody_tests, read_at, read_own
from tests.build import antibody

POS, NEG, OPEN = Reading.POSITIVE, Reading.NEGATIVE, Reading.UNDETERMINED


@pytest.mark.parametrize(
    ("result", "censor", "own", "unit", "at_500", "at_own"),
    [
        # numbers decide, whatever the assay's own threshold
        (499.9, "", 4.0, "ng/mL", NEG, POS),
        (500.0, "", 4.0, "ng/mL", POS, POS),
        (3.9, "", 4.0, "ng/mL", NEG, NEG),
        (4.0, "", 4.0, "ng/mL", NEG, POS),
        (600.0, "", None, "ng/mL", POS, OPEN),
        # limits: '<x' is negative where x is not above the threshold, '>x' positive likewise
        (4.0, "<", 4.0, "ng/mL", NEG, NEG),
        (500.0, "<", 500.0, "ng/mL", NEG, NEG),
        (501.0, "<", 500.0, "ng/mL", OPEN, OPEN),
        (500.0, ">", 500.0, "ng/mL", POS, POS),
        (499.0, ">", 500.0, "ng/mL", OPEN, OPEN),
        (4.0, "<", None, "ng/mL", NEG, NEG),
        # answers: the assay's own threshold says what they mean at 500
        ("positive", "", 500.0, "ng/mL", POS, POS),
        ("positive", "", 1000.0, "ng/mL", POS, POS),
        ("positive", "", None, "ng/mL", POS, POS),
        ("positive", "", 499.0, "ng/mL", OPEN, POS),
        ("positive", "", 4.0, "ng/mL", OPEN, POS),
        ("negative", "", 500.0, "ng/mL", NEG, NEG),
        ("negative", "", 4.0, "ng/mL", NEG, NEG),
        ("negative", "", 501.0, "ng/mL", OPEN, NEG),
        ("negative", "", None, "ng/mL", NEG, NEG),
        ("indeterminate", "", 500.0, "ng/mL", OPEN, OPEN),
        # arbitrary units are never compared with ng/mL
        (900.0, "", None, "AU/mL", OPEN, OPEN),
        (900.0, "", 500.0, "AU/mL", OPEN, OPEN),
        (900.0, ">", 500.0, "AU/mL", OPEN, OPEN),
        (3.0, "<", None, "AU/mL", OPEN, OPEN),
    ],
)
def test_reading_matches_the_rules_at_their_limits(result, censor, own, unit, at_500, at_own):
    measured = antibody("2024-01-12", result, censor=censor, threshold=own, unit=unit)
    assert read_at(measured, 500.0) is at_500
    assert read_own(measured) is at_own


def test_an_answer_beside_a_number_in_arbitrary_units_counts():
    both = replace(antibody("2024-01-12", 120.0, threshold=None, unit="AU/mL"), answer="positive")
    assert read_at(both, 500.0) is POS
    assert read_own(both) is POS


def test_a_number_overrules_an_answer_given_at_another_threshold():
    low = replace(antibody("2024-01-12", 120.0, threshold=4.0), answer="positive")
    assert read_at(low, 500.0) is NEG
    assert read_own(low) is POS


def test_one_positive_assay_makes_the_day_positive_and_a_negative_beats_an_unreadable_one():
    day = [
        antibody("2024-01-12T09:00", "negative", line=2),
        antibody("2024-01-12T09:30", "positive", threshold=4.0, line=3),
    ]
    (test,) = antibody_tests(day, 500.0)
    assert (test.label, test.own) == (NEG, POS)
    assert test.positive_below_label
    assert [r.line for r in test.refs] == [2, 3]
    (test,) = antibody_tests([*day, antibody("2024-01-12T10:00", 500.0)], 500.0)
    assert test.label is POS
    assert not test.positive_below_label


@pytest.mark.parametrize(
    ("result", "own", "assumed"),
    [("positive", None, True), ("negative", None, True), ("positive", 500.0, False)],
)
def test_an_answer_without_threshold_says_that_one_was_assumed(result, own, assumed):
    (test,) = antibody_tests([antibody("2024-01-12", result, threshold=own)], 500.0)
    assert test.threshold_assumed is assumed


def test_a_number_assumes_no_threshold():
    (test,) = antibody_tests([antibody("2024-01-12", 700.0, threshold=None)], 500.0)
    assert not test.threshold_assumed


@given(
    value=st.floats(0, 1e6),
    low=st.floats(0.1, 1e5),
    high=st.floats(0.1, 1e5),
    censor=st.sampled_from(["", "<", ">"]),
)
def test_positive_at_a_threshold_is_never_negative_at_a_lower_one(value, low, high, censor):
    low, high = sorted((low, high))
    measured = antibody("2024-01-12", value, censor=censor, threshold=None)
    if read_at(measured, high) is POS:
        assert read_at(measured, low) is POS
    if read_at(measured, low) is NEG:
        assert read_at(measured, high) is NEG


@given(
    answer=st.sampled_from(["positive", "negative"]),
    own=st.floats(0.1, 1e5),
    low=st.floats(0.1, 1e5),
    high=st.floats(0.1, 1e5),
)
def test_an_answer_is_never_turned_round(answer, own, low, high):
    low, high = sorted((low, high))
    measured = antibody("2024-01-12", answer, threshold=own)
    assert read_at(measured, low) in {Reading(answer), OPEN}
    if read_at(measured, high) is POS:
        assert read_at(measured, low) is POS
    if read_at(measured, low) is NEG:
        assert read_at(measured, high) is NEG
