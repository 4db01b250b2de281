"""A row of an analysis in one cell, beside a printed figure."""

from __future__ import annotations

from openntz.report.reanalyse_page import ours


def test_events_that_outnumber_people_are_no_share_of_them():
    row = {"count": 404, "n": 315, "value": 0.643, "low": 0.582, "high": 0.709}
    rate = ours({"measure": "relapses a person-year (annualised relapse rate)", **row})
    assert rate.startswith("404 in 315 people, 0.643 (0.582 to 0.709")


def test_people_out_of_people_are_a_share():
    told = ours({"measure": "rise at week 12", "count": 13, "n": 315, "value": 13 / 315})
    assert told == "13 of 315, 4.1 %"


def test_a_suppressed_row_tells_nothing():
    assert ours({"measure": "rise", "count": 1, "n": 4, "value": 0.25, "suppressed": True}) == (
        "suppressed"
    )
