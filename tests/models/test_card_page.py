"""The page that describes the card format: its examples load and give the numbers it prints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from openntz.models.card import SYMBOLS, Card, load_card
from openntz.models.numbers import UNITS
from openntz.models.reading import shipped
from openntz.models.schema import (
    BlockFormat,
    DataCovariate,
    DataFormat,
    DerivedCovariate,
    DomainEntry,
    PkFormat,
    RandomFormat,
    ResidualFormat,
    SaturationFormat,
    Structure,
)
from tests.models.cards import written

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cards.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def _example(number: int, folder: Path) -> Card:
    return load_card(written(folder, EXAMPLES[number]))


def test_first_example_matches_the_numbers_printed_under_it(tmp_path: Path) -> None:
    card = _example(0, tmp_path)
    given = {"weight": 80.0, "crcl": 4.2, "cl_hemo": 0.0}
    found = card.individual(np.zeros(4), given).values
    # 3.174 L/h is printed with four digits.
    assert found["cl"] / 24.0 == pytest.approx(3.174, abs=0.0005)
    assert found["vc"] == pytest.approx(54.0, rel=1e-14)


def test_first_example_is_the_card_held_to_psn(tmp_path: Path) -> None:
    card = _example(0, tmp_path)
    other = load_card(
        Path(__file__).parents[1] / "reference" / "cards" / "vancomycin_thomson_2009.toml"
    )
    assert card.typical == other.typical
    assert card.residual == other.residual
    np.testing.assert_array_equal(card.omega, other.omega)
    assert [c.column for c in card.covariates] == [c.column for c in other.covariates]


def test_second_example_matches_the_numbers_printed_under_it(tmp_path: Path) -> None:
    card = _example(1, tmp_path)
    found = card.individual(np.zeros(3), {"weight": 70.0, "sex": 1.0}).values
    assert found["cl"] == pytest.approx(0.1632, rel=1e-12)
    assert card.random_names == ("cl", "volume", "ka")
    assert card.kappa_names == ("cl",)
    assert card.theta["cl"].sources == ()
    assert card.residual.on_log_scale


def test_there_are_two_examples() -> None:
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize(
    "table",
    [
        PkFormat,
        SaturationFormat,
        DataFormat,
        Structure,
        DataCovariate,
        DerivedCovariate,
        RandomFormat,
        BlockFormat,
        ResidualFormat,
        DomainEntry,
    ],
    ids=lambda table: table.__name__,
)
def test_every_key_is_on_the_page(table: type) -> None:
    missing = [
        name
        for name in table.model_fields  # type: ignore[attr-defined]
        if not re.search(rf"[`\[.]{name}[`\].=\s]", PAGE)
    ]
    assert not missing


def test_every_symbol_unit_and_choice_is_on_the_page() -> None:
    for name in SYMBOLS:
        assert f"`{name}`" in PAGE
    for meaning in ("cl", "vc", "km", "ka", "duration", "time", "dose", "concentration"):
        assert all(re.search(rf"[\s`]{re.escape(unit)}[,\s`)]", PAGE) for unit in UNITS[meaning])
    choices = [
        *get_args(Structure.model_fields["elimination"].annotation),
        *get_args(Structure.model_fields["absorption"].annotation),
        *get_args(ResidualFormat.model_fields["form"].annotation),
        *get_args(RandomFormat.model_fields["distribution"].annotation),
    ]
    assert len(choices) == 14
    assert [choice for choice in choices if f'"{choice}"' not in PAGE] == []


def test_every_shipped_card_is_on_the_page() -> None:
    assert [name for name in shipped() if f"`{name}`" not in PAGE] == []
