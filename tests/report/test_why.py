"""What a finding opens to, who has taken it on, what changed: on the page, as text."""

from datetime import date

import pytest
from msgspec.structs import replace

from openntz.evidence.registry import Fact, SiteDecision
from openntz.monitor.changes import compare
from openntz.monitor.finding import Acknowledgement, Later, Status, Turn
from openntz.report.changes_export import changes_rows
from openntz.report.changes_view import CHANGES_SHOWN
from openntz.report.exports import findings_rows, said
from openntz.report.finding_view import threshold
from openntz.report.later import later_lines
from openntz.report.pages import render
from openntz.report.worklist import first_due, ordered, worst
from tests.report import build, invented
from tests.report.test_pages import Page

AS_OF = build.AS_OF
UNTIL = date(2024, 12, 27)
BAD = "<script>alert(1)</script><img src=x onerror=y>"
WORDS = {"review.due": ((Status.DUE, "the date has passed"), (Status.OK, "in time"))}


def taken(finding, **values):
    given = {
        "person": finding.person,
        "rule": finding.rule,
        "who": "Nurse B",
        "when": date(2024, 6, 1),
        "until": date(2024, 7, 31),
        "status": finding.status,
        "reason": "visit booked",
    }
    return replace(finding, acknowledged=Acknowledgement(**{**given, **values}))


def person(*given):
    one = invented.normal()
    return build.reviewed(one.course, one.forecast, given)


def due(**values):
    return build.finding("N001", "review.due", Status.DUE, "Visit due.", due=AS_OF, **values)


def pages(*given, **values):
    made = dict(render(build.review([person(*given)], **values)))
    return Page(made["index.html"]), Page(made["people/N001.html"]), made


def test_a_finding_opens_to_its_rule_in_words_with_its_own_answer_marked():
    _, page, made = pages(due(), rules=WORDS)
    assert "due the date has passed" in page.text
    assert "nothing to do in time" in page.text
    assert (
        '<li class="here"><span class="chip due">due</span> the date has passed</li>'
        in (made["people/N001.html"])
    )


@pytest.mark.parametrize(
    ("later", "text"),
    [
        (
            Later(UNTIL, (Turn(date(2024, 8, 3), Status.ACT, "Long overdue. More."),)),
            "From 2024-08-03, if nothing more is recorded: act now Long overdue.",
        ),
        (Later(UNTIL), "Still the same on 2024-12-27 if nothing more is recorded."),
        (Later(UNTIL, every_day=True), "The same every day up to 2024-12-27"),
        (Later(UNTIL, by_forecast=True), "Another forecast: the rule reads it"),
    ],
)
def test_what_would_change_it_is_told(later, text):
    _, page, _ = pages(due(later=later))
    assert "What would change it" in page.text
    # Dates are kept together by tags of their own, which the parsed text shows as spaces.
    assert "".join(text.split()) in "".join(page.text.split())


def test_what_is_not_known_changes_by_recording():
    finding = build.finding("N001", "review.due", Status.UNKNOWN, "No visit recorded.")
    assert "Recording what the message names" in later_lines(finding)[0].text
    assert later_lines(replace(finding, status=Status.OK)) == ()


def test_a_finding_somebody_took_on_stands_apart_with_who_and_until():
    index, page, made = pages(taken(due()))
    note = "Acknowledged by Nurse B on 2024-06-01 until 2024-07-31 (then 'due'): visit booked"
    assert note in page.text
    assert note in index.text
    assert "Taken on 1 finding" in page.text
    assert '<details class="finding due apart" id="review.due">' in made["people/N001.html"]
    # It is not in the list of what needs doing at the top, nor among what is due.
    brief = page.text.split("Point at the picture")[0]
    assert "Evaluation" not in brief
    assert "1 taken on" in index.text


def test_an_acknowledged_act_stays_in_its_place_with_the_note():
    act = build.finding("N001", "platelets.low", Status.ACT, "Platelets 38.", due=AS_OF)
    index, page, made = pages(taken(act))
    assert "Act now 1" in page.text
    assert "Taken on" not in page.text
    assert 'class="finding act" id="platelets.low"' in made["people/N001.html"]
    assert "Acknowledged by Nurse B" in page.text
    assert "Acknowledged by Nurse B" in index.text


def test_a_lapsed_acknowledgement_says_why_in_its_old_place():
    lapsed = replace(due(), lapsed="Acknowledged by Nurse B until then; that day has passed.")
    _, page, made = pages(lapsed)
    assert "that day has passed" in page.text
    assert 'class="finding due" id="review.due"' in made["people/N001.html"]


def test_the_worklist_is_ordered_by_what_nobody_has_taken_on():
    early = replace(due(), due=date(2024, 1, 1))
    free, busy = person(early), person(taken(early))
    assert worst(free.findings) is Status.DUE
    assert worst(busy.findings) is not Status.DUE or first_due(busy) != date(2024, 1, 1)
    assert first_due(free) == date(2024, 1, 1)
    assert ordered([busy, free])[0] is free


def test_findings_json_keeps_the_status_and_gains_who_and_until():
    rows = findings_rows(build.review([person(taken(due()))]))
    row = next(r for r in rows if r["rule"] == "review.due")
    assert row["status"] == "due"
    assert row["acknowledged"] == {
        "who": "Nurse B",
        "when": "2024-06-01",
        "until": "2024-07-31",
        "reason": "visit booked",
        "status": "due",
    }
    assert row["rows"] == ["2023-03-14 10:00: 300 mg IV"]
    assert all(r["acknowledged"] is None for r in rows if r["rule"] != "review.due")


def test_a_sites_decision_stands_beside_the_number_it_made():
    fact = Fact("a.b", 5, "wk", "a limit", ("eu-leaflet",), "read", "more")
    decided = replace(fact, site=SiteDecision("Dr A", date(2024, 5, 1), replaces=8))
    shown = threshold(decided)
    assert "set by Dr A, 2024-05-01" in shown.shown
    assert shown.rank == "decided by this site (Dr A, 2024-05-01); the registry has 8"
    confirmed = threshold(replace(fact, site=SiteDecision("Dr A", date(2024, 5, 1))))
    assert confirmed.rank.startswith("confirmed by this site (Dr A, 2024-05-01); the number was")


def changed(number=1, **values):
    before = build.review([person(due())])
    after = build.review([person(due(**values))])
    old = [replace(s, as_of=date(2024, 5, 31), status=Status.OK) for s in said(before)]
    old = [s for s in old if s.rule != "level.low"]
    now = list(said(after))
    if number > 1:
        now = [replace(s, person=f"Q{n}") for n in range(number) for s in now]
        old = [replace(s, person=f"Q{n}") for n in range(number) for s in old]
    return compare("old.json", old, now, AS_OF)


def test_changes_stand_at_the_top_of_the_worklist():
    index, _, _ = pages(due(), changes=changed())
    text = index.text
    assert "Since 2024-05-31" in text
    assert text.index("Since 2024-05-31") < text.index("Most urgent")
    assert "1 new, 0 changed, 0 gone, 0 moved to another date" in text
    assert "N001 Evaluation nothing to do 2024-06-30 due 2024-06-30" in text
    assert "The earlier file does not know these rules (0 open findings)" not in text
    assert "changes.json" in index.links
    assert "people/N001.html#review.due" in index.links


def test_many_changes_are_left_to_the_file():
    index, _, _ = pages(due(), changes=changed(CHANGES_SHOWN + 5))
    assert f"The first {CHANGES_SHOWN} of {CHANGES_SHOWN + 5}" in index.text


def test_without_a_comparison_there_is_no_such_section():
    assert "changes" not in pages(due())[0].ids


def test_changes_json_holds_every_change_with_both_sides():
    rows = changes_rows(changed())
    assert list(rows)[:6] == ["earlier", "as_of", "profiles", "people", "limits", "not_compared"]
    (entry,) = rows["new"]
    assert entry["before"]["status"] == "ok"
    assert entry["now"]["status"] == "due"
    assert entry["why"] == ["Time passed; no row or limit it names is another."]


def test_hostile_text_in_every_new_place_stays_text():
    finding = replace(
        taken(due(later=Later(UNTIL, (Turn(UNTIL, Status.ACT, BAD),))), who=BAD, reason=BAD),
        message=BAD,
    )
    act = replace(build.finding("N001", "platelets.low", Status.ACT, BAD), lapsed=BAD)
    rules = {"review.due": ((Status.DUE, BAD),)}
    changes = changed()
    hostile = replace(
        changes,
        remarks=(BAD,),
        limits=((BAD, BAD, BAD),),
        not_compared={BAD: 1},
        found=tuple(replace(c, person=BAD, rule=BAD, why=(BAD,)) for c in changes.found),
    )
    index, page, made = pages(finding, act, rules=rules, changes=hostile)
    for text in made.values():
        assert "<script>alert" not in text
        assert "<img" not in text
    assert BAD in index.text
    assert BAD in page.text
    assert index.stack == page.stack == []
