"""One person's next dose from the clinic's tables: one truth with the rule; what-ifs as written."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from functools import cache

import numpy as np
import pytest
from msgspec.structs import replace
from rich.console import Console

from openntz.app.say_next_dose import _at_most, as_text, say_next_dose
from openntz.errors import InputError, ProfileError
from openntz.forecast.history import build_history, weights_of
from openntz.forecast.result import PersonForecast
from openntz.forecast.settings import Settings
from openntz.models.card import load_card
from openntz.monitor.finding import Status
from openntz.workflows.forecast import ForecastQuestion, run_forecast
from openntz.workflows.next_dose import NextDoseAnswer, run_next_dose
from openntz.workflows.what_if import Standing, suppose
from tests.workflows.test_review import AS_OF, CLINIC

# P13: light, high troughs, nothing that stops a longer interval.
QUESTION = ForecastQuestion(
    folder=CLINIC,
    person="P13",
    as_of=AS_OF,
    next_dose=None,
    profile="eu",
    site=None,
    mapping=None,
    seed=3,
)
WHAT_IFS = (
    "late=2w",
    "missed",
    "stopped",
    "restart=2024-12-02",
    "route=sc",
    "weight=95",
    "plasma-exchange=3",
)


@cache
def answer(person: str = "P13") -> NextDoseAnswer:
    return run_next_dose(
        replace(QUESTION, person=person), decide=True, what_if=WHAT_IFS if person == "P13" else ()
    )


def scenario(name: str):
    return next(s for s in answer().scenarios if s.name.startswith(name))


# ── the decision


def test_the_offer_is_the_finding_of_the_rule():
    found = answer()
    assert found.finding.status is Status.WATCH
    assert found.offered is not None
    assert f"{found.offered.day:%A} {found.offered.day}" in found.finding.message
    assert found.decision is not None
    assert found.offered == found.decision.longest_kept
    assert all(d.steady is not None for d in found.decision.dates)


def test_the_offer_is_the_longest_that_keeps_the_rule_at_first_and_for_long():
    """Brute force over all open dates, each with its own steady state."""
    found = answer()
    assert found.decision is not None
    assert found.offered is not None
    rule = found.decision.rule
    keeping = [
        d.after_days
        for d in found.decision.dates
        if d.reaches[rule.target] >= rule.chance
        and d.steady is not None
        and d.steady.reaches[rule.target] >= rule.chance
    ]
    assert max(keeping) == found.offered.after_days


def test_somebody_a_condition_stops_is_offered_nothing_and_told_why():
    found = answer("N001")  # antibodies that persist
    assert found.offered is None
    assert found.finding.status is Status.OK
    printed = said(found)
    assert "Not a candidate for a longer interval" in printed
    assert "antibodies are persistent" in printed
    assert (
        "offered" not in printed.replace("Offered", "offered").split("Rule:")[-1].split("day  ")[-1]
    )


def said(found: NextDoseAnswer) -> str:
    console = Console(width=150, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    say_next_dose(console, found)
    return console.export_text()


def test_what_is_printed_names_rule_dates_tail_and_worth():
    printed = said(answer())
    for words in (
        "Rule: the longest interval with a chance of 90 % or more of a trough of 10 µg/mL",
        "Offered: ",
        "once kept",
        "If that dose is then missed: chance below 2 / 1 µg/mL",
        "4 weeks late",
        "One more level",
        "plasma-exchange=3: plasma exchange, 3 sessions",
        "(unverified: no measurement was read)",
        "not a medical device",
    ):
        assert words in printed, words


def test_a_forbidden_dose_is_said_first_and_no_date_keeps_the_rule():
    found = answer("P01")  # hypersensitivity on record, still on therapy
    printed = said(found)
    assert printed.splitlines()[1].startswith("act hypersensitivity.contraindicated: ")
    assert found.decision is not None
    rule = found.decision.rule
    assert any(d.reaches[rule.target] >= rule.chance for d in found.decision.dates)
    assert not any(d.keeps for d in found.decision.dates)
    assert "keeps" not in printed.split("once kept")[1]
    body = json.loads(as_text(found))
    assert body["before_a_dose"][0]["rule"] == "hypersensitivity.contraindicated"
    assert not any(d["keeps_rule"] for d in body["decision"]["dates"])


def test_a_supposed_restart_begins_with_what_forbids_one():
    asked = replace(QUESTION, person="N025")  # stopped for a reaction
    found = run_next_dose(asked, decide=False, what_if=("restart=2024-12-02",))
    assert said(found).splitlines()[1].startswith("watch hypersensitivity.contraindicated: ")


def test_somebody_nothing_stands_against_is_told_the_numbers_at_once():
    assert answer().before == ()
    decision = answer().decision
    assert decision is not None
    assert any(d.keeps for d in decision.dates)


def test_a_what_if_matches_the_forecast_where_antibodies_are_in_question():
    asked = replace(QUESTION, person="P19")
    found = run_next_dose(asked, decide=True, what_if=("missed",))
    forecast = found.forecast
    assert forecast.change is not None
    assert forecast.planned is not None
    first = found.scenarios[0].moments[0]
    assert forecast.planned_dose is not None
    assert first.day == forecast.planned_dose.date()
    # The same draws, solved once more with steps that other doses share.
    assert first.level.median == pytest.approx(forecast.planned[0].median, rel=1e-2)
    assert first.level.p95 == pytest.approx(forecast.planned[0].p95, rel=1e-2)
    for target, chance in forecast.probability_at_planned.items():
        assert first.reaches[target] == pytest.approx(chance, abs=2e-3)
    # Kept for long at the interval they have always had, the trough is the one they have.
    assert found.decision is not None
    now = next(d for d in found.decision.dates if d.after_days == 28)
    assert now.steady is not None
    assert now.steady.p95 == pytest.approx(now.level.p95, rel=0.1)


def test_a_chance_too_small_to_count_is_below_one_per_cent():
    assert _at_most(0.004) == "below 1 %"
    assert _at_most(0.04) == "at most 4 %"


def test_json_says_the_same():
    found = answer()
    body = json.loads(as_text(found))
    assert found.offered is not None
    assert body["longer_interval"]["offered"] == found.offered.day.isoformat()
    by_date = {d["date"]: d for d in body["decision"]["dates"]}
    offered = by_date[found.offered.day.isoformat()]
    assert offered["keeps_rule"] is True
    assert offered["p_trough_at_least_ug_per_ml"]["10"] == pytest.approx(
        found.offered.reaches[10.0]
    )
    assert len(offered["p_saturation_at_least"]["0.8"]) == 2
    assert [m["weeks_late"] for m in offered["if_missed"]] == [1, 2, 3, 4]
    assert [s["name"] for s in body["what_if"]][:2] == ["as planned", "late=2w"]
    assert body["person"] == "P13"


def test_the_site_chooses_the_weekdays(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(
        '[override."clinic.weekdays"]\nvalue = "Wednesday"\nwho = "A. Test"\nwhen = 2024-01-01\n'
    )
    found = run_next_dose(replace(QUESTION, site=site), decide=True, what_if=())
    assert found.decision is not None
    assert {d.day.weekday() for d in found.decision.dates} == {2}
    site.write_text(site.read_text().replace("Wednesday", "Wodnesday"))
    with pytest.raises(ProfileError, match="no weekday"):
        run_next_dose(replace(QUESTION, site=site), decide=True, what_if=())


def test_a_target_of_the_sites_own_is_kept(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(
        '[override."target.trough-10"]\nvalue = 15\nwho = "A. Test"\nwhen = 2024-01-01\n'
    )
    found = run_next_dose(replace(QUESTION, site=site), decide=True, what_if=())
    plain = answer()
    assert found.decision is not None
    assert found.decision.rule.target == 15.0
    assert found.offered is not None
    assert plain.offered is not None
    assert found.offered.after_days < plain.offered.after_days


# ── what-ifs


def test_a_late_dose_matches_the_question_about_that_date():
    """`--if-next-dose` fits anew with that date; both are the same person and model."""
    late = scenario("late")
    day = next(m for m in late.moments if m.label == "before dose 1").day
    other = run_forecast(replace(QUESTION, next_dose=day)).until_dose
    assert isinstance(other, PersonForecast)
    assert other.planned is not None
    found = next(m for m in late.moments if m.label == "before dose 1")
    assert found.level.median == pytest.approx(other.planned[0].median, rel=1e-3)


def test_stopping_matches_the_fall_of_the_forecast():
    found, plain = scenario("stopped"), answer().forecast
    assert [f.threshold_ug_per_ml for f in found.falls] == [
        f.threshold_ug_per_ml for f in plain.below
    ]
    for mine, theirs in zip(found.falls, plain.below, strict=True):
        # Both interpolate between days, 1 and 2 or 3 apart.
        assert mine.median == pytest.approx(theirs.median, abs=0.1)


def test_what_lowers_levels_lowers_them():
    planned = scenario("as planned").moments[-1].level.median
    assert scenario("weight").moments[-1].level.median < planned
    assert scenario("route").moments[-1].level.median < planned
    falls = {name: scenario(name).falls[0].median for name in ("stopped", "plasma-exchange")}
    assert (falls["plasma-exchange"] or 0.0) < (falls["stopped"] or 0.0)
    assert scenario("missed").days_below[10.0].median >= scenario("late").days_below[10.0].median


def test_a_restart_builds_levels_up_again():
    found = scenario("restart").moments
    assert found[0].day == date(2024, 12, 2)
    troughs = [m.level.median for m in found]
    assert troughs[0] < 1.0  # half a year after the last dose
    assert troughs[1:] == sorted(troughs[1:])
    assert found[1].day - found[0].day == timedelta(days=answer().therapy.interval_days)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("later", "no what-if"),
        ("late=", "no what-if"),
        ("late=soon", "no delay"),
        ("late=0w", "no delay"),
        ("restart=tomorrow", "no date"),
        ("restart=2020-01-01", "not after the last dose"),
        ("route=oral", "no route"),
        ("weight=heavy", "no weight"),
        ("weight=500", "Weight 500 kg is outside"),
        ("weight=nan", "no weight"),
        ("plasma-exchange=0", "no number of sessions"),
        ("plasma-exchange=1000", "no number of sessions"),
        ("missed=1", "no what-if"),
    ],
)
def test_a_what_if_that_cannot_be_read_says_how_to_write_it(text, words):
    with pytest.raises(InputError, match=words) as found:
        suppose(text, standing())
    assert found.value.remedy
    assert "from 1 to 15" in found.value.remedy or "plasma" not in text


@cache
def standing() -> Standing:
    found = answer()
    known = found.course.until(AS_OF)
    settings = Settings.from_registry()
    return Standing(
        history=build_history(known.doses, weights_of(known), None, settings.assumed),
        therapy=found.therapy,
        now=datetime.combine(AS_OF, time(12)),
        profile=found.profile,
        card=load_card("van_den_berg_2025"),
    )


def test_a_model_without_absorption_has_no_injections():
    thumb = replace(standing(), card=load_card("rule_of_thumb_11_day"))
    with pytest.raises(InputError, match="no absorption"):
        suppose("route=SC", thumb)


def test_a_delay_needs_a_planned_dose():
    with pytest.raises(InputError, match="no dose is expected"):
        run_next_dose(replace(QUESTION, person="N003"), decide=False, what_if=("late=2w",))


def test_equal_questions_give_equal_bytes():
    again = run_next_dose(QUESTION, decide=True, what_if=WHAT_IFS)
    assert as_text(again) == as_text(answer())


def test_days_below_are_between_none_and_all():
    for s in answer().scenarios:
        for q in s.days_below.values():
            assert 0 <= q.p05 <= q.median <= q.p95 <= s.span_days
        shares = [q.median for q in s.days_below.values()]
        assert shares == sorted(shares, reverse=True)  # ever lower levels, ever fewer days
        assert np.isfinite(shares).all()
