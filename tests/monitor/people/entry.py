"""Who may have the drug at all: age, kind of disease, other diseases, other treatments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec.structs import replace

from openntz.course.course import Course
from tests.build import AS_OF, days_before, person, treatment
from tests.monitor.people.case import Case, act, ok, silent, speaks, unknown, watch
from tests.monitor.people.quiet import days, given, quiet

ALL = ("eu", "us", "study")
WELL = quiet()


def _born(day: date | None) -> Course:
    return WELL.with_(who=replace(WELL.who, birth_date=day)).course()


def _has(conditions: str, diagnosis: str = "RRMS") -> Course:
    who = replace(WELL.who, conditions=conditions, diagnosis=diagnosis)
    return WELL.with_(who=who).course()


def _takes(start: date, name: str, kind: str, end: date | None = None) -> Course:
    return WELL.with_(treatments=[treatment(start, name, kind, end=end)]).course()


IMMUNO = "immunosuppressant"
AGE, DISEASE = "eligibility.age", "contraindication.condition"
OTHER, MS = "combination.contraindicated", "indication.relapsing-ms"

PEOPLE: Final = (
    Case("nothing-wrong", "every check in time", ("design",), WELL.course(), {}, profiles=ALL),
    Case(
        "day-before-18",
        "18 tomorrow",
        ("L19", "S2-07"),
        _born(date(2006, 7, 1)),
        {AGE: act("18")},
        profiles=ALL,
    ),
    Case("18-today", "18 today", ("L19", "S2-07"), _born(date(2006, 6, 30)), {AGE: ok()}),
    Case("65-today", "65 today", ("S2-08",), _born(date(1959, 6, 30)), {AGE: ok()}, profiles=ALL),
    Case("over-65", "66 today", ("S2-08",), _born(date(1958, 6, 30)), {AGE: watch()}, profiles=ALL),
    Case("no-birth-date", "age unknown", ("L19",), _born(None), {AGE: unknown("birth")}),
    Case(
        "primary-progressive",
        "not relapsing MS",
        ("S2-06", "L30"),
        _has("none", "primary progressive MS"),
        {MS: speaks()},
        profiles=ALL,
    ),
    Case("no-diagnosis", "nobody wrote it", ("S2-06",), _has("none", ""), {MS: unknown()}),
    Case(
        "breast-cancer", "active cancer", ("L19",), _has("breast cancer"), {DISEASE: act("cancer")}
    ),
    Case("bcc", "basal cell only", ("L19",), _has("basal cell carcinoma"), {DISEASE: ok()}),
    Case("hiv", "immunocompromise", ("L19",), _has("HIV infection"), {DISEASE: act()}),
    Case("hypertension", "harmless disease", ("L19",), _has("hypertension"), {DISEASE: ok()}),
    Case(
        "past-cancer",
        "cancer in remission: active or not is for a human",
        ("L19",),
        _has("melanoma 2009, in remission"),
        {DISEASE: watch()},
    ),
    Case(
        "earlier-pml",
        "PML once",
        ("L19", "L15"),
        _has("PML 2012"),
        {DISEASE: act("PML"), "pml.suspected": act()},
    ),
    Case(
        "azathioprine-beside",
        "immunosuppressant goes on",
        ("L19", "C16"),
        _takes(days_before(90), "azathioprine", IMMUNO),
        {OTHER: act("azathioprine")},
        profiles=ALL,
    ),
    Case(
        "interferon-beside",
        "the guide calls it fine, the label does not",
        ("S2-05", "C16", "L19"),
        _takes(days_before(90), "interferon beta-1a", "dmt"),
        {OTHER: act("interferon")},
        profiles=ALL,
    ),
    Case(
        "fingolimod-ended-before",
        "ended the day before the first dose",
        ("L19",),
        _takes(WELL.first - days(400), "fingolimod", "dmt", WELL.first - days(1)),
        {OTHER: ok()},
    ),
    Case(
        "fingolimod-open-end",
        "started before the drug, no end recorded",
        ("L19",),
        _takes(WELL.first - days(400), "fingolimod", "dmt"),
        {OTHER: watch("fingolimod")},
    ),
    Case(
        "steroid-pulse",
        "methylprednisolone for three days",
        ("L19",),
        _takes(days_before(50), "methylprednisolone", "steroid", days_before(48)),
        {OTHER: ok()},
    ),
    Case(
        "treatments-not-exported",
        "no table of treatments",
        ("L19",),
        WELL.course(lacking=["treatments"]),
        {OTHER: unknown("treatments")},
    ),
    Case(
        "never-dosed",
        "a person on the list, nothing else",
        ("L19",),
        Course.create(replace(person(), diagnosis="RRMS", conditions="none")),
        {AGE: unknown("no dose"), "interval.late-dose": silent("no dose")},
        profiles=ALL,
        as_of=AS_OF + timedelta(days=1),
    ),
    Case(
        "first-dose-booked-at-17",
        "never dosed, 17 years old, with HIV; the first dose is booked in ten days",
        ("L19", "S2-07"),
        Course.create(
            replace(
                person(birth_date=date(2006, 9, 1)), diagnosis="RRMS", conditions="HIV infection"
            ),
            doses=[given(days_before(-10))],
        ),
        {AGE: act("18"), DISEASE: act("HIV")},
        beside=("pml.baseline-mri", "pml.jcv-due", "observation.post-infusion"),
        profiles=ALL,
    ),
)
