"""The answer of every rule for somebody recorded as having died."""

from __future__ import annotations

from functools import cache

from openntz.definitions.death import (
    TABLES_OF_LIFE,
    DeathWords,
    recorded_death,
    signs_of_life,
)
from openntz.definitions.statements import StatementWords
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation, Verdict
from openntz.monitor.rules.notes import quoted, statement_words

_KEYS = ("death.begin", "death.alone", "death.relatives")


@cache
def _words(
    begin: tuple[str, ...],
    alone: tuple[str, ...],
    relatives: tuple[str, ...],
    said: StatementWords,
) -> DeathWords:
    return DeathWords(begin, alone, relatives, said)


def died(situation: Situation, profile: Profile) -> Verdict | None:
    """That nothing is asked for any more, or None for everybody else.

    Also None where something later, or a row that was set aside or lost, may speak against it.
    """
    course = situation.course
    if all(p.stopped is None for p in course.plans):
        return None
    if situation.incomplete & TABLES_OF_LIFE:
        return None
    begin, alone, relatives = (profile.words(key) for key in _KEYS)
    words = _words(begin, alone, relatives, statement_words(profile))
    found = course.derived(recorded_death, situation.as_of, words)
    if found is None or not found.believed:
        return None
    if signs_of_life(situation.booked, found.plan, found.day, words):
        return None
    return Verdict(
        status=Status.OK,
        message=f"Recorded as having died on {found.day} ({quoted(found.plan.reason)}): nothing is "
        "asked for. If that is wrong, correct the row in plans.",
        evidence=(found.plan.ref,),
        keys=_KEYS,
    )
