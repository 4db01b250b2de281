"""interval.candidate against contracts: every condition, one day to either side."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from scipy.stats import binomtest

from openntz.course.vocabulary import (
    ALT,
    ANTIBODIES,
    AST,
    BILIRUBIN,
    JCV_DNA,
    PLATELETS,
    lost_results,
)
from openntz.errors import ProfileError
from openntz.evidence.registry import registry
from openntz.forecast.decide import weekdays_of
from openntz.forecast.result import ClearanceChange
from openntz.monitor.engine import verdict_of
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile, load_profile
from openntz.monitor.rules.candidate import CANDIDATE
from openntz.monitor.rules.conditions import CONDITION
from openntz.monitor.rules.eligibility import COMBINATION
from openntz.monitor.rules.infection import INFECTION
from openntz.monitor.rules.laboratory import PLATELETS_LOW
from openntz.monitor.rules.liver import LIVER_INJURY
from openntz.monitor.rules.pml_suspected import SUSPECTED
from openntz.monitor.rules.restart_gate import GATE
from tests.build import (
    AS_OF,
    NO_FORECAST,
    antibody,
    course,
    days_before,
    doses_on,
    doses_until,
    finding,
    forecast,
    level,
    measurement,
    outlook,
    person,
    plan,
    pregnancy,
    reaction,
    relapse,
    scan,
    situation,
    symptom,
    treatment,
    verdict,
    without,
)

RULE = "interval.candidate"
CHANCES = {
    28: {10.0: 1.0, 5.0: 1.0, 2.0: 1.0},
    35: {10.0: 0.99, 5.0: 1.0, 2.0: 1.0},
    42: {10.0: 0.95, 5.0: 0.99, 2.0: 1.0},
    49: {10.0: 0.70, 5.0: 0.95, 2.0: 0.99},
    56: {10.0: 0.30, 5.0: 0.80, 2.0: 0.95},
    70: {10.0: 0.99, 5.0: 1.0, 2.0: 1.0},
}


def suited(
    *,
    doses=None,
    levels: int = 2,
    chances=CHANCES,
    steady=None,
    interval: int = 28,
    measurements=(),
    mri=None,
    who=None,
    recorded=None,
    profile: str | Profile = "eu",
    predicted=None,
    **events,
):
    """Somebody who meets every condition; each test spoils one."""
    drawn = [level(days_before(100 + 28 * i), 41.0, line=40 + i) for i in range(levels)]
    doses = doses_until(days_before(10), 17) if doses is None else doses
    plans = [plan("2020-01-01", interval, line=5), *events.pop("plans", [])]
    made = course(
        who=who or person(),
        doses=doses,
        plans=plans,
        measurements=[*drawn, *measurements],
        mri=[scan(days_before(40), line=30)] if mri is None else mri,
        **({"recorded": recorded} if recorded is not None else {}),
        **events,
    )
    given = predicted or forecast(
        levels=tuple(verdict(d) for d in drawn),
        outlook=outlook(chances, steady) if chances else None,
    )
    return finding(RULE, made, profile=profile, predicted=given)


def test_a_suited_person_is_a_candidate_and_is_told_everything():
    found = suited(measurements=[measurement("jcv index", days_before(60), 0.2, line=50)])
    assert found.status is Status.WATCH
    message = found.message
    # Straight from 95 % on day 42 to 70 % on day 49: 91 % on day 43, 88 % on day 44.
    assert (
        "Candidate for a longer interval than 4 weeks: up to 43 days, a next dose on Friday "
        "2024-08-02 (8.5 infusions a year), with a chance of a trough of at least 10 µg/mL of "
        "91 % then and 91 % once that interval is kept. 17 doses" in message
    )
    assert "at 6 weeks: 95 % / 99 % / >99 %" in message
    assert "at 7 weeks: 70 % / 95 % / 99 %" in message
    assert "at 8 weeks: 30 % / 80 % / 95 %" in message
    assert "10 weeks" not in message  # longer than any trial went
    assert "of at least 10 / 5 / 2 µg/mL" in message
    assert "17 doses, 2 usable levels" in message
    assert "antibodies not tested" in message
    assert "JCV index 0.2" in message
    assert "0.2 against 0.05, p = 0.0755" in message
    assert "10 per 1,000 person-years" in message
    assert "hazard ratio 0.06, 0.01 to 0.22" in message
    assert "0.7, 0.2 to 2.54" in message
    assert "label's interval is 4 weeks" in message
    assert {"nova-2022", "next-ms-2023", "ryerson-2019", "eid-pml-meta-analysis-2025"} <= set(
        found.sources
    )
    assert {"doses:18", "plans:5", "mri:30", "measurements:50"} <= set(found.evidence)


def test_the_trials_are_told_with_who_was_in_them_and_what_they_leave_open():
    """E1, E2, E3 and E5 with their limits."""
    message = suited().message
    for words in (
        "NOVA (randomised; aged 18 to 60, 12 months without relapse every 4 weeks)",
        "0.2 against 0.05, p = 0.0755, on average by the primary estimand",
        "0.31 against 0.06, p = 0.0437, by the second",
        "4.3 against 4.1 % had any",
        "1 case of PML without symptoms",
        "NEXT-MS (6 infusions or more before)",
        "47 every 4 weeks, 24.7 historically",
        "none of 48 (at most 7.4 %)",
        "35,521 people with JCV antibodies in a register, not randomised",
        "the primary of three definitions of a longer interval",
        "efficacy of a longer one is not established in it (EU text, unverified)",
    ):
        assert words in message


def test_the_bound_of_the_forerunner_matches_clopper_pearson():
    """0 to 7.4 % is the exact interval of 0 of 48, not of 61; printed to one decimal."""
    people = registry().fact("peid.bound-people").number
    bound = registry().fact("peid.gd").high
    assert bound is not None
    assert binomtest(0, int(people)).proportion_ci(method="exact").high == pytest.approx(
        bound / 100, abs=0.0005
    )
    assert binomtest(0, 61).proportion_ci(method="exact").high < 0.06


@pytest.mark.parametrize(("age", "outside"), [(18, False), (60, False), (61, True)])
def test_an_age_outside_the_randomised_trial_is_told(age, outside):
    born = AS_OF.replace(year=AS_OF.year - age)
    message = suited(who=person(birth_date=born)).message
    assert (f"Nobody of this age ({age}) was in it." in message) is outside


def test_an_unknown_age_is_not_called_outside():
    assert "Nobody of this age" not in suited(who=person(birth_date=None)).message


def test_both_half_lives_are_shown_and_neither_is_used():
    message = suited(chances={**CHANCES, 43: {10.0: 0.5, 5.0: 0.9, 2.0: 0.9}}).message
    # 42 against 28 days: 63 and 45 % (conflict C6).
    assert (
        "every 6 weeks below that of every 4 weeks by 63 % at 11 days (older US text) or 45 % at "
        "28.2 days (current label); the forecast uses neither" in message
    )


def test_it_is_never_more_than_watch():
    assert (
        suited(chances={d: dict.fromkeys((10.0, 5.0, 2.0), 1.0) for d in CHANCES}).status
        is Status.WATCH
    )


def stopped_by(found, words: str) -> None:
    assert found.status is Status.OK
    assert found.message.startswith("Not a candidate")
    assert words in found.message


# ── doses, activity


@pytest.mark.parametrize(("count", "fits"), [(5, False), (6, True)])
def test_six_doses_are_asked_for(count, fits):
    found = suited(doses=doses_until(days_before(10), count), mri=[scan(days_before(40), line=30)])
    assert (found.status is Status.WATCH) is fits
    if not fits:
        stopped_by(found, "5 doses given, 6 asked for")


@pytest.mark.parametrize(("days", "fits"), [(364, False), (365, True)])
def test_twelve_months_without_relapse_are_asked_for(days, fits):
    found = suited(relapses=[relapse(days_before(days), line=7)])
    assert (found.status is Status.WATCH) is fits
    if not fits:
        stopped_by(found, f"relapse on {days_before(364)}")
        assert "relapses:7" in found.evidence


@pytest.mark.parametrize(("days", "fits"), [(365, True), (366, False)])
def test_a_scan_within_a_year_is_asked_for(days, fits):
    found = suited(mri=[scan(days_before(days))])
    assert (found.status is Status.WATCH) is fits
    if not fits:
        stopped_by(found, "activity is not known")


def test_a_scan_before_the_first_dose_shows_nothing_on_treatment():
    doses = doses_until(days_before(10), 8)
    stopped_by(suited(doses=doses, mri=[scan(doses[0].day)]), "no MRI since the first dose")
    assert suited(doses=doses, mri=[scan(doses[0].day + timedelta(days=1))]).status is Status.WATCH
    # Lesions of the baseline scan are the disease before the drug.
    found = suited(doses=doses, mri=[scan(doses[0].day, 1), scan(days_before(20))])
    assert found.status is Status.WATCH


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, None, None)])
def test_any_lesion_stops(counts):
    found = suited(mri=[scan(days_before(300), *counts, line=31), scan(days_before(40), line=32)])
    stopped_by(found, f"activity on MRI of {days_before(300)}")
    assert "mri:31" in found.evidence


def test_counts_that_were_not_reported_leave_activity_unknown():
    stopped_by(suited(mri=[scan(days_before(40), 0, None, 0)]), "does not report all lesion counts")


MISSING = [
    ("relapses", "relapses (activity)"),
    ("mri", "mri (activity)"),
    ("measurements", "measurements (levels and antibodies)"),
    ("pregnancies", "pregnancies"),
    ("reactions", "reactions"),
]
PRIOR = {"status": "prior only", "reason": "No usable level.", "outlook": outlook(CHANCES)}


def lacking(table: str, **changes):
    """A suited person in an export without one table."""
    if table == "mri":
        changes.setdefault("mri", [])
    if table == "measurements":
        changes = {"levels": 0, "predicted": forecast(**PRIOR), **changes}
    return suited(recorded=without(table), **changes)


@pytest.mark.parametrize(("table", "words"), MISSING)
def test_a_missing_table_leaves_it_unknown_and_is_named(table, words):
    found = lacking(table)
    assert found.status is Status.UNKNOWN
    assert f"not in the export: {words}." in found.message
    assert "usable levels" not in found.message


@pytest.mark.parametrize(("table", "words"), MISSING)
def test_a_failed_condition_decides_and_the_missing_table_is_told(table, words):
    found = lacking(table, interval=56)
    stopped_by(found, "the interval is already")
    assert f"not in the export: {words}." in found.message


@pytest.mark.parametrize("table", ["symptoms", "treatments"])
def test_where_nothing_that_holds_a_dose_could_be_seen_that_is_told(table):
    found = suited(recorded=without(table))
    assert found.status is Status.WATCH
    assert f"Not in the export, so not known: {table} (" in found.message
    assert "Not in the export" not in suited().message


def test_all_missing_tables_are_named_together():
    found = suited(recorded=without("relapses", "reactions"))
    assert found.status is Status.UNKNOWN
    assert "relapses (activity), reactions" in found.message


def test_a_person_outside_the_model_is_no_candidate_even_without_measurements():
    stopped_by(
        lacking("measurements", predicted=forecast(**NO_FORECAST)), "The route is not in the model"
    )


def test_a_missing_pregnancy_table_does_not_matter_for_men():
    found = suited(recorded=without("pregnancies"), who=person(sex="M"))
    assert found.status is Status.WATCH


# ── levels, forecast, chance


@pytest.mark.parametrize(("count", "fits"), [(1, False), (2, True)])
def test_two_usable_levels_are_asked_for(count, fits):
    found = suited(levels=count)
    assert (found.status is Status.WATCH) is fits
    if not fits:
        stopped_by(found, "1 usable level, 2 asked for")


@pytest.mark.parametrize(("chance", "fits"), [(0.899, False), (0.9, True)])
def test_a_chance_of_90_percent_is_asked_for(chance, fits):
    low = {10.0: 0.1, 5.0: 1.0, 2.0: 1.0}
    kept = {10.0: chance, 5.0: 1.0, 2.0: 1.0}
    found = suited(chances={28: kept, 35: kept, 36: low, 70: low})
    assert (found.status is Status.WATCH) is fits
    if not fits:
        stopped_by(found, "no longer interval keeps a chance of 90 %")
        assert "at 5 weeks: 89.9 % / >99 % / >99 %" in found.message


@pytest.mark.parametrize(
    ("interval", "offered"),
    [(27, "at 4 weeks"), (28, "at 5 weeks"), (41, "at 6 weeks")],
)
def test_only_longer_intervals_are_offered(interval, offered):
    found = suited(interval=interval)
    assert found.status is Status.WATCH
    assert "up to 43 days" in found.message
    assert f"10 / 5 / 2 µg/mL {offered}: " in found.message


@pytest.mark.parametrize(("interval", "words"), [(43, "no longer interval keeps"), (56, "already")])
def test_who_is_on_the_longest_sensible_interval_is_no_candidate(interval, words):
    stopped_by(suited(interval=interval), words)


def test_without_a_forecast_nobody_is_a_candidate():
    stopped_by(suited(predicted=forecast(**NO_FORECAST)), "The route is not in the model")
    prior = forecast(status="prior only", reason="No usable level.", outlook=outlook(CHANCES))
    stopped_by(suited(predicted=prior), "no forecast from own levels (No usable level)")
    stopped_by(suited(chances={}), "no longer interval was forecast")


def test_injections_are_outside_the_trials():
    doses = doses_until(days_before(10), 17, route="SC")
    stopped_by(suited(doses=doses), "the trials were of infusions")


def test_a_trough_that_only_the_first_longer_interval_keeps_is_not_enough():
    kept, lost = {10.0: 0.93, 5.0: 1.0, 2.0: 1.0}, {10.0: 0.89, 5.0: 1.0, 2.0: 1.0}
    steady = {d: lost if d > 36 else kept for d in range(28, 57)}
    found = suited(steady=steady)
    assert found.status is Status.WATCH
    assert "up to 36 days" in found.message
    assert "93 % once that interval is kept" in found.message
    none = suited(steady=dict.fromkeys(range(28, 57), lost))
    stopped_by(none, "once it is kept, though the first trough would")


@pytest.mark.parametrize(
    ("weekdays", "date", "days"),
    [
        ("Monday, Tuesday", "Tuesday 2024-07-30", 40),
        ("thursday", "Thursday 2024-08-01", 42),
        ("Monday, Tuesday, Wednesday, Thursday, Friday", "Friday 2024-08-02", 43),
    ],
)
def test_the_date_is_a_day_of_the_clinic(weekdays, date, days):
    eu = load_profile("eu")
    fact = replace(eu.fact("clinic.weekdays"), value=weekdays)
    site = replace(eu, use={**eu.use, "clinic.weekdays": fact})
    found = suited(profile=site)
    assert f"a next dose on {date} (" in found.message
    assert f"up to {days // 7 if days % 7 == 0 else days} " in found.message


def test_a_day_the_week_does_not_have_is_refused():
    fact = replace(load_profile("eu").fact("clinic.weekdays"), value="Monday, Tusday")
    with pytest.raises(ProfileError, match="'Tusday' is no weekday"):
        weekdays_of(fact)


def test_dates_before_the_as_of_day_are_gone():
    made = {"interval": 28, "doses": doses_until(days_before(46), 17)}
    stopped_by(suited(**made), "no longer interval keeps")
    gone = suited(interval=54, doses=doses_until(days_before(55), 17))
    stopped_by(gone, "no longer interval keeps")  # day 56 alone is left, and does not keep it
    late = suited(interval=55, doses=doses_until(days_before(56), 17))
    assert "no longer interval" in late.message or "no day of the clinic" in late.message


def test_levels_that_contradict_the_forecast_stop():
    drawn = [level(days_before(100 + 28 * i), 41.0, line=40 + i) for i in range(2)]
    given = forecast(
        levels=tuple(verdict(d) for d in drawn),
        outlook=outlook(CHANCES),
        contradiction="The level of 2024-05-01 does not agree.",
    )
    stopped_by(suited(predicted=given), "levels contradict the forecast (The level of 2024-05-01")


def test_a_suspected_change_of_clearance_stops():
    drawn = [level(days_before(100 + 28 * i), 41.0, line=40 + i) for i in range(2)]
    told = "Antibodies may have raised clearance."
    change = ClearanceChange(
        probability_now=0.6,
        probability_ever=0.6,
        onset=None,
        end=None,
        factor=None,
        text=told,
        suspected=True,
        plain_planned=None,
        plain_probability={},
    )
    plain = forecast(levels=tuple(verdict(d) for d in drawn), outlook=outlook(CHANCES))
    stopped_by(
        suited(predicted=replace(plain, change=change)),
        "levels or antibody tests suggest that clearance",
    )
    unlikely = replace(change, suspected=False)
    assert suited(predicted=replace(plain, change=unlikely)).status is Status.WATCH


def test_a_dose_that_is_not_whole_vials_stops():
    given = doses_until(days_before(10), 17)
    half = (*given[:-1], replace(given[-1], amount_mg=150.0))
    stopped_by(suited(doses=half), "150 mg, not whole vials of 300 mg")


# ── antibodies, pregnancy, reactions


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ([(200, "positive"), (100, "positive")], "antibodies are persistent"),
        ([(100, "positive")], "are not confirmed"),
        ([(100, "indeterminate")], "cannot be read"),
    ],
)
def test_persistent_open_or_unreadable_antibodies_stop(tests, words):
    rows = [antibody(days_before(d), r, line=60 + d) for d, r in tests]
    stopped_by(suited(measurements=rows), words)


@pytest.mark.parametrize("tests", [[(100, "negative")], [(200, "positive"), (100, "negative")]])
def test_negative_or_transient_antibodies_do_not_stop(tests):
    rows = [antibody(days_before(d), r) for d, r in tests]
    found = suited(measurements=rows)
    assert found.status is Status.WATCH
    assert "antibodies not persistent" in found.message


def test_pregnancy_stops_and_a_finished_one_does_not():
    for began, words in ((100, "pregnant"), (500, "is not recorded")):
        found = suited(pregnancies=[pregnancy(days_before(began), line=61)])
        stopped_by(found, words)
        assert "pregnancies:61" in found.evidence
    done = pregnancy(days_before(500), delivery=days_before(230), outcome="live birth")
    assert suited(pregnancies=[done]).status is Status.WATCH


def test_a_forbidding_reaction_stops():
    found = suited(reactions=[reaction(days_before(38), "anaphylaxis", 3, line=62)])
    stopped_by(found, "not given again")
    assert "reactions:62" in found.evidence
    assert suited(reactions=[reaction(days_before(38), "flushing", 1)]).status is Status.WATCH


def test_all_conditions_that_stop_are_named():
    found = suited(
        levels=0, relapses=[relapse(days_before(10))], mri=[], predicted=forecast(**NO_FORECAST)
    )
    for words in ("relapse on", "no MRI", "0 usable levels", "no forecast"):
        stopped_by(found, words)


# ── therapy


def test_off_therapy_or_never_dosed():
    stopped = suited(plans=[plan(days_before(5), stopped=days_before(5), line=6)])
    assert stopped.status is Status.OK
    assert "Not a candidate for a longer interval" in stopped.message
    assert suited(doses=()).status is Status.UNKNOWN


def test_the_conditions_are_facts_of_the_registry():
    profile = load_profile("eu")
    assert profile.fact("candidate.probability").rank == "project default"
    assert profile.fact("candidate.doses").rank == "read"
    assert profile.fact("candidate.target").id == "target.trough-10"
    assert not any(
        f.vigilance == "less" and not f.verified
        for key, f in profile.use.items()
        if key.startswith("candidate.")
    )


def test_weeks_that_have_passed_are_not_told():
    poor = {28: {10.0: 0.8}, 35: {10.0: 0.7}, 42: {10.0: 0.6}, 56: {10.0: 0.2}}
    chances = {d: {**c, 5.0: 0.9, 2.0: 0.95} for d, c in poor.items()}
    for since, passed, still in (
        (35, (), ("5 weeks", "6 weeks")),
        (36, ("5 weeks",), ("6 weeks",)),
    ):
        found = suited(doses=doses_until(days_before(since), 17), chances=chances)
        assert found.status is Status.OK
        assert all(f"at {w}: " not in found.message for w in passed)
        assert all(f"at {w}: " in found.message for w in still)


def test_each_week_has_its_chance_once_kept_where_computed():
    kept = {d: {10.0: 0.97 - d / 1000, 5.0: 1.0, 2.0: 1.0} for d in (35, 42)}
    found = suited(steady=kept)
    assert "at 5 weeks: 99 % / >99 % / >99 %, 94 % once kept; at 6 weeks" in found.message
    assert "at 7 weeks: 70 % / 95 % / 99 %; at 8 weeks" in found.message


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ({"who": replace(person(), conditions="breast cancer")}, "contraindication.condition"),
        ({"who": replace(person(), conditions="HIV infection")}, "contraindication.condition"),
        ({"who": replace(person(), conditions="PML")}, "pml.suspected"),
        ({"who": person(birth_date=AS_OF.replace(year=AS_OF.year - 17))}, "eligibility.age"),
        ({"symptoms": [symptom(days_before(5), "PML suspected")]}, "pml.suspected"),
        ({"symptoms": [symptom(days_before(5), "herpes encephalitis")]}, "infection.serious"),
        ({"symptoms": [symptom(days_before(5), "jaundice")]}, "liver.injury"),
        ({"treatments": [treatment(days_before(90), "fingolimod")]}, "combination.contraindicated"),
    ],
)
def test_nobody_who_must_not_be_given_a_dose_is_offered_a_later_one(events, told):
    found = suited(**events)
    assert found.status is Status.OK
    assert found.message.startswith("Not a candidate for a longer interval: ")
    assert "no dose is to be given before this is settled" in found.message
    assert told in found.message


@pytest.mark.parametrize(("ahead", "status"), [(46, Status.OK), (47, Status.WATCH)])
def test_a_stop_within_the_longest_interval_leaves_nothing_to_lengthen(ahead, status):
    stop = AS_OF + timedelta(days=ahead)  # the last dose was 10 days ago: day 56 and 57 after it
    found = suited(plans=[plan(days_before(3), stopped=stop, line=6)])
    assert found.status is status
    assert (f"a stop is planned for {stop}" in found.message) is (status is Status.OK)


# ── what comes before the next dose (restart.gate, liver.injury, platelets.low)

FIRST = "to be settled before a longer interval: "
BEFORE_ANY = "no dose is to be given before this is settled: "


def restarted(ago: int = 66):
    """Doses every four weeks, a gap of 120 days, then every four weeks again."""
    before = doses_until(days_before(ago + 120), 14)
    again = [days_before(d) for d in range(ago, 0, -28)]
    return (*before, *doses_on(again))


CHECKED = {
    "blood count": measurement("lymphocytes", days_before(70), 2.5, line=71),
    "liver test": measurement("alt", days_before(70), 20.0, line=72),
    "antibody test": antibody(days_before(70), "negative", line=73),
}


def test_a_restart_with_all_its_checks_stops_nothing():
    found = suited(doses=restarted(), measurements=list(CHECKED.values()))
    assert found.status is Status.WATCH


@pytest.mark.parametrize("lacking", CHECKED)
def test_a_restart_that_lacks_a_check_is_settled_first(lacking):
    kept = [row for name, row in CHECKED.items() if name != lacking]
    found = suited(doses=restarted(), measurements=kept)
    stopped_by(found, "to be settled before a longer interval: Before a restart (restart.gate)")
    assert {f"measurements:{row.ref.line}" for row in kept} <= set(found.evidence)


def test_a_restart_with_antibodies_is_settled_before_any_dose():
    seen = antibody(days_before(70), "positive", line=73)
    found = suited(doses=restarted(), measurements=[*CHECKED.values(), seen])
    stopped_by(
        found, "no dose is to be given before this is settled: Before a restart (restart.gate)"
    )
    assert "to be settled before a longer interval" not in found.message
    assert "measurements:73" in found.evidence


@pytest.mark.parametrize(
    ("table", "words"),
    [("measurements", "measurements (levels and antibodies)"), ("mri", "mri (activity)")],
)
def test_a_restart_whose_checks_cannot_be_known_leaves_it_unknown(table, words):
    checked = () if table == "measurements" else list(CHECKED.values())
    found = lacking(table, doses=restarted(), measurements=checked)
    assert found.status is Status.UNKNOWN
    assert f"not in the export: {words}; not known: Before a restart (restart.gate)." in (
        found.message
    )


@pytest.mark.parametrize(("ago", "held"), [(90, True), (91, False)])
def test_a_restart_is_new_for_90_days(ago, held):
    found = suited(doses=restarted(ago))
    assert ("(restart.gate)" in found.message) is held


@pytest.mark.parametrize(
    ("test", "value", "told"),
    [
        ("alt", 400.0, f"{FIRST}Liver values (liver.injury)."),  # 10 times the upper limit: due
        ("ast", 400.0, f"{FIRST}Liver values (liver.injury)."),
        ("platelets", 99.0, f"{FIRST}Platelets (platelets.low)."),  # below 100: due
        ("platelets", 49.0, f"{BEFORE_ANY}Platelets (platelets.low)."),  # below 50: act
    ],
)
def test_a_value_to_be_explained_before_the_next_dose_stops(test, value, told):
    found = suited(measurements=[measurement(test, days_before(20), value, line=71)])
    stopped_by(found, f"Not a candidate for a longer interval: {told}")
    assert "measurements:71" in found.evidence


@pytest.mark.parametrize(("test", "value"), [("alt", 400.0), ("platelets", 99.0)])
def test_a_longer_interval_is_not_refused_in_words_that_forbid_the_dose_that_is_late(test, value):
    """What ``interval.late-dose`` says of the same person: the dose is late and to be given."""
    made = course(
        doses=doses_until(days_before(40), 17),
        plans=[plan("2020-01-01", 28, line=5)],
        measurements=[measurement(test, days_before(20), value, line=71)],
    )
    assert "as soon as possible" in finding("interval.late-dose", made).message
    found = finding(RULE, made)
    assert FIRST in found.message
    assert BEFORE_ANY not in found.message


@pytest.mark.parametrize(("test", "value"), [("alt", 60.0), ("platelets", 100.0)])
def test_a_value_to_be_repeated_only_does_not_stop(test, value):
    found = suited(measurements=[measurement(test, days_before(20), value, line=71)])
    assert found.status is Status.WATCH


def test_blood_tests_due_by_routine_do_not_stop():
    rows = [
        measurement("lymphocytes", days_before(400), 2.5, line=71),
        measurement("alt", days_before(400), 20.0, line=72),
    ]
    made = course(doses=doses_until(days_before(10), 17), measurements=rows)
    assert finding("laboratory.due", made).status is Status.DUE
    assert suited(measurements=rows).status is Status.WATCH


ASKED_BEFORE_A_DOSE = (
    *(CONDITION, INFECTION, SUSPECTED, COMBINATION, LIVER_INJURY, PLATELETS_LOW, GATE),
)
LOST = {
    lost_results(ANTIBODIES),
    *("relapses", "mri", "reactions", "doses", "pregnancies"),
    *(silence for rule in ASKED_BEFORE_A_DOSE for silence in rule.silence),
}


def test_what_may_hold_a_longer_interval_is_asked_for_lost_rows():
    named = {"symptoms", "treatments", "plans"}
    named |= {lost_results(test) for test in (ALT, AST, BILIRUBIN, PLATELETS, JCV_DNA)}
    assert named <= set(CANDIDATE.silence)
    assert set(CANDIDATE.silence) == LOST


@pytest.mark.parametrize("what", sorted(LOST))
def test_rows_that_were_lost_leave_it_unknown(what):
    rows = [level(days_before(100 + 28 * i), 41.0, line=40 + i) for i in range(2)]
    made = course(
        who=person(),
        doses=doses_until(days_before(10), 17),
        plans=[plan("2020-01-01", 28, line=5)],
        measurements=rows,
        mri=[scan(days_before(40), line=30)],
    )
    given = forecast(levels=tuple(verdict(d) for d in rows), outlook=outlook(CHANCES))
    whole = situation(made, predicted=given)
    eu = load_profile("eu")
    assert verdict_of(CANDIDATE, whole, eu).status is Status.WATCH
    found = verdict_of(CANDIDATE, replace(whole, incomplete=frozenset({what})), eu)
    assert found.status is Status.UNKNOWN
    assert f"Rows of this person in {what} were set aside or lost" in found.message
