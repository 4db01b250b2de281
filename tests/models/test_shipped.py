"""The shipped cards beside van den Berg's: their numbers, and what they say of themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from openntz.evidence.registry import registry
from openntz.models.card import Card, load_card
from openntz.models.reading import shipped

LABEL = load_card("label_linear")
SISTER = load_card("biib107")
RULE = load_card("rule_of_thumb_11_day")
PK = [load_card(name) for name in shipped() if not name.startswith("saturation")]


def _left(card: Card, days: float) -> float:
    """Share of a level left after some days, one compartment in closed form."""
    return math.exp(-card.typical["cl"] / card.typical["vc"] * days)


def test_rule_of_thumb_matches_founding_s1() -> None:
    """What patients quote: 17 % left at day 28, 7 % at day 42, a half-life of 11 days."""
    facts = registry().facts
    assert _left(RULE, 28.0) == pytest.approx(0.17, abs=0.005)
    assert _left(RULE, 42.0) == pytest.approx(0.07, abs=0.005)
    # The card prints clearance to six digits.
    assert _left(RULE, 11.0) == pytest.approx(0.5, rel=1e-5)
    assert facts["pk.left-after-28-days.half-life-11"].number == pytest.approx(
        100 * _left(RULE, 28.0), abs=0.05
    )
    assert RULE.typical["vc"] == facts["pk.volume.us-nca"].number


def test_rule_of_thumb_says_that_the_label_disagrees_with_itself() -> None:
    facts = registry().facts
    clearance = facts["pk.clearance.us-nca"].number * 0.024
    half_life = math.log(2) * facts["pk.volume.us-nca"].number / clearance
    assert any(f"{half_life:.1f} days" in gap for gap in RULE.gaps)
    assert any(f"{RULE.typical['cl'] / 0.024:.1f} mL/h" in gap for gap in RULE.gaps)


def test_rule_of_thumb_spread_matches_the_older_label() -> None:
    facts = registry().facts
    for name, fact in (("cl", "pk.clearance.us-nca"), ("vc", "pk.volume.us-nca")):
        cv = facts[f"{fact}.sd"].number / facts[fact].number
        number = RULE.variability.omega.quantities[name]
        assert number.value == pytest.approx(100 * cv, abs=0.05)


def test_label_card_matches_the_facts() -> None:
    facts = registry().facts
    for name, fact in (
        ("cl", "pk.clearance-linear"),
        ("vc", "pk.volume-steady-state"),
        ("f", "pk.sc-bioavailability"),
        ("lag", "pk.sc-lag"),
    ):
        shown = LABEL.theta[name]
        assert (shown.value, shown.unit, shown.rank) == (
            facts[fact].number,
            facts[fact].unit,
            "read",
        )
    # Clearance and volume are medians of their own, so the half-life agrees only nearly.
    half_life = math.log(2) * LABEL.typical["vc"] / LABEL.typical["cl"]
    assert half_life == pytest.approx(facts["pk.half-life"].number, abs=0.2)
    (effect,) = LABEL.covariate_model.effects
    exponents = [facts[f"pk.weight-exponent.{side}"].number for side in ("lighter", "heavier")]
    assert effect.quantities[0].interval == tuple(exponents)
    assert effect.quantities[0].value == pytest.approx(np.mean(exponents))


def test_label_card_says_how_far_its_trough_is_off() -> None:
    """Steady state every 28 days of one compartment, bolus, in closed form."""
    left = _left(LABEL, 28.0)
    trough = 300.0 / LABEL.typical["vc"] * left / (1.0 - left)
    assert any(f"near {trough:.0f} ug/mL" in warning for warning in LABEL.warnings)


def test_numbers_the_label_lacks_are_marked_as_defaults() -> None:
    numbers = [*LABEL.variability.omega.quantities.values(), *LABEL.residual_quantities]
    assert {number.rank for number in numbers} == {"project default"}
    assert all("not published" in number.note.casefold() for number in numbers)


def test_sister_antibody_matches_toukam_2025() -> None:
    assert {name: SISTER.theta[name].value for name in SISTER.theta} == {
        "cl": 0.159,
        "vc": 3.01,
        "q": 0.301,
        "vp": 1.18,
        "vmax": 1.89,
        "km": 0.00435,
        "ka": 0.288,
        "f": 0.738,
        "lag": 0.0793,
    }
    effects = {e.parameter: e.quantities[0].value for e in SISTER.covariate_model.effects}
    assert effects == {"cl": 1.07, "vc": 1.0, "q": 0.75, "vp": 1.0}
    cvs = {name: q.value for name, q in SISTER.variability.omega.quantities.items()}
    assert cvs == {"cl": 16.0, "vc": 35.0, "ka": 41.0}
    assert (SISTER.residual.form, SISTER.residual.additive) == ("additive", 7.32)
    assert any("not natalizumab" in warning for warning in SISTER.warnings)


@pytest.mark.parametrize("card", PK, ids=lambda card: card.id)
def test_no_shipped_number_is_from_memory(card: Card) -> None:
    known = registry()
    numbers = [
        *card.theta.values(),
        *card.variability.omega.quantities.values(),
        *card.residual_quantities,
        *(q for effect in card.covariate_model.effects for q in effect.quantities),
        *(q for covariate in card.covariates for q in covariate.quantities),
    ]
    for number in numbers:
        assert number.rank != "unverified"
        assert all(known.source(name).read != "memory" for name in number.sources)
    assert card.gaps
    assert all(text.endswith(".") for text in (*card.gaps, *card.warnings))


@pytest.mark.parametrize("card", PK, ids=lambda card: card.id)
def test_every_shipped_card_refuses_children(card: Card) -> None:
    assert [v.action for v in card.check_domain(age_year=17)] == ["refuse"]
    assert card.check_domain(age_year=18) == ()


def test_the_rule_of_thumb_refuses_subcutaneous_doses() -> None:
    (verdict,) = RULE.check_domain(route=["IV", "SC"])
    assert verdict.action == "refuse"


@pytest.mark.parametrize("card", [LABEL, RULE], ids=lambda card: card.id)
def test_long_intervals_and_antibodies_are_warned_of(card: Card) -> None:
    found = card.check_domain(interval_week=[4.0, 6.0], antibodies=True)
    assert [(v.variable, v.action) for v in found] == [
        ("interval_week", "warn"),
        ("antibodies", "warn"),
    ]
