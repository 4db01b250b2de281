"""antibody.assay: no action without an assay (founding poster, rows S0-74 and S0-75)."""

from __future__ import annotations

import pytest

from openntz.course import vocabulary
from openntz.monitor.finding import Status
from tests.build import (
    antibody,
    course,
    days_before,
    doses_until,
    finding,
    measurement,
    plan,
    without,
)

RULE = "antibody.assay"
ON = doses_until(days_before(10), 30)
STOPPED = [plan(days_before(5), stopped=days_before(5))]


def result(days, answer=None, value=None, *, line=2, **assay):
    return measurement(
        vocabulary.ANTIBODIES, days_before(days), value, answer=answer, line=line, **assay
    )


def asked(*rows, plans=()):
    return finding(RULE, course(doses=ON, measurements=rows, plans=plans))


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (result(20, "positive"), Status.DUE),
        (result(20, None, 800.0), Status.DUE),
        (result(20, "negative"), Status.WATCH),
        (result(20, "indeterminate"), Status.WATCH),
        (measurement(vocabulary.ANTIBODIES, days_before(20), 12.0, censor="<"), Status.WATCH),
        (result(20, "positive", assay="bridging ELISA"), Status.WATCH),
        (result(20, "positive", threshold=500.0), Status.OK),
        (result(20, "positive", assay="bridging ELISA", threshold=500.0), Status.OK),
    ],
)
def test_result_without_assay_and_cut_off_is_not_acted_on(row, status):
    found = asked(row)
    assert found.status is status
    assert "measurements:2" in found.evidence
    if status is Status.DUE:
        assert "cannot be concluded" in found.message
        assert "before the next dose (planned for" in found.message


def test_off_therapy_nothing_is_due():
    assert asked(result(20, "positive"), plans=STOPPED).status is Status.WATCH


def test_name_without_cut_off_says_at_which_it_is_read():
    found = asked(result(20, "positive", assay="house ELISA"))
    assert "taken at 500 ng/mL" in found.message
    assert "house ELISA" in found.message


def test_a_named_result_since_settles_it_and_the_old_one_is_named():
    found = asked(
        result(90, "positive", line=2),
        result(20, "negative", line=3, assay="bridging ELISA", threshold=500.0),
    )
    assert found.status is Status.OK
    assert f"Earlier without assay and cut-off: positive on {days_before(90)}" in found.message
    again = asked(
        result(90, "negative", line=2, assay="bridging ELISA", threshold=500.0),
        result(20, "positive", line=3),
    )
    assert again.status is Status.DUE
    assert again.evidence == ("measurements:3",)


def test_detection_limit_and_reporting_threshold_are_kept_apart():
    found = asked(result(20, "negative", assay="bridging ELISA", threshold=500.0, lloq=20.0))
    assert "reported positive from 500 ng/mL, limit of quantification 20 ng/mL" in found.message
    assert "below 500 ng/mL, not that there are none" in found.message
    without_limit = asked(result(20, "positive", assay="bridging ELISA", threshold=500.0))
    assert "limit of detection not recorded" in without_limit.message
    assert "not that there are none" not in without_limit.message


@pytest.mark.parametrize(("limit", "status"), [(499.0, "ok"), (500.0, "ok"), (501.0, "watch")])
def test_limit_of_quantification_above_the_cut_off_is_a_contradiction(limit, status):
    assert asked(result(20, "negative", threshold=500.0, lloq=limit)).status == status


def test_two_cut_offs_are_not_compared():
    found = asked(
        antibody(days_before(90), 42.0, threshold=4.0, line=2),
        antibody(days_before(20), "negative", threshold=500.0, line=3),
    )
    assert found.status is Status.OK
    assert "Cut-offs differ (4, 500 ng/mL)" in found.message


def test_nothing_measured_is_ok_and_a_missing_table_unknown():
    assert asked().status is Status.OK
    found = finding(RULE, course(doses=ON, recorded=without("measurements")))
    assert found.status is Status.UNKNOWN
