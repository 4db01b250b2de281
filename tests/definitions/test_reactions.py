"""Which reactions forbid natalizumab, and to which dose each belongs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.reactions import (
    ReactionKind,
    Timing,
    doses_after,
    link_reaction,
    reaction_kind,
)
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.hypersensitivity import reaction_terms
from tests.build import doses_every, reaction

TERMS = reaction_terms(load_profile("eu"))
FORBIDS, POSSIBLE, UNGRADED, INFUSION = ReactionKind


@pytest.mark.parametrize("grade", [None, 1, 2, 3])
@pytest.mark.parametrize(
    "term",
    [
        "hypersensitivity",
        "Hypersensitivity reaction",
        "HYPERSENSITIVITY (type I)",
        "anaphylaxis",
        "anaphylactoid reaction",
        "Anaphylactic shock",
        "allergic reaction",
        "drug allergy",
        "angio-oedema",
        "angioedema",
        "Angio oedema of the lips",
        "bronchospasm",
        "serum sickness",
        "serum-sickness-like reaction",
        "Überempfindlichkeit",
        "réaction d'hypersensibilité",
        "urticaria, anaphylaxis",
        "no relief from antihistamine; anaphylaxis",
    ],
)
def test_any_hypersensitivity_forbids_at_any_grade(term, grade):
    assert reaction_kind(reaction("2024-01-01", term, grade), TERMS) is FORBIDS


@pytest.mark.parametrize("term", ["headache", "rigors", "infusion related reaction", ""])
def test_any_reaction_forbids_from_grade_3(term):
    kinds = [reaction_kind(reaction("2024-01-01", term, g), TERMS) for g in (1, 2, 3, 4, 5)]
    assert kinds == [INFUSION, INFUSION, FORBIDS, FORBIDS, FORBIDS]


@pytest.mark.parametrize(
    "term", ["urticaria", "generalised urticaria", "hives", "dyspnoea", "hypotension", "wheeze"]
)
@pytest.mark.parametrize("grade", [None, 1, 2])
def test_signs_of_hypersensitivity_ask_for_a_judgement(term, grade):
    assert reaction_kind(reaction("2024-01-01", term, grade), TERMS) is POSSIBLE


@pytest.mark.parametrize(
    "term", ["flushing", "rash", "headache", "rigors", "nausea", "infusion related reaction"]
)
def test_other_reactions_are_infusion_reactions_when_graded_mild_or_moderate(term):
    assert reaction_kind(reaction("2024-01-01", term, 2), TERMS) is INFUSION
    assert reaction_kind(reaction("2024-01-01", term, None), TERMS) is UNGRADED


@pytest.mark.parametrize(
    "term",
    [
        "rash without anaphylaxis",
        "flushing, no anaphylaxis",
        "no sign of allergy",
        "non-allergic infusion reaction",
        "not allergic",
    ],
)
def test_a_denied_term_does_not_forbid_but_asks_for_a_judgement(term):
    assert reaction_kind(reaction("2024-01-01", term, 1), TERMS) is POSSIBLE


def test_a_word_inside_another_is_not_a_term():
    # Terms are word beginnings: 'allerg' in the middle of a word is something else.
    assert reaction_kind(reaction("2024-01-01", "metallergon taste", 1), TERMS) is INFUSION


@given(st.text(max_size=60), st.sampled_from([None, 1, 2, 3, 4, 5]))
def test_kinds_are_total_and_a_worse_grade_is_never_milder(term, grade):
    kind = reaction_kind(reaction("2024-01-01", term, grade), TERMS)
    assert kind in ReactionKind
    if grade is not None and grade >= 3:
        assert kind is FORBIDS


# ── links


DOSES = doses_every(date(2024, 1, 1), 3)  # 10:00 to 11:00


@pytest.mark.parametrize(
    ("onset", "timing", "number", "minutes"),
    [
        ("2023-12-31T10:00", Timing.NO_DOSE, None, None),
        ("2024-01-01T09:59", Timing.NO_DOSE, None, None),
        ("2024-01-01T10:00", Timing.DURING, 1, 0),
        ("2024-01-01T10:12", Timing.DURING, 1, 12),
        ("2024-01-01T11:00", Timing.DURING, 1, 60),
        ("2024-01-01T11:01", Timing.AFTER, 1, 61),
        ("2024-01-02T10:00", Timing.AFTER, 1, 24 * 60),
        ("2024-01-02T10:01", Timing.DELAYED, 1, 24 * 60 + 1),
        ("2024-01-29T09:00", Timing.DELAYED, 1, 28 * 24 * 60 - 60),
        ("2024-01-29T10:30", Timing.DURING, 2, 30),
        ("2024-01-01", Timing.SAME_DAY, 1, None),
        ("2024-01-02", Timing.AFTER, 1, None),
        ("2024-01-03", Timing.DELAYED, 1, None),
        ("2024-02-26", Timing.SAME_DAY, 3, None),
    ],
)
def test_a_reaction_belongs_to_the_dose_it_followed(onset, timing, number, minutes):
    link = link_reaction(reaction(onset, "rigors", 1), DOSES, 1)
    assert (link.timing, link.number, link.minutes) == (timing, number, minutes)


def test_minutes_are_unknown_when_the_dose_has_no_time():
    link = link_reaction(
        reaction("2024-01-01T10:12", "rigors", 1), doses_every(date(2024, 1, 1), 1, clock=None), 1
    )
    assert (link.timing, link.minutes) == (Timing.SAME_DAY, None)


@pytest.mark.parametrize(
    ("onset", "number"),
    [
        ("2024-01-01T09:00", 3),
        ("2024-01-01T10:00", 2),  # with the start of the dose: during it
        ("2024-01-01T10:12", 2),
        ("2024-01-01", 2),
        ("2024-01-28", 2),
        ("2024-01-29", 1),
        ("2024-02-26T12:00", 0),
    ],
)
def test_doses_after_a_reaction_match_the_clock_where_it_is_known(onset, number):
    assert len(doses_after(reaction(onset, "rigors", 1), DOSES)) == number
