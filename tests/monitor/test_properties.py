"""What holds for all rules together, whatever the person.

``READS`` says what each rule may read besides doses and plans, which every rule reads to know
where a person stands in treatment. An event outside must not change its finding.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.course import vocabulary as v
from openntz.course.course import TABLES, Course
from openntz.course.events import Measurement
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import PROFILES
from openntz.monitor.rules.catalogue import RULES
from tests import strategies
from tests.build import findings, forecast
from tests.monitor.people import PEOPLE
from tests.strategies import FIRST, LAST

_NOTES = ("symptoms", "reactions")
_JCV = (v.JCV_INDEX, "treatments")
_CHILD = ("pregnancies",)
_ACTIVITY = ("relapses", "mri")
_ATI = v.ANTIBODIES
# A reaction that forbids natalizumab silences advice on dosing, so rules that give it read both.
_FORBIDDEN = ("reactions",)
READS: dict[str, tuple[str, ...]] = {
    "indication.relapsing-ms": (),
    "eligibility.age": _FORBIDDEN,
    "contraindication.condition": ("symptoms", "treatments"),
    "combination.contraindicated": ("treatments", *_FORBIDDEN),
    "hypersensitivity.contraindicated": ("reactions",),
    "observation.post-infusion": ("reactions", "treatments"),
    "reaction.follow-up-call": ("reactions",),
    "reaction.grading": ("reactions", _ATI),
    "administration.home": ("reactions",),
    "administration.record": ("reactions",),
    "antibody.no-lymphocyte-rise": (v.LYMPHOCYTES, _ATI, v.NATALIZUMAB),
    "lymphocytes.response": (v.LYMPHOCYTES, v.CD19, _ATI, v.NATALIZUMAB),
    "antibody.test-due": (_ATI, v.LYMPHOCYTES, v.NATALIZUMAB, *_ACTIVITY, *_FORBIDDEN),
    "antibody.confirm": (_ATI,),
    "antibody.persistent": (_ATI, *_FORBIDDEN),
    "antibody.before-re-exposure": (_ATI, *_FORBIDDEN),
    "antibody.assay": (_ATI,),
    "level.implausible": (v.NATALIZUMAB, _ATI),
    "level.low": (v.NATALIZUMAB, _ATI),
    "interval.candidate": (v.NATALIZUMAB, _ATI, *_ACTIVITY, *_FORBIDDEN, *_JCV, *_CHILD),
    "interval.late-dose": _FORBIDDEN,
    "infection.serious": _NOTES,
    "infection.before-dose": _NOTES,
    "pml.suspected": (*_NOTES, *_ACTIVITY, v.JCV_DNA),
    "pml.stratum": _JCV,
    "pml.baseline-mri": ("mri",),
    "pml.mri-due": ("mri", "pregnancies", *_JCV, *_NOTES, v.JCV_DNA),
    "pml.jcv-due": (*_JCV, *_FORBIDDEN),
    "pml.after-switch": ("mri", "pregnancies", *_JCV),
    "stopping.plan": ("treatments", "pregnancies", "symptoms"),
    "stopping.rebound-window": (*_ACTIVITY, "edss", "pregnancies"),
    "stopping.rebound": (*_ACTIVITY, "edss", "treatments"),
    "stopping.no-successor": ("treatments", "pregnancies", *_ACTIVITY),
    "stopping.washout": ("treatments", "mri", "pregnancies"),
    "restart.active-disease": (*_ACTIVITY, _ATI, *_FORBIDDEN),
    "restart.gate": ("mri", _ATI, v.LYMPHOCYTES, v.NEUTROPHILS, v.PLATELETS, v.ALT, v.AST),
    "activity.on-therapy": (*_ACTIVITY, "edss", _ATI, v.NATALIZUMAB),
    "activity.neda": (*_ACTIVITY, "edss"),
    "pregnancy.plan": ("pregnancies", "symptoms", *_FORBIDDEN),
    "pregnancy.newborn-count": _CHILD,
    "newborn.vaccines": _CHILD,
    "pregnancy.lactation": _CHILD,
    "vaccination.live": ("treatments",),
    "liver.injury": (v.ALT, v.AST, v.BILIRUBIN, *_NOTES, "treatments"),
    "platelets.low": (v.PLATELETS, *_NOTES),
    "neutrophils.change": (v.NEUTROPHILS, "symptoms"),
    "counts.after-stopping": (v.LYMPHOCYTES, v.CD19, v.MONOCYTES, v.EOSINOPHILS, v.PLATELETS),
    "symptom.wearing-off": ("symptoms", v.NATALIZUMAB, v.SATURATION, _ATI),
    "safety.mood-gallstones": _NOTES,
    "laboratory.due": (v.LYMPHOCYTES, v.NEUTROPHILS, v.PLATELETS, v.ALT, v.AST),
    "review.due": ("edss",),
    "review.benefit": (*_ACTIVITY, "edss"),
    "consent.re-inform": ("edss",),
    "review.re-authorisation": (),
}
READS["restart.gate"] = (*READS["restart.gate"], *_FORBIDDEN)
# What holds a dose until it is settled is named by every rule that speaks of giving one.
_HOLDS = tuple(
    kind
    for rule in (
        "pml.suspected",
        "contraindication.condition",
        "infection.serious",
        "liver.injury",
        "platelets.low",
        "combination.contraindicated",
        "restart.gate",
    )
    for kind in READS[rule]
)
for _rule in ("observation.post-infusion", "interval.candidate", "interval.late-dose"):
    READS[_rule] = (*READS[_rule], *_HOLDS)
READS["interval.late-dose"] = (*READS["interval.late-dose"], *READS["pregnancy.plan"])
_OF_ALL = ("doses", "plans")

EVENTS: dict[str, st.SearchStrategy[Any]] = {
    "measurements": strategies.measurements(),
    "reactions": strategies.reactions(),
    "mri": strategies.scans(),
    "relapses": strategies.relapses(),
    "edss": strategies.edss_scores(),
    "symptoms": strategies.symptoms(),
    "treatments": strategies.treatments(),
    "pregnancies": strategies.pregnancies(),
    "plans": strategies.plans(),
    "doses": strategies.doses(),
}
FORECAST = forecast()
cases = st.sampled_from(PEOPLE)
profiles = st.sampled_from(PROFILES)
tables = st.sampled_from(sorted(EVENTS))


def relaxed(examples: int) -> Any:
    """Random examples, not shrunk: a failing person has a name and one event."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )


def _told(course: Course, as_of: date, profile: str) -> dict[str, Finding]:
    return findings(course, as_of=as_of, profile=profile, predicted=FORECAST)


def _more(course: Course, table: str, event: Any) -> Course:
    rows = tuple(sorted((*getattr(course, table), event), key=lambda e: e.at))
    return replace(course, **{table: rows})


def _said(finding: Finding) -> tuple[Any, ...]:
    return finding.status, finding.message, finding.due


def test_what_is_read_is_said_of_every_rule():
    assert set(READS) == {rule.id for rule in RULES}
    assert all({*read} <= {*TABLES, *v.CANONICAL_UNITS} for read in READS.values())


@given(case=cases, table=tables, profile=profiles, data=st.data())
@relaxed(80)
def test_an_unrelated_event_changes_nothing(case, table, profile, data):
    if table in _OF_ALL or table not in case.course.recorded:
        return
    event = data.draw(EVENTS[table])
    kind = event.test if isinstance(event, Measurement) else table
    before = _told(case.course, case.as_of, profile)
    after = _told(_more(case.course, table, event), case.as_of, profile)
    for rule, read in READS.items():
        if kind not in read:
            assert _said(before[rule]) == _said(after[rule]), (case.name, rule, kind)


@given(case=cases, table=tables, profile=profiles, data=st.data())
@relaxed(50)
def test_one_finding_per_rule_and_none_fails(case, table, profile, data):
    if table not in case.course.recorded:
        return
    more = _more(case.course, table, data.draw(EVENTS[table]))
    found = _told(more, data.draw(st.dates(FIRST, LAST)), profile)
    assert list(found) == [rule.id for rule in RULES]
    for finding in found.values():
        assert "fault in the software" not in finding.message, (case.name, finding.rule)
        assert finding.message.strip()
        assert finding.sources
        if finding.status in {Status.ACT, Status.DUE}:
            assert finding.due is not None, finding.rule


PERMANENT = (
    "hypersensitivity.contraindicated",
    "contraindication.condition",
    "infection.serious",
    "pml.suspected",
)
FORBIDDEN = [
    case
    for case in PEOPLE
    if any(_told(case.course, case.as_of, "eu")[rule].status is Status.ACT for rule in PERMANENT)
]


@given(case=st.sampled_from(FORBIDDEN), profile=profiles, later=st.integers(1, 3650))
@relaxed(40)
def test_a_later_date_never_lifts_a_permanent_stop(case, profile, later):
    before = _told(case.course, case.as_of, profile)
    after = _told(case.course, case.as_of + timedelta(days=later), profile)
    for rule in PERMANENT:
        if before[rule].status is Status.ACT:
            assert after[rule].status in {Status.ACT, Status.WATCH}, (case.name, rule, later)


# What lifts a suspicion is a human's word; no other event does.
_NO_WORDS = ("measurements", "mri", "edss", "relapses", "treatments", "plans", "doses")


@given(
    case=st.sampled_from(FORBIDDEN),
    profile=profiles,
    table=st.sampled_from(_NO_WORDS),
    data=st.data(),
)
@relaxed(40)
def test_no_later_event_lifts_a_permanent_stop(case, profile, table, data):
    event = data.draw(EVENTS[table])
    # 2025 has no 29 February.
    later = replace(event, at=event.at.replace(year=2025, day=min(event.at.day, 28)))
    before = _told(case.course, case.as_of, profile)
    after = _told(_more(case.course, table, later), date(2026, 1, 2), profile)
    for rule in PERMANENT:
        if before[rule].status is Status.ACT:
            assert after[rule].status in {Status.ACT, Status.WATCH}, (case.name, rule, event)


@given(case=cases, table=tables, data=st.data())
@relaxed(50)
def test_study_observes_longer_than_eu_only_by_its_own_exclusions(case, table, data):
    course = case.course
    if table in course.recorded:
        course = _more(course, table, data.draw(EVENTS[table]))
    rule = "observation.post-infusion"
    study = _told(course, case.as_of, "study")[rule]
    eu = _told(course, case.as_of, "eu")[rule]
    if study.status is Status.DUE and eu.status in {Status.OK, Status.WATCH}:
        # Moderate or worse, or nobody knows: such people were not in the study.
        excluded = [r for r in course.reactions if r.grade is None or r.grade >= 2]
        assert excluded, (case.name, study.message, eu.message)


@given(case=cases, profile=profiles)
@relaxed(40)
def test_the_order_of_rows_changes_nothing(case, profile):
    course = case.course
    turned = {t: tuple(reversed(getattr(course, t))) for t in course.recorded if t != "people"}
    other = Course.create(course.person, recorded=course.recorded, **turned)
    before, after = (_told(made, case.as_of, profile) for made in (course, other))
    for rule in before:
        assert before[rule].status is after[rule].status, (case.name, rule)
        assert before[rule].due == after[rule].due, (case.name, rule)


@given(case=cases, profile=profiles, lost=st.sampled_from(sorted(set(TABLES) - {"people"})))
@relaxed(50)
def test_what_was_lost_never_makes_more_of_a_fuss(case, profile, lost):
    """A table that is not exported is not known; nobody is told to act for want of it.

    Plans and doses say where a person stands, and treatments what follows: without them the
    question is another one.
    """
    if lost in {"plans", "doses", "treatments"} or lost not in case.course.recorded:
        return
    held = case.course.recorded - {lost}
    rows = {t: getattr(case.course, t) for t in held if t != "people"}
    less = Course.create(case.course.person, recorded=held, **rows)
    before = _told(case.course, case.as_of, profile)
    after = _told(less, case.as_of, profile)
    for rule in before:
        if before[rule].status is Status.OK:
            assert after[rule].status is not Status.ACT, (case.name, rule, after[rule].message)
