"""The validity domain: what is refused, what is warned of, and one step to either side."""

from __future__ import annotations

from pathlib import Path

import pytest

from openntz.errors import ModelError
from openntz.models.card import load_card
from tests.models.cards import ONE_COMPARTMENT, written

CARD = load_card("van_den_berg_2025")
FINE = {
    "age_year": 40,
    "weight_kg": [62.0, 71.5],
    "route": ["IV"],
    "dose_mg": [300.0],
    "interval_week": [4.0, 4.1, 6.0],
    "antibodies": False,
}


@pytest.mark.parametrize(
    ("variable", "value", "action"),
    [
        ("age_year", 18, None),
        ("age_year", 17, "refuse"),
        ("age_year", 90, None),
        ("weight_kg", 40.0, None),
        ("weight_kg", 39.9, "refuse"),
        ("weight_kg", 140.0, None),
        ("weight_kg", 140.1, "refuse"),
        ("weight_kg", [70.0, 150.0], "refuse"),
        ("route", "IV", None),
        ("route", "SC", "warn"),
        ("route", ["IV", "SC"], "warn"),
        ("dose_mg", 300, None),
        ("dose_mg", 299.0, "warn"),
        ("dose_mg", [300.0, 600.0], "warn"),
        ("interval_week", 4.0, None),
        ("interval_week", 25 / 7, None),  # three days early is still four weeks
        ("interval_week", 24 / 7, "warn"),
        ("interval_week", 12.4, None),
        ("interval_week", 12.6, "warn"),
        ("interval_week", [], None),
        ("antibodies", False, None),
        ("antibodies", True, "warn"),
        ("antibodies", [False, True], "warn"),
    ],
)
def test_limits(variable: str, value: object, action: str | None) -> None:
    found = CARD.check_domain(**(FINE | {variable: value}))  # type: ignore[arg-type]
    assert [(v.variable, v.action) for v in found] == ([(variable, action)] if action else [])


def test_nothing_to_say_when_all_is_inside() -> None:
    assert CARD.check_domain(**FINE) == ()  # type: ignore[arg-type]


def test_unknown_values_yield_no_verdict() -> None:
    assert CARD.check_domain() == ()
    assert CARD.check_domain(age_year=None, weight_kg=None, antibodies=None) == ()


def test_refusals_come_first_and_name_value_and_limit() -> None:
    found = CARD.check_domain(antibodies=True, weight_kg=[139.0, 155.0, 150.0], age_year=12)
    assert [v.action for v in found] == ["refuse", "refuse", "warn"]
    assert found[0].text.startswith("Age 12 years")
    assert "under 18" in found[0].text
    # The one farthest out is named.
    assert found[1].value == 155.0
    assert "Weight 155 kg is outside 40 to 140 kg" in found[1].text


def test_assumed_limits_are_marked_as_such() -> None:
    ranks = {entry.variable: entry.rank for entry in CARD.domain}
    assert ranks == {
        "age_year": "project default",
        "weight_kg": "project default",
        "route": "derived",
        "dose_mg": "project default",
        "interval_week": "project default",
        "antibodies": "derived",
    }


def test_no_braces_are_left_in_any_text() -> None:
    found = CARD.check_domain(
        age_year=2, weight_kg=2.0, route="SC", dose_mg=1.0, interval_week=1.0, antibodies=True
    )
    assert len(found) == 6
    assert not any("{" in v.text or "}" in v.text for v in found)


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(ModelError, match="no domain variable 'height_cm'") as caught:
        CARD.check_domain(height_cm=170.0)
    assert "weight_kg" in caught.value.remedy


@pytest.mark.parametrize("value", ["heavy", True, float("nan")])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(ModelError, match="weight_kg"):
        CARD.check_domain(weight_kg=value)  # type: ignore[arg-type]


def test_a_yes_is_no_dose_of_one(tmp_path: Path) -> None:
    text = ONE_COMPARTMENT.replace('variable = "weight_kg"', 'variable = "antibodies"')
    text = text.replace("low = 50", "allowed = [1]")
    card = load_card(written(tmp_path, text))
    assert len(card.check_domain(antibodies=True)) == 1
    assert card.check_domain(antibodies=1) == ()


def test_braces_from_outside_are_not_expanded(tmp_path: Path) -> None:
    text = ONE_COMPARTMENT.replace("{value} kg is below {low}", "{value.__class__} {0} {high}")
    found = load_card(written(tmp_path, text)).check_domain(weight_kg=10.0)
    assert found[0].text == "{value.__class__} {0} {high}"
