"""From the record to what blood counts alone say, and to the sentence beside the rule."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.evidence.registry import registry
from openntz.forecast.sensor import BloodCount, CountsAlone, neutralised
from openntz.monitor.rules.lymphocytes import NO_RISE
from openntz.report.counts_alone import RULE, counts_alone_text
from openntz.report.finding_view import finding_views
from openntz.report.rules import rule_names
from openntz.workflows.person import Practice, standing
from openntz.workflows.sensor import counts_alone
from tests.build import AS_OF, course, doses_every, measurement
from tests.report import build as report_build
from tests.report import invented

PRACTICE = Practice.create(registry=registry(), profile="eu", seed=1)
FIRST = AS_OF - timedelta(days=90)
L = vocabulary.LYMPHOCYTES


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def counted(*rows: tuple[int, float], test: str = L, doses: int = 4):
    """Doses every four weeks and counts on days after the first one."""
    return course(
        doses=doses_every(FIRST, doses),
        measurements=[
            measurement(test, on(day), value, line=at) for at, (day, value) in enumerate(rows, 2)
        ],
    )


def asked(who: Course) -> CountsAlone | None:
    stands = standing(who, AS_OF, PRACTICE.profile)
    return counts_alone(who.until(AS_OF), stands, PRACTICE.profile, PRACTICE.sensor)


def test_counts_of_the_record_are_those_the_sensor_weighs() -> None:
    found = asked(counted((-10, 2.0), (28, 2.1), (84, 2.0)))
    assert found is not None
    assert found.answer is not None
    rows = [BloodCount(L, 0.0, 2.0), BloodCount(L, 28.0, 2.1), BloodCount(L, 84.0, 2.0)]
    assert found.answer == neutralised(rows, 84.0, PRACTICE.sensor)
    assert (found.day, dict(found.weighed)) == (84, {L: 2})


@pytest.mark.parametrize(("day", "known"), [(-90, True), (-91, False)])
def test_baseline_counts_within_the_days_of_the_rule(day: int, known: bool) -> None:
    found = asked(counted((day, 2.0), (84, 2.0)))
    assert found is not None
    assert (found.answer is not None) is known
    if not known:
        assert "baseline" in found.reason
        assert str(FIRST) in found.reason


def test_missing_counts_are_said_and_nothing_is_computed() -> None:
    only_before = asked(counted((-10, 2.0)))
    assert only_before is not None
    assert only_before.answer is None
    assert "since the first dose" in only_before.reason


def test_a_table_that_is_not_in_the_export_is_said() -> None:
    who = replace(counted(), recorded=frozenset({"doses"}))
    found = asked(who)
    assert found is not None
    assert found.reason == "measurements are not in the export"


def test_nothing_is_asked_before_the_first_dose() -> None:
    assert asked(counted((-10, 2.0), doses=0)) is None


def test_counts_that_cannot_be_weighed_are_counted() -> None:
    found = asked(counted((-10, 2.0), (28, 0.0), (84, 2.0)))
    assert found is not None
    assert found.left_out == 1
    assert "1 count left out" in counts_alone_text(found, registry())


def test_sentence_says_chance_basis_and_that_it_is_not_validated() -> None:
    text = counts_alone_text(asked(counted((-10, 2.0), (84, 2.0))), registry())
    for part in ("By blood counts alone", "lymphocytes (1)", "not validated in people", "no rule"):
        assert part in text
    b_cells = asked(counted((-10, 200.0), (84, 500.0), test=vocabulary.CD19))
    assert "the rise of B cells is assumed" in counts_alone_text(b_cells, registry())


def test_a_small_chance_is_shown_as_less_than() -> None:
    found = asked(counted((-10, 2.0), (28, 3.6), (56, 3.7), (84, 3.8)))
    assert found is not None
    assert found.answer is not None
    assert found.answer.probability < registry().fact("sensor.shown-least").number
    assert "neutralised is less than 5 %" in counts_alone_text(found, registry())


def test_no_sentence_where_nothing_is_asked_and_a_reason_where_it_was_not_computed() -> None:
    assert counts_alone_text(None, registry()) == ""
    text = counts_alone_text(CountsAlone(reason="it rained"), registry())
    assert text.endswith("not computed, because it rained.")


def test_sentence_stands_beside_the_rule_and_changes_no_finding() -> None:
    person = invented.normal("N100")
    said = replace(person, counts_alone=CountsAlone(reason="it rained"))
    review = report_build.review([person])
    names = rule_names(person.findings)
    plain = finding_views(person, review, names)
    with_it = finding_views(said, review, names)
    beside = [v for views in with_it.by_status.values() for v in views if v.beside]
    assert [v.rule for v in beside] == [RULE] == [NO_RISE.id]
    for status, views in plain.by_status.items():
        assert [replace(v, beside="") for v in with_it.by_status[status]] == list(views)
