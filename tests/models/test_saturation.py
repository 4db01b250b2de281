"""The two saturation cards, and the fit behind the one calibrated here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.errors import ModelError
from openntz.evidence.registry import Fact, registry
from openntz.models.saturation import SaturationCard, load_saturation
from tests.models.cards import SATURATION, written

SISTER = load_saturation("saturation_biib107")
FITTED = load_saturation("saturation_natalizumab")


def test_sister_antibody_matches_toukam_2025() -> None:
    assert (SISTER.e0, SISTER.emax, SISTER.ec50, SISTER.hill) == (
        pytest.approx(0.177),
        pytest.approx(0.775),
        0.376,
        1.0,
    )
    assert SISTER.ec50_sd == pytest.approx(np.sqrt(np.log(1.01)))


def test_sister_antibody_saturates_92_percent_at_10() -> None:
    """The figure the two cards' disagreement was first stated with."""
    assert SISTER.saturation(10.0) == pytest.approx(0.92, abs=0.005)


def _bounds(fact: Fact) -> tuple[float, float]:
    assert fact.low is not None
    assert fact.high is not None
    return fact.low, fact.high


def _figures() -> tuple[np.ndarray, np.ndarray]:
    """Concentrations and saturations the card names, from the registry's facts."""
    facts = registry().facts
    low_c, high_c = _bounds(facts["saturation.where-activity-returns.concentration"])
    low_s, high_s = _bounds(facts["saturation.where-activity-returns"])
    points = [
        (low_c, low_s),
        (high_c, high_s),
        (
            facts["saturation.therapeutic.concentration"].number,
            facts["saturation.therapeutic"].number,
        ),
    ]
    for arm in ("q6w", "q4w"):
        low, high = _bounds(facts[f"trough.nova-{arm}"])
        points.append((np.sqrt(low * high), facts[f"saturation.nova-{arm}"].number))
    concentration, percent = np.array(points).T
    return concentration, percent / 100.0


def _fit(concentration: np.ndarray, saturation: np.ndarray) -> tuple[float, float]:
    """EC50 and Hill coefficient of the straight line logit(S) = h (ln C - ln EC50)."""
    slope, offset = np.polyfit(np.log(concentration), np.log(saturation / (1 - saturation)), 1)
    return float(np.exp(-offset / slope)), float(slope)


def test_fit_redone_from_the_facts_matches_the_card() -> None:
    ec50, hill = _fit(*_figures())
    # The card prints three digits.
    assert FITTED.ec50 == pytest.approx(ec50, abs=0.005)
    assert FITTED.hill == pytest.approx(hill, abs=0.0005)
    assert (FITTED.e0, FITTED.emax, FITTED.ec50_sd) == (0.0, 1.0, 0.0)


def test_range_on_the_card_is_that_of_leaving_one_figure_out() -> None:
    concentration, saturation = _figures()
    fits = [
        _fit(np.delete(concentration, i), np.delete(saturation, i))
        for i in range(len(concentration))
    ]
    for column, name in enumerate(("ec50", "hill")):
        values = [fit[column] for fit in fits]
        interval = FITTED.theta[name].interval
        assert interval is not None
        assert interval[0] == pytest.approx(min(values), abs=0.005)
        assert interval[1] == pytest.approx(max(values), abs=0.005)


def test_fitted_card_says_that_it_is_coarse() -> None:
    for words in (
        "five group figures",
        "lower bounds",
        "variation between people",
        "by definition",
    ):
        assert any(words in gap for gap in FITTED.gaps), words
    assert {FITTED.theta[name].rank for name in ("ec50", "hill")} == {"derived"}


def test_figures_lie_near_the_fitted_curve() -> None:
    concentration, saturation = _figures()
    # Two groups report 40 and 50 % at the same level; no curve comes closer than about that.
    assert np.abs(FITTED.saturation(concentration) - saturation).max() < 0.13


@pytest.mark.parametrize("card", [SISTER, FITTED], ids=lambda c: c.id)
def test_no_drug_and_all_drug(card: SaturationCard) -> None:
    assert card.saturation(0.0) == card.e0
    assert card.saturation(1e12) == pytest.approx(card.e0 + card.emax)
    assert card.saturation(np.inf) == card.e0 + card.emax


@pytest.mark.parametrize("card", [SISTER, FITTED], ids=lambda c: c.id)
def test_half_of_the_effect_at_ec50_of_the_person(card: SaturationCard) -> None:
    for eta in (-0.3, 0.0, 0.4):
        level = card.ec50 * np.exp(eta)
        assert card.saturation(level, eta) == pytest.approx(card.e0 + 0.5 * card.emax)


@given(st.floats(0.0, 500.0), st.floats(0.0, 500.0), st.floats(-2.0, 2.0), st.sampled_from([0, 1]))
def test_more_drug_never_saturates_less(a: float, b: float, eta: float, which: int) -> None:
    card = (SISTER, FITTED)[which]
    low, high = card.saturation(np.array([min(a, b), max(a, b)]), eta)
    assert 0.0 <= low <= high <= 1.0


def test_people_and_times_broadcast() -> None:
    level = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    eta = np.array([[0.1], [-0.1]])
    found = SISTER.saturation(level, eta)
    assert found.shape == (2, 3)
    assert found[1, 2] == SISTER.saturation(6.0, -0.1)


@pytest.mark.parametrize("level", [-0.1, np.nan, [1.0, -1e-9]])
def test_levels_that_cannot_be_are_refused(level: object) -> None:
    with pytest.raises(ModelError, match="negative or not a number"):
        SISTER.saturation(level)  # type: ignore[arg-type]


def test_units_are_converted(tmp_path: Path) -> None:
    card = load_saturation(written(tmp_path, SATURATION))
    assert card.ec50 == pytest.approx(1.0)
    assert card.saturation(3.0) == pytest.approx(0.9)
    assert card.short_hash == card.hash[:12]
