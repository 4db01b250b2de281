"""Five definitions of persistent antibodies. Oracle: their wording, worked by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.definitions.antibodies import (
    AntibodyLimits,
    Definition,
    Persistent,
    antibody_effect,
    antibody_history,
)
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
YES, NO, OPEN = Persistent.YES, Persistent.NO, Persistent.UNKNOWN
ORDER = (
    Definition.EU,
    Definition.US,
    Definition.AFFIRM,
    Definition.SHANKAR,
    Definition.MALAGA,
)


def history(*tests: tuple[int, str | float], threshold: float | None = 500.0, first_dose=START):
    """Tests as (days after the first dose, result)."""
    results = [
        antibody(START + timedelta(days=d), r, threshold=threshold, line=i)  # type: ignore[arg-type]
        for i, (d, r) in enumerate(tests, start=2)
    ]
    doses = [dose(first_dose)] if first_dose else []
    return antibody_history(course(doses=doses, measurements=results), LIMITS)


def verdicts(h) -> tuple[Persistent, ...]:
    return tuple(h.verdicts[d].persistent for d in ORDER)


P, N = "positive", "negative"


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        # eu, us, affirm, shankar, malaga
        ((), (OPEN, OPEN, OPEN, OPEN, OPEN)),
        (((30, N),), (NO, NO, NO, NO, NO)),
        (((30, P),), (OPEN, OPEN, OPEN, YES, OPEN)),
        (((30, P), (60, N)), (NO, NO, NO, NO, NO)),
        # distances, one day to either side of each limit
        (((30, P), (71, P)), (OPEN, OPEN, OPEN, YES, YES)),
        (((30, P), (72, P)), (YES, OPEN, YES, YES, YES)),
        (((30, P), (119, P)), (YES, OPEN, YES, YES, YES)),
        (((30, P), (120, P)), (YES, YES, YES, YES, YES)),
        (((30, P), (141, P), (160, N)), (YES, YES, YES, NO, YES)),
        (((30, P), (142, P), (160, N)), (YES, YES, YES, YES, YES)),
        # the labels ask for the first test after their distance (42 and 90 days), AFFIRM for any
        # two positives far enough apart
        (((30, P), (90, N), (150, P)), (OPEN, YES, YES, YES, YES)),
        (((30, P), (90, N), (150, P), (200, N)), (NO, YES, YES, YES, YES)),
        (((30, P), (120, N), (150, P), (200, N)), (NO, NO, YES, YES, YES)),
        # a test before the retest is due does not stand in for it
        (((30, P), (50, N), (80, P)), (YES, OPEN, YES, YES, YES)),
        # two positives too close together, negative since: transient but for Malaga
        (((30, P), (50, P), (80, N)), (NO, NO, NO, NO, YES)),
        # persistence once is not undone by a later negative
        (((30, P), (130, P), (200, N), (300, N)), (YES, YES, YES, NO, YES)),
    ],
)
def test_definitions_match_their_wording(tests, expected):
    assert verdicts(history(*tests)) == expected


@pytest.mark.parametrize("definition", [Definition.EU, Definition.US, Definition.AFFIRM])
def test_low_positives_of_a_sensitive_assay_are_not_positive_for_the_labels(definition):
    h = history((30, 21.0), (130, 226.0), threshold=4.0)
    assert h.verdicts[definition].persistent is NO
    assert h.verdicts[Definition.SHANKAR].persistent is YES
    assert h.verdicts[Definition.MALAGA].persistent is YES
    assert h.currently_positive(definition) is NO
    assert h.currently_positive(Definition.SHANKAR) is YES
    assert h.persistent_by() == (Definition.SHANKAR, Definition.MALAGA)


def test_an_answer_below_the_label_threshold_leaves_the_labels_open():
    h = history((30, P), (130, P), threshold=4.0)
    assert verdicts(h) == (OPEN, OPEN, OPEN, YES, YES)
    assert h.verdicts[Definition.EU].awaits_from is None
    assert "cannot be read" in h.verdicts[Definition.EU].reason


def test_an_unreadable_result_after_a_positive_leaves_the_positive_open():
    results = [
        antibody(START + timedelta(days=30), P, line=2),
        antibody(START + timedelta(days=90), P, threshold=4.0, line=3),
    ]
    h = antibody_history(course(doses=[dose(START)], measurements=results), LIMITS)
    assert h.verdicts[Definition.EU].persistent is OPEN
    assert h.verdicts[Definition.EU].awaits_from == START + timedelta(days=72)


def test_verdicts_name_the_tests_they_rest_on():
    h = history((30, N), (60, P), (120, P), (200, N))
    eu = h.verdicts[Definition.EU]
    assert eu.first is not None
    assert eu.confirming is not None
    assert (eu.first.day, eu.confirming.day) == (
        START + timedelta(days=60),
        START + timedelta(days=120),
    )
    assert [r.line for r in eu.refs] == [3, 4]
    assert h.currently_positive(Definition.EU) is NO


@pytest.mark.parametrize(("baseline", "expected"), [(N, YES), (P, NO)])
def test_antibodies_before_the_first_dose_are_not_induced_by_treatment(baseline, expected):
    h = history((-10, baseline), (30, P), (160, P))
    assert h.verdicts[Definition.SHANKAR].persistent is expected
    assert h.verdicts[Definition.AFFIRM].persistent is YES


def test_a_test_on_the_day_of_the_first_dose_is_baseline_for_shankar_only():
    h = history((0, P))
    assert h.verdicts[Definition.SHANKAR].persistent is NO
    assert h.verdicts[Definition.EU].persistent is OPEN
    h = history((0, N))
    assert h.verdicts[Definition.SHANKAR].persistent is OPEN


def test_without_any_dose_every_test_counts():
    h = history((30, P), first_dose=None)
    assert h.verdicts[Definition.SHANKAR].persistent is YES


def test_history_up_to_a_day_knows_nothing_later():
    made = course(
        doses=[dose(START)],
        measurements=[antibody(START + timedelta(days=d), P, line=d) for d in (30, 80)],
    )
    day = START + timedelta(days=79)
    assert antibody_history(made, LIMITS, day).verdicts[Definition.EU].persistent is OPEN
    day = START + timedelta(days=80)
    assert antibody_history(made, LIMITS, day).verdicts[Definition.EU].persistent is YES


# ── effect on the drug


def at(days: int) -> datetime:
    return datetime.combine(START + timedelta(days=days), datetime.min.time())


@pytest.mark.parametrize(
    ("tests", "since", "until"),
    [
        (((30, P), (80, P)), 30, None),
        (((10, N), (30, P), (80, P)), 30, None),
        (((30, P), (80, P), (150, N)), 30, 150),
        (((30, P), (80, P), (150, N), (250, N)), 30, 150),
        # one negative between positives does not end the run
        (((30, P), (80, P), (150, N), (250, P)), 30, None),
        (((30, P), (80, P), (150, N), (250, P), (300, N)), 30, 300),
    ],
)
def test_effect_lasts_from_first_positive_to_first_negative_after_the_last(tests, since, until):
    run = antibody_effect(history(*tests), Definition.EU, START + timedelta(days=400))
    assert run is not None
    assert run.since == at(since)
    assert run.until == (None if until is None else at(until))


@pytest.mark.parametrize("tests", [(), ((30, P),), ((30, P), (71, P)), ((30, P), (80, N))])
def test_no_effect_without_persistence(tests):
    assert antibody_effect(history(*tests), Definition.EU, START + timedelta(days=400)) is None


def test_effect_uses_only_what_was_known():
    h = history((30, P), (80, P), (150, N))
    assert antibody_effect(h, Definition.EU, START + timedelta(days=79)) is None
    run = antibody_effect(h, Definition.EU, START + timedelta(days=149))
    assert run is not None
    assert run.until is None
    run = antibody_effect(h, Definition.EU, START + timedelta(days=150))
    assert run is not None
    assert run.until == at(150)


def test_effect_of_low_titres_depends_on_the_definition():
    h = history((30, 21.0), (150, 30.0), threshold=4.0)
    assert antibody_effect(h, Definition.EU, START + timedelta(days=400)) is None
    run = antibody_effect(h, Definition.SHANKAR, START + timedelta(days=400))
    assert run is not None
    assert [r.line for r in run.refs] == [2, 3]


# ── properties


_SERIES = st.lists(
    st.tuples(st.integers(-60, 900), st.sampled_from([P, N, "indeterminate", 3.0, 60.0, 800.0])),
    max_size=8,
    unique_by=lambda t: t[0],
)


@given(_SERIES, st.sampled_from([None, 4.0, 500.0]))
def test_definitions_nest_as_their_wording_says(tests, threshold):
    h = history(*tests, threshold=threshold)
    eu, us, affirm, _, malaga = verdicts(h)
    # The labels' confirmed positives are two positives far enough apart.
    if eu is YES or us is YES:
        assert affirm is YES
    # What is positive at 500 ng/mL is positive at a lower threshold of its own.
    if affirm is YES and threshold is not None:
        assert malaga is YES


@given(_SERIES, st.integers(0, 900))
def test_effect_is_there_exactly_when_persistent(tests, day):
    when = START + timedelta(days=day)
    h = history(*tests)
    for definition in Definition:
        known = history(*[t for t in tests if t[0] <= day])
        run = antibody_effect(h, definition, when)
        assert (run is not None) == (known.verdicts[definition].persistent is YES)
        if run is not None:
            assert run.until is None or run.since < run.until
