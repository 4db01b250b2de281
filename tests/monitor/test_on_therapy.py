"""activity.on-therapy: due until visit, MRI and level followed the activity."""

from __future__ import annotations

import pytest

from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import (
    antibody,
    course,
    days_before,
    doses_every,
    edss,
    finding,
    forecast,
    level,
    plan,
    relapse,
    scan,
    verdict,
    without,
)

DUE, UNKNOWN, OK = Status.DUE, Status.UNKNOWN, Status.OK
RULE = "activity.on-therapy"
ON = doses_every(days_before(28 * 40 + 5), 41)
REFERENCE = scan(days_before(500))


def on(**events) -> Course:
    return course(**{"doses": ON, "mri": [REFERENCE], **events})


def done(day: int) -> dict:
    """Everything that follows activity, all on one day."""
    return {
        "edss": [edss(days_before(day), line=60)],
        "mri": [REFERENCE, scan(days_before(day), line=71)],
        "measurements": [level(days_before(day), 20.0, line=50)],
    }


@pytest.mark.parametrize(("ago", "expected"), [(0, DUE), (183, DUE), (184, OK)])
def test_a_recent_relapse_is_followed_up(ago, expected):
    found = finding(RULE, on(relapses=[relapse(days_before(ago), line=90)]))
    assert found.status is expected
    if expected is DUE:
        for part in ("a visit with an EDSS score", "an MRI", "a level"):
            assert part in found.message
        assert "relapses:90" in found.evidence


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_an_active_scan_is_followed_up(counts):
    found = finding(RULE, on(mri=[REFERENCE, scan(days_before(10), *counts)]))
    assert found.status is DUE
    assert "Not recorded since: a visit with an EDSS score, a level" in found.message
    assert "older than the effect" not in found.message


@pytest.mark.parametrize(("after", "expected"), [(1, DUE), (0, OK), (-5, OK)])
def test_done_on_the_day_or_later_it_stops_being_due(after, expected):
    """``after``: days by which the follow-up lies before the relapse."""
    found = finding(RULE, on(relapses=[relapse(days_before(40))], **done(40 + after)))
    assert found.status is expected


@pytest.mark.parametrize(
    ("left_out", "said"), [("edss", "a visit"), ("mri", "an MRI"), ("measurements", "a level")]
)
def test_what_was_not_done_is_named_alone(left_out, said):
    events = {**done(20), "relapses": [relapse(days_before(40))]}
    events[left_out] = []
    found = finding(RULE, on(**events))
    assert found.status is DUE
    assert f"Not recorded since: {said}" in found.message


def test_a_level_that_cannot_be_used_does_not_count():
    events = {**done(20), "relapses": [relapse(days_before(40))]}
    refused = forecast(levels=(verdict(events["measurements"][0], "impossible"),))
    assert finding(RULE, on(**events)).status is OK
    assert finding(RULE, on(**events), predicted=refused).status is DUE


def test_level_is_not_judged_without_antibodies():
    events = {**done(20), "relapses": [relapse(days_before(40))]}
    assert "antibody.test-due" in finding(RULE, on(**events)).message
    events["measurements"].append(antibody(days_before(20), "negative"))
    found = finding(RULE, on(**events))
    assert "antibody.test-due" not in found.message
    assert f"Antibody result since: {days_before(20)}" in found.message


def test_lesions_of_the_first_months_may_be_older_than_the_effect():
    made = course(doses=doses_every(days_before(100), 4), mri=[scan(days_before(8), 0, 2, 0)])
    found = finding(RULE, made)
    assert found.status is DUE
    assert "older than the effect" in found.message
    enhancing = course(doses=made.doses, mri=[scan(days_before(8), 1, 2, 0)])
    assert "older than the effect" not in finding(RULE, enhancing).message


def test_activity_before_this_course_does_not_count():
    doses = doses_every(days_before(60), 3)
    assert finding(RULE, on(doses=doses, relapses=[relapse(days_before(61))])).status is OK
    assert finding(RULE, on(doses=doses, relapses=[relapse(days_before(60))])).status is DUE


def test_none_is_ok_and_missing_tables_unknown():
    assert finding(RULE, on()).status is OK
    for table in ("relapses", "mri"):
        found = finding(RULE, course(recorded=without(table), doses=ON))
        assert found.status is UNKNOWN
        assert table in found.message
    events = {"doses": ON, "relapses": [relapse(days_before(40))]}
    events |= {k: v for k, v in done(20).items() if k != "measurements"}
    found = finding(RULE, course(recorded=without("measurements"), **events))
    assert found.status is UNKNOWN
    assert "not known: a level" in found.message


def test_off_therapy_and_never_dosed():
    stop = plan(days_before(100), stopped=days_before(100))
    made = course(
        doses=doses_every(days_before(400), 11), plans=[stop], relapses=[relapse(days_before(9))]
    )
    assert finding(RULE, made).status is OK
    assert finding(RULE, course(relapses=[relapse(days_before(9))])).status is UNKNOWN
