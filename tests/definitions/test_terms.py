"""Words people wrote, found and denied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.terms import asserts, mentions, plain


@pytest.mark.parametrize(
    ("text", "term", "found"),
    [
        ("Wearing-off", "wearing off", True),
        ("WEARING_OFF effect", "wearing-off", True),
        ("complex", "plex", False),  # whole words only
        ("PLEX x5", "plex", True),
        ("", "plex", False),
        ("anything", "", False),
    ],
)
def test_mentions(text, term, found):
    assert (mentions(text, [term]) == term) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("newborn count done", True),
        ("no newborn count", False),
        ("live birth, newborn count not done", True),  # said after the term: read by a person
        ("no fever, newborn count normal", True),  # the denial is another clause's
        ("without a newborn count", False),
        ("nothing", False),
    ],
)
def test_asserts_reads_denials_before_the_term(text, found):
    assert (asserts(text, ["newborn count"]) is not None) is found


@given(st.text())
def test_plain_is_idempotent(text):
    assert plain(plain(text)) == plain(text)


@given(st.text(), st.lists(st.text(), max_size=4))
def test_asserted_implies_mentioned(text, terms):
    found = asserts(text, terms)
    assert found is None or mentions(text, [found]) == found
