"""What another treatment is: disease-modifying, immunosuppressive, or neither."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Treatment
from openntz.definitions.terms import mentions, plain


class TreatmentKind(StrEnum):
    """What matters about another treatment beside natalizumab."""

    DMT = "disease-modifying"
    IMMUNOSUPPRESSANT = "immunosuppressant"
    NATALIZUMAB = "natalizumab itself"
    OTHER = "other"
    UNKNOWN = "kind not recorded"


class TreatmentNames(Struct, frozen=True):
    """Words that tell kinds apart; from the registry.

    ``dmt_kinds`` and ``immunosuppressant_kinds`` are spellings of the ``kind`` column,
    ``immunosuppressants`` names that count as immunosuppressants under any kind,
    ``natalizumab`` names of natalizumab, which some exports list among other treatments,
    ``harmless`` beginnings of kinds that are neither. Where those are given, a kind that is in
    no list is unknown, not harmless.
    """

    dmt_kinds: tuple[str, ...]
    immunosuppressant_kinds: tuple[str, ...]
    immunosuppressants: tuple[str, ...]
    natalizumab: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()


def kind_of(treatment: Treatment, names: TreatmentNames) -> TreatmentKind:
    """The kind of one treatment; an immunosuppressant by name stays one under any kind."""
    if mentions(treatment.name, names.natalizumab):
        return TreatmentKind.NATALIZUMAB
    if mentions(treatment.name, names.immunosuppressants):
        return TreatmentKind.IMMUNOSUPPRESSANT
    if mentions(treatment.kind, names.immunosuppressant_kinds):
        return TreatmentKind.IMMUNOSUPPRESSANT
    if mentions(treatment.kind, names.dmt_kinds):
        return TreatmentKind.DMT
    words = f" {plain(treatment.kind)}"
    listed = not names.harmless or any(f" {plain(h)}" in words for h in names.harmless)
    return TreatmentKind.OTHER if words.strip() and listed else TreatmentKind.UNKNOWN


class PriorImmunosuppressants(Struct, frozen=True):
    """Immunosuppressants on record up to a date.

    ``known`` is yes, no, or None: without the table, or with a treatment whose kind nobody
    recorded, 'none' cannot be said.
    """

    found: tuple[Treatment, ...]
    unclear: tuple[Treatment, ...]
    recorded: bool

    @property
    def known(self) -> bool | None:
        """Whether an immunosuppressant was ever given."""
        if self.found:
            return True
        return False if self.recorded and not self.unclear else None


def prior_immunosuppressants(course: Course, names: TreatmentNames) -> PriorImmunosuppressants:
    """Immunosuppressants started at any time within a course, before or during natalizumab."""
    kinds = [(t, kind_of(t, names)) for t in course.treatments]
    return PriorImmunosuppressants(
        found=tuple(t for t, k in kinds if k is TreatmentKind.IMMUNOSUPPRESSANT),
        unclear=tuple(t for t, k in kinds if k is TreatmentKind.UNKNOWN),
        recorded=course.has("treatments"),
    )
