"""When doses are given: observation after them, gaps between them, lateness."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from openntz.course.events import Reaction
from tests.build import AS_OF, antibody, days_before, reaction
from tests.monitor.people.case import Case, act, due, ok, prompts, unknown, watch
from tests.monitor.people.quiet import Quiet, blood, given, quiet

ALL = ("eu", "us", "study")
WATCHED, GRADING = "observation.post-infusion", "reaction.grading"
ALLERGY = "hypersensitivity.contraindicated"
LATE, TEST, AGAIN = "interval.late-dose", "antibody.test-due", "antibody.before-re-exposure"
WELL = quiet()
NEXT = days_before(-18)


def _dose_days(made: Quiet) -> list[date]:
    return [d.day for d in made.tables["doses"]]


def during(made: Quiet, number: int, term: str, grade: int | None, minutes: int = 20) -> Reaction:
    """A reaction so many minutes after the start of dose ``number`` (from 1)."""
    start = datetime.combine(_dose_days(made)[number - 1], time(10))
    return reaction(start + timedelta(minutes=minutes), term, grade)


def reacted(made: Quiet, number: int, term: str, grade: int | None, minutes: int = 20) -> Course:
    return made.with_(reactions=[during(made, number, term, grade, minutes)]).course()


def _resumed(count: int, gap: int, after: int) -> Quiet:
    """``count`` doses, a pause of ``gap`` days between two doses, and ``after`` more doses."""
    resumed = quiet(after)
    before = quiet(count, since_last=(AS_OF - resumed.first).days + gap)
    joint = [*before.tables["doses"], *resumed.tables["doses"]]
    later = [m for m in resumed.tables["measurements"] if m.test != v.WEIGHT]
    return before.with_(
        measurements=later, mri=resumed.tables["mri"], edss=resumed.tables["edss"]
    ).instead(doses=joint)


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
        reacted(WELL, 5, "headache", 1),
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
        reacted(WELL, 20, "infusion related reaction", 2),
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
        "two-doses-then-nothing",
        "three months and a week after two doses, nothing booked: a test before any next dose",
        ("L7", "L9"),
        quiet(2, since_last=97).no_test_from(days_before(115), v.ANTIBODIES).course(),
        {AGAIN: due("antibod")},
        beside=(
            *(LATE, "stopping.no-successor", WATCHED, "review.due", "antibody.no-lymphocyte-rise"),
            *("stopping.rebound-window", "restart.gate", TEST, "stopping.washout", "stopping.plan"),
            "counts.after-stopping",
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

PEOPLE: Final = (*OBSERVED, *LATENESS)
