"""Scales for terms, against the wording of CTCAE as recorded (D6 to D8)."""

from __future__ import annotations

import pytest

from openntz.definitions.ctcae import GradeScale, Scale, reported_twice, scale_of

TERMS = {
    "anaphylaxis": ("anaphyla",),
    "allergic": ("hypersens", "allerg", "anaphyla"),
    "negations": ("no", "without"),
}


@pytest.mark.parametrize(
    ("term", "scale"),
    [
        ("Anaphylactic shock", Scale.ANAPHYLAXIS),
        ("anaphylaxis, allergic", Scale.ANAPHYLAXIS),
        ("allergic rash", Scale.ALLERGIC),
        ("rigors, no anaphylaxis", Scale.INFUSION),
        ("allergic reaction without anaphylaxis", Scale.ALLERGIC),
        ("headache", Scale.INFUSION),
        ("", Scale.INFUSION),
    ],
)
def test_scale_of_a_term(term, scale):
    assert scale_of(term, **TERMS) is scale


def test_a_scale_has_the_grades_it_has_words_for():
    anaphylaxis = GradeScale(Scale.ANAPHYLAXIS, {3: "a", 4: "b", 5: "c"})
    assert anaphylaxis.lowest == 3
    assert [anaphylaxis.has(n) for n in (1, 2, 3, 4, 5)] == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("scales", "twice"),
    [
        ([], False),
        ([Scale.INFUSION], False),
        ([Scale.INFUSION, Scale.INFUSION], False),
        ([Scale.ALLERGIC, Scale.ANAPHYLAXIS], False),
        ([Scale.INFUSION, Scale.ALLERGIC], True),
    ],
)
def test_version_6_asks_for_one_report_of_one_reaction(scales, twice):
    assert reported_twice(scales) is twice
