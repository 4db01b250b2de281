"""No rule may raise, whatever the course; and no rule may be silent about its reasons."""

from __future__ import annotations

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.course.events import Ref
from openntz.evidence.registry import registry
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rules.catalogue import RULES
from tests.build import forecast, situation
from tests.strategies import FIRST, LAST, courses

ALL = {name: load_profile(name) for name in PROFILES}
relaxed = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _rows(course: Course) -> set[str]:
    tables = (getattr(course, table) for table in course.recorded if table != "people")
    people = {str(course.person.ref)} if isinstance(course.person.ref, Ref) else set()
    return {str(event.ref) for rows in tables for event in rows} | people


@given(course=courses(), as_of=st.dates(FIRST, LAST), predicted=st.booleans())
@relaxed
def test_no_rule_raises_on_an_arbitrary_course(course, as_of, predicted):
    rows = _rows(course)
    for profile in ALL.values():
        given_forecast = forecast() if predicted else None
        made = situation(course, as_of=as_of, profile=profile, predicted=given_forecast)
        made = replace(made, profiles=ALL)
        for rule in RULES:
            note(f"{profile.id} {rule.id}")
            verdict = rule.decide(rule.derive(made, profile), profile)
            assert verdict.message.strip()
            assert {str(ref) for ref in verdict.evidence} <= rows
            assert all(profile.fact(key) for key in verdict.keys)


@given(course=courses(), as_of=st.dates(FIRST, LAST))
@settings(relaxed, max_examples=40)
def test_every_rule_answers_once_with_sources_and_the_same_again(course, as_of):
    known, profile = registry(), ALL["eu"]
    answers, again = (
        evaluate(situation(course, as_of=as_of, profile=profile), profile, ALL) for _ in range(2)
    )
    assert answers == again
    assert [a.rule for a in answers] == [rule.id for rule in RULES]
    for answer in answers:
        assert answer.sources, answer.rule
        assert all(known.source(source) for source in answer.sources)
        assert answer.due is not None or answer.status not in {Status.ACT, Status.DUE}, answer
