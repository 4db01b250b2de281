"""Reactions, calls after early discharge, doses at home, the record of a dose."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final

from msgspec.structs import replace

from openntz.course.course import Course
from openntz.course.events import Contact
from tests.build import AS_OF, days_before, plan, treatment
from tests.monitor.people.case import Case, accepted, act, due, ok, prompts, speaks, watch
from tests.monitor.people.dosing import during, reacted
from tests.monitor.people.quiet import Quiet, quiet

ALL = ("eu", "us", "study")
WATCHED, CALL, GRADING = "observation.post-infusion", "reaction.follow-up-call", "reaction.grading"
ALLERGY = "hypersensitivity.contraindicated"
HOME, RECORD = "administration.home", "administration.record"
LATE, TEST = "interval.late-dose", "antibody.test-due"
WELL, TODAY = quiet(), quiet(20, since_last=0)
NEXT = days_before(-18)


def _last(made: Quiet, **recorded: Any) -> Course:
    """The last dose recorded otherwise."""
    *before, last = made.tables["doses"]
    return made.instead(doses=[*before, replace(last, **recorded)]).course()


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


ALLERGIC: Final = (
    Case(
        "anaphylaxis-at-dose-2",
        "severe, and the next dose is due: never again",
        ("L8", "S2-19", "L7", "S0-65"),
        reacted(quiet(2), 2, "anaphylaxis", 3, 4),
        {ALLERGY: act("anaphylaxis")},
        beside=(GRADING, TEST, WATCHED),
        profiles=ALL,
    ),
    Case(
        "mild-hypersensitivity",
        "any hypersensitivity, however mild, is a contraindication",
        ("L8", "L19"),
        reacted(WELL, 3, "hypersensitivity", 1),
        {ALLERGY: act("hypersensitivity")},
        beside=(GRADING, TEST, WATCHED),
        profiles=ALL,
    ),
    Case(
        "severe-infusion-reaction",
        "grade 3 by any name",
        ("S2-19", "D6", "D9"),
        reacted(WELL, 20, "infusion related reaction", 3),
        {ALLERGY: act()},
        beside=(GRADING, TEST, WATCHED),
        profiles=ALL,
    ),
    Case(
        "no-hypersensitivity",
        "the words deny it",
        ("L8",),
        reacted(WELL, 19, "flushing, no hypersensitivity", 1),
        {ALLERGY: speaks()},
        beside=(GRADING, TEST, WATCHED),
    ),
    Case(
        "allergic-and-stopped",
        "the reaction, then the stop, another drug since",
        ("L8", "S2-19"),
        quiet(3, since_last=50)
        .with_(
            reactions=[during(quiet(3, since_last=50), 3, "anaphylaxis", 3, 5)],
            plans=[plan(days_before(49), stopped=days_before(49), reason="anaphylaxis", line=9)],
            treatments=[treatment(days_before(40), "ocrelizumab", "dmt")],
        )
        .course(),
        {ALLERGY: watch(), LATE: ok()},
        beside=("pml.after-switch", "stopping.washout", GRADING, "review.due"),
        profiles=ALL,
    ),
    Case(
        "reaction-without-grade",
        "what happened is not graded",
        ("D6", "S0-05", "S0-64"),
        reacted(WELL, 18, "headache", None),
        {GRADING: speaks("grade")},
        beside=(WATCHED, TEST, ALLERGY),
    ),
    Case(
        "anaphylaxis-grade-1",
        "its scale starts at 3",
        ("D8", "D6"),
        reacted(WELL, 18, "anaphylaxis", 1),
        {ALLERGY: act(), GRADING: speaks("3")},
        beside=(WATCHED, TEST),
    ),
    Case(
        "serum-sickness",
        "rash and joint pain ten days after a dose",
        ("S0-68", "L7"),
        reacted(WELL, 18, "rash and joint pain", 2, 10 * 24 * 60),
        {GRADING: speaks("serum sickness")},
        beside=(WATCHED, TEST, ALLERGY),
    ),
)

LEFT: Final = (
    Case(
        "left-early-no-call",
        "left 20 minutes after the infusion today, nobody phoned",
        ("S0-15", "S0-12"),
        _last(TODAY, discharged=_at(AS_OF, 11, 20)),
        {},
        eu={CALL: ok()},
        us={CALL: ok()},
        study={CALL: due(due=AS_OF)},
        beside=(LATE,),
        profiles=ALL,
    ),
    Case(
        "left-early-called",
        "left early, phoned an hour later, well",
        ("S0-15",),
        _last(
            TODAY,
            discharged=_at(AS_OF, 11, 20),
            follow_up_call=Contact(_at(AS_OF, 12, 20), True, "well"),
        ),
        {CALL: ok()},
        profiles=ALL,
    ),
    Case(
        "left-early-not-reached",
        "phoned, not reached: still open",
        ("S0-15",),
        _last(
            TODAY,
            discharged=_at(AS_OF, 11, 20),
            follow_up_call=Contact(None, False, "not reached"),
        ),
        {CALL: due()},
        profiles=("study",),
    ),
    Case(
        "stayed-the-hour",
        "left 65 minutes after the end",
        ("S0-15", "S0-09"),
        _last(TODAY, discharged=_at(AS_OF, 12, 5)),
        {CALL: ok()},
    ),
    Case(
        "hotline-unanswered",
        "rang in the evening, nothing came of it",
        ("S0-13",),
        _last(WELL, hotline=Contact(_at(WELL.last, 20), True, "itching")),
        {CALL: speaks("hotline")},
        beside=(GRADING,),
    ),
)

AT_HOME: Final = (
    Case(
        "infusion-at-home",
        "nobody allows an infusion at home",
        ("L5", "L6", "C14", "S0-03"),
        _last(WELL, setting="home"),
        {HOME: prompts("clinic", due=NEXT)},
        profiles=ALL,
    ),
    Case(
        "injection-at-home-after-five",
        "five tolerated doses, the sixth injected at home: one too early",
        ("L5",),
        _last(quiet(6, route="SC"), setting="home"),
        {HOME: prompts("6"), WATCHED: due()},
    ),
    Case(
        "injection-at-home-after-six",
        "six tolerated doses, the seventh injected at home",
        ("L5",),
        _last(quiet(7, route="SC"), setting="home"),
        {HOME: accepted("physician", "checklist"), WATCHED: due()},
    ),
    Case(
        "no-batch",
        "batch of the last dose not written down",
        ("L30",),
        _last(WELL, batch=""),
        {RECORD: speaks("batch")},
    ),
    Case(
        "half-dose",
        "150 mg by infusion",
        ("L1", "C16", "S0-05"),
        _last(WELL, amount_mg=150.0),
        {RECORD: speaks("300 mg")},
    ),
    Case(
        "in-twenty-minutes",
        "infused in 20 minutes",
        ("L1", "L30", "S0-27"),
        _last(WELL, end=_at(WELL.last, 10, 20)),
        {RECORD: speaks("20 min")},
    ),
    Case(
        "premedicated",
        "an antihistamine before the dose: recorded, never required",
        ("C16", "S0-05"),
        _last(WELL, premedication="cetirizine"),
        {RECORD: ok()},
    ),
)


PEOPLE: Final = (*ALLERGIC, *LEFT, *AT_HOME)
