"""What stands against a dose comes before everything else on a page."""

from datetime import date, timedelta

import pytest

from openntz.course.events import Reaction, Relapse
from openntz.monitor.finding import Status
from openntz.report.alert import ACTIVE, AGAINST_A_DOSE, REACTION, alert
from openntz.report.headline import headline
from openntz.report.pages import render
from tests.report import build

FIRST = date(2024, 3, 18)


def with_finding(rule, status, message, *, stopped=False, evidence=(), events=(), facts=()):
    maker = build.Maker("N200").doses(FIRST, 4).plan(FIRST)
    last = FIRST + timedelta(days=84)
    if stopped:
        maker.plan(last + timedelta(days=3), None, last + timedelta(days=2), "choice")
    for table, kind, day, values in events:
        maker.add(table, kind, day, **values)
    found = build.finding("N200", rule, status, message, evidence=evidence, facts=facts)
    course = maker.course()
    return build.reviewed(course, build.forecast(course, build.AS_OF), [found])


REACTED = (("reactions", Reaction, date(2024, 4, 1), {"term": "hypersensitivity", "grade": 3}),)


def test_the_largest_sentence_forbids_the_dose_until_the_reaction_is_judged():
    person = with_finding(
        REACTION, Status.ACT, "Recorded: x.", evidence=("reactions:2",), events=REACTED
    )
    said = "Do not give the next dose before the reaction of 2024-04-01 has been judged."
    assert alert(person) == said
    page = dict(render(build.review([person])))["people/N200.html"]
    assert page.index("headline alert") < page.index("The drug is")
    therapy = headline(person, build.GUIDES).therapy
    assert therapy.endswith("is not to be given before that.")
    assert "the next is planned" not in therapy


@pytest.mark.parametrize("rule", AGAINST_A_DOSE)
def test_no_planned_dose_stands_unqualified(rule):
    person = with_finding(rule, Status.ACT, "17 years old (born x) and treated: y. Check it.")
    head = headline(person, build.GUIDES)
    assert "o not give the next dose" in head.alert
    assert "before that" in head.therapy


@pytest.mark.parametrize(
    ("rule", "message", "said"),
    [
        (
            "eligibility.age",
            "17 years old (born 2007-04-19) and on natalizumab, which is contraindicated below "
            "18 years. Check the birth date.",
            "Do not give the next dose before this is settled: 17 years old and on natalizumab, "
            "which is contraindicated below 18 years.",
        ),
        (
            "liver.injury",
            "Possible liver injury: ALT 410 U/L on 2024-06-26; bilirubin 62 umol/L. Hold it.",
            "Hold natalizumab, do not give the next dose: possible liver injury.",
        ),
        (
            "combination.contraindicated",
            "fingolimod (since 2024-05-01) overlaps with natalizumab (first dose 2023-10-14). X.",
            "Do not give the next dose before this is settled: fingolimod overlaps with "
            "natalizumab.",
        ),
        (
            "restart.gate",
            "Antibodies were positive on 2024-06-10 (cut-off 500), and antibodies contraindicate "
            "a restart (ClinicSpeak). Natalizumab was restarted on 2024-06-01 after 17 weeks.",
            "Do not give the next dose before this is settled: Antibodies were positive on "
            "2024-06-10, and antibodies contraindicate a restart.",
        ),
    ],
)
def test_reasons_are_short(rule, message, said):
    assert alert(with_finding(rule, Status.ACT, message)) == said


def test_watched_findings_do_not_forbid_a_dose():
    person = with_finding("liver.injury", Status.WATCH, "ALT was raised.")
    assert alert(person) == ""
    assert "the next is" in headline(person, build.GUIDES).therapy


@pytest.mark.parametrize("status", [Status.ACT, Status.WATCH])
def test_after_a_stop_natalizumab_is_called_contraindicated(status):
    person = with_finding(
        REACTION,
        status,
        "Recorded: x.",
        stopped=True,
        evidence=("reactions:2",),
        events=REACTED,
    )
    assert alert(person) == "Natalizumab is contraindicated after the reaction of 2024-04-01."


def test_a_sign_nobody_judged_is_not_called_hypersensitivity():
    person = with_finding(
        REACTION,
        Status.WATCH,
        "Recorded: urticaria. This may have been hypersensitivity.",
        stopped=True,
        evidence=("reactions:2",),
        events=REACTED,
    )
    assert "contraindicated if the reaction of 2024-04-01 was" in alert(person)


RELAPSED = (("relapses", Relapse, date(2024, 6, 20), {"severity": "mild"}),)


def test_disease_activity_after_the_last_dose_is_said_first():
    person = with_finding(
        "review.due", Status.DUE, "A visit is due.", stopped=True, events=RELAPSED
    )
    assert alert(person) == "Disease activity has returned: relapse on 2024-06-20."


def test_a_relapse_before_a_death_heads_no_page():
    made = {"stopped": True, "events": RELAPSED}
    dead = with_finding("level.low", Status.OK, "Recorded: x.", facts=("death.begin",), **made)
    head = headline(dead, build.GUIDES)
    assert (head.alert, head.drug) == ("", "Recorded: x.")
    alive = headline(with_finding("level.low", Status.OK, "y", **made), build.GUIDES)
    assert alive.alert == "Disease activity has returned: relapse on 2024-06-20."


def test_a_relapse_on_therapy_is_not_called_a_return_unless_the_rule_names_it():
    assert alert(with_finding("review.due", Status.DUE, "x", events=RELAPSED)) == ""
    named = with_finding(
        ACTIVE, Status.ACT, "Restarted.", evidence=("relapses:2",), events=RELAPSED
    )
    assert alert(named) == "Disease activity has returned: relapse on 2024-06-20."


def test_activity_before_a_restart_is_placed_before_it():
    event = (("relapses", Relapse, date(2024, 5, 20), {"severity": "mild"}),)
    person = with_finding(ACTIVE, Status.ACT, "x", evidence=("relapses:2",), events=event)
    said = "Disease activity returned before the restart: relapse on 2024-05-20."
    assert alert(person) == said
