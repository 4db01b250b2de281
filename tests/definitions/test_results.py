"""Censored results against a limit: what the truth allows, checked against the truth itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openntz.course import vocabulary
from openntz.definitions.results import above, below, shown
from tests.build import AS_OF, measurement

numbers = st.floats(0, 1000, allow_nan=False)


@given(true=numbers, bound=numbers, limit=numbers)
def test_an_answer_is_never_contradicted_by_the_true_value(true, bound, limit):
    """Whatever value hides behind '<bound' or '>bound', a yes or no must hold for it."""
    censor = "<" if true < bound else ">" if true > bound else ""
    result = measurement(vocabulary.PLATELETS, AS_OF, bound, censor=censor)
    for answer, truth in (
        (above(result, limit), true > limit),
        (below(result, limit), true < limit),
    ):
        assert answer is None or answer is truth


@given(value=numbers, limit=numbers)
def test_a_plain_value_always_decides_strictly(value, limit):
    result = measurement(vocabulary.PLATELETS, AS_OF, value)
    assert above(result, limit) is (value > limit)
    assert below(result, limit) is (value < limit)


def test_no_value_decides_nothing():
    result = measurement(vocabulary.JCV_INDEX, AS_OF, answer="positive")
    assert above(result, 1.0) is None
    assert below(result, 1.0) is None
    assert shown(result) == "positive"


def test_shown():
    assert shown(measurement(vocabulary.PLATELETS, AS_OF, 38.0)) == "38"
    assert shown(measurement(vocabulary.NATALIZUMAB, AS_OF, 2.0, censor="<"), "ug/mL") == "<2 ug/mL"
