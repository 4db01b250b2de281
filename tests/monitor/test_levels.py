"""level.implausible and level.low against contracts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.forecast.result import Quantiles
from openntz.monitor.finding import Status
from openntz.monitor.rules.level_words import chance_text, level_text
from tests.build import (
    NO_FORECAST,
    course,
    days_before,
    doses_on,
    doses_until,
    finding,
    forecast,
    level,
    plan,
    quantiles,
    verdict,
    without,
)

IMPLAUSIBLE, LOW = "level.implausible", "level.low"
ON = doses_until(days_before(10), 30)
STOPPED = [plan(days_before(5), stopped=days_before(5), line=44)]
FLAG = "drawn 70 minutes after the start of the dose, so it cannot be a trough."


def judged(*levels, plans=(), doses=ON, rule=IMPLAUSIBLE, **changes):
    """Levels as (days before the as-of date, value, use, unusual) with their verdicts."""
    measured, verdicts = [], []
    for i, (days, value, use, *unusual) in enumerate(levels, start=2):
        measured.append(level(days_before(days), value, line=i))
        verdicts.append(
            verdict(
                measured[-1], use, reason=FLAG if use != "fitted" else "", unusual=bool(unusual)
            )
        )
    made = course(doses=doses, measurements=measured, plans=plans)
    return finding(rule, made, predicted=forecast(levels=tuple(verdicts), **changes))


# ── implausible


@pytest.mark.parametrize("use", ["not a trough", "impossible"])
def test_a_flagged_level_without_a_later_one_is_to_be_repeated(use):
    for days in (0, 100, 365, 366, 2000):
        found = judged((days, 185.0, use))
        assert found.status is Status.DUE
        assert "185 µg/mL" in found.message
        assert "not fitted" in found.message
        assert "Repeat the level, taken just before the next dose" in found.message
        assert found.evidence == ("measurements:2",)
        assert found.due == days_before(10) + timedelta(days=28)


@pytest.mark.parametrize("days", [70, 365, 366, 2000])
def test_one_unusual_level_among_usual_ones_is_to_watch(days):
    """Contracts: 'unusual' is watch, also with usual levels before and since."""
    found = judged((days + 10, 30.0, "fitted"), (days, 3.0, "fitted", True), (20, 31.0, "fitted"))
    assert found.status is Status.WATCH
    assert f"The level, 3.0 µg/mL on {days_before(days)}, is unusual" in found.message
    assert "It was used." in found.message
    assert "A later level, 31 µg/mL on" in found.message
    assert found.evidence == ("measurements:3", "measurements:4")
    assert judged((days, 30.0, "fitted"), (20, 31.0, "fitted")).status is Status.OK


@pytest.mark.parametrize("odd", [0, 1, 2])
def test_one_level_the_curve_does_not_fit_is_to_watch(odd):
    drawn = [level(days_before(d), 30.0, line=i) for i, d in enumerate((90, 60, 30), start=2)]
    verdicts = [verdict(m) for m in drawn]
    verdicts[odd] = replace(verdicts[odd], misfit=True)
    made = course(doses=ON, measurements=drawn)
    found = finding(IMPLAUSIBLE, made, predicted=forecast(levels=tuple(verdicts)))
    assert found.status is Status.WATCH
    assert "the curve fitted to all levels does not fit it" in found.message
    assert f"measurements:{odd + 2}" in found.evidence


def test_every_unusual_level_is_named():
    found = judged((200, 3.0, "fitted", True), (100, 4.0, "fitted", True), (20, 31.0, "fitted"))
    assert "The level, 4.0 µg/mL on" in found.message
    assert f"Unusual and used before: 3.0 µg/mL on {days_before(200)}." in found.message
    assert found.evidence == ("measurements:3", "measurements:2", "measurements:4")


@pytest.mark.parametrize(("days", "status"), [(365, Status.DUE), (366, Status.WATCH)])
def test_a_flagged_level_with_a_later_one_is_due_for_a_year(days, status):
    found = judged((days, 185.0, "not a trough"), (20, 31.0, "fitted"))
    assert found.status is status
    assert "A later level, 31 µg/mL" in found.message
    assert found.evidence == ("measurements:2", "measurements:3")
    assert "level.flagged-within" in found.facts


@pytest.mark.parametrize(("days", "status"), [(300, Status.DUE), (731, Status.WATCH)])
def test_an_unusual_level_is_told_beside_a_flagged_one(days, status):
    """That the later level is unusual must not be lost where it stands in for the flagged one."""
    found = judged((days, 900.0, "impossible"), (20, 3.0, "fitted", True))
    assert found.status is status
    assert f"A later level, 3.0 µg/mL on {days_before(20)}, could be used." in found.message
    assert f"The latest level, 3.0 µg/mL on {days_before(20)}, is unusual: " in found.message
    assert found.message.endswith("look for antibodies if it is low.")
    assert found.evidence == ("measurements:2", "measurements:3")
    usual = judged((days, 900.0, "impossible"), (20, 30.0, "fitted"))
    assert usual.status is status
    assert "is unusual" not in usual.message


def test_a_level_the_curve_does_not_fit_is_told_beside_a_flagged_one():
    drawn = [level(days_before(d), v, line=n) for n, d, v in ((2, 900, 20.0), (3, 800, 900.0))]
    verdicts = (replace(verdict(drawn[0]), misfit=True), verdict(drawn[1], "impossible"))
    made = course(doses=ON, measurements=drawn)
    found = finding(IMPLAUSIBLE, made, predicted=forecast(levels=verdicts))
    assert found.status is Status.DUE
    assert f"The level, 20 µg/mL on {days_before(900)}, is unusual: the curve" in found.message
    assert found.evidence == ("measurements:3", "measurements:2")


def test_it_is_the_flagged_level_that_needs_no_repeat():
    found = judged((731, 900.0, "impossible"), (20, 30.0, "fitted"))
    assert "What was set aside is more than 365 days old; no repeat is needed for it." in (
        found.message
    )


def test_an_earlier_usable_level_does_not_stand_in():
    found = judged((800, 31.0, "fitted"), (400, 185.0, "not a trough"))
    assert found.status is Status.DUE


def test_several_flagged_levels_are_counted():
    found = judged((300, 150.0, "not a trough"), (200, 185.0, "impossible"))
    assert "1 earlier level likewise" in found.message
    assert found.evidence == ("measurements:3", "measurements:2")


def test_one_flagged_level_is_told_with_time_and_reason():
    drawn = level("2024-05-01T09:00", 185.0)
    made = course(doses=ON, measurements=[drawn])
    found = finding(IMPLAUSIBLE, made, predicted=forecast(levels=(verdict(drawn, "impossible"),)))
    assert "185 µg/mL on 2024-05-01 09:00: impossible" in found.message
    assert "likewise" not in found.message
    untimed = judged((30, 185.0, "not a trough"))
    assert f"on {days_before(30)}: {FLAG}" in untimed.message


@pytest.mark.parametrize(
    ("levels", "status"),
    [
        ([(100, 90.0, "fitted", True)], Status.WATCH),
        ([(200, 90.0, "fitted", True), (100, 30.0, "fitted")], Status.WATCH),
        ([(200, 30.0, "fitted"), (100, 90.0, "fitted", True)], Status.WATCH),
        ([(100, 30.0, "fitted")], Status.OK),
        ([(100, 100.0, "censored above")], Status.OK),
        ([(100, 0.0, "not usable")], Status.UNKNOWN),
    ],
)
def test_usable_levels_decide_when_none_is_flagged(levels, status):
    assert judged(*levels).status is status


def test_no_level_no_table_or_no_verdict_is_unknown():
    assert judged().status is Status.UNKNOWN
    assert "No natalizumab level is recorded" in judged().message
    made = course(doses=ON, recorded=without("measurements"))
    assert finding(IMPLAUSIBLE, made).status is Status.UNKNOWN
    assert finding(IMPLAUSIBLE, course()).status is Status.UNKNOWN
    unjudged = course(doses=ON, measurements=[level(days_before(30), 25.0)])
    found = finding(IMPLAUSIBLE, unjudged)
    assert found.status is Status.UNKNOWN
    assert "The route is not in the model" in found.message


EXPLAINED = {"causes": (("another person's tube", 0.9), ("wrong unit or decimal point", 0.1))}


@pytest.mark.parametrize(
    ("use", "odd", "status"),
    [
        ("impossible", {}, Status.DUE),
        ("fitted", {"unusual": True}, Status.WATCH),
        ("fitted", {"misfit": True}, Status.WATCH),
    ],
)
def test_causes_are_told_and_change_no_status(use, odd, status):
    drawn = level(days_before(30), 90.0)
    made = course(doses=ON, measurements=[drawn])
    plain = replace(verdict(drawn, use), **odd)
    told = replace(plain, **EXPLAINED, causes_shown=1)
    before, after = (
        finding(IMPLAUSIBLE, made, predicted=forecast(levels=(v,))) for v in (plain, told)
    )
    assert before.status is after.status is status
    assert "What may be behind it: another person's tube 90 %. Next: ask the" in after.message
    assert "behind it" not in before.message
    assert "wrong unit" not in after.message


def test_off_therapy_nothing_is_repeated():
    found = judged((30, 185.0, "not a trough"), plans=STOPPED)
    assert found.status is Status.OK
    assert "1 level set aside" in found.message
    assert "plans:44" in found.evidence


# ── low


def measured(value, *, days=30, censor="", **changes):
    """One fitted level; by default a comfortable forecast beside it."""
    drawn = level(days_before(days), value, censor=censor, line=5)
    made = course(doses=ON, measurements=[drawn])
    return finding(LOW, made, predicted=forecast(levels=(verdict(drawn),), **changes))


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        (0.94, Status.ACT, "0.9"),
        (0.99, Status.ACT, "just under 1.0"),
        (1.0, Status.DUE, "1.0"),
        (1.99, Status.DUE, "just under 2.0"),
        (2.0, Status.WATCH, "2.0"),
        (4.99, Status.WATCH, "just under 5.0"),
        (5.0, Status.OK, "5.0"),
    ],
)
def test_a_measured_level_matches_contract(value, status, text):
    found = measured(value)
    assert found.status is status
    assert f"Latest level {text} µg/mL" in found.message
    assert found.evidence[0] == "measurements:5"


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        (0.5, Status.ACT),
        (1.0, Status.ACT),
        (1.1, Status.DUE),
        (2.0, Status.DUE),
        (2.1, Status.WATCH),
        (5.0, Status.WATCH),
        (10.0, Status.OK),  # may be anything; the forecast decides
    ],
)
def test_a_limit_counts_only_for_what_it_says(limit, status):
    assert measured(limit, censor="<").status is status


def test_a_limit_that_decides_nothing_without_a_forecast_is_unknown():
    found = measured(10.0, censor="<", **NO_FORECAST)
    assert found.status is Status.UNKNOWN
    assert "<10 µg/mL" in found.message


def test_a_level_above_the_range_is_not_low():
    drawn = level(days_before(30), 100.0, censor=">", line=5)
    made = course(doses=ON, measurements=[drawn])
    predicted = forecast(levels=(verdict(drawn, "censored above"),), **NO_FORECAST)
    assert finding(LOW, made, predicted=predicted).status is Status.OK


def pair(median):
    return (quantiles(median), Quantiles(0.5, 0.4, 0.6))


@pytest.mark.parametrize(
    ("median", "chance", "status"),
    [
        (0.99, 0.0, Status.ACT),
        (1.0, 0.0, Status.DUE),
        (1.99, 0.0, Status.DUE),
        (2.0, 0.0, Status.WATCH),
        (4.99, 0.9, Status.WATCH),
        (5.0, 0.499, Status.WATCH),
        (5.0, 0.5, Status.OK),
        (12.0, 0.6, Status.OK),
    ],
)
def test_a_forecast_at_the_planned_dose_matches_contract(median, chance, status):
    found = measured(25.0, planned=pair(median), probability_at_planned={10.0: chance})
    assert found.status is status
    assert level_text(median).split()[0] in found.message
    if chance == 0.499 and status is Status.WATCH:
        assert "49.9 %, less than 50 %" in found.message


def test_the_worse_of_measurement_and_forecast_decides():
    low, fine = pair(1.5), pair(20.0)
    assert measured(0.5, planned=low).status is Status.ACT
    assert measured(1.5, planned=fine).status is Status.DUE
    assert measured(30.0, planned=low).status is Status.DUE
    found = measured(4.0, planned=low)
    assert found.status is Status.DUE
    assert "level.due-below" in found.facts
    assert "level.watch-below" not in found.facts


@pytest.mark.parametrize(("days", "status"), [(365, Status.ACT), (366, Status.OK)])
def test_an_old_level_speaks_only_through_the_forecast(days, status):
    drawn = level(days_before(days), 0.5, line=5)
    made = course(doses=ON, measurements=[drawn])
    found = finding(LOW, made, predicted=forecast(levels=(verdict(drawn),)))
    assert found.status is status
    if status is Status.OK:
        assert "366 days old" in found.message


def test_a_level_of_a_wash_out_says_nothing_about_treatment():
    """Drawn 8 weeks after a dose it counts, a day later it does not."""
    first = days_before(300)
    for gap, status in ((56, Status.ACT), (57, Status.OK)):
        restart = first + timedelta(days=gap)
        days = [first, *(restart + timedelta(days=28 * i) for i in range(9))]
        drawn = level(restart, 0.5, line=5)
        made = course(doses=doses_on(d for d in days if d <= days_before(1)), measurements=[drawn])
        found = finding(LOW, made, predicted=forecast(levels=(verdict(drawn),)))
        assert found.status is status
        if status is Status.OK:
            assert "not a level on treatment" in found.message


def test_a_level_before_the_first_dose_is_passed_over():
    drawn = level(ON[0].day, 0.5, censor="<")
    made = course(doses=ON, measurements=[drawn])
    found = finding(LOW, made, as_of=ON[2].day, predicted=forecast(levels=(verdict(drawn),)))
    assert found.status is Status.OK
    assert "before the first recorded dose" in found.message


@pytest.mark.parametrize("use", ["not a trough", "impossible", "not usable"])
def test_a_level_that_was_set_aside_is_not_read(use):
    drawn = level(days_before(30), 0.2, line=5)
    made = course(doses=ON, measurements=[drawn])
    found = finding(LOW, made, predicted=forecast(levels=(verdict(drawn, use),)))
    assert found.status is Status.OK
    assert "No usable level is recorded" in found.message


def test_the_latest_usable_level_is_read_not_the_lowest():
    rows = [level(days_before(200), 0.5, line=5), level(days_before(100), 12.0, line=6)]
    made = course(doses=ON, measurements=rows)
    found = finding(LOW, made, predicted=forecast(levels=tuple(verdict(r) for r in rows)))
    assert found.status is Status.OK
    assert found.evidence[0] == "measurements:6"


def test_a_population_forecast_says_so():
    made = course(doses=ON)
    predicted = forecast(status="prior only", planned=pair(4.0), probability_at_planned={10.0: 0.1})
    found = finding(LOW, made, predicted=predicted)
    assert found.status is Status.WATCH
    assert "population forecast for this weight" in found.message


def test_a_forecast_without_a_planned_dose_says_nothing_about_it():
    found = finding(LOW, course(doses=ON), predicted=forecast(planned=None))
    assert found.status is Status.UNKNOWN
    assert "No forecast: no dose is planned" in found.message


@pytest.mark.parametrize(
    ("chance", "text"),
    [
        (0.0, "<1 %"),
        (0.004, "<1 %"),
        (0.2, "20 %"),
        (0.499, "49.9 %"),
        (0.5, "50 %"),
        (0.504, "50 %"),
        (0.96, "96 %"),
        (0.996, ">99 %"),
        (1.0, ">99 %"),
    ],
)
def test_a_chance_is_rounded_but_not_across_its_limit(chance, text):
    assert chance_text(chance, 0.5) == text


def test_a_level_says_how_long_after_a_dose_it_was_drawn():
    drawn = level(ON[-2].day, 0.5)
    made = course(doses=ON, measurements=[drawn])
    found = finding(LOW, made, predicted=forecast(levels=(verdict(drawn),)))
    assert "4 weeks after a dose: below 1 µg/mL" in found.message


def test_neither_level_nor_forecast_is_unknown():
    found = finding(LOW, course(doses=ON))
    assert found.status is Status.UNKNOWN
    assert "No usable level is recorded" in found.message
    assert "The route is not in the model" in found.message
    found = finding(LOW, course(doses=ON, recorded=without("measurements")))
    assert "measurements is not in the export" in found.message


def test_a_measured_level_alone_decides_where_nothing_was_forecast():
    assert measured(25.0, **NO_FORECAST).status is Status.OK
    assert measured(1.5, **NO_FORECAST).status is Status.DUE


def test_off_therapy_a_low_level_is_expected():
    drawn = level(days_before(30), 0.2, line=5)
    made = course(doses=ON, measurements=[drawn], plans=STOPPED)
    found = finding(LOW, made, predicted=forecast(levels=(verdict(drawn),)))
    assert found.status is Status.OK
    assert finding(LOW, course()).status is Status.UNKNOWN


def test_project_defaults_are_marked_for_the_reader():
    assert "5 µg/mL (project default)" in measured(4.0).message


_VERDICTS = st.lists(
    st.tuples(
        st.integers(-400, 1500),
        st.floats(0, 500),
        st.sampled_from(["", "<", ">"]),
        st.sampled_from(["fitted", "not a trough", "impossible", "censored above", "not usable"]),
        st.booleans(),
    ),
    max_size=6,
)


@given(_VERDICTS, st.floats(0, 200), st.floats(0, 1), st.booleans())
def test_level_rules_are_total_and_cite_only_rows_that_exist(rows, median, chance, computed):
    drawn, verdicts = [], []
    for i, (days, value, censor, use, unusual) in enumerate(rows, start=2):
        drawn.append(level(days_before(days), value, censor=censor, line=i))
        verdicts.append(verdict(drawn[-1], use, reason=FLAG, unusual=unusual))
    known = [v for v in verdicts if v.at.date() <= days_before(0)]
    changes = {"planned": pair(median), "probability_at_planned": {10.0: chance}}
    predicted = forecast(levels=tuple(known), **(changes if computed else NO_FORECAST))
    made = course(doses=ON, measurements=drawn)
    for rule in (IMPLAUSIBLE, LOW):
        found = finding(rule, made, predicted=predicted)
        assert "fault in the software" not in found.message
        rows_read = {r for r in found.evidence if r.startswith("measurements")}
        assert rows_read <= {f"measurements:{v.line}" for v in known}
    flagged = any(v.use in {"not a trough", "impossible"} for v in known)
    assert (finding(IMPLAUSIBLE, made, predicted=predicted).status is Status.DUE) <= flagged


@pytest.mark.parametrize(
    ("value", "censor", "limit", "text"),
    [
        (None, "", None, "no number"),
        (0.0, "", 1.0, "<0.1 µg/mL"),
        (0.099, "", None, "<0.1 µg/mL"),
        (0.05, "<", None, "<0.1 µg/mL"),
        (0.1, "", None, "0.1 µg/mL"),
        (8.14, "", None, "8.1 µg/mL"),
        (9.94, "", None, "9.9 µg/mL"),
        (9.95, "", None, "10 µg/mL"),
        (9.97, "", 10.0, "just under 10 µg/mL"),
        (23.6, "", None, "24 µg/mL"),
        (2.0, "<", 5.0, "<2.0 µg/mL"),
        (100.0, ">", None, ">100 µg/mL"),
    ],
)
def test_a_level_has_the_digits_it_deserves(value, censor, limit, text):
    assert level_text(value, censor, limit) == text


AGAINST = "2 of 4 levels do not agree with the fitted course: not to be relied on."


def test_a_forecast_that_levels_contradict_is_never_ok():
    plain = measured(25.0, planned=pair(20.0), probability_at_planned={10.0: 0.9})
    found = measured(
        25.0, planned=pair(20.0), probability_at_planned={10.0: 0.9}, contradiction=AGAINST
    )
    assert plain.status is Status.OK
    assert found.status is Status.WATCH
    assert AGAINST in found.message
    assert found.due is not None
    # What is worse already stays as it is.
    assert measured(0.5, planned=pair(20.0), contradiction=AGAINST).status is Status.ACT


def test_a_planned_date_that_has_passed_is_said_to_have():
    late = doses_until(days_before(35), 30)
    found = finding(LOW, course(doses=late), predicted=forecast())
    assert "for a dose today, that planned for" in found.message
    assert "having passed" in found.message
    assert "at the next dose" not in found.message
    on_time = finding(LOW, course(doses=ON), predicted=forecast())
    assert "Forecast at the next dose (planned for" in on_time.message
