"""A vaccine among the treatments is a vaccine and nothing else to every other rule."""

from __future__ import annotations

import pytest

from openntz.course.course import Course
from openntz.monitor.profile import PROFILES
from tests.build import course, days_before, doses_every, findings, plan, treatment

VACCINE = treatment(days_before(30), "influenza", "vaccine", line=40)
OTHERS = [treatment(days_before(900), "dimethyl fumarate", end=days_before(800), line=41)]


def on(**events) -> Course:
    return course(doses=doses_every(days_before(28 * 20 + 5), 21), **events)


def off(**events) -> Course:
    stop = plan(days_before(60), stopped=days_before(60))
    return course(doses=doses_every(days_before(28 * 20 + 60), 21), plans=[stop], **events)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("made", [on, off])
def test_every_other_finding_stays_the_same(made, profile):
    without = findings(made(treatments=OTHERS), profile=profile)
    with_it = findings(made(treatments=[*OTHERS, VACCINE]), profile=profile)
    changed = {r for r in without if without[r] != with_it[r]}
    assert changed == {"vaccination.live"}
