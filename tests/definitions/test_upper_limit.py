"""The upper limit of normal: the laboratory's where given, in the unit of the value."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.definitions.upper_limit import upper_limit
from tests.build import AS_OF, measurement


def alt(extra=None, written="", value=30.0):
    made = measurement(vocabulary.ALT, AS_OF, value, extra=extra)
    return replace(made, as_written=written)


@pytest.mark.parametrize("column", ["uln", "ULN", "ref_high", "Reference range high", "Ref. high"])
def test_laboratorys_column(column):
    found = upper_limit(alt({column: "55"}), 40, 20, 80)
    assert (found.value, found.own, found.refused) == (55, True, None)


@pytest.mark.parametrize(("text", "value"), [("55", 55), ("55.5 U/L", 55.5), ("<= 55,5", 55.5)])
def test_numbers_as_laboratories_write_them(text, value):
    assert upper_limit(alt({"uln": text}), 40, 20, 80).value == value


@pytest.mark.parametrize("text", ["", "n/a", "normal", "1.234,5"])
def test_unreadable_limit_is_none(text):
    found = upper_limit(alt({"uln": text}), 40, 20, 80)
    assert (found.value, found.own, found.refused) == (40, False, None)


@pytest.mark.parametrize(("text", "refused"), [("19.9", 19.9), ("80.1", 80.1), ("0", 0)])
def test_limit_out_of_bounds_is_refused_by_name(text, refused):
    found = upper_limit(alt({"uln": text}), 40, 20, 80)
    assert (found.value, found.own, found.refused) == (40, False, refused)


def test_bounds_are_inclusive_and_may_be_absent():
    assert upper_limit(alt({"uln": "20"}), 40, 20, 80).own
    assert upper_limit(alt({"uln": "80"}), 40, 20, 80).own
    assert upper_limit(alt({"uln": "900"}), 40).own
    assert not upper_limit(alt({"uln": "0"}), 40).own


def test_conversion_of_the_value_is_applied_to_the_limit():
    """1.0 mg/dL became 17.1 umol/L, so 1.2 mg/dL becomes 20.52 umol/L."""
    found = upper_limit(alt({"uln": "1.2"}, written="1.0 mg/dL", value=17.1), 21, 10, 35)
    assert found.value == pytest.approx(20.52, rel=1e-12)  # one product and one quotient


def test_no_column_takes_the_default():
    assert upper_limit(alt({"note": "55"}), 40, 20, 80).own is False
