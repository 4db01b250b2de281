"""administration.record against the infusion guide: about an hour, 300 mg, product and batch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from openntz.monitor.finding import Status
from tests.build import course, days_before, doses_on, doses_until, finding, plan, without

RULE = "administration.record"
WATCH, UNKNOWN, OK = Status.WATCH, Status.UNKNOWN, Status.OK


def series(count, *, last=10, **changes):
    """Doses in full; ``changes`` maps a field to a function of the dose's number from the end."""
    made = []
    for n, d in enumerate(reversed(doses_until(days_before(last), count)), start=1):
        given = replace(d, product="Tysabri", batch="B1")
        made.append(replace(given, **{k: f(n, given) for k, f in changes.items()}))
    return tuple(reversed(made))


def lasting(minutes, at=1):
    return lambda n, d: d.at + timedelta(minutes=minutes) if n == at else d.end


def found(doses, **events):
    return finding(RULE, course(doses=doses, **events))


def test_doses_as_in_the_label_are_ok():
    answer = found(series(8))
    assert answer.status is OK
    assert "product and batch recorded" in answer.message


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(1, WATCH), (44, WATCH), (45, OK), (60, OK), (90, OK), (91, WATCH), (180, WATCH)],
)
def test_an_infusion_takes_about_an_hour(minutes, status):
    answer = found(series(8, end=lasting(minutes)))
    assert answer.status is status
    if status is WATCH:
        assert f"{minutes} minutes where about 60 min is usual" in answer.message
        assert "doses:9" in answer.evidence


def test_a_duration_without_start_or_end_is_not_judged():
    answer = found(series(8, end=lambda n, d: None))
    assert answer.status is OK
    assert "How long 6 of them took is not recorded" in answer.message
    no_clock = [
        replace(d, product="T", batch="B")
        for d in doses_on([days_before(38), days_before(10)], clock=None)
    ]
    assert found(no_clock).status is OK


@pytest.mark.parametrize(
    ("amount", "status"), [(299, WATCH), (300, OK), (301, WATCH), (150, WATCH)]
)
def test_the_amount_is_300_mg(amount, status):
    answer = found(series(8, amount_mg=lambda n, d: amount if n == 2 else 300))
    assert answer.status is status
    if status is WATCH:
        assert f"{amount} mg instead of 300 mg on {days_before(38)}" in answer.message
        assert answer.evidence == ("doses:8",)


def test_two_syringes_of_150_mg_are_one_dose_of_300_mg():
    day = days_before(10)
    syringes = [
        replace(d, amount_mg=150, product="T", batch="B") for d in doses_on([day, day], route="SC")
    ]
    assert found(syringes).status is OK
    assert found(syringes[:1]).status is WATCH


def test_an_injection_has_no_duration_to_judge():
    doses = [replace(d, product="T", batch="B") for d in doses_until(days_before(3), 4, route="SC")]
    answer = found(doses)
    assert answer.status is OK
    assert "not recorded" not in answer.message


@pytest.mark.parametrize("what", ["product", "batch"])
def test_a_dose_without_product_or_batch_is_named(what):
    answer = found(series(8, **{what: lambda n, d: "" if n == 3 else "X"}))
    assert answer.status is WATCH
    assert f"no {what} recorded on {days_before(66)}" in answer.message
    assert answer.evidence == ("doses:7",)


@pytest.mark.parametrize(("at", "status"), [(5, WATCH), (6, WATCH), (7, OK), (8, OK)])
def test_only_the_last_six_doses_are_looked_at(at, status):
    assert found(series(9, batch=lambda n, d: "" if n == at else "B")).status is status


def test_many_departures_are_summed_up():
    answer = found(series(8, batch=lambda n, d: "" if n < 5 else "B", end=lasting(100)))
    assert answer.status is WATCH
    assert f"no batch recorded for 4, the last on {days_before(10)}" in answer.message
    assert "infused over 100 minutes" in answer.message


# ── premedication and careful first doses: recorded, never asked for


def test_premedication_is_recorded_and_never_required():
    without_it, with_it = (
        found(series(4)),
        found(series(4, premedication=lambda n, d: "cetirizine" if n == 1 else "")),
    )
    assert without_it.status is with_it.status is OK
    assert "remedication" not in without_it.message
    assert f'("cetirizine") on {days_before(10)}' in with_it.message


@pytest.mark.parametrize(("number", "told"), [(1, True), (2, True), (3, False)])
def test_a_slower_or_lower_first_dose_is_called_a_precaution(number, told):
    for change in ({"end": lasting(150)}, {"amount_mg": lambda n, d: 150 if n == 1 else 300}):
        answer = found(series(number, **change))
        assert answer.status is WATCH
        assert ("a precaution some take; the label does not" in answer.message) is told


def test_a_faster_first_dose_is_no_precaution():
    assert "precaution" not in found(series(1, end=lasting(30))).message


# ── missing


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (("product",), "Product is not recorded"),
        (("batch",), "Batch is not recorded"),
        (("product", "batch"), "Product and batch are not recorded"),
    ],
)
def test_what_is_recorded_of_no_dose_is_unknown(gone, said):
    answer = found(series(8, **dict.fromkeys(gone, lambda n, d: "")))
    assert answer.status is UNKNOWN
    assert answer.message.startswith(said)
    assert ("record them" if len(gone) > 1 else "record it") in answer.message


def test_departures_are_told_even_where_a_column_is_missing():
    answer = found(series(8, batch=lambda n, d: "", end=lasting(20)))
    assert answer.status is WATCH
    assert "20 minutes" in answer.message
    assert "Batch is not recorded" in answer.message


def test_never_dosed_off_therapy_and_without_the_table():
    assert finding(RULE, course()).status is UNKNOWN
    assert finding(RULE, course(recorded=without("doses"))).status is UNKNOWN
    stop = plan(days_before(5), stopped=days_before(5), line=3)
    answer = found(series(4, batch=lambda n, d: ""), plans=[stop])
    assert answer.status is OK
    assert "plans:3" in answer.evidence
