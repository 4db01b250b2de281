"""A site chooses among named definitions, with who and when; what is not offered is refused."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
import tomli

from openntz.definitions.antibodies import Definition
from openntz.definitions.rebound import Rebound
from openntz.errors import ProfileError
from openntz.evidence.registry import registry
from openntz.monitor.profile import PROFILES, load_profile


def _site(folder: Path, key: str, value: str) -> Path:
    path = folder / "site.toml"
    path.write_text(
        f'[choose."{key}"]\nvalue = "{value}"\nwho = "Dr A. Name"\nwhen = 2024-06-30\n',
        encoding="utf-8",
    )
    return path


def _raw(name: str) -> dict:
    file = resources.files("openntz.monitor.profiles") / f"{name}.toml"
    return tomli.loads(file.read_text(encoding="utf-8"))


def test_a_choice_holds_under_every_profile(tmp_path: Path) -> None:
    known = registry().with_site(_site(tmp_path, "stopping.rebound", "sorensen"))
    assert {load_profile(p, known).chosen("stopping.rebound") for p in PROFILES} == {"sorensen"}
    assert known.choices["stopping.rebound"].who == "Dr A. Name"
    assert load_profile("eu").chosen("stopping.rebound") == "gueguen"


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("stopping.rebound", "none", "sorensen, gueguen, ivmp, edss"),
        ("stopping.rebounds", "gueguen", "stopping.rebound"),
    ],
)
def test_what_is_not_offered_is_refused_with_what_is(
    tmp_path: Path, key: str, value: str, remedy: str
) -> None:
    known = registry().with_site(_site(tmp_path, key, value))
    with pytest.raises(ProfileError) as caught:
        load_profile("eu", known)
    assert remedy in caught.value.remedy
    assert caught.value.where.endswith("site.toml")


def test_every_choice_of_a_profile_is_one_that_is_offered() -> None:
    offered = _raw("base")["choices"]
    for name in ("base", *PROFILES):
        for key, value in _raw(name).get("choose", {}).items():
            assert value in offered[key], (name, key)


def test_offered_definitions_are_those_the_software_has() -> None:
    offered = _raw("base")["choices"]
    assert set(offered["antibodies.persistent"]) == {d.value for d in Definition}
    assert set(offered["stopping.rebound"]) == {d.value for d in Rebound}


@pytest.mark.parametrize("entry", ["value = 3", 'value = ""'])
def test_a_choice_is_a_name(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        f'[choose."stopping.rebound"]\n{entry}\nwho = "A"\nwhen = 2024-06-30\n', encoding="utf-8"
    )
    with pytest.raises(ProfileError):
        registry().with_site(path)
