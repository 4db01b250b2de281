"""pml.suspected: suspend until excluded, stop for good when found (labels), AAN classes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Censor
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import (
    course,
    days_before,
    doses_until,
    finding,
    measurement,
    person,
    plan,
    relapse,
    scan,
    symptom,
    without,
)

ACT, WATCH, UNKNOWN, OK = Status.ACT, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "pml.suspected"


def treated(*said: tuple[int, str], last: int = 7, **events) -> Course:
    notes = [symptom(days_before(ago), text, line=40 + i) for i, (ago, text) in enumerate(said)]
    stop = [plan(days_before(last), stopped=days_before(last))] if last > 56 else []
    events = {"plans": stop, **events}
    return course(doses=doses_until(days_before(last), 13), symptoms=notes, **events)


def commented(ago: int, text: str):
    return replace(scan(days_before(ago), line=60), comment=text)


def csf(ago: int, answer=None, value=None, censor: Censor = ""):
    return measurement(
        vocabulary.JCV_DNA, days_before(ago), value, answer=answer, censor=censor, line=80
    )


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PML suspected", ACT),
        ("?PML", ACT),
        ("JCV granule cell neuronopathy suspected", ACT),
        ("progressive multifocal leukoencephalopathy", ACT),
        ("PML cannot be excluded", ACT),
        ("PML excluded", OK),
        ("suspected PML, ruled out", OK),
        ("no sign of PML", OK),
        ("talked about PML risk", OK),
        ("fatigue", OK),
    ],
)
def test_suspicion_suspends_by_the_label(text, expected, profile):
    found = finding(RULE, treated((10, text)), profile=profile)
    assert found.status is expected
    assert {"mims", "ema-pml-2016", "aan-2013-pml"} <= set(found.sources)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("suspicious lesion, left frontal", ACT),
        ("lesion suspicious for PML", ACT),
        ("PML", ACT),
        ("PML not excluded", ACT),
        ("no suspicious lesion", OK),
        ("no sign of PML", OK),
        ("PML surveillance, stable", OK),
        ("stable", OK),
    ],
)
def test_scan_report_by_its_words(text, expected):
    found = finding(RULE, treated(mri=[commented(10, text)]))
    assert found.status is expected
    if expected is ACT:
        assert found.message.startswith("PML is suspected")
        assert "contrast-enhanced T1, and JC virus DNA in CSF" in found.message
        assert "Returning MS and tumour" in found.message
        assert found.evidence[0] == "mri:60"


def test_suspicion_in_a_relapse_note_or_as_reason_of_a_stop_counts():
    seen = replace(relapse(days_before(5), line=70), comment="PML?")
    assert finding(RULE, treated(relapses=[seen])).status is ACT
    stop = plan(days_before(60), stopped=days_before(60), reason="PML", line=71)
    found = finding(RULE, treated(last=60, plans=[stop]))
    assert found.status is ACT
    assert found.message.startswith("PML is suspected")
    fear = replace(stop, reason="fear of PML")
    assert finding(RULE, treated(last=60, plans=[fear])).status is OK


def test_suspicion_stays_until_it_is_excluded():
    assert finding(RULE, treated((300, "?PML"))).status is ACT
    assert finding(RULE, treated((300, "?PML"), (250, "no sign of PML"))).status is ACT
    assert finding(RULE, treated((300, "?PML"), (250, "PML excluded"))).status is OK
    assert finding(RULE, treated((300, "PML excluded"), (250, "?PML"))).status is ACT


def test_doses_given_since_are_counted():
    assert "2 doses were given since" in finding(RULE, treated((40, "?PML"))).message
    assert "One dose was given since" in finding(RULE, treated((8, "?PML"))).message
    assert "given since" not in finding(RULE, treated((7, "?PML"))).message


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"answer": "positive"}, ACT),
        ({"value": 25.0}, ACT),
        ({"value": 10.0, "censor": "<"}, OK),
        ({"value": 0.0}, OK),
        ({"answer": "negative"}, OK),
        ({"answer": "indeterminate"}, OK),
    ],
)
def test_virus_in_csf(result, expected):
    found = finding(RULE, treated(measurements=[csf(5, **result)]))
    assert found.status is expected
    assert found.evidence[0] == "measurements:80"


def test_virus_found_counts_until_pml_is_excluded_whatever_a_later_sample_shows():
    twice = [csf(50, "positive"), csf(5, "negative")]
    found = finding(RULE, treated(measurements=twice))
    assert found.status is ACT
    assert "found on" in found.message
    assert "2 doses were given since" in found.message
    assert finding(RULE, treated((4, "PML excluded"), measurements=twice)).status is OK
    assert finding(RULE, treated((50, "PML excluded"), measurements=twice)).status is OK
    assert finding(RULE, treated((51, "PML excluded"), measurements=twice)).status is ACT


def test_negative_csf_alone_does_not_exclude():
    found = finding(RULE, treated((9, "?PML"), measurements=[csf(3, "negative")]))
    assert found.status is ACT
    assert "A negative result alone does not exclude PML" in found.message


def test_classes_of_aan_2013_are_named_as_unverified():
    made = treated((9, "?PML"), mri=[commented(8, "PML?")], measurements=[csf(3, "positive")])
    found = finding(RULE, made)
    assert "AAN 2013 (combinations unverified): certain PML" in found.message
    without_virus = treated((9, "?PML"), mri=[commented(8, "PML?")])
    assert "certain or possible PML" in finding(RULE, without_virus).message
    assert "AAN 2013" not in finding(RULE, treated((9, "?PML"))).message


def test_virus_in_a_note_counts_only_when_positive():
    assert finding(RULE, treated((9, "CSF JCV PCR positive"))).status is ACT
    assert finding(RULE, treated((9, "CSF JCV PCR negative"))).status is OK
    assert finding(RULE, treated((9, "JCV PCR sent"))).status is OK
    assert finding(RULE, treated((9, "CSF JCV DNA not detected"))).status is OK
    assert finding(RULE, treated((9, "JCV DNA detected"))).status is ACT


@pytest.mark.parametrize(
    ("ago", "text", "expected"),
    [
        (10, "many tumefactive, ring-enhancing lesions", WATCH),
        (183, "ring-enhancing lesion", WATCH),
        (184, "ring-enhancing lesion", OK),
        (10, "no ring-enhancing lesion", OK),
        (10, "ring-enhancing lesion, PML suspected", ACT),
    ],
)
def test_lesions_that_pml_shares_with_rebound_by_the_case_report(ago, text, expected):
    found = finding(RULE, treated(mri=[commented(ago, text)]))
    assert found.status is expected
    assert "founding-s4" in found.sources
    if expected is WATCH:
        assert found.evidence[0] == "mri:60"
    told = treated((3, "PML excluded"), mri=[commented(ago, "ring-enhancing lesion")])
    assert finding(RULE, told).status is OK


def test_pml_found_stops_for_good():
    found = finding(RULE, treated((9, "PML confirmed by PCR")))
    assert found.status is ACT
    assert "stopped for good" in found.message
    stopped = finding(RULE, treated((70, "PML confirmed by PCR"), last=80))
    assert stopped.status is WATCH
    ill = replace(person(), conditions="PML")
    assert finding(RULE, course(who=ill, doses=doses_until(days_before(7), 3))).status is ACT


@pytest.mark.parametrize(("last", "expected"), [(183, ACT), (184, WATCH)])
def test_suspicion_acts_to_six_months_after_the_last_dose_by_the_label(last, expected):
    assert finding(RULE, treated((10, "?PML"), last=last)).status is expected
    assert finding(RULE, treated(last=last)).status is OK


def test_suspicion_is_unknown_without_its_tables_or_a_dose():
    given = doses_until(days_before(7), 3)
    for table in ("symptoms", "mri"):
        found = finding(RULE, course(recorded=without(table), doses=given))
        assert found.status is UNKNOWN
        assert f"table {table} is not in the export" in found.message
    both = finding(RULE, course(recorded=without("symptoms", "mri"), doses=given))
    assert "tables symptoms and mri are not in the export" in both.message
    assert finding(RULE, course()).status is UNKNOWN


def test_pml_that_is_over_still_forbids_natalizumab():
    for text in ("history of PML", "PML, resolved"):
        made = course(
            doses=doses_until(days_before(7), 6), symptoms=[symptom(days_before(3), text)]
        )
        assert finding("pml.suspected", made).status is Status.ACT, text


def test_without_the_table_of_measurements_the_virus_in_csf_is_not_known():
    made = course(recorded=without("measurements"), doses=doses_until(days_before(7), 6))
    found = finding("pml.suspected", made)
    assert found.status is Status.UNKNOWN
    assert "measurements" in found.message


def test_a_suspicion_that_was_answered_is_not_called_unrecorded():
    found = finding(RULE, treated((20, "PML suspected"), (9, "PML ruled out")))
    assert found.status is OK
    assert found.message == (
        f"PML is recorded as excluded: 'PML ruled out' on {days_before(9)}. No suspicion since."
    )
    assert found.evidence[0] == "symptoms:41"
    assert "No suspicion of PML is recorded." in finding(RULE, treated()).message


def test_the_routine_scan_does_not_hide_the_one_a_suspicion_asks_for():
    told = "pml.suspected says which scan is needed now"
    scans = [scan(days_before(9), line=60)]
    assert told in finding("pml.mri-due", treated((20, "PML suspected"), mri=scans)).message
    answered = treated((20, "PML suspected"), (9, "PML ruled out"), mri=scans)
    assert told not in finding("pml.mri-due", answered).message
    assert told not in finding("pml.mri-due", treated(mri=scans)).message
