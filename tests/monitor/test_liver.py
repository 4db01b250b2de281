"""liver.injury: every status, each limit either side (limits of the default upper limit)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    course,
    days_before,
    doses_on,
    finding,
    measurement,
    reaction,
    symptom,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "liver.injury"
ON = doses_on([days_before(400), days_before(10)])


def alt(value: float, ago: int = 5, *, test: str = vocabulary.ALT, line: int = 50, **more):
    return measurement(test, days_before(ago), value, line=line, **more)


def bilirubin(value: float, ago: int = 5, *, line: int = 51, **more):
    return measurement(vocabulary.BILIRUBIN, days_before(ago), value, line=line, **more)


def on(*results, **events) -> Course:
    return course(doses=ON, measurements=results, **events)


@pytest.mark.parametrize("test", [vocabulary.ALT, vocabulary.AST])
@pytest.mark.parametrize(
    ("value", "expected"),
    [(39, OK), (40, OK), (41, WATCH), (119, WATCH), (120, WATCH), (120.1, DUE), (410, DUE)],
)
def test_enzyme_alone_matches_contract(test, value, expected):
    for profile in ("eu", "us", "study"):
        assert finding(RULE, on(alt(value, test=test)), profile=profile).status is expected


@pytest.mark.parametrize(
    ("enzyme", "pigment", "expected"),
    [(120.1, 42, DUE), (120.1, 42.1, ACT), (120, 42.1, WATCH), (410, 62, ACT), (30, 42.1, WATCH)],
)
def test_enzyme_with_bilirubin_matches_contract(enzyme, pigment, expected):
    assert finding(RULE, on(alt(enzyme), bilirubin(pigment))).status is expected


@pytest.mark.parametrize(("value", "expected"), [(120, None), (120.1, AS_OF)])
def test_what_is_to_be_done_without_a_date_of_its_own_is_due_today(value, expected):
    assert finding(RULE, on(alt(value))).due == expected


@pytest.mark.parametrize(("apart", "expected"), [(-7, ACT), (7, ACT), (-8, DUE), (8, DUE)])
def test_bilirubin_counts_within_a_week_of_the_enzyme(apart, expected):
    made = on(alt(200, 20), bilirubin(60, 20 + apart))
    assert finding(RULE, made).status is expected


@pytest.mark.parametrize(("ago", "expected"), [(0, ACT), (90, ACT), (91, OK)])
def test_jaundice_matches_contract(ago, expected):
    made = on(alt(30), symptoms=[symptom(days_before(ago), "Jaundice", line=60)])
    found = finding(RULE, made)
    assert found.status is expected
    assert ("symptoms:60" in found.evidence) is (expected is ACT)
    as_reaction = on(alt(30), reactions=[reaction(days_before(ago), "jaundice", 2)])
    assert finding(RULE, as_reaction).status is expected


def test_normal_values_without_the_symptoms_table_say_what_was_not_looked_for():
    found = finding(RULE, on(alt(30), recorded=without("symptoms")))
    assert found.status is OK
    assert "jaundice could not be looked for" in found.message
    assert "jaundice" not in finding(RULE, on(alt(30))).message


def test_denied_jaundice_is_not_jaundice():
    denied = symptom(days_before(5), "fatigue", comment="no jaundice")
    assert finding(RULE, on(alt(30), symptoms=[denied])).status is OK


def test_jaundice_needs_no_laboratory():
    made = course(doses=ON, symptoms=[symptom(days_before(5), "icterus")])
    assert finding(RULE, made).status is ACT


def test_latest_result_of_each_enzyme_counts():
    assert finding(RULE, on(alt(410, 40), alt(35, 5, line=52))).status is OK
    assert finding(RULE, on(alt(35, 40), alt(410, 5, line=52))).status is DUE
    both = on(alt(35), alt(130, test=vocabulary.AST, line=52))
    assert finding(RULE, both).status is DUE


def test_old_abnormal_result_stays_and_old_normal_one_does_not_count():
    assert finding(RULE, on(alt(410, 700))).status is DUE
    assert finding(RULE, on(alt(30, 365))).status is OK
    found = finding(RULE, on(alt(30, 366)))
    assert found.status is UNKNOWN
    assert "old" in found.message


@pytest.mark.parametrize(
    ("censor", "value", "expected"),
    [("<", 40, OK), ("<", 41, UNKNOWN), (">", 120, DUE), (">", 100, WATCH)],
)
def test_censored_enzyme(censor, value, expected):
    assert finding(RULE, on(alt(value, censor=censor))).status is expected


@pytest.mark.parametrize(("uln", "value", "expected"), [("55", 55, OK), ("55", 55.1, WATCH)])
def test_laboratorys_own_limit_is_used(uln, value, expected):
    for column in ("uln", "ULN", "ref_high", "Upper limit of normal"):
        found = finding(RULE, on(alt(value, extra={column: uln})))
        assert found.status is expected
        assert "laboratory's upper limit of 55" in found.message


@pytest.mark.parametrize("uln", ["400", "0", "n/a", "-5", ""])
def test_limit_that_cannot_be_right_is_not_used(uln):
    assert finding(RULE, on(alt(130, extra={"uln": uln}))).status is DUE


def test_laboratorys_limit_is_converted_with_the_value():
    """Bilirubin of 2.6 mg/dL with a limit of 1.2 mg/dL: 2.17 times, above 2 times."""
    written = replace(
        bilirubin(2.6 * 17.1, extra={"uln": "1.2"}), as_written="2.6 mg/dL", unit="umol/L"
    )
    assert finding(RULE, on(alt(200), written)).status is ACT
    lower = replace(written, value=2.3 * 17.1, as_written="2,3 mg/dL")
    assert finding(RULE, on(alt(200), lower)).status is DUE


def test_nothing_measured_is_unknown_on_therapy_and_not_asked_for_long_after():
    assert finding(RULE, on()).status is UNKNOWN
    missing = course(recorded=without("measurements"), doses=ON)
    assert "measurements is not in the export" in finding(RULE, missing).message
    for since, expected in ((183, UNKNOWN), (184, OK)):
        gone = course(doses=doses_on([days_before(600), days_before(since)]))
        assert finding(RULE, gone).status is expected
    assert finding(RULE, course()).status is UNKNOWN


def test_default_limits_are_marked_and_rows_cited():
    found = finding(RULE, on(alt(410, line=77), bilirubin(62, line=78)))
    assert "40 U/L (project default)" in found.message
    assert "21 umol/L (project default)" in found.message
    assert found.evidence == ("measurements:77", "measurements:78")
    assert "liver-dhcp-2008" in found.sources


# ── baseline, onset and return (letter of 2008: from 6 days on, came back on rechallenge)


def test_injury_says_days_after_the_first_dose_and_own_baseline():
    found = finding(RULE, on(alt(22.0, 402, line=40), alt(410.0, 394)))
    assert found.status is DUE
    assert "6 days after the first dose; injury was reported from 6 days on" in found.message
    assert f"Before the first dose: ALT 22 on {days_before(402)}" in found.message
    assert "liver-dhcp-2008" in found.sources
    assert "No value before the first dose" in finding(RULE, on(alt(410.0))).message


def test_high_value_before_the_first_dose_is_not_from_the_drug():
    found = finding(RULE, on(alt(410.0, 401)))
    assert found.status is DUE
    assert "taken before the first dose" in found.message


def test_injury_that_came_back_after_another_dose_says_so():
    came_back = on(alt(300.0, 200, line=41), alt(30.0, 150, line=42), alt(410.0, 5))
    found = finding(RULE, came_back)
    assert found.status is DUE
    assert f"ALT was 300 on {days_before(200)} too, came down" in found.message
    assert f"given again from {days_before(10)} on" in found.message
    assert {"measurements:41", "measurements:50"} <= set(found.evidence)


@pytest.mark.parametrize(("value", "said"), [(120.0, False), (120.1, True)])
def test_earlier_injury_stays_visible_when_values_are_normal(value, said):
    found = finding(RULE, on(alt(value, 200, line=41), alt(30.0, 5)))
    assert found.status is OK
    assert ("came back in somebody given natalizumab again" in found.message) is said


def test_high_value_still_high_is_one_episode():
    assert "too, came down" not in finding(RULE, on(alt(300.0, 20, line=41), alt(410.0))).message
