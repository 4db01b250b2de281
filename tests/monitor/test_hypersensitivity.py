"""hypersensitivity.contraindicated against contracts."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from openntz.monitor.finding import Status
from tests.build import (
    AS_OF,
    course,
    days_before,
    dose,
    doses_until,
    finding,
    plan,
    reaction,
    without,
)

RULE = "hypersensitivity.contraindicated"
ON = doses_until(days_before(10), 8)  # lines 2 to 9, 10:00 to 11:00


def after(number: int, minutes: int) -> datetime:
    """So many minutes after the start of a dose (counted from 1)."""
    return ON[number - 1].at + timedelta(minutes=minutes)


def found(*reactions, doses=ON, plans=(), **options):
    return finding(RULE, course(doses=doses, reactions=reactions, plans=plans), **options)


def stop(day, reason="hypersensitivity", line: int = 4):
    return plan(day, stopped=day, reason=reason, line=line)


def test_a_forbidding_reaction_with_later_doses_is_acted_on():
    answer = found(reaction(after(3, 12), "hypersensitivity", 3, line=19))
    assert answer.status is Status.ACT
    assert "hypersensitivity (grade 3)" in answer.message
    assert "dose 3, 12 minutes after its start, during the infusion" in answer.message
    assert f"5 doses were given after it, the first on {ON[3].day}" in answer.message
    assert answer.due == ON[-1].day + timedelta(days=28)
    assert answer.evidence[:3] == ("reactions:19", "doses:4", "doses:5")
    assert {"mims", "founding-s2"} <= set(answer.sources)


def test_a_forbidding_reaction_at_the_last_dose_is_acted_on_while_therapy_goes_on():
    answer = found(reaction(after(8, 12), "anaphylaxis", 3))
    assert answer.status is Status.ACT
    assert "Therapy has not been stopped" in answer.message
    assert "given after it" not in answer.message


def test_one_later_dose_is_counted_in_the_singular():
    answer = found(reaction(after(7, 12), "anaphylaxis", 3))
    assert f"1 dose was given after it, on {ON[7].day}" in answer.message


@pytest.mark.parametrize("grade", [None, 1, 2, 3])
def test_any_grade_of_hypersensitivity_forbids(grade):
    assert found(reaction(after(3, 12), "hypersensitivity", grade)).status is Status.ACT


@pytest.mark.parametrize(("grade", "status"), [(2, Status.OK), (3, Status.ACT)])
def test_any_reaction_forbids_from_grade_3(grade, status):
    assert found(reaction(after(3, 12), "rigors", grade)).status is status


@pytest.mark.parametrize("grade", [None, 1, 2])
def test_urticaria_asks_whether_it_was_judged(grade):
    answer = found(reaction(after(3, 12), "urticaria", grade, line=13))
    assert answer.status is Status.WATCH
    assert "does not say whether it was judged" in answer.message
    assert "reactions:13" in answer.evidence


@pytest.mark.parametrize("term", ["flushing", "headache", "rigors", "nausea", "rash"])
def test_infusion_reactions_do_not_forbid(term):
    answer = found(reaction(after(3, 12), term, 2))
    assert answer.status is Status.OK
    assert "1 reaction recorded" in answer.message


def test_a_reaction_without_a_grade_is_unknown():
    answer = found(reaction(after(3, 12), "rigors", None, line=6))
    assert answer.status is Status.UNKNOWN
    assert "the grade must be known" in answer.message
    assert "reactions:6" in answer.evidence


def test_the_most_serious_of_several_decides():
    mild, ungraded = reaction(after(1, 5), "flushing", 1), reaction(after(2, 5), "rigors", None)
    possible, forbids = reaction(after(3, 5), "urticaria", 1), reaction(after(4, 5), "allergy", 1)
    assert found(mild).status is Status.OK
    assert found(mild, ungraded).status is Status.UNKNOWN
    assert found(mild, ungraded, possible).status is Status.WATCH
    assert found(mild, ungraded, possible, forbids).status is Status.ACT


# ── therapy stopped


@pytest.mark.parametrize("term", ["hypersensitivity", "serum sickness"])
def test_stopped_after_the_reaction_is_watched(term):
    answer = found(reaction(after(8, 12), term, 3), plans=[stop(ON[-1].day + timedelta(days=1))])
    assert answer.status is Status.WATCH
    assert "No dose was given after it" in answer.message
    assert "plans:4" in answer.evidence


def test_stopped_but_dosed_after_the_reaction_is_acted_on():
    answer = found(
        reaction(after(7, 12), "hypersensitivity", 3), plans=[stop(ON[-1].day + timedelta(days=1))]
    )
    assert answer.status is Status.ACT
    assert "1 dose was given after it" in answer.message


@pytest.mark.parametrize(
    ("days", "status"),
    [(56, Status.ACT), (57, Status.ACT), (364, Status.ACT), (365, Status.WATCH)],
)
def test_a_presumed_stop_closes_nothing_and_a_year_without_doses_does(days, status):
    doses = doses_until(days_before(days), 4)
    event = reaction(doses[-1].at, "hypersensitivity", 3)
    answer = found(event, doses=doses)
    assert answer.status is status
    presumed = "record the stop and the contraindication" in answer.message
    assert presumed is (days in {57, 364})
    recorded = found(event, doses=doses, plans=[stop(doses[-1].day)])
    assert recorded.status is Status.WATCH


@pytest.mark.parametrize(
    ("days", "status"), [(57, Status.UNKNOWN), (364, Status.UNKNOWN), (365, Status.OK)]
)
def test_a_presumed_stop_does_not_answer_for_a_missing_grade(days, status):
    doses = doses_until(days_before(days), 4)
    assert found(reaction(doses[-1].at, "rigors", None), doses=doses).status is status


def test_a_restart_that_is_booked_or_planned_is_acted_on():
    doses = doses_until(days_before(200), 4)
    event = reaction(doses[-1].at, "hypersensitivity", 3)
    stopped = stop(days_before(199))
    assert found(event, doses=doses, plans=[stopped]).status is Status.WATCH
    booked = (*doses, dose(AS_OF + timedelta(days=2)))
    answer = found(event, doses=booked, plans=[stopped])
    assert answer.status is Status.ACT
    assert "booked" in answer.message
    resumed = found(event, doses=doses, plans=[stopped, plan(days_before(5), 28)])
    assert resumed.status is Status.ACT


def test_off_therapy_a_reaction_without_a_grade_is_told_but_not_urged():
    answer = found(
        reaction(after(3, 12), "rigors", None), plans=[stop(days_before(5), "JCV positive")]
    )
    assert answer.status is Status.OK
    assert "Judge it before any restart" in answer.message


def test_off_therapy_a_possible_hypersensitivity_is_watched_matches_contract():
    answer = found(
        reaction(after(3, 12), "urticaria", 1), plans=[stop(days_before(5), "JCV positive")]
    )
    assert answer.status is Status.WATCH
    assert "Judge it before any restart" in answer.message
    assert "plans:4" in answer.evidence


# ── doses not in the export


def unseen(*reactions, plans=()):
    made = course(reactions=reactions, plans=plans, recorded=without("doses"))
    return finding(RULE, made)


def test_a_forbidding_reaction_without_doses_in_the_export_is_acted_on_unless_stopped():
    event = reaction(days_before(30), "anaphylaxis", 3)
    answer = unseen(event)
    assert answer.status is Status.ACT
    assert "Doses are not in the export and no stop is recorded" in answer.message
    stopped = unseen(event, plans=[stop(AS_OF)])
    assert stopped.status is Status.WATCH
    assert "whether one was given after it is not known" in stopped.message
    assert "plans:4" in stopped.evidence


def test_a_stop_still_to_come_or_lifted_by_a_later_plan_does_not_count():
    event = reaction(days_before(30), "anaphylaxis", 3)
    to_come = plan(days_before(2), stopped=AS_OF + timedelta(days=1))
    assert unseen(event, plans=[to_come]).status is Status.ACT
    lifted = [stop(days_before(20)), plan(days_before(5), 28)]
    assert unseen(event, plans=lifted).status is Status.ACT


def test_a_possible_hypersensitivity_without_doses_is_watched():
    answer = unseen(reaction(days_before(30), "urticaria", 1))
    assert answer.status is Status.WATCH
    assert "Doses are not in the export" in answer.message


# ── times


@pytest.mark.parametrize(
    ("onset", "number"),
    [
        (datetime.combine(ON[4].day, time(9, 59)), 4),
        (datetime.combine(ON[4].day, time(10, 1)), 3),
        (ON[4].day, 3),  # without a time it belongs to that day's dose
    ],
)
def test_doses_after_follow_the_clock(onset, number):
    answer = found(reaction(onset, "hypersensitivity", 3))
    assert f"{number} doses were given after it" in answer.message


def test_a_delayed_reaction_names_the_days():
    answer = found(reaction(ON[2].day + timedelta(days=9), "serum sickness", 2))
    assert "dose 3, 9 days after it, delayed" in answer.message


@pytest.mark.parametrize(
    ("onset", "words"),
    [
        (after(3, 60), "dose 3, 60 minutes after its start, during the infusion."),
        (after(3, 70), "dose 3, 70 minutes after its start."),
        (after(3, 1), "dose 3, 1 minute after its start, during the infusion."),
        (ON[2].day, "dose 3, the same day."),
        (ON[2].day + timedelta(days=1), "dose 3, 1 day after it."),
        (after(3, 3 * 24 * 60), "dose 3, 3 days after it, delayed."),
    ],
)
def test_onset_is_told_as_exactly_as_it_is_known(onset, words):
    assert words in found(reaction(onset, "hypersensitivity", 3)).message


def test_a_reaction_before_any_dose_forbids_the_doses_after_it():
    answer = found(reaction(ON[0].day - timedelta(days=400), "anaphylaxis", 4))
    assert answer.status is Status.ACT
    assert "before any recorded dose" in answer.message
    assert "8 doses were given after it" in answer.message


def test_a_reaction_after_the_as_of_date_is_not_used():
    assert found(reaction(AS_OF + timedelta(days=1), "anaphylaxis", 4)).status is Status.OK


# ── nothing recorded


def test_without_the_table_it_is_unknown():
    answer = finding(RULE, course(doses=ON, recorded=without("reactions")))
    assert answer.status is Status.UNKNOWN
    assert "reactions is not in the export" in answer.message


def test_an_empty_table_means_none_recorded():
    answer = found()
    assert answer.status is Status.OK
    assert answer.message == "No reaction is recorded."


def test_nobody_dosed_is_unknown_but_a_known_reaction_is_watched():
    assert finding(RULE, course()).status is Status.UNKNOWN
    made = course(reactions=[reaction("2019-01-01", "anaphylaxis", 4)])
    assert finding(RULE, made).status is Status.WATCH
    made = course(
        reactions=[reaction("2019-01-01", "anaphylaxis", 4)],
        doses=[dose(AS_OF + timedelta(days=1))],
    )
    assert finding(RULE, made).status is Status.ACT


STOP = days_before(30)


def stopped_for(reason: str, *more, doses=ON[:6], recorded=None, **options):
    rows = (plan(STOP, stopped=STOP, reason=reason, line=4), *more)
    tables = {} if recorded is None else {"recorded": recorded}
    return finding(RULE, course(doses=doses, plans=rows, **tables), **options)


@pytest.mark.parametrize("reason", ["anaphylaxis", "Hypersensitivity reaction, grade 3"])
def test_the_reason_of_a_stop_forbids_as_a_reaction_does(reason):
    answer = stopped_for(reason)
    assert answer.status is Status.WATCH
    assert f'stopped on {STOP} for "{reason}"' in answer.message
    assert "no reaction is recorded as one that forbids" in answer.message
    assert "No dose was given after it" in answer.message
    assert "plans:4" in answer.evidence
    assert {"mims", "founding-s2"} <= set(answer.sources)


@pytest.mark.parametrize("reason", ["", "no hypersensitivity", "JCV positive", "patient choice"])
def test_other_reasons_of_a_stop_forbid_nothing(reason):
    assert stopped_for(reason).status is Status.OK


def test_a_dose_after_a_stop_for_hypersensitivity_is_acted_on():
    answer = stopped_for("anaphylaxis", doses=ON)
    assert ON[-1].day > STOP
    assert answer.status is Status.ACT
    assert f"on {ON[-1].day}" in answer.message


@pytest.mark.parametrize(("day", "status"), [(0, Status.WATCH), (1, Status.ACT)])
def test_a_dose_on_the_day_of_the_stop_is_not_after_it(day, status):
    last = dose(STOP + timedelta(days=day), line=20)
    assert stopped_for("anaphylaxis", doses=(*ON[:6], last)).status is status


def test_a_plan_that_lifts_a_stop_for_hypersensitivity_is_acted_on():
    answer = stopped_for("anaphylaxis", plan(days_before(5), 28, line=5))
    assert answer.status is Status.ACT
    assert "to resume" in answer.message


def test_the_stop_is_enough_where_reactions_are_not_in_the_export():
    answer = stopped_for("anaphylaxis", recorded=without("reactions"))
    assert answer.status is Status.WATCH
    assert "reactions are not in the export" in answer.message
    assert stopped_for("patient choice", recorded=without("reactions")).status is Status.UNKNOWN


def test_the_stop_is_enough_where_doses_are_not_in_the_export():
    answer = stopped_for("anaphylaxis", doses=(), recorded=without("doses"))
    assert answer.status is Status.WATCH
    assert "whether one was given after it is not known" in answer.message


def test_a_recorded_reaction_goes_before_the_reason_of_the_stop():
    stop_row = plan(STOP, stopped=STOP, reason="anaphylaxis", line=4)
    answer = found(reaction(after(3, 12), "anaphylaxis", 4, line=19), plans=[stop_row])
    assert "Recorded: anaphylaxis (grade 4)" in answer.message
    assert 'for "anaphylaxis"' not in answer.message


def test_the_reaction_that_the_stop_was_for_is_told_beside_it():
    rash = reaction(after(6, 12), "urticaria", 1, line=19)
    answer = found(rash, plans=[stop(STOP)], doses=ON[:6])
    assert answer.status is Status.WATCH
    assert "(there is urticaria (grade 1)" in answer.message
    assert {"plans:4", "reactions:19"} <= set(answer.evidence)
