"""antibody.confirm and antibody.persistent against contracts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.antibodies import antibody_definition, antibody_limits
from tests.build import (
    AS_OF,
    antibody,
    course,
    days_before,
    dose,
    doses_until,
    finding,
    plan,
    without,
)

CONFIRM, PERSISTENT = "antibody.confirm", "antibody.persistent"
ON = doses_until(days_before(10), 30)
P, N = "positive", "negative"


def results(*tests, doses=ON, threshold=500.0, plans=()):
    """A course with antibody tests as (days before the as-of date, result)."""
    return course(
        doses=doses,
        plans=plans,
        measurements=[
            antibody(days_before(d), r, threshold=threshold, line=i)
            for i, (d, r) in enumerate(tests, start=2)
        ],
    )


STOPPED = [plan(days_before(5), stopped=days_before(5), line=44)]


def test_profiles_choose_their_own_definition():
    chosen = {name: antibody_definition(load_profile(name)).value for name in PROFILES}
    assert chosen == {"eu": "eu", "us": "us", "study": "affirm"}
    limits = antibody_limits(load_profile("eu"))
    assert limits.threshold_ng_per_ml == 500
    assert (limits.eu_apart_days, limits.us_apart_days, limits.affirm_apart_days) == (42, 90, 42)
    assert (limits.shankar_apart_days, limits.malaga_positives) == (112, 2)


# ── confirm


@pytest.mark.parametrize(
    ("profile", "days", "status"),
    [
        ("eu", 0, Status.WATCH),
        ("eu", 41, Status.WATCH),
        ("eu", 42, Status.DUE),
        ("eu", 400, Status.DUE),
        ("us", 89, Status.WATCH),
        ("us", 90, Status.DUE),
        ("study", 41, Status.WATCH),
        ("study", 42, Status.DUE),
    ],
)
def test_one_positive_waits_for_the_profiles_retest_matches_contract(profile, days, status):
    found = finding(CONFIRM, results((days, P)), profile=profile)
    wait = 90 if profile == "us" else 42
    assert found.status is status
    assert found.due == days_before(days) + timedelta(days=wait)
    assert str(found.due) in found.message or "today" in found.message
    assert "measurements:2" in found.evidence


def test_the_eu_interval_is_shown_as_unverified():
    found = finding(CONFIRM, results((50, P)))
    assert "6 weeks (unverified)" in found.message
    assert "definition.antibodies.eu.apart" in found.facts
    assert "(unverified)" not in finding(CONFIRM, results((50, P)), profile="study").message


def test_two_positives_too_close_together_still_wait():
    found = finding(CONFIRM, results((60, P), (30, P)))
    assert found.status is Status.DUE
    assert "measurements:3" in found.evidence


def test_positive_then_negative_is_transient():
    found = finding(CONFIRM, results((100, P), (50, N)))
    assert found.status is Status.OK
    assert "transient" in found.message
    assert set(found.evidence) >= {"measurements:2", "measurements:3"}


def test_a_new_positive_after_a_negative_waits_again():
    found = finding(CONFIRM, results((300, P), (200, N), (50, P)))
    assert found.status is Status.DUE
    assert found.due == days_before(50) + timedelta(days=42)


def test_confirmed_leaves_nothing_to_confirm():
    found = finding(CONFIRM, results((100, P), (50, P)))
    assert found.status is Status.OK
    assert "Nothing left to confirm" in found.message
    assert ("us", Status.DUE) in [(n, s) for n, s, _ in found.others]


def test_all_negative_is_ok():
    assert finding(CONFIRM, results((100, N))).status is Status.OK
    assert "All 2 tests negative" in finding(CONFIRM, results((100, N), (10, N))).message


@pytest.mark.parametrize(("value", "status"), [(499.9, Status.OK), (500.0, Status.DUE)])
def test_a_number_counts_from_500(value, status):
    found = finding(CONFIRM, results((50, value), threshold=4.0))
    assert found.status is status
    if status is Status.OK:
        assert "more sensitive cut-off" in found.message


@pytest.mark.parametrize(
    ("threshold", "status"), [(500.0, Status.DUE), (None, Status.DUE), (4.0, Status.UNKNOWN)]
)
def test_an_answer_counts_by_its_assays_cut_off(threshold, status):
    found = finding(CONFIRM, results((50, P), threshold=threshold))
    assert found.status is status
    if threshold is None:
        assert "cut-off is not recorded the answer was taken at 500 ng/mL" in found.message


def test_arbitrary_units_are_never_compared():
    made = course(
        doses=ON,
        measurements=[antibody(days_before(50), 900.0, threshold=None, unit="AU/mL")],
    )
    for rule in (CONFIRM, PERSISTENT):
        found = finding(rule, made)
        assert found.status is Status.UNKNOWN
        assert "900 AU/mL" in found.message


# ── persistent


@pytest.mark.parametrize(
    ("profile", "apart", "status"),
    [
        ("eu", 41, Status.WATCH),
        ("eu", 42, Status.ACT),
        ("us", 89, Status.WATCH),
        ("us", 90, Status.ACT),
        ("study", 41, Status.WATCH),
        ("study", 42, Status.ACT),
    ],
)
def test_persistent_matches_the_profiles_definition(profile, apart, status):
    found = finding(PERSISTENT, results((apart + 20, P), (20, P)), profile=profile)
    assert found.status is status
    assert set(found.evidence) >= {"measurements:2", "measurements:3"}


def test_an_eu_confirmation_can_be_denied_where_affirm_counts():
    """Positive, negative in the confirmatory test, positive: persistent for AFFIRM alone."""
    made = results((200, P), (150, N), (100, P), (50, N))
    eu, study = finding(PERSISTENT, made), finding(PERSISTENT, made, profile="study")
    assert eu.status is Status.WATCH
    assert "AFFIRM" in eu.message
    assert study.status is Status.ACT


def test_persistent_names_definition_tests_and_what_to_do():
    found = finding(PERSISTENT, results((120, P), (50, P)))
    assert "definition of the EU label" in found.message
    assert f"{days_before(120)} (positive, cut-off 500 ng/mL)" in found.message
    assert "10 weeks later" in found.message
    assert "decide before the next dose" in found.message
    assert "positive, not yet confirmed (US label)" in found.message
    assert found.due == days_before(10) + timedelta(days=28)
    assert {"calabresi-2007", "eu-smpc"} <= set(found.sources)


def test_persistent_and_negative_since_says_so():
    found = finding(PERSISTENT, results((300, P), (200, P), (100, N)))
    assert found.status is Status.ACT
    assert "The last test" in found.message
    assert "is negative" in found.message
    assert "were persistent once" in found.message
    assert "measurements:4" in found.evidence


def test_low_positives_are_watched_by_the_other_definitions():
    found = finding(PERSISTENT, results((300, 21.0), (100, 226.0), threshold=4.0))
    assert found.status is Status.WATCH
    assert "Shankar 2014" in found.message
    assert "any two positive tests (Malaga)" in found.message
    assert "226 ng/mL, cut-off 4 ng/mL" in found.message
    assert "definition.antibodies.adam.apart" in found.facts


def test_one_positive_last_sample_is_persistent_for_shankar_alone():
    found = finding(PERSISTENT, results((100, P)))
    assert found.status is Status.WATCH
    assert "the last sample" in found.message
    assert "not yet known" in found.message


def test_transient_is_not_persistent():
    found = finding(PERSISTENT, results((100, P), (50, N)))
    assert found.status is Status.OK
    assert "positive before, negative since" in found.message


# ── off therapy, missing


@pytest.mark.parametrize(
    ("tests", "confirm", "persistent"),
    [
        ([(100, P)], Status.OK, Status.WATCH),  # another definition calls it persistent
        ([(100, P), (50, P)], Status.OK, Status.WATCH),
        ([(100, N)], Status.OK, Status.OK),
        ([], Status.OK, Status.OK),
    ],
)
def test_off_therapy_nothing_is_urged(tests, confirm, persistent):
    made = results(*tests, plans=STOPPED)
    assert finding(CONFIRM, made).status is confirm
    assert finding(PERSISTENT, made).status is persistent


def test_off_therapy_an_open_positive_is_told():
    found = finding(CONFIRM, results((100, P), plans=STOPPED))
    assert "Retest before natalizumab is restarted" in found.message
    assert "plans:44" in found.evidence


@pytest.mark.parametrize("apart", [41, 42])
def test_off_therapy_a_retest_that_came_too_early_is_told_as_a_retest(apart):
    found = finding(CONFIRM, results((100, P), (100 - apart, P), plans=STOPPED))
    assert "not retested" not in found.message
    if apart < 42:  # the EU label's distance
        assert f"again on {days_before(100 - apart)}" in found.message
        assert "no test 6 weeks (unverified) or more after it" in found.message


@pytest.mark.parametrize("changes", [{"plans": STOPPED}, {"doses": ()}])
def test_persistent_by_another_definition_only_is_watched_off_therapy(changes):
    found = finding(PERSISTENT, results((100, P), (59, P), **changes))
    assert found.status is Status.WATCH
    assert "Persistent by another definition only" in found.message
    assert "By any two positive tests" in found.message


def test_off_therapy_with_a_restart_booked_everything_counts_again():
    doses = [*doses_until(days_before(40), 5), dose(AS_OF + timedelta(days=5))]
    stopped = [plan(days_before(30), stopped=days_before(30))]
    made = results((100, P), (50, P), doses=doses, plans=stopped)
    assert finding(PERSISTENT, made).status is Status.ACT
    made = results((100, P), doses=doses, plans=stopped)
    assert finding(CONFIRM, made).status is Status.DUE


@pytest.mark.parametrize("rule", [CONFIRM, PERSISTENT])
def test_missing_tests_are_unknown(rule):
    assert finding(rule, results()).status is Status.UNKNOWN
    found = finding(rule, course(doses=ON, recorded=without("measurements")))
    assert found.status is Status.UNKNOWN
    assert "measurements is not in the export" in found.message
    assert finding(rule, course()).status is Status.UNKNOWN
    assert finding(rule, results((50, "indeterminate"))).status is Status.UNKNOWN


@pytest.mark.parametrize("rule", [CONFIRM, PERSISTENT])
def test_a_result_after_the_as_of_date_is_not_used(rule):
    assert finding(rule, results((100, N), (-1, P))).status is Status.OK


# ── every definition side by side (conflict C3)


def test_finding_says_what_every_definition_calls_the_person():
    found = finding(PERSISTENT, results((120, P), (78, P)))
    assert "By definition: persistent (EU label, AFFIRM, Shankar, Malaga), " in found.message
    assert "positive, not yet confirmed (US label)." in found.message
    assert "Origin: treatment-induced." in found.message
    transient = finding(PERSISTENT, results((120, P), (78, N)))
    assert transient.status is Status.OK
    assert "By definition: transient (EU label, US label, AFFIRM, Shankar, Malaga)." in (
        transient.message
    )


def test_negative_person_is_not_told_of_definitions():
    assert "By definition" not in finding(PERSISTENT, results((120, N), (78, N))).message
