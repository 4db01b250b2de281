"""File names of pages: safe and never shared."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.report.paths import page_names

SAFE = re.compile(r"[A-Za-z0-9_~-]+\.html")


def test_plain_identifiers_keep_their_name():
    assert page_names(["N001", "P-2_b"]) == {"N001": "N001.html", "P-2_b": "P-2_b.html"}


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "<script>", "a b", "", "con", "LPT1", "é", "x" * 80, "a.b"]
)
def test_other_identifiers_get_a_harmless_name(name):
    (file,) = page_names([name]).values()
    assert SAFE.fullmatch(file)
    assert file.startswith("p~")


def test_names_that_differ_in_case_only_do_not_meet_on_any_file_system():
    files = page_names(["n001", "N001", "N002"])
    assert len({f.casefold() for f in files.values()}) == 3
    assert files["N002"] == "N002.html"


def test_nobody_can_take_the_name_made_for_another():
    made = page_names(["../x"])["../x"].removesuffix(".html")
    files = page_names(["../x", made])
    assert len(set(files.values())) == 2


@given(st.lists(st.text(), unique=True, max_size=20))
def test_names_are_safe_and_unique_whatever_the_identifiers(ids):
    files = page_names(ids)
    assert len({f.casefold() for f in files.values()}) == len(ids)
    assert all(SAFE.fullmatch(f) for f in files.values())
