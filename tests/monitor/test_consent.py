"""consent.re-inform (two years, Swiss label) and review.re-authorisation (TOUCH)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import course, days_before, doses_on, edss, finding, plan, without

DUE, WATCH, UNKNOWN, OK = Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
CONSENT, TOUCH = "consent.re-inform", "review.re-authorisation"


def treated(exposure: int, **events) -> Course:
    return course(doses=doses_on([days_before(exposure), days_before(min(7, exposure))]), **events)


def consented(ago: int, line: int = 12):
    return replace(plan(days_before(ago), line=line), consent=days_before(ago))


def authorised(ago: int, line: int = 13):
    return replace(plan(days_before(ago), line=line), authorised=days_before(ago))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("exposure", "expected"), [(699, OK), (700, WATCH), (729, WATCH), (730, DUE), (2000, DUE)]
)
def test_consent_is_renewed_at_two_years_by_the_swiss_label(exposure, expected, profile):
    found = finding(CONSENT, treated(exposure), profile=profile)
    assert found.status is expected
    assert {"swiss-label", "founding-s0"} <= set(found.sources)
    if expected in {WATCH, DUE}:
        assert found.due == days_before(exposure) + timedelta(days=730)


@pytest.mark.parametrize(("day", "expected"), [(699, DUE), (700, OK), (745, OK)])
def test_consent_a_month_early_counts_and_an_older_one_does_not(day, expected):
    made = treated(760, plans=[consented(760 - day)])
    found = finding(CONSENT, made)
    assert found.status is expected
    assert found.evidence[0] == "plans:12"


@pytest.mark.parametrize(
    ("reason", "expected"), [("re-consent", OK), ("Consent renewed", OK), ("no consent", DUE)]
)
def test_consent_by_the_reason_of_a_plan(reason, expected):
    made = treated(760, plans=[plan(days_before(10), 28, reason=reason)])
    assert finding(CONSENT, made).status is expected


def test_where_nobody_records_consents_a_visit_leaves_it_unknown():
    found = finding(CONSENT, treated(760, edss=[edss(days_before(20), line=50)]))
    assert found.status is UNKNOWN
    assert "plans, column consent" in found.message
    earlier = treated(760, edss=[edss(days_before(61))])
    assert finding(CONSENT, earlier).status is DUE
    recorded = treated(760, edss=[edss(days_before(20))], plans=[consented(760)])
    assert finding(CONSENT, recorded).status is DUE


def test_consent_off_therapy_and_without_table_or_dose():
    stop = plan(days_before(5), stopped=days_before(5))
    assert finding(CONSENT, treated(800, plans=[stop])).status is OK
    lacking = course(recorded=without("plans"), doses=treated(760).doses)
    assert finding(CONSENT, lacking).status is UNKNOWN
    assert finding(CONSENT, course()).status is UNKNOWN


def test_two_years_are_asked_for_once():
    made = treated(760, edss=[edss(days_before(170))])
    assert finding(CONSENT, made).status is DUE
    assert "PML" not in finding("review.due", made).message


# ── review.re-authorisation


@pytest.mark.parametrize(
    ("ago", "expected"), [(152, OK), (153, WATCH), (182, WATCH), (183, DUE), (900, DUE)]
)
def test_every_six_months_in_the_us_programme(ago, expected):
    made = treated(1000, plans=[authorised(ago)])
    found = finding(TOUCH, made, profile="us")
    assert found.status is expected
    assert found.due == days_before(ago) + timedelta(days=183)
    assert found.sources == ("touch-program",) or "touch-program" in found.sources
    for other in ("eu", "study"):
        elsewhere = finding(TOUCH, made, profile=other)
        assert elsewhere.status is OK
        assert elsewhere.message == "Not asked for under this profile."


def test_latest_authorisation_counts():
    made = treated(1000, plans=[authorised(10, line=14), authorised(400)])
    found = finding(TOUCH, made, profile="us")
    assert found.status is OK
    assert found.evidence[0] == "plans:14"


def test_authorisation_never_recorded_is_unknown_in_one_sentence():
    found = finding(TOUCH, treated(1000), profile="us")
    assert found.status is UNKNOWN
    assert found.message.count(".") == 1
    lacking = course(recorded=without("plans"), doses=treated(760).doses)
    assert finding(TOUCH, lacking, profile="us").status is UNKNOWN


def test_authorisation_off_therapy_or_never_dosed():
    stop = plan(days_before(5), stopped=days_before(5))
    off = treated(800, plans=[stop, authorised(300)])
    assert finding(TOUCH, off, profile="us").status is OK
    assert finding(TOUCH, course(), profile="us").status is UNKNOWN
