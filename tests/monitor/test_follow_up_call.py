"""reaction.follow-up-call against the study's protocol: a phone call one hour later."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from msgspec.structs import replace

from openntz.course.events import Contact
from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    course,
    days_before,
    doses_until,
    finding,
    plan,
    reaction,
    without,
)

RULE = "reaction.follow-up-call"
DUE, WATCH, UNKNOWN, OK = Status.DUE, Status.WATCH, Status.UNKNOWN, Status.OK


def at(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute))


def series(days_ago=0, *, count=6, left=None, route="IV", **changes):
    """Doses at 10:00 (infusions to 11:00), the last one left ``left`` minutes after its end."""
    doses = doses_until(days_before(days_ago), count, route=route)
    last = doses[-1]
    end = last.end or last.at
    gone = None if left is None else end + timedelta(minutes=left)
    return (*doses[:-1], replace(last, discharged=gone, **changes))


def found(doses, *reactions, profile="study", **events):
    return finding(RULE, course(doses=doses, reactions=reactions, **events), profile=profile)


@pytest.mark.parametrize(("left", "status"), [(1, DUE), (59, DUE), (60, OK), (61, OK)])
def test_leaving_before_the_hour_is_over_asks_for_a_call(left, status):
    answer = found(series(left=left))
    assert answer.status is status
    if status is DUE:
        assert f"discharged {left} minutes after the dose" in answer.message
        assert "1 h after the dose, by the same physician" in answer.message
        assert answer.due == AS_OF
        assert answer.evidence == ("doses:7",)
        assert "overdue" not in answer.message
    else:
        assert "no call asked" in answer.message


@pytest.mark.parametrize(
    ("days", "status", "overdue"),
    [(0, DUE, False), (1, DUE, True), (7, DUE, True), (8, WATCH, False), (20, WATCH, False)],
)
def test_it_is_overdue_the_next_day_and_lapses_after_a_week(days, status, overdue):
    answer = found(series(days, left=10))
    assert answer.status is status
    assert ("It is overdue" in answer.message) is overdue
    if status is DUE:
        assert answer.due == days_before(days)


@pytest.mark.parametrize(
    "call",
    [
        Contact(at(AS_OF, 12), True, ""),
        Contact(at(AS_OF, 0), False, ""),
        Contact(None, False, "well, Dr May"),
        Contact(None, False, "yes"),
    ],
)
def test_a_recorded_call_settles_it(call):
    assert found(series(left=10, follow_up_call=call)).status is OK


@pytest.mark.parametrize("words", ["no", "not reached", "Missed", "planned"])
def test_words_that_deny_a_call_are_no_call(words):
    answer = found(series(left=10, follow_up_call=Contact(None, False, words)))
    assert answer.status is DUE
    assert f'"{words}"' in answer.message


def test_a_call_entered_for_later_was_not_made():
    later = Contact(at(AS_OF + timedelta(days=1), 9), True, "")
    assert found(series(left=10, follow_up_call=later)).status is DUE


@pytest.mark.parametrize("profile", ["eu", "us"])
def test_the_labels_ask_for_no_call(profile):
    answer = found(series(left=10), profile=profile)
    assert answer.status is OK
    assert "only the study proposal asks for a call" in answer.message
    assert ("study", DUE) in [(name, status) for name, status, _ in answer.others]
    assert found(series(), profile=profile).status is OK


def test_the_next_dose_closes_the_task_of_the_one_before():
    doses = series(28, left=10)
    new = replace(doses_until(AS_OF, 1)[0], discharged=at(AS_OF, 13))
    assert found((*doses, new)).status is OK


def test_an_injection_counts_from_its_time():
    assert found(series(left=59, route="SC")).status is DUE
    assert found(series(left=60, route="SC")).status is OK


# ── what is not recorded


@pytest.mark.parametrize(
    ("count", "days", "status"), [(3, 0, OK), (4, 0, UNKNOWN), (4, 7, UNKNOWN), (4, 8, OK)]
)
def test_without_a_discharge_only_a_waived_observation_is_asked_about(count, days, status):
    """The study left observation out from the fourth infusion on."""
    assert found(series(days, count=count)).status is status


def test_where_observation_was_due_a_missing_discharge_is_no_question():
    doses = series()
    assert found(doses, reaction(doses[1].at, "rigors", 2)).status is OK


def test_a_reaction_at_the_last_dose_does_not_change_what_was_advised_before_it():
    doses = series(count=4)
    assert found(doses, reaction(doses[-1].at, "rigors", 2)).status is UNKNOWN


@pytest.mark.parametrize(("minutes", "status"), [(59, DUE), (60, UNKNOWN), (300, UNKNOWN)])
def test_an_infusion_without_end_is_judged_only_where_it_can_be(minutes, status):
    doses = series()
    gone = doses[-1].at + timedelta(minutes=minutes)
    doses = (*doses[:-1], replace(doses[-1], end=None, discharged=gone))
    answer = found(doses)
    assert answer.status is status
    if status is DUE:
        assert "discharged before the observation was over" in answer.message


# ── hotline


@pytest.mark.parametrize("profile", ["eu", "us", "study"])
@pytest.mark.parametrize(("days", "overdue"), [(0, False), (1, True)])
def test_a_hotline_call_with_nothing_that_came_of_it_is_due(profile, days, overdue):
    call = Contact(at(days_before(days), 15), True, "")
    answer = found(series(days, left=90, hotline=call), profile=profile)
    assert answer.status is DUE
    assert "Call back" in answer.message
    assert answer.due == days_before(days)
    assert ("overdue" in answer.message) is overdue


def test_a_reaction_an_answer_or_words_settle_a_hotline_call():
    call = Contact(at(AS_OF, 15), True, "")
    asked = {"left": 90, "hotline": call}
    doses = series(**asked)
    assert found(doses, reaction(AS_OF, "rash", 1)).status is OK
    assert found(series(**asked, follow_up_call=Contact(None, False, "well"))).status is OK
    assert found(series(**asked, follow_up_call=Contact(None, False, "not reached"))).status is DUE
    spoken = Contact(None, False, "asked about a shower; no reaction")
    assert found(series(left=90, hotline=spoken)).status is OK


@pytest.mark.parametrize(("days", "status"), [(0, DUE), (1, OK), (2, OK)])
def test_a_follow_up_before_the_hotline_call_does_not_answer_it(days, status):
    hotline = Contact(at(days_before(1), 15), True, "")
    call = Contact(at(days_before(2 - days), 12), True, "")
    doses = series(2, left=90, hotline=hotline, follow_up_call=call)
    assert found(doses, profile="eu").status is status


# ── never dosed, off therapy, no table


def test_never_dosed_off_therapy_and_without_reactions():
    assert finding(RULE, course(), profile="study").status is UNKNOWN
    stop = plan(AS_OF, stopped=AS_OF, line=3)
    answer = found(series(left=5), plans=[stop])
    assert answer.status is OK
    assert "plans:3" in answer.evidence
    unseen = course(doses=series(count=8), recorded=without("reactions"))
    assert finding(RULE, unseen, profile="study").status is OK
