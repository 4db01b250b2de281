"""Doses and what surrounds them: observation, reactions, calls, home, the record, lateness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from openntz.course.events import Contact, Reaction
from tests.build import AS_OF, antibody, days_before, plan, reaction, treatment
from tests.monitor.people.case import Case, accepted, act, due, ok, prompts, speaks, unknown, watch
from tests.monitor.people.quiet import Quiet, blood, given, quiet

ALL = ("eu", "us", "study")
WATCHED, CALL, GRADING = "observation.post-infusion", "reaction.follow-up-call", "reaction.grading"
ALLERGY, HOME, RECORD = (
    "hypersensitivity.contraindicated",
    "administration.home",
    "administration.record",
)
LATE, TEST, AGAIN = "interval.late-dose", "antibody.test-due", "antibody.before-re-exposure"
WELL = quiet()
NEXT = days_before(-18)


def _dose_days(made: Quiet) -> list[date]:
    return [d.day for d in made.tables["doses"]]


def _during(made: Quiet, number: int, term: str, grade: int | None, minutes: int = 20) -> Reaction:
    """A reaction so many minutes after the start of dose ``number`` (from 1)."""
    start = datetime.combine(_dose_days(made)[number - 1], time(10))
    return reaction(start + timedelta(minutes=minutes), term, grade)


def _reacted(made: Quiet, number: int, term: str, grade: int | None, minutes: int = 20) -> Course:
    return made.with_(reactions=[_during(made, number, term, grade, minutes)]).course()


def _last(made: Quiet, **recorded: Any) -> Course:
    """The last dose recorded otherwise."""
    *before, last = made.tables["doses"]
    return made.instead(doses=[*before, replace(last, **recorded)]).course()


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


def _resumed(count: int, gap: int, after: int) -> Quiet:
    """``count`` doses, a pause of ``gap`` days between two doses, and ``after`` more doses."""
    resumed = quiet(after)
    before = quiet(count, since_last=(AS_OF - resumed.first).days + gap)
    joint = [*before.tables["doses"], *resumed.tables["doses"]]
    later = [m for m in resumed.tables["measurements"] if m.test != v.WEIGHT]
    return before.with_(
        measurements=later, mri=resumed.tables["mri"], edss=resumed.tables["edss"]
    ).instead(doses=joint)


TODAY = quiet(20, since_last=0)
PAUSE: Final = ("stopping.no-successor", "activity.neda", "review.re-authorisation")

OBSERVED: Final = (
    Case(
        "eleven-doses",
        "one dose short of twelve",
        ("L2", "C1", "C2", "S0-09", "S0-28"),
        quiet(11).course(),
        {},
        eu={WATCHED: due("60 minutes", "11 of the first 12", due=NEXT)},
        us={WATCHED: due("11 of the first 12", due=NEXT)},
        study={WATCHED: watch(due=NEXT)},
        profiles=ALL,
    ),
    Case(
        "twelve-doses",
        "twelve clean infusions: the hour may be left out, the infusion is watched",
        ("L2", "L24", "C2", "S0-28", "S0-29"),
        quiet(12).course(),
        {WATCHED: ok("during")},
        beside=("antibody.test-due",),
        profiles=ALL,
    ),
    Case(
        "two-clean-doses",
        "one short of the study's three",
        ("S0-11", "S0-22", "C2"),
        quiet(2).course(),
        {WATCHED: due(due=NEXT)},
        profiles=ALL,
    ),
    Case(
        "three-clean-doses",
        "enough for the study, not for the labels",
        ("S0-11", "S0-22", "C2"),
        quiet(3, since_last=8).course(),
        {},
        eu={WATCHED: due("3 of the first 12")},
        us={WATCHED: due("3 of the first 12")},
        study={WATCHED: watch()},
        beside=("review.due", "antibody.test-due"),
        profiles=ALL,
    ),
    Case(
        "injections-only",
        "twenty tolerated injections: six are from memory, so observation stays due",
        ("L4", "C2"),
        quiet(20, route="SC").course(),
        {WATCHED: due("unverified")},
    ),
    Case(
        "six-months-off-then-two",
        "fourteen doses, 183 days off, two doses: counted anew by the EU text",
        ("L3", "C12"),
        _resumed(14, 183, 2).course(),
        {},
        eu={WATCHED: due("60 minutes")},
        us={WATCHED: watch()},
        beside=(*PAUSE, TEST, "restart.gate", "restart.active-disease"),
        profiles=("eu", "us"),
    ),
    Case(
        "a-day-short-of-six-months-off",
        "fourteen doses, 182 days off, two doses: not counted anew",
        ("L3", "C12"),
        _resumed(14, 182, 2).course(),
        {WATCHED: ok()},
        beside=(*PAUSE, TEST, "restart.gate", "restart.active-disease"),
    ),
    Case(
        "mild-headache-at-dose-5",
        "a mild reaction ends 'no reactions' by the label, not for the study",
        ("L2", "S0-11", "S0-14", "C2"),
        _reacted(WELL, 5, "headache", 1),
        {ALLERGY: ok()},
        eu={WATCHED: due()},
        us={WATCHED: due()},
        study={WATCHED: watch()},
        profiles=ALL,
    ),
    Case(
        "moderate-reaction-at-dose-20",
        "a moderate reaction excludes from the study",
        ("S0-14", "S0-11", "D6"),
        _reacted(WELL, 20, "infusion related reaction", 2),
        {WATCHED: due(), TEST: prompts()},
        beside=(GRADING,),
        profiles=ALL,
    ),
    Case(
        "reactions-not-exported",
        "no table of reactions: nobody knows",
        ("L2", "L8"),
        WELL.course(lacking=["reactions"]),
        {ALLERGY: unknown("reactions"), WATCHED: unknown()},
        beside=(WATCHED,),
        profiles=ALL,
    ),
)

ALLERGIC: Final = (
    Case(
        "anaphylaxis-at-dose-2",
        "severe, and the next dose is due: never again",
        ("L8", "S2-19", "L7", "S0-65"),
        _reacted(quiet(2), 2, "anaphylaxis", 3, 4),
        {ALLERGY: act("anaphylaxis")},
        beside=(GRADING, TEST, WATCHED),
        profiles=ALL,
    ),
    Case(
        "mild-hypersensitivity",
        "any hypersensitivity, however mild, is a contraindication",
        ("L8", "L19"),
        _reacted(WELL, 3, "hypersensitivity", 1),
        {ALLERGY: act("hypersensitivity")},
        beside=(GRADING, TEST, WATCHED),
        profiles=ALL,
    ),
    Case(
        "severe-infusion-reaction",
        "grade 3 by any name",
        ("S2-19", "D6", "D9"),
        _reacted(WELL, 20, "infusion related reaction", 3),
        {ALLERGY: act()},
        beside=(GRADING, TEST, WATCHED),
        profiles=ALL,
    ),
    Case(
        "no-hypersensitivity",
        "the words deny it",
        ("L8",),
        _reacted(WELL, 19, "flushing, no hypersensitivity", 1),
        {ALLERGY: speaks()},
        beside=(GRADING, TEST, WATCHED),
    ),
    Case(
        "allergic-and-stopped",
        "the reaction, then the stop, another drug since",
        ("L8", "S2-19"),
        quiet(3, since_last=50)
        .with_(
            reactions=[_during(quiet(3, since_last=50), 3, "anaphylaxis", 3, 5)],
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
        _reacted(WELL, 18, "headache", None),
        {GRADING: speaks("grade")},
        beside=(WATCHED, TEST, ALLERGY),
    ),
    Case(
        "anaphylaxis-grade-1",
        "its scale starts at 3",
        ("D8", "D6"),
        _reacted(WELL, 18, "anaphylaxis", 1),
        {ALLERGY: act(), GRADING: speaks("3")},
        beside=(WATCHED, TEST),
    ),
    Case(
        "serum-sickness",
        "rash and joint pain ten days after a dose",
        ("S0-68", "L7"),
        _reacted(WELL, 18, "rash and joint pain", 2, 10 * 24 * 60),
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


def _since(since_last: int, interval: int = 28, more: Iterable[Any] = ()) -> Course:
    return quiet(20, since_last, interval=interval).with_(plans=more).course()


LATENESS: Final = (
    Case("20-days", "eight days before the dose", ("L1",), _since(20), {LATE: ok()}, profiles=ALL),
    Case(
        "21-days",
        "seven days before the dose",
        ("L1",),
        _since(21),
        {LATE: watch(due=days_before(-7))},
        beside=("infection.before-dose",),
    ),
    Case("28-days", "the day itself", ("L1",), _since(28), {LATE: watch(due=AS_OF)}),
    Case(
        "29-days",
        "a day late: as soon as possible",
        ("L1", "S4-33"),
        _since(29),
        {LATE: due("possible")},
        beside=("review.due", TEST),
        profiles=ALL,
    ),
    Case(
        "56-days",
        "eight weeks: still an acceptable delay",
        ("S4-33", "C12"),
        _since(56),
        {LATE: due()},
        beside=("laboratory.due", "review.due", TEST),
    ),
    Case(
        "57-days",
        "beyond eight weeks and no stop on record",
        ("S4-33", "S4-04", "C12"),
        _since(57),
        {LATE: act(), "stopping.no-successor": prompts()},
        beside=("laboratory.due", "review.due", TEST, "stopping.plan", "stopping.washout"),
        profiles=ALL,
    ),
    Case(
        "six-weekly-43-days",
        "a day beyond the planned six weeks",
        ("L1", "C12"),
        _since(43, 42),
        {LATE: due()},
        beside=("level.low", "laboratory.due", "review.due"),
    ),
    Case("six-weekly-34-days", "eight days before", ("L1",), _since(34, 42), {LATE: ok()}),
    Case(
        "two-doses-89-days-off",
        "a day short of three months, the third dose booked",
        ("L7", "A7", "C12"),
        quiet(2, since_last=80).with_(doses=[given(days_before(-9), 9)]).course(),
        {AGAIN: ok()},
        beside=(
            *(LATE, "stopping.no-successor", WATCHED, "review.due", "antibody.no-lymphocyte-rise"),
            *("stopping.rebound-window", "restart.gate"),
        ),
    ),
    Case(
        "two-doses-90-days-off",
        "three months after two doses, the third dose booked, no antibody test",
        ("L7", "A7", "L9", "C12"),
        quiet(2, since_last=81)
        .no_test_from(days_before(100), v.ANTIBODIES)
        .with_(doses=[given(days_before(-9), 9)])
        .course(),
        {AGAIN: act("antibod")},
        beside=(
            *(LATE, "stopping.no-successor", WATCHED, "review.due", "antibody.no-lymphocyte-rise"),
            *("stopping.rebound-window", "restart.gate", TEST),
        ),
        profiles=ALL,
    ),
    Case(
        "two-doses-tested",
        "the same, antibodies negative last week",
        ("L7", "L9"),
        quiet(2, since_last=81)
        .no_test_from(days_before(100), v.ANTIBODIES)
        .with_(
            doses=[given(days_before(-9), 9)],
            measurements=[
                antibody(days_before(7), "negative"),
                *blood(days_before(7), risen=False),
            ],
        )
        .course(),
        {AGAIN: ok()},
        beside=(
            *(LATE, "stopping.no-successor", WATCHED, "review.due", "antibody.no-lymphocyte-rise"),
            *("stopping.rebound-window", "restart.gate"),
        ),
        profiles=ALL,
    ),
    Case(
        "three-doses-120-days-off",
        "three doses are not one or two",
        ("L7", "A7"),
        quiet(3, since_last=111).with_(doses=[given(days_before(-9), 9)]).course(),
        {AGAIN: ok()},
        beside=(
            *(LATE, "stopping.no-successor", WATCHED, "review.due", "antibody.no-lymphocyte-rise"),
            *(
                "stopping.rebound-window",
                "restart.gate",
                TEST,
                "counts.after-stopping",
                "pml.baseline-mri",
            ),
        ),
    ),
)

PEOPLE: Final = (*OBSERVED, *ALLERGIC, *LEFT, *AT_HOME, *LATENESS)
