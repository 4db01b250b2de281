"""Rows of different tables that cannot both be right: said, and both used."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from openntz.course.course import Course
from openntz.course.events import Event
from openntz.definitions.death import (
    TABLES_OF_LIFE,
    DeathWords,
    RecordedDeath,
    leaves_open_who_died,
    recorded_death,
)
from openntz.records.problems import LINES_LISTED, Log


def say_at_odds(
    course: Course, as_of: date, death: DeathWords, lost: Collection[str], log: Log
) -> None:
    """Note a pregnancy of somebody recorded as male, and what speaks against a recorded death.

    ``lost`` names the tables of which rows of this person were set aside or lost.
    """
    _male_and_pregnant(course, log)
    if any(plan.stopped is not None for plan in course.plans):
        found = recorded_death(course, as_of, death)
        if found is None:
            _whose_death(course, death, log)
        else:
            _dead_and_seen(course, found, lost, log)


def _places(events: tuple[Event, ...]) -> str:
    """'doses line 4, mri line 7': where rows stand."""
    named = ", ".join(f"{e.ref.table} line {e.ref.line}" for e in events[:LINES_LISTED])
    return f"{named} and more" if len(events) > LINES_LISTED else named


def _male_and_pregnant(course: Course, log: Log) -> None:
    person = course.person
    if person.sex != "M" or person.ref is None or not course.pregnancies:
        return
    log.note(
        "assumed",
        "people",
        "sex",
        person.sex,
        f"The person is recorded as male, and a pregnancy is recorded: "
        f"{_places(course.pregnancies)}. Both are used, the pregnancy as if it were right.",
        "Correct the sex here, or the person in pregnancies.",
        person=person.id,
    ).add(person.ref.line)


def _whose_death(course: Course, words: DeathWords, log: Log) -> None:
    for plan in course.plans:
        if plan.stopped is None or not leaves_open_who_died(plan.reason, words):
            continue
        log.note(
            "assumed",
            "plans",
            "reason",
            plan.reason,
            "The reason of this stop tells of a death and names a relative, so it is not known "
            "whose it was. The person is taken as alive.",
            "Where the person died, write that without naming anybody else: died.",
            person=course.person.id,
        ).add(plan.ref.line)


def _against(death: RecordedDeath, lost: Collection[str]) -> tuple[str, str]:
    """What speaks against a recorded death, and what to mend; empty where nothing does."""
    if death.later:
        return (
            f"rows are later: {_places(death.later)}. All are used, and",
            "Correct the day or the reason of the stop, or the later rows.",
        )
    if missing := sorted(TABLES_OF_LIFE.intersection(lost)):
        return (
            f"rows of this person in {' and '.join(missing)} were set aside or lost. They may be "
            "later, so",
            "Mend the rows that were set aside, and read again.",
        )
    return "", ""


def _dead_and_seen(course: Course, death: RecordedDeath, lost: Collection[str], log: Log) -> None:
    against, remedy = _against(death, lost)
    if not against:
        return
    log.note(
        "assumed",
        "plans",
        "reason",
        death.plan.reason,
        f"By this row the person died on {death.day}, and {against} the person is taken as alive.",
        remedy,
        person=course.person.id,
    ).add(death.plan.ref.line)
