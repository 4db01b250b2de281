"""Cards that cannot be used: file, key and remedy are named, and nothing else is raised."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import ModelError
from openntz.models.card import load_card
from openntz.models.saturation import load_saturation
from tests.models.cards import ONE_COMPARTMENT, SATURATION, written

# (what to replace in the sound card, with what, key and words the message must have)
SPOILT = {
    "unknown key": ("gaps = []", 'gaps = []\nauthor = "me"', "author", "unknown key"),
    "missing title": ('title = "One compartment"\n', "", "title", "required"),
    "other kind": ('kind = "pharmacokinetics"', 'kind = "poem"', "kind", "pharmacokinetics"),
    "four compartments": ("compartments = 1", "compartments = 4", "compartments", "1, 2 or 3"),
    "structure without its theta": (
        'elimination = "linear"',
        'elimination = "michaelis-menten"',
        "",
        "theta.vmax is missing",
    ),
    "theta without structure": ("[theta.vc]", "[theta.vp]", "", "theta.vc is missing"),
    "unknown symbol": ("[theta.vc]", "[theta.volume]", "theta.volume", "'vc'"),
    "value in text": ("value = 6.0", 'value = "6.0"', "theta.cl.value", "number"),
    "yes for a value": ("value = 6.0", "value = true", "theta.cl.value", "number"),
    "not finite": ("value = 6.0", "value = inf", "theta.cl.value", "finite"),
    "not a number": ("value = 6.0", "value = nan", "theta.cl.value", "finite"),
    "negative clearance": ("value = 6.0", "value = -6.0", "theta", "cl = -6 mL/h cannot be"),
    "clearance zero": ("value = 6.0", "value = 0", "theta", "cl = 0 mL/h cannot be"),
    "unit of a volume": ('unit = "mL/h"', 'unit = "mL"', "theta", "use one of L/d"),
    "no unit": ('unit = "mL/h"\n', "", "theta.cl.unit", "required"),
    "weight in stone": (
        'reference = {value = 80, unit = "kg"',
        'reference = {value = 80, unit = "st"',
        "effect[1].reference",
        "use kg",
    ),
    "unknown rank": ('rank = "copy"\n\n[theta.vc]', 'rank = "sure"\n\n[theta.vc]', "rank", "read"),
    "number from memory": (
        'rank = "copy"\n\n[theta.vc]',
        'rank = "unverified"\n\n[theta.vc]',
        "theta.cl",
        "must be checked against its source",
    ),
    "unknown source": (
        'source = "van-den-berg-2025"\nrank = "copy"\n\n[theta.vc]',
        'source = "nobody-1900"\nrank = "copy"\n\n[theta.vc]',
        "theta.cl",
        "unknown source 'nobody-1900'",
    ),
    "number without rank": (
        'source = "van-den-berg-2025"\nrank = "copy"\n\n[theta.vc]',
        'source = "van-den-berg-2025"\n\n[theta.vc]',
        "theta.cl.rank",
        "required",
    ),
    "number without source": ('source = "van-den-berg-2025"\ngaps', "gaps", "source", "required"),
    "unknown source of the card": (
        'source = "van-den-berg-2025"\ngaps',
        'source = "nobody"\ngaps',
        "source",
        "unknown source 'nobody'",
    ),
    "variability of nothing": ("[omega.cl]", "[omega.q]", "", "acts on 'q', which has no theta"),
    "variability in litres": (
        'value = 30\nunit = "%"',
        'value = 30\nunit = "L"',
        "omega",
        "use one of 1, %",
    ),
    "no residual error": (
        ONE_COMPARTMENT[ONE_COMPARTMENT.index("[residual]") :].split("[[domain]]")[0],
        "[residual]\n",
        "residual.form",
        "required",
    ),
    "part of a residual error": (
        "[residual.additive]",
        "[residual.log]",
        "residual",
        "needs residual.additive",
    ),
    "bounds that exclude the value": (
        "value = 6.0",
        "value = 6.0\nlow = 7",
        "theta.cl",
        "low = 7 is above value = 6",
    ),
    "domain without limit": ("low = 50\n", "", "domain[1]", "give low and/or high, or allowed"),
    "domain upside down": ("low = 50", "low = 50\nhigh = 40", "domain[1]", "is above high"),
    "domain of something else": ('"weight_kg"', '"height_cm"', "domain[1].variable", "age_year"),
    "domain that forbids": ('action = "warn"', 'action = "kill"', "domain[1].action", "refuse"),
    "id with a path": ('id = "small"', 'id = "../small"', "id", "cannot stand here"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_card_is_refused_by_file_key_and_remedy(name: str, tmp_path: Path) -> None:
    old, new, key, words = SPOILT[name]
    assert old in ONE_COMPARTMENT
    path = written(tmp_path, ONE_COMPARTMENT.replace(old, new, 1))
    with pytest.raises(ModelError) as caught:
        load_card(path)
    assert caught.value.where.startswith(str(path))
    assert key in caught.value.where
    assert words in caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[theta.hill]", "[theta.slope]", "'hill'"),
        ("[theta.ec50]", "[theta.e0 ]", ""),
        ('unit = "ng/mL"', 'unit = "L"', "use one of mg/L"),
        ("value = 1000", "value = 0", "ec50 = 0 ng/mL cannot be"),
        ("value = 0\n", "value = 50\n", "more than full saturation"),
        ('source = "openntz"', 'source = ["openntz", "nobody"]', "unknown source 'nobody'"),
        ('kind = "saturation"', 'kind = "pharmacokinetics"', "saturation"),
    ],
)
def test_spoilt_saturation_card_is_refused(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in SATURATION
    with pytest.raises(ModelError) as caught:
        load_saturation(written(tmp_path, SATURATION.replace(old, new, 1)))
    assert words in caught.value.what
    assert caught.value.remedy


def test_sound_cards_load(tmp_path: Path) -> None:
    assert load_card(written(tmp_path, ONE_COMPARTMENT)).id == "small"
    assert load_saturation(written(tmp_path, SATURATION)).id == "half"


def test_several_faults_are_counted(tmp_path: Path) -> None:
    text = ONE_COMPARTMENT.replace("compartments = 1", 'compartments = "two"')
    text = text.replace("value = 6.0", "value = inf")
    with pytest.raises(ModelError, match="1 more fault"):
        load_card(written(tmp_path, text))


def test_unknown_id_names_the_nearest_and_all() -> None:
    with pytest.raises(ModelError, match="no card 'van_den_berg_2024'") as caught:
        load_card("van_den_berg_2024")
    assert "Did you mean van_den_berg_2025?" in caught.value.remedy
    assert "saturation_biib107" in caught.value.remedy


def test_a_card_of_the_other_kind_is_refused() -> None:
    with pytest.raises(ModelError, match="pharmacokinetics"):
        load_card("saturation_biib107")
    with pytest.raises(ModelError, match="saturation"):
        load_saturation("van_den_berg_2025")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a = ", b"", b"a = 1\x00", b"[" * 5000, b"x = " + b"[" * 90000]
)
def test_files_that_are_no_cards_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_bytes(content)
    for load in (load_card, load_saturation):
        with pytest.raises(ModelError) as caught:
            load(path)
        assert caught.value.where.startswith(str(path))
        assert caught.value.remedy


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = written(tmp_path, "# " + "x" * 2_000_000)
    with pytest.raises(ModelError, match="too large"):
        load_card(path)


@pytest.mark.parametrize("name", ["missing.toml", ".", "no\0where.toml"])
def test_paths_that_cannot_be_read_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        load_card(f"{tmp_path}/{name}")


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_raise_nothing_but_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "card.toml"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        load_card(path)


@given(st.integers(0, len(ONE_COMPARTMENT) - 1), st.text(max_size=4), st.integers(0, 12))
@settings(max_examples=300, deadline=None)
def test_a_damaged_card_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, new: str, cut: int
) -> None:
    text = ONE_COMPARTMENT[:place] + new + ONE_COMPARTMENT[place + cut :]
    path = tmp_path_factory.mktemp("damaged") / "card.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(ModelError):
        assert all(value >= 0.0 for value in load_card(path).typical.values())
