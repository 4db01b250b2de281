"""What is watched for on treatment: PML, infections, mood, wearing-off, activity, reviews."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

from openntz.course import vocabulary as v
from openntz.course.course import Course
from tests.build import (
    AS_OF,
    days_before,
    edss,
    measurement,
    plan,
    relapse,
    scan,
    symptom,
    treatment,
)
from tests.monitor.people.case import (
    Case,
    accepted,
    act,
    due,
    ok,
    prompts,
    silent,
    speaks,
    unknown,
    watch,
)
from tests.monitor.people.quiet import Quiet, days, quiet

ALL = ("eu", "us", "study")
STRATUM, MRI, JCV = "pml.stratum", "pml.mri-due", "pml.jcv-due"
BASE, PML = "pml.baseline-mri", "pml.suspected"
INFECTED, BEFORE = "infection.serious", "infection.before-dose"
MOOD, FADING = "safety.mood-gallstones", "symptom.wearing-off"
ACTIVE, NEDA, TEST = "activity.on-therapy", "activity.neda", "antibody.test-due"
REVIEW, BENEFIT = "review.due", "review.benefit"
CONSENT, AUTHORISED = "consent.re-inform", "review.re-authorisation"
WATCHED = "observation.post-infusion"
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

# ── symptoms: PML, infections, mood, gallstones, wearing-off


def _told(text: str, days_ago: int = 5, made: Quiet = WELL, *rows: Any) -> Course:
    return made.with_(symptoms=[symptom(days_before(days_ago), text), *rows]).course()


NEAR = quiet(20, since_last=20)  # the next dose is planned in eight days
SATURATION = measurement(v.SATURATION, WELL.last, 0.85)


def _symptom_case(name: str, rule: str, expected: Any, text: str, *against: str) -> Case:
    return Case(name, text, against, _told(text), {rule: expected}, profiles=ALL)


SYMPTOMS: Final = (
    _symptom_case("pml-suspected", PML, act(), "?PML", "L15", "P6"),
    _symptom_case("pml-found", PML, act(), "PML", "L15"),
    Case(
        "pml-excluded",
        "suspected, then excluded",
        ("L15",),
        _told("?PML", 30, WELL, symptom(days_before(10), "PML excluded")),
        {PML: ok()},
        profiles=ALL,
    ),
    Case(
        "jc-virus-in-csf",
        "JC virus DNA found in CSF",
        ("L13", "P6"),
        WELL.with_(
            measurements=[measurement(v.JCV_DNA, days_before(4), answer="positive")]
        ).course(),
        {PML: act()},
        profiles=ALL,
    ),
    _symptom_case("herpes-encephalitis", INFECTED, act(), "herpes encephalitis", "L16"),
    _symptom_case("retinal-necrosis", INFECTED, act(), "acute retinal necrosis", "L16"),
    _symptom_case("cryptococcus", INFECTED, act(), "cryptococcal meningitis", "L16"),
    _symptom_case("pneumonia", INFECTED, speaks("pneumonia"), "pneumonia", "S2-18"),
    _symptom_case("no-pneumonia", INFECTED, ok(), "cough, no pneumonia", "S2-18"),
    Case(
        "cold-before-the-dose",
        "an ordinary infection delays no dose",
        ("S4-35", "C12"),
        _told("common cold", 3, NEAR),
        {BEFORE: watch("common cold")},
        profiles=ALL,
    ),
    Case(
        "covid-before-the-dose",
        "a very contagious one may",
        ("S4-35", "S3-11"),
        _told("COVID-19", 3, NEAR),
        {BEFORE: speaks("contagious")},
        profiles=ALL,
    ),
    Case(
        "cold-long-before-the-dose",
        "eighteen days to go",
        ("S4-35",),
        _told("common cold", 3),
        {BEFORE: ok()},
    ),
    _symptom_case("thoughts-of-suicide", MOOD, act(), "suicidal ideation", "S2-18"),
    _symptom_case("depression", MOOD, speaks(), "depression", "S2-18"),
    _symptom_case("gallstones", MOOD, speaks(), "gallstones", "S2-18"),
    Case(
        "depression-long-ago",
        "seven months ago",
        ("S2-18",),
        _told("depression", 220),
        {MOOD: ok()},
    ),
    Case(
        "wears-off-never-checked",
        "wearing-off, neither level nor saturation ever looked at",
        ("S3-01", "S1-12", "C9"),
        _told("wearing-off", 5, WELL.no_test(v.NATALIZUMAB)),
        {FADING: due("saturation")},
        profiles=ALL,
    ),
    Case(
        "wears-off-level-checked",
        "wearing-off, the level known: one of the two was looked at",
        ("S3-01", "C9", "contracts"),
        _told("wearing-off"),
        {FADING: watch("28", "saturation")},
        profiles=ALL,
    ),
    Case(
        "wears-off-both-checked",
        "wearing-off, level and saturation known",
        ("S3-01", "E11", "C9"),
        WELL.with_(symptoms=[symptom(days_before(5))], measurements=[SATURATION]).course(),
        {FADING: watch("saturation")},
        profiles=ALL,
    ),
    Case(
        "symptoms-not-exported",
        "no table of symptoms",
        ("E11", "S2-18", "L15"),
        WELL.course(lacking=["symptoms"]),
        {FADING: unknown(), MOOD: unknown(), INFECTED: unknown(), PML: unknown()},
        profiles=ALL,
    ),
)

# ── disease activity and the times to look back


def _saw(**lesions: int) -> Course:
    """A scan three weeks ago, with lesions."""
    return WELL.with_(mri=[scan(days_before(21), **lesions, line=9)]).course()


def _visited(days_ago: int) -> Course:
    kept = [e for e in LONG.tables["edss"] if e.day < days_before(days_ago)]
    return LONG.instead(edss=[*kept, edss(days_before(days_ago))]).course()


def _agreed(exposed: int, *consents: date) -> Course:
    """So many days since the first dose; consent at the start, and as given."""
    count = (exposed - 2) // 28 + 1
    made = quiet(count, since_last=exposed - 28 * (count - 1))
    plans = [p for p in made.tables["plans"] if p.consent is None or p.consent < made.first]
    again = [replace(plan(day, line=7), consent=day) for day in consents]
    return made.instead(plans=[*plans, *again]).course()


def _authorised(days_ago: int) -> Course:
    kept = [p for p in LONG.tables["plans"] if p.authorised is None]
    again = replace(plan(days_before(days_ago), line=8), authorised=days_before(days_ago))
    return LONG.instead(plans=[*kept, again]).course()


_LATER: Final = (TEST, "interval.late-dose", "infection.before-dose", BENEFIT)

LOOKING_BACK: Final = (
    Case(
        "relapse-on-treatment",
        "a relapse three weeks ago, not seen since",
        ("D1", "D4", "D5", "S0-39"),
        WELL.with_(relapses=[relapse(days_before(20))]).course(),
        {ACTIVE: prompts("relapse"), NEDA: watch()},
        beside=(TEST, "interval.candidate"),
        profiles=ALL,
    ),
    Case(
        "two-new-lesions",
        "two new T2 lesions three weeks ago",
        ("D4", "D5", "S0-59"),
        _saw(new_t2=2),
        {ACTIVE: prompts("lesions"), NEDA: watch()},
        beside=(TEST, "interval.candidate"),
        profiles=ALL,
    ),
    Case(
        "relapse-followed-up",
        "a relapse seven weeks ago; visit, scan, level and antibodies since",
        ("D5", "C10"),
        WELL.with_(
            relapses=[relapse(days_before(49))],
            mri=[scan(days_before(30), line=9)],
            edss=[edss(days_before(30), 2.5)],
        ).course(),
        {ACTIVE: accepted(), TEST: ok(), NEDA: watch()},
        beside=("interval.candidate",),
        profiles=ALL,
    ),
    Case(
        "no-activity",
        "a clean scan three weeks ago",
        ("D4", "S3-03"),
        _saw(),
        {ACTIVE: ok(), NEDA: ok()},
        profiles=ALL,
    ),
    Case(
        "volume-loss",
        "no activity, brain volume falls by 0.5 % a year",
        ("D4", "S4-23"),
        WELL.with_(mri=[scan(days_before(21), volume=-0.5, line=9)]).course(),
        {NEDA: speaks("NEDA-4")},
    ),
    Case(
        "edss-not-exported",
        "no EDSS: never NEDA",
        ("D4",),
        WELL.course(lacking=["edss"]),
        {NEDA: unknown()},
        beside=(REVIEW,),
        profiles=ALL,
    ),
    Case(
        "visit-152-days-ago",
        "31 days to go",
        ("L26",),
        _visited(152),
        {REVIEW: ok()},
        beside=_LATER,
    ),
    Case(
        "visit-153-days-ago",
        "30 days to go",
        ("L26",),
        _visited(153),
        {REVIEW: watch(due=days_before(-30))},
        beside=_LATER,
        profiles=ALL,
    ),
    Case(
        "visit-184-days-ago",
        "a day late",
        ("L26",),
        _visited(184),
        {REVIEW: due(due=days_before(1))},
        beside=_LATER,
        profiles=ALL,
    ),
    Case(
        "half-a-year-without-a-look",
        "183 days since the first dose, seen last at three months",
        ("L10", "L26"),
        quiet(7, since_last=15)
        .instead(edss=[edss(quiet(7, since_last=15).first + days(84))])
        .course(),
        {BENEFIT: speaks()},
        beside=(REVIEW, WATCHED, TEST),
        profiles=ALL,
    ),
    Case(
        "consent-699-days",
        "31 days to two years",
        ("L10", "S0-80"),
        _agreed(699),
        {CONSENT: ok()},
        beside=_LATER,
    ),
    Case(
        "consent-700-days",
        "30 days to two years",
        ("L10",),
        _agreed(700),
        {CONSENT: watch()},
        beside=_LATER,
    ),
    Case(
        "consent-731-days",
        "two years passed, consent of the start only",
        ("L10", "S0-80", "S4-26"),
        _agreed(731),
        {CONSENT: due()},
        beside=(*_LATER, BENEFIT),
        profiles=ALL,
    ),
    Case(
        "consented-again",
        "two years passed, consented again three days ago",
        ("L10",),
        _agreed(731, days_before(3)),
        {CONSENT: ok()},
        beside=(*_LATER, BENEFIT),
        profiles=ALL,
    ),
    Case(
        "authorised-184-days-ago",
        "the US programme asks every six months, nobody else does",
        ("L26",),
        _authorised(184),
        {},
        eu={AUTHORISED: silent()},
        us={AUTHORISED: due(due=days_before(1))},
        study={AUTHORISED: silent()},
        beside=_LATER,
        profiles=ALL,
    ),
    Case(
        "authorised-100-days-ago",
        "in time",
        ("L26",),
        _authorised(100),
        {AUTHORISED: silent()},
        beside=_LATER,
        profiles=("us",),
        as_of=AS_OF,
    ),
)

PEOPLE: Final = (*STRATA, *CHECKS, *SYMPTOMS, *LOOKING_BACK)
