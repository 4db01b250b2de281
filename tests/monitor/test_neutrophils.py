"""neutrophils.change: not an effect of natalizumab (US text, founding guide S2-13)."""

from __future__ import annotations

import pytest

from openntz.course import vocabulary
from openntz.course.events import Censor
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import course, days_before, doses_until, finding, measurement, plan, without

RULE = "neutrophils.change"
ON = doses_until(days_before(10), 12)
FIRST_DAYS = 10 + 28 * 11


def counted(value, *, days=20, censor: Censor = "", baseline=None, doses=ON, **options):
    rows = [measurement(vocabulary.NEUTROPHILS, days_before(days), value, censor=censor, line=3)]
    if baseline is not None:
        before = days_before(FIRST_DAYS + 2)
        rows.append(measurement(vocabulary.NEUTROPHILS, before, baseline, line=2))
    return finding(RULE, course(doses=doses, measurements=rows), **options)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("value", "status"),
    [(1.49, "watch"), (1.5, "ok"), (1.51, "ok"), (9.99, "ok"), (10.0, "ok"), (10.1, "watch")],
)
def test_outside_the_project_limits_another_cause_is_looked_for(value, status, profile):
    found = counted(value, profile=profile)
    assert found.status == status
    assert "measurements:3" in found.evidence
    if status == "watch":
        assert "and does not change neutrophils: look for another cause" in found.message
        assert "(project default)" in found.message
        assert {"us-hcp-pharmacokinetics", "founding-s2"} <= set(found.sources)


@pytest.mark.parametrize(
    ("value", "baseline", "status"),
    [
        (9.0, 3.0, "ok"),
        (9.1, 3.0, "watch"),
        (2.0, 6.0, "ok"),
        (1.99, 6.0, "watch"),
        (3.0, 3.0, "ok"),
    ],
)
def test_three_times_or_a_third_of_own_baseline(value, baseline, status):
    found = counted(value, baseline=baseline)
    assert found.status == status
    if status == "watch":
        assert f"own baseline of {baseline:g} ×10⁹/L" in found.message
        assert "measurements:2" in found.evidence


@pytest.mark.parametrize(
    ("value", "censor", "status"),
    [(1.5, "<", "watch"), (1.6, "<", "unknown"), (10.0, ">", "watch"), (9.0, ">", "unknown")],
)
def test_a_limit_that_does_not_tell_is_unknown(value, censor, status):
    assert counted(value, censor=censor).status == status


@pytest.mark.parametrize(("days", "status"), [(365, "ok"), (366, "unknown")])
def test_a_usual_count_counts_for_a_year(days, status):
    doses = doses_until(days_before(10), 40)
    assert counted(4.0, days=days, doses=doses).status == status
    assert counted(0.9, days=days, doses=doses).status == "watch"


def test_a_later_usual_count_ends_it():
    rows = [
        measurement(vocabulary.NEUTROPHILS, days_before(40), 0.9, line=2),
        measurement(vocabulary.NEUTROPHILS, days_before(20), 3.9, line=3),
    ]
    assert finding(RULE, course(doses=ON, measurements=rows)).status is Status.OK


def test_missing_is_unknown_and_long_off_therapy_does_not_apply():
    assert finding(RULE, course(doses=ON)).status is Status.UNKNOWN
    assert finding(RULE, course(doses=ON, recorded=without("measurements"))).status == "unknown"
    assert finding(RULE, course()).status is Status.UNKNOWN
    doses = doses_until(days_before(184), 12)
    off = course(doses=doses, plans=[plan(days_before(150), stopped=days_before(150))])
    assert finding(RULE, off).status is Status.OK
