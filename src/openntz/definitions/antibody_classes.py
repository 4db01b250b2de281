"""Classes of antibodies by every definition, and who changes class between definitions.

'Persistent' means five things; each definition also leaves people transient, waiting, negative
or unread. Where antibodies came from (induced by treatment, boosted by it, there before) follows
the immunogenicity dataset template of admiral after Shankar 2014.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from math import isclose, log10
from types import MappingProxyType

from msgspec import Struct

from openntz.definitions.antibodies import (
    AntibodyHistory,
    Definition,
    Persistence,
    Persistent,
)
from openntz.definitions.antibody_tests import AntibodyTest, Reading


class AntibodyClass(StrEnum):
    """What one definition calls a person."""

    PERSISTENT = "persistent"
    TRANSIENT = "transient"
    UNCONFIRMED = "positive, not yet confirmed"
    NEGATIVE = "negative"
    PRE_EXISTING = "there before the first dose"
    UNREADABLE = "cannot be read at this threshold"
    UNTESTED = "not tested"


class Origin(StrEnum):
    """Where antibodies came from, at each assay's own threshold.

    ``induced``: baseline negative or missing, positive later. ``boosted``: baseline positive and
    risen by the factor since. ``unaffected``: baseline positive, tested again, not so risen.
    ``unknown``: baseline positive and the rise cannot be judged (answers without numbers,
    different units or cut-offs, no later test).
    """

    NONE = "none"
    INDUCED = "treatment-induced"
    BOOSTED = "treatment-boosted"
    UNAFFECTED = "there before, not boosted"
    UNKNOWN = "there before, boost not known"


class ClassRow(Struct, frozen=True):
    """One person: class by every definition, and origin.

    ``onset_day`` is the day after the first dose of the first positive since it, ``last_day``
    that of the last; None without a positive since the first dose, or without a dose.
    """

    person: str
    by: Mapping[Definition, AntibodyClass]
    origin: Origin
    onset_day: int | None
    last_day: int | None

    @property
    def changes(self) -> bool:
        """Whether two definitions call the person differently."""
        return len(set(self.by.values())) > 1

    def called(self, name: AntibodyClass) -> tuple[Definition, ...]:
        """The definitions that call the person so."""
        return tuple(d for d in Definition if self.by[d] is name)


class Reclassification(Struct, frozen=True):
    """The cross-table of definitions over people, in the order given."""

    rows: tuple[ClassRow, ...]
    totals: Mapping[Definition, Mapping[AntibodyClass, int]]

    @property
    def changed(self) -> tuple[ClassRow, ...]:
        """People whom two definitions call differently."""
        return tuple(r for r in self.rows if r.changes)

    def crossed(
        self, one: Definition, other: Definition
    ) -> Mapping[tuple[AntibodyClass, AntibodyClass], int]:
        """Number of people by (class under ``one``, class under ``other``)."""
        return MappingProxyType(Counter((r.by[one], r.by[other]) for r in self.rows))


def _class(
    verdict: Persistence, readings: tuple[tuple[AntibodyTest, Reading], ...]
) -> AntibodyClass:
    """The class one definition's answer stands for."""
    if verdict.untested:
        return AntibodyClass.UNTESTED
    if verdict.persistent is Persistent.YES:
        return AntibodyClass.PERSISTENT
    positive = any(r is Reading.POSITIVE for _, r in readings)
    if verdict.persistent is Persistent.NO:
        return AntibodyClass.TRANSIENT if positive else AntibodyClass.NEGATIVE
    return AntibodyClass.UNREADABLE if verdict.awaits_from is None else AntibodyClass.UNCONFIRMED


def antibody_class(history: AntibodyHistory, definition: Definition) -> AntibodyClass:
    """What one definition calls a person; transient is positive before and negative since."""
    verdict = history.verdicts[definition]
    readings = history.readings(definition)
    if definition is not Definition.SHANKAR or not readings:
        return _class(verdict, readings)
    before, after = _around_first_dose(history)
    if before and before[-1].own is Reading.POSITIVE:
        return AntibodyClass.PRE_EXISTING
    # This definition speaks of antibodies since the first dose only.
    if not after:
        return AntibodyClass.UNTESTED
    return _class(verdict, tuple((t, t.own) for t in after))


def _around_first_dose(
    history: AntibodyHistory,
) -> tuple[tuple[AntibodyTest, ...], tuple[AntibodyTest, ...]]:
    """Tests up to the day of the first dose, and later ones; without a dose all are later."""
    first = history.first_dose
    before = tuple(t for t in history.tests if first is not None and t.day <= first)
    return before, history.tests[len(before) :]


def _risen(
    baseline: AntibodyTest, later: tuple[AntibodyTest, ...], log10_rise: float
) -> bool | None:
    """Whether a comparable number rose by so many powers of ten; None when none compares."""
    answer = None
    for start in baseline.results:
        for test in later:
            for later_on in test.results:
                valued = start.value and later_on.value and not start.censor
                comparable = valued and start.unit == later_on.unit
                same_assay = start.assay == later_on.assay
                if not comparable or not same_assay or later_on.censor == "<":
                    continue
                rise = log10((later_on.value or 1) / (start.value or 1))
                # Titres in steps of two: 0.6 is the rounded logarithm of four.
                if rise > log10_rise or isclose(rise, log10_rise):
                    return True
                # A lower limit that does not reach leaves the question open.
                answer = answer if later_on.censor else False
    return answer


def antibody_origin(history: AntibodyHistory, log10_rise: float) -> Origin:
    """Where a person's antibodies came from.

    Parameters
    ----------
    log10_rise : float
        Rise of the number over baseline, as a power of ten, that counts as a boost.
    """
    before, after = _around_first_dose(history)
    if before and before[-1].own is Reading.POSITIVE:
        risen = _risen(before[-1], after, log10_rise)
        if risen is None:
            gone = bool(after) and all(t.own is Reading.NEGATIVE for t in after)
            return Origin.UNAFFECTED if gone else Origin.UNKNOWN
        return Origin.BOOSTED if risen else Origin.UNAFFECTED
    return Origin.INDUCED if any(t.own is Reading.POSITIVE for t in after) else Origin.NONE


def class_row(person: str, history: AntibodyHistory, log10_rise: float) -> ClassRow:
    """One person's classes (parameters as ``reclassification``)."""
    first = history.first_dose
    positive = [
        (t.day - first).days
        for t in history.tests
        if first is not None and t.day > first and t.own is Reading.POSITIVE
    ]
    return ClassRow(
        person=person,
        by=MappingProxyType({d: antibody_class(history, d) for d in Definition}),
        origin=antibody_origin(history, log10_rise),
        onset_day=positive[0] if positive else None,
        last_day=positive[-1] if positive else None,
    )


def reclassification(
    histories: Mapping[str, AntibodyHistory], log10_rise: float
) -> Reclassification:
    """Every person's class by every definition, and who changes class.

    Parameters
    ----------
    histories : mapping
        Antibody history by person.
    log10_rise : float
        Rise over baseline, as a power of ten, that counts as a boost.
    """
    rows = tuple(class_row(name, history, log10_rise) for name, history in histories.items())
    return Reclassification(
        rows=rows,
        totals=MappingProxyType(
            {d: MappingProxyType(Counter(row.by[d] for row in rows)) for d in Definition}
        ),
    )
