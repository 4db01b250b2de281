"""Cards across the whole family: what they say, against numbers worked out by hand or by numpy."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from openntz.models.card import SYMBOLS, Card, load_card
from openntz.models.reading import shipped

FAMILY = sorted((Path(__file__).parent / "family").glob("*.toml"))
REFERENCE = Path(__file__).parents[1] / "reference" / "cards"
PUBLISHED = sorted(REFERENCE.glob("*.toml"))
SHIPPED = [name for name in shipped() if not name.startswith("saturation")]
EVERY = [*FAMILY, *PUBLISHED, *SHIPPED]

# Values in the unit of each covariate that all cards of the tests can take.
COVARIATES = {
    "weight": 82.0,
    "crcl": 3.4,
    "cl_hemo": 0.7,
    "dialysis_clearance": 0.8,
    "age": 63.0,
    "comedication": 2.0,
    "height": 176.0,
    "creatinine": 95.0,
}


def _card(name: str) -> Card:
    return load_card(Path(__file__).parent / "family" / f"{name}.toml")


def _reference(name: str) -> Card:
    return load_card(REFERENCE / f"{name}.toml")


def _drawn(card: Card, seed: int, *shape: int) -> NDArray[np.float64]:
    return 0.2 * np.random.default_rng(seed).standard_normal((*shape, len(card.random_names)))


@pytest.mark.parametrize("path", EVERY, ids=str)
def test_every_card_gives_all_symbols_in_the_shape_asked_for(path: Path | str) -> None:
    card = load_card(path)
    found = card.individual(_drawn(card, 1, 3, 2), COVARIATES)
    assert tuple(found.values) == tuple(found.slopes) == SYMBOLS
    assert {value.shape for value in found.values.values()} == {(3, 2)}
    assert found.usable.all()
    assert found.usable.shape == (3, 2)
    assert np.linalg.eigvalsh(card.omega)[0] > 0.0
    assert card.omega.shape == (len(card.eta_names),) * 2
    assert card.omega_iov.shape == (len(card.kappa_names),) * 2
    assert set(card.eta_names) | set(card.kappa_names) == set(card.random_names)


@pytest.mark.parametrize("path", EVERY, ids=str)
def test_slopes_match_central_differences(path: Path | str) -> None:
    card = load_card(path)
    random = _drawn(card, 2, 4)
    factors = {"cl": np.array([1.0, 2.0, 1.5, 1.0]), "f": 0.9, "lag": 1.1}
    found = card.individual(random, COVARIATES, factors=factors)
    step = 1e-6
    for column in range(len(card.random_names)):
        shift = np.zeros(len(card.random_names))
        shift[column] = step
        up = card.individual(random + shift, COVARIATES, factors=factors).values
        down = card.individual(random - shift, COVARIATES, factors=factors).values
        for name in SYMBOLS:
            expected = (up[name] - down[name]) / (2 * step)
            slope = found.slopes[name].get(column, np.zeros(4))
            # The difference loses half the digits of the value, and no more.
            np.testing.assert_allclose(
                slope, expected, rtol=1e-8, atol=1e-9 * np.abs(found.values[name]).max()
            )
            assert (column in found.slopes[name]) == bool(np.any(slope))


@pytest.mark.parametrize("path", EVERY, ids=str)
def test_many_people_at_once_match_one_at_a_time(path: Path | str) -> None:
    card = load_card(path)
    random = _drawn(card, 3, 5)
    spread = np.linspace(0.9, 1.1, 5)
    covariates = {
        name: value if name == "comedication" else value * spread
        for name, value in COVARIATES.items()
    }
    found = card.individual(random, covariates)
    for i in range(5):
        one = card.individual(
            random[i], {name: np.broadcast_to(v, 5)[i] for name, v in covariates.items()}
        )
        for name in SYMBOLS:
            assert found.values[name][i] == one.values[name]
            for column, slope in one.slopes[name].items():
                assert found.slopes[name][column][i] == slope


def test_vancomycin_typical_values_match_thomson_2009() -> None:
    card = _reference("vancomycin_thomson_2009")
    covariates = {"weight": 80.0, "crcl": 4.2, "cl_hemo": 1.5}
    found = card.individual(np.zeros(4), covariates).values
    clearance = 2.99 * (1 + 0.0154 * (4.2 * 16.66667 - 66)) + 1.5
    assert found["cl"] == pytest.approx(24.0 * clearance, rel=1e-14)
    assert found["vc"] == pytest.approx(0.675 * 80.0, rel=1e-14)
    assert found["q"] == pytest.approx(24.0 * 2.28, rel=1e-14)
    assert found["vp"] == pytest.approx(0.732 * 80.0, rel=1e-14)
    assert card.eta_names == ("cl", "vc", "q", "vp")
    np.testing.assert_array_equal(np.diag(card.omega), [0.0729, 0.0225, 0.2401, 1.69])
    assert card.omega[1, 0] == card.omega[0, 1] == 0.01
    assert {c.name: (c.column, c.carry) for c in card.covariates} == {
        "weight": ("WT", "nocb"),
        "crcl": ("CRCL", "nocb"),
        "cl_hemo": ("CL_HEMO", "nocb"),
    }


def test_monolix_and_nonmem_cards_quote_sds_and_variances_as_their_programs_do() -> None:
    assert np.diag(_reference("monolix_207").omega) == pytest.approx([0.2] * 5, rel=1e-7)
    np.testing.assert_array_equal(np.diag(_reference("nonmem_oral_1cpt").omega), [0.2] * 3)
    m3 = _reference("nonmem_m3_2cpt")
    assert m3.residual.variance(3.0) == pytest.approx(0.1 * 9.0 + 0.5, rel=1e-14)
    assert m3.eta_names == ("cl", "vc")


def test_block_of_cvs_and_correlations_matches_numpy() -> None:
    card = _card("three_oral_lag")
    assert card.random_names == ("cl", "vc", "ka", "lag")
    sd = np.sqrt(np.log1p(np.array([0.30, 0.25, 0.50]) ** 2))
    correlation = np.array([[1, 0.4, 0.1], [0.4, 1, -0.2], [0.1, -0.2, 1]])
    np.testing.assert_allclose(card.omega[:3, :3], np.outer(sd, sd) * correlation, rtol=1e-14)
    assert card.omega[3, 3] == 0.1
    assert not card.omega[3, :3].any()


def test_occasions_have_their_own_effects_and_covariance() -> None:
    card = _card("zero_order_log_error")
    assert card.random_names == ("cl", "vc", "duration")
    assert (card.eta_names, card.kappa_names) == (("cl", "vc"), ("cl", "duration"))
    assert np.diag(card.omega) == pytest.approx([0.28**2, 0.06], rel=1e-14)
    assert np.diag(card.omega_iov) == pytest.approx(
        [math.log(1 + 0.15**2), math.log(1 + 0.4**2)], rel=1e-14
    )
    shared = _card("shared_effect_iov_block")
    assert shared.random_names == ("cl", "volume", "vmax")
    assert shared.kappa_names == ("cl", "volume")
    np.testing.assert_allclose(
        shared.omega_iov, [[0.04, 0.35 * 0.2 * 0.14], [0.35 * 0.2 * 0.14, 0.14**2]], rtol=1e-14
    )


def test_units_of_data_and_thetas_are_those_of_the_solver() -> None:
    card = _card("zero_order_log_error")
    assert card.typical["cl"] == pytest.approx(150.0 * 60 * 24 / 1000, rel=1e-14)
    assert card.typical["duration"] == pytest.approx(2.5 / 24, rel=1e-14)
    assert card.typical["f"] == pytest.approx(0.7, rel=1e-14)
    units = card.data_units
    assert (units.day_per_time, units.mg_per_dose, units.mg_per_l_per_concentration) == (
        1 / 24,
        0.001,
        0.001,
    )
    assert (units.levels, units.depot, units.central) == ("ln", None, 1)
    assert card.residual.on_log_scale
    np.testing.assert_allclose(card.residual.variance([0.1, 50.0]), [0.04, 0.04])
    np.testing.assert_array_equal(card.residual.variance_slope([0.1, 50.0]), [0.0, 0.0])


def test_normal_effects_add_in_the_parameters_unit_and_late_terms_come_last() -> None:
    card = _card("normal_effects")
    covariates = {"crcl": 100.0, "dialysis_clearance": 0.8, "age": 60.0}
    # Published etas are in L/h and L; inside the package in L/day and L.
    published = np.array([-0.4, 3.0])
    np.testing.assert_array_equal(card.eta_scale, [1 / 24, 1.0])
    found = card.individual(published / card.eta_scale, covariates)
    clearance = 2.6 * (1 + 0.009 * 20.0) - 0.4 + 0.8
    assert found.values["cl"] == pytest.approx(24.0 * clearance, rel=1e-14)
    assert found.values["vc"] == pytest.approx(24.0 * math.exp(-0.04) + 3.0, rel=1e-14)
    scale = np.outer(card.eta_scale, card.eta_scale)
    np.testing.assert_allclose(card.omega * scale, [[0.25, 0.4], [0.4, 9.0]], rtol=1e-14)
    # A clearance below nothing is said, not computed with.
    assert not card.individual(np.array([-200.0, 0.0]), covariates).usable


def test_shared_proportional_and_categorical_effects_act_as_written() -> None:
    card = _card("shared_effect_iov_block")
    random = np.array([0.3, -0.2, 0.25])
    found = card.individual(random, {"comedication": [0.0, 1.0, 2.0]})
    np.testing.assert_allclose(
        found.values["cl"], 24 * 3.2 * np.exp(0.3) * np.array([1.0, 1.35, 0.8]), rtol=1e-14
    )
    np.testing.assert_allclose(found.values["vc"], np.full(3, 18 * np.exp(-0.2)), rtol=1e-14)
    np.testing.assert_allclose(found.values["vp"], np.full(3, 31 * np.exp(-0.1)), rtol=1e-14)
    np.testing.assert_allclose(found.values["vmax"], np.full(3, 24 * 40 * 1.25), rtol=1e-14)
    assert found.slopes["vp"].keys() == {1}


def test_derived_covariates_match_their_formulas_and_limits() -> None:
    card = _card("derived_covariates")
    weight, height = np.array([60.0, 95.0]), np.array([165.0, 190.0])
    creatinine = np.array([70.0, 1200.0])
    found = card.individual(
        np.zeros(2), {"weight": weight, "height": height, "creatinine": creatinine}
    ).values
    bsa = np.sqrt(weight * height / 3600.0)
    renal = np.array([0.2 + 50 * bsa[0] / 70.0, 0.2 + 50 * bsa[1] / 1200.0])
    # The second person is below the limit.
    assert renal[1] < 0.3
    renal[1] = 0.3
    np.testing.assert_allclose(found["vmax"], 24 * 50 * np.sqrt(renal), rtol=1e-12)
    np.testing.assert_allclose(found["vc"], 30 * (1 + 0.6 * (bsa - 1.8)), rtol=1e-12)
    assert [c.name for c in card.covariates] == ["weight", "height", "creatinine"]


@pytest.mark.parametrize("path", EVERY, ids=str)
def test_residual_slope_matches_central_differences(path: Path | str) -> None:
    residual = load_card(path).residual
    f = np.array([0.3, 4.0, 120.0])
    expected = (residual.variance(f + 1e-5) - residual.variance(f - 1e-5)) / 2e-5
    np.testing.assert_allclose(residual.variance_slope(f), expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(residual.sd(f) ** 2, residual.variance(f), rtol=1e-14)


def test_both_conventions_of_a_combined_error_differ_as_they_should() -> None:
    sds = _card("three_oral_lag").residual
    variances = _card("shared_effect_iov_block").residual
    assert sds.variance(2.0) == pytest.approx((0.05 + 0.1 * 2.0) ** 2, rel=1e-14)
    assert variances.variance(2.0) == pytest.approx(0.4**2 + (0.12 * 2.0) ** 2, rel=1e-14)


def test_missing_covariates_are_refused_or_have_what_stands_in() -> None:
    card = _card("normal_effects")
    policy = {c.name: (c.missing, c.reference, c.carry) for c in card.covariates}
    assert policy == {
        "crcl": ("reference", 80.0, "nocb"),
        "dialysis_clearance": ("refuse", None, "nocb"),
        "age": ("refuse", None, "locf"),
    }


def test_a_cards_own_sources_are_marked_as_the_users() -> None:
    card = _card("normal_effects")
    (source,) = card.own_sources
    assert (source.id, source.kind) == ("invented", "user's card")
    assert card.theta["cl"].sources == ("invented",)
    assert card.theta["cl"].rank == "read"
