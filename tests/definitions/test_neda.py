"""NEDA-3 and NEDA-4 by their text: every component, the new baseline, and what is not known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.course.course import Course
from openntz.definitions.neda import Neda, neda
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.neda import CONVENTIONS, neda_limits
from tests.build import course, edss, relapse, scan, without

START = date(2022, 1, 1)
FIRST, LAST = START + timedelta(days=400), START + timedelta(days=765)
STUDY = load_profile("study")


def on(day: int) -> date:
    return START + timedelta(days=day)


SCORES = [edss(on(day)) for day in (380, 500, 600, 700)]
CLEAR = [scan(on(day)) for day in (390, 750)]


def judged(made: Course, baseline: int = 91, first: date = FIRST) -> Neda:
    return neda(made, START, first, LAST, neda_limits(STUDY, baseline))


def quiet(**events) -> Course:
    return course(**{"edss": SCORES, "mri": CLEAR, **events})


def third(made: Course, **options) -> bool | None:
    answers = {judged(made, **options).neda3(name) for name in CONVENTIONS}
    assert len(answers) == 1
    return answers.pop()


def test_nothing_on_record_of_a_full_record_is_neda_3_and_not_neda_4():
    found = judged(quiet())
    assert found.neda3("msprog") is True
    assert found.neda4("msprog") is None


@pytest.mark.parametrize(("day", "expected"), [(399, True), (400, False), (765, False)])
def test_a_relapse_of_the_period_counts(day, expected):
    assert third(quiet(relapses=[relapse(on(day))])) is expected


def test_an_onset_that_belongs_to_an_earlier_relapse_does_not_count():
    assert third(quiet(relapses=[relapse(on(380)), relapse(on(405))])) is True


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_each_kind_of_lesion_counts(counts):
    assert third(quiet(mri=[CLEAR[0], scan(on(750), *counts)])) is False


@pytest.mark.parametrize("counts", [(None, 0, 0), (0, None, 0), (0, 0, None)])
def test_a_count_not_reported_is_not_known(counts):
    assert third(quiet(mri=[CLEAR[0], scan(on(750), *counts)])) is None


def test_a_confirmed_worsening_counts_and_a_pending_one_is_not_known():
    lasting = [*SCORES[:2], edss(on(600), 3.0), edss(on(700), 3.0)]
    assert third(quiet(edss=lasting)) is False
    assert third(quiet(edss=lasting[:3])) is None


def test_conventions_differ_at_five_and_a_half():
    scores = [edss(on(390), 5.5), edss(on(500), 6.0), edss(on(600), 6.0)]
    found = judged(quiet(edss=scores))
    assert found.neda3("msprog") is False
    assert found.neda3("MSoutcomes") is True


@pytest.mark.parametrize("table", ["relapses", "edss", "mri"])
def test_a_missing_table_is_never_neda(table):
    events = {"edss": SCORES, "mri": CLEAR}
    events.pop(table, None)
    assert third(course(recorded=without(table), **events)) is None


def test_activity_is_known_though_the_rest_is_missing():
    assert third(course(relapses=[relapse(on(500))], edss=[], mri=[])) is False


@pytest.mark.parametrize("empty", ["edss", "mri"])
def test_no_row_is_never_neda(empty):
    assert third(quiet(**{empty: []})) is None


# ── the new baseline


@pytest.mark.parametrize(("day", "expected"), [(90, True), (91, False), (182, False), (183, False)])
def test_activity_counts_from_the_new_baseline(day, expected):
    made = quiet(relapses=[relapse(on(day))], edss=[edss(on(d)) for d in (95, 300, 700)])
    assert third(made, first=START) is expected


@pytest.mark.parametrize(("baseline", "expected"), [(91, False), (183, True)])
def test_three_to_six_months(baseline, expected):
    """A relapse in month 5 counts from month 3 and not from month 6."""
    scores = [edss(on(d)) for d in (190, 300, 700)]
    made = quiet(relapses=[relapse(on(150))], edss=scores)
    assert third(made, first=START, baseline=baseline) is expected


@pytest.mark.parametrize(("before", "expected"), [(90, None), (91, False)])
def test_lesions_since_a_scan_before_the_new_baseline_cannot_be_dated(before, expected):
    scores = [edss(on(d)) for d in (95, 300, 700)]
    found = course(edss=scores, mri=[scan(on(before)), scan(on(400), 0, 2, 0)])
    assert third(found, first=START) is expected
    if expected is None:
        assert [s.day for s in judged(found, first=START).undated] == [on(400)]


def test_a_clear_scan_after_an_undated_one_settles_it():
    scores = [edss(on(d)) for d in (95, 300, 700)]
    scans = [scan(on(-10)), scan(on(200), 0, 3, 0), scan(on(560))]
    assert third(course(edss=scores, mri=scans), first=START) is True


def test_enhancing_lesions_need_no_earlier_scan():
    scores = [edss(on(d)) for d in (95, 300, 700)]
    assert third(course(edss=scores, mri=[scan(on(200), 1, 0, 0)]), first=START) is False


# ── NEDA-4


@pytest.mark.parametrize(
    ("change", "expected"), [(-0.41, False), (-0.4, False), (-0.39, True), (0.2, True)]
)
def test_loss_of_brain_volume_from_0_4_per_cent_a_year(change, expected):
    made = quiet(mri=[CLEAR[0], scan(on(750), volume=change)])
    found = judged(made)
    assert found.neda4("msprog") is expected
    assert found.neda3("msprog") is True


def test_brain_volume_of_the_last_scan_that_reports_it():
    scans = [CLEAR[0], scan(on(500), volume=-1.0), scan(on(600), volume=-0.1), scan(on(750))]
    assert judged(quiet(mri=scans)).neda4("msprog") is True


@given(
    relapses=st.lists(st.integers(0, 765), max_size=2),
    visits=st.lists(st.tuples(st.integers(0, 765), st.sampled_from([1.0, 2.0, 5.5])), max_size=4),
    scans=st.lists(
        st.tuples(
            st.integers(0, 765), st.none() | st.integers(0, 1), st.none() | st.integers(0, 1)
        ),
        max_size=3,
    ),
)
def test_neda_needs_every_component_known(relapses, visits, scans):
    made = course(
        relapses=[relapse(on(d)) for d in relapses],
        edss=[edss(on(d), s) for d, s in visits],
        mri=[scan(on(d), gd, t2, 0) for d, gd, t2 in scans],
    )
    found = judged(made, first=START)
    for name in CONVENTIONS:
        if found.neda3(name):
            inside = [r for r in made.relapses if r.day >= on(91)]
            first = [r for r in made.relapses if r.day < on(91)]
            assert not inside or (first and (inside[0].day - first[-1].day).days < 30)
            assert found.worsening[name].confirmed is False
            assert found.mri is False
        assert found.neda4(name) is not True  # no brain volume anywhere
