"""Strata of PML risk, and the scans and tests that watch for it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from tests.build import (
    days_before,
    measurement,
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
    unknown,
    watch,
)
from tests.monitor.people.quiet import Quiet, days, quiet

ALL = ("eu", "us", "study")
STRATUM, MRI, JCV = "pml.stratum", "pml.mri-due", "pml.jcv-due"
BASE, NEDA, TEST = "pml.baseline-mri", "activity.neda", "antibody.test-due"
BENEFIT, WATCHED = "review.benefit", "observation.post-infusion"
WELL = quiet()

# ── the published strata: 27 doses, the first 730 days before the as-of date plus a bit


def _exposed(extra: int, index: float, *treated: Any) -> Course:
    made = quiet(27, since_last=2 + extra, jcv_index=index)
    return made.with_(treatments=treated).course()


def _earlier(first: date) -> Any:
    return treatment(first - days(900), "azathioprine", "immunosuppressant", end=first - days(400))


START = quiet(27, since_last=3).first
_RISK: Final = ("L12", "P1", "S4-29")

STRATA: Final = (
    Case(
        "index-1.6-a-day-beyond-2-years",
        "JCV positive, index above 1.5, more than two years",
        _RISK,
        _exposed(1, 1.6),
        {STRATUM: watch("1.6")},
        beside=(TEST, BENEFIT),
        profiles=ALL,
    ),
    Case(
        "index-1.6-at-2-years",
        "two years are not yet beyond two years",
        _RISK,
        _exposed(0, 1.6),
        {STRATUM: ok()},
        beside=(TEST, BENEFIT),
        profiles=ALL,
    ),
    Case(
        "index-1.5-beyond-2-years",
        "1.5 is not above 1.5",
        _RISK,
        _exposed(1, 1.5),
        {STRATUM: ok()},
        beside=(TEST, BENEFIT),
    ),
    Case(
        "index-0.5-earlier-azathioprine",
        "JCV positive, more than two years, immunosuppressant before",
        _RISK,
        _exposed(1, 0.5, _earlier(START)),
        {STRATUM: watch("azathioprine")},
        beside=(TEST, BENEFIT),
        profiles=ALL,
    ),
    Case(
        "negative-earlier-azathioprine",
        "JCV negative: not the higher stratum",
        _RISK,
        _exposed(1, 0.1, _earlier(START)),
        {STRATUM: ok()},
        beside=(TEST, BENEFIT),
    ),
    Case(
        "positive-treatments-not-exported",
        "JCV positive beyond two years: an earlier immunosuppressant would decide",
        _RISK,
        quiet(27, since_last=3, jcv_index=0.7).course(lacking=["treatments"]),
        {STRATUM: unknown("treatments")},
        beside=(TEST, BENEFIT),
        profiles=ALL,
    ),
    Case(
        "index-never-measured",
        "no JCV antibody ever",
        ("L11", "L12"),
        WELL.no_test(v.JCV_INDEX).course(),
        {STRATUM: unknown(), JCV: prompts()},
        profiles=ALL,
    ),
)

# ── MRI and anti-JCV tests: long on treatment, the last one so many days ago

LONG = quiet(30)
LONG_HIGH = quiet(30, jcv_index=1.6)


def _scanned(made: Quiet, days_ago: int) -> Course:
    kept = [s for s in made.tables["mri"] if s.day < days_before(days_ago)]
    return made.instead(mri=[*kept, scan(days_before(days_ago))]).course()


def _indexed(days_ago: int, index: float = 0.1, *treated: Any) -> Course:
    made = LONG.no_test_from(days_before(days_ago), v.JCV_INDEX)
    last = measurement(v.JCV_INDEX, days_before(days_ago), index)
    return made.with_(measurements=[last], treatments=treated).course()


def _scan_case(name: str, made: Quiet, days_ago: int, **finds: Any) -> Case:
    return Case(
        name,
        f"last brain MRI {days_ago} days ago",
        ("L13", "P4", "P5", "C17"),
        _scanned(made, days_ago),
        {},
        eu={MRI: finds["eu"]},
        us={MRI: finds["us"]},
        study={MRI: finds["study"]} if "study" in finds else {},
        profiles=tuple(finds),
        beside=(NEDA, STRATUM, TEST, BENEFIT),
    )


def _index_case(name: str, days_ago: int, expected: Any) -> Case:
    about = f"negative anti-JCV test {days_ago} days ago"
    course = _indexed(days_ago)
    return Case(name, about, ("L11",), course, {JCV: expected}, profiles=ALL, beside=(TEST,))


CHECKS: Final = (
    _scan_case("mri-334-days-ago", LONG, 334, eu=ok(), us=ok(), study=ok()),
    _scan_case("mri-335-days-ago", LONG, 335, eu=watch(), us=watch(), study=watch()),
    _scan_case("mri-366-days-ago", LONG, 366, eu=due(), us=due(), study=due()),
    _scan_case("mri-547-days-ago", LONG, 547, eu=due(), us=due()),
    _scan_case("mri-548-days-ago", LONG, 548, eu=act(), us=act()),
    _scan_case("higher-risk-mri-123-days-ago", LONG_HIGH, 123, eu=ok(), us=ok(), study=due()),
    _scan_case("higher-risk-mri-184-days-ago", LONG_HIGH, 184, eu=due(), us=due(), study=act()),
    _scan_case("higher-risk-mri-276-days-ago", LONG_HIGH, 276, eu=act(), us=act(), study=act()),
    _index_case("jcv-152-days-ago", 152, ok()),
    _index_case("jcv-153-days-ago", 153, watch()),
    _index_case("jcv-184-days-ago", 184, due()),
    _index_case("jcv-274-days-ago", 274, due()),
    _index_case("jcv-275-days-ago", 275, act()),
    Case(
        "jcv-high-300-days-ago",
        "a high index is not tested again for its own sake",
        ("L11",),
        _indexed(300, 1.8),
        {JCV: accepted()},
        beside=(TEST, STRATUM, MRI),
    ),
    Case(
        "jcv-after-plasma-exchange",
        "the last usable test seven months ago, one ten days after plasma exchange does not count",
        ("L11", "S4-18"),
        LONG.no_test_from(days_before(200), v.JCV_INDEX)
        .with_(
            measurements=[
                measurement(v.JCV_INDEX, days_before(210), 0.1),
                measurement(v.JCV_INDEX, days_before(5), 0.1, line=3),
            ],
            treatments=[
                treatment(
                    days_before(15), "plasma exchange", "plasma exchange", end=days_before(15)
                )
            ],
        )
        .course(),
        {JCV: speaks("plasma exchange")},
        beside=(TEST,),
        profiles=ALL,
    ),
    Case(
        "mri-not-exported",
        "no table of scans",
        ("L13",),
        WELL.course(lacking=["mri"]),
        {MRI: unknown("mri"), NEDA: unknown()},
        profiles=ALL,
    ),
    Case(
        "no-mri-before-start",
        "second dose given, nothing to compare later scans with",
        ("L14",),
        quiet(2).instead(mri=[]).course(),
        {BASE: speaks(), WATCHED: due()},
    ),
    Case(
        "mri-four-months-before-start",
        "the reference is older than three months",
        ("L14",),
        quiet(2).instead(mri=[scan(quiet(2).first - days(120))]).course(),
        {BASE: speaks("unverified"), WATCHED: due()},
    ),
)


PEOPLE: Final = (*STRATA, *CHECKS)
