"""Units: the clinic table against UCUM, known factors, round trips, and refusals."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz import units
from openntz.errors import UnitError
from openntz.units import BASE, CLINIC_UNITS, conversion, convert, read_unit

BILIRUBIN_G_PER_MOL = 584.66

WITH_UCUM = sorted(
    {u for found in CLINIC_UNITS.values() for u in found if u.ucum and BASE[u.dimension]},
    key=lambda u: u.label,
)


@pytest.fixture(scope="module")
def ucum():
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


@pytest.mark.parametrize("unit", WITH_UCUM, ids=lambda u: u.label)
def test_clinic_table_matches_ucumvert(unit, ucum):
    size = (
        1 * ucum.from_ucum(unit.ucum) / (1 * ucum.from_ucum(BASE[unit.dimension]))
    ).to_base_units()

    assert size.dimensionless
    # pint multiplies factors in floating point: a few units in the last place.
    assert float(unit.scale) == pytest.approx(float(size.magnitude), rel=1e-12)


def test_every_clinic_unit_of_a_convertible_dimension_is_checked_against_ucumvert():
    unchecked = {
        u.label
        for found in CLINIC_UNITS.values()
        for u in found
        if BASE[u.dimension] and not u.ucum
    }

    assert not unchecked


@pytest.mark.parametrize(
    ("value", "spelling", "to", "expected"),
    [
        (24.0, "mg/L", "ug/mL", 24.0),
        (24.0, "µg/mL", "ug/mL", 24.0),  # micro sign U+00B5
        (24.0, "μg/mL", "ug/mL", 24.0),  # Greek letter U+03BC
        (24.0, "mcg/mL", "ug/mL", 24.0),
        (24.0, "UG/ML", "ug/mL", 24.0),
        (500.0, "ng/mL", "ug/mL", 0.5),
        (0.5, "ug/mL", "ng/mL", 500.0),
        (24.0, "mg/dL", "ug/mL", 240.0),
        (1.9, "10*3/uL", "10*9/L", 1.9),
        (1.9, "10^9/L", "10*9/L", 1.9),
        (1.9, "x10^9/L", "10*9/L", 1.9),
        (1.9, "x 10³/µL", "10*9/L", 1.9),
        (1.9, "10⁹/L", "10*9/L", 1.9),
        (1.9, "10E9/L", "10*9/L", 1.9),
        (1.9, "K/µL", "10*9/L", 1.9),
        (1.9, "Tsd./µl", "10*9/L", 1.9),
        (1.9, "G/L", "10*9/L", 1.9),  # giga per litre
        (1.9, "/nL", "10*9/L", 1.9),
        (1900.0, "cells/uL", "10*9/L", 1.9),
        (1900.0, "/mm3", "10*9/L", 1.9),
        (1900.0, "/mm³", "10*9/L", 1.9),
        (1900.0, "cells/mm^3", "10*9/L", 1.9),
        (0.25, "10*9/L", "cells/uL", 250.0),
        (14.2, "g/dL", "g/L", 142.0),
        (142.0, "G/L", "g/L", 142.0),  # a shouted gram per litre
        (40.0, "IU/L", "U/L", 40.0),
        (78.0, "%", "1", 0.78),
        (6.0, "weeks", "d", 42.0),
    ],
)
def test_known_factor_matches_definition(value, spelling, to, expected):
    assert convert(value, spelling, to) == pytest.approx(expected, rel=1e-15)


def test_pound_matches_its_legal_definition():
    assert convert(154.0, "lb", "kg") == pytest.approx(154 * 0.45359237, rel=1e-15)


def test_katal_matches_its_definition():
    # 1 U is 1 umol/min, 1 kat is 1 mol/s: 1 ukat/L is 60 U/L.
    assert convert(0.7, "µkat/L", "U/L") == pytest.approx(42.0, rel=1e-15)


def test_bilirubin_matches_its_molar_mass():
    # 1 mg/dL is 10 mg/L; over 584.66 g/mol that is 17.104 umol/L.
    value = convert(1.0, "mg/dL", "umol/L", molar_mass_g_per_mol=BILIRUBIN_G_PER_MOL)

    assert value == pytest.approx(10 / BILIRUBIN_G_PER_MOL * 1000, rel=1e-15)
    assert convert(
        value, "umol/L", "mg/dL", molar_mass_g_per_mol=BILIRUBIN_G_PER_MOL
    ) == pytest.approx(1.0, rel=1e-15)


def test_mass_does_not_become_substance_without_a_molar_mass():
    with pytest.raises(UnitError, match="cannot be converted"):
        convert(1.2, "mg/dL", "umol/L")


@pytest.mark.parametrize(
    ("spelling", "to"),
    [
        ("m", "kg"),
        ("%", "10*9/L"),
        ("U/L", "10*9/L"),
        ("ng/mL", "10*9/L"),
        ("AU/mL", "ng/mL"),
        ("ng/mL", "AU/mL"),
        ("IU/mL", "AU/mL"),
        ("index", "1"),
        ("titre", "1"),
        ("g/L", "10*9/L"),  # a small g is a gram
    ],
)
def test_other_quantity_is_refused(spelling, to):
    with pytest.raises(UnitError) as caught:
        conversion(spelling, to)

    assert caught.value.remedy


@pytest.mark.parametrize("spelling", ["[iU]/L", "[arb'U]/L", "[CFU]/L", "[iU]/dL"])
def test_arbitrary_units_are_no_counts_although_pint_has_them_without_dimension(spelling):
    with pytest.raises(UnitError):
        conversion(spelling, "/L")


def test_pint_alone_misreads_what_is_read_here_by_ucum():
    import pint

    alone = pint.UnitRegistry().parse_expression("10*3/uL")

    assert alone.magnitude == pytest.approx(30)  # the trap this module exists for
    assert convert(1.0, "10*3/uL", "/uL") == pytest.approx(1000)


@pytest.mark.parametrize(
    ("spelling", "to", "expected"),
    [("10*6/dL", "/L", 1e7), ("kg/m3", "g/L", 1.0), ("umol/min/L", "U/L", 1.0), ("mm", "m", 1e-3)],
)
def test_rare_ucum_spelling_is_read_by_ucumvert(spelling, to, expected):
    assert convert(1.0, spelling, to) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "spelling",
    ["", " ", "furlong", "10*999999999/L", "m" * 500, "(((((", "10*9", "1/0", "µ", "€/L"],
)
def test_no_unit_is_refused_with_a_remedy(spelling):
    with pytest.raises(UnitError) as caught:
        conversion(spelling, "/L")

    assert caught.value.remedy


@given(spelling=st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_is_a_unit_or_a_unit_error(spelling):
    try:
        found = read_unit(spelling)
    except UnitError:
        return
    assert found
    assert all(unit.scale > 0 for unit in found)


CONVERTIBLE = [
    (a.label, b.label) for a in WITH_UCUM for b in WITH_UCUM if a.dimension == b.dimension
]


@given(pair=st.sampled_from(CONVERTIBLE), value=st.floats(1e-6, 1e6))
def test_round_trip_returns_the_value(pair, value):
    there, back = pair

    # Two multiplications and two divisions: at most four roundings.
    assert convert(convert(value, there, back), back, there) == pytest.approx(value, rel=1e-15)


@given(value=st.floats(0, 1e6), factor=st.floats(0, 10))
def test_conversion_is_proportional(value, factor):
    assert convert(value * factor, "lb", "kg") == pytest.approx(
        convert(value, "lb", "kg") * factor, rel=1e-12, abs=1e-12
    )


def test_thousandths_stay_exact():
    assert convert(1690.0, "cells/uL", "10*9/L") == 1.69


def test_common_spellings_load_neither_pint_nor_ucumvert():
    code = (
        "import sys; from openntz.units import convert;"
        "[convert(1.0, a, b) for a, b in (('mg/L', 'ug/mL'), ('/mm3', '10*9/L'), ('lb', 'kg'))];"
        "sys.exit(any(m in sys.modules for m in ('pint', 'ucumvert')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_spelling_of_the_table_is_never_shadowed_by_ucum():
    for key, found in units.CLINIC_UNITS.items():
        assert read_unit(key) == found
