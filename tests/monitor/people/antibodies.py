"""Antibodies, and levels of the drug."""

from __future__ import annotations

from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from tests.build import (
    AS_OF,
    antibody,
    days_before,
    level,
    outlook,
    relapse,
    scan,
    verdict,
)
from tests.monitor.people.case import (
    Case,
    act,
    comfortable,
    due,
    ok,
    prompts,
    speaks,
    unknown,
    watch,
)
from tests.monitor.people.quiet import Quiet, quiet

ALL = ("eu", "us", "study")
RISE, CELLS, LAB = "antibody.no-lymphocyte-rise", "lymphocytes.response", "laboratory.due"
CONFIRM, PERSIST, TEST = "antibody.confirm", "antibody.persistent", "antibody.test-due"
ASSAY, LOW, WRONG = "antibody.assay", "level.low", "level.implausible"
LIVER, PLATELETS = "liver.injury", "platelets.low"
WELL = quiet()

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
        {LOW: expected, TEST: due("level") if value < 2 else ok()},
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


# ── a longer interval: NOVA's and NEXT-MS's conditions, the forecast kept for long

CANDIDATE = "interval.candidate"
_KEPT = {0: {10.0: 1.0, 5.0: 1.0, 2.0: 1.0}, 70: {10.0: 0.97, 5.0: 0.99, 2.0: 1.0}}
_LOST = {0: {10.0: 1.0, 5.0: 1.0, 2.0: 1.0}, 70: {10.0: 0.2, 5.0: 0.4, 2.0: 0.6}}


def _candidate(
    name: str, about: str, expected: Any, made: Quiet = WELL, chances: Any = None, **more: Any
) -> Case:
    course = made.with_(**more).course()
    predicted = comfortable(course, outlook=outlook(chances or _KEPT))
    return Case(
        name,
        about,
        ("E2", "E3", "S1-10", "S1-19", "L23"),
        course,
        {CANDIDATE: expected},
        predicted=predicted,
        beside=(TEST, "activity.on-therapy", "activity.neda", "observation.post-infusion"),
        profiles=ALL,
    )


INTERVALS: Final = (
    _candidate("candidate", "every condition met, the level keeps 10 ug/mL", watch("week")),
    _candidate("level-does-not-keep", "the level falls below", ok(), chances=_LOST),
    _candidate("five-doses", "six are asked for", ok("6"), quiet(5, since_last=8)),
    _candidate(
        "candidate-after-relapse",
        "a relapse 364 days ago, twelve months without one are asked for",
        ok("relapse"),
        relapses=[relapse(days_before(364))],
    ),
    _candidate(
        "candidate-with-lesions",
        "an enhancing lesion three weeks ago",
        ok(),
        mri=[scan(days_before(21), 1, 0, 0, line=9)],
    ),
)

PEOPLE: Final = (*ANTIBODIES, *LEVELS, *INTERVALS)
