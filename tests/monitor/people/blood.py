"""What the laboratory says of blood cells and the liver."""

from __future__ import annotations

from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from tests.build import (
    antibody,
    days_before,
    level,
    lymphocytes,
    measurement,
    plan,
    symptom,
)
from tests.monitor.people.case import (
    Case,
    accepted,
    act,
    due,
    ok,
    prompts,
    speaks,
    unknown,
    watch,
)
from tests.monitor.people.quiet import Quiet, blood, days, quiet

ALL = ("eu", "us", "study")
RISE, CELLS = "antibody.no-lymphocyte-rise", "lymphocytes.response"
TEST = "antibody.test-due"
LIVER, PLATELETS, NEUTRO = "liver.injury", "platelets.low", "neutrophils.change"
LAB, AFTER = "laboratory.due", "counts.after-stopping"
WATCHED = "observation.post-infusion"
WELL = quiet()

# ── the rise of lymphocytes, judged at week 12

YOUNG = quiet(4, since_last=8)  # first dose 92 days ago, planned dose in 20 days
WEEK_12 = YOUNG.first + days(84)


def _counts(made: Quiet, *counts: tuple[Any, float], tested: bool = False) -> Course:
    """Lymphocytes only as given; antibodies and levels later than the start only if tested."""
    left = made.no_test(v.LYMPHOCYTES, v.CD19, v.NATALIZUMAB)
    if not tested:
        left = left.no_test_from(made.first, v.ANTIBODIES)
    return left.with_(measurements=[lymphocytes(day, value) for day, value in counts]).course()


def _base(made: Quiet, before: int = 3) -> tuple[Any, float]:
    return (made.first - days(before), 2.0)


YOUNG_TALK: Final = (WATCHED, "review.due", TEST)

RISEN: Final = (
    Case(
        "rise-of-0.79",
        "just under 0.8 at week 12, nothing tested since",
        ("S0-52", "S0-53", "S0-63", "C11"),
        _counts(YOUNG, _base(YOUNG), (WEEK_12, 2.79)),
        {RISE: due("antibod", "trough")},
        beside=(*YOUNG_TALK, CELLS),
        profiles=ALL,
    ),
    Case(
        "rise-of-0.8",
        "exactly 0.8 at week 12",
        ("S0-52",),
        _counts(YOUNG, _base(YOUNG), (WEEK_12, 2.8)),
        {RISE: ok()},
        beside=(*YOUNG_TALK, CELLS),
        profiles=ALL,
    ),
    Case(
        "counted-in-week-9",
        "day 69 is too early for week 12, the rise not yet there",
        ("S0-53",),
        _counts(YOUNG, _base(YOUNG), (YOUNG.first + days(69), 2.1)),
        {RISE: unknown()},
        beside=YOUNG_TALK,
    ),
    Case(
        "counted-on-day-70",
        "day 70 answers for week 12",
        ("S0-53",),
        _counts(YOUNG, _base(YOUNG), (YOUNG.first + days(70), 2.1)),
        {RISE: due()},
        beside=(*YOUNG_TALK, CELLS),
    ),
    Case(
        "baseline-90-days-before",
        "the oldest count that is a baseline",
        ("S0-82", "S0-52"),
        _counts(YOUNG, _base(YOUNG, 90), (WEEK_12, 2.1)),
        {RISE: due()},
        beside=(*YOUNG_TALK, CELLS),
    ),
    Case(
        "baseline-91-days-before",
        "no own baseline: the range of the laboratory is no substitute",
        ("S0-82", "S0-52"),
        _counts(YOUNG, _base(YOUNG, 91), (WEEK_12, 2.1)),
        {RISE: unknown("baseline")},
        beside=YOUNG_TALK,
    ),
    Case(
        "no-rise-but-looked-into",
        "no rise, antibodies and a level measured since: no task is left",
        ("S0-63", "C11"),
        YOUNG.no_test_from(YOUNG.first, v.LYMPHOCYTES, v.CD19, v.ANTIBODIES, v.NATALIZUMAB)
        .with_(
            measurements=[
                lymphocytes(WEEK_12, 2.1),
                antibody(WEEK_12 + days(2), "negative"),
                level(WEEK_12 + days(2), 12.0),
            ]
        )
        .course(),
        {RISE: accepted()},
        beside=(*YOUNG_TALK, CELLS),
    ),
    Case(
        "rise-lost",
        "risen at week 12, gone after a year",
        ("S0-62", "S0-58"),
        _counts(WELL, _base(WELL), (WELL.first + days(84), 3.2), (days_before(10), 2.1)),
        {RISE: watch()},
        beside=(CELLS, TEST),
        profiles=ALL,
    ),
    Case(
        "two-low-counts-in-a-row",
        "the response over visits is lost",
        ("S0-62", "Y1"),
        _counts(
            WELL,
            _base(WELL),
            (WELL.first + days(84), 3.2),
            (days_before(94), 2.1),
            (days_before(10), 2.1),
        ),
        {RISE: watch(), CELLS: speaks("lymphocytes")},
        beside=(TEST,),
    ),
)

# ── safety: liver, platelets, neutrophils


def _with(**results: float) -> Course:
    rows = [measurement(test, days_before(5), value) for test, value in results.items()]
    return WELL.with_(measurements=rows).course()


def _safe(name: str, rule: str, expected: Any, against: tuple[str, ...], **results: float) -> Case:
    told = ", ".join(f"{test} {value:g}" for test, value in results.items())
    return Case(name, told, against, _with(**results), {rule: expected}, profiles=ALL)


_L, _P = ("L17", "contracts"), ("L18", "contracts")

SAFETY: Final = (
    _safe("alt-40", LIVER, ok(), _L, alt=40.0),
    _safe("alt-41", LIVER, watch(), _L, alt=41.0),
    _safe("alt-120", LIVER, watch(), _L, alt=120.0),
    _safe("alt-121", LIVER, due(), _L, alt=121.0),
    _safe("ast-121-bilirubin-42", LIVER, due(), _L, ast=121.0, bilirubin=42.0),
    _safe("ast-121-bilirubin-43", LIVER, act(), _L, ast=121.0, bilirubin=43.0),
    Case(
        "jaundice",
        "yellow eyes three days ago, liver values of five weeks ago normal",
        _L,
        WELL.with_(symptoms=[symptom(days_before(3), "jaundice")]).course(),
        {LIVER: act()},
        profiles=ALL,
    ),
    Case(
        "no-jaundice",
        "asked about and denied",
        _L,
        WELL.with_(symptoms=[symptom(days_before(3), "no jaundice")]).course(),
        {LIVER: ok()},
    ),
    _safe("platelets-49", PLATELETS, act("49"), _P, platelets=49.0),
    _safe("platelets-50", PLATELETS, due(), _P, platelets=50.0),
    _safe("platelets-99", PLATELETS, due(), _P, platelets=99.0),
    _safe("platelets-100", PLATELETS, watch(), _P, platelets=100.0),
    _safe("platelets-149", PLATELETS, watch(), _P, platelets=149.0),
    _safe("platelets-150", PLATELETS, ok(), _P, platelets=150.0),
    Case(
        "petechiae",
        "petechiae two days ago, no count since",
        _P,
        WELL.with_(symptoms=[symptom(days_before(2), "petechiae")]).course(),
        {PLATELETS: act()},
        profiles=ALL,
    ),
    _safe("neutrophils-1.4", NEUTRO, speaks("not"), ("S2-13",), neutrophils=1.4),
    _safe("neutrophils-1.5", NEUTRO, ok(), ("S2-13",), neutrophils=1.5),
    Case(
        "lymphocytes-4.9",
        "above the usual range: what the drug does",
        ("S2-11", "S0-81", "S0-82"),
        _with(lymphocytes=4.9),
        {NEUTRO: ok(), RISE: ok(), CELLS: ok()},
        profiles=ALL,
    ),
)


def _tested(days_ago: int) -> Course:
    """Blood count and liver tests last done so many days ago."""
    tests = (*(v.LYMPHOCYTES, v.NEUTROPHILS, v.PLATELETS, v.HAEMOGLOBIN, v.MONOCYTES),)
    tests += (v.EOSINOPHILS, v.CD19, v.ALT, v.AST, v.BILIRUBIN)
    left = WELL.no_test_from(days_before(days_ago), *tests)
    return left.with_(measurements=blood(days_before(days_ago))).course()


ROUTINE: Final = (
    Case("tested-152-days-ago", "31 days to go", ("S2-14",), _tested(152), {LAB: ok()}),
    Case(
        "tested-153-days-ago",
        "30 days to go",
        ("S2-14",),
        _tested(153),
        {LAB: watch(due=days_before(-30))},
        profiles=ALL,
    ),
    Case(
        "tested-184-days-ago",
        "a day late",
        ("S2-14",),
        _tested(184),
        {LAB: due(due=days_before(1))},
        profiles=ALL,
    ),
)


def _stopped(since_last: int, *rows: Any) -> Course:
    made = quiet(20, since_last)
    stop = plan(made.last + days(1), stopped=made.last + days(1), reason="choice", line=9)
    return (
        made.no_test_from(made.last, v.LYMPHOCYTES, v.CD19, v.MONOCYTES, v.EOSINOPHILS)
        .with_(plans=[stop], measurements=rows)
        .course()
    )


_OFF: Final = (
    *("stopping.no-successor", "stopping.rebound-window", "stopping.washout", "stopping.plan"),
    *("pml.mri-due", "pml.jcv-due", "pml.after-switch", "review.due", "activity.neda"),
)

GONE: Final = (
    Case(
        "16-weeks-off-not-counted",
        "sixteen weeks after the last dose and no count since",
        ("S2-12", "C7"),
        _stopped(113),
        {AFTER: prompts()},
        beside=_OFF,
        profiles=ALL,
    ),
    Case(
        "10-weeks-off",
        "counts are not yet expected back",
        ("S2-12", "C7"),
        _stopped(70),
        {AFTER: accepted()},
        beside=_OFF,
    ),
    Case(
        "16-weeks-off-back",
        "sixteen weeks after the last dose, back at baseline",
        ("S2-12",),
        _stopped(116, *blood(days_before(2), risen=False)),
        {AFTER: ok()},
        beside=_OFF,
        profiles=ALL,
    ),
    Case(
        "20-weeks-off-still-raised",
        "still raised four weeks after they should be back",
        ("S2-12",),
        _stopped(140, *blood(days_before(2), risen=True)),
        {AFTER: speaks()},
        beside=_OFF,
    ),
)

PEOPLE: Final = (*RISEN, *SAFETY, *ROUTINE, *GONE)
