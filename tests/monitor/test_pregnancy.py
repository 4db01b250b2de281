"""pregnancy.plan and pregnancy.newborn-count: every status, each limit a day either side."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.course.events import Pregnancy, Ref
from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_on,
    finding,
    person,
    plan,
    pregnancy,
    symptom,
    without,
)

ACT, DUE, WATCH, UNKNOWN, OK = Status.ACT, Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK
PLAN, NEWBORN = "pregnancy.plan", "pregnancy.newborn-count"
ON = doses_on([days_before(400), days_before(10)])


def weeks(completed: int, days: int = 0, **more) -> Pregnancy:
    """A pregnancy of so many completed weeks and days at the as-of date."""
    conception = AS_OF - timedelta(weeks=completed, days=days) + timedelta(days=14)
    return pregnancy(conception, due=conception + timedelta(days=266), line=80, **more)


def known_by_due_date(due: date, at: date) -> Pregnancy:
    return Pregnancy(
        at=datetime.combine(at, time.min),
        ref=Ref("pregnancies", 81),
        conception=None,
        due=due,
        delivery=None,
    )


def on(**events) -> Course:
    return course(doses=ON, **events)


def off(ago: int = 100, reason: str = "patient choice", **events) -> Course:
    record = plan(days_before(ago), stopped=days_before(ago), reason=reason, line=20)
    return course(doses=doses_on([days_before(800), days_before(ago)]), plans=[record], **events)


# ── pregnancy.plan


@pytest.mark.parametrize(
    ("week", "day", "in_label", "in_study"),
    [
        (2, 0, DUE, DUE),
        (30, 0, DUE, DUE),
        (30, 6, DUE, DUE),
        (31, 0, ACT, DUE),
        (34, 6, ACT, DUE),
        (35, 0, ACT, ACT),
    ],
)
def test_week_of_pregnancy_matches_contract(week, day, in_label, in_study):
    made = on(pregnancies=[weeks(week, day)])
    for profile, expected in (("eu", in_label), ("us", in_label), ("study", in_study)):
        found = finding(PLAN, made, profile=profile)
        assert found.status is expected
        assert f"week {week}+{day}" in found.message


def test_last_day_of_the_last_week_is_the_due_date():
    found = finding(PLAN, on(pregnancies=[weeks(20)]))
    assert found.due == AS_OF + timedelta(weeks=11) - timedelta(days=1)
    assert "week 30 (Gulf consensus, NAP-30), about week 34" in found.message
    assert {"gulf-consensus-2020", "abn-2019"} <= set(found.sources)


def test_profiles_that_differ_are_shown():
    found = finding(PLAN, on(pregnancies=[weeks(31)]))
    assert [(name, status) for name, status, _ in found.others] == [("study", DUE)]


def test_conception_day_begins_the_decision():
    assert finding(PLAN, on(pregnancies=[pregnancy(AS_OF)])).status is DUE
    assert finding(PLAN, on(pregnancies=[pregnancy(AS_OF + timedelta(days=1))])).status is OK


@pytest.mark.parametrize(("days", "expected"), [(63, ACT), (64, DUE)])
def test_due_date_alone_dates_the_pregnancy(days, expected):
    due = AS_OF + timedelta(days=days)
    for at in (due, days_before(30)):  # however the reader placed it in time
        found = finding(PLAN, on(pregnancies=[known_by_due_date(due, at)]))
        assert found.status is expected


@pytest.mark.parametrize(("days", "expected"), [(308, ACT), (309, UNKNOWN)])
def test_pregnancy_beyond_44_weeks_is_unclear(days, expected):
    found = finding(PLAN, on(pregnancies=[weeks(0, days)]))
    assert found.status is expected


def test_pregnant_off_therapy_is_watched():
    found = finding(PLAN, off(pregnancies=[weeks(20)]))
    assert found.status is WATCH
    assert "4 weeks (unverified)" in found.message
    assert {"pregnancies:80", "plans:20"} <= set(found.evidence)


@pytest.mark.parametrize("ago", [56, 57, 364])
def test_a_presumed_stop_in_pregnancy_leaves_the_decision_due(ago):
    given = doses_on([days_before(800), days_before(ago)])
    found = finding(PLAN, course(doses=given, pregnancies=[weeks(12)]))
    assert found.status is DUE
    assert found.due == AS_OF + timedelta(weeks=19) - timedelta(days=1)
    assert ("record the stop or the plan" in found.message) is (ago > 56)
    assert "off natalizumab" not in found.message


def test_a_recorded_stop_or_continuation_ends_the_open_decision():
    given = doses_on([days_before(800), days_before(57)])
    stop = plan(days_before(10), stopped=days_before(10))
    for record in (stop, plan(days_before(10), 42)):
        made = course(doses=given, pregnancies=[weeks(12)], plans=[record])
        assert finding(PLAN, made).status is WATCH
    again = course(doses=[*given, dose(days_before(1))], pregnancies=[weeks(12)])
    assert "Decide together whether and until when to continue" in finding(PLAN, again).message


@pytest.mark.parametrize("reason", ["pregnancy wish", "Pregnancy-wish", "family planning"])
def test_recorded_wish_is_watched(reason):
    found = finding(PLAN, off(reason=reason))
    assert found.status is WATCH
    assert reason in found.message


def test_wish_in_a_symptom_counts_and_a_denied_one_does_not():
    assert finding(PLAN, on(symptoms=[symptom(days_before(9), "pregnancy wish")])).status is WATCH
    denied = symptom(days_before(9), "no pregnancy wish")
    assert finding(PLAN, on(symptoms=[denied])).status is OK


def test_wish_is_fulfilled_by_a_later_pregnancy():
    conception = days_before(300)
    born = pregnancy(conception, delivery=days_before(34), outcome="live birth")
    assert finding(PLAN, off(350, "pregnancy wish", pregnancies=[born])).status is OK
    assert finding(PLAN, off(100, "pregnancy wish", pregnancies=[born])).status is WATCH


def test_delivery_on_the_date_ends_the_decision():
    today = weeks(40, delivery=AS_OF)
    assert finding(PLAN, on(pregnancies=[today])).status is OK
    expected = weeks(39, delivery=AS_OF + timedelta(days=1))
    assert finding(PLAN, on(pregnancies=[expected])).status is ACT


def test_lost_pregnancy_is_ok():
    assert finding(PLAN, on(pregnancies=[weeks(12, outcome="miscarriage")])).status is OK


def test_none_recorded_is_ok_and_missing_table_unknown():
    assert finding(PLAN, on()).status is OK
    missing = course(recorded=without("pregnancies"), doses=ON)
    found = finding(PLAN, missing)
    assert found.status is UNKNOWN
    assert "pregnancies is not in the export" in found.message


@pytest.mark.parametrize(
    ("age", "sex", "expected"),
    [
        (14, "F", OK),
        (15, "F", UNKNOWN),
        (50, "F", UNKNOWN),
        (51, "F", OK),
        (30, "M", OK),
        (30, "", UNKNOWN),
        (None, "F", UNKNOWN),
    ],
)
def test_missing_table_asks_only_where_pregnancy_is_possible(age, sex, expected):
    born = None if age is None else date(AS_OF.year - age, AS_OF.month, AS_OF.day)
    who = person(birth_date=born, sex=sex)
    made = course(who=who, recorded=without("pregnancies"), doses=ON)
    for rule in (PLAN, NEWBORN):
        assert finding(rule, made).status is expected


MAN = replace(person(sex="M"), ref=Ref("people", 7))


@pytest.mark.parametrize(("rule", "row"), [(PLAN, weeks(20)), (NEWBORN, weeks(36))])
def test_pregnancy_of_a_man_is_a_contradiction_and_is_taken_as_right(rule, row):
    found = finding(rule, course(who=MAN, doses=ON, pregnancies=[row]))
    woman = finding(rule, on(pregnancies=[row]))
    assert found.status is woman.status
    assert found.due == woman.due
    assert found.status is not OK
    assert "recorded as male: check people:7 and pregnancies:" in found.message
    assert woman.message in found.message
    assert {"people:7", str(row.ref)} <= set(found.evidence)


def test_that_nothing_is_to_be_done_is_not_known_of_a_pregnant_man():
    lost = pregnancy(days_before(100), outcome="miscarriage")
    for rule in (PLAN, NEWBORN):
        found = finding(rule, course(who=MAN, doses=ON, pregnancies=[lost]))
        assert found.status is UNKNOWN
        assert "recorded as male" in found.message


def test_what_is_not_known_of_a_pregnant_man_is_told_beside_the_contradiction():
    unclear = pregnancy(days_before(400), line=80)
    of_a_man = finding(PLAN, course(who=MAN, doses=ON, pregnancies=[unclear]))
    of_a_woman = finding(PLAN, on(pregnancies=[unclear]))
    assert of_a_woman.status is UNKNOWN
    assert of_a_man.status is UNKNOWN
    assert "recorded as male" in of_a_man.message
    assert of_a_woman.message in of_a_man.message


def test_never_dosed_is_unknown():
    for rule in (PLAN, NEWBORN):
        assert finding(rule, course(pregnancies=[weeks(20)])).status is UNKNOWN


def test_label_guidelines_and_intervals_are_shown_side_by_side():
    """C13: leaflet, ABN, Gulf and NAP-30; G2 is from memory and says so."""
    found = finding(PLAN, on(pregnancies=[weeks(10)]))
    for part in (
        "EU leaflet: not unless discussed",
        "every 6 weeks (NAP-30)",
        "every 8 weeks (unverified)",
        "25.7",
        "62.6",
        "350 pregnancies",
    ):
        assert part in found.message
    assert "2.62" not in found.message


@pytest.mark.parametrize(("days", "shown"), [(18, True), (19, False)])
def test_figures_of_late_doses_where_the_next_dose_is_one(days, shown):
    """The next dose is in 18 days: in week 30+0, or a day before it."""
    conception = AS_OF + timedelta(days=days) - timedelta(weeks=30) + timedelta(days=14)
    found = finding(PLAN, on(pregnancies=[pregnancy(conception)]))
    for part in ("0.36", "2.62", "2.64"):
        assert (part in found.message) is shown


@pytest.mark.parametrize(("week", "shown"), [(29, False), (30, True)])
def test_a_late_dose_is_given_today_at_the_earliest(week, shown):
    late = course(doses=doses_on([days_before(400), days_before(40)]), pregnancies=[weeks(week, 0)])
    assert ("0.36" in finding(PLAN, late).message) is shown


# ── pregnancy.newborn-count


@pytest.mark.parametrize(("ago", "expected"), [(0, DUE), (12, DUE), (90, DUE), (91, WATCH)])
def test_delivery_without_a_count_matches_contract(ago, expected):
    born = days_before(ago)
    made = on(pregnancies=[pregnancy(born - timedelta(days=266), delivery=born, line=80)])
    found = finding(NEWBORN, made)
    assert found.status is expected
    assert "pregnancies:80" in found.evidence


@pytest.mark.parametrize(("ahead", "expected"), [(71, WATCH), (70, DUE), (1, DUE), (-27, DUE)])
def test_expected_delivery_matches_contract(ahead, expected):
    due = AS_OF + timedelta(days=ahead)
    made = on(pregnancies=[pregnancy(due - timedelta(days=266), due=due)])
    found = finding(NEWBORN, made)
    assert found.status is expected
    assert found.due == due


def test_early_pregnancy_is_watched():
    assert finding(NEWBORN, on(pregnancies=[pregnancy(AS_OF)])).status is WATCH


@pytest.mark.parametrize(
    ("free", "expected"), [(-200, DUE), (0, DUE), (90, DUE), (365, DUE), (366, OK)]
)
def test_exposure_before_conception(free, expected):
    """``free`` days lie between the last dose and conception."""
    born = days_before(10)
    conception = born - timedelta(days=266)
    given = doses_on([conception - timedelta(days=900), conception - timedelta(days=free)])
    made = course(doses=given, pregnancies=[pregnancy(conception, delivery=born)])
    found = finding(NEWBORN, made)
    assert found.status is expected
    if expected is OK:
        assert "not exposed" in found.message


def test_doses_after_birth_do_not_expose():
    born = days_before(30)
    made = course(
        doses=doses_on([days_before(10)]),
        pregnancies=[pregnancy(born - timedelta(days=266), delivery=born)],
    )
    assert finding(NEWBORN, made).status is OK


@pytest.mark.parametrize(
    ("outcome", "extra", "expected"),
    [
        ("live birth", {}, DUE),
        ("live birth, newborn platelets 180", {}, OK),
        ("live birth; no newborn count", {}, DUE),
        ("live birth", {"newborn_count": "2024-06-20"}, OK),
        ("live birth", {"Newborn platelets": "210"}, OK),
        ("live birth", {"newborn_count": "no"}, DUE),
        ("live birth", {"newborn_count": " "}, DUE),
        ("stillbirth", {}, OK),
        ("live birth", {"newborn_count": "platelets 60, low"}, WATCH),
        ("live birth", {"newborn_count": "no anaemia"}, OK),
    ],
)
def test_recorded_count_settles_it(outcome, extra, expected):
    born = days_before(10)
    row = Pregnancy(
        at=datetime.combine(born - timedelta(days=266), time.min),
        ref=Ref("pregnancies", 80),
        conception=born - timedelta(days=266),
        due=None,
        delivery=born,
        outcome=outcome,
        extra=extra,
    )
    assert finding(NEWBORN, on(pregnancies=[row])).status is expected


@pytest.mark.parametrize(("late", "expected"), [(90, DUE), (91, UNKNOWN)])
def test_outcome_never_recorded(late, expected):
    due = days_before(late)
    made = on(pregnancies=[pregnancy(due - timedelta(days=266), due=due)])
    found = finding(NEWBORN, made)
    assert found.status is expected
    assert "not recorded" in found.message


def test_most_urgent_of_several_pregnancies_is_reported():
    first = pregnancy(days_before(900), delivery=days_before(634), line=80)
    second = pregnancy(days_before(300), delivery=days_before(34), line=81)
    found = finding(NEWBORN, on(pregnancies=[first, second]))
    assert found.status is DUE
    assert "pregnancies:81" in found.evidence


@pytest.mark.parametrize(("ago", "expected"), [(152, WATCH), (153, OK)])
def test_a_count_that_was_not_normal_is_repeated_to_5_months(ago, expected):
    born = days_before(ago)
    row = Pregnancy(
        at=datetime.combine(born - timedelta(days=266), time.min),
        ref=Ref("pregnancies", 80),
        conception=born - timedelta(days=266),
        due=None,
        delivery=born,
        outcome="live birth",
        extra={"newborn_count": "thrombocytopenia"},
    )
    found = finding(NEWBORN, on(pregnancies=[row]))
    assert found.status is expected
    assert ("4 to 5 months" in found.message) is (expected is WATCH)


def test_newborn_tests_are_those_of_the_sources():
    message = finding(NEWBORN, on(pregnancies=[weeks(36)])).message
    for part in ("platelets and full blood count", "LDH, bilirubin, haptoglobin", "4 to 5 months"):
        assert part in message


def test_newborn_cites_why():
    found = finding(NEWBORN, on(pregnancies=[weeks(36)]))
    for part in ("crosses the placenta", "2.64", "2.62"):
        assert part in found.message
    assert {"compendium-26085", "pregnancy-350-registry"} <= set(found.sources)


@pytest.mark.parametrize(("week", "shown"), [(8, False), (29, False), (30, True), (36, True)])
def test_odds_of_late_doses_only_where_the_last_dose_was_late(week, shown):
    """The registry's odds are of a last dose at 30 weeks or later (pregnancy-350-registry)."""
    born = days_before(10)
    conception = born - timedelta(days=266)
    last = conception + timedelta(weeks=week - 2, days=6 if week == 29 else 0)
    given = doses_on([conception - timedelta(days=900), last])
    stop = plan(last, stopped=last)
    made = course(doses=given, plans=[stop], pregnancies=[pregnancy(conception, delivery=born)])
    found = finding(NEWBORN, made)
    assert found.status is DUE
    assert "crosses the placenta" in found.message
    assert ("odds" in found.message) is shown


@pytest.mark.parametrize(("stopped", "shown"), [(True, False), (False, True)])
def test_odds_of_late_doses_while_more_may_follow(stopped, shown):
    """A stop that is only presumed excludes no later dose."""
    given = doses_on([days_before(800), days_before(100)])
    plans = [plan(days_before(100), stopped=days_before(100))] if stopped else []
    made = course(doses=given, plans=plans, pregnancies=[weeks(20)])
    assert ("odds" in finding(NEWBORN, made).message) is shown
