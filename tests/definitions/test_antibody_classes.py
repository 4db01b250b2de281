"""Antibody classes over definitions. Oracle: the definitions' wording and A9/A10, by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.definitions.antibodies import AntibodyLimits, Definition, antibody_history
from openntz.definitions.antibody_classes import (
    AntibodyClass,
    Origin,
    antibody_class,
    antibody_origin,
    class_row,
    reclassification,
)
from openntz.evidence.registry import registry
from tests.build import antibody, course, dose

START = date(2023, 1, 2)
LIMITS = AntibodyLimits(
    threshold_ng_per_ml=500.0,
    eu_apart_days=42,
    us_apart_days=90,
    affirm_apart_days=42,
    shankar_apart_days=112,
    malaga_positives=2,
)
RISE = registry().fact("definition.antibodies.boosted.log10-rise").number
P, N = "positive", "negative"
PER, TRA, OPN, NEG = (
    AntibodyClass.PERSISTENT,
    AntibodyClass.TRANSIENT,
    AntibodyClass.UNCONFIRMED,
    AntibodyClass.NEGATIVE,
)
PRE, UNR, UNT = AntibodyClass.PRE_EXISTING, AntibodyClass.UNREADABLE, AntibodyClass.UNTESTED


def history(*tests, threshold: float | None = 500.0):
    """Tests as (days after the first dose, result)."""
    rows = [
        antibody(START + timedelta(days=d), r, threshold=threshold, line=i)
        for i, (d, r) in enumerate(tests, start=2)
    ]
    return antibody_history(course(doses=[dose(START)], measurements=rows), LIMITS)


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        # eu, us, affirm, shankar, malaga
        ((), (UNT,) * 5),
        (((84, N),), (NEG,) * 5),
        # One positive: Shankar counts the last sample, the others wait.
        (((84, P),), (OPN, OPN, OPN, PER, OPN)),
        (((84, P), (126, N)), (TRA, TRA, TRA, TRA, TRA)),
        # Six weeks: the US label waits for three months.
        (((84, P), (126, P)), (PER, OPN, PER, PER, PER)),
        # Two positives a week apart and negative since: Malaga alone.
        (((84, P), (91, P), (180, N)), (TRA, TRA, TRA, TRA, PER)),
        # Negative in between: the labels ask for the confirmatory test, AFFIRM does not.
        (((84, P), (126, N), (140, P), (150, N)), (TRA, TRA, PER, TRA, PER)),
        # There before the first dose: only the dataset template asks.
        (((-3, P), (100, N)), (TRA, TRA, TRA, PRE, TRA)),
        (((-3, N),), (NEG, NEG, NEG, UNT, NEG)),
        (((84, "indeterminate"),), (UNR,) * 5),
    ],
)
def test_classes_by_the_wording_of_the_five_definitions(tests, expected):
    found = history(*tests)
    assert tuple(antibody_class(found, d) for d in Definition) == expected


def test_cut_off_decides_the_class():
    found = history((84, 42.0), (140, 30.0), (280, 25.0), threshold=4.0)
    row = class_row("A", found, RISE)
    assert row.called(NEG) == (Definition.EU, Definition.US, Definition.AFFIRM)
    assert row.called(PER) == (Definition.SHANKAR, Definition.MALAGA)
    assert row.changes


@pytest.mark.parametrize(
    ("tests", "origin"),
    [
        ((), Origin.NONE),
        (((-3, N), (84, N)), Origin.NONE),
        (((84, 800.0),), Origin.INDUCED),
        (((-3, N), (84, 800.0)), Origin.INDUCED),
        # 0.6 as a power of ten is 3.98-fold.
        (((-3, 600.0), (84, 2380.0)), Origin.UNAFFECTED),
        (((-3, 600.0), (84, 2390.0)), Origin.BOOSTED),
        (((-3, 600.0), (84, 600.0), (120, 2400.0)), Origin.BOOSTED),
        (((-3, P), (84, P)), Origin.UNKNOWN),
        (((-3, 600.0),), Origin.UNKNOWN),
        (((-3, P), (84, N)), Origin.UNAFFECTED),
    ],
)
def test_origin_by_the_dataset_template_a10(tests, origin):
    assert antibody_origin(history(*tests), RISE) is origin


def test_numbers_of_two_cut_offs_are_not_compared_for_a_boost():
    rows = [
        antibody(START - timedelta(days=3), 600.0, threshold=500.0),
        antibody(START + timedelta(days=84), 60000.0, threshold=4.0, line=3),
    ]
    found = antibody_history(course(doses=[dose(START)], measurements=rows), LIMITS)
    assert antibody_origin(found, RISE) is Origin.UNKNOWN


@pytest.mark.parametrize(
    ("censor", "value", "origin"),
    [(">", 2400.0, Origin.BOOSTED), (">", 1000.0, Origin.UNKNOWN), ("<", 2400.0, Origin.UNKNOWN)],
)
def test_a_limit_only_boosts_when_it_says_so(censor, value, origin):
    rows = [
        antibody(START - timedelta(days=3), 600.0),
        antibody(START + timedelta(days=84), value, censor=censor, line=3),
    ]
    found = antibody_history(course(doses=[dose(START)], measurements=rows), LIMITS)
    assert antibody_origin(found, RISE) is origin


def test_onset_and_last_positive_count_from_the_first_dose():
    row = class_row("A", history((-3, N), (84, P), (140, P), (200, N)), RISE)
    assert (row.onset_day, row.last_day) == (84, 140)
    assert class_row("A", history((84, N)), RISE).onset_day is None


def test_cross_table_counts_everybody_once_and_names_who_changes():
    people = {
        "A": history((84, N)),
        "B": history((84, P), (126, P)),
        "C": history((84, P), (126, N)),
        "D": history((84, P), (91, P), (180, N)),
        "E": history(),
    }
    table = reclassification(people, RISE)
    assert [r.person for r in table.changed] == ["B", "D"]
    assert table.crossed(Definition.EU, Definition.MALAGA) == {
        (NEG, NEG): 1,
        (PER, PER): 1,
        (TRA, TRA): 1,
        (TRA, PER): 1,
        (UNT, UNT): 1,
    }
    assert table.crossed(Definition.EU, Definition.US)[(PER, OPN)] == 1
    for definition in Definition:
        assert sum(table.totals[definition].values()) == len(people)
    assert table.totals[Definition.MALAGA][PER] == 2


def test_nobody_makes_an_empty_table():
    table = reclassification({}, RISE)
    assert table.rows == table.changed == ()
    assert table.crossed(Definition.EU, Definition.US) == {}
