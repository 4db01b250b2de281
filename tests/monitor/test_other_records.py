"""What another record would change; a review of that record is the oracle."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.course.events import Scan
from openntz.definitions.therapy import TherapyLimits, therapy
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Status
from openntz.monitor.other_records import OtherRecords, suppositions, without_row
from openntz.monitor.profile import load_profile
from openntz.monitor.rules.catalogue import RULES
from tests import build

EU = load_profile("eu")
RULE = {rule.id: rule for rule in RULES}
LAST = build.AS_OF - timedelta(days=20)
LIMITS = TherapyLimits(
    label_interval=EU.days("dosing.label-interval"),
    presumed_stopped_from=EU.days("late-dose.presumed-stopped-from"),
    left_from=EU.days("late-dose.left-from"),
)


def on_drug(**events):
    return build.course(doses=build.doses_until(LAST, 14), **events)


def asked(rule, course):
    situation = build.situation(course)
    found = evaluate(situation, EU, {}, (RULE[rule],))[0]
    others = OtherRecords(situation, EU, lambda known: therapy(known, build.AS_OF, LIMITS))
    return found, others


def said(rule, course):
    return evaluate(build.situation(course), EU, {}, (RULE[rule],))[0].status


def test_without_the_row_that_decides_the_answer_is_another():
    low = build.measurement("platelets", "2024-06-20", 40, line=7)
    before = build.measurement("platelets", "2024-05-20", 220, line=6)
    course = on_drug(measurements=[before, low])
    found, others = asked("platelets.low", course)
    assert found.status is Status.ACT
    (answer,) = others.without(RULE["platelets.low"], found)
    assert answer.what == "measurements:7"
    assert answer.status is Status.OK
    assert answer.status is said("platelets.low", on_drug(measurements=[before]))


def test_a_row_beside_another_that_says_the_same_decides_nothing():
    course = on_drug(
        reactions=[
            build.reaction("2024-03-01", "anaphylaxis", 3, line=2),
            build.reaction("2024-04-01", "anaphylaxis", 3, line=3),
        ]
    )
    found, others = asked("hypersensitivity.contraindicated", course)
    assert found.status is Status.ACT
    rows = {s.what for s in others.without(RULE[found.rule], found)}
    assert not any(place.startswith("reactions:") for place in rows)


def test_an_mri_today_would_settle_one_that_is_due():
    course = on_drug(mri=[build.scan("2023-06-01")])
    found, others = asked("pml.mri-due", course)
    assert found.status is Status.DUE
    answers = {s.what: s.status for s in others.added(RULE[found.rule], found)}
    assert answers["a brain MRI without any new lesion"] is Status.OK
    with_scan = on_drug(mri=[build.scan("2023-06-01"), build.scan(build.AS_OF, line=3)])
    assert said("pml.mri-due", with_scan) is Status.OK


@pytest.mark.parametrize("rule", sorted(RULE))
def test_every_supposition_matches_a_review_of_that_record(rule):
    course = on_drug(
        mri=[build.scan("2023-06-01")],
        measurements=[build.antibody("2024-05-20", "positive")],
    )
    found, others = asked(rule, course)
    told = {s.what: s for s in others.added(RULE[rule], found)}
    for what, supposed in suppositions(course, build.AS_OF, EU):
        if what in told:
            assert told[what].status is said(rule, supposed), what
            assert told[what].status is not found.status
        elif not found.by_forecast:
            again = evaluate(build.situation(supposed), EU, {}, (RULE[rule],))[0]
            assert again.by_forecast or again.status is found.status, what


def test_a_rule_that_reads_the_forecast_is_not_asked():
    course = on_drug(measurements=[build.level("2024-06-01", 0.5)])
    found, others = asked("level.low", course)
    assert found.by_forecast
    assert others.without(RULE["level.low"], found) == ()
    assert others.added(RULE["level.low"], found) == ()


def test_taking_out_a_row_leaves_the_rest_as_it_was():
    course = on_drug(mri=[build.scan("2023-06-01", line=4), build.scan("2024-01-01", line=5)])
    less = without_row(course, "mri:4")
    assert [s.ref.line for s in less.mri] == [5]
    assert replace(less, mri=course.mri) == course
    assert without_row(course, "mri:99") == course


def test_supposed_rows_are_of_today_in_order_and_in_a_table_the_export_has():
    course = build.course(recorded=("people", "doses"), doses=build.doses_until(LAST, 3))
    made = dict(suppositions(course, build.AS_OF, EU))
    scan = made["a brain MRI without any new lesion"]
    assert isinstance(scan.mri[-1], Scan)
    assert scan.mri[-1].day == build.AS_OF
    assert scan.has("mri")
    assert not scan.has("edss")
    dose = made["a dose like the last"]
    assert [d.day for d in dose.doses] == sorted(d.day for d in dose.doses)
    assert len(dose.doses) == 4
