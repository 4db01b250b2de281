"""The van den Berg 2025 card and the kernel together against tables made without them."""

from __future__ import annotations

import numpy as np
import pytest

from openntz.mechanism.pharmacokinetics import PkParameters, simulate
from openntz.models.card import Card, load_card
from tests.mechanism.people import infusions
from tests.models.by_weight import individual_by_weight

# Troughs (ug/mL) of a typical person, 300 mg over an hour, computed from the same published
# parameters by a throw-away script of the project's preparation, printed to one decimal. It
# calls them steady state; they are those after the tenth dose.
WEEKS = (4, 5, 6, 7, 8, 12)
DERIVED = {
    50: (33.8, 20.0, 11.0, 5.1, 1.5, 0.0),
    70: (25.5, 14.5, 7.6, 3.1, 0.8, 0.0),
    80: (22.7, 12.7, 6.4, 2.5, 0.7, 0.0),
    100: (18.6, 10.1, 4.9, 1.8, 0.5, 0.0),
    120: (15.7, 8.3, 3.8, 1.3, 0.4, 0.0),
}
TABLE_DOSES = 10
STEADY_DOSES = 40
# Half of the last printed digit.
ROUNDING = 0.05


def _parameters(card: Card, eta: np.ndarray, weight_kg: np.ndarray) -> PkParameters:
    p = individual_by_weight(card, eta, weight_kg)
    return PkParameters(
        np.array([-np.inf]),
        *(p[name] for name in ("cl", "vc", "q", "vp", "vmax", "km", "ka", "f", "lag")),
    )


def _trough(weight: float, weeks: int, doses: int) -> float:
    card = load_card("van_den_berg_2025")
    start = 7.0 * weeks * np.arange(doses)
    person = _parameters(card, np.zeros((1, 3)), np.array([weight]))
    return float(simulate(person, infusions(start), [start[-1] + 7.0 * weeks]).ug_per_ml[0, 0])


@pytest.mark.parametrize("weight", DERIVED)
@pytest.mark.parametrize("column", range(len(WEEKS)))
def test_typical_trough_matches_derived_table(weight: int, column: int) -> None:
    found = _trough(weight, WEEKS[column], TABLE_DOSES)
    assert abs(found - DERIVED[weight][column]) <= ROUNDING


@pytest.mark.parametrize("weight", DERIVED)
def test_the_tables_troughs_are_within_a_hundredth_of_steady_state(weight: int) -> None:
    steady = _trough(weight, 4, STEADY_DOSES)
    assert steady == pytest.approx(_trough(weight, 4, STEADY_DOSES + 20), rel=1e-5)
    assert 1.0 <= steady / _trough(weight, 4, TABLE_DOSES) < 1.01


def _population(weeks: int) -> np.ndarray:
    """Troughs as measured in 4000 people: weight log-normal 74 kg, CV 21 %, residual 21.9 %."""
    card = load_card("van_den_berg_2025")
    rng = np.random.Generator(np.random.PCG64(20261122))
    n = 4000
    eta = rng.standard_normal((n, 3)) * np.sqrt(np.diag(card.omega))
    weight = 74.0 * np.exp(np.sqrt(np.log1p(0.21**2)) * rng.standard_normal((n, 1)))
    start = 7.0 * weeks * np.arange(20)
    true = simulate(
        _parameters(card, eta, weight), infusions(start), [start[-1] + 7.0 * weeks]
    ).ug_per_ml[:, 0]
    return true + card.residual.sd(true) * rng.standard_normal(n)


@pytest.mark.parametrize(
    ("weeks", "mean", "sd", "at_least_10", "at_least_5", "at_least_2"),
    [
        (4, 25.2, 13.5, 0.91, 0.98, 1.00),
        (5, 14.8, 9.7, 0.65, 0.87, 0.96),
        (6, 8.0, 6.6, 0.31, 0.61, 0.83),
        (7, 4.1, 4.5, 0.11, 0.31, 0.56),
        (8, 2.0, 2.9, 0.02, 0.13, 0.31),
    ],
)
def test_population_of_troughs_matches_derived_table(
    weeks: int, mean: float, sd: float, at_least_10: float, at_least_5: float, at_least_2: float
) -> None:
    """The table rests on 600 people or so: three standard errors of both simulations."""
    found = _population(weeks)
    error = np.sqrt(1 / 600 + 1 / len(found))
    assert abs(found.mean() - mean) < 3 * sd * error
    assert abs(found.std() / sd - 1) < 3 * error
    for level, share in ((10, at_least_10), (5, at_least_5), (2, at_least_2)):
        spread = np.sqrt(max(share * (1 - share), 0.01))
        assert abs((found >= level).mean() - share) < 3 * spread * error


def test_troughs_every_4_weeks_match_the_label() -> None:
    """The label gives a mean steady trough of 23 to 29 ug/mL every 4 weeks."""
    assert 23.0 <= _population(4).mean() <= 29.0


def test_longer_interval_matches_the_label() -> None:
    """The label: troughs every 6 weeks are 60 to 70 % lower than every 4."""
    assert 0.60 <= 1.0 - _population(6).mean() / _population(4).mean() <= 0.70


def test_peak_matches_the_label() -> None:
    """The label gives a mean peak of 110 (SD 52) ug/mL on repeat dosing."""
    card = load_card("van_den_berg_2025")
    start = 28.0 * np.arange(STEADY_DOSES)
    person = _parameters(card, np.zeros((1, 3)), np.array([74.0]))
    peak = simulate(person, infusions(start), [start[-1] + 1.0 / 24.0]).ug_per_ml[0, 0]
    # The label's mean covers all weights; a tenth is far inside its own spread.
    assert abs(peak / 110.0 - 1.0) < 0.1
