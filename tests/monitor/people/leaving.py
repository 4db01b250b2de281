"""Leaving and coming back."""

from __future__ import annotations

from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from tests.build import (
    antibody,
    days_before,
    edss,
    plan,
    relapse,
    scan,
    treatment,
)
from tests.monitor.people.case import (
    Case,
    accepted,
    act,
    due,
    ok,
    prompts,
    speaks,
    watch,
)
from tests.monitor.people.quiet import Quiet, blood, days, given, quiet

ALL = ("eu", "us", "study")
PLANNED, NOTHING = "stopping.plan", "stopping.no-successor"
WINDOW, REBOUND, GAP = "stopping.rebound-window", "stopping.rebound", "stopping.washout"
ACTIVE, GATE = "restart.active-disease", "restart.gate"
SWITCH, LATE = "pml.after-switch", "interval.late-dose"
PREGNANT = "pregnancy.plan"
WELL = quiet()
# What else speaks about somebody who has left: overdue checks and the other rules of stopping.
OFF: Final = (
    *(PLANNED, NOTHING, WINDOW, GAP, SWITCH, "pml.mri-due", "pml.jcv-due", "review.due"),
    *("counts.after-stopping", "activity.neda", "antibody.test-due", "laboratory.due"),
    "review.re-authorisation",
)


def besides(*rules: str) -> tuple[str, ...]:
    """All rules of leaving but those a person is about."""
    return tuple(r for r in OFF if r not in rules)


def _left(since_last: int, stopped: int, *successors: Any, reason: str = "choice") -> Quiet:
    """Last dose and stop so many days ago."""
    made = quiet(20, since_last)
    stop = plan(days_before(stopped), stopped=days_before(stopped), reason=reason, line=9)
    return made.with_(plans=[stop], treatments=successors)


def _next(days_ago: int, name: str = "ocrelizumab") -> Any:
    return treatment(days_before(days_ago), name, "dmt", line=4)


def _intends(in_days: int, *successors: Any) -> Course:
    """A stop planned for a day to come."""
    ahead = plan(days_before(5), stopped=days_before(-in_days), reason="choice", line=9)
    return WELL.with_(plans=[ahead], treatments=successors).course()


STOPPING: Final = (
    Case(
        "stop-planned-nothing-to-follow",
        "to stop in 20 days, no other drug planned",
        ("S4-01", "S4-04"),
        _intends(20),
        {PLANNED: due()},
        beside=(NOTHING, GAP),
        profiles=ALL,
    ),
    Case(
        "stop-planned-with-successor",
        "to stop in 20 days, ocrelizumab booked four weeks after",
        ("S4-01", "S4-07"),
        _intends(20, treatment(days_before(-48), "ocrelizumab", "dmt")),
        {PLANNED: accepted()},
        beside=(NOTHING, GAP),
        profiles=ALL,
    ),
    Case(
        "stopped-28-days-ago",
        "four weeks without a successor",
        ("S4-04", "H2"),
        _left(40, 28).course(),
        {NOTHING: due()},
        beside=besides(NOTHING),
        profiles=ALL,
    ),
    Case(
        "stopped-29-days-ago",
        "over four weeks without a successor",
        ("S4-04", "H2"),
        _left(40, 29).course(),
        {NOTHING: act()},
        beside=besides(NOTHING),
        profiles=ALL,
    ),
    Case(
        "successor-booked",
        "stopped ten days ago, ocrelizumab in two weeks",
        ("S4-04",),
        _left(20, 10, _next(-14)).course(),
        {NOTHING: watch("ocrelizumab"), LATE: ok()},
        beside=besides(NOTHING),
        profiles=ALL,
    ),
    Case(
        "successor-started",
        "stopped, ocrelizumab since five days",
        ("S4-04", "H9"),
        _left(35, 30, _next(5)).course(),
        {NOTHING: ok(), LATE: ok(), GAP: accepted()},
        beside=besides(NOTHING, GAP),
        profiles=ALL,
    ),
    Case(
        "59-days-off",
        "a day before month 2 after the last dose",
        ("H1", "H2", "S4-32"),
        _left(59, 50, _next(25)).course(),
        {WINDOW: ok()},
        beside=besides(WINDOW),
    ),
    Case(
        "60-days-off-looked-at",
        "inside the window, seen and scanned last week",
        ("H1", "H2"),
        _left(60, 50, _next(25))
        .with_(mri=[scan(days_before(7), line=9)], edss=[edss(days_before(7))])
        .course(),
        {WINDOW: watch()},
        beside=besides(WINDOW),
        profiles=ALL,
    ),
    Case(
        "120-days-off-not-looked-at",
        "month 4 after the last dose, no scan and no visit since",
        ("H1", "H2", "S4-13"),
        _left(120, 100, _next(80))
        .instead(mri=[scan(days_before(200))], edss=[edss(days_before(200))])
        .course(),
        {WINDOW: due()},
        beside=(*besides(WINDOW), "review.benefit"),
        profiles=ALL,
    ),
    Case(
        "214-days-off",
        "after month 7",
        ("H1",),
        _left(214, 200, _next(180)).course(),
        {WINDOW: ok()},
        beside=besides(WINDOW),
        profiles=ALL,
    ),
    Case(
        "to-fingolimod-within-6-weeks",
        "42 days between the last dose and fingolimod",
        ("H8", "S4-05"),
        _left(52, 45, _next(10, "fingolimod")).with_(mri=[scan(days_before(12), line=9)]).course(),
        {GAP: accepted()},
        beside=besides(GAP),
        profiles=ALL,
    ),
    Case(
        "to-fingolimod-after-8-weeks",
        "57 days between the last dose and fingolimod",
        ("H8",),
        _left(67, 60, _next(10, "fingolimod")).with_(mri=[scan(days_before(12), line=9)]).course(),
        {GAP: speaks("fingolimod")},
        beside=besides(GAP),
        profiles=ALL,
    ),
    Case(
        "fingolimod-ten-days-before-the-last-dose",
        "the successor began before natalizumab ended",
        ("L15", "S4-30", "L22"),
        _left(60, 55, _next(70, "fingolimod")).course(),
        {SWITCH: watch("before the last natalizumab"), NOTHING: ok()},
        beside=besides(SWITCH, NOTHING),
        profiles=ALL,
    ),
    Case(
        "switched-and-not-scanned",
        "fingolimod since two months, no scan since the last dose",
        ("L15", "P4", "S4-30", "H9"),
        _left(100, 95, _next(60, "fingolimod")).instead(mri=[scan(days_before(150))]).course(),
        {SWITCH: speaks()},
        beside=besides(SWITCH),
        profiles=ALL,
    ),
)

# ── rebound and restart: the case of the founding report


def _flared(gadolinium: int) -> Course:
    """Relapse and scan four months after the last dose; two enhancing lesions before the drug."""
    made = _left(125, 120, reason="family planning")
    before = scan(made.first - days(40), 2, 3, 0, line=3)
    kept = [s for s in made.tables["mri"] if made.first < s.day <= made.last]
    flare = scan(days_before(4), gadolinium, gadolinium, 0, line=9)
    return (
        made.instead(mri=[before, *kept, flare])
        .with_(relapses=[relapse(days_before(6), "severe", line=5)])
        .course()
    )


def _restarted(*, relapsed: bool, before_days: int = 20) -> Quiet:
    """A year of doses, five months without, one dose a week ago."""
    made = quiet(13, since_last=157)
    restart = given(days_before(7), 40)
    attack = [relapse(days_before(7 + before_days), line=5)] if relapsed else []
    looked = [scan(days_before(20), line=9)]
    return made.with_(
        doses=[restart],
        relapses=attack,
        mri=looked,
        edss=[edss(days_before(20))],
        measurements=[*blood(days_before(20), risen=False), antibody(days_before(20), "negative")],
    )


AFTER_RESTART: Final = (
    *("observation.post-infusion", "antibody.test-due", "activity.neda", "pml.jcv-due"),
    *("pml.stratum", "antibody.no-lymphocyte-rise", "lymphocytes.response", "review.due"),
    *("counts.after-stopping", "activity.on-therapy", "review.benefit", NOTHING),
    *("review.re-authorisation", REBOUND, GATE),
)


def _returns(*results: Any, scanned: bool = True) -> Course:
    """Stopped 200 days ago, a dose booked in ten days."""
    made = _left(210, 200).with_(doses=[given(days_before(-10), 50)])
    kept = [s for s in made.tables["mri"] if s.day <= made.last]
    new = [scan(days_before(12), line=9)] if scanned else []
    tests = (*(v.LYMPHOCYTES, v.NEUTROPHILS, v.PLATELETS, v.HAEMOGLOBIN, v.MONOCYTES),)
    tests += (v.EOSINOPHILS, v.CD19, v.ALT, v.AST, v.BILIRUBIN, v.ANTIBODIES)
    return (
        made.no_test_from(made.last + days(1), *tests)
        .instead(mri=[*kept, *new])
        .with_(measurements=results)
        .course()
    )


BACK: Final = (
    *besides(),
    *("observation.post-infusion", "pml.baseline-mri", "pml.stratum", LATE, REBOUND),
)

RETURNING: Final = (
    Case(
        "rebound-with-60-lesions",
        "relapse in month 4 and 60 enhancing lesions, two before the drug",
        ("H4", "H3", "C8", "S4-08"),
        _flared(60),
        {REBOUND: prompts("Gueguen"), WINDOW: speaks()},
        beside=(PREGNANT, *besides(WINDOW), ACTIVE, "pml.suspected"),
        profiles=ALL,
    ),
    Case(
        "relapse-with-5-lesions",
        "five enhancing lesions are not more than five",
        ("H4",),
        _flared(5),
        {REBOUND: accepted()},
        beside=(PREGNANT, *besides(), ACTIVE, WINDOW),
        profiles=ALL,
    ),
    Case(
        "restart-in-relapse",
        "restarted with a relapse 20 days before",
        ("S4-13", "S4-15", "S4-19"),
        _restarted(relapsed=True).course(),
        {ACTIVE: act("relapse")},
        beside=AFTER_RESTART,
        profiles=ALL,
    ),
    Case(
        "restart-when-quiet",
        "restarted after five months, nothing active",
        ("S4-19",),
        _restarted(relapsed=False).course(),
        {ACTIVE: ok()},
        beside=AFTER_RESTART,
        profiles=ALL,
    ),
    Case(
        "active-and-no-restart-known",
        "four months off with a relapse, no restart planned",
        ("S4-19", "S4-09"),
        _flared(3),
        {ACTIVE: watch()},
        beside=(PREGNANT, *besides(), REBOUND, WINDOW),
        profiles=ALL,
    ),
    Case(
        "restart-booked-nothing-done",
        "a dose booked after seven months, no blood, no scan, no antibody test",
        ("H10", "L9"),
        _returns(scanned=False),
        {GATE: prompts("antibod", "MRI")},
        beside=(*BACK, "antibody.before-re-exposure"),
        profiles=ALL,
    ),
    Case(
        "restart-booked-all-done",
        "bloods, scan and antibodies of the last two weeks, all well",
        ("H10",),
        _returns(*blood(days_before(12), risen=False), antibody(days_before(12), "negative")),
        {GATE: ok()},
        beside=BACK,
        profiles=ALL,
    ),
    Case(
        "restart-booked-with-antibodies",
        "antibodies positive before a restart contraindicate it",
        ("H10", "L9"),
        _returns(*blood(days_before(12), risen=False), antibody(days_before(12), "positive")),
        {GATE: act("antibod")},
        beside=(*BACK, "antibody.confirm", "antibody.persistent"),
        profiles=ALL,
    ),
)

PEOPLE: Final = (*STOPPING, *RETURNING)
