"""What the laboratory says: cells, antibodies, levels, liver, platelets, neutrophils."""

from __future__ import annotations

from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from tests.build import (
    AS_OF,
    antibody,
    days_before,
    level,
    lymphocytes,
    measurement,
    plan,
    relapse,
    symptom,
    verdict,
)
from tests.monitor.people.case import (
    Case,
    accepted,
    act,
    comfortable,
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
CONFIRM, PERSIST, TEST = "antibody.confirm", "antibody.persistent", "antibody.test-due"
ASSAY, LOW, WRONG = "antibody.assay", "level.low", "level.implausible"
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

# ── antibodies; the latest positive so many days ago


def _positive(*days_ago: int, negative: int | None = None, **how: Any) -> Course:
    """Positive results so many days ago and no others but before treatment."""
    made = WELL.no_test_from(WELL.first, v.ANTIBODIES)
    results = [antibody(days_before(d), "positive", line=80 + d, **how) for d in days_ago]
    if negative is not None:
        results.append(antibody(days_before(negative), "negative"))
    return made.with_(measurements=results).course()


ANTIBODIES: Final = (
    Case(
        "positive-41-days-ago",
        "a day too early for the EU retest",
        ("L9", "C3", "A9"),
        _positive(41),
        {PERSIST: watch("Shankar")},
        eu={CONFIRM: watch(due=days_before(-1))},
        us={CONFIRM: watch(due=days_before(-49))},
        study={CONFIRM: watch(due=days_before(-1))},
        beside=(TEST,),
        profiles=ALL,
    ),
    Case(
        "positive-42-days-ago",
        "six weeks: the EU retest is open, the US one is not",
        ("L9", "L24", "C3", "A9"),
        _positive(42),
        {PERSIST: watch("Shankar")},
        eu={CONFIRM: due()},
        us={CONFIRM: watch()},
        study={CONFIRM: due(), PERSIST: watch("Shankar")},
        beside=(TEST,),
        profiles=ALL,
    ),
    Case(
        "positive-90-days-ago",
        "three months: the US retest is open",
        ("L24", "C3", "A9"),
        _positive(90),
        {CONFIRM: due(), PERSIST: watch("Shankar")},
        beside=(TEST,),
        profiles=ALL,
    ),
    Case(
        "positive-twice-42-days-apart",
        "persistent by AFFIRM and the EU, not by the US or after Shankar's 16 weeks",
        ("A1", "L9", "L24", "A9", "C3", "S2-20", "S2-22"),
        _positive(52, 10),
        {},
        eu={PERSIST: act()},
        us={PERSIST: watch()},
        study={PERSIST: act()},
        beside=(CONFIRM, TEST, "interval.candidate"),
        profiles=ALL,
    ),
    Case(
        "positive-twice-41-days-apart",
        "a day short: persistent only by those who ask for less",
        ("A1", "L9", "C3"),
        _positive(51, 10),
        {PERSIST: watch()},
        beside=(CONFIRM, TEST, "interval.candidate"),
        profiles=ALL,
    ),
    Case(
        "positive-then-negative",
        "transient: positive once, negative eight weeks later",
        ("A1", "A9", "L24"),
        _positive(100, negative=44),
        {PERSIST: ok(), CONFIRM: ok()},
        beside=(TEST,),
        profiles=ALL,
    ),
    Case(
        "below-the-cut-off",
        "120 ng/mL where positive begins at 500",
        ("A8", "S0-51", "S0-75"),
        WELL.with_(measurements=[antibody(days_before(50), 120.0)]).course(),
        {CONFIRM: ok(), PERSIST: ok()},
        profiles=ALL,
    ),
    Case(
        "positive-by-an-unnamed-assay",
        "no assay, no cut-off on record",
        ("S0-74", "S0-44", "C4"),
        _positive(20, threshold=None),
        {ASSAY: speaks("assay")},
        beside=(CONFIRM, PERSIST, TEST),
    ),
    Case(
        "relapse-and-no-test-since",
        "an exacerbation asks for antibodies",
        ("L9", "C5", "S0-39"),
        WELL.with_(relapses=[relapse(days_before(20))]).course(),
        {TEST: prompts("relapse")},
        beside=("activity.on-therapy", "activity.neda", "interval.candidate", CELLS),
        profiles=ALL,
    ),
    Case(
        "relapse-tested-since",
        "an exacerbation, antibodies negative a week later",
        ("L9", "C5"),
        WELL.with_(
            relapses=[relapse(days_before(20))],
            measurements=[antibody(days_before(13), "negative")],
        ).course(),
        {TEST: ok()},
        beside=("activity.on-therapy", "activity.neda", "interval.candidate", CELLS),
        profiles=ALL,
    ),
    Case(
        "tested-12-weeks-ago",
        "routine every 12 weeks, a matter of the profile",
        ("S2-21", "C5"),
        WELL.no_test_from(days_before(100), v.ANTIBODIES)
        .with_(measurements=[antibody(days_before(84), "negative")])
        .course(),
        {},
        eu={TEST: ok()},
        us={TEST: ok()},
        study={TEST: due("routine", due=AS_OF)},
        profiles=ALL,
    ),
    Case(
        "tested-53-days-ago",
        "31 days to go",
        ("S2-21",),
        WELL.no_test_from(days_before(100), v.ANTIBODIES)
        .with_(measurements=[antibody(days_before(53), "negative")])
        .course(),
        {TEST: ok()},
        profiles=("study",),
    ),
    Case(
        "measurements-not-exported",
        "no table of measurements: nothing is known of any of them",
        ("S2-14", "L11", "L20"),
        WELL.course(lacking=["measurements"]),
        {
            **{rule: unknown("measurements") for rule in (PERSIST, LIVER, PLATELETS, LAB)},
            **{rule: unknown() for rule in (RISE, CONFIRM, "pml.jcv-due", "pml.stratum")},
        },
        profiles=ALL,
    ),
)

# ── levels, measured or forecast


def _level(value: float) -> tuple[Course, Any]:
    made = WELL.no_test(v.NATALIZUMAB).with_(measurements=[level(WELL.last, value)]).course()
    return made, comfortable(made)


def _levelled(name: str, value: float, expected: Any, *against: str) -> Case:
    made, predicted = _level(value)
    return Case(
        name,
        f"trough of {value} ug/mL at the last dose",
        against,
        made,
        {LOW: expected},
        predicted=predicted,
        beside=("interval.candidate",),
        profiles=ALL,
    )


def _foreseen(name: str, median: float, chance: float, expected: Any) -> Case:
    made = WELL.course()
    pair = comfortable(made).planned
    assert pair is not None
    level_at = type(pair[0])(median=median, p05=median / 2, p95=median * 2)
    predicted = comfortable(
        made, planned=(level_at, pair[1]), probability_at_planned={10.0: chance, 5.0: 0.9, 2.0: 1.0}
    )
    return Case(
        name,
        f"forecast {median} ug/mL at the planned dose, P(>= 10) = {chance}",
        ("E6", "E7", "S1-05", "S1-14"),
        made,
        {LOW: expected},
        predicted=predicted,
        beside=("interval.candidate",),
        profiles=ALL,
    )


_DURING = WELL.no_test(v.NATALIZUMAB).with_(
    measurements=[level(f"{WELL.last}T10:30", 60.0, line=77)]
)

LEVELS: Final = (
    _levelled("trough-0.9", 0.9, act("0.9"), "E7", "S1-14"),
    _levelled("trough-1.0", 1.0, due(), "E7", "E6"),
    _levelled("trough-1.9", 1.9, due(), "E6", "E7"),
    _levelled("trough-2.0", 2.0, watch(), "E6"),
    _levelled("trough-4.9", 4.9, watch(), "S1-05"),
    _levelled("trough-5.0", 5.0, ok(), "S1-05"),
    _foreseen("forecast-0.9", 0.9, 0.0, act()),
    _foreseen("forecast-1.5", 1.5, 0.0, due()),
    _foreseen("forecast-chance-0.49", 9.5, 0.49, watch()),
    _foreseen("forecast-chance-0.5", 10.0, 0.5, ok()),
    Case(
        "drawn-during-the-infusion",
        "half an hour into the dose: no trough",
        ("S1-03", "contracts"),
        _DURING.course(),
        {WRONG: due("repeat")},
        predicted=comfortable(
            _DURING.course(),
            levels=(
                verdict(
                    _DURING.tables["measurements"][-1],
                    "not a trough",
                    reason="Drawn during the infusion.",
                ),
            ),
        ),
        beside=(LOW, "interval.candidate"),
        profiles=ALL,
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

PEOPLE: Final = (*RISEN, *ANTIBODIES, *LEVELS, *SAFETY, *ROUTINE, *GONE)
