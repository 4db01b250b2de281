"""pml.baseline-mri and pml.after-switch, and that they ask for no scan twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_every,
    doses_on,
    doses_until,
    finding,
    measurement,
    plan,
    pregnancy,
    scan,
    treatment,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
BASELINE, SWITCH = "pml.baseline-mri", "pml.after-switch"


def ahead(days: int) -> date:
    return AS_OF + timedelta(days=days)


# ── pml.baseline-mri


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("age", "expected"), [(91, OK), (92, DUE), (None, DUE)])
def test_reference_scan_is_no_older_than_three_months_at_the_start(age, expected, profile):
    start = ahead(20)
    scans = [] if age is None else [scan(start - timedelta(days=age), line=30)]
    found = finding(BASELINE, course(doses=[dose(start)], mri=scans), profile=profile)
    assert found.status is expected
    if expected is DUE:
        assert found.due == start
        assert "3 months (unverified)" in found.message
        assert f"between {AS_OF} and {start}" in found.message


@pytest.mark.parametrize(("days", "expected"), [(91, DUE), (92, WATCH)])
def test_reference_scan_is_not_due_while_it_would_be_too_old(days, expected):
    assert finding(BASELINE, course(doses=[dose(ahead(days))])).status is expected


def test_booked_reference_scan_is_enough_for_now():
    booked = course(doses=[dose(ahead(20))], mri=[scan(ahead(5))])
    assert finding(BASELINE, booked).status is WATCH
    too_late = course(doses=[dose(ahead(20))], mri=[scan(ahead(21))])
    assert finding(BASELINE, too_late).status is DUE


@pytest.mark.parametrize(("exposure", "expected"), [(0, WATCH), (90, WATCH), (91, OK)])
def test_old_reference_scan_is_pointed_out_for_the_first_months(exposure, expected):
    given = doses_every(days_before(exposure), exposure // 28 + 1)
    old = [scan(days_before(exposure + 200))]
    assert finding(BASELINE, course(doses=given, mri=old)).status is expected


@pytest.mark.parametrize("exposure", [0, 91, 1000])
def test_no_scan_at_all_is_never_a_reference(exposure):
    given = doses_every(days_before(exposure), exposure // 28 + 1)
    assert finding(BASELINE, course(doses=given)).status is WATCH


@pytest.mark.parametrize(("before", "expected"), [(91, OK), (92, WATCH), (-3, OK)])
def test_scan_around_the_start_serves_as_reference(before, expected):
    start = days_before(30)
    made = course(
        doses=doses_on([start, days_before(2)]), mri=[scan(start - timedelta(days=before))]
    )
    assert finding(BASELINE, made).status is expected


@pytest.mark.parametrize(("gap", "expected"), [(89, OK), (90, WATCH)])
def test_restart_needs_a_new_reference_scan(gap, expected):
    first = doses_until(days_before(10 + gap), 6)
    before = [scan(first[0].day - timedelta(days=10))]
    made = course(doses=[*first, *doses_on([days_before(10)])], mri=before)
    assert finding(BASELINE, made).status is expected


def test_planned_restart_needs_one_and_a_stop_does_not():
    stop = plan(days_before(100), stopped=days_before(100))
    off = course(doses=doses_until(days_before(100), 6), plans=[stop])
    assert finding(BASELINE, off).status is OK
    again = course(doses=off.doses, plans=[stop, plan(days_before(2), 28)])
    assert finding(BASELINE, again).status is DUE


def test_reference_scan_is_unknown_without_table_or_start():
    assert finding(BASELINE, course()).status is UNKNOWN
    lacking = without("mri")
    assert finding(BASELINE, course(recorded=lacking, doses=[dose(ahead(9))])).status is UNKNOWN
    long_on = course(recorded=lacking, doses=doses_until(days_before(7), 20))
    assert finding(BASELINE, long_on).status is UNKNOWN


# ── pml.after-switch


def switched(
    last: int, *, started: int | None, scans: tuple[int, ...] = (), index: float = 0.1, **more
) -> Course:
    """Stopped so many days ago after two years, another treatment and scans since."""
    stop = plan(days_before(last), stopped=days_before(last), line=20)
    given = [] if started is None else [treatment(days_before(started), "ocrelizumab", line=25)]
    return course(
        doses=doses_until(days_before(last), 20),
        plans=[stop],
        treatments=given,
        mri=[scan(days_before(s), line=30 + s % 7) for s in scans],
        measurements=[measurement(vocabulary.JCV_INDEX, days_before(last + 20), index)],
        **more,
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("age", "expected"), [(91, WATCH), (92, DUE), (-5, WATCH)])
def test_scan_at_the_switch(age, expected, profile):
    # The scan is so many days older than the successor; pml.mri-due asks for none yet.
    made = switched(60, started=20, scans=(20 + age,))
    assert finding("pml.mri-due", made, profile=profile).status is OK
    found = finding(SWITCH, made, profile=profile)
    assert found.status is expected
    assert "ocrelizumab was started on" in found.message
    assert "treatments:25" in found.evidence


def test_scan_that_mri_due_asks_for_is_not_asked_for_twice():
    made = switched(60, started=20)
    assert finding("pml.mri-due", made).status in {ACT, DUE}
    found = finding(SWITCH, made)
    assert found.status is WATCH
    assert "asked for by pml.mri-due" in found.message


@pytest.mark.parametrize("profile", ["eu", "us"])
@pytest.mark.parametrize(("last", "expected"), [(183, WATCH), (184, OK)])
def test_watch_goes_on_six_months_after_the_last_dose_by_the_label(last, expected, profile):
    made = switched(last, started=last - 30, scans=(last - 25,))
    assert finding(SWITCH, made, profile=profile).status is expected


@pytest.mark.parametrize(
    ("last", "ago", "expected"),
    [(184, 121, WATCH), (184, 122, DUE), (365, 122, DUE), (366, 122, OK)],
)
def test_scans_go_on_to_a_year_by_magnims(last, ago, expected):
    made = switched(last, started=last - 30, scans=(ago,))
    found = finding(SWITCH, made, profile="study")
    assert found.status is expected
    if expected is DUE:
        assert "every 3 to 4 months (MAGNIMS)" in found.message
        assert found.due == days_before(ago) + timedelta(days=122)
        assert finding("pml.mri-due", made, profile="study").status is OK


def test_planned_successor_needs_a_scan_by_its_start():
    stop = plan(days_before(60), stopped=days_before(60), line=20)
    made = course(
        doses=doses_until(days_before(60), 20),
        plans=[stop],
        treatments=[treatment(ahead(10), "ocrelizumab", line=25)],
        mri=[scan(days_before(100))],
        measurements=[measurement(vocabulary.JCV_INDEX, days_before(80), 0.1)],
    )
    found = finding(SWITCH, made)
    assert found.status is DUE
    assert found.due == ahead(10)
    assert "is planned from" in found.message


def test_no_switch_is_no_task():
    assert finding(SWITCH, course(doses=doses_until(days_before(7), 20))).status is OK
    assert finding(SWITCH, switched(60, started=None, scans=(50,))).status is OK
    assert finding(SWITCH, course()).status is UNKNOWN
    for table in ("treatments", "mri"):
        stop = plan(days_before(60), stopped=days_before(60))
        made = course(recorded=without(table), doses=doses_until(days_before(60), 20), plans=[stop])
        found = finding(SWITCH, made)
        assert found.status is UNKNOWN
        assert f"table {table} is not in the export" in found.message


def test_a_next_scan_inside_the_watch_is_named():
    """A positive antibody after 18 months: every 3 to 4 months (MAGNIMS)."""
    made = switched(60, started=50, scans=(50,), index=2.0)
    asked = finding("pml.mri-due", made, profile="study")
    found = finding(SWITCH, made, profile="study")
    assert asked.due is not None
    assert asked.due <= days_before(60) + timedelta(days=183)
    assert found.status is WATCH
    assert f"the next is due on {asked.due} (pml.mri-due)" in found.message


@pytest.mark.parametrize("profile", ["eu", "us"])
def test_a_negative_antibody_asks_for_no_scan_beyond_the_watch(profile):
    made = switched(100, started=80, scans=(80,))
    found = finding(SWITCH, made, profile=profile)
    asked = finding("pml.mri-due", made, profile=profile)
    assert found.status is WATCH
    assert found.due is None
    assert f"by pml.mri-due the next would fall on {asked.due}, so no further" in found.message


def _unknown_jcv(last: int, scanned: int) -> Course:
    made = switched(last, started=last - 20, scans=(scanned,))
    return course(doses=made.doses, plans=made.plans, treatments=made.treatments, mri=made.mri)


@pytest.mark.parametrize(
    ("last", "scanned", "due", "expected"),
    [
        (100, 80, 122 - 80, WATCH),
        (150, 91, 122 - 91, WATCH),
        (150, 92, 122 - 92, DUE),
        (150, 75, 183 - 150, WATCH),
        (153, 75, 183 - 153, DUE),
        (183, 92, 0, DUE),
        (183, 91, None, WATCH),
    ],
)
def test_an_unknown_antibody_asks_for_a_scan_before_the_watch_ends(last, scanned, due, expected):
    """122 days after the last scan (MAGNIMS), at the latest on day 183 after the last dose."""
    made = _unknown_jcv(last, scanned)
    assert finding("pml.mri-due", made).status not in {ACT, DUE}
    found = finding(SWITCH, made)
    assert found.status is expected
    assert found.due == (None if due is None else ahead(due))
    assert ("Anti-JCV status not known" in found.message) is (due is not None)


def test_a_scan_that_is_entered_for_later_is_said():
    """As pml.mri-due and pml.baseline-mri do; it changes no status before it was taken."""
    made = switched(60, started=20, scans=(200,))
    entered = course(
        doses=made.doses,
        plans=made.plans,
        treatments=made.treatments,
        measurements=made.measurements,
        mri=[*made.mri, scan(ahead(12), line=90)],
    )
    found = finding(SWITCH, entered)
    assert f"A scan is entered for {ahead(12)}." in found.message
    assert found.status is finding(SWITCH, made).status
    assert "entered" not in finding(SWITCH, made).message


@pytest.mark.parametrize("scans", [(), (50,), (200,)])
def test_a_scan_after_a_switch_in_pregnancy_is_to_be_decided_with_it_in_mind(scans):
    words = "Pregnant: decide about the scan and contrast (gadolinium) with that in mind."
    free = finding(SWITCH, switched(60, started=20, scans=scans))
    expecting = [pregnancy(days_before(70), line=50)]
    found = finding(SWITCH, switched(60, started=20, scans=scans, pregnancies=expecting))
    assert words in found.message
    assert "pregnancies:50" in found.evidence
    assert found.status is free.status
    assert words not in free.message
