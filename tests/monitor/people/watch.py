"""What is watched for on treatment: symptoms, disease activity, reviews."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from msgspec.structs import replace

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
PML = "pml.suspected"
INFECTED, BEFORE = "infection.serious", "infection.before-dose"
MOOD, FADING = "safety.mood-gallstones", "symptom.wearing-off"
ACTIVE, NEDA, TEST = "activity.on-therapy", "activity.neda", "antibody.test-due"
REVIEW, BENEFIT = "review.due", "review.benefit"
CONSENT, AUTHORISED = "consent.re-inform", "review.re-authorisation"
WATCHED = "observation.post-infusion"
WELL = quiet()
LONG = quiet(30)

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
        "nothing-wears-off",
        "asked and denied",
        ("S3-06", "C9"),
        _told("no wearing-off"),
        {FADING: ok()},
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

PEOPLE: Final = (*SYMPTOMS, *LOOKING_BACK)
