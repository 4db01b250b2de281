"""Groups an analysis compares: by arm, and by antibodies within the natalizumab arm."""

from __future__ import annotations

from enum import StrEnum

from openntz.course.course import Course
from openntz.definitions.antibodies import (
    AntibodyHistory,
    AntibodyLimits,
    Definition,
    Persistent,
    antibody_history,
)
from openntz.definitions.antibody_tests import Reading


class Antibodies(StrEnum):
    """What a person's tests show by one definition; untested is not negative."""

    PERSISTENT = "persistent antibodies"
    TRANSIENT = "antibodies, not persistent"
    NONE = "no antibodies found"
    OPEN = "antibodies, persistence not known"
    UNTESTED = "never tested"
    NOT_TREATED = "no natalizumab"


def antibody_group(
    course: Course, limits: AntibodyLimits, definition: Definition
) -> tuple[Antibodies, AntibodyHistory]:
    """The group of a person, with the tests it rests on."""
    history = course.derived(antibody_history, limits)
    if not course.doses:
        return Antibodies.NOT_TREATED, history
    verdict = history.verdicts[definition]
    found = {reading for _, reading in history.readings(definition)}
    if verdict.untested or not found - {Reading.UNDETERMINED}:
        return Antibodies.UNTESTED, history
    if verdict.persistent is Persistent.YES:
        return Antibodies.PERSISTENT, history
    if Reading.POSITIVE not in found:
        return Antibodies.NONE, history
    if verdict.persistent is Persistent.UNKNOWN:
        return Antibodies.OPEN, history
    return Antibodies.TRANSIENT, history
