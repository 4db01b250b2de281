"""Individual parameters against the independent implementation in tests/oracle."""

from __future__ import annotations

import numpy as np
import pytest

from openntz.models.card import SYMBOLS, load_card
from openntz.models.numbers import UNITS
from tests.models.from_oracle import FOLDER, NAMES, _units, card_text
from tests.oracle.cases import all_cases
from tests.oracle.designs import Case
from tests.oracle.parameters import parameters_of

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_card_of_a_derived_case_is_its_model(case: Case) -> None:
    """`python -m tests.models.from_oracle` writes them again."""
    text = (FOLDER / f"{case.name}.toml").read_text("utf-8")
    assert text == card_text(case.name, case.model)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_individual_parameters_match_oracle(case: Case) -> None:
    card = load_card(FOLDER / f"{case.name}.toml")
    units = _units(case.model)
    rng = np.random.default_rng(7)
    record = {"WT": 83.0, "AGE": 57.0, "CRCL": 64.0, "CLDIAL": 0.6, "COMED": 1.0}
    for _ in range(5):
        # Of the size of the effects in the cases, in published units.
        published = {name: 0.3 * rng.standard_normal() for name in card.random_names}
        scale = card.variability.scale(card.random_names)
        random = np.array([published[name] for name in card.random_names]) / scale
        found = card.individual(random, {NAMES[c]: x for c, x in record.items()})
        expected = parameters_of(case.model, record, {n: complex(e) for n, e in published.items()})
        for symbol in SYMBOLS:
            if symbol in case.model["parameters"]:
                factor = UNITS[symbol][units[symbol]]
                value = found.values[symbol] / factor
                # Two orders of the same multiplications.
                assert value == pytest.approx(np.real(expected[symbol]), rel=1e-13)
            else:
                assert found.values[symbol] == np.real(expected[symbol])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_slopes_match_the_oracles_complex_step(case: Case) -> None:
    card = load_card(FOLDER / f"{case.name}.toml")
    units = _units(case.model)
    record = {"WT": 83.0, "AGE": 57.0, "CRCL": 64.0, "CLDIAL": 0.6, "COMED": 1.0}
    scale = card.variability.scale(card.random_names)
    random = np.full(len(card.random_names), 0.1)
    found = card.individual(random, {NAMES[c]: x for c, x in record.items()})
    for column, name in enumerate(card.random_names):
        steps = dict(zip(card.random_names, (random * scale).astype(complex), strict=True))
        steps[name] += 1e-20j
        moved = parameters_of(case.model, record, steps)
        for symbol in case.model["parameters"]:
            expected = np.imag(moved[symbol]) / 1e-20 * UNITS[symbol][units[symbol]]
            slope = found.slopes[symbol].get(column, 0.0)
            assert slope == pytest.approx(expected * scale[column], rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_covariances_and_errors_are_those_of_the_case(case: Case) -> None:
    card = load_card(FOLDER / f"{case.name}.toml")
    assert list(card.eta_names) == case.model["omega"]["names"]
    published = card.omega * np.outer(card.eta_scale, card.eta_scale)
    np.testing.assert_allclose(published, case.model["omega"]["matrix"], rtol=1e-14)
    iov = case.model.get("omega_iov", {"names": [], "matrix": np.zeros((0, 0))})
    assert list(card.kappa_names) == iov["names"]
    np.testing.assert_allclose(card.omega_iov, iov["matrix"], rtol=1e-14)
    assert card.residual.form == case.model["residual"]["form"]
    assert {c.carry for c in card.covariates} <= {case.model["carry"]}
