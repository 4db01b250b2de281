"""activity.neda: every status, what is missing is named, both conventions and both baselines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course.course import Course
from openntz.evidence.registry import registry
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from tests.build import (
    course,
    days_before,
    doses_every,
    edss,
    finding,
    plan,
    relapse,
    scan,
    without,
)

WATCH, UNKNOWN, OK = Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "activity.neda"
ON = doses_every(days_before(28 * 40 + 5), 41)
SCORES = [edss(days_before(d), line=60 + i) for i, d in enumerate((400, 300, 200, 20))]
SCANS = [scan(days_before(d), line=70 + i) for i, d in enumerate((380, 30))]


def on(**events) -> Course:
    return course(**{"doses": ON, "edss": SCORES, "mri": SCANS, **events})


def test_full_record_without_activity_is_neda_3():
    for profile in PROFILES:
        found = finding(RULE, on(), profile=profile)
        assert found.status is OK
        assert "NEDA-3" in found.message
        assert "no brain volume is recorded" in found.message
        assert {"mri:71", "edss:63", "doses:2"} <= set(found.evidence)


@pytest.mark.parametrize(("ago", "expected"), [(365, WATCH), (366, OK)])
def test_a_relapse_of_the_last_year_is_activity(ago, expected):
    found = finding(RULE, on(relapses=[relapse(days_before(ago), line=90)]))
    assert found.status is expected
    assert ("relapses:90" in found.evidence) is (expected is WATCH)


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_lesions_of_the_last_year_are_activity(counts):
    found = finding(RULE, on(mri=[SCANS[0], scan(days_before(30), *counts, line=71)]))
    assert found.status is WATCH
    assert "without an antibody result" in found.message


def test_confirmation_is_the_profiles():
    """Worse for 100 days: confirmed at 12 weeks (us, study), waiting at 24 (eu)."""
    scores = [*SCORES[:2], edss(days_before(120), 3.0), edss(days_before(20), 3.0)]
    by_profile = {p: finding(RULE, on(edss=scores), profile=p) for p in PROFILES}
    assert [by_profile[p].status for p in PROFILES] == [UNKNOWN, WATCH, WATCH]
    assert "not confirmed yet" in by_profile["eu"].message
    assert "EDSS from 2.0" in by_profile["us"].message


def test_where_the_conventions_differ_it_is_said():
    scores = [edss(days_before(400), 5.5), edss(days_before(300), 6.0), edss(days_before(100), 6.0)]
    found = finding(RULE, on(edss=scores))
    assert found.status is WATCH
    assert "(by msprog only)" in found.message


@pytest.mark.parametrize(
    ("table", "said"), [("relapses", "relapses (the"), ("edss", "EDSS (the"), ("mri", "MRI (the")]
)
def test_a_missing_table_is_named(table, said):
    events = {"doses": ON, "edss": SCORES, "mri": SCANS}
    events.pop(table, None)
    found = finding(RULE, course(recorded=without(table), **events))
    assert found.status is UNKNOWN
    assert said in found.message


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ({"edss": []}, "no score that can be the reference"),
        ({"edss": SCORES[:1]}, "no score after"),
        ({"mri": []}, "MRI (none in that time)"),
        ({"mri": SCANS[:1]}, "MRI (none in that time)"),
        ({"mri": [SCANS[0], scan(days_before(30), None)]}, "all three counts"),
    ],
)
def test_what_is_missing_is_named(events, said):
    found = finding(RULE, on(**events))
    assert found.status is UNKNOWN
    assert said in found.message
    assert "Known: no relapse" in found.message


@pytest.mark.parametrize(("change", "expected"), [(-0.4, WATCH), (-0.3, OK)])
def test_loss_of_brain_volume_is_said(change, expected):
    found = finding(RULE, on(mri=[SCANS[0], scan(days_before(30), volume=change)]))
    assert found.status is expected
    assert ("NEDA-4 too" in found.message) is (expected is OK)
    assert ("NEDA-4 is not met" in found.message) is (expected is WATCH)
    assert "NEDA-3 from" in found.message
    assert "activity.on-therapy" not in found.message


def test_loss_of_brain_volume_does_not_stand_for_what_is_missing():
    scans = [SCANS[0], scan(days_before(30), None, volume=-0.9)]
    found = finding(RULE, on(mri=scans))
    assert found.status is UNKNOWN
    assert "Recorded: brain volume -0.9 % a year" in found.message


@pytest.mark.parametrize(("treated", "expected"), [(90, OK), (91, UNKNOWN)])
def test_nothing_is_judged_before_the_new_baseline(treated, expected):
    made = course(doses=doses_every(days_before(treated), 4))
    found = finding(RULE, made)
    assert found.status is expected
    assert ("Not judged yet" in found.message) is (expected is OK)


def test_activity_between_the_two_baselines_is_said():
    """A relapse in month 5 of treatment counts from month 3, not from month 6."""
    made = on(
        doses=doses_every(days_before(300), 11),
        edss=[edss(days_before(d)) for d in (110, 50, 2)],
        relapses=[relapse(days_before(150))],
    )
    found = finding(RULE, made)
    assert found.status is WATCH
    assert "Counted from 6 months after the first dose of this course, none" in found.message


def test_a_site_may_choose_the_later_baseline(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(
        '[override."neda.baseline"]\nvalue = 183\nwho = "Dr Adams"\nwhen = 2024-05-02\n',
        encoding="utf-8",
    )
    profile = load_profile("eu", registry().with_site(file))
    made = on(
        doses=doses_every(days_before(300), 11),
        edss=[edss(days_before(d)) for d in (110, 50, 2)],
        mri=[scan(days_before(d)) for d in (100, 30)],
        relapses=[relapse(days_before(150))],
    )
    assert finding(RULE, made).status is WATCH
    assert finding(RULE, made, profile=profile).status is OK
    young = course(doses=doses_every(days_before(100), 4))
    assert "new baseline 6 months after" in finding(RULE, young, profile=profile).message


def test_a_restart_after_three_months_begins_anew():
    doses = (*doses_every(days_before(900), 10), *doses_every(days_before(60), 3))
    found = finding(RULE, on(doses=doses, relapses=[relapse(days_before(100))]))
    assert found.status is OK
    assert str(days_before(60) + timedelta(days=91)) in found.message


def test_off_therapy_and_never_dosed():
    stop = plan(days_before(100), stopped=days_before(100))
    made = course(doses=doses_every(days_before(400), 11), plans=[stop])
    assert finding(RULE, made).status is OK
    assert finding(RULE, course()).status is UNKNOWN
