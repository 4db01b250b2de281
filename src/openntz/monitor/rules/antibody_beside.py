"""Where a person stands with antibodies, in one sentence beside a level or a symptom.

Whether a low trough goes with disease activity differs with antibodies (none overall in one
study, relapses and lesions with high antibodies in another), so a level is never told without.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Ref
from openntz.definitions.antibodies import Persistent, antibody_history
from openntz.monitor.profile import Profile
from openntz.monitor.rules.antibodies import (
    DEFINITION_TEXT,
    antibody_definition,
    antibody_limits,
    result_text,
)
from openntz.monitor.rules.standing import not_in_export


class AntibodyStatus(Struct, frozen=True):
    """The sentence and the rows it rests on."""

    text: str = ""
    refs: tuple[Ref, ...] = ()


NO_STATUS: Final = AntibodyStatus()


def antibody_status(course: Course, profile: Profile) -> AntibodyStatus:
    """Persistent, not persistent, open, never tested or not in the export."""
    if not course.has("measurements"):
        return AntibodyStatus(
            not_in_export("measurements", "whether there are antibodies is not known.")
        )
    history, chosen = (
        course.derived(antibody_history, antibody_limits(profile)),
        antibody_definition(profile),
    )
    if not history.tests:
        return AntibodyStatus("Antibodies were never tested.")
    verdict, last = history.verdicts[chosen], history.tests[-1]
    named = DEFINITION_TEXT[chosen]
    word = {
        Persistent.YES: f"persistent by {named}",
        Persistent.NO: f"not persistent by {named}",
        Persistent.UNKNOWN: f"not known to be persistent or not by {named}",
    }[verdict.persistent]
    return AntibodyStatus(
        f"Antibodies: {word}, last test {result_text(last)}.", (*verdict.refs, *last.refs)
    )
