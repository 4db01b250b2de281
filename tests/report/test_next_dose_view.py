"""The section on the next dose: what is offered there is what the finding says, and no more."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from msgspec.structs import replace

from openntz.forecast.decide import Decision, DecisionRule, decide
from openntz.forecast.outlook import build_outlook
from openntz.forecast.steady_interval import summarise
from openntz.models.saturation import load_saturation
from openntz.monitor.finding import Status
from openntz.report.next_dose_view import RULE_ID, next_dose
from openntz.report.pages import render
from tests.report import build, invented

DAYS = np.arange(28, 85)
RULE = DecisionRule(
    target=10.0,
    chance=0.9,
    shortest=28,
    longest=56,
    weekdays=frozenset(range(5)),
    missed_weeks=(1, 2, 3, 4),
)
LAST = date(2024, 6, 3)


def decision() -> Decision:
    levels = 25.0 * 0.5 ** ((DAYS - 28) / 14.0)[None, :] * np.linspace(0.8, 1.25, 41)[:, None]
    cards = (load_saturation("saturation_biib107"), load_saturation("saturation_natalizumab"))
    made = build_outlook(
        DAYS, levels, cards, (10.0, 5.0, 2.0, 1.0), (0.8, 0.5), (0.05, 0.95),
        np.random.default_rng(1),
    )  # fmt: skip
    made = made.with_steady(42, summarise(levels[:, 14] * 1.0, (10.0, 5.0, 2.0, 1.0), (0.05, 0.95)))
    return decide(made, RULE, LAST, LAST + timedelta(days=20))


def person(status: Status, message: str = "Not a candidate for a longer interval: so and so."):
    somebody = next(p for p in invented.everybody() if p.forecast.computed)
    others = tuple(f for f in somebody.findings if f.rule != RULE_ID)
    said = build.finding(somebody.id, RULE_ID, status, message)
    return replace(somebody, findings=(*others, said), decision=decision())


def test_without_a_decision_there_is_no_section():
    assert next_dose(replace(person(Status.OK), decision=None)) is None
    gone = replace(decision(), dates=())
    assert next_dose(replace(person(Status.OK), decision=gone)) is None


@pytest.mark.parametrize("status", [Status.OK, Status.UNKNOWN])
def test_what_the_finding_does_not_offer_the_section_does_not(status):
    view = next_dose(person(status, "Rows were lost, so this is not known."))
    assert view is not None
    assert view.offer == ""
    assert view.reason == "Rows were lost, so this is not known."
    assert not any(r.mark for r in view.rows)


def test_the_offer_is_the_longest_that_keeps_the_rule():
    view = next_dose(person(Status.WATCH))
    assert view is not None
    kept = decision().longest_kept
    assert kept is not None
    assert view.offer == f"{kept.day:%A} {kept.day}, {kept.after_days} days after the last dose"
    assert [r.day for r in view.rows if r.mark] == [kept.after_days]
    assert view.reason == ""


def test_one_day_a_week_and_the_one_offered():
    view = next_dose(person(Status.WATCH))
    assert view is not None
    days = [r.day for r in view.rows]
    assert set(days) >= {28, 35, 42, 49, 56}
    assert len(days) <= 6
    assert view.levels == ("10", "5", "2")
    assert view.saturations == ("80 %", "50 %")
    assert view.missed == "Missed by 4 weeks: below 2 / 1 µg/mL, saturation"
    assert view.rows[0].a_year == "13.0"
    assert {r.day for r in view.rows if r.kept} == {42}


def test_the_page_has_the_section_and_leads_to_the_rule():
    somebody = person(Status.WATCH)
    files = dict(render(build.review([somebody])))
    page = next(text for name, text in files.items() if name.startswith("people/"))
    assert '<section id="next-dose">' in page
    assert 'href="#interval.candidate"' in page
    assert "at most until" in page
    plain = dict(render(build.review([replace(somebody, decision=None)])))
    assert not any('<section id="next-dose">' in text for text in plain.values())


def test_what_is_said_in_a_finding_is_not_markup():
    files = dict(render(build.review([person(Status.OK, "<script>alert(1)</script>")])))
    page = next(text for name, text in files.items() if name.startswith("people/"))
    assert "<script>alert(1)" not in page
