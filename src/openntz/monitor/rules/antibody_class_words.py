"""What the definitions of persistent antibodies call a person, in one sentence."""

from __future__ import annotations

from typing import Final

from openntz.definitions.antibodies import AntibodyHistory, Definition
from openntz.definitions.antibody_classes import AntibodyClass, Origin, class_row
from openntz.monitor.profile import Profile

SHORT: Final = {
    Definition.EU: "EU label",
    Definition.US: "US label",
    Definition.AFFIRM: "AFFIRM",
    Definition.SHANKAR: "Shankar",
    Definition.MALAGA: "Malaga",
}
_QUIET: Final = frozenset({AntibodyClass.NEGATIVE, AntibodyClass.UNTESTED})


def classes_text(history: AntibodyHistory, profile: Profile) -> str:
    """'By definition: persistent (AFFIRM, Malaga), transient (EU label). Origin: ...'.

    Empty for a person whom every definition calls negative or untested.
    """
    row = class_row("", history, profile.number("antibodies.boosted"))
    if set(row.by.values()) <= _QUIET and row.origin is Origin.NONE:
        return ""
    groups = [
        f"{name} ({', '.join(SHORT[d] for d in called)})"
        for name in AntibodyClass
        if (called := row.called(name))
    ]
    origin = f" Origin: {row.origin}." if row.origin is not Origin.NONE else ""
    return f"By definition: {', '.join(groups)}.{origin}"
