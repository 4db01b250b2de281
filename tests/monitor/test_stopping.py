"""stopping.rebound-window and stopping.no-successor: every status, each limit a day either side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.course.course import Course
from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_on,
    edss,
    finding,
    plan,
    pregnancy,
    relapse,
    scan,
    treatment,
    without,
)
from tests.monitor.test_example_clinic import reviewed

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
REBOUND, SUCCESSOR = "stopping.rebound-window", "stopping.no-successor"


def stopped(ago: int, *, reason: str = "patient choice", on: int | None = None, **events) -> Course:
    """Last dose ``ago`` days ago, stop recorded for that day (or for ``on`` days ago)."""
    record = plan(days_before(ago), stopped=days_before(ago if on is None else on), reason=reason)
    given = doses_on([days_before(ago + 400), days_before(ago)])
    more = list(events.pop("plans", []))
    return course(doses=given, plans=[record, *more], **events)


# ── stopping.rebound-window


@pytest.mark.parametrize(
    ("ago", "expected"), [(59, OK), (60, DUE), (61, DUE), (213, DUE), (214, OK)]
)
def test_window_without_a_check_matches_contract(ago, expected):
    found = finding(REBOUND, stopped(ago))
    assert found.status is expected
    if expected is DUE:
        assert found.due == days_before(ago) + timedelta(days=60)


@pytest.mark.parametrize(("check", "expected"), [(0, WATCH), (89, WATCH), (90, DUE), (91, DUE)])
def test_check_inside_the_window_holds_for_three_months(check, expected):
    for name, event in (("mri", scan(days_before(check))), ("edss", edss(days_before(check)))):
        found = finding(REBOUND, stopped(120, **{name: [event]}))
        assert found.status is expected
        assert found.due == days_before(check) + timedelta(days=90)


# The window closes on day 213; a check on day 123 has the next on its last day.
@pytest.mark.parametrize(("check", "inside"), [(122, True), (123, True), (124, False)])
def test_a_next_check_after_the_window_is_not_asked_for(check, inside):
    found = finding(REBOUND, stopped(150, mri=[scan(days_before(150 - check))]))
    assert found.status is WATCH
    assert ("No further check inside the window" in found.message) is not inside
    assert (found.due is not None) is inside


def test_activity_since_the_last_dose_comes_first():
    made = stopped(
        100,
        relapses=[relapse(days_before(101), line=40), relapse(days_before(6), line=41)],
        mri=[scan(days_before(3), 9, 12, 0, line=42), scan(days_before(1), 0, None, 1, line=43)],
    )
    found = finding(REBOUND, made)
    assert found.status is WATCH
    assert found.message.startswith(
        f"Disease activity has returned: relapse on {days_before(6)}; 9 enhancing, 12 new T2 "
        f"lesions on the MRI of {days_before(3)}; 1 enlarging T2 lesion on the MRI of "
        f"{days_before(1)}. Day 100 "
    )
    assert {"relapses:41", "mri:42", "mri:43"} <= set(found.evidence)
    assert "relapses:40" not in found.evidence
    # Activity is no check: without one since it, the status stays due.
    assert finding(REBOUND, stopped(100, relapses=[relapse(days_before(6))])).status is DUE


@pytest.mark.parametrize("counts", [(0, 0, 0), (None, None, None)])
def test_a_scan_without_lesions_is_no_activity(counts):
    found = finding(REBOUND, stopped(100, mri=[scan(days_before(3), *counts)]))
    assert "returned:" not in found.message


def test_the_person_of_the_example_clinic_whose_disease_returned():
    told = reviewed("P17", "eu")[REBOUND].message
    assert told.startswith("Disease activity has returned: relapse on 2024-06-24; 9 enhancing, 12")


@pytest.mark.parametrize(("after", "expected"), [(0, DUE), (1, WATCH), (50, WATCH)])
def test_on_the_day_the_window_opens_a_check_since_the_last_dose_counts(after, expected):
    event = scan(days_before(60 - after), line=44)
    found = finding(REBOUND, stopped(60, mri=[event]))
    assert found.status is expected
    assert ("mri:44" in found.evidence) is (expected is WATCH)
    last = days_before(60)
    assert found.due == last + timedelta(days=60 if after == 0 else after + 90)


@pytest.mark.parametrize(("check", "expected"), [(89, WATCH), (90, DUE), (91, DUE)])
def test_a_check_before_the_window_holds_for_three_months(check, expected):
    found = finding(REBOUND, stopped(92, edss=[edss(days_before(check))]))
    assert found.status is expected


def test_visits_alone_leave_the_missing_mri_in_the_words():
    found = finding(REBOUND, stopped(70, edss=[edss(days_before(20))]))
    assert "No MRI since the last dose." in found.message
    both = stopped(70, edss=[edss(days_before(20))], mri=[scan(days_before(30))])
    found = finding(REBOUND, both)
    assert f"Last MRI since the last dose: {days_before(30)}." in found.message


def test_window_says_the_published_timing():
    found = finding(REBOUND, stopped(92))
    for part in ("12 weeks", "months 4 to 7", "15 to 29 %", "4 %", "RESTORE", "O'Connor 2011"):
        assert part in found.message
    gone = f"over a window, not on a day, {days_before(92 - 28)} to {days_before(92 - 122)}: "
    assert gone in found.message
    assert {"eu-smpc", "us-hcp-pharmacokinetics", "founding-s4"} <= set(found.sources)
    assert {"restore-2014", "oconnor-2011"} <= set(found.sources)


def test_presumed_stop_counts_as_stopped_and_late_does_not():
    silent = course(doses=doses_on([days_before(500), days_before(60)]))
    assert finding(REBOUND, silent).status is DUE
    late = course(doses=doses_on([days_before(500), days_before(56)]))
    assert finding(REBOUND, late).status is OK


def test_missing_table_leaves_the_check_unknown_but_the_window_certain():
    for missing in ("mri", "edss"):
        given = doses_on([days_before(500), days_before(100)])
        record = plan(days_before(100), stopped=days_before(100))
        made = course(recorded=without(missing), doses=given, plans=[record])
        found = finding(REBOUND, made)
        assert found.status is WATCH
        assert f"{missing} is not in the export" in found.message


def test_window_never_dosed_is_unknown():
    assert finding(REBOUND, course()).status is UNKNOWN


# ── stopping.no-successor


@pytest.mark.parametrize(
    ("ago", "expected"), [(0, DUE), (1, DUE), (28, DUE), (29, ACT), (364, ACT)]
)
def test_nothing_follows_matches_contract(ago, expected):
    found = finding(SUCCESSOR, stopped(ago))
    assert found.status is expected
    assert found.due == days_before(ago) + timedelta(days=28)


@pytest.mark.parametrize(("on", "expected"), [(28, DUE), (29, ACT)])
def test_days_count_from_the_recorded_stop(on, expected):
    assert finding(SUCCESSOR, stopped(50, on=on)).status is expected


def test_presumed_stop_counts_from_the_last_dose():
    late = course(doses=doses_on([days_before(500), days_before(56)]))
    assert finding(SUCCESSOR, late).status is OK
    presumed = course(doses=doses_on([days_before(500), days_before(57)]))
    assert finding(SUCCESSOR, presumed).status is ACT


@pytest.mark.parametrize(("ago", "expected"), [(364, ACT), (365, UNKNOWN)])
def test_left_treatment_is_unknown_because_what_followed_is_elsewhere(ago, expected):
    silent = course(doses=doses_on([days_before(900), days_before(ago)]))
    assert finding(SUCCESSOR, silent).status is expected


def test_recorded_stop_with_nothing_after_stays_act_however_long():
    assert finding(SUCCESSOR, stopped(1700)).status is ACT


@pytest.mark.parametrize("kind", ["dmt", "DMT", "immunosuppressant", "disease-modifying"])
def test_started_successor_covers(kind):
    made = stopped(100, treatments=[treatment(days_before(30), "ocrelizumab", kind, line=55)])
    found = finding(SUCCESSOR, made)
    assert found.status is OK
    assert "treatments:55" in found.evidence
    assert "ocrelizumab" in found.message


@pytest.mark.parametrize("kind", ["steroid", "symptomatic"])
def test_other_kinds_do_not_cover(kind):
    made = stopped(100, treatments=[treatment(days_before(30), "prednisolone", kind)])
    assert finding(SUCCESSOR, made).status is ACT


@pytest.mark.parametrize(("start", "expected"), [(0, OK), (-1, WATCH), (-60, WATCH)])
def test_treatment_after_the_date_is_only_planned(start, expected):
    made = stopped(100, treatments=[treatment(days_before(start), "ocrelizumab")])
    assert finding(SUCCESSOR, made).status is expected


@pytest.mark.parametrize(("before", "expected"), [(28, OK), (399, OK), (400, ACT)])
def test_treatment_begun_during_natalizumab_that_goes_on_covers(before, expected):
    made = stopped(100, treatments=[treatment(days_before(100 + before), "fingolimod")])
    assert finding(SUCCESSOR, made).status is expected


@pytest.mark.parametrize(("before", "expected"), [(28, WATCH), (29, ACT)])
def test_ended_treatment_follows_only_from_about_the_stop(before, expected):
    ended = treatment(days_before(100 + before), "glatiramer", end=days_before(40))
    assert finding(SUCCESSOR, stopped(100, treatments=[ended])).status is expected


@pytest.mark.parametrize(("end", "expected"), [(0, OK), (1, WATCH)])
def test_successor_that_has_ended_is_watched(end, expected):
    ended = treatment(days_before(60), "cladribine", end=days_before(end))
    assert finding(SUCCESSOR, stopped(100, treatments=[ended])).status is expected


def test_treatment_open_since_before_natalizumab_does_not_silence():
    old = treatment(days_before(2000), "interferon beta-1a", line=66)
    found = finding(SUCCESSOR, stopped(100, treatments=[old]))
    assert found.status is ACT
    assert "Not counted" in found.message
    assert "treatments:66" in found.evidence


def test_treatment_of_unrecorded_kind_does_not_silence():
    odd = treatment(days_before(30), "trial drug", "")
    found = finding(SUCCESSOR, stopped(100, treatments=[odd]))
    assert found.status is ACT
    assert "trial drug" in found.message


def test_natalizumab_among_the_treatments_is_not_its_own_successor():
    own = treatment(days_before(500), "Tysabri")
    assert finding(SUCCESSOR, stopped(100, treatments=[own])).status is ACT


def test_planned_restart_is_planned_only():
    assert finding(SUCCESSOR, stopped(100, plans=[plan(days_before(5), 28)])).status is WATCH
    made = stopped(100)
    booked = dose(AS_OF + timedelta(days=10))
    again = course(doses=[*made.doses, booked], plans=made.plans)
    found = finding(SUCCESSOR, again)
    assert found.status is WATCH
    assert str(booked.day) in found.message


@pytest.mark.parametrize(
    ("ago", "events", "expected"),
    [
        (29, {}, ACT),
        (28, {}, DUE),
        (100, {"treatments": [treatment(AS_OF + timedelta(days=9), "ocrelizumab")]}, WATCH),
    ],
)
def test_an_ongoing_pregnancy_is_named_and_does_not_silence(ago, events, expected):
    expected_on = AS_OF + timedelta(days=100)
    made = stopped(
        ago, pregnancies=[pregnancy(days_before(150), due=expected_on, line=50)], **events
    )
    found = finding(SUCCESSOR, made)
    assert found.status is expected
    assert f"Pregnant, due {expected_on}: agree what follows birth." in found.message
    assert "pregnancies:50" in found.evidence


def test_a_pregnancy_that_has_ended_is_not_named():
    born = pregnancy(days_before(290), delivery=days_before(20), outcome="live birth")
    assert "Pregnant" not in finding(SUCCESSOR, stopped(60, pregnancies=[born])).message


def test_the_pregnant_person_of_the_example_clinic():
    found = reviewed("N021", "eu")[SUCCESSOR]
    assert found.status is ACT
    assert "Pregnant, due 2024-07-22: agree what follows birth" in found.message


def test_reason_is_named_and_does_not_silence():
    found = finding(SUCCESSOR, stopped(100, reason="pregnancy wish"))
    assert found.status is ACT
    assert "pregnancy wish" in found.message


def test_not_stopped_is_ok_and_names_a_planned_stop():
    on = course(
        doses=doses_on([days_before(500), days_before(5)]),
        plans=[plan(days_before(3), stopped=AS_OF + timedelta(days=20))],
    )
    found = finding(SUCCESSOR, on)
    assert found.status is OK
    assert "A stop is planned" in found.message


@pytest.mark.parametrize(("ago", "expected"), [(28, UNKNOWN), (56, UNKNOWN), (57, ACT)])
def test_without_plans_in_the_export_going_on_is_not_known(ago, expected):
    made = course(recorded=without("plans"), doses=doses_on([days_before(500), days_before(ago)]))
    found = finding(SUCCESSOR, made)
    assert found.status is expected
    if expected is UNKNOWN:
        assert "No stop is recorded, and plans are not in the export" in found.message
    assert "has not been stopped" not in found.message


def test_with_plans_in_the_export_no_stop_on_record_is_ok():
    found = finding(SUCCESSOR, course(doses=doses_on([days_before(500), days_before(5)])))
    assert found.status is OK
    assert found.message == "No stop is recorded."


def test_successor_unknown_without_table_or_dose():
    record = plan(days_before(100), stopped=days_before(100))
    given = doses_on([days_before(500), days_before(100)])
    missing = course(recorded=without("treatments"), doses=given, plans=[record])
    found = finding(SUCCESSOR, missing)
    assert found.status is UNKNOWN
    assert "treatments is not in the export" in found.message
    assert finding(SUCCESSOR, course()).status is UNKNOWN


def test_successor_cites_rows_and_sources():
    found = finding(SUCCESSOR, stopped(100))
    assert found.evidence == ("doses:3", "plans:2")
    assert "founding-s4" in found.sources
    assert "stopping.successor-within" in found.facts


# ── activity and pregnancy after stopping


@pytest.mark.parametrize(("check", "acts"), [(26, True), (27, False)])
def test_activity_near_the_end_of_the_window_is_to_be_acted_on(check, acts):
    made = stopped(
        150, mri=[scan(days_before(check), 0, 0, 0)], relapses=[relapse(days_before(60))]
    )
    found = finding(REBOUND, made)
    assert found.status is WATCH
    assert "No further check" not in found.message
    assert ("act on it now" in found.message) is acts


@pytest.mark.parametrize("ago", [28, 29, 200])
def test_returned_activity_is_the_first_thing_said_where_nothing_follows(ago):
    made = stopped(
        ago,
        relapses=[relapse(days_before(ago), line=41), relapse(days_before(ago - 1), line=42)],
        mri=[scan(days_before(1), 2, 0, 0, line=43)],
    )
    found = finding(SUCCESSOR, made)
    assert found.status is (ACT if ago > 28 else DUE)
    assert found.message.startswith(
        f"Disease activity has returned: relapse on {days_before(ago - 1)}; 2 enhancing lesions "
        f"on the MRI of {days_before(1)}."
    )
    assert "often returns" not in found.message
    assert {"relapses:42", "mri:43"} <= set(found.evidence)
    assert "relapses:41" not in found.evidence


def test_without_activity_the_published_course_is_said():
    assert "disease often returns" in finding(SUCCESSOR, stopped(100)).message


@pytest.mark.parametrize("rule", [REBOUND, "pml.mri-due"])
def test_a_scan_in_pregnancy_is_to_be_decided_with_it_in_mind(rule):
    words = "Pregnant: decide about the scan and contrast (gadolinium) with that in mind."
    expecting = pregnancy(days_before(150), line=50)
    found = finding(rule, stopped(100, pregnancies=[expecting]))
    assert words in found.message
    assert "pregnancies:50" in found.evidence
    assert found.status is finding(rule, stopped(100)).status
    born = pregnancy(days_before(290), delivery=days_before(20), outcome="live birth")
    assert words not in finding(rule, stopped(100, pregnancies=[born])).message
