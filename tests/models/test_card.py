"""What a card gives to those who compute with it."""

from __future__ import annotations

import hashlib
import math
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from openntz.errors import ModelError
from openntz.evidence.registry import registry
from openntz.models.card import load_card
from openntz.models.numbers import Quantity
from openntz.models.reading import shipped
from tests.models.by_weight import individual_by_weight
from tests.models.cards import ONE_COMPARTMENT, written

CARD = load_card("van_den_berg_2025")
ZERO = np.zeros((1, 3))

# Table 2 of the paper: estimate, bootstrap interval; CV % and its interval.
TABLE = {
    "cl": (0.164, (0.155, 0.173)),
    "vc": (3.48, (3.25, 3.76)),
    "q": (0.40, None),
    "vp": (3.48, (2.98, 3.95)),
    "vmax": (2.86, (2.52, 3.20)),
    "km": (0.875, (0.11, 1.55)),
}
VARIABILITY = {"cl": (22.8, (19.4, 25.7)), "vp": (31.5, (1.96, 43.2)), "vmax": (26.0, (20.7, 31.4))}


def test_theta_matches_van_den_berg_2025() -> None:
    for name, (value, interval) in TABLE.items():
        assert (CARD.theta[name].value, CARD.theta[name].interval) == (value, interval)
        assert CARD.theta[name].sources == ("van-den-berg-2025",)


def test_variability_matches_van_den_berg_2025() -> None:
    assert CARD.eta_names == tuple(VARIABILITY)
    for i, (name, (cv, interval)) in enumerate(VARIABILITY.items()):
        assert (
            CARD.variability.omega.quantities[name].value,
            CARD.variability.omega.quantities[name].interval,
        ) == (cv, interval)
        assert CARD.omega[i, i] == pytest.approx(math.log(1.0 + (cv / 100.0) ** 2), rel=1e-14)
    assert np.count_nonzero(CARD.omega) == 3


def test_weight_exponents_match_van_den_berg_2025_and_say_what_is_inferred() -> None:
    found = {e.parameter: e.quantities for e in CARD.covariate_model.effects}
    assert {name: exponent.value for name, (exponent, _) in found.items()} == {
        "cl": 0.60,
        "vc": 0.26,
        "vp": 0.26,
    }
    for exponent, reference in found.values():
        assert "inferred" in exponent.note
        assert (reference.value, reference.rank) == (70.0, "project default")


def test_subcutaneous_numbers_match_label_and_sister_antibody() -> None:
    assert (CARD.theta["f"].value, CARD.theta["f"].sources) == (0.84, ("swiss-label-kinetic",))
    assert CARD.typical["lag"] == 3.0 / 24.0
    assert CARD.theta["lag"].sources == ("swiss-label-kinetic",)
    assert CARD.theta["ka"].value == 0.288
    assert CARD.theta["ka"].sources == ("toukam-2025-biib107",)
    assert "orrowed" in CARD.theta["ka"].note


def test_residual_matches_van_den_berg_2025() -> None:
    assert CARD.residual.form == "proportional"
    np.testing.assert_allclose(CARD.residual.sd([0.0, 10.0]), [0.0, 2.19])


def test_borrowed_numbers_are_those_of_the_registry() -> None:
    """The same number must not drift apart between the card and the facts shown elsewhere."""
    facts = registry().facts
    assert CARD.typical["f"] == facts["pk.sc-bioavailability"].number
    assert CARD.typical["lag"] == facts["pk.sc-lag"].number / 24.0
    assert CARD.typical["ka"] == facts["pk.sc-absorption-rate"].number
    (weight,) = CARD.covariates
    assert (weight.median, weight.quantities[1].value) == (
        facts["forecast.weight-unknown-median"].number,
        facts["forecast.weight-unknown-cv"].number,
    )


def test_typical_person_has_the_typical_values() -> None:
    found = individual_by_weight(CARD, ZERO, [70.0])
    for name, (value, _) in TABLE.items():
        assert found[name].shape == (1, 1)
        assert found[name][0, 0] == value


def test_weight_etas_and_factor_act_as_the_card_says() -> None:
    eta = np.array([[0.1, -0.2, 0.3], [0.0, 0.0, 0.0]])
    found = individual_by_weight(CARD, eta, [50.0, 120.0, 120.0], clearance_factor=[1.0, 1.0, 2.45])
    ratio = np.array([50.0, 120.0, 120.0]) / 70.0
    factor = np.array([1.0, 1.0, 2.45])
    effect = np.exp([0.1, 0.0])[:, None]
    np.testing.assert_allclose(found["cl"], 0.164 * effect * ratio**0.60 * factor)
    np.testing.assert_allclose(found["vc"], np.broadcast_to(3.48 * ratio**0.26, (2, 3)))
    np.testing.assert_allclose(found["vp"], 3.48 * np.exp([[-0.2], [0.0]]) * ratio**0.26)
    np.testing.assert_allclose(found["vmax"], 2.86 * np.exp([[0.3] * 3, [0.0] * 3]))
    assert {array.shape for array in found.values()} == {(2, 3)}


def test_each_person_may_have_own_weights_and_factors() -> None:
    weights = np.array([[50.0, 60.0], [70.0, 80.0]])
    found = individual_by_weight(
        CARD, np.zeros((2, 3)), weights, clearance_factor=[[1.0, 2.0], [1.0, 1.0]]
    )
    np.testing.assert_allclose(
        found["cl"], 0.164 * (weights / 70.0) ** 0.6 * [[1.0, 2.0], [1.0, 1.0]]
    )


@pytest.mark.parametrize(
    ("eta", "weight", "factor"),
    [
        (np.zeros((1, 2)), [70.0], 1.0),
        (np.zeros(3), [70.0], 1.0),
        (ZERO, [0.0], 1.0),
        (ZERO, [np.nan], 1.0),
        (ZERO, [70.0], -1.0),
        (ZERO, [70.0, 80.0], [1.0, 1.0, 1.0]),
        (np.zeros((2, 3)), np.full((3, 1), 70.0), 1.0),
    ],
)
def test_what_does_not_fit_is_refused(eta: object, weight: object, factor: object) -> None:
    with pytest.raises(ModelError) as caught:
        individual_by_weight(CARD, eta, weight, clearance_factor=factor)  # type: ignore[arg-type]
    assert caught.value.remedy


def test_omega_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        CARD.omega[0, 0] = 1.0


def test_hash_is_that_of_the_file() -> None:
    file = resources.files("openntz.models").joinpath("cards", "van_den_berg_2025.toml")
    assert CARD.hash == hashlib.sha256(file.read_bytes()).hexdigest()
    assert CARD.short_hash == CARD.hash[:12]


def test_every_shipped_card_has_its_id_title_and_gaps() -> None:
    assert set(shipped()) == {
        "biib107",
        "label_linear",
        "rule_of_thumb_11_day",
        "saturation_biib107",
        "saturation_natalizumab",
        "van_den_berg_2025",
    }
    assert CARD.id == "van_den_berg_2025"
    assert CARD.title
    assert all(gap.endswith(".") for gap in CARD.gaps)


@pytest.mark.parametrize(
    "words",
    [
        "transcription",
        "row labels",
        "reference weight",
        "probably fixed",
        "bootstrap median only",
        "independent",
        "antibodies",
        "sister antibody",
        "inclusion criteria",
    ],
)
def test_gaps_say_what_is_not_known(words: str) -> None:
    assert any(words in gap for gap in CARD.gaps), words


def test_a_card_in_other_units_and_a_smaller_structure_loads(tmp_path: Path) -> None:
    card = load_card(written(tmp_path, ONE_COMPARTMENT))
    assert card.typical["cl"] == pytest.approx(0.144)
    assert card.typical["vc"] == pytest.approx(5.0)
    found = individual_by_weight(card, np.zeros((1, 1)), [80.0])
    # What the structure lacks has no effect.
    assert found["q"][0, 0] == 0.0
    assert found["vmax"][0, 0] == 0.0
    assert card.residual.form == "combined variances"
    np.testing.assert_allclose(card.residual.sd(10.0), math.hypot(1.0, 2.0))
    assert card.theta["cl"] == Quantity("cl", 6.0, "mL/h", ("van-den-berg-2025",), "copy", "", None)
