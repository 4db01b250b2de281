"""What the author of a faulty card is told: every fault, by key, in words of the card."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import ModelError
from openntz.models.card import load_card
from openntz.models.reading import CardFile, parse
from openntz.models.schema import PkFormat
from openntz.models.translate import KNOWN_TYPES
from tests.models.cards import ONE_COMPARTMENT, written
from tests.models.test_card_page import PAGE

VANCOMYCIN, ANTIBODY = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
TABLES = [tomli.loads(text) for text in (VANCOMYCIN, ANTIBODY, ONE_COMPARTMENT)]
LIBRARY = re.compile(
    r"Input should|valid (list|dictionary|string|number|boolean|integer)|(list|dict|literal)\["
    r"|pydantic|Extra inputs|Field required|Value error|instance of|tag '|says what can",
    re.IGNORECASE,
)

# (the card, what to replace, with what, the key, words of what is wrong, words of the remedy)
FAULTS = {
    "misspelt key before the key that is missing": (
        VANCOMYCIN,
        'carry = "nocb"',
        'carrry = "nocb"',
        "covariate.weight.carrry",
        "unknown key 'carrry'",
        "Did you mean carry?",
    ),
    "unknown symbol in a table of multipliers": (
        ANTIBODY,
        'parameters = ["vc", "vp"]',
        "parameters = {vc = 1, vpp = 0.5}",
        "random.volume.parameters.vpp",
        "'cl', 'vc', 'q', 'vp'",
        "Did you mean vp?",
    ),
    "unknown symbol in a list": (
        ANTIBODY,
        'parameters = ["vc", "vp"]',
        'parameters = ["vc", "vpp"]',
        "random.volume.parameters[2]",
        "'cl', 'vc', 'q', 'vp'",
        'Did you mean "vp"?',
    ),
    "one symbol instead of a list": (
        ANTIBODY,
        'parameters = ["vc", "vp"]',
        'parameters = "vc"',
        "random.volume.parameters",
        "'vc' is text; a list or a table is needed",
        'parameters = ["vc"]',
    ),
    "factor in per cent": (
        ANTIBODY,
        'value = 0.85, unit = "1"',
        'value = 85, unit = "%"',
        "effect[2].factors.1.unit",
        "unit '%' does not fit; use 1",
        'Write value = 0.85, unit = "1"',
    ),
    "factor without its table": (
        ANTIBODY,
        '1 = {value = 0.85, unit = "1"}',
        "1 = 0.85",
        "effect[2].factors.1",
        "0.85 is a number; a table is needed",
        "1 = {value = 0.85, unit",
    ),
    "one code in two ways": (
        ANTIBODY,
        "1 = {value = 0.85",
        '"0.0" = {value = 0.85',
        "effect[2].factors.0.0",
        "the codes 0 and 0.0 are one number",
        "Keep one",
    ),
    "key twice": (
        VANCOMYCIN,
        'column = "WT"',
        'column = "WT"\ncolumn = "BW"',
        "covariate.weight.column",
        "twice, again in line 30",
        "Keep one",
    ),
    "table twice": (
        VANCOMYCIN,
        "[covariate.crcl]",
        "[covariate.weight]",
        "covariate.weight",
        "twice, again in line 33",
        "Keep one",
    ),
    "key twice in a line": (
        VANCOMYCIN,
        "cl = {value = 2.99,",
        "cl = {value = 2.99, value = 3,",
        "theta.cl.value",
        "twice",
        "Keep one",
    ),
    "negative volume": (
        VANCOMYCIN,
        "value = 0.675",
        "value = -0.675",
        "theta.vc.value",
        "vc = -0.675 L cannot be",
        "natural logarithm",
    ),
    "bioavailability of 180 %": (
        ANTIBODY,
        "f = {value = 70",
        "f = {value = 180",
        "theta.f.value",
        "f = 180 % is more than all of it",
        "Give at most 100 %",
    ),
    "bioavailability without its per cent": (
        ANTIBODY,
        'value = 70, unit = "%"',
        'value = 70, unit = "1"',
        "theta.f.value",
        "f = 70 is more than all of it",
        'If 70 % is meant, write unit = "%"',
    ),
    "triangle too short": (
        VANCOMYCIN,
        "  0, 0, 0, 1.69,\n",
        "",
        "omega_block[1].lower",
        "6 numbers; 4 effects need 10",
        "cl.cl; vc.cl, vc.vc; q.cl, q.vc, q.q; vp.cl",
    ),
    "correlation in per cent": (
        ANTIBODY,
        "correlations = [0.5]",
        "correlations = [50]",
        "omega_block[1].correlations[1]",
        "between -1 and 1",
        "Write 35 % as 0.35",
    ),
    "number as text, with its unit": (
        VANCOMYCIN,
        "cl = {value = 2.99",
        'cl = {value = "2,99 L/h"',
        "theta.cl.value",
        "'2,99 L/h' is text; a number is needed",
        'Write value = 2.99 without quotation marks, and the unit as unit = "L/h"',
    ),
    "number as text in a list": (
        VANCOMYCIN,
        "0.01, 0.0225",
        '"0.01", 0.0225',
        "omega_block[1].lower[2]",
        "'0.01' is text",
        "Write 0.01 without quotation marks",
    ),
    "number without its table": (
        VANCOMYCIN,
        'cl = {value = 2.99, unit = "L/h"}',
        "cl = 2.99",
        "theta.cl",
        "2.99 is a number; a table is needed",
        "cl = {value = 2.99, unit",
    ),
    "form misspelt": (
        VANCOMYCIN,
        'form = "linear"',
        'form = "liner"',
        "effect[1].form",
        "'liner' is not known",
        'Did you mean "linear"?',
    ),
    "brackets that stay open": (
        VANCOMYCIN,
        "[residual]",
        "[residual",
        "",
        "line 83 cannot be read as TOML: '[residual'",
        "[heading]",
    ),
    "thousands of digits": (
        VANCOMYCIN,
        "cl = {value = 2.99",
        f"cl = {{value = {'9' * 5000}",
        "",
        "a number has too many digits",
        "Check",
    ),
    "thousands of digits, to the base of 16": (
        VANCOMYCIN,
        "compartments = 2",
        f"compartments = 0x{'f' * 5000}",
        "structure.compartments",
        "a number has too many digits",
        "Check",
    ),
    "control signs in a key": (
        VANCOMYCIN,
        "[covariate.weight]",
        '[covariate."a\\u001bb"]',
        r"covariate.'a\x1bb'",
        "cannot stand here",
        "small letters",
    ),
}


def refused(text: str, tmp_path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load_card(written(tmp_path, text))
    return caught.value


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_by_key_with_a_remedy_that_helps(name: str, tmp_path: Path) -> None:
    card, old, new, key, words, remedy = FAULTS[name]
    assert old in card
    error = refused(card.replace(old, new, 1), tmp_path)
    place = str(tmp_path / "card.toml")
    assert error.where == (f"{place}: {key}" if key else place)
    assert words in error.what
    assert remedy in error.remedy
    assert "more fault" not in str(error)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('rank = "copy"', 'rank = "unverified"', "rank", "checked against its source"),
        ('rank = "copy"', 'rank = "sure"', "rank", "'sure' is not known"),
        ('rank = "copy"', 'rnk = "copy"', "rnk", "unknown key 'rnk'"),
        ('source = "thomson-2009"\n', "", "source", "required"),
        ('"thomson-2009"', '"thomson-2099"', "source", "unknown source 'thomson-2099'"),
    ],
)
def test_the_top_of_a_card_is_blamed_once(
    old: str, new: str, key: str, words: str, tmp_path: Path
) -> None:
    error = refused(VANCOMYCIN.replace(old, new, 1), tmp_path)
    assert error.where.endswith(f"card.toml: {key}")
    assert words in error.what
    assert "more fault" not in str(error)


def test_all_faults_are_listed_misspelt_keys_first(tmp_path: Path) -> None:
    text = VANCOMYCIN.replace("value = 2.99", 'value = "2.99"')
    text = text.replace('column = "WT"', 'colum = "WT"')
    error = refused(text, tmp_path)
    assert error.where.endswith("covariate.weight.colum")
    assert error.remedy.splitlines()[1:] == [
        "1 more fault in this card:",
        "2. theta.cl.value: '2.99' is text; a number is needed. "
        "Write value = 2.99 without quotation marks.",
    ]


def test_faults_beyond_the_eighth_are_counted(tmp_path: Path) -> None:
    lines = refused('kind = "pharmacokinetics"\n', tmp_path).remedy.splitlines()
    # id, title, drug, source, data, structure, theta, residual: eight, and none beyond.
    assert lines[1] == "7 more faults in this card:"
    assert len(lines) == 2 + 7
    lines = refused('kind = "pharmacokinetics"\na = 1\nb = 2\n', tmp_path).remedy.splitlines()
    assert lines[1] == "9 more faults in this card:"
    assert lines[-1] == "and 2 more faults."


def test_all_numbers_that_cannot_be_are_named(tmp_path: Path) -> None:
    text = VANCOMYCIN.replace("value = 2.99", "value = -2.99").replace("= 0.675", "= -0.675")
    error = refused(text, tmp_path)
    assert error.where.endswith("theta.cl.value")
    assert "2. theta.vc.value: vc = -0.675 L cannot be" in error.remedy


def _paths(raw: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    )
    return [path] * bool(path) + [p for key, item in inner for p in _paths(item, (*path, key))]


VALUES = st.sampled_from(
    [
        *(0, -1, 7.5, 1e31, float("nan"), 10**400, 10**5000, True, "", "x" * 200, "1.5"),
        *([], [[]], [{}], [1, "a"], {}, {"value": 1}, {"a": {"b": [1]}}, {"vpp": 1}),
        *({"form": "x"}, "\x1b[1m"),
    ]
)


@given(st.sampled_from(TABLES), st.data())
@settings(max_examples=400, deadline=None)
def test_no_text_of_the_library_reaches_the_author(card: dict, data: st.DataObject) -> None:
    tables = copy.deepcopy(card)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_paths(tables)))
        holder: Any = tables
        for part in path[:-1]:
            holder = holder[part]
        change = data.draw(st.sampled_from(["replace", "remove", "rename"]))
        old = holder.pop(path[-1])
        if change == "replace":
            value = copy.deepcopy(data.draw(VALUES))
            holder.insert(path[-1], value) if isinstance(holder, list) else holder.update(
                {path[-1]: value}
            )
        elif change == "rename" and isinstance(holder, dict):
            holder[f"{path[-1]}x"] = old
    try:
        parse(CardFile("card.toml", "", tables), PkFormat)
    except ModelError as error:
        message = str(error)
    else:
        return
    assert LIBRARY.search(message) is None, message
    assert message.replace("\n", "").isprintable()
    assert message.startswith("card.toml: ")


def test_every_kind_of_fault_that_a_format_can_raise_has_words() -> None:
    """Kinds of checks used in the formats, by the names pydantic documents for them."""
    assert {
        *("extra_forbidden", "missing", "literal_error", "union_tag_invalid"),
        *("union_tag_not_found", "string_type", "float_type", "int_type", "bool_type"),
        *("list_type", "dict_type", "model_type", "finite_number", "greater_than"),
        *("greater_than_equal", "less_than_equal", "string_pattern_mismatch"),
        *("string_too_short", "string_too_long", "too_short", "too_long", "value_error"),
    } <= KNOWN_TYPES
