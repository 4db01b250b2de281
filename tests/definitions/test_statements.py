"""What notes say: stated, suspected, over, excluded, denied, or only about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.definitions.statements import (
    Note,
    Said,
    Statement,
    condition_notes,
    notes,
    said_of,
    standing,
    statement,
)
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.notes import quoted, quotes, statement_words
from tests.build import (
    course,
    days_before,
    person,
    plan,
    reaction,
    relapse,
    scan,
    symptom,
    treatment,
)

EU = load_profile("eu")
WORDS = statement_words(EU)
PML = EU.words("pml.terms")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PML", Statement.STATED),
        ("PML-IRIS", Statement.STATED),
        ("no change of PML", Statement.STATED),
        ("no fever but PML", Statement.STATED),
        ("?PML", Statement.SUSPECTED),
        ("PML?", Statement.SUSPECTED),
        ("suspected PML", Statement.SUSPECTED),
        ("r/o PML", Statement.SUSPECTED),
        ("PML cannot be excluded", Statement.SUSPECTED),
        ("PML not excluded", Statement.SUSPECTED),
        ("PML not yet ruled out", Statement.SUSPECTED),
        ("PML suspected PCR negative", Statement.SUSPECTED),
        ("PML suspected, relapse excluded", Statement.SUSPECTED),
        ("patient not well: PML suspected", Statement.SUSPECTED),
        ("PML risk high; PML suspected", Statement.SUSPECTED),
        ("history of PML", Statement.PAST),
        ("PML 2012, in remission since 2013", Statement.PAST),
        ("PML, now fully resolved", Statement.PAST),
        ("suspected PML, resolved", Statement.SUSPECTED),
        ("PML, headache resolved", Statement.STATED),
        ("PML excluded", Statement.EXCLUDED),
        ("PML ruled out by lumbar puncture", Statement.EXCLUDED),
        ("suspected PML, later excluded", Statement.EXCLUDED),
        ("no PML", Statement.DENIED),
        ("not PML", Statement.DENIED),
        ("no sign of PML", Statement.DENIED),
        ("no suspicion of PML", Statement.DENIED),
        ("PML not suspected", Statement.DENIED),
        ("no new lesions suspicious for PML", Statement.DENIED),
        ("PML screen negative", Statement.DENIED),
        ("PML surveillance", Statement.ABOUT),
        ("informed about PML", Statement.ABOUT),
        ("MRI for PML", Statement.ABOUT),
        ("fatigue", None),
        ("", None),
    ],
)
def test_one_note_by_hand_reading(text, said):
    assert statement(text, PML, WORDS) is said
    assert statement(text.upper(), PML, WORDS) is said


def test_terms_match_words_and_with_a_star_their_beginnings():
    assert statement("xpml", PML, WORDS) is None
    assert statement("depressed since May", ("depress*",), WORDS) is Statement.STATED
    assert statement("depressed since May", ("depress",), WORDS) is None
    assert statement("carcinomas", ("carcinoma",), WORDS) is Statement.STATED
    assert statement("abscesses", ("abscess",), WORDS) is Statement.STATED


@pytest.mark.parametrize(
    "text",
    ["hives", "flushing", "fluctuating fatigue", "hearing aids", "rising from a chair", "utility"],
)
def test_words_that_only_begin_like_a_short_term_are_not_it(text):
    keys = (
        *("contraindication.cancer-terms", "contraindication.immune-terms"),
        *("infection.stop-terms", "infection.serious-terms", "infection.ordinary-terms"),
        *("indication.other-terms", "pml.terms", "mood.depression-terms", "gallstone.terms"),
    )
    assert not [key for key in keys if statement(text, EU.words(key), WORDS) is not None]


def test_gravest_statement_of_a_note_counts():
    assert statement("no PML in March. PML suspected now", PML, WORDS) is Statement.SUSPECTED


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text):
    assert statement(text, PML, WORDS) in {None, *Statement}
    assert statement(f"{text}\nPML\n", PML, WORDS) is Statement.STATED


def _said(text: str, day: int) -> Said:
    note = Note(days_before(day), text, symptom(days_before(day)).ref)
    (found,) = said_of([note], PML, WORDS)
    return found


def test_exclusion_settles_what_came_before_and_not_what_comes_after():
    first, answer, again = _said("?PML", 30), _said("PML excluded", 20), _said("PML?", 10)
    assert standing([first]) == (first,)
    assert standing([first, answer]) == ()
    assert standing([first, answer, again]) == (again,)
    denied = _said("no sign of PML", 5)
    assert standing([first, denied]) == (first,)
    over = _said("history of PML", 5)
    assert standing([first, over]) == (first,)
    assert standing([first, over], frozenset({Statement.PAST})) == ()


def test_notes_of_every_table_in_time_order():
    made = course(
        symptoms=[symptom(days_before(5), "headache", comment="mild", line=4)],
        reactions=[reaction(days_before(9), "rigors", line=3)],
        mri=[replace(scan(days_before(3), line=6), comment="stable"), scan(days_before(2))],
        relapses=[relapse(days_before(8), "severe", line=5)],
        treatments=[treatment(days_before(7), "aciclovir", "antiviral", line=7)],
        plans=[plan(days_before(1), 28, reason="choice", line=8), plan(days_before(1), 28)],
    )
    found = notes(made, "symptoms", "reactions", "mri", "relapses", "treatments", "plans")
    assert [(n.text, str(n.ref)) for n in found] == [
        ("rigors", "reactions:3"),
        ("severe", "relapses:5"),
        ("aciclovir; antiviral", "treatments:7"),
        ("headache; mild", "symptoms:4"),
        ("stable", "mri:6"),
        ("choice", "plans:8"),
    ]
    assert notes(made, "mri")[0].day == days_before(3)


def test_conditions_are_separated_by_semicolons():
    ill = replace(person(), conditions="asthma; history of melanoma;; ")
    assert [n.text for n in condition_notes(ill)] == ["asthma", "history of melanoma"]
    assert condition_notes(replace(ill, ref=None)) == ()


def test_long_notes_are_cut_and_many_counted():
    assert quoted("a\n b") == "'a b'"
    assert quoted("x" * 100) == f"'{'x' * 80}…'"
    said = [_said(f"?PML {n}", 10 - n) for n in range(5)]
    assert quotes(said).endswith("and 2 earlier")
    assert quotes(said[:1]) == f"'?PML 0' on {days_before(10)}"
