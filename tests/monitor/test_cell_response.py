"""lymphocytes.response: over visits, against own baseline (rows S0-62, S0-81, S0-82; C11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course import vocabulary
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    antibody,
    course,
    days_before,
    dose,
    doses_every,
    finding,
    lymphocytes,
    measurement,
    plan,
    without,
)

RULE = "lymphocytes.response"
DAYS = 300
FIRST = days_before(DAYS)


def on(day: int):
    return FIRST + timedelta(days=day)


def treated(*counts, b_cells=(), monocytes=(), **options):
    rows = [lymphocytes(on(d), v, line=i) for i, (d, v) in enumerate(counts, start=2)]
    for test, given in ((vocabulary.CD19, b_cells), (vocabulary.MONOCYTES, monocytes)):
        rows += [measurement(test, on(d), v, line=50 + i) for i, (d, v) in enumerate(given)]
    made = course(doses=doses_every(FIRST, DAYS // 28 + 1), measurements=rows)
    return finding(RULE, made, **options)


@pytest.mark.parametrize("profile", PROFILES)
def test_rise_kept_is_ok_with_time_size_and_times_baseline(profile):
    found = treated((-3, 2.0), (28, 2.5), (84, 3.0), (168, 3.2), profile=profile)
    assert found.status is Status.OK
    assert "rose between day 28 and 84, risen at 1 of 1 later counts" in found.message
    assert f"latest 3.2 ×10⁹/L on {on(168)} (day 168, 1.6 × baseline)" in found.message
    assert {"doses:2", "measurements:2", "measurements:4"} <= set(found.evidence)


@pytest.mark.parametrize(
    ("value", "status"), [(2.79, Status.WATCH), (2.8, Status.OK), (2.81, Status.OK)]
)
def test_a_rise_of_0_8_counts_by_the_poster(value, status):
    assert treated((-3, 2.0), (84, value)).status is status


def test_never_risen_shows_predictive_values_at_a_stated_prevalence():
    found = treated((-3, 2.0), (84, 2.1))
    assert found.status is Status.WATCH
    assert "never rose, counted 1 times" in found.message
    for said in (
        "sensitivity 90.9 %",
        "specificity 84.1 %",
        "6 % of 625 people in AFFIRM (bridging ELISA, positive from 500 ng/mL",
        "26.7 % of people without the rise",
        "99.3 % of people with it do not",
    ):
        assert said in found.message


def test_prompt_to_test_and_no_verdict_on_efficacy_names_both_sides_of_c11():
    found = treated((-3, 2.0), (84, 2.1))
    assert "no verdict on efficacy" in found.message
    assert "Signoriello 2016" in found.message
    assert "no difference in NEDA-3" in found.message
    assert {"signoriello-2016", "lymphocytosis-41-cohort"} <= set(found.sources)


def test_lost_after_two_low_counts_without_figures_for_week_12():
    one = treated((-3, 2.0), (84, 3.0), (168, 2.1))
    assert one.status is Status.OK
    two = treated((-3, 2.0), (84, 3.0), (168, 2.1), (196, 2.2))
    assert two.status is Status.WATCH
    assert "the latest 2 counts have lost the rise" in two.message
    assert "sensitivity" not in two.message
    assert treated((-3, 2.0), (84, 3.0), (168, 2.1), (196, 2.2), (224, 2.9)).status is Status.OK


@pytest.mark.parametrize(("value", "status"), [(249.0, Status.WATCH), (250.0, Status.OK)])
def test_b_cells_are_held_against_their_own_baseline(value, status):
    risen = ((-3, 2.0), (84, 3.0))
    found = treated(*risen, b_cells=((-3, 200.0), (84, value)))
    assert found.status is status
    assert "B cells (CD19): baseline 200 cells/µL" in found.message
    assert "1.25 (project default) times the baseline" in found.message


def test_b_cells_without_baseline_are_left_out_and_monocytes_only_told():
    found = treated((-3, 2.0), (84, 3.0), b_cells=((84, 900.0),), monocytes=((-3, 0.4), (84, 0.2)))
    assert found.status is Status.OK
    assert "B cells" not in found.message
    assert "Monocytes: latest 0.2" in found.message


@pytest.mark.parametrize(
    "counts", [(), ((-91, 2.0), (84, 3.0)), ((-3, 2.0),), ((-3, 2.0), (60, 2.1))]
)
def test_without_baseline_or_count_in_time_it_is_unknown(counts):
    assert treated(*counts).status is Status.UNKNOWN


def test_b_cells_alone_can_answer():
    assert treated(b_cells=((-3, 200.0), (84, 500.0))).status is Status.OK


def test_not_yet_expected_is_unknown_without_alarm():
    first = days_before(60)
    made = course(
        doses=doses_every(first, 3),
        measurements=[
            lymphocytes(first, 2.0, line=2),
            lymphocytes(first + timedelta(days=28), 2.1, line=3),
        ],
    )
    found = finding(RULE, made)
    assert found.status is Status.UNKNOWN
    assert "not yet expected" in found.message


def test_off_therapy_never_dosed_and_no_table():
    doses = doses_every(FIRST, 10)
    off = course(doses=doses, plans=[plan(days_before(5), stopped=days_before(5))])
    assert finding(RULE, off).status is Status.OK
    assert finding(RULE, course()).status is Status.UNKNOWN
    made = course(doses=[dose(days_before(3))], recorded=without("measurements"))
    assert finding(RULE, made).status is Status.UNKNOWN


# ── persistent antibodies and still no rise at six months (row S0-58)


@pytest.mark.parametrize(
    ("day", "antibodies", "said"),
    [
        (182, ((84, "positive"), (130, "positive")), False),
        (183, ((84, "positive"), (130, "positive")), True),
        (183, ((84, "positive"), (130, "negative")), False),
        (183, (), False),
    ],
)
def test_persistent_antibodies_and_no_rise_at_six_months_by_the_poster(day, antibodies, said):
    tests = [antibody(on(d), r, line=80 + i) for i, (d, r) in enumerate(antibodies)]
    counts = [lymphocytes(on(-3), 2.0, line=2), lymphocytes(on(day), 2.1, line=3)]
    made = course(doses=doses_every(FIRST, DAYS // 28 + 1), measurements=[*counts, *tests])
    found = finding(RULE, made)
    assert found.status is Status.WATCH
    assert ("6 months on there is still no rise" in found.message) is said
    assert ("measurements:80" in found.evidence) is said
