"""eligibility.age and combination.contraindicated against contracts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_on,
    doses_until,
    finding,
    person,
    plan,
    treatment,
    without,
)

ON = doses_until(days_before(10), 15)
AGE, COMBINATION = "eligibility.age", "combination.contraindicated"


def aged(years: int, days_after_birthday: int = 0) -> date:
    """Birth date of somebody whose birthday of that age was so many days ago."""
    birthday = AS_OF - timedelta(days=days_after_birthday)
    return birthday.replace(year=birthday.year - years)


# ── age


@pytest.mark.parametrize(
    ("born", "status"),
    [
        (aged(18, -1), Status.ACT),
        (aged(18), Status.OK),
        (aged(65), Status.OK),
        (aged(66, -1), Status.OK),
        (aged(66), Status.WATCH),
        (aged(17, 100), Status.ACT),
        (None, Status.UNKNOWN),
        (AS_OF + timedelta(days=1), Status.UNKNOWN),
    ],
)
def test_age_matches_contract(born, status):
    found = finding(AGE, course(who=person(birth_date=born), doses=ON))
    assert found.status is status
    assert "people:2" in found.evidence
    assert found.sources


@pytest.mark.parametrize("born", [aged(17), aged(70), None])
def test_age_off_therapy_does_not_apply(born):
    made = course(
        who=person(birth_date=born),
        doses=doses_until(days_before(30), 5),
        plans=[plan(days_before(29), stopped=days_before(29), reason="patient choice", line=7)],
    )
    found = finding(AGE, made)
    assert found.status is Status.OK
    assert "stopped" in found.message
    assert "plans:7" in found.evidence


def test_age_without_any_dose_is_unknown():
    assert finding(AGE, course()).status is Status.UNKNOWN


def test_age_of_a_child_whose_first_dose_is_booked_is_acted_on():
    made = course(who=person(birth_date=aged(17)), doses=[dose(AS_OF + timedelta(days=3))])
    assert finding(AGE, made).status is Status.ACT


def test_a_missing_and_an_impossible_birth_date_are_told_apart():
    missing = finding(AGE, course(who=person(birth_date=None), doses=ON))
    assert "The birth date is not recorded" in missing.message
    future = finding(AGE, course(who=person(birth_date=AS_OF + timedelta(days=1)), doses=ON))
    assert "lies in the future" in future.message
    newborn = finding(AGE, course(who=person(birth_date=AS_OF), doses=ON))
    assert newborn.status is Status.ACT


def test_age_message_says_age_birth_date_and_limit():
    found = finding(AGE, course(who=person(birth_date=date(2007, 4, 19)), doses=ON))
    assert "17 years old (born 2007-04-19)" in found.message
    assert "below 18 years" in found.message
    assert found.facts == ("eligibility.minimum-age",)


# ── combination


def combined(*treatments, doses=ON, **options):
    return finding(COMBINATION, course(doses=doses, treatments=treatments), **options)


@pytest.mark.parametrize("kind", ["dmt", "DMT", "immunosuppressant", "disease-modifying"])
def test_a_therapy_begun_on_natalizumab_and_going_on_is_acted_on(kind):
    found = combined(treatment("2024-05-01", "fingolimod", kind, line=57))
    assert found.status is Status.ACT
    assert "fingolimod (since 2024-05-01)" in found.message
    assert "treatments:57" in found.evidence


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        # begun before the first dose, no end: unclear; one day later it overlaps
        (ON[0].day - timedelta(days=1), None, Status.WATCH),
        (ON[0].day, None, Status.ACT),
        # an end date decides: current up to the as-of date
        (ON[0].day - timedelta(days=100), AS_OF, Status.ACT),
        (ON[0].day - timedelta(days=100), AS_OF + timedelta(days=30), Status.ACT),
        (ON[0].day - timedelta(days=100), AS_OF - timedelta(days=1), Status.OK),
        (ON[0].day - timedelta(days=100), ON[0].day, Status.OK),
        (ON[0].day - timedelta(days=100), ON[0].day - timedelta(days=1), Status.OK),
        (ON[3].day, AS_OF - timedelta(days=1), Status.OK),
        (AS_OF, None, Status.ACT),
        (AS_OF + timedelta(days=1), None, Status.OK),
    ],
)
def test_overlap_matches_contract(start, end, status):
    assert combined(treatment(start, "glatiramer", "dmt", end=end)).status is status


def test_a_past_overlap_is_mentioned():
    found = combined(treatment(ON[3].day, "glatiramer", "dmt", end=ON[5].day, line=4))
    assert found.status is Status.OK
    assert "glatiramer" in found.message
    assert "has ended" in found.message
    assert "treatments:4" in found.evidence


@pytest.mark.parametrize(("days", "mentioned"), [(-1, False), (0, False), (1, True)])
def test_a_therapy_that_ended_up_to_the_first_dose_is_not_called_an_overlap(days, mentioned):
    ended = ON[0].day + timedelta(days=days)
    found = combined(treatment("2015-01-01", "glatiramer", "dmt", end=ended))
    assert found.status is Status.OK
    assert ("glatiramer" in found.message) is mentioned


@pytest.mark.parametrize("kind", ["steroid", "symptomatic", "Steroids", "symptomatic therapy"])
def test_steroids_and_symptomatic_treatments_do_not_count(kind):
    assert combined(treatment("2024-05-01", "methylprednisolone", kind)).status is Status.OK


@pytest.mark.parametrize(
    "kind",
    [
        "supplement",
        "mineral",
        "Painkiller",
        "pain relief",
        "paracetamol",
        "antihypertensive",
        "antidiabetic",
        "hormone",
        "hormonal therapy",
        "thyroid replacement",
        "spasmolytic",
        "bladder",
        "sleep aid",
    ],
)
def test_everyday_treatments_do_not_count(kind):
    assert combined(treatment("2024-05-01", "a drug", kind)).status is Status.OK


@pytest.mark.parametrize("kind", ["", "oncology"])
def test_a_treatment_of_unknown_kind_is_shown(kind):
    found = combined(treatment("2024-05-01", "compound X", kind))
    assert found.status is Status.WATCH
    assert "compound X" in found.message
    ended = combined(treatment("2024-05-01", "compound X", kind, end=date(2024, 5, 8)))
    assert ended.status is Status.OK


@pytest.mark.parametrize("name", ["natalizumab", "Tysabri", "Tyruko 300 mg"])
def test_natalizumab_itself_is_no_other_therapy(name):
    assert combined(treatment(ON[0].day, name, "dmt")).status is Status.OK


def test_an_immunosuppressant_by_name_counts_under_any_kind():
    assert combined(treatment("2024-05-01", "Methotrexate", "symptomatic")).status is Status.ACT


def test_the_most_urgent_of_several_decides():
    found = combined(
        treatment("2015-01-01", "glatiramer", "dmt"), treatment("2024-05-01", "fingolimod", "dmt")
    )
    assert found.status is Status.ACT
    assert "fingolimod" in found.message


def test_a_successor_after_stopping_is_no_overlap():
    made = course(
        doses=doses_until(days_before(60), 10),
        plans=[plan(days_before(55), stopped=days_before(60))],
        treatments=[treatment(days_before(30), "ocrelizumab", "dmt")],
    )
    assert finding(COMBINATION, made).status is Status.OK


@pytest.mark.parametrize(("gap", "status"), [(56, Status.ACT), (57, Status.WATCH)])
def test_a_therapy_begun_in_a_gap_between_courses_is_unclear(gap, status):
    first = date(2023, 1, 2)
    restart = first + timedelta(days=gap)
    doses = doses_on([first, *(restart + timedelta(days=28 * i) for i in range(20))])
    doses = tuple(d for d in doses if d.day <= AS_OF)
    found = combined(treatment(first + timedelta(days=20), "fingolimod", "dmt"), doses=doses)
    assert found.status is status


def test_without_the_table_overlap_is_unknown():
    made = course(doses=ON, recorded=without("treatments"))
    found = finding(COMBINATION, made)
    assert found.status is Status.UNKNOWN
    assert "treatments is not in the export" in found.message


def test_nothing_recorded_is_ok_and_never_dosed_unknown():
    assert combined().status is Status.OK
    assert combined(doses=()).status is Status.UNKNOWN


def test_a_first_dose_that_is_only_booked_overlaps_with_nothing_yet():
    found = combined(
        treatment("2024-01-01", "fingolimod", "dmt"), doses=[dose(AS_OF + timedelta(days=3))]
    )
    assert found.status is Status.OK
    assert "before the next dose" in found.message


@pytest.mark.parametrize(("name", "said"), [("interferon beta-1a", True), ("fingolimod", False)])
def test_interferon_beside_it_is_forbidden_whatever_the_guide_reports(name, said):
    made = course(
        doses=doses_until(days_before(7), 6), treatments=[treatment(days_before(30), name)]
    )
    found = finding("combination.contraindicated", made)
    assert found.status is Status.ACT
    assert ("interferon beta-1a beside it" in found.message) is said
    assert "founding-s2" in found.sources
