"""Persistent anti-drug antibodies by five published definitions, kept side by side.

``affirm`` and the labels read results at the label-type threshold, the others at each assay's
own (see ``antibody_tests``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Ref
from openntz.definitions.antibody_tests import AntibodyTest, Reading, antibody_tests


class Persistent(StrEnum):
    """Whether antibodies are persistent by a definition; unknown stays unknown."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Definition(StrEnum):
    """Named definitions of persistent antibodies.

    ``affirm`` (Calabresi 2007), ``eu`` and ``us`` (labels) read results at the label-type
    threshold; ``shankar`` (as the ADaM template applies it) and ``malaga`` (any two positives)
    at each assay's own.
    """

    EU = "eu"
    US = "us"
    AFFIRM = "affirm"
    SHANKAR = "shankar"
    MALAGA = "malaga"


OWN_THRESHOLD: Final = frozenset({Definition.SHANKAR, Definition.MALAGA})


class AntibodyLimits(Struct, frozen=True, kw_only=True):
    """Numbers of the definitions: a threshold in ng/mL, distances in days, a count."""

    threshold_ng_per_ml: float
    eu_apart_days: int
    us_apart_days: int
    affirm_apart_days: int
    shankar_apart_days: int
    malaga_positives: int


class Persistence(Struct, frozen=True):
    """One definition's answer: the positive it starts from and the one that confirms it.

    ``awaits_from`` is the first day on which a further test could settle an open answer;
    ``untested`` says that there is nothing to judge.
    """

    definition: Definition
    persistent: Persistent
    reason: str
    first: AntibodyTest | None = None
    confirming: AntibodyTest | None = None
    awaits_from: date | None = None
    untested: bool = False

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Rows of the tests named."""
        return tuple(r for t in (self.first, self.confirming) if t is not None for r in t.refs)


# A test and whether it counts as positive.
_Series = tuple[tuple[AntibodyTest, bool], ...]


def _open(definition: Definition, series: _Series, wait_days: int) -> Persistence:
    """No or not yet: open while the last test is positive."""
    if not series or not series[-1][1]:
        reason = "positive before, negative since" if any(p for _, p in series) else "negative"
        return Persistence(definition, Persistent.NO, reason)
    run: list[AntibodyTest] = []
    for test, positive in series:
        run = [*run, test] if positive else []
    return Persistence(
        definition,
        Persistent.UNKNOWN,
        "positive and not yet confirmed",
        first=run[0],
        awaits_from=run[0].day + timedelta(days=wait_days),
    )


def _confirmed_later(definition: Definition, series: _Series, apart_days: int) -> Persistence:
    """Labels: the first test at least so long after a positive is still positive."""
    for i, (test, positive) in enumerate(series):
        if not positive:
            continue
        retest = next(
            (later for later in series[i + 1 :] if (later[0].day - test.day).days >= apart_days),
            None,
        )
        if retest is not None and retest[1]:
            return Persistence(definition, Persistent.YES, "confirmed", test, retest[0])
    return _open(definition, series, apart_days)


def _two_apart(definition: Definition, series: _Series, apart_days: int) -> Persistence:
    """AFFIRM: two positives at least so far apart, whatever lies between."""
    positives = [test for test, positive in series if positive]
    for test in positives[1:]:
        if (test.day - positives[0].day).days >= apart_days:
            return Persistence(
                definition, Persistent.YES, "two positives far enough apart", positives[0], test
            )
    return _open(definition, series, apart_days)


def _shankar(series: _Series, apart_days: int) -> Persistence:
    """Treatment-induced, and first to last positive far apart or the last sample positive."""
    name = Definition.SHANKAR
    positives = [test for test, positive in series if positive]
    if not positives:
        return Persistence(name, Persistent.NO, "negative")
    first, last = positives[0], positives[-1]
    if (last.day - first.day).days >= apart_days:
        return Persistence(name, Persistent.YES, "positives far enough apart", first, last)
    if series[-1][1]:
        return Persistence(name, Persistent.YES, "the last sample is positive", first, last)
    return Persistence(name, Persistent.NO, "positive before, negative since")


def _malaga(series: _Series, positives_needed: int) -> Persistence:
    positives = [test for test, positive in series if positive]
    if len(positives) >= positives_needed:
        return Persistence(
            Definition.MALAGA,
            Persistent.YES,
            "positive often enough",
            positives[0],
            positives[positives_needed - 1],
        )
    return _open(Definition.MALAGA, series, 1)


# A test and what it says at the threshold of the definition.
_Readings = tuple[tuple[AntibodyTest, Reading], ...]


def _bounded(tests: _Readings, judge: Callable[[_Series], Persistence]) -> Persistence:
    """Judge with undetermined results taken as negative and as positive; differing is unknown.

    What then stays open is what the results that can be read leave open.
    """
    low = judge(tuple((t, r is Reading.POSITIVE) for t, r in tests))
    high = judge(tuple((t, r is not Reading.NEGATIVE) for t, r in tests))
    if low.persistent is high.persistent and low.persistent is not Persistent.UNKNOWN:
        return low
    read = judge(
        tuple((t, r is Reading.POSITIVE) for t, r in tests if r is not Reading.UNDETERMINED)
    )
    if read.persistent is Persistent.UNKNOWN:
        return read
    return replace(
        low,
        persistent=Persistent.UNKNOWN,
        reason="a result cannot be read at the threshold of this definition",
    )


def persistence(
    tests: tuple[AntibodyTest, ...],
    definition: Definition,
    limits: AntibodyLimits,
    first_dose: date | None,
) -> Persistence:
    """One definition's answer over tests in time order.

    Parameters
    ----------
    first_dose : date, optional
        Parts baseline from treatment for ``shankar``; without it every test counts.
    """
    if not tests:
        return Persistence(definition, Persistent.UNKNOWN, "never tested", untested=True)
    label = tuple((t, t.label) for t in tests)
    own = tuple((t, t.own) for t in tests)
    match definition:
        case Definition.EU:
            return _bounded(label, lambda s: _confirmed_later(definition, s, limits.eu_apart_days))
        case Definition.US:
            return _bounded(label, lambda s: _confirmed_later(definition, s, limits.us_apart_days))
        case Definition.AFFIRM:
            return _bounded(label, lambda s: _two_apart(definition, s, limits.affirm_apart_days))
        case Definition.MALAGA:
            return _bounded(own, lambda s: _malaga(s, limits.malaga_positives))
        case Definition.SHANKAR:
            before = [r for t, r in own if first_dose is not None and t.day <= first_dose]
            if before and before[-1] is Reading.POSITIVE:
                return Persistence(definition, Persistent.NO, "there before the first dose")
            after = tuple((t, r) for t, r in own if first_dose is None or t.day > first_dose)
            if not after:
                return Persistence(
                    definition, Persistent.UNKNOWN, "not tested since the first dose"
                )
            return _bounded(after, lambda s: _shankar(s, limits.shankar_apart_days))


class AntibodyHistory(Struct, frozen=True):
    """A person's antibody tests in time order and every definition's answer."""

    tests: tuple[AntibodyTest, ...]
    limits: AntibodyLimits
    first_dose: date | None
    verdicts: Mapping[Definition, Persistence]

    def readings(self, definition: Definition) -> tuple[tuple[AntibodyTest, Reading], ...]:
        """Each test with what it says at the threshold the definition uses."""
        own = definition in OWN_THRESHOLD
        return tuple((t, t.own if own else t.label) for t in self.tests)

    def currently_positive(self, definition: Definition) -> Persistent:
        """Whether the last test is positive; apart from whether antibodies were persistent."""
        if not self.tests:
            return Persistent.UNKNOWN
        answers = {Reading.POSITIVE: Persistent.YES, Reading.NEGATIVE: Persistent.NO}
        return answers.get(self.readings(definition)[-1][1], Persistent.UNKNOWN)

    def persistent_by(self) -> tuple[Definition, ...]:
        """The definitions that call the person persistent."""
        return tuple(d for d in Definition if self.verdicts[d].persistent is Persistent.YES)


def antibody_history(
    course: Course,
    limits: AntibodyLimits,
    until: date | None = None,
    entered: date | None = None,
) -> AntibodyHistory:
    """Read all antibody results of a course, up to and including ``until`` if given.

    ``entered`` takes the place of the first dose for somebody who never got one (placebo).
    """
    results = [m for m in course.results(vocabulary.ANTIBODIES) if until is None or m.day <= until]
    tests = antibody_tests(results, limits.threshold_ng_per_ml)
    first_dose = course.doses[0].day if course.doses else entered
    return AntibodyHistory(
        tests=tests,
        limits=limits,
        first_dose=first_dose,
        verdicts=MappingProxyType(
            {d: persistence(tests, d, limits, first_dose) for d in Definition}
        ),
    )


class AntibodyRun(Struct, frozen=True):
    """When persistent antibodies act on the drug; ``until`` None while none since is negative."""

    since: datetime
    until: datetime | None
    refs: tuple[Ref, ...]


def antibody_effect(
    history: AntibodyHistory, definition: Definition, as_of: date
) -> AntibodyRun | None:
    """Since when antibodies that are persistent by a definition act, and until when.

    From the first positive of the persistent run to the first negative after the last
    positive: a single negative between positives does not end it. None when they are not
    persistent on what was known at ``as_of``.
    """
    tests = tuple(t for t in history.tests if t.day <= as_of)
    verdict = persistence(tests, definition, history.limits, history.first_dose)
    if verdict.persistent is not Persistent.YES or verdict.first is None:
        return None
    until: datetime | None = None
    for test, reading in history.readings(definition):
        if test.day > as_of or reading is Reading.UNDETERMINED:
            continue
        if reading is Reading.POSITIVE:
            until = None
        elif until is None and test.at > verdict.first.at:
            until = test.at
    return AntibodyRun(since=verdict.first.at, until=until, refs=verdict.refs)
