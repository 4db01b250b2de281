"""Faults that only a card with blocks, occasions, covariates or own sources can have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import ModelError
from openntz.models.card import Card, load_card
from tests.models.cards import written

FAMILY = Path(__file__).parent / "family"
TEXTS = [path.read_text("utf-8") for path in sorted(FAMILY.glob("*.toml"))]

# (card, what to replace, with what, key, words the message must have)
SPOILT = {
    "not positive-definite": (
        "shared_effect_iov_block",
        "  0.02, 0.05,",
        "  0.08, 0.05,",
        "omega_block[1]",
        "block of cl, volume is not positive-definite: the smallest eigenvalue",
    ),
    "singular": (
        "shared_effect_iov_block",
        "correlations = [0.35]",
        "correlations = [1]",
        "iov_block[1]",
        "block of cl, volume is singular",
    ),
    "zero variance in a block": (
        "shared_effect_iov_block",
        "  0.02, 0.05,",
        "  0.02, 0.0,",
        "omega_block[1]",
        "variance of 'volume' is 0",
    ),
    "zero variance alone": (
        "shared_effect_iov_block",
        "value = 20",
        "value = 0",
        "omega.vmax",
        "zero makes Omega singular",
    ),
    "negative variability": (
        "shared_effect_iov_block",
        "value = 20",
        "value = -20",
        "omega.vmax",
        "-20 is negative",
    ),
    "negative sd in a block": (
        "shared_effect_iov_block",
        "values = [0.2, 0.14]",
        "values = [0.2, -0.14]",
        "iov_block[1]",
        "negative",
    ),
    "not a triangle": (
        "shared_effect_iov_block",
        "  0.02, 0.05,",
        "  0.02, 0.05, 0.1,",
        "omega_block[1]",
        "lower has 4 numbers; 2 effects need 3",
    ),
    "correlation beyond one": (
        "shared_effect_iov_block",
        "correlations = [0.35]",
        "correlations = [1.35]",
        "iov_block[1]",
        "between -1 and 1",
    ),
    "not finite in a block": (
        "shared_effect_iov_block",
        "  0.02, 0.05,",
        "  nan, 0.05,",
        "omega_block[1].lower[2]",
        "finite",
    ),
    "effect without a variance": (
        "shared_effect_iov_block",
        "[omega.vmax]",
        "[omega.cl]",
        "random.vmax",
        "no variance",
    ),
    "effect in a block and alone": (
        "shared_effect_iov_block",
        '[random.vmax]\ndistribution = "proportional"\n',
        "[omega.cl]\nvalue = 0.1\nunit = '1'\nscale = 'sd'\n",
        "omega",
        "'cl' is there twice",
    ),
    "scale not said": (
        "shared_effect_iov_block",
        'unit = "%"\nscale = "cv"\n\n[[iov',
        'unit = "%"\n\n[[iov',
        "omega.vmax.scale",
        "required",
    ),
    "variance in per cent": (
        "shared_effect_iov_block",
        'unit = "%"\nscale = "cv"\n\n[[iov',
        'unit = "%"\nscale = "variance"\n\n[[iov',
        "omega.vmax",
        "use one of 1",
    ),
    "named effect without parameters": (
        "shared_effect_iov_block",
        "parameters = {vc = 1, vp = 0.5}\n",
        "",
        "",
        "random effect 'volume' acts on 'volume', which has no theta",
    ),
    "effect on nothing": (
        "shared_effect_iov_block",
        "{vc = 1, vp = 0.5}",
        "{vc = 1, vp2 = 0.5}",
        "",
        "acts on 'vp2', which has no theta",
    ),
    "normal effect on two units": (
        "normal_effects",
        '[random.cl]\ndistribution = "normal"',
        '[random.cl]\ndistribution = "normal"\nparameters = ["cl", "vc"]',
        "random.cl",
        "different units",
    ),
    "sd of another dimension": (
        "derived_covariates",
        'unit = "mL"',
        'unit = "L/h"',
        "omega.eta_v",
        "use one of L, mL",
    ),
    "circular covariate": (
        "derived_covariates",
        "product = {weight = 0.5, height = 0.5}",
        "product = {weight = 0.5, renal = 0.5}",
        "derived.bsa",
        "circular definition bsa -> renal -> bsa",
    ),
    "covariate of itself": (
        "derived_covariates",
        "product = {weight = 0.5, height = 0.5}",
        "product = {bsa = 1}",
        "derived.bsa",
        "circular definition bsa -> bsa",
    ),
    "derived from nothing known": (
        "derived_covariates",
        "product = {bsa = 1, creatinine = -1}",
        "product = {bsa = 1, age = -1}",
        "derived.renal",
        "'age' is no covariate",
    ),
    "effect of nothing known": (
        "derived_covariates",
        'covariate = "renal"',
        'covariate = "age"',
        "effect[1].covariate",
        "'age' is not defined; add [covariate.age]",
    ),
    "covariate twice": (
        "derived_covariates",
        "[derived.bsa]",
        "[derived.weight]",
        "derived.weight",
        "it is in [covariate.weight] too",
    ),
    "carry not said": (
        "normal_effects",
        'unit = "year"\ncarry = "locf"',
        'unit = "year"',
        "covariate.age.carry",
        "required",
    ),
    "carry unknown": (
        "normal_effects",
        'unit = "year"\ncarry = "locf"',
        'unit = "year"\ncarry = "linear"',
        "covariate.age.carry",
        "'nocb' or 'locf'",
    ),
    "reference for missing not given": (
        "normal_effects",
        'missing = "reference"',
        'missing = "distribution"',
        "covariate.crcl",
        "has no use for reference",
    ),
    "slope of another unit": (
        "normal_effects",
        'unit = "1/year"',
        'unit = "1/d"',
        "effect[3].slope",
        "use 1/year",
    ),
    "term of another dimension": (
        "normal_effects",
        'coefficient = {value = 1, unit = "L/h"}',
        'coefficient = {value = 1, unit = "L"}',
        "effect[2].coefficient",
        "use L/d or",
    ),
    "effect on a parameter without theta": (
        "normal_effects",
        'parameter = "vc"\ncovariate = "age"',
        'parameter = "vp"\ncovariate = "age"',
        "effect[3].parameter",
        "'vp' has no theta",
    ),
    "form unknown": (
        "normal_effects",
        'form = "exponential"',
        'form = "sigmoid"',
        "effect[3]",
        "'power'",
    ),
    "codes that disagree": (
        "shared_effect_iov_block",
        "codes = [0, 1, 2]",
        "codes = [0, 1, 2, 3]",
        "effect[1].factors",
        "give each of them a factor",
    ),
    "code that is no number": (
        "shared_effect_iov_block",
        "2 = {value",
        "yes = {value",
        "effect[1]",
        "the code 'yes' is no number",
    ),
    "code that is not finite": (
        "shared_effect_iov_block",
        "2 = {value",
        "nan = {value",
        "effect[1]",
        "the code 'nan' is no number",
    ),
    "lag without the structure": (
        "three_oral_lag",
        "lag = true\n",
        "",
        "",
        "theta.lag does not belong to this structure; set structure.lag = true",
    ),
    "lag without absorption": (
        "normal_effects",
        'absorption = "none"',
        'absorption = "none"\nlag = true',
        "structure",
        "only absorption can lag",
    ),
    "third compartment without its volume": (
        "three_oral_lag",
        'vp2 = {value = 90, unit = "L"}\n',
        "",
        "",
        "theta.vp2 is missing",
    ),
    "more than all absorbed": (
        "three_oral_lag",
        "f = {value = 0.6",
        "f = {value = 60",
        "theta",
        "more than all of it",
    ),
    "error form unknown": (
        "three_oral_lag",
        'form = "combined sds"',
        'form = "combined"',
        "residual.form",
        "combined variances",
    ),
    "cv of an additive error": (
        "three_oral_lag",
        'unit = "ng/mL", scale = "sd"',
        'unit = "ng/mL", scale = "cv"',
        "residual.additive",
        "no CV",
    ),
    "additive variance in mg/L": (
        "normal_effects",
        'unit = "(mg/L)^2"',
        'unit = "mg/L"',
        "residual.additive",
        "use one of (mg/L)^2",
    ),
    "logarithms with another error": (
        "normal_effects",
        'concentration = "mg/L"',
        'concentration = "mg/L"\nlevels = "ln"',
        "data.levels",
        "log-additive",
    ),
    "beyond all numbers": (
        "normal_effects",
        "cl = {value = 2.6,",
        "cl = {value = 1e200,",
        "theta.cl.value",
        "not at most 1e+30",
    ),
    "weight in pounds": (
        "derived_covariates",
        'unit = "kg"',
        'unit = "lb"',
        "covariate.weight.unit",
        "in kg",
    ),
    "variance that is no number any more": (
        "derived_covariates",
        "vmax = {value = 0.3,",
        "vmax = {value = 1e-200,",
        "omega.vmax",
        "zero",
    ),
    "no units of the data": ("normal_effects", 'time = "h"\n', "", "data.time", "required"),
    "time in weeks": ("normal_effects", 'time = "h"', 'time = "wk"', "data.time", "'h'"),
    "own source that is known already": (
        "normal_effects",
        'id = "invented"',
        'id = "toukam-2025-biib107"',
        "sources[1].id",
        "in the registry already",
    ),
    "own source not defined": (
        "normal_effects",
        'id = "invented"',
        'id = "another"',
        "source",
        "unknown source 'invented'",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_card_is_refused_by_file_key_and_remedy(name: str, tmp_path: Path) -> None:
    card, old, new, key, words = SPOILT[name]
    text = (FAMILY / f"{card}.toml").read_text("utf-8")
    assert text.count(old) >= 1
    path = written(tmp_path, text.replace(old, new, 1))
    with pytest.raises(ModelError) as caught:
        load_card(path)
    error = caught.value
    assert error.where.startswith(str(path))
    assert key in error.where.removeprefix(str(path))
    assert words in error.what
    assert error.remedy


@given(
    st.sampled_from(TEXTS),
    st.floats(0.0, 1.0),
    st.sampled_from(["", "0", "-", "1e30", "nan", "true", "{", "]", '"', "\n", "[theta]", "é"]),
    st.integers(0, 12),
)
@settings(max_examples=300, deadline=None)
def test_a_damaged_card_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, place: float, new: str, cut: int
) -> None:
    at = int(place * len(text))
    damaged = text[:at] + new + text[at + cut :]
    path = written(tmp_path_factory.getbasetemp(), damaged, "damaged.toml")
    try:
        card = load_card(path)
    except ModelError as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert refused.where.startswith(str(path))
        assert refused.remedy
        return
    assert np.isfinite(list(card.typical.values())).all()
    assert np.linalg.slogdet(card.omega)[0] == 1.0
    assert np.isfinite(card.residual.sd([0.0, 1.0, 100.0])).all()


def test_effects_far_out_are_said_to_be_unusable() -> None:
    card = load_card("van_den_berg_2025")
    found = card.individual([[800.0, 0.0, 0.0], [0.0, 0.0, 0.0]], {"weight": 70.0})
    np.testing.assert_array_equal(found.usable, [False, True])


def test_the_smallest_eigenvalue_named_matches_numpy(tmp_path: Path) -> None:
    text = (FAMILY / "three_oral_lag.toml").read_text("utf-8")
    path = written(tmp_path, text.replace("0.1, -0.2,", "-0.9, 0.8,"))
    smallest = np.linalg.eigvalsh([[1, 0.4, -0.9], [0.4, 1, 0.8], [-0.9, 0.8, 1]])[0]
    with pytest.raises(ModelError, match=f"correlation matrix is {smallest:.3g}"):
        load_card(path)


CATEGORY = load_card(FAMILY / "shared_effect_iov_block.toml")
NORMAL = load_card(FAMILY / "normal_effects.toml")
DERIVED = load_card(FAMILY / "derived_covariates.toml")
FINE = {"crcl": 90.0, "dialysis_clearance": 0.0, "age": 40.0}


@pytest.mark.parametrize(
    ("card", "random", "covariates", "factors", "words"),
    [
        (NORMAL, np.zeros(2), {"crcl": 90.0, "age": 40.0}, {}, "'dialysis_clearance'"),
        (NORMAL, np.zeros(2), FINE | {"age": np.nan}, {}, "'age' is missing or not finite"),
        (NORMAL, np.zeros(2), FINE | {"crcl": -60.0}, {}, "cl becomes -16.22"),
        (NORMAL, np.zeros(3), FINE, {}, r"random effects of shape \(3,\)"),
        (NORMAL, 0.0, FINE, {}, r"random effects of shape \(\)"),
        (NORMAL, np.zeros((3, 2)), FINE | {"age": np.ones(2)}, {}, "do not broadcast"),
        (NORMAL, np.zeros(2), FINE, {"clearance": 2.0}, "no parameter 'clearance'"),
        (NORMAL, np.zeros(2), FINE, {"cl": 0.0}, "factor on cl"),
        (NORMAL, np.zeros(2), FINE, {"cl": np.inf}, "factor on cl"),
        (CATEGORY, np.zeros(3), {"comedication": [0.0, 3.0]}, {}, "unknown code 3"),
        (
            DERIVED,
            np.zeros(2),
            {"weight": 70.0, "height": 170.0, "creatinine": 0.0},
            {},
            "'renal' cannot be computed from bsa, creatinine",
        ),
        (
            DERIVED,
            np.zeros(2),
            {"weight": -70.0, "height": 170.0, "creatinine": 80.0},
            {},
            "'bsa' cannot be computed",
        ),
    ],
)
def test_what_cannot_be_computed_is_refused_by_name(
    card: Card, random: object, covariates: dict, factors: dict, words: str
) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        card.individual(random, covariates, factors=factors)  # type: ignore[arg-type]
    assert caught.value.where == card.id
    assert caught.value.remedy


def test_a_power_of_zero_is_refused() -> None:
    with pytest.raises(ModelError, match="'weight' is 0, which has no power"):
        load_card("van_den_berg_2025").individual(np.zeros(3), {"weight": [70.0, 0.0]})


def test_covariates_that_no_effect_uses_are_not_asked_for(tmp_path: Path) -> None:
    text = (FAMILY / "normal_effects.toml").read_text("utf-8")
    more = '\n[covariate.sex]\nunit = "code"\ncarry = "nocb"\ncodes = [0, 1]\n'
    card = load_card(written(tmp_path, text + more))
    assert [c.name for c in card.covariates] == ["crcl", "dialysis_clearance", "age"]
