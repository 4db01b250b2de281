"""safety.mood-gallstones: the guide's list of what to keep an eye on."""

from __future__ import annotations

import pytest

from openntz.course.course import Course
from openntz.monitor.finding import Status
from openntz.monitor.profile import PROFILES
from tests.build import course, days_before, doses_until, finding, plan, symptom, without

ACT, WATCH, UNKNOWN, OK = Status.ACT, Status.WATCH, Status.UNKNOWN, Status.OK
RULE = "safety.mood-gallstones"


def treated(*said: tuple[int, str], last: int = 7, **events) -> Course:
    notes = [symptom(days_before(ago), text, line=40 + i) for i, (ago, text) in enumerate(said)]
    return course(doses=doses_until(days_before(last), 13), symptoms=notes, **events)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("suicidal thoughts", ACT),
        ("depression with suicidality", ACT),
        ("?self-harm", ACT),
        ("depression", WATCH),
        ("no change of depression", WATCH),
        ("gallstones", WATCH),
        ("cholecystitis", WATCH),
        ("no depression, no suicidal thoughts", OK),
        ("depression in remission", OK),
        ("family history of gallstones", OK),
        ("fatigue", OK),
    ],
)
def test_guides_list(text, expected, profile):
    found = finding(RULE, treated((10, text)), profile=profile)
    assert found.status is expected
    assert "founding-s2" in found.sources


@pytest.mark.parametrize(("ago", "expected"), [(183, WATCH), (184, OK)])
def test_depression_counts_as_present_for_half_a_year(ago, expected):
    assert finding(RULE, treated((ago, "depression"))).status is expected


def test_several_are_named_in_one_message_and_an_answer_settles_them():
    found = finding(RULE, treated((20, "depression"), (10, "gallstones")))
    assert "Depression:" in found.message
    assert "Gallstones:" in found.message
    assert found.evidence[:2] == ("symptoms:40", "symptoms:41")
    over = treated((20, "suicidal thoughts"), (5, "suicidality resolved"))
    assert finding(RULE, over).status is OK


@pytest.mark.parametrize(("last", "expected"), [(183, UNKNOWN), (184, OK)])
def test_watch_ends_half_a_year_after_the_last_dose(last, expected):
    stop = plan(days_before(last), stopped=days_before(last))
    made = course(
        recorded=without("symptoms"), doses=doses_until(days_before(last), 3), plans=[stop]
    )
    assert finding(RULE, made).status is expected


def test_mood_is_unknown_without_the_table_or_a_dose():
    made = course(recorded=without("symptoms"), doses=doses_until(days_before(7), 3))
    assert finding(RULE, made).status is UNKNOWN
    assert finding(RULE, course(symptoms=[symptom(days_before(3), "depression")])).status is UNKNOWN
